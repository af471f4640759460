// The public surface: everything that notebooks, scripts and other programs may use, folder by folder.
export * from './tensor';
export * from './checkpoint';
export * from './encoder';
export * from './diffusion';
export * from './rewards';
export * from './pipeline';
export * from './grpo';
export * from './notebook';
