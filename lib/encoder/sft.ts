// Supervised fine-tuning, the paper's "reasoning activation": raw prompt -> thought and refined prompt.
//
// Beyond the paper (its 7B encoder needs neither): 1. corpus windows are replayed so that a small model keeps its
// facts; 2. the hidden states of literal captions are held near those of the base model, because the painter was
// trained on them and stays frozen here.
import { type RunFolder, runStage, type StageOptions, type StageResult } from '../checkpoint';
import { copyOf, embedding, type Params, RandomStream, tf } from '../tensor';
import { encodeDocuments, PackedWindows } from './packing';
import { lmLoss } from './pretrain';
import type { Qwen2 } from './qwen2';
import type { Qwen2Config } from './qwen2-config';
import { qwen2Forward } from './qwen2-forward';
import { responseLogProbs, type ReplayRow } from './replay';
import { cutIds, drawPrefixIds, responseIds, thinkPromptIds } from './think-format';
import { IM_END, type Tokenizer } from './tokenizer';
import { type LmOptimiserConfig, LmTrainer } from './trainer';

/** One worked example. */
export interface SftExample {
  prompt: string;
  thought: string;
  refined: string;
}

export interface SftConfig extends LmOptimiserConfig {
  steps: number;
  batch: number;
  seed: number;
  /** Corpus windows a step (0: no replay), and the weight of their loss. */
  replayBatch: number;
  replayWeight: number;
  /** Captions a step whose hidden states are held (0: none), and the weight of that. */
  anchorBatch: number;
  anchorWeight: number;
  evalEvery: number;
  saveEvery: number;
}

export const SFT_DEFAULTS: SftConfig = {
  steps: 1600,
  batch: 32,
  seed: 0,
  lr: 4e-4,
  minLrFraction: 0.1,
  warmup: 20,
  betas: [0.9, 0.95],
  weightDecay: 0.1,
  clip: 1,
  replayBatch: 8,
  replayWeight: 0.5,
  anchorBatch: 16,
  anchorWeight: 1,
  evalEvery: 200,
  saveEvery: 100,
};

/** Token ids of a row, or null when prompt and response do not fit the context. */
export function encodeSftRow(tokenizer: Tokenizer, row: SftExample, context: number): ReplayRow | null {
  const promptIds = thinkPromptIds(tokenizer, tokenizer.encode(row.prompt.trim()));
  const tokenIds = responseIds(tokenizer, row);
  return promptIds.length + tokenIds.length <= context ? { promptIds, tokenIds } : null;
}

/** Rows that are run together, sorted by length: a third of the tokens of a whole batch would be padding. */
const TOGETHER = 8;

/** Mean negative log-probability of the response tokens of a batch (the prompt is not learned). */
export function sftLoss(config: Qwen2Config, params: Params, rows: readonly ReplayRow[]): tf.Scalar {
  const length = ({ promptIds, tokenIds }: ReplayRow) => promptIds.length + tokenIds.length;
  const sorted = [...rows].sort((a, b) => length(a) - length(b));
  return tf.tidy(() => {
    const sums: tf.Tensor[] = [];
    for (let at = 0; at < sorted.length; at += TOGETHER)
      sums.push(tf.sum(responseLogProbs(config, params, sorted.slice(at, at + TOGETHER)).logProbs));
    const tokens = rows.reduce((sum, { tokenIds }) => sum + tokenIds.length, 0);
    return tf.div(tf.addN(sums), -tokens) as tf.Scalar;
  });
}

/**
 * How far the last hidden states of captions moved from a reference: the squared distance over caption tokens,
 * relative to the reference's mean square.
 */
export function anchorLoss(
  config: Qwen2Config,
  params: Params,
  reference: Params,
  captions: ReplayRow[],
): tf.Scalar {
  return tf.tidy(() => {
    const S = Math.max(...captions.map((c) => c.promptIds.length + c.tokenIds.length));
    const ids = new Int32Array(captions.length * S);
    const at: number[] = [];
    captions.forEach(({ promptIds, tokenIds }, r) => {
      ids.set([...promptIds, ...tokenIds], r * S);
      tokenIds.forEach((_, n) => at.push(r * S + promptIds.length + n));
    });
    const inputIds = tf.tensor2d(ids, [captions.length, S], 'int32');
    const states = (weights: Params) => {
      const { hiddenStates } = qwen2Forward(config, weights, { inputIds, logits: 'none' });
      const last = hiddenStates[config.conditioningLayer]; // [B, S, D]
      return embedding(last.reshape([captions.length * S, config.hiddenSize]), tf.tensor1d(at, 'int32')); // [N, D]
    };
    const wanted = states(reference);
    const distance = tf.mean(tf.square(tf.sub(states(params), wanted)));
    return tf.div(distance, tf.mean(tf.square(wanted))) as tf.Scalar;
  });
}

