/** Loss against compute: the power law L = a * C^-b + c through measured points, to predict what a bigger run would reach. */

export interface ComputePoint {
  /** Floating-point operations of the training. */
  flops: number;
  /** Loss on what was set aside. */
  loss: number;
}

export interface PowerLaw {
  a: number;
  b: number;
  /** The loss that no compute gets below; 0 when there were too few points to find it. */
  c: number;
  /** Root mean squared error of log(loss - c) over the points. */
  error: number;
  points: number;
}

/** With fewer points a, b and c fit anything, so c stays 0. */
const POINTS_FOR_C = 4;
const FLOORS = 400;

/**
 * Least squares of log(L - c) against log C; c is searched for on a grid from 0 to just below the least loss when
 * there are at least four points.
 * @throws when there are fewer than two points, or one is not positive, or all have the same compute
 */
export function fitPowerLaw(points: readonly ComputePoint[]): PowerLaw {
  if (points.length < 2) throw new Error(`fitPowerLaw: got ${points.length} points, want at least 2`);
  for (const { flops, loss } of points)
    if (!(flops > 0 && loss > 0 && Number.isFinite(flops * loss)))
      throw new Error(`fitPowerLaw: a point is (${flops}, ${loss}), want positive numbers`);
  if (new Set(points.map(({ flops }) => flops)).size < 2)
    throw new Error('fitPowerLaw: all points have the same compute, want at least two');
  const least = Math.min(...points.map(({ loss }) => loss));
  const tries = points.length >= POINTS_FOR_C ? FLOORS : 1;
  let best = lineThrough(points, 0);
  for (let i = 1; i < tries; i++) {
    const next = lineThrough(points, (least * i) / tries);
    if (next.error < best.error) best = next;
  }
  return best;
}

function lineThrough(points: readonly ComputePoint[], c: number): PowerLaw {
  const n = points.length;
  const x = points.map(({ flops }) => Math.log(flops));
  const y = points.map(({ loss }) => Math.log(loss - c));
  const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / n;
  const [mx, my] = [mean(x), mean(y)];
  const slope = mean(x.map((v, i) => (v - mx) * (y[i] - my))) / mean(x.map((v) => (v - mx) ** 2));
  const offset = my - slope * mx;
  const error = Math.sqrt(mean(x.map((v, i) => (offset + slope * v - y[i]) ** 2)));
  return { a: Math.exp(offset), b: -slope, c, error, points: n };
}

/** The loss that a law gives at a compute. */
export function lossAt({ a, b, c }: PowerLaw, flops: number): number {
  return a * flops ** -b + c;
}

/**
 * How well the law foresees: fitted to all points but the one of most compute, and asked for that one. Undefined with
 * fewer than three points.
 */
export function foresight(
  points: readonly ComputePoint[],
): { predicted: number; measured: number; error: number } | undefined {
  if (points.length < 3) return undefined;
  const sorted = [...points].sort((p, q) => p.flops - q.flops);
  const last = sorted[sorted.length - 1];
  const predicted = lossAt(fitPowerLaw(sorted.slice(0, -1)), last.flops);
  return { predicted, measured: last.loss, error: predicted / last.loss - 1 };
}
