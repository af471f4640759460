/** Confidence intervals by resampling: of a mean, of a difference of paired means, and of a mean over seeds. */
import { RandomStream } from '../tensor';

export interface Interval {
  mean: number;
  /** Ends of the central interval that holds `level` of the resampled means. */
  low: number;
  high: number;
  n: number;
}

export interface BootstrapOptions {
  /** Share of resampled means inside, 0 < level < 1. Default 0.95. */
  level?: number;
  resamples?: number;
  seed?: number;
}

/**
 * Percentile bootstrap of the mean (Efron 1979). Values of one item (a prompt, say) must be averaged before: items
 * are what is resampled.
 * @throws when there are no values, or one is not finite
 */
export function bootstrapMean(values: readonly number[], options: BootstrapOptions = {}): Interval {
  const { level = 0.95, resamples = 2000, seed = 0 } = options;
  if (values.length === 0) throw new Error('bootstrap: there are no values, want at least one');
  if (!(level > 0 && level < 1))
    throw new RangeError(`bootstrap: level is ${level}, want a number between 0 and 1`);
  const bad = values.findIndex((v) => !Number.isFinite(v));
  if (bad >= 0) throw new Error(`bootstrap: value ${bad} is ${values[bad]}, want a finite number`);
  const n = values.length;
  const mean = values.reduce((a, b) => a + b, 0) / n;
  const rng = RandomStream.of(seed, 'bootstrap', n);
  const means = Array.from({ length: resamples }, () => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += values[rng.int(n)];
    return sum / n;
  }).sort((a, b) => a - b);
  const at = (p: number): number =>
    means[Math.min(resamples - 1, Math.max(0, Math.round(p * (resamples - 1))))];
  return { mean, low: at((1 - level) / 2), high: at((1 + level) / 2), n };
}

/** Values that were drawn apart from others (a category of a benchmark) and how much their mean counts. */
export interface Stratum {
  values: readonly number[];
  /** Not negative; weights are divided by their sum. */
  weight: number;
}

/**
 * Percentile bootstrap of a weighted mean of means, resampled within each stratum (Davison and Hinkley 1997, 3.2).
 * @throws when there are no strata, one has no values, a value is not finite, or the weights do not sum to more than 0
 */
export function bootstrapStrata(strata: readonly Stratum[], options: BootstrapOptions = {}): Interval {
  const { level = 0.95, resamples = 2000, seed = 0 } = options;
  if (strata.length === 0) throw new Error('bootstrap: there are no strata, want at least one');
  if (!(level > 0 && level < 1))
    throw new RangeError(`bootstrap: level is ${level}, want a number between 0 and 1`);
  strata.forEach(({ values, weight }, i) => {
    if (values.length === 0) throw new Error(`bootstrap: stratum ${i} has no values, want at least one`);
    if (!values.every(Number.isFinite))
      throw new Error(`bootstrap: stratum ${i} has a value that is not finite`);
    if (!(weight >= 0 && Number.isFinite(weight)))
      throw new RangeError(`bootstrap: stratum ${i} has weight ${weight}, want a number of at least 0`);
  });
  const whole = strata.reduce((sum, { weight }) => sum + weight, 0);
  if (!(whole > 0)) throw new Error(`bootstrap: the weights sum to ${whole}, want more than 0`);
  const n = strata.reduce((sum, { values }) => sum + values.length, 0);
  const weighted = (meanOf: (values: readonly number[]) => number): number =>
    strata.reduce((sum, { values, weight }) => sum + (weight / whole) * meanOf(values), 0);
  const rng = RandomStream.of(seed, 'bootstrap strata', n);
  const redrawn = (values: readonly number[]): number => {
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += values[rng.int(values.length)];
    return sum / values.length;
  };
  const means = Array.from({ length: resamples }, () => weighted(redrawn)).sort((a, b) => a - b);
  const at = (p: number): number => means[Math.round(p * (resamples - 1))];
  const mean = weighted((values) => values.reduce((a, b) => a + b, 0) / values.length);
  return { mean, low: at((1 - level) / 2), high: at((1 + level) / 2), n };
}

/** Interval of mean(a - b) for scores of the same items under two systems: far narrower than two intervals. */
export function bootstrapDifference(
  a: readonly number[],
  b: readonly number[],
  options?: BootstrapOptions,
): Interval {
  if (a.length !== b.length) throw new Error(`bootstrap: ${a.length} and ${b.length} values, want pairs`);
  return bootstrapMean(
    a.map((value, i) => value - b[i]),
    options,
  );
}

/** `0.731 [0.702, 0.760]` */
export function formatInterval({ mean, low, high }: Interval, digits = 3): string {
  return `${mean.toFixed(digits)} [${low.toFixed(digits)}, ${high.toFixed(digits)}]`;
}
