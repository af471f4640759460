/**
 * The two bodies a scene reader can have: pixels in, one vector for each 8x8 cell out. `attention` is a small vision
 * transformer over overlapping windows (the reward judge); `shift` has neither attention nor cosine features: finer
 * windows, whose channels are moved to their neighbours before every feed-forward layer (the examiner of evaluation).
 */
import { tf, attention, gelu, geluMlp, linear, rmsNorm, RandomStream } from '../tensor';
import type { Params } from '../tensor';
import type { JudgeConfig } from './judge-model';
import { windowBasis } from './window-features';

/** Side of a window and stride of the windows that a body looks at; outside the picture is 0. */
export function windowsSeen(config: Pick<JudgeConfig, 'trunk' | 'cell' | 'window'>): {
  cell: number;
  window: number;
} {
  return config.trunk === 'shift'
    ? { cell: config.cell / 2, window: config.cell }
    : { cell: config.cell, window: config.window };
}

type Matrix = (out: number, inp: number, gain?: number) => tf.Tensor;

const matrixFrom =
  (rng: RandomStream): Matrix =>
  (out, inp, gain = 1) =>
    tf.tidy(() => rng.tensorNormal([out, inp]).mul(gain / Math.sqrt(inp)));

/** Fresh parameters of a body. */
export function initTrunk(config: JudgeConfig, rng: RandomStream): Params {
  const matrix = matrixFrom(rng);
  const params = config.trunk === 'shift' ? initShift(config, matrix) : initAttention(config, matrix);
  const cells = (config.imageSize / config.cell) ** 2;
  params.position = tf.tidy(() => rng.tensorNormal([cells, config.hiddenSize]).mul(0.02));
  params['norm.weight'] = tf.ones([config.hiddenSize]);
  return params;
}

/** Vectors of the cells, after the last norm. `windows` is what `windowsOf` made. [B, T, D] */
export function trunkForward(config: JudgeConfig, params: Params, windows: tf.Tensor3D): tf.Tensor3D {
  const x =
    config.trunk === 'shift'
      ? shiftForward(config, params, windows)
      : attentionForward(config, params, windows);
  return rmsNorm(x, params['norm.weight'], 1e-6) as tf.Tensor3D; // [B, T, D]
}

function initAttention(config: JudgeConfig, matrix: Matrix): Params {
  const { hiddenSize: D, window, layers } = config;
  const params: Params = {
    'stem.0.weight': matrix(2 * D, windowBasis(window).features),
    'stem.0.bias': tf.zeros([2 * D]),
    'stem.1.weight': matrix(D, 2 * D),
    'stem.1.bias': tf.zeros([D]),
  };
  for (let i = 0; i < layers; i++) {
    params[`blocks.${i}.norm1.weight`] = tf.ones([D]);
    params[`blocks.${i}.qkv.weight`] = matrix(3 * D, D);
    params[`blocks.${i}.out.weight`] = matrix(D, D, 1 / Math.sqrt(2 * layers));
    Object.assign(params, initMlp(`blocks.${i}`, { D, config, matrix, norm: 'norm2', depth: 2 * layers }));
  }
  return params;
}

/** A norm and a feed-forward layer. */
function initMlp(
  name: string,
  {
    D,
    config,
    matrix,
    norm,
    depth,
  }: { D: number; config: JudgeConfig; matrix: Matrix; norm: string; depth: number },
): Params {
  const F = config.mlpRatio * D;
  return {
    [`${name}.${norm}.weight`]: tf.ones([D]),
    [`${name}.up.weight`]: matrix(F, D),
    [`${name}.up.bias`]: tf.zeros([F]),
    [`${name}.down.weight`]: matrix(D, F, 1 / Math.sqrt(depth)),
    [`${name}.down.bias`]: tf.zeros([D]),
  };
}

function mlp(params: Params, name: string, x: tf.Tensor): tf.Tensor {
  const p = (part: string): tf.Tensor => params[`${name}.${part}`];
  return geluMlp(x, {
    up: p('up.weight'),
    upBias: p('up.bias'),
    down: p('down.weight'),
    downBias: p('down.bias'),
  });
}

