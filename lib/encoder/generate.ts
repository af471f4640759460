// Sampling text from the language model: batched, left-padded, with a key-value cache, one random stream a row.
import { type DrawnToken, RandomStream, tf } from '../tensor';
import { startDecoding } from './decoder';
import type { LanguageModel } from './qwen2';

export interface GenerateOptions {
  /** int32 [B, T] prompts, padded on the left */
  inputIds: tf.Tensor;
  /** [B, T], 0 at padding */
  attentionMask?: tf.Tensor;
  maxNewTokens: number;
  /** 0 (the default) is greedy */
  temperature?: number;
  /** Keep the smallest set of tokens with at least this probability (default 1: all). */
  topP?: number;
  /** Keep the k likeliest tokens (default 0: all). */
  topK?: number;
  /** Stops a row; by default the config's. */
  eosTokenId?: number | null;
  /** Seed of all rows (default 0); each row has a stream of its own. */
  seed?: number;
  /** One seed a row (B * samplesPerPrompt of them) instead, so that a row's text does not depend on its place in the batch. */
  seeds?: number[];
  /** J samples of each prompt (default 1), prompt-major; the prompt is read once. */
  samplesPerPrompt?: number;
}

export interface Generation {
  /** int32 [B * J, T + N]: prompt and new tokens; after a row's end, padding. */
  sequences: tf.Tensor;
  /** [B * J, N]: log-probability of each new token under softmax(logits / temperature), before topP and topK (greedy: temperature 1); 0 after a row's end. */
  logProbs: tf.Tensor;
  /** New tokens of each row, the end token included. */
  tokenIds: number[][];
  /** The same log-probabilities, without padding. */
  tokenLogProbs: number[][];
}

interface Row {
  index: number;
  prompt: number[];
  tokens: number[];
  logProbs: number[];
  stream: RandomStream | null;
  padding: number; // places before the prompt's first token
  ended: boolean;
}

/**
 * Generates up to `maxNewTokens` tokens for each row. Rows that ended leave the batch. Same seeds: same text.
 * @throws when options are out of range, the context is too short, or logits are not finite
 */
export async function generateTokens(lm: LanguageModel, options: GenerateOptions): Promise<Generation> {
  const { inputIds, attentionMask, maxNewTokens, samplesPerPrompt: J = 1 } = options;
  checkOptions(lm, options);
  const eos = options.eosTokenId === undefined ? lm.config.eosTokenId : options.eosTokenId;
  const [B, T] = inputIds.shape;
  const prompts = await inputIds.data();
  const mask = attentionMask ? await attentionMask.data() : null;
  const rows = startRows(options, prompts, mask);

  const temperature = options.temperature ?? 0;
  const rules = { temperature, topP: options.topP ?? 1, topK: options.topK ?? 0 };
  let live = rows;
  const session = startDecoding(lm, {
    inputIds,
    attentionMask,
    skip: Array.from({ length: B }, (_, b) => rows[b * J].padding),
    samplesPerPrompt: J,
    capacity: maxNewTokens - 1,
  });
  try {
    for (let n = 0; n < maxNewTokens; n++) {
      const drawn = await session.draw(
        rules,
        live.map((row) => (row.stream && !row.ended ? row.stream.uniform() : 0)),
      );
      live.forEach((row, r) => {
        if (!row.ended) noteToken(row, drawn[r], eos);
      });
      const running = live.flatMap((row, r) => (row.ended ? [] : [r]));
      if (n + 1 === maxNewTokens || running.length === 0) break;
      if (running.length <= live.length * session.keepAt) {
        session.keep(running);
        live = running.map((r) => live[r]);
      }
      session.read(live.map((row) => row.tokens[row.tokens.length - 1]));
    }
  } finally {
    session.dispose();
  }
  const pad = lm.config.padTokenId ?? eos ?? 0;
  return packRows(rows, B * J, T, pad);
}

/** Adds a drawn token and its log-probability to a row. */
function noteToken(row: Row, drawn: DrawnToken | null, eos: number | null): void {
  if (!drawn)
    throw new Error(`generate: logits of row ${row.index} are not finite at new token ${row.tokens.length}`);
  row.tokens.push(drawn.token);
  row.logProbs.push(drawn.logProb);
  row.ended = drawn.token === eos;
}

function startRows(
  options: GenerateOptions,
  prompts: ArrayLike<number>,
  mask: ArrayLike<number> | null,
): Row[] {
  const { inputIds, samplesPerPrompt: J = 1, seed = 0, seeds, temperature = 0 } = options;
  const [B, T] = inputIds.shape;
  return Array.from({ length: B * J }, (_, index) => {
    const at = Math.floor(index / J) * T;
    const kept = Array.from({ length: T }, (_, t) => (mask ? Number(mask[at + t] !== 0) : 1));
    if (kept[T - 1] !== 1 || kept.lastIndexOf(0) >= kept.indexOf(1)) {
      throw new Error(
        `generate: row ${index} of attentionMask is ${kept.join('')}, want padding on the left only`,
      );
    }
    const stream = seeds
      ? RandomStream.of(seeds[index], 'generate')
      : RandomStream.of(seed, 'generate', index);
    return {
      index,
      prompt: Array.from({ length: T }, (_, t) => prompts[at + t]),
      tokens: [],
      logProbs: [],
      stream: temperature > 0 ? stream : null,
      padding: kept.indexOf(1),
      ended: false,
    };
  });
}

function packRows(rows: Row[], count: number, T: number, pad: number): Generation {
  const N = Math.max(...rows.map((row) => row.tokens.length));
  const sequences = new Int32Array(count * (T + N)).fill(pad);
  const logProbs = new Float32Array(count * N);
  rows.forEach((row, r) => {
    sequences.set([...row.prompt, ...row.tokens], r * (T + N));
    logProbs.set(row.logProbs, r * N);
  });
  return {
    sequences: tf.tensor2d(sequences, [count, T + N], 'int32'),
    logProbs: tf.tensor2d(logProbs, [count, N]),
    tokenIds: rows.map((row) => row.tokens),
    tokenLogProbs: rows.map((row) => row.logProbs),
  };
}

function checkOptions(lm: LanguageModel, options: GenerateOptions): void {
  const {
    inputIds,
    maxNewTokens,
    temperature = 0,
    topP = 1,
    topK = 0,
    seeds,
    samplesPerPrompt: J = 1,
  } = options;
  const want = (ok: boolean, name: string, found: unknown, wanted: string) => {
    if (!ok) throw new Error(`generate: ${name} is ${String(found)}, want ${wanted}`);
  };
  const [B, T] = inputIds.shape;
  const room = lm.config.maxPositionEmbeddings - T;
  want(
    Number.isInteger(maxNewTokens) && maxNewTokens > 0,
    'maxNewTokens',
    maxNewTokens,
    'a positive integer',
  );
  want(
    maxNewTokens <= room,
    'maxNewTokens',
    maxNewTokens,
    `at most ${room} (context ${lm.config.maxPositionEmbeddings}, prompt ${T})`,
  );
  want(temperature >= 0 && Number.isFinite(temperature), 'temperature', temperature, 'a number >= 0');
  want(topP > 0 && topP <= 1, 'topP', topP, 'a number in (0, 1]');
  want(Number.isInteger(topK) && topK >= 0, 'topK', topK, 'an integer >= 0');
  want(Number.isInteger(J) && J > 0, 'samplesPerPrompt', J, 'a positive integer');
  want(!seeds || seeds.length === B * J, 'seeds.length', seeds?.length, `${B * J} (one a row)`);
}
