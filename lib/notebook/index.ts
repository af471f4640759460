export * from './display';
export * from './progress';
export * from './image';
export * from './figure';
export * from './table';
export * from './rollout-tree';
