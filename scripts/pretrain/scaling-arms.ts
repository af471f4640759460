/** The trainings behind a loss-against-compute curve: one size of a model on a fixed amount of data, resumable. */
import { clamp, fileDigest, type ModelSize, RunFolder } from '../../lib/checkpoint';
import * as diffusion from '../../lib/diffusion';
import {
  encodeForDrawing,
  IM_END,
  lmParameterCount,
  lmSize,
  lmTrainFlops,
  pretrainLm,
  Qwen2,
  qwen2Config,
  Tokenizer,
} from '../../lib/encoder';
import type { BackendInfo } from '../../lib/tensor';
import type { Edition, Tier } from '../../lib/world';
import { corpusOf, lastOf, secondsOf } from './common';
import { ditDefaults, pictureMaker } from './dit-stage';

export interface ArmOptions {
  /** Name of the run folder. */
  run: string;
  /** Tokens (lm) or pictures (dit) of the whole training; the same for every size. */
  budget: number;
  batch: number;
  seed: number;
  edition: Edition;
  tier: Tier;
  precision: 'fp32' | 'bf16';
  backend: BackendInfo;
}

export interface Arm {
  size: ModelSize;
  parameters: number;
  steps: number;
  flops: number;
  /** eval_loss at the end. */
  loss: number;
  seconds: number;
}

/** What a size would cost on a budget, without training it. */
export interface Cost {
  parameters: number;
  flops: number;
}

export function lmCost(size: ModelSize, vocabSize: number, tokens: number): Cost {
  const config = qwen2Config({ ...lmSize(size).model, vocabSize });
  return { parameters: lmParameterCount(config), flops: lmTrainFlops(config) * tokens };
}

export function ditCost(size: ModelSize, textWidth: number, pictures: number): Cost {
  const { model } = diffusion.ditSize(size, textWidth);
  return {
    parameters: diffusion.ditParameterCount(model),
    flops: diffusion.ditTrainFlops(model) * pictures,
  };
}

/** Steps, warm-up and intervals of a short training; rates stay those of the size. */
function schedule(steps: number): { steps: number; warmup: number; evalEvery: number; saveEvery: number } {
  const every = clamp(Math.round(steps / 10), 1, 500);
  return { steps, warmup: clamp(Math.round(steps / 20), 1, 1000), evalEvery: every, saveEvery: every };
}

/** Trains a language model of a size; `tokenizerDir` holds the tokenizer that all sizes share. Null: interrupted. */
export async function lmArm(size: ModelSize, tokenizerDir: string, options: ArmOptions): Promise<Arm | null> {
  const { run: name, budget, batch, seed, edition, tier, precision, backend } = options;
  const tokenizer = Tokenizer.fromPretrained(tokenizerDir);
  const { model: shape, config } = lmSize(size);
  const model = Qwen2.init(
    { ...shape, vocabSize: tokenizer.vocabSize, eosTokenId: tokenizer.specialId(IM_END) },
    seed,
  );
  const context = model.config.maxPositionEmbeddings;
  const settings = { ...config, batch, seed, ...schedule(Math.ceil(budget / (batch * context))) };
  const { documents, digest } = corpusOf({ edition, tier, corpusSeed: 0 });
  const run = RunFolder.open(name, { ...settings, size, precision, corpus: digest }, { backend });
  const { interrupted, step, log } = await pretrainLm({ model, tokenizer, documents, run, config: settings });
  model.dispose();
  if (interrupted) return null;
  const cost = lmCost(size, tokenizer.vocabSize, step * batch * context);
  return { size, ...cost, steps: step, loss: lastOf(log, 'eval_loss') as number, seconds: secondsOf(run) };
}

/** Trains a painter of a size on the text states of one frozen language model. Null: interrupted. */
export async function ditArm(size: ModelSize, encoderDir: string, options: ArmOptions): Promise<Arm | null> {
  const { run: name, budget, batch, seed, edition, tier, precision, backend } = options;
  const lm = await Qwen2.fromPretrained(`${encoderDir}/text_encoder`);
  const tokenizer = Tokenizer.fromPretrained(`${encoderDir}/tokenizer`);
  const { model, config } = diffusion.ditSize(size, lm.config.hiddenSize);
  const settings = { ...config, batchSize: batch, seed, ...schedule(Math.ceil(budget / batch)) };
  const painter = diffusion.QwenImageTransformer.init(model, seed);
  const encoder = fileDigest(`${encoderDir}/text_encoder/model.safetensors`);
  const run = RunFolder.open(name, { ...settings, size, precision, edition, tier, encoder }, { backend });
  const { interrupted, step, log, ema } = await diffusion.trainDit({
    run,
    config: settings,
    model,
    params: painter.parameters(),
    picture: pictureMaker(ditDefaults(size), tier),
    encode: (texts) => encodeForDrawing(lm, tokenizer, texts),
  });
  for (const variable of Object.values(ema)) variable.dispose();
  painter.dispose();
  lm.dispose();
  if (interrupted) return null;
  const cost = ditCost(size, model.joint_attention_dim, step * batch);
  return { size, ...cost, steps: step, loss: lastOf(log, 'eval_loss') as number, seconds: secondsOf(run) };
}
