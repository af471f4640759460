/**
 * Pretraining the painter on literal captions: flow matching over scenes made as they are needed, text states from a
 * frozen language model. Where scenes and text states come from is the caller's; this file only trains.
 *
 * Beside plain flow matching: noise levels are spread evenly over each batch, captions are dropped now and then (so
 * that guidance has an unconditional twin), and what is saved as the model is a moving average of the weights.
 */
import { runStage, type RunFolder, type StageOptions, type StageResult } from '../checkpoint';
import { AdamW, clipGradNorm, Ema, Muon, RandomStream, tf, valueAndGrads, type Params } from '../tensor';
import { PictureBatches } from './batches';
import { disposeConditioning, type Conditioning } from './conditioning';
import type { QwenImageConfig } from './config';
import { sample } from './samplers';
import type { FlowConfig, PredictionType } from './flow';
import { heldOutFlowLoss } from './held-out';
import { drawSigmas, flowLosses } from './loss';
import { patchesOf, type Picture } from './pictures';
import { imageSeeds } from './noise';
import { patchesToPixels } from './patches';
import type { ImageGrid } from './rope';

export const DIT_OPTIMISERS = ['adamw', 'muon'] as const;
export type DitOptimiser = (typeof DIT_OPTIMISERS)[number];

export interface DitTrainConfig {
  seed: number;
  steps: number;
  batchSize: number;
  /** Steps whose pictures are sorted by the length of their captions and dealt out in batches of like length. */
  lengthPool: number;
  lr: number;
  /** Steps of linear warm-up. */
  warmup: number;
  /** Share of the steps, at the end, over which the rate falls to 0. */
  decay: number;
  /** `muon` orthogonalises the updates of the blocks' attention and feed-forward matrices; the rest is AdamW's. */
  optimiser: DitOptimiser;
  betas: [number, number];
  weightDecay: number;
  gradClip: number;
  ema: number;
  /** How often a caption is replaced by " ". */
  captionDropout: number;
  predictionType: PredictionType;
  shift: number;
  /** Noise levels are sigmoid(normal(mean, std)), except for a share drawn uniformly. */
  sigmaMean: number;
  sigmaStd: number;
  sigmaUniform: number;
  /**
   * Floor of sigma in the loss (JiT: 0.05). A higher one, 0.4 say, keeps nearly clean pictures, whose content can be
   * read off the input, from drowning what the caption has to decide.
   */
  minSigma: number;
  logEvery: number;
  /** Every so many steps `eval_loss` is measured on pictures set aside; 0: never. */
  evalEvery: number;
  saveEvery: number;
  sampleEvery: number;
  sampleSteps: number;
  sampleGuidance: number;
}

export const DIT_TRAIN_DEFAULTS: DitTrainConfig = {
  seed: 0,
  steps: 8000,
  batchSize: 32,
  lengthPool: 8,
  lr: 1e-3,
  warmup: 200,
  decay: 0.25,
  optimiser: 'muon',
  betas: [0.9, 0.99],
  weightDecay: 0.01,
  gradClip: 1,
  ema: 0.999,
  captionDropout: 0.1,
  predictionType: 'sample',
  shift: 1,
  sigmaMean: 1.2,
  sigmaStd: 1,
  sigmaUniform: 0.1,
  minSigma: 0.4,
  logEvery: 10,
  evalEvery: 0,
  saveEvery: 500,
  sampleEvery: 500,
  sampleSteps: 20,
  sampleGuidance: 3,
};

export interface DitTrainInputs extends Pick<StageOptions, 'onProgress' | 'signal' | 'spike'> {
  run: RunFolder;
  config: DitTrainConfig;
  model: QwenImageConfig;
  /** Starting weights; trained in place. */
  params: Record<string, tf.Variable>;
  /** A training picture with its literal caption, a function of the stream alone. */
  picture: (stream: RandomStream) => Picture;
  /** Tokens of a caption, to sort by (default: its characters). */
  captionLength?: (caption: string) => number;
  /** Captions to text states, without gradients; the caller of `encode` disposes them. */
  encode: (captions: string[]) => Conditioning;
  /** Shows what the averaged weights draw for these captions, every sampleEvery steps. */
  sampleCaptions?: string[];
  onSamples?: (step: number, pixels: Uint8Array[], captions: string[]) => Promise<void> | void;
  /** Tokens of a drawn sample; 8 x 8 when absent. */
  grid?: ImageGrid;
}

