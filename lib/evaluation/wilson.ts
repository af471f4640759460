/** The interval of a share by Wilson's score: right for few trials and near 0 and 1, where a bootstrap says "certain". */
import type { Interval } from './bootstrap';

/** Two-sided 95 %. */
const Z = 1.959963984540054;

/**
 * Wilson (1927) interval of `passed` of `n` trials, as shares in [0, 1]; `mean` is the plain share.
 * @throws when the counts are no whole numbers with 0 <= passed <= n and n >= 1
 */
export function wilsonInterval(passed: number, n: number, z: number = Z): Interval {
  if (!Number.isInteger(n) || n < 1) throw new RangeError(`wilson: n is ${n}, want a positive integer`);
  if (!Number.isInteger(passed) || passed < 0 || passed > n)
    throw new RangeError(`wilson: passed is ${passed}, want an integer from 0 to ${n}`);
  const mean = passed / n;
  const centre = (mean + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = (z / (1 + (z * z) / n)) * Math.sqrt((mean * (1 - mean)) / n + (z * z) / (4 * n * n));
  // At the ends the interval touches 0 or 1, and rounding must not push it beyond.
  return { mean, low: passed === 0 ? 0 : centre - half, high: passed === n ? 1 : centre + half, n };
}

/** The Wilson interval of the share of `true`. */
export function shareOf(trials: readonly boolean[]): Interval {
  return wilsonInterval(trials.filter(Boolean).length, trials.length);
}
