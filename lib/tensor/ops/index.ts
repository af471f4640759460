// The differentiable ops of the models: plain tfjs on every backend, fused kernels on `native`.
export { linear } from './linear';
export { rmsNorm, layerNorm, layerNormModulate, gatedResidual } from './norms';
export { silu, swiglu, gelu } from './activations';
export { rotary, type RotaryLayout } from './rotary';
export {
  attention,
  jointAttention,
  type AttentionInputs,
  type AttentionStream,
  type JointAttentionInputs,
} from './attention';
export { embedding, tokenLogProbs } from './tokens';
export { crossEntropyFromHidden, tokenEntropyFromHidden, tokenLogProbsFromHidden } from './token-loss';
export { drawToken, type DrawnToken, type SamplingRules } from './sampling';
export {
  fusedDecoding,
  type DecodeModel,
  type DecodeOptions,
  type DecodePrefix,
  type DecodeSession,
  type StartDecoding,
} from './decode';
export { geluMlp, swigluMlp } from './mlp';
export {
  fusedPainting,
  type PackedPainter,
  type PainterModel,
  type PainterRun,
  type PainterSession,
  type PainterText,
} from './painting';
export { definitions, fusedOpNames } from './dispatch';

import { provideNativeTwins } from '../native/fused';
import { definitions as all } from './dispatch';

provideNativeTwins(all);
