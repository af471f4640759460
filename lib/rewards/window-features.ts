/**
 * Fixed features of the judge's windows: a discrete cosine transform in opponent colours, with the spread of the
 * coefficients evened out. Neighbouring pixels are much alike, so in raw pixels a few smooth patterns drown what tells
 * one sprite from another (a cheap stand-in for PCA, since the cosine basis is nearly that of smooth pictures).
 */

/** Coefficients with row + column frequency up to this are kept. */
const HIGHEST = 13;
/** Luma, red against blue, green against both. */
const COLOURS = [
  [1, 1, 1].map((v) => v / Math.sqrt(3)),
  [1, 0, -1].map((v) => v / Math.sqrt(2)),
  [1, -2, 1].map((v) => v / Math.sqrt(6)),
];

const bases = new Map<number, { matrix: Float32Array; features: number }>();

/** The orthonormal basis for windows of side `window`: [window * window * 3, features], row-major. */
export function windowBasis(window: number): { matrix: Float32Array; features: number } {
  const known = bases.get(window);
  if (known) return known;
  const cosine = (k: number, x: number): number =>
    Math.sqrt((k === 0 ? 1 : 2) / window) * Math.cos((Math.PI * k * (2 * x + 1)) / (2 * window));
  const kept: [number, number][] = [];
  for (let u = 0; u < window; u++) for (let v = 0; v < window; v++) if (u + v <= HIGHEST) kept.push([u, v]);
  const features = kept.length * 3;
  const matrix = new Float32Array(window * window * 3 * features);
  for (let y = 0; y < window; y++)
    for (let x = 0; x < window; x++)
      for (let c = 0; c < 3; c++) {
        const row = ((y * window + x) * 3 + c) * features;
        kept.forEach(([u, v], k) => {
          const wave = cosine(u, y) * cosine(v, x);
          for (let o = 0; o < 3; o++) matrix[row + k * 3 + o] = wave * COLOURS[o][c];
        });
      }
  const basis = { matrix, features };
  bases.set(window, basis);
  return basis;
}

/**
 * (root mean square)^-1/2 of each coefficient over sample rows [N, window * window * 3]. Half-way to unit size: at
 * unit size the noise of disturbed pictures, which lives in the finest patterns, outweighed the sprites (measured).
 */
export function featureScale(rows: Float32Array, window: number): number[] {
  const { matrix, features } = windowBasis(window);
  const width = window * window * 3;
  const count = rows.length / width;
  const squares = new Float64Array(features);
  const values = new Float64Array(features);
  for (let n = 0; n < count; n++) {
    values.fill(0);
    for (let i = 0; i < width; i++) {
      const pixel = rows[n * width + i];
      if (pixel === 0) continue;
      for (let k = 0; k < features; k++) values[k] += pixel * matrix[i * features + k];
    }
    for (let k = 0; k < features; k++) squares[k] += values[k] * values[k];
  }
  return Array.from(squares, (s) => Math.round(Math.min(5, (s / count + 1e-9) ** -0.25) * 1e4) / 1e4);
}
