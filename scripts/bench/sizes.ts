/** The models that the benchmark times (the base checkpoint's sizes); peer_torch.py has the same. */
import { SMALL_QWEN_IMAGE, type QwenImageConfig } from '../../lib/diffusion';
import type { Qwen2Sizes } from '../../lib/encoder';

export const BENCH_LM: { config: Qwen2Sizes; batch: number; tokens: number } = {
  config: {
    vocabSize: 2048,
    hiddenSize: 256,
    intermediateSize: 704,
    numHiddenLayers: 4,
    numAttentionHeads: 4,
    numKeyValueHeads: 2,
    maxPositionEmbeddings: 128,
  },
  batch: 32,
  tokens: 96,
};

export const BENCH_DIT: { config: QwenImageConfig; batch: number; image: number; text: number } = {
  config: { ...SMALL_QWEN_IMAGE, in_channels: 192 }, // the patch alone, so that output and input subtract
  batch: 32,
  image: 64,
  text: 24,
};
