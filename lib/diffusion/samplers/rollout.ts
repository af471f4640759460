/**
 * Rollouts for reinforcement learning (Flow-GRPO-Fast): Euler steps everywhere except in a short window of random
 * steps, whose states and log-densities are kept. A replay computes the same densities again, with gradients.
 */
import { RandomStream, tf } from '../../tensor';
import { disposeConditioning, selectConditioning, type Conditioning } from '../conditioning';
import { predict, type Denoiser } from '../denoiser';
import { flowSigmas } from '../flow';
import { imageNoise } from '../noise';
import { gaussianLogProb, kernelMean, type KernelName } from './kernels';
import { breathe, initialLatents, predictorOf, type SampleOptions, type SamplerStep } from './ode';
import type { Predictor } from '../predictor';
import type { ImageGrid } from '../rope';

/** Steps start .. start + length - 1 are random; 0 is the first step from pure noise. */
export interface SdeWindow {
  start: number;
  length: number;
}

export interface RolloutOptions extends SampleOptions {
  window: SdeWindow;
  /** a, the amount of noise in the window's steps. */
  noiseLevel: number;
  kernel?: KernelName;
}

/** All that a replay needs: the states around each random step, and what the painter was told then. */
export interface Rollout {
  latents: tf.Tensor[]; // w + 1 of [B, T, C]
  logProbs: number[][]; // [B][w]
  final: tf.Tensor; // [B, T, C] clean patches
  sigmas: number[]; // steps + 1
  window: SdeWindow;
  noiseLevel: number;
  kernel: KernelName;
  guidance: number;
  conditioning: Conditioning; // [B, S, D], copies of the rollout's own
  negative?: Conditioning;
  grid?: ImageGrid;
}

export interface RolloutStep extends SamplerStep {
  /** [B] for a random step, else undefined. */
  logProbs?: number[];
}

/** One window per prompt group: start uniform on {low .. high - length}. Windows that differ in a group break training. */
export function drawWindow(
  stream: RandomStream,
  range: { low: number; high: number; length: number },
): SdeWindow {
  const { low, high, length } = range;
  const choices = high - length - low + 1;
  if (!(choices >= 1 && length >= 1)) {
    throw new Error(`SDE window: length ${length} in [${low}, ${high}), want 1 <= length <= ${high - low}`);
  }
  return { start: low + stream.int(choices), length };
}

function checkWindow(
  { window: { start, length }, noiseLevel, kernel = 'sde' }: RolloutOptions,
  sigmas: number[],
): void {
  const steps = sigmas.length - 1;
  const last = kernel === 'cps' ? steps - 1 : steps; // the cps kernel adds no noise on the way to 0
  if (
    !Number.isInteger(start) ||
    !Number.isInteger(length) ||
    start < 0 ||
    length < 1 ||
    start + length > last
  ) {
    throw new Error(`SDE window: steps ${start} to ${start + length - 1}, want some of 0 to ${last - 1}`);
  }
  if (!(noiseLevel > 0)) throw new Error(`noiseLevel is ${noiseLevel}, want a positive number`);
}

/**
 * The rollout step by step; yields as odeSampler does and returns the record.
 * The yielded tensors live until the next step is asked for.
 */
export async function* rolloutSampler(options: RolloutOptions): AsyncGenerator<RolloutStep, Rollout, void> {
  const { denoiser, images, window, noiseLevel, kernel = 'sde', conditioning, negative, grid } = options;
  const sigmas = flowSigmas(options.steps, denoiser.flow.shift);
  checkWindow(options, sigmas);
  const kept: tf.Tensor[] = [];
  const logProbs: number[][] = images.map(() => []);
  let latents = initialLatents(options);
  let done = false;
  let predictor: Predictor | undefined;
  try {
    predictor = predictorOf(options, sigmas, latents);
    for (let i = 0; i < options.steps; i++) {
      const [sigma, sigmaNext] = [sigmas[i], sigmas[i + 1]];
      const random = i >= window.start && i < window.start + window.length;
      // A random step is predicted as the replay will predict it, to the last bit, so that the ratio is exactly 1.
      const { velocity, x0 } = random
        ? predict(denoiser, { ...options, latents, sigma })
        : predictor.at(i, latents);
      const before = latents;
      let stepLogProbs: number[] | undefined;
      if (random) {
        const noise = imageNoise(images, latents.shape.slice(1), 'step', i);
        const inputs = { sample: latents, velocity, sigma, sigmaNext, sigmaMax: sigmas[1], noiseLevel };
        const { mean, scale } = kernelMean(kernel, inputs);
        latents = tf.tidy(() => mean.add(noise.mul(scale)));
        const logProb = gaussianLogProb(latents, mean, scale); // [B]
        stepLogProbs = Array.from(await logProb.data<'float32'>());
        stepLogProbs.forEach((value, row) => logProbs[row].push(value));
        if (!kept.length) kept.push(before.clone());
        kept.push(latents.clone());
        tf.dispose([noise, mean, logProb]);
      } else {
        latents = sigmaNext === 0 ? x0.clone() : tf.tidy(() => before.add(velocity.mul(sigmaNext - sigma)));
      }
      before.dispose();
      try {
        yield { step: i, sigma, sigmaNext, latents, x0Prediction: x0, velocity, logProbs: stepLogProbs };
      } finally {
        tf.dispose([velocity, x0]);
      }
      await breathe();
    }
    done = true;
    return {
      latents: kept,
      logProbs,
      final: latents.clone(),
      sigmas,
      window,
      noiseLevel,
      kernel,
      guidance: options.guidance ?? 1,
      conditioning: cloneOf(conditioning),
      negative: negative && cloneOf(negative),
      grid,
    };
  } finally {
    latents.dispose();
    predictor?.dispose();
    if (!done) tf.dispose(kept);
  }
}

