/** Fixed numbers that every engine makes for itself: the same weights and inputs without a file between them. */
import { tf } from '../../lib/tensor';

/** `count` numbers in [-0.5, 0.5) by exact integer arithmetic; torch/models.py has the same lines. */
export function spread(count: number, key: number): Float32Array {
  const out = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const j = i % 65521;
    out[i] = ((((j * j) % 65521) * 31 + i * 7 + key * 9973) % 65521) / 65521 - 0.5;
  }
  return out;
}

/** Evenly spread numbers of standard deviation 1. */
export function numbers(shape: number[], key: number): tf.Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  return tf.tensor(
    spread(size, key).map((u) => u * Math.sqrt(12)),
    shape,
  );
}

/** Token ids in [0, vocab). */
export function tokenIds(shape: number[], vocab: number, key: number): tf.Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  const ids = Int32Array.from(spread(size, key), (u) => Math.min(vocab - 1, Math.floor((u + 0.5) * vocab)));
  return tf.tensor(ids, shape, 'int32');
}

/** [B, S], where row b lacks its last b % (S / 4 + 1) text tokens. */
export function textMask(B: number, S: number): tf.Tensor {
  const values = new Float32Array(B * S);
  for (let b = 0; b < B; b++) values.fill(1, b * S, b * S + S - (b % (Math.floor(S / 4) + 1)));
  return tf.tensor2d(values, [B, S]);
}

/** Gives every parameter its fixed weights, by its place among the sorted names. */
export function fill(params: Record<string, tf.Variable>): void {
  Object.keys(params)
    .sort((a, b) => (a < b ? -1 : 1))
    .forEach((name, key) => {
      const p = params[name];
      const norm = p.rank === 1 && name.endsWith('.weight');
      const scale = p.rank === 2 ? 0.15 : 0.1;
      const values = spread(p.size, key).map((u) => (norm ? 1 + 0.1 * u : scale * u));
      tf.tidy(() => p.assign(tf.tensor(values, p.shape)));
    });
}

export const parameterCount = (params: Record<string, tf.Tensor>): number =>
  Object.values(params).reduce((sum, p) => sum + p.size, 0);
