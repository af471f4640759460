/**
 * The scene reader behind the rewards and, with another body, behind evaluation: it names what it sees in a 64x64
 * picture (concepts, where and how many, background, time, props, glyphs) and how sound the picture is (aesthetic,
 * consistency). Functions over plain parameter records; no state.
 */
import { tf, linear, RandomStream } from '../tensor';
import type { Params } from '../tensor';
import { conceptPrototypes } from './concept-prototypes';
import { initObjects } from './judge-objects';
import { initTrunk, nameForward, sceneForward } from './judge-trunk';

export interface JudgeConfig {
  /** The body, see judge-trunk. */
  trunk: 'attention' | 'shift';
  hiddenSize: number;
  /** Blocks of the name tower and of the scene tower. */
  nameLayers: number;
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
  /** Classes of the turn head: degrees clockwise. */
  turns: string[];
  /** Concept names, in the order of the concept head's rows. */
  concepts: string[];
  /** Picture-wide choices by head name, e.g. background -> its values. */
  choices: Record<string, string[]>;
  /** Characters of the glyph head; empty when there is none. Index 0 means "no glyph here". */
  glyphs: string[];
}

export const DEFAULT_JUDGE: Omit<
  JudgeConfig,
  'concepts' | 'choices' | 'glyphs' | 'tints' | 'sizes' | 'turns' | 'featureScale'
> = {
  trunk: 'attention',
  hiddenSize: 160,
  nameLayers: 2,
  layers: 3,
  heads: 5,
  mlpRatio: 3,
  imageSize: 64,
  cell: 8,
  window: 16,
  maxCount: 5,
};

/** What one forward pass gives; B pictures, T tokens, C concepts. */
export interface JudgeOutputs {
  /** [B, T, D] of the scene tower, after its norm. */
  tokens: tf.Tensor3D;
  /** [B, T, D] of the name tower, after its norm. */
  names: tf.Tensor3D;
  /** [B, T, C] log-share of each concept in each cell, were there a thing. */
  conceptMap: tf.Tensor3D;
  /** [B, T] logits: whether a cell lies on a thing. */
  things: tf.Tensor2D;
  /** [B, T] logits: how much of an object's middle lies in each cell. */
  centres: tf.Tensor2D;
  /** [B, C] presence logits, from the shares of the cells that lie on things. */
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
  const { hiddenSize: D } = config;
  const matrix = (out: number, inp: number, gain = 1): tf.Tensor =>
    tf.tidy(() => rng.tensorNormal([out, inp]).mul(gain / Math.sqrt(inp)));
  const params: Params = {
    ...initTrunk(config, rng),
    'concept.weight': conceptPrototypes(config.concepts, D),
    'concept.bias': tf.zeros([config.concepts.length]),
    'thing.weight': matrix(1, D, 0.1),
    'thing.bias': tf.zeros([1]),
    'presence.scale': tf.ones([1]),
    'presence.bias': tf.zeros([1]),
    'centre.weight': matrix(1, D, 0.1),
    'centre.bias': tf.fill([1], -4),
    ...initObjects(config, rng),
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
  return params;
}

/**
 * Overlapping windows of pictures, as numbers in [-1, 1]; outside the picture is 0. Every place is seen twice: as it
 * is, and in a window of twice the side at half the resolution, so that one vector can hold a whole thing. Pictures are
 * constants, so plain arrays do (no gradient flows here).
 * @param images B pictures of imageSize^2 * 3 bytes
 * @returns [B, T, 2 * window * window * 3]
 */
export function windowsOf(config: JudgeConfig, images: readonly Uint8Array[]): tf.Tensor3D {
  const tokens = (config.imageSize / config.cell) ** 2;
  const width = 2 * config.window ** 2 * 3;
  return tf.tensor3d(windowPairs(config, images), [images.length, tokens, width]);
}

/** The numbers of `windowsOf`, without a tensor. */
export function windowPairs(config: JudgeConfig, images: readonly Uint8Array[]): Float32Array {
  const { imageSize, cell, window } = config;
  const fine = windowRows({ imageSize, cell, window }, images);
  const half = images.map((image) => halved(image, imageSize));
  const coarse = windowRows({ imageSize: imageSize / 2, cell: cell / 2, window }, half);
  const count = images.length * (imageSize / cell) ** 2;
  const width = window * window * 3;
  const both = new Float32Array(fine.length * 2);
  for (let i = 0; i < count; i++) {
    both.set(fine.subarray(i * width, (i + 1) * width), 2 * i * width);
    both.set(coarse.subarray(i * width, (i + 1) * width), (2 * i + 1) * width);
  }
  return both;
}

/** Every 2x2 pixels averaged to one. */
export function halved(image: Uint8Array, side: number): Uint8Array {
  const half = side / 2;
  const out = new Uint8Array(half * half * 3);
  const row = side * 3;
  for (let y = 0; y < half; y++)
    for (let x = 0; x < half; x++)
      for (let c = 0; c < 3; c++) {
        const at = 2 * y * row + 2 * x * 3 + c;
        out[(y * half + x) * 3 + c] =
          (image[at] + image[at + 3] + image[at + row] + image[at + row + 3] + 2) >> 2;
      }
  return out;
}

/** Windows of one resolution, row by row: [B * windows, side * side * 3]. */
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

/** Log-shares of the concepts in each cell, from the name tower alone. [B, T, C] */
export function conceptShares(params: Params, names: tf.Tensor): tf.Tensor {
  return tf.logSoftmax(linear(names, params['concept.weight'], params['concept.bias']));
}

/** One pass over what `windowsOf` made. Call inside a tidy. */
export function judgeForward(config: JudgeConfig, params: Params, windows: tf.Tensor3D): JudgeOutputs {
  const names = nameForward(config, params, windows); // [B, T, D]
  const conceptMap = conceptShares(params, names) as tf.Tensor3D; // [B, T, C]
  const tokens = sceneForward(config, params, { windows, names }); // [B, T, D]
  const [B, T] = tokens.shape;
  const cellHead = (name: string): tf.Tensor2D =>
    linear(tokens, params[`${name}.weight`], params[`${name}.bias`]).reshape([B, T]) as tf.Tensor2D;
  const things = cellHead('thing');
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
    names,
    conceptMap,
    things,
    centres: cellHead('centre'),
    presence: presenceOf(params, conceptMap, things),
    choices,
    quality: linear(pooled, params['quality.weight'], params['quality.bias']) as tf.Tensor2D,
    glyphs: params['glyph.weight']
      ? (linear(tokens, params['glyph.weight'], params['glyph.bias']) as tf.Tensor3D)
      : undefined,
  };
}

/** A logistic function of log(cells on things that look like the concept), scaled and moved as training finds. */
function presenceOf(params: Params, conceptMap: tf.Tensor3D, things: tf.Tensor2D): tf.Tensor2D {
  const onThings = tf.logSigmoid(things).expandDims(2); // [B, T, 1]
  const cells = tf.logSumExp(conceptMap.add(onThings), 1); // [B, C]
  return cells.mul(params['presence.scale']).add(params['presence.bias']) as tf.Tensor2D;
}
