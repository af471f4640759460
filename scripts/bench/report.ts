/** The benchmark's tables and its JSON. */
import { spawnSync } from 'node:child_process';
import * as os from 'node:os';
import { formatTable } from '../../lib/notebook';
import { gflops, msOf, peakOf, ratioOf, shareOfPeak, TARGETS, verdicts } from './compare';
import type { Engine } from './engine';
import type { EngineKind } from './engines';
import { NOT_ASKED, type WorkSpec } from './protocol';
import type { Memory, Results } from './session';
import { flopsOf, GEMMS } from './sizes';
import { median, showMiB, showMs, spreadOf } from './stats';

export interface Run {
  results: Results;
  /** Steps of the models that were timed (not the matrix products). */
  works: WorkSpec[];
  kinds: EngineKind[];
  memory: Map<string, Map<string, Memory | string>>;
}

/** Milliseconds of each work, and in brackets how many times faster than eager PyTorch of the same precision. */
export function stepsTable({ results, works, kinds }: Run): string {
  const rows = works.map((work) => {
    const row: Record<string, string> = { work: work.name };
    for (const kind of kinds) {
      const result = results.get(kind.name)?.get(work.name);
      const ms = msOf(result);
      const { ratio, refused } = ratioOf(results, work, kind);
      const shown = ratio !== undefined ? ` (${ratio.toFixed(2)}x)` : refused !== undefined ? ' (!)' : '';
      row[kind.name] = ms === undefined ? '-' : `${showMs(ms)}${result?.once ? '*' : ''}${shown}`;
    }
    const goal = TARGETS[work.kind];
    row.target = goal === undefined ? '' : `>= ${goal}x`;
    return row;
  });
  return formatTable(rows);
}

/** Tokens or pictures a second, and the share of each engine's best matrix product. */
export function ratesTable({ results, works, kinds }: Run): string {
  const rows = works.flatMap((work) => {
    const { count, unit } = unitsOf(work);
    if (count === 0) return [];
    const row: Record<string, string> = { work: `${work.name}, ${unit}/s` };
    for (const { name } of kinds) {
      const ms = msOf(results.get(name)?.get(work.name));
      const share = shareOfPeak(results, work, name);
      const rate = ms === undefined ? '-' : Math.round((count / ms) * 1000).toLocaleString('en');
      row[name] = share === undefined ? rate : `${rate} (${(100 * share).toFixed(0)} %)`;
    }
    return [row];
  });
  return formatTable(rows);
}

function unitsOf({ kind, sizes }: WorkSpec): { count: number; unit: string } {
  const s = sizes as Record<string, number>;
  if (kind === 'lm_train') return { count: s.batch * s.tokens, unit: 'tokens' };
  if (kind === 'lm_decode') return { count: s.batch * s.new, unit: 'tokens' };
  if (kind === 'grpo') return { count: s.prompts * s.J * s.K, unit: 'images' };
  return { count: s.batch ?? 0, unit: 'images' };
}

export function gemmTable({ results, kinds }: Run): string {
  const timed = kinds.filter(({ name }) => GEMMS.some((work) => msOf(results.get(name)?.get(work.name))));
  const rows = GEMMS.map((work) => {
    const row: Record<string, string> = { 'GFLOP/s': work.name };
    for (const { name } of timed) row[name] = gflops(results, work, name)?.toFixed(0) ?? '-';
    return row;
  });
  return formatTable(rows);
}

export function memoryTable({ works, kinds, memory }: Run): string {
  const rows = works
    .filter(({ kind }) => kind.endsWith('_train'))
    .map((work) => {
      const row: Record<string, string> = { 'peak - idle = work': work.name };
      for (const { name } of kinds) {
        const found = memory.get(name)?.get(work.name);
        if (found === undefined) continue;
        row[name] =
          typeof found === 'string'
            ? '-'
            : `${showMiB(found.peak)} - ${showMiB(found.idle)} = ${showMiB(found.peak - found.idle)}`;
      }
      return row;
    });
  return formatTable(rows);
}

export function verdictTable(run: Run): string {
  const rows = verdicts(run.results, run).map(({ target, engine, found, met }) => ({
    target,
    engine,
    found,
    '': met === null ? 'not measured' : met ? 'met' : 'missed',
  }));
  return rows.length > 0 ? formatTable(rows) : '';
}

