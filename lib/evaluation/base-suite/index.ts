// The base suite: does a language model know its facts, and does a painter draw literal captions it was not trained on?
export * from './answers';
export * from './best-answer';
export * from './corrected';
export * from './distance';
export * from './fact-recall';
export * from './features';
export * from './frechet';
export * from './kinds';
export * from './memorisation';
export * from './model-world';
export * from './nearest-render';
export * from './painter';
export * from './scenes';
export * from './sweep';
export { wrongScene } from './wrong-scenes';
export { symmetricEigen, symmetricRoot, type SquareMatrix, type SymmetricEigen } from './symmetric-eigen';
export { PAINTER_TARGETS, RECALL_TARGET, verdictOf, verdictText, type Verdict } from './targets';
