// Scaled dot-product attention over [B, T, heads, dh] tensors, for both models.
import { tf } from '../backend';
import { wantShape, wantTensor } from './check';
import { defineOp } from './dispatch';

export interface AttentionInputs {
  /** [B, T, H, dh] */
  q: tf.Tensor;
  /** [B, S, Hkv, dh]; Hkv divides H, query head h reads key head floor(h / (H / Hkv)) */
  k: tf.Tensor;
  /** [B, S, Hkv, dh] */
  v: tf.Tensor;
  /** Query t sees keys s <= t + (S - T): the ends are aligned, as decoding with a cache needs. */
  causal?: boolean;
  /** [B, S], 1 keeps a key and 0 drops it; no gradient flows to it */
  keyMask?: tf.Tensor | null;
  /** Multiplies the scores; 1 / sqrt(dh) unless given */
  scale?: number;
}

/** [B or 1, 1, T, S] of 1 (visible) and 0, or null when every key is visible. */
function visibility({ q, k, causal, keyMask }: AttentionInputs): tf.Tensor | null {
  const [B, T] = q.shape as number[];
  const S = (k.shape as number[])[1];
  const keep = keyMask ? tf.cast(keyMask, 'float32').reshape([B, 1, 1, S]) : null;
  if (!causal) return keep ? tf.tile(keep, [1, 1, T, 1]) : null;
  const below = Float32Array.from({ length: T * S }, (_, i) => (i % S <= Math.floor(i / S) + S - T ? 1 : 0));
  const triangle = tf.tensor(below, [1, 1, T, S], 'float32');
  return keep ? tf.mul(keep, triangle) : triangle;
}

/**
 * `softmax(q k^T * scale + mask) v`, one query head at a time.
 * A row that sees no key gives 0 (and no gradient), not NaN.
 * @returns [B, T, H, dh]
 * @throws when shapes do not agree or Hkv does not divide H
 */
export const attention = defineOp<[inputs: AttentionInputs]>(
  'attention',
  (inputs) => {
    if (!inputs) throw new Error(`attention: inputs is ${String(inputs)}, want { q, k, v }`);
    const { q, k, v, keyMask } = inputs;
    wantShape('attention', 'q', q, [null, null, null, null]);
    const [B, , H, dh] = q.shape as number[];
    wantShape('attention', `k (q is [${q.shape.join(', ')}])`, k, [B, null, null, dh]);
    wantShape('attention', `v (k is [${k.shape.join(', ')}])`, v, k.shape);
    const [, S, Hkv] = k.shape as number[];
    if (Hkv === 0 ? H !== 0 : H % Hkv !== 0) {
      throw new Error(`attention: q has ${H} heads and k has ${Hkv}, want a multiple`);
    }
    if (keyMask) {
      wantTensor('attention', 'keyMask', keyMask, keyMask.dtype ?? 'float32');
      wantShape('attention', `keyMask (k is [${k.shape.join(', ')}])`, keyMask, [B, S], keyMask.dtype);
    }
  },
  (inputs) => {
    const { q, k, v, scale } = inputs;
    const [B, T, H, dh] = q.shape as number[];
    const [, S, Hkv] = k.shape as number[];
    if (q.size === 0 || k.size === 0) return tf.zerosLike(q);
    // The query heads that share a key head are stacked as more rows of one product.
    const rows = (H / Hkv) * T;
    const queries = tf.transpose(q, [0, 2, 1, 3]).reshape([B * Hkv, rows, dh]);
    const keys = tf.transpose(k, [0, 2, 1, 3]).reshape([B * Hkv, S, dh]);
    const values = tf.transpose(v, [0, 2, 1, 3]).reshape([B * Hkv, S, dh]);
    const product = tf.matMul(queries as tf.Tensor3D, keys as tf.Tensor3D, false, true);
    const scores = tf.mul(product, scale ?? 1 / Math.sqrt(dh)).reshape([B, H, T, S]);
    const visible = visibility(inputs);
    // -1e9 underflows to exactly 0 in the softmax; the last product empties rows in which nothing is visible.
    const masked = visible ? tf.add(scores, tf.mul(tf.sub(visible, 1), 1e9)) : scores;
    const probabilities = visible ? tf.mul(tf.softmax(masked), visible) : tf.softmax(masked); // [B, H, T, S]
    const mixed = tf.matMul(probabilities.reshape([B * Hkv, rows, S]) as tf.Tensor3D, values as tf.Tensor3D);
    return tf.transpose(mixed.reshape([B, H, T, dh]), [0, 2, 1, 3]);
  },
);
