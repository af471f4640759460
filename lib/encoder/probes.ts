// Measurements of the language model: does it know the facts, and does it rewrite prompts as it was taught?
import { tf } from '../tensor';
import type { LanguageModel } from './qwen2';
import { qwen2Forward } from './qwen2-forward';
import type { SftExample } from './sft';
import { type Thought, thinkMany } from './think';
import type { Tokenizer } from './tokenizer';

export interface ClozeItem {
  /** Text before the answer, without a space at its end. */
  prompt: string;
  answer: string;
}

export interface ClozeOptions {
  batch?: number;
  /** Texts stand as they are: special tokens are read as such, and no space is put before the answer. */
  asIs?: boolean;
}

export interface ClozeResult {
  /** Share of items whose every answer token is the model's first choice, in [0, 1]. */
  accuracy: number;
  correct: boolean[];
}

/**
 * Does greedy decoding of the prompt give the answer? Read off one forward pass a batch: the answer is correct
 * when each of its tokens has the largest logit given what comes before.
 * @throws when there are no items
 */
export function clozeAccuracy(
  lm: LanguageModel,
  tokenizer: Tokenizer,
  items: readonly ClozeItem[],
  { batch = 32, asIs = false }: ClozeOptions = {},
): ClozeResult {
  if (items.length === 0) throw new Error('clozeAccuracy: got no items, want at least one');
  const correct: boolean[] = [];
  for (let i = 0; i < items.length; i += batch)
    correct.push(...clozeBatch(lm, tokenizer, { items: items.slice(i, i + batch), asIs }));
  return { accuracy: correct.filter(Boolean).length / correct.length, correct };
}

function clozeBatch(
  lm: LanguageModel,
  tokenizer: Tokenizer,
  { items, asIs }: { items: readonly ClozeItem[]; asIs: boolean },
): boolean[] {
  const encode = (text: string): number[] => tokenizer.encode(text, { allowSpecial: asIs });
  const rows = items.map(({ prompt, answer }) => {
    const answerIds = encode(asIs || answer.startsWith(' ') ? answer : ` ${answer}`);
    const room = lm.config.maxPositionEmbeddings - answerIds.length;
    return { promptIds: encode(prompt).slice(-room), answerIds };
  });
  const S = Math.max(...rows.map((row) => row.promptIds.length + row.answerIds.length));
  const ids = new Int32Array(rows.length * S);
  const at: number[] = [];
  rows.forEach(({ promptIds, answerIds }, r) => {
    ids.set([...promptIds, ...answerIds], r * S);
    answerIds.forEach((_, n) => at.push(r * S + promptIds.length + n - 1));
  });
  const best = tf.tidy(() => {
    const inputIds = tf.tensor2d(ids, [rows.length, S], 'int32');
    const { logits } = qwen2Forward(lm.config, lm.params, { inputIds, logitsAt: tf.tensor1d(at, 'int32') });
    return tf.argMax(logits as tf.Tensor, -1).dataSync();
  });
  let n = 0;
  return rows.map(({ answerIds }) => answerIds.map((id) => best[n++] === id).every(Boolean));
}

export interface RewriteResult {
  /** Share of rows whose greedy refined prompt is the taught one, letter for letter. */
  exactMatch: number;
  /** Share of responses without a refined prompt. */
  fallbackRate: number;
  /** Share of responses that reached their end token. */
  finishedRate: number;
  thoughts: Thought[];
}

/** Thinks greedily about the rows' prompts and compares the refined prompts with the taught ones. */
export async function rewriteAccuracy(
  lm: LanguageModel,
  tokenizer: Tokenizer,
  rows: readonly SftExample[],
  { batch = 32, maxNewTokens }: { batch?: number; maxNewTokens?: number } = {},
): Promise<RewriteResult> {
  if (rows.length === 0) throw new Error('rewriteAccuracy: got no rows, want at least one');
  const thoughts: Thought[] = [];
  for (let i = 0; i < rows.length; i += batch) {
    const prompts = rows.slice(i, i + batch).map((row) => row.prompt);
    for (const [thought] of await thinkMany(lm, tokenizer, prompts, { maxNewTokens })) thoughts.push(thought);
  }
  const share = (f: (thought: Thought, i: number) => boolean) => thoughts.filter(f).length / rows.length;
  return {
    exactMatch: share((thought, i) => thought.refinedPrompt === rows[i].refined.trim()),
    fallbackRate: share((thought) => thought.fallback),
    finishedRate: share((thought) => thought.finished),
    thoughts,
  };
}
