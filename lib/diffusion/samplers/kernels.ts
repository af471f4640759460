/**
 * One denoising step as a random step whose density is known: what reinforcement learning needs of a sampler.
 *
 * `sde` is Flow-GRPO's kernel (arXiv 2505.05470): the probability-flow ODE turned into an SDE with the same
 * marginals. `cps` (coefficients-preserving sampling) keeps the noise level of the result exact instead.
 * Time runs from 1 (noise) to 0 (picture), so dt = sigmaNext - sigma < 0.
 */
import { tf } from '../../tensor';

export type KernelName = 'sde' | 'cps';

export interface KernelInputs {
  sample: tf.Tensor; // [B, ...] at sigma
  velocity: tf.Tensor; // [B, ...] noise - x0, predicted
  sigma: number;
  sigmaNext: number;
  /** Stands in for sigma = 1 in 1 - sigma: the schedule's second level. Only `sde` reads it. */
  sigmaMax: number;
  /** a: 0 is the deterministic Euler step. For `cps` in [0, 1]. */
  noiseLevel: number;
}

export interface StepInputs extends KernelInputs {
  noise: tf.Tensor; // [B, ...] standard normal
}

export interface KernelMean {
  mean: tf.Tensor; // [B, ...]
  /** The kernel's own std: before the sqrt(-dt) factor for `sde`; what KL to a reference is divided by. */
  std: number;
  /** The standard deviation of the step: next = mean + scale * noise. */
  scale: number;
}

export interface Step {
  next: tf.Tensor; // [B, ...]
  mean: tf.Tensor; // [B, ...]
  /** The kernel's own std, as in KernelMean. */
  std: number;
  /** next = mean + scale * noise: std * sqrt(-dt) for `sde`. */
  scale: number;
  /** [B] mean over the other dims of the Gaussian log-density of `next`; NaN where the step has no noise. */
  logProb: tf.Tensor;
}

function checkLevels({ sigma, sigmaNext, noiseLevel }: KernelInputs): void {
  if (!(sigma > 0 && sigma <= 1)) throw new Error(`sigma is ${sigma}, want a number in (0, 1]`);
  if (!(sigmaNext >= 0 && sigmaNext < sigma))
    throw new Error(`sigmaNext is ${sigmaNext}, want one in [0, ${sigma})`);
  if (!(noiseLevel >= 0)) throw new Error(`noiseLevel is ${noiseLevel}, want a number >= 0`);
}

function eulerMean({ sample, velocity, sigma, sigmaNext }: KernelInputs): KernelMean {
  return { mean: tf.tidy(() => sample.add(velocity.mul(sigmaNext - sigma))), std: 0, scale: 0 };
}

/** Mean and spread of Flow-GRPO's step: std = a * sqrt(s / (1 - s)). Differentiable in velocity. */
export function sdeMean(inputs: KernelInputs): KernelMean {
  checkLevels(inputs);
  const { sample, velocity, sigma, sigmaNext, sigmaMax, noiseLevel } = inputs;
  if (noiseLevel === 0) return eulerMean(inputs);
  const room = 1 - (sigma === 1 ? sigmaMax : sigma);
  if (!(room > 0)) throw new Error(`sigmaMax is ${sigmaMax} at sigma = 1, want a number below 1`);
  const dt = sigmaNext - sigma;
  const std = noiseLevel * Math.sqrt(sigma / room);
  const drift = (std * std) / (2 * sigma);
  const mean = tf.tidy(() => sample.mul(1 + drift * dt).add(velocity.mul((1 + drift * (1 - sigma)) * dt)));
  return { mean, std, scale: std * Math.sqrt(-dt) };
}

