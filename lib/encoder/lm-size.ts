// What each size of the dial means for the language model: a few chosen numbers a size, and all the others from them.
import { clamp, modelSize, type ModelSize } from '../checkpoint';
import { PRETRAIN_DEFAULTS, type PretrainConfig } from './pretrain';
import type { Qwen2Config, Qwen2Sizes } from './qwen2-config';
import { qwen2Shapes } from './qwen2-params';

/** The chosen numbers. Widths are multiples of 64, so that every matrix fills the kernels' vectors. */
interface Chosen {
  hidden: number;
  layers: number;
  vocab: number;
  /** Windows of `CONTEXT` tokens a step. */
  batch: number;
  /** Tokens read in all; the full corpus has about five million. */
  tokens: number;
}

const CHOSEN: Record<ModelSize, Chosen> = {
  nano: { hidden: 64, layers: 2, vocab: 1024, batch: 4, tokens: 30e3 },
  tiny: { hidden: 128, layers: 3, vocab: 2048, batch: 16, tokens: 2.5e6 },
  small: { hidden: 192, layers: 4, vocab: 4096, batch: 32, tokens: 15e6 },
  base: { hidden: 256, layers: 6, vocab: 4096, batch: 32, tokens: 25e6 },
  large: { hidden: 512, layers: 12, vocab: 4096, batch: 64, tokens: 50e6 },
  '300m': { hidden: 1024, layers: 24, vocab: 4096, batch: 256, tokens: 200e6 },
};

/** Tokens of a window: the longest worked example (six steps of algebra with its prompt) has 165. */
export const LM_CONTEXT = 192;
/** The rate that was good at width 256 (docs/LOG.md); it falls with the width, as maximal-update scaling has it. */
const LR_256 = 1.5e-3;

export interface LmSize {
  model: Qwen2Sizes;
  config: PretrainConfig;
}

/**
 * Shape and training of the language model at a size of the dial.
 * @throws ConfigError on an unknown size
 */
export function lmSize(size: ModelSize): LmSize {
  const { hidden, layers, vocab, batch, tokens } = CHOSEN[modelSize(size)];
  const heads = hidden / (hidden < 256 ? 32 : 64);
  const steps = Math.ceil(tokens / (batch * LM_CONTEXT));
  const every = clamp(Math.round(steps / 200) * 10, 10, 500);
  return {
    model: {
      vocabSize: vocab,
      hiddenSize: hidden,
      intermediateSize: (11 * hidden) / 4,
      numHiddenLayers: layers,
      numAttentionHeads: heads,
      numKeyValueHeads: heads / 2,
      maxPositionEmbeddings: LM_CONTEXT,
      conditioningLayer: Math.ceil(layers / 2),
    },
    config: {
      ...PRETRAIN_DEFAULTS,
      steps,
      batch,
      lr: Math.min(3e-3, (LR_256 * 256) / hidden),
      warmup: clamp(Math.round(0.05 * steps), 5, 1000),
      evalEvery: every,
      saveEvery: every,
    },
  };
}

/** Numbers in the model's weights. A tied head counts once. */
export function lmParameterCount(config: Qwen2Config): number {
  return Object.values(qwen2Shapes(config)).reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0);
}

/**
 * Floating-point operations of training on one token in a window of `context`: the products with every matrix and
 * with the head, and attention over the half of the window that a token sees on average; backward counts twice forward.
 */
export function lmTrainFlops(config: Qwen2Config, context = config.maxPositionEmbeddings): number {
  const matrices = Object.entries(qwen2Shapes(config))
    .filter(([name, shape]) => shape.length === 2 && /layers/.test(name))
    .reduce((sum, [, [out, inputs]]) => sum + out * inputs, 0);
  const head = config.vocabSize * config.hiddenSize;
  const attention = config.numHiddenLayers * context * config.numAttentionHeads * config.headDim;
  return 3 * 2 * (matrices + head + attention);
}
