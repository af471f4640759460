/** Drawing a picture: the deterministic Euler sampler, step by step, so that a notebook can show every one. */
import { tf } from '../../tensor';
import type { PackedPainter } from '../../tensor';
import type { Denoiser, Guided } from '../denoiser';
import { flowSigmas } from '../flow';
import { imageNoise, type ImageSeed } from '../noise';
import { patchTokens } from '../patches';
import { latentChannels } from '../positions';
import { openPredictor, type Predictor } from '../predictor';
import type { ImageGrid } from '../rope';

export interface SampleOptions extends Guided {
  denoiser: Denoiser;
  /** One per image: where its noise comes from. */
  images: ImageSeed[];
  steps: number;
  /** Tokens as frames x rows x columns; 8 x 8 (64 pixels in patches of 8) when absent. */
  grid?: ImageGrid;
  /** Starting noise, in place of the images' own. [B, T, C], stays the caller's */
  latents?: tf.Tensor;
  /** The denoiser's weights packed before (packPainter), to share them between runs; they stay the caller's. */
  packed?: PackedPainter | null;
}

export interface SamplerStep {
  step: number; // 0 .. steps - 1
  sigma: number; // where the step started
  sigmaNext: number; // where `latents` now are
  latents: tf.Tensor; // [B, T, C] after the step
  x0Prediction: tf.Tensor; // [B, T, C] the clean picture as foreseen from sigma
  velocity: tf.Tensor; // [B, T, C]
}

/** The noise a sampler starts from: [B, T, C], one stream per image. */
export function initialLatents({ denoiser, images, grid = [1, 8, 8], latents }: SampleOptions): tf.Tensor {
  return latents
    ? latents.clone()
    : imageNoise(images, patchTokens(grid, latentChannels(denoiser.config)), 'initial');
}

/** The predictor of a sampler's steps. */
export function predictorOf(options: SampleOptions, sigmas: number[], latents: tf.Tensor): Predictor {
  const [rows, tokens, channels] = latents.shape as [number, number, number];
  return openPredictor({ ...options, sigmas: sigmas.slice(0, -1), latents: { rows, tokens, channels } });
}

/**
 * Euler steps of the probability-flow ODE from noise to picture.
 * The yielded tensors live until the generator is asked for the next step: clone() what should stay.
 */
export async function* odeSampler(options: SampleOptions): AsyncGenerator<SamplerStep, void, void> {
  const { denoiser, steps } = options;
  const sigmas = flowSigmas(steps, denoiser.flow.shift);
  let latents = initialLatents(options);
  let predictor: Predictor | undefined;
  try {
    predictor = predictorOf(options, sigmas, latents);
    for (let i = 0; i < steps; i++) {
      const [sigma, sigmaNext] = [sigmas[i], sigmas[i + 1]];
      const { velocity, x0 } = predictor.at(i, latents);
      // The last step lands on the prediction itself; x + dt * v would only add rounding.
      const next = sigmaNext === 0 ? x0.clone() : tf.tidy(() => latents.add(velocity.mul(sigmaNext - sigma)));
      latents.dispose();
      latents = next;
      try {
        yield { step: i, sigma, sigmaNext, latents, x0Prediction: x0, velocity };
      } finally {
        velocity.dispose();
        x0.dispose();
      }
      await breathe();
    }
  } finally {
    latents.dispose();
    predictor?.dispose();
  }
}

/** Runs the ODE sampler to its end. @returns patches [B, T, C], owned by the caller */
export async function sample(options: SampleOptions): Promise<tf.Tensor> {
  let final: tf.Tensor | undefined;
  for await (const { step, latents } of odeSampler(options)) {
    if (step === options.steps - 1) final = latents.clone();
  }
  return final!;
}

/** Lets the event loop turn, so that Ctrl-C and progress bars work during a long draw. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
