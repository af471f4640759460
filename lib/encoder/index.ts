// The encoder: tokenizer, Qwen2 language model, sampling, the think format, and how they are trained.
export {
  END_OF_TEXT,
  IM_END,
  IM_START,
  SPECIAL_TOKENS,
  Tokenizer,
  trainBpe,
  type EncodeOptions,
  type TrainTokenizerOptions,
} from './tokenizer';
export { pretokenize, SPLIT_PATTERN } from './pretokenize';
export {
  DEFAULT_LM,
  parseQwen2Config,
  qwen2Config,
  readQwen2Config,
  toHuggingFace,
  type Qwen2Config,
  type Qwen2Sizes,
} from './qwen2-config';
export { initQwen2, qwen2Shapes, variablesOf } from './qwen2-params';
export { qwen2Forward, type KeyValueCache, type Qwen2Inputs, type Qwen2Outputs } from './qwen2-forward';
export { Qwen2, type LanguageModel } from './qwen2';
export { generateTokens, type GenerateOptions, type Generation } from './generate';
export {
  cutIds,
  drawPrefixIds,
  drawText,
  parseResponse,
  responseIds,
  REVISED_MARKER,
  thinkPromptIds,
  type ParsedResponse,
} from './think-format';
export { think, thinkMany, type Thought, type ThinkManyOptions, type ThinkOptions } from './think';
export { encodeForDrawing, type DrawingOptions, type DrawingStates } from './condition';
export { responseLogProbs, type ReplayLogProbs, type ReplayRow } from './replay';
export { encodeDocuments, PackedWindows } from './packing';
export { cosineLr, LmTrainer, type LmOptimiserConfig } from './trainer';
export {
  heldOutLoss,
  lmLoss,
  PRETRAIN_DEFAULTS,
  pretrainLm,
  type PretrainConfig,
  type PretrainOptions,
} from './pretrain';
export { LM_CONTEXT, lmParameterCount, lmSize, lmTrainFlops, type LmSize } from './lm-size';
export {
  anchorLoss,
  encodeSftRow,
  epochBatch,
  SFT_DEFAULTS,
  sftLoss,
  trainSft,
  type SftConfig,
  type TrainSftOptions,
  type SftExample,
} from './sft';
export {
  clozeAccuracy,
  rewriteAccuracy,
  type ClozeItem,
  type ClozeResult,
  type RewriteResult,
} from './probes';
export { continueText, type ContinueOptions } from './continue-text';
export { captionStates, logitLens, type LensLayer } from './layer-views';
export { loadEncoder, saveEncoder, type EncoderParts } from './folder';
