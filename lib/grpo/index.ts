// Reinforcement learning of both halves: advantages, objectives, schedulers, tree rollouts, the Dual-GRPO trainer.
export {
  DEFAULT_WEIGHTS,
  dualAdvantages,
  groupAdvantages,
  treeRewards,
  type AdvantageOptions,
  type DualAdvantages,
  type RewardWeights,
  type TreeScores,
} from './advantages';
export * from './objective';
export * from './schedulers';
export * from './config';
export * from './tree';
export * from './rollout';
export * from './llm-update';
export * from './dit-update';
export * from './trainer';