/** The learning rate of step i: linear warm-up, constant, then linear to 0. */
export function learningRate(i: number, { lr, warmup, decay, steps }: DitTrainConfig): number {
  const up = Math.min(1, (i + 1) / Math.max(1, warmup));
  const tail = Math.max(1, Math.round(decay * steps));
  return lr * up * Math.min(1, (steps - i) / tail);
}

/** Mean loss in each of four bands of sigma, for the log; bands without a picture are left out. */
export function lossBySigma(losses: ArrayLike<number>, sigmas: number[]): Record<string, number> {
  const bands = [0, 0.25, 0.5, 0.75].map((low) => {
    const rows = sigmas.flatMap((s, i) => (s >= low && s < low + 0.25 ? [losses[i]] : []));
    return [`loss_sigma_${low}-${low + 0.25}`, rows.reduce((a, b) => a + b, 0) / rows.length] as const;
  });
  return Object.fromEntries(bands.filter(([, mean]) => !Number.isNaN(mean)));
}

/**
 * Trains until `config.steps`, resuming its run folder exactly (see runStage).
 * @returns the stage's result and the averaged weights (live variables, the caller's)
 */
export async function trainDit(
  inputs: DitTrainInputs,
): Promise<StageResult & { ema: Record<string, tf.Variable> }> {
  const { run, config, params } = inputs;
  const flow: FlowConfig = { prediction_type: config.predictionType, shift: config.shift };
  const optimiser = optimiserOf(config);
  const batches = new PictureBatches({
    seed: config.seed,
    batchSize: config.batchSize,
    pool: config.lengthPool,
    picture: inputs.picture,
    length: inputs.captionLength,
  });
  const trainer = { flow, optimiser, batches, ema: new Ema(emaDecay(0, config.ema)) };
  const result = await runStage({
    run,
    onProgress: inputs.onProgress,
    signal: inputs.signal,
    spike: inputs.spike,
    steps: config.steps,
    saveEvery: config.saveEvery,
    logEvery: config.logEvery,
    sampleEvery: inputs.onSamples ? config.sampleEvery : 0,
    show: ['loss', 'lr', 'images_per_second'],
    step: (i) => trainStep(i, inputs, trainer),
    state: () => {
      const moments = optimiser.state();
      const parts = { model: params, optimiser: moments.tensors, ema: trainer.ema.state() };
      return { tensors: prefixed(parts), json: { optimiserStep: moments.step } };
    },
    restore: ({ step, tensors, json }) => {
      const part = (name: string) => unprefixed(tensors, name);
      for (const [name, tensor] of Object.entries(part('model'))) params[name].assign(tensor);
      const { optimiserStep } = json as { optimiserStep: number };
      optimiser.loadState({ step: optimiserStep, tensors: part('optimiser') });
      trainer.ema.dispose();
      trainer.ema = new Ema(emaDecay(step, config.ema));
      trainer.ema.loadState(part('ema'));
    },
    onSample: async (step) => {
      const captions = inputs.sampleCaptions ?? [];
      const pixels = await drawCaptions({ ...inputs, flow, params: trainer.ema.weights() }, captions);
      await inputs.onSamples?.(step, pixels, captions);
    },
  });
  optimiser.dispose();
  return { ...result, ema: trainer.ema.weights() };
}

/** Matrices inside the blocks that tokens pass through; modulations, which see one vector a picture, are not among them. */
const BLOCK_MATRIX = /^transformer_blocks\.\d+\.(attn|img_mlp|txt_mlp)\./;

function optimiserOf({ optimiser, lr, betas, weightDecay }: DitTrainConfig): AdamW | Muon {
  const shared = { lr, betas, weightDecay };
  return optimiser === 'muon'
    ? new Muon({ ...shared, matrices: (name) => BLOCK_MATRIX.test(name) })
    : new AdamW(shared);
}

interface Trainer {
  flow: FlowConfig;
  batches: PictureBatches;
  optimiser: AdamW | Muon;
  ema: Ema;
}

