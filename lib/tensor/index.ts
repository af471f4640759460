// The tensor layer: the tfjs namespace in use, backend choice, fused ops, gradients, optimisers, random streams.
export * from './backend';
export * from './ops';
export * from './gradients';
export * from './random';
export { AdamW, Ema, clipGradNorm, type AdamWOptions, type OptimiserState } from './optim';
export { Muon, orthonormalised, type MuonOptions } from './muon';
