// The painter: MMDiT, rectified flow, samplers, flow-matching training, LoRA.
export * from './conditioning';
export * from './config';
export * from './denoiser';
export * from './flow';
export * from './folder';
export * from './lora';
export * from './loss';
export * from './model';
export * from './noise';
export * from './patches';
export * from './positions';
export { openPredictor, packPainter, type Predictor, type PredictorOptions } from './predictor';
export * from './rope';
export * from './samplers';
export * from './train';
export { qwenImageForward, timestepFeatures, type QwenImageInputs } from './transformer';