function trainStep(i: number, inputs: DitTrainInputs, trainer: Trainer): Record<string, number> {
  const { config, model, params } = inputs;
  const { flow, optimiser, batches } = trainer;
  const began = performance.now();
  const stream = RandomStream.of(config.seed, 'dit', i);
  const pictures = batches.at(i);
  const drop = stream.split('dropout');
  const captions = pictures.map(({ caption }) => (drop.uniform() < config.captionDropout ? ' ' : caption));
  const sigmas = drawSigmas(stream.split('sigma'), config.batchSize, {
    mean: config.sigmaMean,
    std: config.sigmaStd,
    uniform: config.sigmaUniform,
  });
  const { embeds, mask } = inputs.encode(captions);
  const x0 = patchesOf(pictures, model.patch_size);
  const batch = {
    x0,
    noise: stream.split('noise').tensorNormal(x0.shape),
    sigma: tf.tensor1d(sigmas),
    conditioning: { embeds, mask },
  };
  let each: tf.Tensor | undefined;
  const { value, grads } = valueAndGrads(() => {
    const losses = flowLosses({ config: model, params, flow, batch, minSigma: config.minSigma }); // [B]
    each = tf.keep(losses.clone());
    return losses.mean() as tf.Scalar;
  }, params);
  optimiser.lr = learningRate(i, config);
  const gradNorm = clipGradNorm(grads, config.gradClip);
  // A gradient that is not finite must not reach the weights: the stage stops on the numbers returned here.
  if (Number.isFinite(gradNorm)) {
    optimiser.step(params, grads);
    average(i, trainer, inputs);
  }
  const losses = each!.dataSync();
  const loss = value.dataSync()[0];
  tf.dispose([value, each!, batch.x0, batch.noise, batch.sigma, ...Object.values(grads)]);
  disposeConditioning(batch.conditioning);
  const seconds = (performance.now() - began) / 1000;
  const evaluate = config.evalEvery > 0 && ((i + 1) % config.evalEvery === 0 || i + 1 === config.steps);
  return {
    loss,
    ...lossBySigma(losses, sigmas),
    grad_norm: gradNorm,
    lr: optimiser.lr,
    images: (i + 1) * config.batchSize,
    images_per_second: config.batchSize / seconds,
    ...(evaluate ? { eval_loss: heldOutFlowLoss({ ...inputs, flow, params: trainer.ema.weights() }) } : {}),
  };
}

/**
 * The averaging decay at step i: short memory first, the full one once the run is long enough to fill it. With 0.999
 * from the start, the average would still hold a third of the untrained weights after 1,000 steps and draw noise.
 */
export function emaDecay(i: number, full: number): number {
  return Math.min(full, i < 100 ? 0.9 : i < 1000 ? 0.99 : 1);
}

function average(i: number, trainer: Trainer, { config, params }: DitTrainInputs): void {
  const decay = emaDecay(i, config.ema);
  if (decay !== trainer.ema.decay) {
    const tensors = trainer.ema.state();
    trainer.ema.dispose();
    trainer.ema = new Ema(decay);
    trainer.ema.loadState(tensors);
    tf.dispose(tensors);
  }
  trainer.ema.update(params);
}

/** Draws captions with fixed seeds, so that grids of different steps can be laid side by side. */
export async function drawCaptions(
  inputs: Pick<DitTrainInputs, 'config' | 'model' | 'encode' | 'grid'> & { flow: FlowConfig; params: Params },
  captions: string[],
): Promise<Uint8Array[]> {
  const { config, model, encode, flow, params } = inputs;
  if (!captions.length) return [];
  const conditioning = encode(captions);
  const negative = encode([' ']);
  const patches = await sample({
    denoiser: { config: model, params, flow },
    conditioning,
    negative,
    guidance: config.sampleGuidance,
    images: imageSeeds(config.seed, captions.length, 'samples'),
    steps: config.sampleSteps,
    grid: inputs.grid,
  });
  const pixels = patchesToPixels(patches, model.patch_size);
  patches.dispose();
  [conditioning, negative].forEach(disposeConditioning);
  return pixels;
}

function prefixed(parts: Record<string, Params>): Params {
  const rows = Object.entries(parts).flatMap(([part, tensors]) =>
    Object.entries(tensors).map(([name, tensor]) => [`${part}/${name}`, tensor] as const),
  );
  return Object.fromEntries(rows);
}

function unprefixed(tensors: Params, part: string): Params {
  const rows = Object.entries(tensors).filter(([name]) => name.startsWith(`${part}/`));
  return Object.fromEntries(rows.map(([name, tensor]) => [name.slice(part.length + 1), tensor]));
}