export interface TrainSftOptions extends Pick<
  StageOptions,
  'onProgress' | 'signal' | 'onSample' | 'sampleEvery'
> {
  /** The base model; it is trained in place. */
  model: Qwen2;
  tokenizer: Tokenizer;
  rows: readonly SftExample[];
  /** Corpus documents to replay. */
  documents?: readonly string[];
  /** Literal captions to hold. */
  captions?: readonly string[];
  run: RunFolder;
  config: SftConfig;
  /** Measured after every `evalEvery` steps and at the end, into the log. */
  evaluate?: (step: number) => Promise<Record<string, number>>;
}

/**
 * Fine-tunes the model for `config.steps` steps, resuming the run folder. Logs `loss, grad_norm, learning_rate`
 * and the parts `response_loss, replay_loss, anchor_loss`. Rows longer than the context are left out with a
 * warning.
 */
export async function trainSft(options: TrainSftOptions): Promise<StageResult> {
  const { model, tokenizer, rows, documents = [], captions = [], run, config, evaluate, ...stage } = options;
  const context = model.config.maxPositionEmbeddings;
  const encoded = rows.flatMap((row) => encodeSftRow(tokenizer, row, context) ?? []);
  if (encoded.length === 0)
    throw new Error(`trainSft: none of ${rows.length} rows fits the context of ${context} tokens`);
  if (encoded.length < rows.length) {
    console.warn(
      `trainSft: ${rows.length - encoded.length} of ${rows.length} rows are longer than ${context} tokens and left out`,
    );
  }
  const replay =
    config.replayBatch > 0 && documents.length > 0
      ? new PackedWindows(encodeDocuments(tokenizer, documents), { context, seed: config.seed })
      : null;
  const anchors =
    config.anchorBatch > 0 ? captions.map((caption) => encodeCaption(tokenizer, caption, context)) : [];
  const reference: Params = {};
  if (anchors.length)
    for (const [name, value] of Object.entries(model.params)) reference[name] = copyOf(value as tf.Tensor);
  const trainer = new LmTrainer(model.parameters(), config.steps, config);

  const step = async (i: number): Promise<Record<string, number>> => {
    const batch = epochBatch(encoded, i, config.batch, config.seed, 'sft');
    const held = anchors.length ? epochBatch(anchors, i, config.anchorBatch, config.seed, 'anchor') : [];
    const parts: Record<string, tf.Scalar> = {};
    const record = trainer.update(i, () => {
      const keep = (name: string, value: tf.Scalar) => (parts[name] = tf.keep(value.clone() as tf.Scalar));
      let loss = sftLoss(model.config, model.params, batch);
      keep('response_loss', loss);
      if (replay) {
        const ids = tf.tensor2d(
          replay.batch(i, config.replayBatch),
          [config.replayBatch, context + 1],
          'int32',
        );
        const value = lmLoss(model.config, model.params, ids);
        keep('replay_loss', value);
        loss = tf.add(loss, tf.mul(value, config.replayWeight)) as tf.Scalar;
      }
      if (held.length) {
        const value = anchorLoss(model.config, model.params, reference, held);
        keep('anchor_loss', value);
        loss = tf.add(loss, tf.mul(value, config.anchorWeight)) as tf.Scalar;
      }
      return loss;
    });
    const named = Object.entries(parts).map(([name, value]) => [name, value.dataSync()[0]] as const);
    tf.dispose(parts);
    const due = (i + 1) % config.evalEvery === 0 || i + 1 === config.steps;
    return { ...record, ...Object.fromEntries(named), ...(due && evaluate ? await evaluate(i + 1) : {}) };
  };
  try {
    return await runStage({
      ...stage,
      run,
      steps: config.steps,
      saveEvery: config.saveEvery,
      state: () => trainer.state(),
      restore: (state) => trainer.restore(state),
      step,
    });
  } finally {
    trainer.dispose();
    tf.dispose(reference);
  }
}

/** The drawing template split where the painter begins to look. */
function encodeCaption(tokenizer: Tokenizer, caption: string, context: number): ReplayRow {
  const promptIds = drawPrefixIds(tokenizer);
  const { ids } = cutIds(tokenizer, tokenizer.encode(caption), context - promptIds.length - 1);
  return { promptIds, tokenIds: [...ids, tokenizer.specialId(IM_END)] };
}

/** Batch `step` of endless shuffled epochs: a function of (seed, name, step). */
export function epochBatch<T>(
  items: readonly T[],
  step: number,
  batch: number,
  seed: number,
  name: string,
): T[] {
  const orders = new Map<number, number[]>();
  return Array.from({ length: batch }, (_, b) => {
    const at = step * batch + b;
    const epoch = Math.floor(at / items.length);
    if (!orders.has(epoch)) {
      orders.set(epoch, RandomStream.of(seed, name, 'epoch', epoch).shuffle(Array.from(items.keys())));
    }
    return items[(orders.get(epoch) as number[])[at % items.length]];
  });
}
