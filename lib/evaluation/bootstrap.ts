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
