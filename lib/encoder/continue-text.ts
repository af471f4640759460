// How a model goes on after a start of text: for samples while it trains, and for looking at what it answers.
import { tf } from '../tensor';
import { generateTokens } from './generate';
import type { LanguageModel } from './qwen2';
import type { Tokenizer } from './tokenizer';

export interface ContinueOptions {
  /** Default 32, or what the context has room for. */
  maxNewTokens?: number;
  /** 0 (the default) is greedy. */
  temperature?: number;
  seed?: number;
}

/**
 * The text that follows `start`, special tokens written out; an end token ends it. The start is trusted: special
 * tokens in it count.
 * @throws when the start is empty or fills the context
 */
export async function continueText(
  lm: LanguageModel,
  tokenizer: Tokenizer,
  start: string,
  { maxNewTokens = 32, temperature = 0, seed = 0 }: ContinueOptions = {},
): Promise<string> {
  const ids = tokenizer.encode(start, { allowSpecial: true });
  const room = lm.config.maxPositionEmbeddings - ids.length;
  if (ids.length === 0 || room < 1)
    throw new Error(
      `continueText: the start has ${ids.length} tokens, want 1 to ${lm.config.maxPositionEmbeddings - 1}`,
    );
  const inputIds = tf.tensor2d(ids, [1, ids.length], 'int32');
  const out = await generateTokens(lm, {
    inputIds,
    maxNewTokens: Math.min(maxNewTokens, room),
    temperature,
    seed,
  });
  tf.dispose([inputIds, out.sequences, out.logProbs]);
  return tokenizer.decode(out.tokenIds[0]);
}
