/** Eigenvalues and eigenvectors of real symmetric matrices in double precision, for distances between Gaussians. */

/** A square matrix, row by row. */
export interface SquareMatrix {
  size: number;
  values: Float64Array;
}

export interface SymmetricEigen {
  /** In no order. */
  values: Float64Array;
  /** Row i is the unit vector of value i. */
  vectors: SquareMatrix;
}

const MOST_SWEEPS = 60;
/** Off-diagonal numbers below this share of the largest are left: an eigenvalue's error goes with their square. */
const CLOSE = 1e-11;

/**
 * Cyclic Jacobi rotations (Golub and Van Loan, section 8.5): slow and accurate, seconds for some hundred rows.
 * @throws when a value is not finite or the matrix is not symmetric
 */
export function symmetricEigen({ size: n, values }: SquareMatrix): SymmetricEigen {
  if (values.length !== n * n) throw new Error(`eigen: ${values.length} values, want ${n} x ${n} = ${n * n}`);
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new Error(`eigen: value ${bad} is ${values[bad]}, want a finite number`);
  const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++)
      if (Math.abs(values[i * n + j] - values[j * n + i]) > 1e-9 * scale)
        throw new Error(
          `eigen: [${i}, ${j}] is ${values[i * n + j]} and [${j}, ${i}] is ${values[j * n + i]}, want a symmetric matrix`,
        );
  const a = values.slice();
  const v = new Float64Array(n * n);
  for (let i = 0; i < n; i++) v[i * n + i] = 1;
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) {
    let off = 0;
    for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) off = Math.max(off, Math.abs(a[i * n + j]));
    if (off <= CLOSE * scale) break;
    for (let p = 0; p < n; p++)
      for (let q = p + 1; q < n; q++) if (Math.abs(a[p * n + q]) > CLOSE * scale) rotate(a, v, { n, p, q });
  }
  const diagonal = Float64Array.from({ length: n }, (_, i) => a[i * n + i]);
  return { values: diagonal, vectors: { size: n, values: v } };
}

/** Makes a[p, q] zero by a rotation of rows and columns p and q, and turns the vectors along. */
function rotate(a: Float64Array, v: Float64Array, { n, p, q }: { n: number; p: number; q: number }): void {
  const [P, Q] = [p * n, q * n];
  const apq = a[P + q];
  const theta = (a[Q + q] - a[P + p]) / (2 * apq);
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  a[P + p] -= t * apq;
  a[Q + q] += t * apq;
  a[P + q] = 0;
  a[Q + p] = 0;
  for (let k = 0; k < n; k++) {
    if (k !== p && k !== q) {
      const x = a[P + k];
      const y = a[Q + k];
      a[k * n + p] = a[P + k] = c * x - s * y;
      a[k * n + q] = a[Q + k] = s * x + c * y;
    }
    const x = v[P + k];
    const y = v[Q + k];
    v[P + k] = c * x - s * y;
    v[Q + k] = s * x + c * y;
  }
}

/** The symmetric square root of a positive semi-definite matrix; small negative eigenvalues count as 0. */
export function symmetricRoot(matrix: SquareMatrix): SquareMatrix {
  const { size: n } = matrix;
  const { values, vectors } = symmetricEigen(matrix);
  const root = new Float64Array(n * n);
  for (let k = 0; k < n; k++) {
    const weight = Math.sqrt(Math.max(0, values[k]));
    if (weight === 0) continue;
    for (let i = 0; i < n; i++) {
      const scaled = weight * vectors.values[k * n + i];
      for (let j = 0; j < n; j++) root[i * n + j] += scaled * vectors.values[k * n + j];
    }
  }
  return { size: n, values: root };
}

/** a b. */
export function multiply(a: SquareMatrix, b: SquareMatrix): SquareMatrix {
  const { size: n } = a;
  if (b.size !== n) throw new Error(`multiply: sizes ${n} and ${b.size}, want the same`);
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let k = 0; k < n; k++) {
      const x = a.values[i * n + k];
      for (let j = 0; j < n; j++) out[i * n + j] += x * b.values[k * n + j];
    }
  return { size: n, values: out };
}
