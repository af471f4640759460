// Pointwise non-linearities.
import { tf } from '../backend';
import { wantShape, wantTensor } from './check';
import { defineOp } from './dispatch';

/** `x * sigmoid(x)`, any shape. */
export const silu = defineOp<[x: tf.Tensor]>(
  'silu',
  (x) => wantTensor('silu', 'x', x),
  (x) => tf.mul(x, tf.sigmoid(x)),
);

/** The gated unit of Qwen2's feed-forward layers: `silu(gate) * up`; both of one shape. */
export const swiglu = defineOp<[gate: tf.Tensor, up: tf.Tensor]>(
  'swiglu',
  (gate, up) => {
    wantTensor('swiglu', 'gate', gate);
    wantShape('swiglu', 'up', up, gate.shape);
  },
  (gate, up) => tf.mul(tf.mul(gate, tf.sigmoid(gate)), up),
);

const SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);

/** GELU in its tanh form ("gelu-approximate" of diffusers), any shape. */
export const gelu = defineOp<[x: tf.Tensor]>(
  'gelu',
  (x) => wantTensor('gelu', 'x', x),
  (x) => {
    const cubic = tf.mul(x, tf.add(tf.mul(tf.square(x), 0.044715), 1));
    return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(tf.mul(cubic, SQRT_2_OVER_PI)), 1));
  },
);
