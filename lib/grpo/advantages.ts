/**
 * Group-relative advantages: rewards of a rollout tree in, one advantage per thought and one per image out.
 * Plain numbers, no tensors: groups are small and exactness matters more than speed.
 */
import { Betas, betasAt, RewardScheduler } from './schedulers';

export interface AdvantageOptions {
  /** 0: population standard deviation (default); 1: sample standard deviation. */
  ddof?: 0 | 1;
  /** Added to the standard deviation. Default 1e-4. */
  eps?: number;
  /** Advantages are clipped to [-clip, clip]. Default 5. */
  clip?: number;
  /** `group` divides by the group's std (default), `batch` by the std of all rewards, `none` only centres. */
  scale?: 'group' | 'batch' | 'none';
}

/** How the three scores of an image add up to the DiT's reward; they need not sum to 1. */
export interface RewardWeights {
  semantic: number;
  aesthetic: number;
  consistency: number;
}

/** Scores of a rollout tree, each [J][K] in [0, 1]. */
export interface TreeScores {
  semantic: number[][];
  aesthetic?: number[][];
  consistency?: number[][];
}

export interface DualAdvantages {
  /** One advantage per thought, [J]: group of the J thoughts of one prompt. */
  llm: number[];
  /** One advantage per image, [J][K]: group of the K images **within** a thought. */
  dit: number[][];
  /** Loss weights of the two modules at this step; apply them to the loss. */
  beta: Betas;
}

export const DEFAULT_WEIGHTS: RewardWeights = { semantic: 1, aesthetic: 0.5, consistency: 0.5 };

export const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length;

/** Standard deviation with `ddof` degrees of freedom removed; 0 for a group too small to have one. */
export function std(xs: readonly number[], ddof = 0): number {
  if (xs.length - ddof <= 0) return 0;
  const m = mean(xs);
  return Math.sqrt(xs.reduce((a, x) => a + (x - m) * (x - m), 0) / (xs.length - ddof));
}

/** True when every value is the same number: such a group carries no signal and gives exactly 0. */
export const isConstant = (xs: readonly number[]): boolean => xs.every((x) => x === xs[0]);

/**
 * `(r - mean) / (std + eps)` per group (row), clipped; a constant group is exactly 0.
 * @throws Error when a reward is not a finite number: a failed scorer must never become a silent 0.
 */
export function groupAdvantages(rewards: number[][], options: AdvantageOptions = {}): number[][] {
  const { ddof = 0, eps = 1e-4, clip = 5, scale = 'group' } = options;
  requireFinite(rewards, 'rewards');
  const batchStd = scale === 'batch' ? std(rewards.flat(), ddof) : 0;
  return rewards.map((group) => {
    if (isConstant(group)) return group.map(() => 0);
    const centre = mean(group);
    const width = scale === 'none' ? 1 : (scale === 'batch' ? batchStd : std(group, ddof)) + eps;
    return group.map((r) => Math.max(-clip, Math.min(clip, (r - centre) / width)));
  });
}

/**
 * Advantages of both policies from one rollout tree (paper, Dual-GRPO): the LLM's reward is the mean semantic
 * score of a thought's images, the DiT's is the weighted sum of the three scores of an image.
 *
 * The advantages come back unweighted and `beta` beside them, since beta belongs to the loss; where a beta is
 * 0 the advantages of that module are exactly 0 as well.
 * @throws Error for scores that are not finite or whose shapes disagree.
 */
export function dualAdvantages(
  scores: TreeScores,
  weights: Partial<RewardWeights> = DEFAULT_WEIGHTS,
  scheduler: RewardScheduler = 'balanced',
  step = 0,
  options: AdvantageOptions = {},
): DualAdvantages {
  const beta = betasAt(scheduler, step);
  const { thoughts, images } = treeRewards(scores, weights);
  const llm = groupAdvantages([thoughts], options)[0];
  const dit = groupAdvantages(images, options);
  return {
    llm: beta.llm === 0 ? llm.map(() => 0) : llm,
    dit: beta.dit === 0 ? dit.map((row) => row.map(() => 0)) : dit,
    beta,
  };
}

/** R1 [J] (mean semantic score) and R2 [J][K] (weighted sum) of a tree, before any normalisation. */
export function treeRewards(scores: TreeScores, weights: Partial<RewardWeights>) {
  const { semantic } = scores;
  requireFinite(semantic, 'semantic');
  const given = Object.values(weights);
  if (!given.some((w) => w > 0) || given.some((w) => !(w >= 0)))
    throw new Error(`reward weights are ${JSON.stringify(weights)}, want numbers >= 0, one of them above 0`);
  for (const name of ['aesthetic', 'consistency'] as const) {
    const table = scores[name];
    if (!table) {
      if (weights[name])
        throw new Error(`scores.${name} is missing, want [J][K] since its weight is ${weights[name]}`);
      continue;
    }
    requireFinite(table, name);
    if (table.length !== semantic.length || table.some((row, j) => row.length !== semantic[j].length))
      throw new Error(`scores.${name} is shaped ${shapeOf(table)}, want ${shapeOf(semantic)} like semantic`);
  }
  const at = (name: keyof RewardWeights, j: number, k: number): number => {
    const weight = weights[name] ?? 0;
    return weight === 0 ? 0 : weight * scores[name]![j][k];
  };
  const images = semantic.map((row, j) =>
    row.map((_, k) => at('aesthetic', j, k) + at('consistency', j, k) + at('semantic', j, k)),
  );
  return { thoughts: semantic.map(mean), images };
}

const shapeOf = (table: number[][]): string => `[${table.map((row) => row.length).join(', ')}]`;

function requireFinite(table: number[][], name: string): void {
  table.forEach((row, j) => {
    if (row.length === 0) throw new Error(`${name}[${j}] is empty, want at least one number`);
    row.forEach((value, k) => {
      if (!Number.isFinite(value)) throw new Error(`${name}[${j}][${k}] is ${value}, want a finite number`);
    });
  });
}
