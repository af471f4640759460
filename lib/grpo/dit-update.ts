/**
 * The painter's half of Dual-GRPO: replays the window's random steps with gradients, and turns the images'
 * advantages into one clipped policy-gradient step on the adapters (Flow-GRPO-Fast).
 */
import { AdamW, clipGradNorm, tf, valueAndGrads } from '../tensor';
import type { Params } from '../tensor';
import { applyLora, replayStep, transitionKl, velocityPenalty } from '../diffusion';
import type { Denoiser, Lora } from '../diffusion';
import type { DualGrpoConfig } from './config';
import { Accumulator } from './accumulator';
import { clippedObjective } from './objective';
import { isConstant } from './advantages';
import { thoughtsOf } from './tree';
import type { RolloutTree, ThoughtNode } from './tree';

export interface DitPolicy {
  /** The painter without adapters; its `params` are the reference as well. */
  base: Denoiser;
  lora: Lora;
  optimiser: AdamW;
}

/** Under the names of METHOD's log; `steps` counts optimiser steps taken. */
export interface DitStats {
  policy_loss: number;
  kl_loss: number;
  approx_kl: number;
  clipfrac: number;
  ratio_mean: number;
  zero_std_ratio: number;
  grad_norm: number;
  learning_rate: number;
  steps: number;
}

/** The painter with its adapters. Differentiable in them; call inside a tidy or a loss. */
export function withAdapters(policy: Pick<DitPolicy, 'base' | 'lora'>): Denoiser {
  return { ...policy.base, params: applyLora(policy.base.params, policy.lora) };
}

/**
 * One optimiser step per inner epoch. Groups of equal rewards are left out altogether; when none is left, or the
 * loss weight `beta` is 0, nothing moves: no step, no decay, no momentum.
 * @throws Error when a loss or gradient is not finite (nothing is changed by then).
 */
export function updateDit(policy: DitPolicy, tree: RolloutTree, config: DualGrpoConfig['dit']): DitStats {
  const groups = thoughtsOf(tree);
  const live = groups.filter((t) => !isConstant(t.images.map((image) => image.advantage ?? 0)));
  const stats = new Accumulator();
  let steps = 0;
  if (tree.beta.dit > 0)
    for (let epoch = 0; epoch < config.epochs && live.length > 0; epoch++) {
      const grads = epochGradients(policy, live, { config, beta: tree.beta.dit, stats });
      const norm = clipGradNorm(grads, config.maxGradNorm);
      if (!Number.isFinite(norm))
        throw new Error(`DiT gradient norm is ${norm} at step ${tree.step}, want a finite number`);
      stats.add('grad_norm', norm);
      policy.optimiser.step(policy.lora.weights, grads);
      tf.dispose(grads);
      steps++;
    }
  return {
    policy_loss: stats.mean('policy_loss'),
    kl_loss: stats.mean('kl_loss'),
    approx_kl: stats.mean('approx_kl'),
    clipfrac: stats.mean('clipfrac'),
    ratio_mean: steps > 0 ? stats.mean('ratio_mean') : 1,
    zero_std_ratio: 1 - live.length / groups.length,
    grad_norm: stats.mean('grad_norm'),
    learning_rate: policy.optimiser.lr,
    steps,
  };
}

/** Mean gradient over the live groups and the window's steps, one (group, step) at a time to bound memory. */
function epochGradients(
  policy: DitPolicy,
  live: ThoughtNode[],
  { config, beta, stats }: { config: DualGrpoConfig['dit']; beta: number; stats: Accumulator },
): Params {
  let sum: Params | undefined;
  for (const thought of live) {
    const window = thought.rollout!.window.length;
    for (let i = 0; i < window; i++) {
      const share = beta / (live.length * window);
      const { value, grads } = valueAndGrads(
        () => stepLoss(policy, thought, { index: i, config, stats }).mul(share) as tf.Scalar,
        policy.lora.weights,
      );
      const loss = value.dataSync()[0];
      value.dispose();
      if (!Number.isFinite(loss)) {
        tf.dispose(grads);
        throw new Error(`DiT loss is ${loss} at window step ${i}, want a finite number`);
      }
      sum = addGradients(sum, grads);
    }
  }
  return sum!;
}

/** Loss of one group at one step of the window: -clipped objective + klBeta * KL. Scalar. */
function stepLoss(
  policy: DitPolicy,
  thought: ThoughtNode,
  { index, config, stats }: { index: number; config: DualGrpoConfig['dit']; stats: Accumulator },
): tf.Scalar {
  const rollout = thought.rollout!;
  const old = tf.tensor1d(rollout.logProbs.map((row) => row[index])); // [K]
  const advantage = tf.tensor1d(thought.images.map((image) => image.advantage ?? 0)); // [K]
  const replay = replayStep(withAdapters(policy), rollout, index);
  const logRatio = replay.logProbs.sub(old); // [K]
  const objective = clippedObjective(logRatio, advantage, { clipLow: config.clip, clipHigh: config.clip });
  const policyLoss = objective.mean().neg() as tf.Scalar;
  noteRatios(stats, logRatio, config.clip);
  stats.add('policy_loss', policyLoss.dataSync()[0]);
  if (config.klBeta === 0) {
    stats.add('kl_loss', 0);
    return policyLoss;
  }
  const reference = replayStep(policy.base, rollout, index);
  const kl = (
    config.klKind === 'mean'
      ? transitionKl(replay.mean, reference.mean, replay.std)
      : velocityPenalty(replay.velocity, reference.velocity)
  ).mean();
  stats.add('kl_loss', kl.dataSync()[0]);
  return policyLoss.add(kl.mul(config.klBeta)) as tf.Scalar;
}

function noteRatios(stats: Accumulator, logRatio: tf.Tensor, clip: number): void {
  for (const value of logRatio.dataSync()) {
    const ratio = Math.exp(value);
    stats.add('ratio_mean', ratio);
    stats.add('approx_kl', 0.5 * value * value);
    stats.add('clipfrac', Math.abs(ratio - 1) > clip ? 1 : 0);
  }
}

/** `sum + more`, by name; both are consumed. */
export function addGradients(sum: Params | undefined, more: Params): Params {
  if (!sum) return more;
  const out: Params = {};
  for (const name of Object.keys(more)) out[name] = tf.add(sum[name], more[name]);
  tf.dispose(sum);
  tf.dispose(more);
  return out;
}
