/** Tiny random models for the Dual-GRPO tests: a byte tokenizer, a two-layer LM and painter of width 32, 16 pixels. */
import { QwenImageTransformer } from '../lib/diffusion';
import type { Denoiser } from '../lib/diffusion';
import { Qwen2, Tokenizer } from '../lib/encoder';
import { DEFAULT_DUAL_GRPO, DualGrpoTrainer } from '../lib/grpo';
import type { DualGrpoConfig, RlPrompt } from '../lib/grpo';
import type { PictureScore, Scorer } from '../lib/rewards';
import { tf } from '../lib/tensor';
import type { Params } from '../lib/tensor';

export const tokenizer = new Tokenizer([]);

export function tinyLm(seed = 1): Qwen2 {
  return Qwen2.init(
    {
      vocabSize: tokenizer.vocabSize,
      hiddenSize: 32,
      intermediateSize: 48,
      numHiddenLayers: 2,
      numAttentionHeads: 2,
      numKeyValueHeads: 1,
      maxPositionEmbeddings: 96,
    },
    seed,
  );
}

/** Random everywhere: the adaLN-Zero start would make every picture the same. */
export function tinyPainter(seed = 2): Denoiser {
  const model = QwenImageTransformer.init(
    {
      patch_size: 4,
      in_channels: 48,
      out_channels: 3,
      num_layers: 2,
      attention_head_dim: 16,
      num_attention_heads: 2,
      joint_attention_dim: 32,
      axes_dims_rope: [4, 6, 6],
    },
    seed,
  );
  tf.tidy(() => {
    for (const [name, variable] of Object.entries(model.parameters()))
      if (variable.rank === 2)
        variable.assign(tf.randomNormal(variable.shape, 0, 0.15, 'float32', seed + name.length));
  });
  return { config: model.config, params: model.parameters(), flow: { prediction_type: 'sample', shift: 1 } };
}

/** Brightness of the picture's halves: smooth, different for every picture, deterministic. */
export const brightness: Scorer = {
  name: 'brightness',
  score: ({ images }) =>
    images.map((image): Omit<PictureScore, 'total'> => {
      const half = image.length / 2;
      const mean = (a: number, b: number): number =>
        image.subarray(a, b).reduce((x, y) => x + y, 0) / (b - a) / 255;
      return {
        semantic: mean(0, image.length),
        aesthetic: mean(0, half),
        consistency: mean(half, image.length),
        parts: {},
      };
    }),
};

export const prompts: RlPrompt[] = ['a cat', 'night at sea', 'green fire'].map((prompt, i) => ({
  id: `p${i}`,
  prompt,
  criteria: { answer: [{ kind: 'background', value: 'sea' }], details: [] },
}));

export function tinyConfig(change: (config: DualGrpoConfig) => void = () => undefined): DualGrpoConfig {
  const config = structuredClone(DEFAULT_DUAL_GRPO);
  Object.assign(config, { seed: 5, promptsPerIteration: 2, thoughtsPerPrompt: 3, imagesPerThought: 3 });
  Object.assign(config.sampling, {
    steps: 4,
    guidance: 2,
    maxNewTokens: 10,
    grid: 4,
    window: { low: 0, high: 3, length: 2 },
  });
  Object.assign(config.llm, { lr: 1e-2, maskTruncated: false });
  Object.assign(config.dit, { lr: 1e-2, rank: 4, alpha: 8 });
  change(config);
  return config;
}

/** A trainer over fresh tiny models; `lm` and `base` are returned to look at. */
export function tinyTrainer(config = tinyConfig(), scorer: Scorer = brightness) {
  const lm = tinyLm();
  const base = tinyPainter();
  return { trainer: new DualGrpoTrainer({ tokenizer, lm, base, scorer, prompts, config }), lm, base };
}

/** Exact numbers of tensors, to compare before and after. */
export function snapshot(params: Params): Record<string, number[]> {
  return Object.fromEntries(Object.entries(params).map(([name, x]) => [name, Array.from(x.dataSync())]));
}
