/**
 * The two bodies a scene reader can have: pixels in, one vector for each 8x8 cell out. `attention` is a small vision
 * transformer over cosine features of overlapping windows (the reward judge); `shift` looks at the pixels themselves
 * and has no attention (the examiner of evaluation). In both, channels move to the neighbours before every feed-forward
 * layer, and every block adds nothing at first: the stem alone can then be taught names before the rest (see
 * judge-stem).
 */
import { tf, attention, gelu, geluMlp, linear, rmsNorm, RandomStream } from '../tensor';
import type { Params } from '../tensor';
import type { JudgeConfig } from './judge-model';
import { windowBasis } from './window-features';

/** Fresh parameters of a body. */
export function initTrunk(config: JudgeConfig, rng: RandomStream): Params {
  const { hiddenSize: D, layers, trunk, mlpRatio } = config;
  const matrix = (out: number, inp: number): tf.Tensor =>
    tf.tidy(() => rng.tensorNormal([out, inp]).mul(1 / Math.sqrt(inp)));
  const F = mlpRatio * D;
  const params: Params = {
    'stem.0.weight': matrix(2 * D, inputSize(config)),
    'stem.0.bias': tf.zeros([2 * D]),
    'stem.1.weight': matrix(D, 2 * D),
    'stem.1.bias': tf.zeros([D]),
    position: tf.zeros([(config.imageSize / config.cell) ** 2, D]),
    'norm.weight': tf.ones([D]),
  };
  for (let i = 0; i < layers; i++) {
    if (trunk === 'attention') {
      params[`blocks.${i}.norm1.weight`] = tf.ones([D]);
      params[`blocks.${i}.qkv.weight`] = matrix(3 * D, D);
      params[`blocks.${i}.out.weight`] = tf.zeros([D, D]);
    }
    params[`blocks.${i}.norm2.weight`] = tf.ones([D]);
    params[`blocks.${i}.up.weight`] = matrix(F, D);
    params[`blocks.${i}.up.bias`] = tf.zeros([F]);
    params[`blocks.${i}.down.weight`] = tf.zeros([D, F]);
    params[`blocks.${i}.down.bias`] = tf.zeros([D]);
  }
  return params;
}

/** Numbers of one window that the stem sees: of both resolutions, as cosine features or as pixels. */
function inputSize({ trunk, window }: JudgeConfig): number {
  return 2 * (trunk === 'attention' ? windowBasis(window).features : window * window * 3);
}

/**
 * What each window shows by itself, before it knows of its neighbours. Two layers: telling a sprite from its background
 * is not linear in the pixels.
 * @param windows [..., 2 * side * side * 3], see `windowsOf`
 * @returns [..., D]
 */
export function stemForward(config: JudgeConfig, params: Params, windows: tf.Tensor): tf.Tensor {
  const seen = config.trunk === 'attention' ? windowFeatures(config, windows) : windows;
  const inner = gelu(linear(seen, params['stem.0.weight'], params['stem.0.bias'])); // [..., 2D]
  return linear(inner, params['stem.1.weight'], params['stem.1.bias']); // [..., D]
}

/** Vectors of the cells, after the last norm. `windows` is what `windowsOf` made. [B, T, D] */
export function trunkForward(config: JudgeConfig, params: Params, windows: tf.Tensor3D): tf.Tensor3D {
  const { hiddenSize: D, heads, layers, trunk } = config;
  const [B, T] = windows.shape;
  const [side, dh] = [Math.sqrt(T), D / heads];
  let x: tf.Tensor = stemForward(config, params, windows).add(params.position); // [B, T, D]
  for (let i = 0; i < layers; i++) {
    const p = (name: string): tf.Tensor => params[`blocks.${i}.${name}`];
    if (trunk === 'attention') {
      const qkv = linear(rmsNorm(x, p('norm1.weight'), 1e-6), p('qkv.weight')); // [B, T, 3D]
      const [q, k, v] = tf.split(qkv, 3, -1).map((part) => part.reshape([B, T, heads, dh])); // [B, T, H, dh]
      x = x.add(linear(attention({ q, k, v }).reshape([B, T, D]), p('out.weight')));
    }
    const moved = shifted(rmsNorm(x, p('norm2.weight'), 1e-6).reshape([B, side, side, D]));
    const mixed = geluMlp(moved.reshape([B, T, D]), {
      up: p('up.weight'),
      upBias: p('up.bias'),
      down: p('down.weight'),
      downBias: p('down.bias'),
    });
    x = x.add(mixed);
  }
  return rmsNorm(x, params['norm.weight'], 1e-6) as tf.Tensor3D; // [B, T, D]
}

/** Windows of both resolutions in the fixed basis, with the spread of the coefficients evened out. [..., 2F] */
function windowFeatures(config: JudgeConfig, windows: tf.Tensor): tf.Tensor {
  const { matrix, features } = windowBasis(config.window);
  if (config.featureScale.length !== 2 * features)
    throw new Error(`judge: featureScale has ${config.featureScale.length} numbers, want ${2 * features}`);
  return tf.tidy(() => {
    const width = windows.shape[windows.rank - 1] / 2;
    const coefficients = tf.matMul(windows.reshape([-1, width]), tf.tensor2d(matrix, [width, features]));
    const shape = [...windows.shape.slice(0, -1), 2 * features];
    return coefficients.reshape(shape).mul(tf.tensor1d(config.featureScale));
  });
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
