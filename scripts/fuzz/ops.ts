// What the fuzzer knows of the public ops: one line an op, its arguments in order.
//   f[..] i[..] b[..]  a tensor of that shape (float32, int32, bool); f?[..] may be null; i[..]<V has values in [0, V)
//   num  bool          a number in (0, 1), a flag;  a|b  one of these words
// A call made by these rules must succeed and give the same gradients again; any other may throw an Error that names
// the op, and must do nothing worse. `call` is needed where the op does not take its arguments in a row.
import type { tf } from '../../lib/tensor';
import * as T from '../../lib/tensor';

export interface OpSpec {
  args: string;
  call?: (...args: never[]) => tf.Tensor;
}

type Mask = tf.Tensor | null;
type JointArguments = [
  q: tf.Tensor,
  k: tf.Tensor,
  v: tf.Tensor,
  normQ: tf.Tensor,
  normK: tf.Tensor,
  eps: number,
  cos: tf.Tensor,
  sin: tf.Tensor,
  layout: T.RotaryLayout,
  k2: tf.Tensor,
  v2: tf.Tensor,
  causal: boolean,
];

export const OPS: Record<string, OpSpec> = {
  linear: { args: 'f[N,T,I] f[O,I] f?[O]' },
  rmsNorm: { args: 'f[N,T,D] f?[D] num' },
  layerNorm: { args: 'f[N,T,D] num' },
  layerNormModulate: { args: 'f[B,T,D] f[B,D] f[B,D] num' },
  gatedResidual: { args: 'f[B,T,D] f[B,D] f[B,T,D]' },
  silu: { args: 'f[N,D]' },
  gelu: { args: 'f[N,D]' },
  swiglu: { args: 'f[N,D] f[N,D]' },
  rotary: { args: 'f[B,T,H,R*2] f[B,T,R] f[B,T,R] half|interleaved' },
  attention: {
    args: 'f[B,T,G*R,dh] f[B,S,G,dh] f[B,S,G,dh] f?[B,S] bool',
    call: (q: tf.Tensor, k: tf.Tensor, v: tf.Tensor, keyMask: Mask, causal: boolean) =>
      T.attention({ q, k, v, keyMask, causal }),
  },
  jointAttention: {
    args: 'f[B,T,G*R,E*2] f[B,T,G,E*2] f[B,T,G,E*2] f[E*2] f[E*2] num f[T,E] f[T,E] half|interleaved f[B,S,G,E*2] f[B,S,G,E*2] bool',
    call: (...[q, k, v, normQ, normK, eps, cos, sin, layout, k2, v2, causal]: JointArguments) => {
      const image = { q, k, v, norm: { q: normQ, k: normK, eps }, rotary: { cos, sin, layout } };
      return T.jointAttention({ streams: [image, { k: k2, v: v2 }], causal })[0];
    },
  },
  swigluMlp: {
    args: 'f[N,T,D] f[F,D] f[F,D] f[O,F]',
    call: (x: tf.Tensor, gate: tf.Tensor, up: tf.Tensor, down: tf.Tensor) =>
      T.swigluMlp(x, { gate, up, down }),
  },
  geluMlp: {
    args: 'f[N,T,D] f[F,D] f[F] f[O,F] f[O]',
    call: (x: tf.Tensor, up: tf.Tensor, upBias: tf.Tensor, down: tf.Tensor, downBias: tf.Tensor) =>
      T.geluMlp(x, { up, upBias, down, downBias }),
  },
  embedding: { args: 'f[V,D] i[N,T]<V' },
  tokenLogProbs: { args: 'f[N,V] i[N]<V' },
  tokenLogProbsFromHidden: { args: 'f[N,D] f[V,D] i[N]<V num' },
  crossEntropyFromHidden: { args: 'f[N,D] f[V,D] i[N]<V f[N] num' },
  tokenEntropyFromHidden: { args: 'f[N,D] f[V,D] num' },
};