/** Lines under the tables: how noisy the run was, what was the same, why something is missing. */
export function notes({ results, works, kinds, memory }: Run): string[] {
  const lines: string[] = [];
  const spreads = [...results.values()].flatMap((of) =>
    works.flatMap((work) => {
      const rounds = of.get(work.name)?.rounds ?? [];
      return rounds.length > 1 ? [spreadOf(rounds)] : [];
    }),
  );
  if (spreads.length > 0) {
    const [typical, worst] = [median(spreads), Math.max(...spreads)];
    const word =
      typical < 0.1 ? 'quiet' : typical < 0.3 ? 'somewhat noisy' : 'noisy: repeat it on an idle machine';
    lines.push(
      `noise: (slowest - fastest round) / median is ${percent(typical)} typically, ${percent(worst)} at worst: ${word}`,
    );
  }
  for (const work of works) {
    const parts = kinds.flatMap(({ name }) => {
      const check = results.get(name)?.get(work.name)?.check;
      if (check?.parameters === undefined) return [];
      const more = [
        check.loss === undefined
          ? ''
          : `, loss ${check.loss.toFixed(4)}, gradient ${check.gradNorm?.toFixed(4)}`,
        check.mean === undefined ? '' : `, mean size ${check.mean.toFixed(4)}`,
        check.newTokens === undefined ? '' : `, ${check.newTokens} tokens`,
      ];
      return [`${name} ${check.parameters.toLocaleString('en')} parameters${more.join('')}`];
    });
    if (parts.length > 0) lines.push(`same work, ${work.name}: ${parts.join('; ')}`);
  }
  for (const kind of kinds)
    for (const work of [...works, ...GEMMS]) {
      const result = results.get(kind.name)?.get(work.name);
      const refused = ratioOf(results, work, kind).refused;
      if (refused !== undefined) lines.push(`(!) ${kind.name}, ${work.name}: not compared, ${refused}`);
      if (result?.missing && result.missing !== NOT_ASKED)
        lines.push(`- ${kind.name}, ${work.name}: ${result.missing}`);
      if (result?.once) lines.push(`* ${kind.name}, ${work.name}: slow, timed once`);
      const found = memory.get(kind.name)?.get(work.name);
      if (typeof found === 'string') lines.push(`- ${kind.name}, memory of ${work.name}: ${found}`);
    }
  return lines;
}

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

/** The machine and what ran on it. */
export function machine(engines: Engine[]): Record<string, unknown> {
  return {
    cpu: os.cpus()[0]?.model,
    cores: os.availableParallelism(),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    commit: spawnSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).stdout?.trim() || null,
    load: os.loadavg()[0],
    engines: Object.fromEntries(engines.map(({ name, hello }) => [name, hello])),
  };
}

/** Everything as plain JSON: rounds, medians, spreads, checks, memory, targets. */
export function toJson(run: Run): Record<string, unknown> {
  const { results, works, kinds, memory } = run;
  const engines = Object.fromEntries(
    kinds.map((kind) => [
      kind.name,
      {
        precision: kind.precision,
        peakGflops: peakOf(results, kind.name) ?? null,
        works: Object.fromEntries(
          [...works, ...GEMMS].flatMap((work) => {
            const result = results.get(kind.name)?.get(work.name);
            if (!result) return [];
            const { tokens: _, ...check } = result.check ?? {};
            return [
              [
                work.name,
                {
                  medianMs: msOf(result) ?? null,
                  spread: result.rounds.length > 0 ? spreadOf(result.rounds) : null,
                  roundsMs: result.rounds,
                  ratioToTorch: ratioOf(results, work, kind).ratio ?? null,
                  gflops: gflops(results, work, kind.name) ?? null,
                  ...(result.once ? { once: true } : {}),
                  ...(result.missing ? { missing: result.missing } : {}),
                  check,
                },
              ],
            ];
          }),
        ),
        memory: Object.fromEntries(memory.get(kind.name) ?? []),
      },
    ]),
  );
  return {
    flops: Object.fromEntries([...works, ...GEMMS].map((work) => [work.name, flopsOf(work) ?? null])),
    engines,
    targets: verdicts(results, run),
  };
}
