/**
 * The scene reader behind the rewards: a small vision transformer over overlapping 16x16 windows of a 64x64
 * picture. It names what it sees (concepts, their counts, background, time, props, glyphs) and how sound the
 * picture is (aesthetic, consistency). Functions over plain parameter records; no state.
 */
import { tf, linear, rmsNorm, attention, gelu, embedding, RandomStream } from '../tensor';
import type { Params } from '../tensor';
import { windowBasis } from './window-features';

export interface JudgeConfig {
  hiddenSize: number;
  layers: number;
  heads: number;
  mlpRatio: number;
  imageSize: number;
  /** Stride of the windows = side of a token's cell. */
  cell: number;
  /** Side of a window; larger than `cell`, so that neighbours overlap like a convolution stem. */
  window: number;
  /** Size of each window feature (see window-features), measured on scenes before training. */
  featureScale: number[];
  /** Classes a count head tells apart: 1..maxCount. */
  maxCount: number;
  /** Colours of the tint head; the first is "none". */
  tints: string[];
  /** Classes of the size head. */
  sizes: string[];
  /** Concept names, in the order of the concept head's rows. */
  concepts: string[];
  /** Picture-wide choices by head name, e.g. background -> its values. */
  choices: Record<string, string[]>;
  /** Characters of the glyph head; empty when there is none. Index 0 means "no glyph here". */
  glyphs: string[];
}

export const DEFAULT_JUDGE: Omit<
  JudgeConfig,
  'concepts' | 'choices' | 'glyphs' | 'tints' | 'sizes' | 'featureScale'
> = {
  hiddenSize: 144,
  layers: 4,
  heads: 4,
  mlpRatio: 3,
  imageSize: 64,
  cell: 8,
  window: 16,
  maxCount: 5,
};

/** What one forward pass gives; B pictures, T tokens, C concepts. */
export interface JudgeOutputs {
  /** [B, T, D] after the last norm. */
  tokens: tf.Tensor3D;
  /** [B, T, C] how much each cell looks like each concept. */
  conceptMap: tf.Tensor3D;
  /** [B, C] presence logits: log-sum-exp of the map over cells. */
  presence: tf.Tensor2D;
  /** [B, n] logits per picture-wide choice. */
  choices: Record<string, tf.Tensor2D>;
  /** [B, 2] logits: aesthetic, consistency. */
  quality: tf.Tensor2D;
  /** [B, T, G] glyph logits, or undefined. */
  glyphs?: tf.Tensor3D;
}

/** Fresh parameters, drawn from `rng`; every value becomes a leaf variable in training. */
export function initJudge(config: JudgeConfig, rng: RandomStream): Params {
  const { hiddenSize: D, window, cell, imageSize, mlpRatio } = config;
  const tokens = (imageSize / cell) ** 2;
  const matrix = (out: number, inp: number, gain = 1): tf.Tensor =>
    tf.tidy(() => rng.tensorNormal([out, inp]).mul(gain / Math.sqrt(inp)));
  const params: Params = {
    'stem.0.weight': matrix(2 * D, windowBasis(window).features),
    'stem.0.bias': tf.zeros([2 * D]),
    'stem.1.weight': matrix(D, 2 * D),
    'stem.1.bias': tf.zeros([D]),
    position: tf.tidy(() => rng.tensorNormal([tokens, D]).mul(0.02)),
    'norm.weight': tf.ones([D]),
    'concept.weight': matrix(config.concepts.length, D),
    // Most concepts are absent from a picture, and log-sum-exp over 64 cells adds log 64.
    'concept.bias': tf.fill([config.concepts.length], -8),
    'object.weight': matrix(D, D + SHAPE),
    'object.bias': tf.zeros([D]),
    'count.weight': matrix(config.maxCount, D, 0.1),
    'count.bias': tf.zeros([config.maxCount]),
    'tint.weight': matrix(config.tints.length, D, 0.1),
    'tint.bias': tf.zeros([config.tints.length]),
    'size.weight': matrix(config.sizes.length, D, 0.1),
    'size.bias': tf.zeros([config.sizes.length]),
    'quality.weight': matrix(2, 2 * D, 0.1),
    'quality.bias': tf.zeros([2]),
  };
  for (const [name, values] of Object.entries(config.choices)) {
    params[`choice.${name}.weight`] = matrix(values.length, 2 * D, 0.1);
    params[`choice.${name}.bias`] = tf.zeros([values.length]);
  }
  if (config.glyphs.length > 0) {
    params['glyph.weight'] = matrix(config.glyphs.length, D);
    params['glyph.bias'] = tf.zeros([config.glyphs.length]);
  }
  for (let i = 0; i < config.layers; i++) {
    const name = `blocks.${i}`;
    params[`${name}.norm1.weight`] = tf.ones([D]);
    params[`${name}.norm2.weight`] = tf.ones([D]);
    params[`${name}.qkv.weight`] = matrix(3 * D, D);
    params[`${name}.out.weight`] = matrix(D, D, 1 / Math.sqrt(2 * config.layers));
    params[`${name}.up.weight`] = matrix(mlpRatio * D, D);
    params[`${name}.up.bias`] = tf.zeros([mlpRatio * D]);
    params[`${name}.down.weight`] = matrix(D, mlpRatio * D, 1 / Math.sqrt(2 * config.layers));
    params[`${name}.down.bias`] = tf.zeros([D]);
  }
  return params;
}

