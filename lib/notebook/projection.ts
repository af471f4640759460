/** Points of many dimensions on a page: principal components, and a scatter figure of groups. */
import type { Figure } from './figure';

export interface Projection {
  /** One row a point, `dimensions` numbers each. */
  points: number[][];
  /** Share of the whole variance along each component, largest first. */
  explained: number[];
}

const ROUNDS = 300;

/**
 * Principal components by power iteration with deflation; deterministic, each component's sign fixed so that its
 * largest entry is positive.
 * @param rows N points of equal length D
 * @throws when there are fewer than two points or their lengths differ
 */
export function principalComponents(rows: readonly ArrayLike<number>[], dimensions = 2): Projection {
  const [N, D] = [rows.length, rows[0]?.length ?? 0];
  if (N < 2) throw new Error(`principalComponents: ${N} points, want at least 2`);
  const odd = rows.findIndex((row) => row.length !== D);
  if (odd >= 0)
    throw new Error(`principalComponents: point ${odd} has ${rows[odd].length} numbers, want ${D}`);
  const means = Array.from({ length: D }, (_, d) => rows.reduce((sum, row) => sum + row[d], 0) / N);
  const centred = rows.map((row) => Float64Array.from(row, (x, d) => x - means[d]));
  const covariance = covarianceOf(centred, D);
  const total = covariance.reduce((sum, row, d) => sum + row[d], 0);
  const axes: Float64Array[] = [];
  const explained: number[] = [];
  for (let c = 0; c < Math.min(dimensions, D); c++) {
    const { axis, variance } = leadingAxis(covariance, axes);
    axes.push(axis);
    explained.push(total > 0 ? variance / total : 0);
  }
  const points = centred.map((row) => axes.map((axis) => dot(row, axis)));
  return { points, explained };
}

function covarianceOf(centred: Float64Array[], D: number): Float64Array[] {
  const covariance = Array.from({ length: D }, () => new Float64Array(D));
  for (const row of centred)
    for (let i = 0; i < D; i++) {
      const scaled = row[i] / centred.length;
      for (let j = 0; j <= i; j++) covariance[i][j] += scaled * row[j];
    }
  for (let i = 0; i < D; i++) for (let j = 0; j < i; j++) covariance[j][i] = covariance[i][j];
  return covariance;
}

/** The axis of most variance that is orthogonal to those already found. */
function leadingAxis(
  covariance: Float64Array[],
  found: Float64Array[],
): { axis: Float64Array; variance: number } {
  const D = covariance.length;
  // any start that no axis is likely to be orthogonal to
  let axis = normalised(
    Float64Array.from({ length: D }, (_, d) => 1 + Math.sin(d * 12.9898 + found.length)),
    found,
  );
  let variance = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const next = Float64Array.from(covariance, (row) => dot(row, axis));
    const length = Math.sqrt(dot(next, next));
    if (length < 1e-12) break; // no variance is left
    axis = normalised(next, found);
    variance = length;
  }
  const largest = axis.reduce((best, x) => (Math.abs(x) > Math.abs(best) ? x : best), 0);
  return { axis: largest < 0 ? axis.map((x) => -x) : axis, variance };
}

function normalised(x: Float64Array, orthogonalTo: Float64Array[]): Float64Array {
  const out = Float64Array.from(x);
  for (const axis of orthogonalTo) {
    const along = dot(out, axis);
    for (let d = 0; d < out.length; d++) out[d] -= along * axis[d];
  }
  const length = Math.sqrt(dot(out, out));
  return length > 0 ? out.map((v) => v / length) : out;
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** Groups of points in the plane, one colour and marker each; `text` shows on hover. */
export function scatterFigure(
  groups: { name: string; points: number[][]; text?: string[]; symbol?: string }[],
  options: { title?: string; x?: string; y?: string } = {},
): Figure {
  const data = groups.map(({ name, points, text, symbol = 'circle' }) => ({
    type: 'scatter',
    mode: 'markers',
    name,
    text,
    marker: { size: 7, symbol, opacity: 0.75 },
    x: points.map((p) => round(p[0])),
    y: points.map((p) => round(p[1])),
  }));
  const { title, x = '', y = '' } = options;
  return {
    data,
    layout: {
      title: title ? { text: title } : undefined,
      xaxis: { title: { text: x } },
      yaxis: { title: { text: y } },
    },
  };
}

const round = (x: number): number => Number(x.toPrecision(4));

/** Cosine between every two rows, [N][N]; 0 where a row is all zeros. */
export function cosineMatrix(rows: readonly ArrayLike<number>[]): number[][] {
  const lengths = rows.map((row) => Math.sqrt(dot(row, row)));
  return rows.map((a, i) =>
    rows.map((b, j) => (lengths[i] * lengths[j] > 0 ? dot(a, b) / (lengths[i] * lengths[j]) : 0)),
  );
}
