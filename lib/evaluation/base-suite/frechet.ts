/** The Frechet distance between two sets of feature vectors, each summed up by mean and covariance. */
import { multiply, symmetricEigen, symmetricRoot } from './symmetric-eigen';
import type { SquareMatrix } from './symmetric-eigen';

export interface Gaussian {
  n: number;
  mean: Float64Array;
  covariance: SquareMatrix;
}

/** Mean and covariance (divisor n - 1) of vectors. @throws when there are fewer than 2, or lengths differ */
export function gaussianOf(rows: readonly ArrayLike<number>[]): Gaussian {
  const n = rows.length;
  if (n < 2) throw new Error(`frechet: ${n} vectors, want at least 2`);
  const size = rows[0].length;
  const mean = new Float64Array(size);
  rows.forEach((row, r) => {
    if (row.length !== size) throw new Error(`frechet: vector ${r} has ${row.length} numbers, want ${size}`);
    for (let i = 0; i < size; i++) mean[i] += row[i] / n;
  });
  const values = new Float64Array(size * size);
  const centred = new Float64Array(size);
  for (const row of rows) {
    for (let i = 0; i < size; i++) centred[i] = row[i] - mean[i];
    for (let i = 0; i < size; i++)
      for (let j = 0; j <= i; j++) values[i * size + j] += (centred[i] * centred[j]) / (n - 1);
  }
  for (let i = 0; i < size; i++) for (let j = 0; j < i; j++) values[j * size + i] = values[i * size + j];
  return { n, mean, covariance: { size, values } };
}

/**
 * |m1 - m2|^2 + tr(S1 + S2 - 2 (S1^1/2 S2 S1^1/2)^1/2), the square of the distance (Dowson and Landau 1982), as image
 * papers report it (Heusel et al. 2017).
 */
export function frechetDistance(a: Gaussian, b: Gaussian): number {
  const { size } = a.covariance;
  if (b.covariance.size !== size)
    throw new Error(`frechet: ${size} and ${b.covariance.size} features, want as many`);
  let sum = 0;
  for (let i = 0; i < size; i++) {
    sum += (a.mean[i] - b.mean[i]) ** 2;
    sum += a.covariance.values[i * size + i] + b.covariance.values[i * size + i];
  }
  const root = symmetricRoot(a.covariance);
  const inner = multiply(multiply(root, b.covariance), root);
  // Rounding leaves the product a hair off symmetric.
  for (let i = 0; i < size; i++)
    for (let j = 0; j < i; j++) {
      const mean = (inner.values[i * size + j] + inner.values[j * size + i]) / 2;
      inner.values[i * size + j] = inner.values[j * size + i] = mean;
    }
  const cross = symmetricEigen(inner).values.reduce(
    (total, value) => total + Math.sqrt(Math.max(0, value)),
    0,
  );
  return Math.max(0, sum - 2 * cross);
}
