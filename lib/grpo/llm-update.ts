/**
 * The language model's half of Dual-GRPO: per-token ratios of the responses, shared advantage per thought,
 * clipped objective and k3 KL, one optimiser step per inner epoch.
 */
import { AdamW, clipGradNorm, tf, valueAndGrads } from '../tensor';
import type { Params } from '../tensor';
import { responseLogProbs } from '../encoder';
import type { Qwen2Config } from '../encoder';
import { Accumulator } from './accumulator';
import { isConstant } from './advantages';
import type { DualGrpoConfig } from './config';
import { addGradients } from './dit-update';
import { clippedObjective, klK3, tokenWeights } from './objective';
import type { PromptNode, RolloutTree, ThoughtNode } from './tree';

export interface LlmPolicy {
  config: Qwen2Config;
  /** Trained in place. */
  params: Record<string, tf.Variable>;
  optimiser: AdamW;
  /** The model that training started from; only when klBeta > 0. */
  reference?: Params;
}

export interface LlmStats {
  loss: number;
  kl: number;
  grad_norm: number;
  learning_rate: number;
  'clip_ratio/low_mean': number;
  'clip_ratio/high_mean': number;
  'clip_ratio/region_mean': number;
  ratio_mean: number;
  approx_kl: number;
  steps: number;
}

const rowsOf = (node: PromptNode) =>
  node.thoughts.map((t) => ({ promptIds: node.promptIds, tokenIds: t.tokenIds }));

/**
 * Fills in each thought's `logProbs` under the present weights, in the very batches the update replays, so that the
 * first inner epoch's ratio is exactly 1 (decoding with a cache rounds differently).
 * @returns mean entropy per token, and the mean gap |replayed - sampled| of the log-probabilities
 */
export function replayOldPolicy(
  policy: Pick<LlmPolicy, 'config' | 'params'>,
  tree: RolloutTree,
  temperature: number,
): { entropy: number; samplerGap: number } {
  const stats = new Accumulator();
  for (const node of tree.prompts) {
    const { logProbs, entropy } = tf.tidy(() => {
      const replay = responseLogProbs(policy.config, policy.params, rowsOf(node), {
        temperature,
        entropy: true,
      });
      return {
        logProbs: replay.logProbs.arraySync() as number[][],
        entropy: (replay.entropy as tf.Tensor).arraySync() as number[][],
      } as unknown as tf.TensorContainer;
    }) as unknown as { logProbs: number[][]; entropy: number[][] };
    node.thoughts.forEach((thought, j) => {
      thought.logProbs = logProbs[j].slice(0, thought.tokenIds.length);
      thought.logProbs.forEach((value, t) => {
        if (!Number.isFinite(value))
          throw new Error(`log-probability of token ${t} is ${value}, want a finite number`);
        stats.add('gap', Math.abs(value - thought.samplerLogProbs[t]));
        stats.add('entropy', entropy[j][t]);
      });
    });
  }
  return { entropy: stats.mean('entropy'), samplerGap: stats.mean('gap') };
}

/**
 * Updates the language model from a scored tree. Groups of equal rewards are left out; with none left, or loss
 * weight 0, nothing moves.
 * @throws Error when a loss or gradient is not finite (nothing is changed by then).
 */
export function updateLlm(
  policy: LlmPolicy,
  tree: RolloutTree,
  options: { config: DualGrpoConfig['llm']; temperature: number; maxNewTokens: number },
): LlmStats {
  const { config } = options;
  const live = tree.prompts.filter((node) => !isConstant(node.thoughts.map((t) => t.advantage ?? 0)));
  const stats = new Accumulator();
  let steps = 0;
  if (tree.beta.llm > 0 && config.mode !== 'frozen')
    for (let epoch = 0; epoch < config.epochs; epoch++) {
      const grads = epochGradients(policy, live, { ...options, beta: tree.beta.llm, stats });
      if (!grads) break;
      const norm = clipGradNorm(grads, config.maxGradNorm);
      if (!Number.isFinite(norm))
        throw new Error(`LLM gradient norm is ${norm} at step ${tree.step}, want a finite number`);
      stats.add('grad_norm', norm);
      policy.optimiser.step(policy.params, grads);
      tf.dispose(grads);
      steps++;
    }
  return {
    loss: steps > 0 ? stats.mean('loss') : 0,
    kl: stats.mean('kl'),
    grad_norm: stats.mean('grad_norm'),
    learning_rate: policy.optimiser.lr,
    'clip_ratio/low_mean': stats.mean('low'),
    'clip_ratio/high_mean': stats.mean('high'),
    'clip_ratio/region_mean': stats.mean('low') + stats.mean('high'),
    ratio_mean: steps > 0 ? stats.mean('ratio_mean') : 1,
    approx_kl: stats.mean('approx_kl'),
    steps,
  };
}

