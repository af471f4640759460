// Normalisations over the last axis, and the adaptive modulation of the diffusion transformer around them.
import { tf } from '../backend';
import { wantLastAxis, wantShape } from './check';
import { defineOp } from './dispatch';

/**
 * Root-mean-square norm: `x / sqrt(mean(x^2) + eps) * weight` (Zhang and Sennrich 2019).
 * @param x [..., D]
 * @param weight [D], or null for none
 */
export const rmsNorm = defineOp<[x: tf.Tensor, weight: tf.Tensor | null | undefined, eps: number]>(
  'rmsNorm',
  (x, weight) => {
    const D = wantLastAxis('rmsNorm', 'x', x);
    if (weight) wantShape('rmsNorm', `weight (x is [${x.shape.join(', ')}])`, weight, [D]);
  },
  (x, weight, eps) => {
    const meanSquare = tf.mean(tf.square(x), -1, true); // [..., 1]
    const normed = tf.mul(x, tf.rsqrt(tf.add(meanSquare, eps)));
    return weight ? tf.mul(normed, weight) : normed;
  },
);

function standardise(x: tf.Tensor, eps: number): tf.Tensor {
  const centred = tf.sub(x, tf.mean(x, -1, true));
  const variance = tf.mean(tf.square(centred), -1, true);
  return tf.mul(centred, tf.rsqrt(tf.add(variance, eps)));
}

/**
 * Layer norm without learned scale and shift.
 * @param x [..., D]
 */
export const layerNorm = defineOp<[x: tf.Tensor, eps: number]>(
  'layerNorm',
  (x) => void wantLastAxis('layerNorm', 'x', x),
  standardise,
);

/**
 * Adaptive layer norm: `layerNorm(x) * (1 + scale) + shift`, one scale and shift per sample (DiT, Peebles and Xie 2023).
 * @param x [B, T, D]
 * @param shift [B, D]
 * @param scale [B, D]
 */
export const layerNormModulate = defineOp<[x: tf.Tensor, shift: tf.Tensor, scale: tf.Tensor, eps: number]>(
  'layerNormModulate',
  (x, shift, scale) => {
    wantShape('layerNormModulate', 'x', x, [null, null, null]);
    const [B, , D] = x.shape as number[];
    wantShape('layerNormModulate', `shift (x is [${x.shape.join(', ')}])`, shift, [B, D]);
    wantShape('layerNormModulate', `scale (x is [${x.shape.join(', ')}])`, scale, [B, D]);
  },
  (x, shift, scale, eps) => {
    const [B, , D] = x.shape as number[];
    const perSample = [B, 1, D];
    const scaled = tf.mul(standardise(x, eps), tf.add(scale.reshape(perSample), 1)); // [B, T, D]
    return tf.add(scaled, shift.reshape(perSample));
  },
);

/**
 * Residual with a gate per sample: `x + gate * y`.
 * @param x [B, T, D]
 * @param gate [B, D]
 * @param y [B, T, D]
 */
export const gatedResidual = defineOp<[x: tf.Tensor, gate: tf.Tensor, y: tf.Tensor]>(
  'gatedResidual',
  (x, gate, y) => {
    wantShape('gatedResidual', 'x', x, [null, null, null]);
    const [B, , D] = x.shape as number[];
    wantShape('gatedResidual', `gate (x is [${x.shape.join(', ')}])`, gate, [B, D]);
    wantShape('gatedResidual', 'y', y, x.shape);
  },
  (x, gate, y) => {
    const [B, , D] = x.shape as number[];
    return tf.add(x, tf.mul(gate.reshape([B, 1, D]), y));
  },
);
