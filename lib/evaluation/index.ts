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
export * from './examiner';
export * from './reliability';
export * from './benchmark';
export * from './benchmarks';
export * from './wilson';
export * from './base-suite';