/**
 * Overlapping windows of pictures, as numbers in [-1, 1]; outside the picture is 0. Pictures are constants, so
 * plain arrays do (no gradient flows here).
 * @param images B pictures of imageSize^2 * 3 bytes
 * @returns [B, T, window * window * 3]
 */
export function windowsOf(config: JudgeConfig, images: readonly Uint8Array[]): tf.Tensor3D {
  const { imageSize, cell, window } = config;
  return tf.tensor3d(windowRows(config, images), [
    images.length,
    (imageSize / cell) ** 2,
    window * window * 3,
  ]);
}

/** The numbers of `windowsOf`, without a tensor. */
export function windowRows(
  config: Pick<JudgeConfig, 'imageSize' | 'cell' | 'window'>,
  images: readonly Uint8Array[],
): Float32Array {
  const { imageSize: S, cell, window } = config;
  const side = S / cell;
  const width = window * window * 3;
  const margin = (window - cell) / 2;
  const out = new Float32Array(images.length * side * side * width);
  images.forEach((image, b) => {
    if (image.length !== S * S * 3)
      throw new Error(`picture ${b} has ${image.length} bytes, want ${S * S * 3} (${S}x${S} RGB)`);
    for (let t = 0; t < side * side; t++) {
      const base = (b * side * side + t) * width;
      const y0 = Math.floor(t / side) * cell - margin;
      const x0 = (t % side) * cell - margin;
      const from = Math.max(0, -x0);
      const to = Math.min(window, S - x0);
      for (let y = 0; y < window; y++) {
        if (y0 + y < 0 || y0 + y >= S) continue;
        let source = ((y0 + y) * S + x0 + from) * 3;
        let target = base + (y * window + from) * 3;
        for (const end = base + (y * window + to) * 3; target < end;)
          out[target++] = image[source++] / 127.5 - 1;
      }
    }
  });
  return out;
}

/** One pass. `windows` is [B, T, window * window * 3] from `windowsOf`. Call inside a tidy. */
export function judgeForward(config: JudgeConfig, params: Params, windows: tf.Tensor3D): JudgeOutputs {
  const { hiddenSize: D, heads } = config;
  const [B, T] = windows.shape;
  const dh = D / heads;
  // Two layers before any attention: telling a sprite from its background is not linear in the pixels.
  const features = windowFeatures(config, windows); // [B, T, F]
  const inner = gelu(linear(features, params['stem.0.weight'], params['stem.0.bias'])); // [B, T, 2D]
  let x: tf.Tensor = linear(inner, params['stem.1.weight'], params['stem.1.bias']).add(params.position); // [B, T, D]
  for (let i = 0; i < config.layers; i++) {
    const p = (name: string): tf.Tensor => params[`blocks.${i}.${name}`];
    const qkv = linear(rmsNorm(x, p('norm1.weight'), 1e-6), p('qkv.weight')); // [B, T, 3D]
    const [q, k, v] = tf.split(qkv, 3, -1).map((part) => part.reshape([B, T, heads, dh])); // [B, T, H, dh]
    const mixed = attention({ q, k, v }).reshape([B, T, D]);
    x = x.add(linear(mixed, p('out.weight')));
    const up = gelu(linear(rmsNorm(x, p('norm2.weight'), 1e-6), p('up.weight'), p('up.bias')));
    x = x.add(linear(up, p('down.weight'), p('down.bias')));
  }
  const tokens = rmsNorm(x, params['norm.weight'], 1e-6) as tf.Tensor3D; // [B, T, D]
  const conceptMap = linear(tokens, params['concept.weight'], params['concept.bias']) as tf.Tensor3D; // [B, T, C]
  const pooled = tf.concat([tokens.mean(1), tokens.max(1)], 1); // [B, 2D]
  const choices: Record<string, tf.Tensor2D> = {};
  for (const name of Object.keys(config.choices))
    choices[name] = linear(
      pooled,
      params[`choice.${name}.weight`],
      params[`choice.${name}.bias`],
    ) as tf.Tensor2D;
  return {
    tokens,
    conceptMap,
    presence: logSumExpOverCells(conceptMap),
    choices,
    quality: linear(pooled, params['quality.weight'], params['quality.bias']) as tf.Tensor2D,
    glyphs: params['glyph.weight']
      ? (linear(tokens, params['glyph.weight'], params['glyph.bias']) as tf.Tensor3D)
      : undefined,
  };
}