interface EpochOptions {
  config: DualGrpoConfig['llm'];
  temperature: number;
  maxNewTokens: number;
  beta: number;
  stats: Accumulator;
}

/** Sum of the gradients over prompt groups, or undefined when no token takes part. */
function epochGradients(policy: LlmPolicy, live: PromptNode[], options: EpochOptions): Params | undefined {
  const { config, maxNewTokens, beta, stats } = options;
  const masks = live.map((node) => node.thoughts.map((t) => tokenMask(t, config.maskTruncated)));
  const totalTokens = masks.flat(2).reduce((a, b) => a + b, 0);
  const totalSequences = masks.flat().filter((row) => row.includes(1)).length;
  if (totalTokens === 0) return undefined;
  let sum: Params | undefined;
  let total = 0;
  live.forEach((node, p) => {
    if (!masks[p].flat().includes(1)) return;
    const width = Math.max(...masks[p].map((row) => row.length));
    const mask = masks[p].map((row) => padded(row, width));
    // bnpo averages inside the group (its micro-batch), so groups then share evenly.
    const share = config.lossType === 'bnpo' ? 1 / live.length : 1;
    const weights = tokenWeights(mask, {
      lossType: config.lossType,
      maxCompletionLength: maxNewTokens,
      totalSequences,
      totalTokens,
    }).map((row) => row.map((w) => w * share * beta));
    const { value, grads } = valueAndGrads(
      () => groupLoss(policy, node, { ...options, mask, weights }),
      policy.params,
    );
    const loss = value.dataSync()[0];
    value.dispose();
    if (!Number.isFinite(loss)) {
      tf.dispose(grads);
      if (sum) tf.dispose(sum);
      throw new Error(`LLM loss is ${loss} for prompt "${node.prompt.id}", want a finite number`);
    }
    total += loss;
    sum = addGradients(sum, grads);
  });
  stats.add('loss', total);
  return sum;
}

const padded = (row: number[], width: number): number[] => [
  ...row,
  ...new Array<number>(width - row.length).fill(0),
];

function tokenMask(thought: ThoughtNode, maskTruncated: boolean): number[] {
  return thought.tokenIds.map(() => (maskTruncated && thought.truncated ? 0 : 1));
}

function groupLoss(
  policy: LlmPolicy,
  node: PromptNode,
  options: EpochOptions & { mask: number[][]; weights: number[][] },
): tf.Scalar {
  const { config, temperature, mask, weights, stats } = options;
  const width = mask[0].length;
  const { logProbs } = responseLogProbs(policy.config, policy.params, rowsOf(node), { temperature }); // [J, R]
  const old = tf.tensor2d(node.thoughts.map((t) => padded(t.logProbs as number[], width))); // [J, R]
  const advantages = node.thoughts.map((t) => t.advantage ?? 0);
  const logRatio = logProbs.sub(old); // [J, R]; 0 at padding
  noteRatios(stats, logRatio.arraySync() as number[][], { mask, advantages, config });
  const advantage = tf.tensor2d(advantages, [advantages.length, 1]);
  let perToken: tf.Tensor = clippedObjective(logRatio, advantage, config).neg();
  if (config.klBeta > 0) {
    if (!policy.reference) throw new Error('llm.klBeta is above 0 but there is no reference model');
    const reference = responseLogProbs(policy.config, policy.reference, rowsOf(node), {
      temperature,
    }).logProbs;
    const kl = klK3(logProbs, reference); // [J, R]
    const active = mask.flat().reduce((a, b) => a + b, 0);
    stats.add('kl', kl.mul(tf.tensor2d(mask)).sum().dataSync()[0] / active, active);
    perToken = perToken.add(kl.mul(config.klBeta));
  }
  return perToken.mul(tf.tensor2d(weights)).sum() as tf.Scalar;
}

function noteRatios(
  stats: Accumulator,
  logRatio: number[][],
  { mask, advantages, config }: { mask: number[][]; advantages: number[]; config: DualGrpoConfig['llm'] },
): void {
  logRatio.forEach((row, j) =>
    row.forEach((value, t) => {
      if (mask[j][t] === 0) return;
      const ratio = Math.exp(value);
      stats.add('ratio_mean', ratio);
      stats.add('approx_kl', 0.5 * value * value);
      stats.add('low', ratio < 1 - config.clipLow && advantages[j] < 0 ? 1 : 0);
      stats.add('high', ratio > 1 + config.clipHigh && advantages[j] > 0 ? 1 : 0);
    }),
  );
}
