// The feed-forward layers of both models as one op each: their fused twins never keep the activation between the two
// products, which is the widest tensor of a block.
import { tf } from '../backend';
import { gelu, swiglu } from './activations';
import { wantLastAxis, wantShape } from './check';
import { defineOp } from './dispatch';
import { linear } from './linear';

/** Qwen2's: `down(silu(gate x) * up x)`. */
export interface SwigluMlpWeights {
  gate: tf.Tensor; // [F, D]
  up: tf.Tensor; // [F, D]
  down: tf.Tensor; // [O, F]
}

/** Qwen-Image's: `down(gelu(up x + upBias)) + downBias`. */
export interface GeluMlpWeights {
  up: tf.Tensor; // [F, D]
  upBias: tf.Tensor; // [F]
  down: tf.Tensor; // [O, F]
  downBias: tf.Tensor; // [O]
}

/**
 * The gated feed-forward layer without biases.
 * @param x [..., D]
 * @returns [..., O]
 * @throws when the shapes do not agree
 */
export const swigluMlp = defineOp<[x: tf.Tensor, weights: SwigluMlpWeights]>(
  'swigluMlp',
  (x, { gate, up, down }) => {
    const D = wantLastAxis('swigluMlp', 'x', x);
    wantShape('swigluMlp', `gate (x is [${x.shape.join(', ')}])`, gate, [null, D]);
    wantShape('swigluMlp', 'up', up, gate.shape);
    wantShape('swigluMlp', `down (gate is [${gate.shape.join(', ')}])`, down, [null, gate.shape[0]]);
  },
  (x, { gate, up, down }) => linear(swiglu(linear(x, gate), linear(x, up)), down),
);

/**
 * The feed-forward layer with tanh GELU and biases.
 * @param x [..., D]
 * @returns [..., O]
 * @throws when the shapes do not agree
 */
export const geluMlp = defineOp<[x: tf.Tensor, weights: GeluMlpWeights]>(
  'geluMlp',
  (x, { up, upBias, down, downBias }) => {
    const D = wantLastAxis('geluMlp', 'x', x);
    wantShape('geluMlp', `up (x is [${x.shape.join(', ')}])`, up, [null, D]);
    const [F] = up.shape;
    wantShape('geluMlp', `upBias (up is [${up.shape.join(', ')}])`, upBias, [F]);
    wantShape('geluMlp', `down (up is [${up.shape.join(', ')}])`, down, [null, F]);
    wantShape('geluMlp', `downBias (down is [${down.shape.join(', ')}])`, downBias, [down.shape[0]]);
  },
  (x, { up, upBias, down, downBias }) => linear(gelu(linear(x, up, upBias)), down, downBias),
);