/** Windows in the fixed basis, with the spread of the coefficients evened out. [B, T, F] */
function windowFeatures(config: JudgeConfig, windows: tf.Tensor3D): tf.Tensor {
  const { matrix, features } = windowBasis(config.window);
  if (config.featureScale.length !== features)
    throw new Error(`judge: featureScale has ${config.featureScale.length} numbers, want ${features}`);
  return tf.tidy(() => {
    const [B, T, width] = windows.shape;
    const flat = windows.reshape([B * T, width]);
    const coefficients = tf.matMul(flat as tf.Tensor2D, tf.tensor2d(matrix, [width, features]));
    return coefficients.mul(tf.tensor1d(config.featureScale)).reshape([B, T, features]);
  });
}

function logSumExpOverCells(map: tf.Tensor3D): tf.Tensor2D {
  return tf.tidy(() => tf.logSumExp(map, 1) as tf.Tensor2D);
}

/** Which objects are asked about: picture `rows[i]`, concept `columns[i]`. */
export interface ObjectPairs {
  rows: number[];
  columns: number[];
}

/** Attributes of N asked objects. */
export interface ObjectOutputs {
  /** [N, maxCount] logits; class i means i + 1. */
  count: tf.Tensor2D;
  /** [N, tints] logits. */
  tint: tf.Tensor2D;
  /** [N, sizes] logits. */
  size: tf.Tensor2D;
  /** [N, T] where the concept is, summing to 1 over the cells. */
  where: tf.Tensor2D;
}

/**
 * Attributes of chosen (picture, concept) pairs: the concept's own map attends over the cells and shared heads
 * read what it gathers, so a rare concept is counted as well as a common one.
 */
export function readObjects(
  params: Params,
  outputs: JudgeOutputs,
  { rows, columns }: ObjectPairs,
): ObjectOutputs {
  const [B, T, D] = outputs.tokens.shape;
  const N = rows.length;
  const pictures = embedding(outputs.tokens.reshape([B, T * D]), tf.tensor1d(rows, 'int32'));
  const tokens = pictures.reshape([N, T, D]); // [N, T, D]
  const queries = embedding(params['concept.weight'], tf.tensor1d(columns, 'int32')).reshape([N, D, 1]); // [N, D, 1]
  // The concept's bias is the same for every cell, so the softmax does not need it.
  const where = tf.softmax(tf.matMul(tokens, queries).reshape([N, T])) as tf.Tensor2D; // [N, T]
  const gathered = tf.matMul(where.reshape([N, 1, T]), tokens).reshape([N, D]); // [N, D]
  const seen = tf.concat([gathered, spreadOf(where)], 1); // [N, D + SHAPE]
  const object = gelu(linear(seen, params['object.weight'], params['object.bias'])); // [N, D]
  const head = (name: string): tf.Tensor2D =>
    linear(object, params[`${name}.weight`], params[`${name}.bias`]) as tf.Tensor2D;
  return { count: head('count'), tint: head('tint'), size: head('size'), where };
}

/** Numbers that say how far a concept's cells spread: gathering alone forgets how many there were. */
const SHAPE = 5;

/** Centre, standard deviation and share of cells (exp of the entropy) of N distributions over cells. [N, T] -> [N, SHAPE] */
function spreadOf(where: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => {
    const T = where.shape[1];
    const side = Math.sqrt(T);
    const axis = (f: (t: number) => number): tf.Tensor2D =>
      tf.tensor2d(
        Array.from({ length: T }, (_, t) => f(t) / side),
        [T, 1],
      );
    const moment = (f: (t: number) => number): tf.Tensor2D => tf.matMul(where, axis(f)); // [N, 1]
    const [x, y] = [moment((t) => t % side), moment((t) => Math.floor(t / side))];
    const spread = (square: tf.Tensor2D, mean: tf.Tensor2D): tf.Tensor2D =>
      square.sub(mean.square()).relu().add(1e-4).sqrt() as tf.Tensor2D;
    const sx = spread(
      moment((t) => (t % side) ** 2 / side),
      x,
    );
    const sy = spread(
      moment((t) => Math.floor(t / side) ** 2 / side),
      y,
    );
    const cells = where.mul(where.add(1e-9).log()).sum(1, true).neg().exp().div(T) as tf.Tensor2D;
    return tf.concat([x, y, sx.mul(4), sy.mul(4), cells.mul(4)], 1) as tf.Tensor2D;
  });
}
