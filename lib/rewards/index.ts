// Judging pictures: the reward contract, semantics from predicates, and the learned judge.
export * from './rewards';
export * from './semantics';
export * from './judge';
export * from './judge-model';
export * from './judge-labels';
export * from './judge-data';
export * from './judge-loss';
export * from './corruptions';
