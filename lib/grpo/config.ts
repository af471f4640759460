/** All knobs of Dual-GRPO, with defaults sized for a laptop; the paper's values stand beside those that differ. */
import type { AdvantageOptions, RewardWeights } from './advantages';
import type { LossType } from './objective';
import type { SchedulerName } from './schedulers';

export interface DualGrpoConfig {
  seed: number;
  /** Prompt groups per iteration (paper, DiT: 32). */
  promptsPerIteration: number;
  /** J: thoughts per prompt (paper: 5). */
  thoughtsPerPrompt: number;
  /** K: images per thought (paper: 16 per prompt). */
  imagesPerThought: number;
  scheduler: { kind: SchedulerName; switchStep: number };
  /** How an image's scores add up to the DiT's reward. */
  weights: RewardWeights;
  advantage: Required<AdvantageOptions>;
  sampling: {
    /** Denoising steps (paper: 10 for training, 50 for evaluation). */
    steps: number;
    guidance: number;
    /** a: how much noise the SDE steps add (paper: 1.2). */
    noiseLevel: number;
    kernel: 'sde' | 'cps';
    /** The window of `length` random steps starts uniformly in low .. high - length. */
    window: { low: number; high: number; length: number };
    /** Temperature of the thoughts; log-probabilities are replayed at the same one. */
    temperature: number;
    maxNewTokens: number;
    /** Side of the picture in patches. */
    grid: number;
    /** Let the K images of a thought start from one noise, so that only the window's noise tells them apart. */
    sameInitialNoise: boolean;
  };
  llm: {
    /** `frozen` keeps the LLM as it is (only the painter learns). */
    mode: 'full' | 'frozen';
    lr: number;
    weightDecay: number;
    clipLow: number;
    clipHigh: number;
    lossType: LossType;
    /** Weight of the k3 KL to the starting model; 0 keeps no reference in memory. */
    klBeta: number;
    /** Inner epochs over one rollout. */
    epochs: number;
    maxGradNorm: number;
    /** Leave truncated responses out of the loss. */
    maskTruncated: boolean;
  };
  dit: {
    mode: 'lora' | 'frozen';
    lr: number;
    weightDecay: number;
    rank: number;
    alpha: number;
    /** PPO clip (paper: 1e-4, for ~65k dims; the mean-form ratio spreads as 1/sqrt(dims), here 12,288). */
    clip: number;
    /** Weight of the KL to the painter without adapters. */
    klBeta: number;
    /** `mean`: squared difference of the step means over 2 std^2; `velocity`: squared difference of velocities. */
    klKind: 'mean' | 'velocity';
    epochs: number;
    maxGradNorm: number;
    /** Decay of the averaged adapters that are saved; 0 keeps none. */
    emaDecay: number;
  };
}

export const DEFAULT_DUAL_GRPO: DualGrpoConfig = {
  seed: 0,
  promptsPerIteration: 4,
  thoughtsPerPrompt: 4,
  imagesPerThought: 4,
  scheduler: { kind: 'balanced', switchStep: 100 },
  weights: { semantic: 0.5, aesthetic: 0.25, consistency: 0.25 },
  advantage: { ddof: 0, eps: 1e-4, clip: 5, scale: 'group' },
  sampling: {
    steps: 10,
    guidance: 3,
    noiseLevel: 0.9,
    kernel: 'sde',
    window: { low: 0, high: 5, length: 2 },
    temperature: 1,
    maxNewTokens: 110,
    grid: 8,
    sameInitialNoise: false,
  },
  llm: {
    mode: 'full',
    lr: 1e-5,
    weightDecay: 0,
    clipLow: 0.2,
    clipHigh: 0.2,
    lossType: 'grpo',
    klBeta: 0,
    epochs: 1,
    maxGradNorm: 1,
    maskTruncated: true,
  },
  dit: {
    mode: 'lora',
    lr: 3e-4,
    weightDecay: 0,
    rank: 16,
    alpha: 32,
    clip: 2e-3,
    klBeta: 0,
    klKind: 'mean',
    epochs: 1,
    maxGradNorm: 1,
    emaDecay: 0,
  },
};
