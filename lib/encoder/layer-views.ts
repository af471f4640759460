// Views into the layers of a language model: what each would say next (the logit lens), and captions as each sees them.
import { linear, rmsNorm, tf } from '../tensor';
import { encodeForDrawing } from './condition';
import type { LanguageModel } from './qwen2';
import { headWeight, qwen2Forward } from './qwen2-forward';
import type { Tokenizer } from './tokenizer';

export interface LensLayer {
  /** 0: the embeddings; the last: what the model really says. */
  layer: number;
  /** The likeliest next tokens, likeliest first; probabilities in [0, 1]. */
  top: { text: string; probability: number }[];
  /** Place of the asked token among all, 0 = the likeliest; undefined when none was asked for. */
  rank?: number;
}

/**
 * The logit lens (nostalgebraist 2020): final norm and head laid over the last token's state of every layer, as if the
 * model ended there. An ill-fitting reading of early layers, since nothing trained them to be read so.
 * @param answer text whose first token is looked for
 * @throws when the text is empty
 */
export function logitLens(
  lm: LanguageModel,
  tokenizer: Tokenizer,
  text: string,
  { top = 3, answer }: { top?: number; answer?: string } = {},
): LensLayer[] {
  const ids = tokenizer.encode(text, { allowSpecial: true });
  if (ids.length === 0) throw new Error('logitLens: the text is empty, want at least one token');
  const wanted = answer === undefined ? undefined : tokenizer.encode(answer)[0];
  const { config, params } = lm;
  const L = config.numHiddenLayers;
  const rows = tf.tidy(() => {
    const inputIds = tf.tensor2d(ids, [1, ids.length], 'int32');
    const { hiddenStates } = qwen2Forward(config, params, { inputIds, logits: 'none' });
    return hiddenStates.map((states, layer) => {
      const last = tf.slice(states, [0, ids.length - 1, 0], [1, 1, config.hiddenSize]);
      // The last layer's states are handed out after the norm, the others before it.
      const normed = layer === L ? last : rmsNorm(last, params['model.norm.weight'], config.rmsNormEps);
      return tf.softmax(linear(normed, headWeight(config, params)).reshape([1, -1])).dataSync();
    });
  });
  return rows.map((probabilities, layer) => {
    const order = Array.from(probabilities.keys()).sort((a, b) => probabilities[b] - probabilities[a]);
    return {
      layer,
      top: order
        .slice(0, top)
        .map((id) => ({ text: tokenizer.decode([id]), probability: probabilities[id] })),
      ...(wanted === undefined ? {} : { rank: order.indexOf(wanted) }),
    };
  });
}

/**
 * Mean state of each caption's tokens, in the drawing template, at every layer: [layers + 1][captions][D], the
 * embeddings first. The painter is given the row of `conditioningLayer`, token by token.
 */
export function captionStates(
  lm: LanguageModel,
  tokenizer: Tokenizer,
  captions: readonly string[],
  { batch = 64 } = {},
): number[][][] {
  return Array.from({ length: lm.config.numHiddenLayers + 1 }, (_, conditioningLayer) => {
    const view = { config: { ...lm.config, conditioningLayer }, params: lm.params };
    const rows: number[][] = [];
    for (let i = 0; i < captions.length; i += batch) {
      const { embeds, mask } = encodeForDrawing(view, tokenizer, captions.slice(i, i + batch));
      const means = tf.tidy(() => embeds.sum(1).div(mask.sum(1, true))); // [B, D]
      rows.push(...(means.arraySync() as number[][]));
      tf.dispose([embeds, mask, means]);
    }
    return rows;
  });
}
