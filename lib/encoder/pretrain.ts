// Pretraining of the language model on packed documents: facts in plain text, and literal captions in the drawing template.
import { type RunFolder, runStage, type StageOptions, type StageResult } from '../checkpoint';
import { crossEntropyFromHidden, type Params, tf } from '../tensor';
import { encodeDocuments, PackedWindows } from './packing';
import type { LanguageModel, Qwen2 } from './qwen2';
import type { Qwen2Config } from './qwen2-config';
import { headWeight, qwen2Forward } from './qwen2-forward';
import type { Tokenizer } from './tokenizer';
import { type LmOptimiserConfig, LmTrainer } from './trainer';

export interface PretrainConfig extends LmOptimiserConfig {
  steps: number;
  batch: number;
  seed: number;
  /** One document in this many is held out for `eval_loss`. */
  holdOut: number;
  evalEvery: number;
  saveEvery: number;
}

export const PRETRAIN_DEFAULTS: PretrainConfig = {
  steps: 700,
  batch: 32,
  seed: 0,
  lr: 1.5e-3,
  minLrFraction: 0.1,
  warmup: 40,
  betas: [0.9, 0.95],
  weightDecay: 0.1,
  clip: 1,
  holdOut: 200,
  evalEvery: 100,
  saveEvery: 100,
};

/**
 * Mean negative log-likelihood of each next token.
 * @param ids int32 [B, T + 1]
 * @param lossMask [B, T], 1 where the token after counts (default: everywhere)
 */
export function lmLoss(config: Qwen2Config, params: Params, ids: tf.Tensor, lossMask?: tf.Tensor): tf.Scalar {
  return tf.tidy(() => {
    const [B, length] = ids.shape;
    const T = length - 1;
    const inputIds = tf.slice(ids, [0, 0], [B, T]);
    const targets = tf.slice(ids, [0, 1], [B, T]).reshape([B * T]);
    const { hiddenStates } = qwen2Forward(config, params, { inputIds, logits: 'none' });
    const last = hiddenStates[config.numHiddenLayers].reshape([B * T, config.hiddenSize]);
    const mask = lossMask ? tf.cast(lossMask, 'float32').reshape([B * T]) : tf.ones([B * T]);
    const share = tf.div(mask, tf.sum(mask)); // [B * T]
    return crossEntropyFromHidden(last, headWeight(config, params), targets, share) as tf.Scalar;
  });
}

/** Mean loss over the first `windows` windows of held-out documents. */
export function heldOutLoss(
  lm: LanguageModel,
  documents: number[][],
  { windows = 32, batch = 16 } = {},
): number {
  if (documents.length === 0) return 0;
  const context = lm.config.maxPositionEmbeddings;
  const packed = new PackedWindows(documents, { context, seed: 0 });
  const batches = Math.max(1, Math.ceil(Math.min(windows, packed.windowsPerEpoch) / batch));
  let sum = 0;
  for (let i = 0; i < batches; i++) {
    sum += tf.tidy(
      () =>
        lmLoss(
          lm.config,
          lm.params,
          tf.tensor2d(packed.batch(i, batch), [batch, context + 1], 'int32'),
        ).dataSync()[0],
    );
  }
  return sum / batches;
}

export interface PretrainOptions extends Pick<
  StageOptions,
  'onProgress' | 'signal' | 'onSample' | 'sampleEvery' | 'spike'
> {
  model: Qwen2;
  tokenizer: Tokenizer;
  documents: readonly string[];
  run: RunFolder;
  config: PretrainConfig;
}

/**
 * Trains the model in place for `config.steps` steps, resuming the run folder. Logs `loss, grad_norm,
 * learning_rate, tokens` each step and `eval_loss` every `evalEvery` steps.
 */
export async function pretrainLm(options: PretrainOptions): Promise<StageResult> {
  const { model, tokenizer, documents, run, config, ...stage } = options;
  if (model.config.vocabSize < tokenizer.vocabSize) {
    throw new Error(
      `pretrainLm: the model has ${model.config.vocabSize} token embeddings, want at least ${tokenizer.vocabSize} (the tokenizer's)`,
    );
  }
  const encoded = encodeDocuments(tokenizer, documents);
  const isHeldOut = (i: number) =>
    encoded.length > config.holdOut && i % config.holdOut === config.holdOut - 1;
  const heldOut = encoded.filter((_, i) => isHeldOut(i));
  const context = model.config.maxPositionEmbeddings;
  const windows = new PackedWindows(
    encoded.filter((_, i) => !isHeldOut(i)),
    { context, seed: config.seed },
  );
  const trainer = new LmTrainer(model.parameters(), config.steps, config);
  try {
    return await runStage({
      ...stage,
      run,
      steps: config.steps,
      saveEvery: config.saveEvery,
      state: () => trainer.state(),
      restore: (state) => trainer.restore(state),
      step: (i) => {
        const ids = tf.tensor2d(windows.batch(i, config.batch), [config.batch, context + 1], 'int32');
        const record = trainer.update(i, () => lmLoss(model.config, model.params, ids));
        ids.dispose();
        const evaluate = heldOut.length > 0 && ((i + 1) % config.evalEvery === 0 || i + 1 === config.steps);
        return {
          ...record,
          tokens: (i + 1) * config.batch * context,
          ...(evaluate ? { eval_loss: heldOutLoss(model, heldOut) } : {}),
        };
      },
    });
  } finally {
    trainer.dispose();
  }
}
