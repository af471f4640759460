/** Means with intervals by category and overall, weighted as each benchmark weighs its categories, and their table. */
import { EDIT_KINDS } from '../../world';
import { bootstrapStrata, formatInterval } from '../bootstrap';
import type { Interval } from '../bootstrap';
import { WISE_CATEGORIES, WISE_WEIGHTS } from '../wiscore';
import type { WiseCategory } from '../wiscore';
import { T2I_DIMENSIONS } from './formulas';
import type { BenchmarkName, ScoredItem } from './types';

/** How a benchmark is summed up; a public benchmark and our set after it share one. */
export const SCHEMES = ['wise', 't2i-reason', 'rise', 'maths', 'story'] as const;
export type Scheme = (typeof SCHEMES)[number];

/** The scheme of one of our sets. */
export const SCHEME_OF: Record<BenchmarkName, Scheme> = {
  'wise-like': 'wise',
  'reason-like': 't2i-reason',
  'rise-like': 'rise',
  maths: 'maths',
  story: 'story',
};

/** The metrics of a scheme, the one that is reported first. A public WISE has no `answer`. */
export const METRICS: Record<Scheme, readonly string[]> = {
  wise: ['wiScore', 'consistency', 'realism', 'aesthetic', 'answer'],
  't2i-reason': ['accuracy', 'quality'],
  rise: ['accuracy', 'score', 'reasoning', 'consistency', 'plausibility'],
  maths: ['accuracy', 'lines'],
  story: ['accuracy', 'panels'],
};

const ORDER: Record<Scheme, readonly string[]> = {
  wise: WISE_CATEGORIES,
  't2i-reason': T2I_DIMENSIONS,
  rise: EDIT_KINDS,
  maths: [],
  story: [],
};

export interface MetricSummary {
  overall: Interval;
  categories: Record<string, Interval>;
}

export interface SetSummary {
  scheme: Scheme;
  items: number;
  /** Facts, edits or public prompts: what is resampled. */
  clusters: number;
  /** By metric; all in [0, 1]. Metrics that no item has are left out. */
  metrics: Record<string, MetricSummary>;
  /** Categories of the benchmark without an item: the overall score is then of the others alone. */
  missing: string[];
}

/**
 * Sums up the items of one benchmark. Items of one cluster are averaged first. Overall: WISE with its weights of the
 * categories, T2I-ReasonBench as the mean of its dimensions, the others over all clusters alike.
 * @throws when there are no items, a metric is unknown, or a value is not in [0, 1]
 */
export function summariseSet(
  scored: readonly ScoredItem[],
  { scheme, seed = 0 }: { scheme: Scheme; seed?: number },
): SetSummary {
  if (scored.length === 0) throw new Error(`${scheme}: there are no scored items, want at least one`);
  for (const { id, metrics } of scored)
    for (const [name, value] of Object.entries(metrics))
      if (!METRICS[scheme].includes(name))
        throw new Error(`${scheme}: ${id} has metric "${name}", want one of ${METRICS[scheme].join(', ')}`);
      else if (!(value >= 0 && value <= 1))
        throw new RangeError(`${scheme}: ${name} of ${id} is ${value}, want a number from 0 to 1`);
  const found = [...new Set(scored.map(({ category }) => category))];
  const categories = [
    ...ORDER[scheme].filter((category) => found.includes(category)),
    ...found.filter((category) => !ORDER[scheme].includes(category)).sort(),
  ];
  const metrics: Record<string, MetricSummary> = {};
  for (const metric of METRICS[scheme]) {
    const strata = categories.flatMap((category) => {
      const values = clusterMeans(scored, category, metric);
      return values.length > 0
        ? [{ category, values, weight: weightOf(scheme, category, values.length) }]
        : [];
    });
    if (strata.length === 0) continue;
    metrics[metric] = {
      overall: bootstrapStrata(strata, { seed }),
      categories: Object.fromEntries(
        strata.map(({ category, values }) => [category, bootstrapStrata([{ values, weight: 1 }], { seed })]),
      ),
    };
  }
  return {
    scheme,
    items: scored.length,
    clusters: new Set(scored.map(({ cluster }) => cluster)).size,
    metrics,
    missing: ORDER[scheme].filter((category) => !found.includes(category)),
  };
}

function weightOf(scheme: Scheme, category: string, clusters: number): number {
  if (scheme === 'wise') return WISE_WEIGHTS[category as WiseCategory];
  return scheme === 't2i-reason' ? 1 : clusters;
}

function clusterMeans(scored: readonly ScoredItem[], category: string, metric: string): number[] {
  const values = new Map<string, number[]>();
  for (const item of scored) {
    const value = item.metrics[metric];
    if (item.category === category && value !== undefined)
      values.set(item.cluster, [...(values.get(item.cluster) ?? []), value]);
  }
  return [...values.values()].map((list) => list.reduce((a, b) => a + b, 0) / list.length);
}

/**
 * A Markdown table of systems on one benchmark: a row for each system and metric, overall and by category, each
 * `mean [low, high]`.
 * @param metrics which metrics; default all
 * @throws when the summaries are of different benchmarks
 */
export function setTable(systems: Record<string, SetSummary>, metrics?: readonly string[]): string {
  const summaries = Object.values(systems);
  const schemes = new Set(summaries.map(({ scheme }) => scheme));
  if (schemes.size !== 1)
    throw new Error(`summaries are of ${[...schemes].join(', ') || 'no benchmark'}, want of one benchmark`);
  const rows = Object.entries(systems).flatMap(([name, summary]) =>
    Object.entries(summary.metrics)
      .filter(([metric]) => metrics?.includes(metric) ?? true)
      .map(([metric, { overall, categories }]) => ({ name, metric, overall, categories })),
  );
  const columns = [...new Set(rows.flatMap(({ categories }) => Object.keys(categories)))];
  const cell = (interval?: Interval): string => (interval ? formatInterval(interval) : '');
  return [
    `| system | metric | overall | ${columns.join(' | ')} |`,
    `|---|---|---|${columns.map(() => '---|').join('')}`,
    ...rows.map(({ name, metric, overall, categories }) => {
      const cells = [overall, ...columns.map((column) => categories[column])].map(cell);
      return `| ${name.replaceAll('|', '\\|')} | ${metric} | ${cells.join(' | ')} |`;
    }),
  ].join('\n');
}
