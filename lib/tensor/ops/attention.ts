// Scaled dot-product attention over [B, T, heads, dh] tensors, for both models: one stream of tokens, or several
// streams with their own projections that attend as one sequence.
import { tf } from '../backend';
import { wantShape, wantTensor } from './check';
import { definitions, defineOp } from './dispatch';
import { checkRotary, type RotaryLayout } from './rotary';

/** One stream of tokens; what `norm` and `rotary` describe is done to its queries and keys, in this order. */
export interface AttentionStream {
  /** [B, T, H, dh]; a stream of jointAttention may go without: its tokens are then seen, but see nothing */
  q?: tf.Tensor | null;
  /** [B, S, Hkv, dh]; Hkv divides H, query head h reads key head floor(h / (H / Hkv)) */
  k: tf.Tensor;
  /** [B, S, Hkv, dh] */
  v: tf.Tensor;
  /** Root-mean-square norm of each head: weights [dh] of queries and keys; eps is one for all streams */
  norm?: { q: tf.Tensor; k: tf.Tensor; eps: number };
  /** Turns queries and keys to their places, as the op `rotary`: cos and sin [T, dh/2] or [B, T, dh/2], T = S */
  rotary?: { cos: tf.Tensor; sin: tf.Tensor; layout: RotaryLayout };
}

interface AttentionOptions {
  /** Query t sees keys s <= t + (S - T): the ends are aligned, as decoding with a cache needs. */
  causal?: boolean;
  /** [B, S] over all keys, 1 keeps a key and 0 drops it; no gradient flows to it */
  keyMask?: tf.Tensor | null;
  /** Multiplies the scores; 1 / sqrt(dh) unless given */
  scale?: number;
}

export interface AttentionInputs extends AttentionStream, AttentionOptions {
  q: tf.Tensor;
}

export interface JointAttentionInputs extends AttentionOptions {
  /** 1 to 4 streams, at least one with q; the joined sequence has them in this order */
  streams: AttentionStream[];
}

/** [B or 1, 1, T, S] of 1 (visible) and 0, or null when every key is visible. */
function visibility(
  B: number,
  T: number,
  S: number,
  { causal, keyMask }: AttentionOptions,
): tf.Tensor | null {
  const keep = keyMask ? tf.cast(keyMask, 'float32').reshape([B, 1, 1, S]) : null;
  if (!causal) return keep ? tf.tile(keep, [1, 1, T, 1]) : null;
  const below = Float32Array.from({ length: T * S }, (_, i) => (i % S <= Math.floor(i / S) + S - T ? 1 : 0));
  const triangle = tf.tensor(below, [1, 1, T, S], 'float32');
  return keep ? tf.mul(keep, triangle) : triangle;
}

/** Attention of plain queries, keys and values of one sequence. */
function attend(q: tf.Tensor, k: tf.Tensor, v: tf.Tensor, options: AttentionOptions): tf.Tensor {
  const [B, T, H, dh] = q.shape as number[];
  const [, S, Hkv] = k.shape as number[];
  if (q.size === 0 || k.size === 0) return tf.zerosLike(q);
  // The query heads that share a key head are stacked as more rows of one product.
  const rows = (H / Hkv) * T;
  const queries = tf.transpose(q, [0, 2, 1, 3]).reshape([B * Hkv, rows, dh]);
  const keys = tf.transpose(k, [0, 2, 1, 3]).reshape([B * Hkv, S, dh]);
  const values = tf.transpose(v, [0, 2, 1, 3]).reshape([B * Hkv, S, dh]);
  const product = tf.matMul(queries as tf.Tensor3D, keys as tf.Tensor3D, false, true);
  const scores = tf.mul(product, options.scale ?? 1 / Math.sqrt(dh)).reshape([B, H, T, S]);
  const visible = visibility(B, T, S, options);
  // -1e9 underflows to exactly 0 in the softmax; the last product empties rows in which nothing is visible.
  const masked = visible ? tf.add(scores, tf.mul(tf.sub(visible, 1), 1e9)) : scores;
  const probabilities = visible ? tf.mul(tf.softmax(masked), visible) : tf.softmax(masked); // [B, H, T, S]
  const mixed = tf.matMul(probabilities.reshape([B * Hkv, rows, S]) as tf.Tensor3D, values as tf.Tensor3D);
  return tf.transpose(mixed.reshape([B, H, T, dh]), [0, 2, 1, 3]);
}

/** A stream's queries or keys, normed and turned. */
function placed(x: tf.Tensor, { norm, rotary }: AttentionStream, weight: tf.Tensor | undefined): tf.Tensor {
  const normed = norm ? definitions.rmsNorm(x, weight, norm.eps) : x;
  return rotary ? definitions.rotary(normed, rotary.cos, rotary.sin, rotary.layout) : normed;
}

