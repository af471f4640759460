// Measuring: an independent reader, scores with intervals, WiScore, ablations.
export * from './auc';
export * from './power-law';
export * from './ablation';
export * from './bootstrap';
export * from './prop-templates';
export * from './template-reader';
export * from './templates';
export * from './wiscore';
export * from './answer-calibration';
export * from './calibration';
export * from './concept-probe';
export * from './examiner';
export * from './fact-recall';
export * from './nearest-picture';
export * from './reliability';
export * from './benchmark';
export * from './benchmarks';