function attentionForward(config: JudgeConfig, params: Params, windows: tf.Tensor3D): tf.Tensor {
  const { hiddenSize: D, heads, layers } = config;
  const [B, T] = windows.shape;
  const dh = D / heads;
  // Two layers before any attention: telling a sprite from its background is not linear in the pixels.
  const features = windowFeatures(config, windows); // [B, T, F]
  const inner = gelu(linear(features, params['stem.0.weight'], params['stem.0.bias'])); // [B, T, 2D]
  let x: tf.Tensor = linear(inner, params['stem.1.weight'], params['stem.1.bias']).add(params.position); // [B, T, D]
  for (let i = 0; i < layers; i++) {
    const p = (name: string): tf.Tensor => params[`blocks.${i}.${name}`];
    const qkv = linear(rmsNorm(x, p('norm1.weight'), 1e-6), p('qkv.weight')); // [B, T, 3D]
    const [q, k, v] = tf.split(qkv, 3, -1).map((part) => part.reshape([B, T, heads, dh])); // [B, T, H, dh]
    const mixed = attention({ q, k, v }).reshape([B, T, D]);
    x = x.add(linear(mixed, p('out.weight')));
    x = x.add(mlp(params, `blocks.${i}`, rmsNorm(x, p('norm2.weight'), 1e-6)));
  }
  return x;
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

/** Blocks on the fine grid (stride half a cell) before four of its vectors become one. */
const FINE_BLOCKS = 2;

const fineWidth = (config: JudgeConfig): number => config.hiddenSize / 2;

function initShift(config: JudgeConfig, matrix: Matrix): Params {
  const { hiddenSize: D, layers } = config;
  const { window } = windowsSeen(config);
  const fine = fineWidth(config);
  const depth = FINE_BLOCKS + layers;
  const params: Params = {
    'stem.0.weight': matrix(D, window * window * 3),
    'stem.0.bias': tf.zeros([D]),
    'stem.1.weight': matrix(fine, D),
    'stem.1.bias': tf.zeros([fine]),
    'merge.weight': matrix(D, 4 * fine),
    'merge.bias': tf.zeros([D]),
  };
  for (let i = 0; i < FINE_BLOCKS; i++)
    Object.assign(params, initMlp(`fine.${i}`, { D: fine, config, matrix, norm: 'norm', depth }));
  for (let i = 0; i < layers; i++)
    Object.assign(params, initMlp(`blocks.${i}`, { D, config, matrix, norm: 'norm', depth }));
  return params;
}

function shiftForward(config: JudgeConfig, params: Params, windows: tf.Tensor3D): tf.Tensor {
  const [B, N] = windows.shape;
  const S = Math.sqrt(N); // side of the fine grid
  const [half, fine] = [S / 2, fineWidth(config)];
  const block = (name: string, x: tf.Tensor, side: number): tf.Tensor => {
    const width = x.shape[2] as number;
    const moved = shifted(rmsNorm(x, params[`${name}.norm.weight`], 1e-6).reshape([B, side, side, width]));
    return x.add(mlp(params, name, moved.reshape([B, side * side, width])));
  };
  const inner = gelu(linear(windows, params['stem.0.weight'], params['stem.0.bias'])); // [B, N, D]
  let x: tf.Tensor = linear(inner, params['stem.1.weight'], params['stem.1.bias']); // [B, N, D/2]
  for (let i = 0; i < FINE_BLOCKS; i++) x = block(`fine.${i}`, x, S);
  const four = x
    .reshape([B, half, 2, half, 2 * fine])
    .transpose([0, 1, 3, 2, 4])
    .reshape([B, half * half, 4 * fine]);
  x = linear(four, params['merge.weight'], params['merge.bias']).add(params.position); // [B, T, D]
  for (let i = 0; i < config.layers; i++) x = block(`blocks.${i}`, x, half);
  return x;
}

const NEIGHBOURS = [-1, 0, 1]
  .flatMap((dy) => [-1, 0, 1].map((dx): [number, number] => [dy, dx]))
  .filter(([dy, dx]) => dy !== 0 || dx !== 0);

/** Eight groups of channels moved by one cell, one to each neighbour (zeros come in); a third stays. [B, S, S, D] */
function shifted(x: tf.Tensor): tf.Tensor {
  return tf.tidy(() => {
    const [B, S, , D] = x.shape as [number, number, number, number];
    const group = Math.floor(D / 12);
    const parts = tf.split(x, [...NEIGHBOURS.map(() => group), D - 8 * group], -1);
    const moved = NEIGHBOURS.map(([dy, dx], i) =>
      parts[i]
        .slice([0, Math.max(0, dy), Math.max(0, dx), 0], [B, S - Math.abs(dy), S - Math.abs(dx), group])
        .pad([
          [0, 0],
          [Math.max(0, -dy), Math.max(0, dy)],
          [Math.max(0, -dx), Math.max(0, dx)],
          [0, 0],
        ]),
    );
    return tf.concat([...moved, parts[8]], -1);
  });
}
