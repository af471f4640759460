/**
 * The PPO-clipped surrogate, the k3 KL estimate, and the ways of averaging them over tokens.
 * Everything here is differentiable in the log-probabilities and knows nothing of models.
 */
import { tf } from '../tensor';

export interface ClipRange {
  /** The ratio is clipped to [1 - clipLow, 1 + clipHigh]. */
  clipLow: number;
  clipHigh: number;
}

type Operand = tf.Tensor | number;

/**
 * `min(r A, clip(r, 1-clipLow, 1+clipHigh) A)` with r = exp(logRatio): an objective to **maximise**,
 * elementwise, same shape as the (broadcast) inputs. Two plain numbers give a plain number.
 * (The paper prints `min(r, clip(r)) * A`, which is not PPO for A < 0.)
 */
export function clippedObjective(logRatio: number, advantage: number, clip: ClipRange): number;
export function clippedObjective(logRatio: Operand, advantage: Operand, clip: ClipRange): tf.Tensor;
export function clippedObjective(logRatio: Operand, advantage: Operand, clip: ClipRange): Operand {
  const { clipLow, clipHigh } = clip;
  if (!(clipLow >= 0) || !(clipHigh >= 0))
    throw new RangeError(`clip range is [${clipLow}, ${clipHigh}], want two numbers >= 0`);
  if (typeof logRatio === 'number' && typeof advantage === 'number') {
    const ratio = Math.exp(logRatio);
    const clipped = Math.min(1 + clipHigh, Math.max(1 - clipLow, ratio));
    return Math.min(ratio * advantage, clipped * advantage);
  }
  return tf.tidy(() => {
    const ratio = tf.exp(logRatio as tf.Tensor);
    const clipped = tf.clipByValue(ratio, 1 - clipLow, 1 + clipHigh);
    // `minimum` sends the gradient of a tie to its first argument, the unclipped one, as PPO wants.
    return tf.minimum(tf.mul(ratio, advantage), tf.mul(clipped, advantage));
  });
}

/**
 * Schulman's k3 estimate of KL(current || reference), `e^d - d - 1` with d = ref - current; never negative,
 * elementwise, differentiable in `logProbs`. Two plain numbers give a plain number.
 */
export function klK3(logProbs: number, refLogProbs: number): number;
export function klK3(logProbs: Operand, refLogProbs: Operand): tf.Tensor;
export function klK3(logProbs: Operand, refLogProbs: Operand): Operand {
  if (typeof logProbs === 'number' && typeof refLogProbs === 'number') {
    const d = refLogProbs - logProbs;
    return Math.max(0, Math.expm1(d) - d);
  }
  return tf.tidy(() => {
    const d = tf.sub(refLogProbs, logProbs);
    // relu only removes rounding below zero, where the gradient is zero anyway.
    return tf.relu(tf.sub(tf.expm1(d), d));
  });
}

/** How per-token losses are averaged, under the names TRL users know. */
export type LossType = 'grpo' | 'bnpo' | 'dapo' | 'dr_grpo';
export const LOSS_TYPES: LossType[] = ['grpo', 'bnpo', 'dapo', 'dr_grpo'];

export interface TokenAverage {
  lossType: LossType;
  /** `dr_grpo`: the constant length every completion is divided by. */
  maxCompletionLength: number;
  /** `grpo`, `dr_grpo`: completions in the whole (accumulated) batch; default, the rows of this one. */
  totalSequences?: number;
  /** `dapo`: active tokens in the whole (accumulated) batch; default, those of this one. */
  totalTokens?: number;
}

/**
 * Weights `[B, T]` that turn a table of per-token losses into one number by a plain weighted sum.
 * grpo: mean over completions of the mean over tokens. bnpo: mean over this micro-batch's active tokens.
 * dapo: mean over the active tokens of the whole batch. dr_grpo: sum over tokens / (B * max length).
 * Masked tokens (0) drop out of numerator and denominator.
 */
export function tokenWeights(mask: number[][], options: TokenAverage): number[][] {
  const lengths = mask.map((row) => row.reduce((a, b) => a + b, 0));
  const active = lengths.reduce((a, b) => a + b, 0);
  const rows = options.totalSequences ?? mask.length;
  return mask.map((row, b) => {
    const weight = rowWeight(lengths[b], active, rows, options);
    return row.map((m) => m * weight);
  });
}

function rowWeight(length: number, active: number, rows: number, options: TokenAverage): number {
  switch (options.lossType) {
    case 'grpo':
      return 1 / (rows * Math.max(1, length));
    case 'bnpo':
      return 1 / Math.max(1, active);
    case 'dapo':
      return 1 / Math.max(1, options.totalTokens ?? active);
    case 'dr_grpo':
      return 1 / (rows * options.maxCompletionLength);
    default:
      throw new RangeError(
        `loss type is ${JSON.stringify(options.lossType)}, want one of ${LOSS_TYPES.join(', ')}`,
      );
  }
}
