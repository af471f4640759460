/** One denoising prediction with true classifier-free guidance: the step every sampler and every replay shares. */
import { tf, type Params } from '../tensor';
import { concatConditioning, selectConditioning, type Conditioning } from './conditioning';
import type { QwenImageConfig } from './config';
import { sampleOf, velocityOf, type FlowConfig } from './flow';
import { withPositions } from './positions';
import type { ImageGrid } from './rope';
import { qwenImageForward } from './transformer';

/** A painter as samplers see it. `params` may be live variables, EMA, reference or LoRA-merged weights. */
export interface Denoiser {
  config: QwenImageConfig;
  params: Params;
  flow: FlowConfig;
}

export interface Guided {
  conditioning: Conditioning; // [B, S, D]
  /** What to move away from: the encoding of " ", one row for all or one per image. Needed when guidance is not 1. */
  negative?: Conditioning;
  /** v = v_neg + guidance * (v_cond - v_neg); 1 (or absent) is the plain conditional prediction and costs half. */
  guidance?: number;
}

export interface PredictionInputs extends Guided {
  latents: tf.Tensor; // [B, T, C] at noise level sigma
  sigma: number;
  grid?: ImageGrid; // tokens as frames x rows x columns; a square when absent
}

/** The grid of T tokens; a square unless given. */
export function gridOf(T: number, grid?: ImageGrid): ImageGrid {
  if (grid) return grid;
  const side = Math.sqrt(T);
  if (!Number.isInteger(side))
    throw new Error(`grid is absent and ${T} tokens are no square; give [1, rows, columns]`);
  return [1, side, side];
}

/**
 * Velocity and clean picture at one noise level. The guidance pair runs as one batch of 2B.
 * Differentiable in the parameters.
 * @returns velocity and x0, both [B, T, C]
 * @throws when guidance is not 1 and `negative` is absent
 */
export function predict(
  denoiser: Denoiser,
  inputs: PredictionInputs,
): { velocity: tf.Tensor; x0: tf.Tensor } {
  const { latents, sigma, negative } = inputs;
  const guidance = inputs.guidance ?? 1;
  return tf.tidy(() => {
    const [B, T] = latents.shape;
    let { conditioning } = inputs;
    if (guidance !== 1) {
      if (!negative)
        throw new Error(`guidance is ${guidance} without a negative conditioning; want 1, or give one`);
      const rows = negative.embeds.shape[0];
      const away =
        rows === 1 && B > 1 ? selectConditioning(negative, new Array<number>(B).fill(0)) : negative;
      conditioning = concatConditioning([conditioning, away]); // [2B, S, D]
    }
    const pair = guidance === 1 ? latents : tf.concat([latents, latents], 0);
    const raw = qwenImageForward(denoiser.config, denoiser.params, {
      hiddenStates: withPositions(denoiser.config, pair, gridOf(T!, inputs.grid)),
      encoderHiddenStates: conditioning.embeds,
      encoderHiddenStatesMask: conditioning.mask,
      timestep: tf.fill([pair.shape[0]], sigma),
      imgShapes: [[gridOf(T!, inputs.grid)]],
    });
    return fromOutput(denoiser.flow, raw, { latents, sigma, guidance });
  });
}

/** Velocity and clean picture from what the transformer gave, for both rows of a guidance pair when there is one. */
export function fromOutput(
  flow: FlowConfig,
  raw: tf.Tensor, // [B or 2B, T, C]
  { latents, sigma, guidance }: { latents: tf.Tensor; sigma: number; guidance: number },
): { velocity: tf.Tensor; x0: tf.Tensor } {
  const output = guidance === 1 ? raw : guide(raw, guidance); // [B, T, C]
  return flow.prediction_type === 'sample'
    ? { x0: output, velocity: velocityOf(latents, output, sigma) }
    : { x0: sampleOf(latents, output, sigma), velocity: output };
}

/** Guidance is the same on clean samples and on velocities, for one is linear in the other. */
function guide(pair: tf.Tensor, guidance: number): tf.Tensor {
  const [positive, negative] = tf.split(pair, 2, 0);
  return negative.add(positive.sub(negative).mul(guidance));
}