/** Mean and spread of the coefficients-preserving step: s2 = sigmaNext * sin(a * pi / 2). Differentiable in velocity. */
export function cpsMean(inputs: KernelInputs): KernelMean {
  checkLevels(inputs);
  const { sample, velocity, sigma, sigmaNext, noiseLevel } = inputs;
  if (noiseLevel > 1) throw new Error(`noiseLevel is ${noiseLevel}, want at most 1 for the cps kernel`);
  if (noiseLevel === 0) return eulerMean(inputs);
  const std = sigmaNext * Math.sin((noiseLevel * Math.PI) / 2);
  const kept = Math.sqrt(Math.max(0, sigmaNext * sigmaNext - std * std));
  const mean = tf.tidy(() => {
    const x0 = sample.sub(velocity.mul(sigma));
    const noise = sample.add(velocity.mul(1 - sigma));
    return x0.mul(1 - sigmaNext).add(noise.mul(kept));
  });
  return { mean, std, scale: std };
}

const MEANS: Record<KernelName, (inputs: KernelInputs) => KernelMean> = { sde: sdeMean, cps: cpsMean };

export function kernelMean(kernel: KernelName, inputs: KernelInputs): KernelMean {
  const mean = MEANS[kernel] as ((i: KernelInputs) => KernelMean) | undefined;
  if (!mean) throw new Error(`kernel is ${JSON.stringify(kernel)}, want "sde" or "cps"`);
  return mean(inputs);
}

/**
 * Gaussian log-density of x under N(mean, scale^2), averaged over all but the batch axis: [B].
 * The mean (not the sum) keeps ratios comparable between sizes. Differentiable in `mean`.
 */
export function gaussianLogProb(x: tf.Tensor, mean: tf.Tensor, scale: number): tf.Tensor {
  if (!(scale > 0))
    throw new Error(
      `gaussianLogProb: scale is ${scale}, want a positive number (a step without noise has no density)`,
    );
  return tf.tidy(() => {
    const error = x.sub(mean).reshape([x.shape[0], -1]); // [B, n]
    const constant = -Math.log(scale) - 0.5 * Math.log(2 * Math.PI);
    return error
      .square()
      .mean(1)
      .mul(-0.5 / (scale * scale))
      .add(constant);
  });
}

function step(kernel: KernelName, inputs: StepInputs): Step {
  const { mean, std, scale } = kernelMean(kernel, inputs);
  if (scale === 0) return { next: mean.clone(), mean, std, scale, logProb: tf.fill([mean.shape[0]], NaN) };
  const next = tf.tidy(() => mean.add(inputs.noise.mul(scale)));
  return { next, mean, std, scale, logProb: gaussianLogProb(next, mean, scale) };
}

/**
 * Flow-GRPO's stochastic step.
 * `mean = x (1 + std^2 dt / 2s) + v (1 + std^2 (1 - s) / 2s) dt`, `next = mean + std sqrt(-dt) noise`.
 * @returns next and mean [B, ...], std (before the sqrt(-dt) factor), scale (after it), logProb [B]
 */
export function sdeStep(inputs: StepInputs): Step {
  return step('sde', inputs);
}

/** The coefficients-preserving stochastic step: same contract as sdeStep. */
export function cpsStep(inputs: StepInputs): Step {
  return step('cps', inputs);
}

/** KL between two steps of equal spread, [B]: `mean((mean - meanRef)^2) / (2 std^2)`, without dt as Flow-GRPO has it. */
export function transitionKl(mean: tf.Tensor, meanRef: tf.Tensor, std: number): tf.Tensor {
  if (!(std > 0)) throw new Error(`transitionKl: std is ${std}, want a positive number`);
  return tf.tidy(() => meanSquare(mean, meanRef).div(2 * std * std));
}

/** The other penalty: squared distance of velocities, [B]. */
export function velocityPenalty(velocity: tf.Tensor, velocityRef: tf.Tensor): tf.Tensor {
  return tf.tidy(() => meanSquare(velocity, velocityRef));
}

function meanSquare(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  return a.sub(b).square().reshape([a.shape[0], -1]).mean(1);
}
