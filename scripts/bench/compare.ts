/** Ratios, targets, and the check that two engines did the same work. */
import type { EngineKind } from './engines';
import type { Check, WorkSpec } from './protocol';
import type { Memory, Result, Results } from './session';
import { flopsOf, GEMMS } from './sizes';
import { median } from './stats';

/** The least speed relative to PyTorch that is aimed at. */
export const TARGETS: Partial<Record<WorkSpec['kind'], number>> = {
  lm_train: 1.3,
  dit_train: 1.3,
  lm_decode: 4,
  dit_sample: 1.3,
};
/** The least share of the measured matrix product's speed that a whole train step is to reach. */
export const TARGET_SHARE = 0.75;

export const msOf = (result: Result | undefined): number | undefined =>
  result && result.missing === undefined && result.rounds.length > 0 ? median(result.rounds) : undefined;

/**
 * Why two checks are not of the same work, or undefined. The first loss and gradient norm from the same weights must
 * agree: to 1 % in fp32, to 5 % (loss) and 10 % (norm) where either runs in bf16.
 */
export function mismatch(ours: Check, theirs: Check, bf16: boolean): string | undefined {
  const differs = (name: 'parameters' | 'newTokens' | 'loss' | 'gradNorm' | 'mean', tolerance: number) => {
    const [a, b] = [ours[name], theirs[name]];
    if (a === undefined || b === undefined) return undefined;
    return Math.abs(a - b) <= tolerance * Math.abs(b) ? undefined : `${name} ${a} against ${b}`;
  };
  return (
    differs('parameters', 0) ??
    differs('newTokens', 0) ??
    differs('loss', bf16 ? 0.05 : 0.01) ??
    differs('gradNorm', bf16 ? 0.1 : 0.01) ??
    differs('mean', bf16 ? 0.05 : 0.01)
  );
}

export interface Ratio {
  /** PyTorch's time by ours. */
  ratio?: number;
  /** Why the two may not be compared. */
  refused?: string;
}

/** Speed of an engine relative to eager PyTorch of the same precision. */
export function ratioOf(results: Results, work: WorkSpec, kind: EngineKind): Ratio {
  const base = results.get(kind.precision === 'bf16' ? 'torch bf16' : 'torch')?.get(work.name);
  const own = results.get(kind.name)?.get(work.name);
  const [theirs, ours] = [msOf(base), msOf(own)];
  if (theirs === undefined || ours === undefined || base === own) return {};
  const refused = mismatch(own!.check ?? {}, base!.check ?? {}, kind.precision === 'bf16');
  return refused === undefined ? { ratio: theirs / ours } : { refused };
}

/** GFLOP/s of a work on an engine; undefined when it was not timed or has no count. */
export function gflops(results: Results, work: WorkSpec, engine: string): number | undefined {
  const [ms, flops] = [msOf(results.get(engine)?.get(work.name)), flopsOf(work)];
  return ms !== undefined && flops !== undefined ? flops / ms / 1e6 : undefined;
}

/** The best matrix product measured on an engine, GFLOP/s. */
export function peakOf(results: Results, engine: string): number | undefined {
  const all = GEMMS.flatMap((work) => gflops(results, work, engine) ?? []);
  return all.length > 0 ? Math.max(...all) : undefined;
}

/** A train step's speed as a share of the engine's own best matrix product. */
export function shareOfPeak(results: Results, work: WorkSpec, engine: string): number | undefined {
  const [speed, peak] = [gflops(results, work, engine), peakOf(results, engine)];
  return speed !== undefined && peak !== undefined ? speed / peak : undefined;
}

export interface Verdict {
  target: string;
  engine: string;
  found: string;
  met: boolean | null; // null: not measured
}

/** Every target with what was found, for the native engines. */
export function verdicts(
  results: Results,
  {
    works,
    kinds,
    memory,
  }: { works: WorkSpec[]; kinds: EngineKind[]; memory: Map<string, Map<string, Memory | string>> },
): Verdict[] {
  const list: Verdict[] = [];
  for (const kind of kinds.filter(({ name }) => name.startsWith('native')))
    for (const work of works) {
      const goal = TARGETS[work.kind];
      if (goal !== undefined) {
        const { ratio, refused } = ratioOf(results, work, kind);
        const found = refused ?? (ratio === undefined ? '-' : `${ratio.toFixed(2)}x`);
        const met = ratio === undefined ? null : ratio >= goal;
        list.push({ target: `${work.name} >= ${goal}x torch`, engine: kind.name, found, met });
      }
      if (!work.kind.endsWith('_train')) continue;
      if (kind.precision === 'fp32') {
        const share = shareOfPeak(results, work, kind.name);
        const found = share === undefined ? '-' : `${(100 * share).toFixed(0)} %`;
        const met = share === undefined ? null : share >= TARGET_SHARE;
        list.push({
          target: `${work.name} >= ${100 * TARGET_SHARE} % of sgemm peak`,
          engine: kind.name,
          found,
          met,
        });
      }
      const own = memory.get(kind.name)?.get(work.name);
      const theirs = memory.get(kind.precision === 'bf16' ? 'torch bf16' : 'torch')?.get(work.name);
      const both = typeof own === 'object' && typeof theirs === 'object';
      const [a, b] = both ? [own.peak - own.idle, theirs.peak - theirs.idle] : [0, 0];
      const mib = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;
      list.push({
        target: `${work.name} memory <= torch`,
        engine: kind.name,
        found: both ? `${mib(a)} against ${mib(b)}` : '-',
        met: both ? a <= b : null,
      });
    }
  return list;
}
