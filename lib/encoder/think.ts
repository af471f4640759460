// Thinking: raw prompt -> thought and refined prompt, written by the language model.
import { tf } from '../tensor';
import { generateTokens } from './generate';
import type { LanguageModel } from './qwen2';
import { IM_END, type Tokenizer } from './tokenizer';
import { cutIds, parseResponse, type ParsedResponse, thinkPromptIds } from './think-format';

export interface ThinkOptions {
  /** Default 110, or what the context has room for. */
  maxNewTokens?: number;
  /** 0 (the default) is greedy */
  temperature?: number;
  topP?: number;
  topK?: number;
  seed?: number;
  /** Where the warning about a cut prompt goes; console.warn by default. */
  warn?: (message: string) => void;
}

export interface ThinkManyOptions extends ThinkOptions {
  /** J thoughts of each prompt (default 1). */
  samplesPerPrompt?: number;
  /** One seed a thought, prompt-major, instead of `seed`. */
  seeds?: number[];
}

/** One thought: what was read, what was written, and what replaying it for a policy gradient needs. */
export interface Thought extends ParsedResponse {
  prompt: string;
  /** The whole response as text. */
  text: string;
  /** The template with the prompt, as the model read it. */
  promptIds: number[];
  /** The response, its end token included when it was reached. */
  tokenIds: number[];
  /** Log-probability of each response token at the sampling temperature. */
  logProbs: number[];
  /** The end token was reached; false = the response was clipped. */
  finished: boolean;
  /** The prompt was longer than the context allows, and only its head was read. */
  truncated: boolean;
}

/**
 * One thought about one prompt.
 * @throws when the prompt is empty
 */
export async function think(
  lm: LanguageModel,
  tokenizer: Tokenizer,
  prompt: string,
  options: ThinkOptions = {},
): Promise<Thought> {
  return (await thinkMany(lm, tokenizer, [prompt], options))[0][0];
}

/**
 * J thoughts about each of P prompts in one batch, as [P][J].
 * @throws when a prompt is empty or not a string
 */
export async function thinkMany(
  lm: LanguageModel,
  tokenizer: Tokenizer,
  prompts: readonly string[],
  options: ThinkManyOptions = {},
): Promise<Thought[][]> {
  if (prompts.length === 0) return [];
  const { samplesPerPrompt: J = 1, temperature, topP, topK, seed, seeds } = options;
  const context = lm.config.maxPositionEmbeddings;
  const fitted = prompts.map((prompt) => fitPrompt(lm, tokenizer, prompt, options));
  const T = Math.max(...fitted.map((f) => f.ids.length));
  const pad = lm.config.padTokenId ?? 0;
  const left = fitted.map(({ ids }) => T - ids.length);
  const inputIds = tf.tensor2d(
    fitted.map(({ ids }, p) => [...new Array<number>(left[p]).fill(pad), ...ids]),
    [prompts.length, T],
    'int32',
  );
  const attentionMask = left.some((n) => n > 0)
    ? tf.tensor2d(left.map((n) => Array.from({ length: T }, (_, t) => (t < n ? 0 : 1))))
    : undefined;
  const end = tokenizer.specialId(IM_END);
  try {
    const out = await generateTokens(lm, {
      inputIds,
      attentionMask,
      maxNewTokens: Math.min(options.maxNewTokens ?? DEFAULT_NEW_TOKENS, context - T),
      temperature,
      topP,
      topK,
      seed,
      seeds,
      samplesPerPrompt: J,
      eosTokenId: end,
    });
    tf.dispose([out.sequences, out.logProbs]);
    return prompts.map((prompt, p) =>
      Array.from({ length: J }, (_, j) => {
        const tokenIds = out.tokenIds[p * J + j];
        const text = tokenizer.decode(tokenIds, { skipSpecial: true });
        const parsed = parseResponse(text);
        return {
          prompt,
          text,
          ...parsed,
          // A response with nothing in it leaves the prompt as it was.
          refinedPrompt: parsed.refinedPrompt || prompt.trim(),
          promptIds: fitted[p].ids,
          tokenIds,
          logProbs: out.tokenLogProbs[p * J + j],
          finished: tokenIds[tokenIds.length - 1] === end,
          truncated: fitted[p].truncated,
        };
      }),
    );
  } finally {
    tf.dispose([inputIds, ...(attentionMask ? [attentionMask] : [])]);
  }
}

/** Four panels or three lines of sums, thought and refined, take up to 105 tokens of the base tokenizer. */
const DEFAULT_NEW_TOKENS = 110;

/** The prompt in its template, its tail cut so that a response has room. */
function fitPrompt(lm: LanguageModel, tokenizer: Tokenizer, prompt: string, options: ThinkOptions) {
  if (typeof prompt !== 'string') throw new TypeError(`think: the prompt is ${typeof prompt}, want a string`);
  const trimmed = prompt.trim();
  if (!trimmed) throw new Error('think: the prompt is empty, want some text');
  const context = lm.config.maxPositionEmbeddings;
  const overhead = thinkPromptIds(tokenizer, []).length;
  // The response keeps its room, but never more than five eighths of the context.
  const reserved = Math.min(options.maxNewTokens ?? DEFAULT_NEW_TOKENS, Math.floor((context * 5) / 8));
  const limit = context - reserved - overhead;
  if (limit < 1)
    throw new Error(
      `think: the context of ${context} tokens has no room for a prompt (template ${overhead}, response ${reserved})`,
    );
  const { ids, truncated } = cutIds(tokenizer, tokenizer.encode(trimmed), limit);
  if (truncated) {
    const warn = options.warn ?? console.warn;
    warn(
      `think: the prompt of ${trimmed.length} characters is longer than the context; only its first ${ids.length} tokens are read`,
    );
  }
  return { ids: thinkPromptIds(tokenizer, ids), truncated };
}
