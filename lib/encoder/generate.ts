// Sampling text from the language model: batched, left-padded, with a key-value cache; drawn on the CPU.
import { RandomStream, tf } from '../tensor';
import type { LanguageModel } from './qwen2';
import { type KeyValueCache, qwen2Forward } from './qwen2-forward';
import { tidy } from './tidy';

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
  mask: number[]; // of the prompt and all tokens but the newest
  position: number; // of the newest token
  ended: boolean;
}

/**
 * Generates up to `maxNewTokens` tokens for each row. Rows that ended are dropped from the batch once they are
 * half of it. Same seeds, same batch: same text.
 * @throws when options are out of range, the context is too short, or logits are not finite
 */
export async function generateTokens(lm: LanguageModel, options: GenerateOptions): Promise<Generation> {
  const { inputIds, attentionMask, maxNewTokens, samplesPerPrompt: J = 1 } = options;
  checkOptions(lm, options);
  const eos = options.eosTokenId === undefined ? lm.config.eosTokenId : options.eosTokenId;
  const [B, T] = inputIds.shape;
  const V = lm.config.vocabSize;
  const prompts = await inputIds.data();
  const mask = attentionMask ? await attentionMask.data() : null;
  const rows = startRows(options, prompts, mask);
  if (mask) checkLeftPadding(rows, T);

  // The prompts are read once; their cache is then repeated for the samples of each.
  let out = decode(lm, { inputIds, attentionMask });
  let live = rows;
  const repeated = rows.map((row) => Math.floor(row.index / J));
  if (J > 1) out = selectRows(out, repeated);
  try {
    for (let n = 0; n < maxNewTokens; n++) {
      const logits = (await out.logits.data()) as Float32Array; // [rows, V]
      live.forEach((row, r) => {
        if (!row.ended) drawToken(row, logits.subarray(r * V, (r + 1) * V), options);
        row.ended ||= row.tokens[row.tokens.length - 1] === eos;
      });
      const running = live.flatMap((row, r) => (row.ended ? [] : [r]));
      if (n + 1 === maxNewTokens) break;
      if (running.length === 0) break;
      if (running.length <= live.length / 2) {
        out = selectRows(out, running);
        live = running.map((r) => live[r]);
      }
      out = step(lm, out, live);
    }
  } finally {
    tf.dispose([out.logits, out.cache.keys, out.cache.values]);
  }
  const pad = lm.config.padTokenId ?? eos ?? 0;
  return packRows(rows, B * J, T, pad);
}

interface Decoded {
  logits: tf.Tensor; // [rows, V]
  cache: KeyValueCache;
}

function decode(lm: LanguageModel, inputs: Parameters<typeof qwen2Forward>[2]): Decoded {
  return tidy(() => {
    const { logits, cache } = qwen2Forward(lm.config, lm.params, {
      ...inputs,
      logits: 'last',
      useCache: true,
    });
    const [B, , V] = (logits as tf.Tensor).shape;
    return { logits: (logits as tf.Tensor).reshape([B, V]), cache: cache as KeyValueCache };
  });
}

/** One token further for every live row; frees the old cache. */
function step(lm: LanguageModel, { logits, cache }: Decoded, live: Row[]): Decoded {
  const newest = live.map((row) => row.tokens[row.tokens.length - 1]);
  for (const row of live) {
    row.mask.push(1);
    row.position++;
  }
  const padded = live.some((row) => row.mask.includes(0));
  const next = tidy(() =>
    decode(lm, {
      inputIds: tf.tensor2d(newest, [live.length, 1], 'int32'),
      positionIds: tf.tensor2d(
        live.map((row) => row.position),
        [live.length, 1],
        'int32',
      ),
      attentionMask: padded ? tf.tensor2d(live.map((row) => row.mask)) : undefined,
      cache,
    }),
  );
  tf.dispose([logits, cache.keys, cache.values]);
  return next;
}

/** Rows of the logits and the cache by index (repeats allowed); frees the old ones. */
function selectRows(decoded: Decoded, indices: number[]): Decoded {
  const { logits, cache } = decoded;
  const next = tidy(() => {
    const at = tf.tensor1d(indices, 'int32');
    const pick = (x: tf.Tensor) => tf.gather(x, at);
    return { logits: pick(logits), cache: { keys: cache.keys.map(pick), values: cache.values.map(pick) } };
  });
  tf.dispose([logits, cache.keys, cache.values]);
  return next;
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
    const rowMask = Array.from({ length: T }, (_, t) => (mask ? Number(mask[at + t] !== 0) : 1));
    const stream = seeds
      ? RandomStream.of(seeds[index], 'generate')
      : RandomStream.of(seed, 'generate', index);
    return {
      index,
      prompt: Array.from({ length: T }, (_, t) => prompts[at + t]),
      tokens: [],
      logProbs: [],
      stream: temperature > 0 ? stream : null,
      mask: rowMask,
      position: rowMask.reduce((sum, m) => sum + m, 0) - 1,
      ended: false,
    };
  });
}

/** Draws one token of a row and notes its log-probability. */
function drawToken(
  row: Row,
  logits: Float32Array,
  { temperature = 0, topP = 1, topK = 0 }: GenerateOptions,
): void {
  const scale = temperature > 0 ? 1 / temperature : 1;
  let best = 0;
  for (let v = 1; v < logits.length; v++) if (logits[v] > logits[best]) best = v;
  const max = logits[best] * scale;
  const weights = new Float64Array(logits.length);
  let sum = 0;
  for (let v = 0; v < logits.length; v++) sum += weights[v] = Math.exp(logits[v] * scale - max);
  if (!Number.isFinite(sum))
    throw new Error(`generate: logits of row ${row.index} are not finite at new token ${row.tokens.length}`);
  const token = row.stream ? pickToken(weights, sum, row.stream.uniform(), topP, topK) : best;
  row.tokens.push(token);
  row.logProbs.push(logits[token] * scale - max - Math.log(sum));
}

function pickToken(weights: Float64Array, sum: number, uniform: number, topP: number, topK: number): number {
  let order: ArrayLike<number> | null = null;
  let total = sum;
  if (topP < 1 || topK > 0) {
    const ranked = Array.from(weights.keys()).sort((a, b) => weights[b] - weights[a] || a - b);
    const limit = topK > 0 ? Math.min(topK, ranked.length) : ranked.length;
    const base = ranked.slice(0, limit).reduce((s, v) => s + weights[v], 0); // topK first, then topP of what is left
    total = 0;
    let kept = 0;
    while (kept < limit && (kept === 0 || total < topP * base)) total += weights[ranked[kept++]];
    order = ranked.slice(0, kept);
  }
  let rest = uniform * total;
  const length = order ? order.length : weights.length;
  let last = 0;
  for (let i = 0; i < length; i++) {
    const v = order ? order[i] : i;
    if (weights[v] <= 0) continue;
    last = v;
    rest -= weights[v];
    if (rest < 0) return v;
  }
  return last; // rounding left a crumb
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

function checkLeftPadding(rows: Row[], T: number): void {
  for (const { mask, index } of rows) {
    if (mask[T - 1] !== 1 || mask.lastIndexOf(0) >= mask.indexOf(1)) {
      throw new Error(
        `generate: row ${index} of attentionMask is ${mask.join('')}, want padding on the left only`,
      );
    }
  }
}
