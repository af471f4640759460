/**
 * Ablations: a table of override objects, one row an arm, every arm run with the same seeds, reported as mean and
 * interval over seeds.
 */
import { bootstrapMean } from './bootstrap';
import type { Interval } from './bootstrap';

/** One arm: its name and what it changes of the base config (dotted or nested keys, as the config has them). */
export interface Arm<Overrides> {
  name: string;
  overrides: Overrides;
}

export interface ArmResult {
  name: string;
  /** Score by metric for each seed, in the order of the seeds. */
  perSeed: Record<string, number>[];
  /** Mean and interval over seeds by metric. */
  summary: Record<string, Interval>;
}

export interface AblationOptions<Overrides> {
  arms: Arm<Overrides>[];
  seeds: number[];
  /** Runs one arm with one seed; must return the same metrics every time. */
  run: (overrides: Overrides, context: { arm: string; seed: number }) => Promise<Record<string, number>>;
  /** Told after every run, for progress and for saving what is there so far. */
  onRun?: (done: { arm: string; seed: number; metrics: Record<string, number> }) => void | Promise<void>;
}

/**
 * Runs arms x seeds, seed by seed, so that an early stop leaves every arm equally far.
 * @throws when arms share a name, or a metric is missing or not finite
 */
export async function runAblation<Overrides>(options: AblationOptions<Overrides>): Promise<ArmResult[]> {
  const { arms, seeds, run, onRun } = options;
  if (new Set(arms.map((a) => a.name)).size < arms.length)
    throw new Error('ablation: two arms have the same name');
  if (arms.length === 0 || seeds.length === 0)
    throw new Error(`ablation: ${arms.length} arms and ${seeds.length} seeds, want at least one of each`);
  const perSeed = new Map<string, Record<string, number>[]>(arms.map((arm) => [arm.name, []]));
  for (const seed of seeds)
    for (const { name, overrides } of arms) {
      const metrics = await run(overrides, { arm: name, seed });
      for (const [metric, value] of Object.entries(metrics))
        if (!Number.isFinite(value))
          throw new Error(`ablation: ${metric} of "${name}", seed ${seed}, is ${value}`);
      perSeed.get(name)!.push(metrics);
      await onRun?.({ arm: name, seed, metrics });
    }
  return arms.map(({ name }) => {
    const rows = perSeed.get(name)!;
    const summary: Record<string, Interval> = {};
    for (const metric of Object.keys(rows[0])) {
      const values = rows.map((row) => row[metric]);
      if (values.some((v) => v === undefined))
        throw new Error(`ablation: ${metric} of "${name}" is missing for a seed`);
      summary[metric] = bootstrapMean(values);
    }
    return { name, perSeed: rows, summary };
  });
}

/** A Markdown table of the arms: one column a metric, mean and interval over seeds. */
export function ablationTable(
  results: ArmResult[],
  metrics = Object.keys(results[0]?.summary ?? {}),
): string {
  const cell = ({ mean, low, high, n }: Interval): string =>
    n > 1 ? `${mean.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]` : mean.toFixed(3);
  return [
    `| arm | ${metrics.join(' | ')} |`,
    `|---|${metrics.map(() => '---').join('|')}|`,
    ...results.map(
      ({ name, summary }) => `| ${name} | ${metrics.map((m) => cell(summary[m])).join(' | ')} |`,
    ),
  ].join('\n');
}
