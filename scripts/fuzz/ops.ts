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
  embedding: { args: 'f[V,D] i[N,T]<V' },
  tokenLogProbs: { args: 'f[N,V] i[N]<V' },
};