function attendJointly({ streams, ...options }: JointAttentionInputs): tf.Tensor[] {
  const join = (parts: tf.Tensor[]): tf.Tensor => (parts.length === 1 ? parts[0] : tf.concat(parts, 1));
  const asking = streams.filter((stream) => stream.q);
  const queries = asking.map((stream) => placed(stream.q as tf.Tensor, stream, stream.norm?.q));
  const keys = join(streams.map((stream) => placed(stream.k, stream, stream.norm?.k)));
  const values = join(streams.map(({ v }) => v));
  const mixed = attend(join(queries), keys, values, options);
  return queries.length === 1
    ? [mixed]
    : tf.split(
        mixed,
        queries.map((q) => q.shape[1] as number),
        1,
      );
}

function checkStream(
  op: string,
  at: string,
  stream: AttentionStream,
  first: AttentionStream,
  H: number,
): void {
  const { q, k, v, norm, rotary } = stream;
  const [B, , Hkv, dh] = first.k.shape as number[];
  wantShape(op, `${at}k`, k, [B, null, Hkv, dh]);
  wantShape(op, `${at}v (k is [${k.shape.join(', ')}])`, v, k.shape);
  if (q) wantShape(op, `${at}q (k is [${k.shape.join(', ')}])`, q, [B, null, H, dh]);
  if (norm) {
    wantShape(op, `${at}norm.q`, norm.q, [dh]);
    wantShape(op, `${at}norm.k`, norm.k, [dh]);
    if (norm.eps !== first.norm?.eps) {
      throw new Error(
        `${op}: ${at}norm.eps is ${norm.eps}, want ${first.norm?.eps}, as the first stream has`,
      );
    }
  }
  if (rotary) {
    checkRotary(op, `${at}k`, k, rotary.cos, rotary.sin, rotary.layout);
    if (q && q.shape[1] !== k.shape[1]) {
      throw new Error(`${op}: ${at}q has ${q.shape[1]} tokens and k ${k.shape[1]}, want as many with rotary`);
    }
  }
}

function checkAll(op: string, { streams, keyMask }: JointAttentionInputs, at: (i: number) => string): void {
  if (!Array.isArray(streams) || streams.length < 1 || streams.length > 4) {
    throw new Error(`${op}: streams has ${streams?.length} entries, want 1 to 4`);
  }
  streams.forEach((stream, i) => wantShape(op, `${at(i)}k`, stream.k, [null, null, null, null]));
  const asking = streams.findIndex((stream) => stream.q);
  if (asking < 0) throw new Error(`${op}: no stream has q, want at least one that does`);
  const q = streams[asking].q as tf.Tensor;
  wantShape(op, `${at(asking)}q`, q, [null, null, null, null]);
  const H = q.shape[2] as number;
  const [B, , Hkv] = streams[0].k.shape as number[];
  streams.forEach((stream, i) => checkStream(op, at(i), stream, streams[0], H));
  if (Hkv === 0 ? H !== 0 : H % Hkv !== 0) {
    throw new Error(`${op}: q has ${H} heads and k has ${Hkv}, want a multiple`);
  }
  if (!keyMask) return;
  const S = streams.reduce((sum, { k }) => sum + (k.shape[1] as number), 0);
  wantTensor(op, 'keyMask', keyMask, keyMask.dtype);
  wantShape(op, `keyMask (${S} keys)`, keyMask, [B, S], keyMask.dtype);
}

const asJoint = ({ causal, keyMask, scale, ...stream }: AttentionInputs): JointAttentionInputs => ({
  streams: [stream],
  causal,
  keyMask,
  scale,
});

/**
 * `softmax(q k^T * scale + mask) v`, one query head at a time; q and k are normed and turned first where asked.
 * A row that sees no key gives 0 (and no gradient), not NaN.
 * @returns [B, T, H, dh]
 * @throws when shapes do not agree or Hkv does not divide H
 */
export const attention = defineOp<[inputs: AttentionInputs]>(
  'attention',
  (inputs) => {
    if (!inputs) throw new Error(`attention: inputs is ${String(inputs)}, want { q, k, v }`);
    wantTensor('attention', 'q', inputs.q);
    checkAll('attention', asJoint(inputs), () => '');
  },
  (inputs) => attendJointly(asJoint(inputs))[0],
);

/**
 * Attention of several streams as one sequence: the same numbers as joining their q, k and v along the tokens,
 * attending, and cutting the result (the MMDiT of Esser et al. 2024, section 4), with nothing joined in memory.
 * @returns [B, T, H, dh] for each stream that has q, in order
 * @throws when shapes do not agree, Hkv does not divide H, or no stream has q
 */
export const jointAttention = defineOp<[inputs: JointAttentionInputs], tf.Tensor[]>(
  'jointAttention',
  (inputs) => checkAll('jointAttention', inputs, (i) => `streams[${i}].`),
  attendJointly,
);
