// The differentiable ops of the models: plain tfjs on every backend, fused kernels on `native`.
export { linear } from './linear';
export { rmsNorm, layerNorm, layerNormModulate, gatedResidual } from './norms';
export { silu, swiglu, gelu } from './activations';
export { rotary, type RotaryLayout } from './rotary';
export { attention, type AttentionInputs } from './attention';
export { embedding, tokenLogProbs } from './tokens';
export { crossEntropyFromHidden, tokenEntropyFromHidden, tokenLogProbsFromHidden } from './token-loss';
export { geluMlp, swigluMlp } from './mlp';
export { definitions, fusedOpNames } from './dispatch';

import { provideNativeTwins } from '../native/fused';
import { definitions as all } from './dispatch';

provideNativeTwins(all);
