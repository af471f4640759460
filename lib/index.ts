// The public surface: everything that notebooks, scripts and other programs may use, folder by folder.
export * from './tensor';
export * from './checkpoint';
export * from './encoder';
export * from './diffusion';
export * from './world';
export * from './rewards';
export * from './pipeline';
export * from './grpo';
export * from './evaluation';
export * from './notebook';

// Names that two folders use for their own purposes: here the one that a user of the library means.
export { addNoise } from './diffusion';
export { DEFAULT_WEIGHTS } from './grpo';
export type { Picture } from './notebook';