function cloneOf({ embeds, mask }: Conditioning): Conditioning {
  return { embeds: embeds.clone(), mask: mask.clone() };
}

/** Runs a rollout to its end. The caller owns the record: see disposeRollout. */
export async function rolloutSample(options: RolloutOptions): Promise<Rollout> {
  const steps = rolloutSampler(options);
  for (;;) {
    const { done, value } = await steps.next();
    if (done) return value;
  }
}

export type Replay = {
  logProbs: tf.Tensor; // [B]
  mean: tf.Tensor; // [B, T, C]
  velocity: tf.Tensor; // [B, T, C]
  std: number; // of the kernel, for transitionKl
};

/**
 * The log-densities of one random step under other (or the same) weights, with the stored conditioning and the
 * same guidance. Differentiable in the parameters. At unchanged weights and on the same rows the numbers are the
 * rollout's own, so the ratio is exactly 1.
 * @param index which of the window's steps, 0 .. w - 1
 */
export function replayStep(denoiser: Denoiser, rollout: Rollout, index: number): Replay {
  const { latents, window, sigmas, noiseLevel, kernel, conditioning, negative, guidance, grid } = rollout;
  if (!(Number.isInteger(index) && index >= 0 && index < window.length)) {
    throw new Error(`replay: step ${index}, want 0 to ${window.length - 1}`);
  }
  const at = window.start + index;
  const sample = latents[index];
  const [sigma, sigmaNext] = [sigmas[at], sigmas[at + 1]];
  return tf.tidy(() => {
    const { velocity } = predict(denoiser, {
      latents: sample,
      sigma,
      conditioning,
      negative,
      guidance,
      grid,
    });
    const inputs = { sample, velocity, sigma, sigmaNext, sigmaMax: sigmas[1], noiseLevel };
    const { mean, std, scale } = kernelMean(kernel, inputs);
    return { logProbs: gaussianLogProb(latents[index + 1], mean, scale), mean, velocity, std };
  });
}

/** All steps of the window at once: [B, w], differentiable. */
export function replayLogProbs(denoiser: Denoiser, rollout: Rollout): tf.Tensor {
  return tf.tidy(() => {
    const steps = Array.from(
      { length: rollout.window.length },
      (_, i) => replayStep(denoiser, rollout, i).logProbs,
    );
    return tf.stack(steps, 1);
  });
}

/** Some rows of a rollout, for updates in smaller batches. The result is new and the caller's. */
export function selectRollout(rollout: Rollout, rows: number[]): Rollout {
  const index = tf.tensor1d(rows, 'int32');
  const pick = (x: tf.Tensor) => tf.gather(x, index);
  const shared = rollout.negative && rollout.negative.embeds.shape[0] === 1;
  const part: Rollout = {
    ...rollout,
    latents: rollout.latents.map(pick),
    logProbs: rows.map((row) => rollout.logProbs[row]),
    final: pick(rollout.final),
    conditioning: selectConditioning(rollout.conditioning, rows),
    negative:
      rollout.negative && (shared ? cloneOf(rollout.negative) : selectConditioning(rollout.negative, rows)),
  };
  index.dispose();
  return part;
}

export function disposeRollout({ latents, final, conditioning, negative }: Rollout): void {
  tf.dispose([...latents, final]);
  disposeConditioning(conditioning);
  if (negative) disposeConditioning(negative);
}
