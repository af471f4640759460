// Conditioning of the painter: captions -> hidden states of the language model (the paper's re-encoding).
import { tf } from '../tensor';
import type { LanguageModel } from './qwen2';
import { qwen2Forward } from './qwen2-forward';
import { cutIds, drawPrefixIds } from './think-format';
import { tidy } from './tidy';
import { IM_END, type Tokenizer } from './tokenizer';

export interface DrawingStates {
  /** [B, S, D], zero at padding; S = the longest caption and its end token */
  embeds: tf.Tensor;
  /** float32 [B, S], 1 = token, 0 = padding on the right */
  mask: tf.Tensor;
  /** Captions that were longer than the context and lost their tail. */
  truncated: boolean[];
}

export interface DrawingOptions {
  /** Where the warning about a cut caption goes; console.warn by default. */
  warn?: (message: string) => void;
}

/**
 * Encodes captions on their own in the template `<|im_start|>draw\n{caption}<|im_end|>` and returns the hidden
 * states (of the config's `conditioningLayer`) of the caption and its end token. An empty caption is allowed: its end token is
 * the unconditional state. The caller disposes `embeds` and `mask`.
 */
export function encodeForDrawing(
  lm: LanguageModel,
  tokenizer: Tokenizer,
  captions: readonly string[],
  { warn = console.warn }: DrawingOptions = {},
): DrawingStates {
  if (captions.length === 0) throw new Error('encodeForDrawing: got no captions, want at least one');
  const prefix = drawPrefixIds(tokenizer);
  const end = tokenizer.specialId(IM_END);
  const limit = lm.config.maxPositionEmbeddings - prefix.length - 1;
  const cut = captions.map((caption) => cutIds(tokenizer, tokenizer.encode(caption), limit));
  const truncated = cut.map((c) => c.truncated);
  if (truncated.includes(true)) {
    const count = truncated.filter(Boolean).length;
    warn(
      `encodeForDrawing: ${count} of ${captions.length} captions are longer than ${limit} tokens and lose their tail`,
    );
  }
  const B = captions.length;
  const S = Math.max(...cut.map((c) => c.ids.length)) + 1;
  const P = prefix.length;
  // Padding stands on the right, where causal attention keeps it out of every real token.
  const ids = new Int32Array(B * (P + S)).fill(end);
  const kept = new Float32Array(B * S);
  cut.forEach((c, b) => {
    ids.set([...prefix, ...c.ids, end], b * (P + S));
    kept.fill(1, b * S, b * S + c.ids.length + 1);
  });
  return tidy(() => {
    const mask = tf.tensor2d(kept, [B, S]);
    const { hiddenStates } = qwen2Forward(lm.config, lm.params, {
      inputIds: tf.tensor2d(ids, [B, P + S], 'int32'),
      logits: 'none',
      layers: lm.config.conditioningLayer,
    });
    const states = hiddenStates[lm.config.conditioningLayer]; // [B, P + S, D]
    const caption = tf.slice(states, [0, P, 0], [B, S, lm.config.hiddenSize]);
    return {
      embeds: tf.mul(caption, mask.reshape([B, S, 1])) as tf.Tensor,
      mask: mask as tf.Tensor,
      truncated,
    };
  });
}
