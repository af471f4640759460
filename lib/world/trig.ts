/**
 * Sine, cosine and length from additions, multiplications and square roots alone. Math.sin, Math.cos and Math.hypot may
 * differ in the last bit between engines and their versions, and a bit can turn a pixel; these cannot.
 */

/** A right angle in two parts: its first 33 bits, so that a small multiple of them is exact, and the rest. */
const RIGHT = 1.5707963267341256;
const REST = 6.077100506506192e-11;

/** Taylor's series on [-pi/4, pi/4], where the first term left out is below 1e-19. */
const SINE = [1, 3, 5, 7, 9, 11, 13, 15, 17].map((n) => (n % 4 === 1 ? 1 : -1) / factorial(n));
const COSINE = [0, 2, 4, 6, 8, 10, 12, 14, 16, 18].map((n) => (n % 4 === 0 ? 1 : -1) / factorial(n));

function factorial(n: number): number {
  let product = 1;
  for (let i = 2; i <= n; i++) product *= i;
  return product;
}

/** sum of c[i] * x^(2i) */
function even(coefficients: readonly number[], x: number): number {
  const square = x * x;
  let sum = 0;
  for (let i = coefficients.length - 1; i >= 0; i--) sum = sum * square + coefficients[i];
  return sum;
}

/** Sine of an angle in radians, for a few turns either way; within 2e-16 of the truth. */
export function sine(angle: number): number {
  const quarter = Math.round(angle / RIGHT);
  const x = angle - quarter * RIGHT - quarter * REST;
  const value = quarter % 2 === 0 ? x * even(SINE, x) : even(COSINE, x);
  return (((quarter % 4) + 4) % 4 < 2 ? 1 : -1) * value;
}

/** Cosine, as `sine`. */
export function cosine(angle: number): number {
  const quarter = Math.round(angle / RIGHT);
  const x = angle - quarter * RIGHT - quarter * REST;
  const value = quarter % 2 === 0 ? even(COSINE, x) : -x * even(SINE, x);
  return (((quarter % 4) + 4) % 4 < 2 ? 1 : -1) * value;
}

/** Length of a vector: scaled and summed with Kahan's correction, which gives the bits that V8's Math.hypot gives. */
export function hypotenuse(x: number, y: number): number {
  const most = Math.max(Math.abs(x), Math.abs(y));
  if (most === 0) return 0;
  let sum = 0;
  let correction = 0;
  for (const part of [x / most, y / most]) {
    const term = part * part - correction;
    const next = sum + term;
    correction = next - sum - term;
    sum = next;
  }
  return Math.sqrt(sum) * most;
}
