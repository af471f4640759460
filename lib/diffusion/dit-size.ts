/** What each size of the dial means for the painter: a few chosen numbers a size, and all the others from them. */
import { clamp, modelSize, type ModelSize } from '../checkpoint';
import { parameterShapes, SMALL_QWEN_IMAGE, type QwenImageConfig } from './config';
import { DIT_TRAIN_DEFAULTS, type DitTrainConfig } from './train';

/** The chosen numbers; the width is 64 times the heads. */
interface Chosen {
  heads: number;
  layers: number;
  batch: number;
  /** Pictures seen in all; each is made anew. */
  pictures: number;
}

const CHOSEN: Record<ModelSize, Chosen> = {
  nano: { heads: 1, layers: 1, batch: 4, pictures: 80 },
  tiny: { heads: 2, layers: 4, batch: 32, pictures: 16e3 },
  small: { heads: 3, layers: 4, batch: 64, pictures: 600e3 },
  base: { heads: 3, layers: 7, batch: 64, pictures: 2e6 },
  large: { heads: 8, layers: 8, batch: 64, pictures: 5e6 },
  '300m': { heads: 12, layers: 14, batch: 256, pictures: 20e6 },
};

/** The rate with Muon that was good at width 192 (docs/LOG.md: 3.5e-3 there); it falls with the width. */
const LR_192 = 3.5e-3;

export interface DitSize {
  model: QwenImageConfig;
  config: DitTrainConfig;
}

/**
 * Shape and training of the painter at a size of the dial.
 * @param textWidth width of the text states that condition it: the language model's hidden size
 * @throws ConfigError on an unknown size
 */
export function ditSize(size: ModelSize, textWidth: number): DitSize {
  const { heads, layers, batch, pictures } = CHOSEN[modelSize(size)];
  const width = heads * SMALL_QWEN_IMAGE.attention_head_dim;
  const steps = Math.ceil(pictures / batch);
  const every = clamp(Math.round(steps / 400) * 20, 20, 1000);
  return {
    model: {
      ...SMALL_QWEN_IMAGE,
      num_layers: layers,
      num_attention_heads: heads,
      joint_attention_dim: textWidth,
    },
    config: {
      ...DIT_TRAIN_DEFAULTS,
      steps,
      batchSize: batch,
      lr: Math.min(LR_192, (LR_192 * 192) / width),
      warmup: clamp(Math.round(0.02 * steps), 5, 1000),
      // The average remembers the last twentieth of the run.
      ema: 1 - 1 / clamp(Math.round(steps / 20), 100, 2000),
      evalEvery: every,
      saveEvery: every,
      sampleEvery: every,
    },
  };
}

/** Numbers in the painter's weights. */
export function ditParameterCount(config: QwenImageConfig): number {
  return Object.values(parameterShapes(config)).reduce(
    (sum, shape) => sum + shape.reduce((a, b) => a * b, 1),
    0,
  );
}

/**
 * Floating-point operations of training on one picture of `image` tokens with a caption of `text` tokens: the
 * products with every matrix (modulations once a picture) and joint attention; backward counts twice forward. The
 * frozen language model that reads the caption is not counted.
 */
export function ditTrainFlops(config: QwenImageConfig, { image = 64, text = 16 } = {}): number {
  const width = config.num_attention_heads * config.attention_head_dim;
  let products = 0;
  for (const [name, shape] of Object.entries(parameterShapes(config))) {
    if (shape.length !== 2) continue;
    const once = /_mod\.|^time_text_embed|^norm_out/.test(name);
    const ofText = /^txt_in|\.add_|\.to_add_out|\.txt_mlp/.test(name);
    products += shape[0] * shape[1] * (once ? 1 : ofText ? text : image);
  }
  const attention = 2 * config.num_layers * (image + text) ** 2 * width;
  return 3 * 2 * (products + attention);
}
