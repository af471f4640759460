/**
 * The two towers of a scene reader: pixels in, vectors for each 8x8 cell out. The name tower tells what things are, and
 * is taught that alone and first; the scene tower tells everything else, and looks at the name tower's vectors without
 * changing them. Towers come in two kinds: `attention` is a small vision transformer over cosine features of windows
 * (the reward judge); `shift` looks at the pixels themselves and has no attention (the examiner of evaluation). In both,
 * channels move to the neighbours before every feed-forward layer, and every block adds nothing at first.
 */
import { tf, attention, gelu, geluMlp, linear, rmsNorm, RandomStream } from '../tensor';
import type { Params } from '../tensor';
import type { JudgeConfig } from './judge-model';
import { windowBasis } from './window-features';

type Tower = 'name' | 'scene';

const layersOf = (config: JudgeConfig, tower: Tower): number =>
  tower === 'name' ? config.nameLayers : config.layers;

/** Fresh parameters of both towers. */
export function initTrunk(config: JudgeConfig, rng: RandomStream): Params {
  const { hiddenSize: D } = config;
  return {
    ...initTower(config, 'name', rng),
    ...initTower(config, 'scene', rng),
    'scene.names.weight': tf.tidy(() => rng.tensorNormal([D, D]).mul(0.3 / Math.sqrt(D))),
  };
}

function initTower(config: JudgeConfig, tower: Tower, rng: RandomStream): Params {
  const { hiddenSize: D, trunk, mlpRatio } = config;
  const matrix = (out: number, inp: number): tf.Tensor =>
    tf.tidy(() => rng.tensorNormal([out, inp]).mul(1 / Math.sqrt(inp)));
  const F = mlpRatio * D;
  const inner = tower === 'name' ? 2 * D : D;
  const params: Params = {
    [`${tower}.stem.0.weight`]: matrix(inner, inputSize(config)),
    [`${tower}.stem.0.bias`]: tf.zeros([inner]),
    [`${tower}.stem.1.weight`]: matrix(D, inner),
    [`${tower}.stem.1.bias`]: tf.zeros([D]),
    [`${tower}.norm.weight`]: tf.ones([D]),
  };
  for (let i = 0; i < layersOf(config, tower); i++) {
    const name = `${tower}.blocks.${i}`;
    if (trunk === 'attention') {
      params[`${name}.norm1.weight`] = tf.ones([D]);
      params[`${name}.qkv.weight`] = matrix(3 * D, D);
      params[`${name}.out.weight`] = tf.zeros([D, D]);
    }
    params[`${name}.norm2.weight`] = tf.ones([D]);
    params[`${name}.up.weight`] = matrix(F, D);
    params[`${name}.up.bias`] = tf.zeros([F]);
    params[`${name}.down.weight`] = tf.zeros([D, F]);
    params[`${name}.down.bias`] = tf.zeros([D]);
  }
  // Names do not depend on where a thing stands; other questions do (writing, places).
  if (tower === 'scene') params['scene.position'] = tf.zeros([(config.imageSize / config.cell) ** 2, D]);
  return params;
}

/** Numbers of one window that a stem sees: of both resolutions, as cosine features or as pixels. */
function inputSize({ trunk, window }: JudgeConfig): number {
  return 2 * (trunk === 'attention' ? windowBasis(window).features : window * window * 3);
}

/** Windows as the stems see them. [..., 2 * window * window * 3] -> [..., inputs] */
export function seenOf(config: JudgeConfig, windows: tf.Tensor): tf.Tensor {
  return config.trunk === 'attention' ? windowFeatures(config, windows) : windows;
}

/**
 * What each window shows by itself, before it knows of its neighbours. Two layers: telling a sprite from its background
 * is not linear in the pixels. [..., inputs] -> [..., D]
 */
export function stemForward(params: Params, tower: Tower, seen: tf.Tensor): tf.Tensor {
  const p = (name: string): tf.Tensor => params[`${tower}.stem.${name}`];
  return linear(gelu(linear(seen, p('0.weight'), p('0.bias'))), p('1.weight'), p('1.bias'));
}

/** Vectors of the name tower, after its norm. `windows` is what `windowsOf` made. [B, T, D] */
export function nameForward(config: JudgeConfig, params: Params, windows: tf.Tensor3D): tf.Tensor3D {
  const x = stemForward(params, 'name', seenOf(config, windows));
  return blocks(config, params, { tower: 'name', x });
}

/** Vectors of the scene tower, after its norm. [B, T, D] */
export function sceneForward(
  config: JudgeConfig,
  params: Params,
  { windows, names }: { windows: tf.Tensor3D; names: tf.Tensor3D },
): tf.Tensor3D {
  const x = stemForward(params, 'scene', seenOf(config, windows))
    .add(linear(names, params['scene.names.weight']))
    .add(params['scene.position']);
  return blocks(config, params, { tower: 'scene', x });
}

function blocks(
  config: JudgeConfig,
  params: Params,
  { tower, x: input }: { tower: Tower; x: tf.Tensor },
): tf.Tensor3D {
  const { hiddenSize: D, heads, trunk } = config;
  const [B, T] = input.shape as [number, number];
  const [side, dh] = [Math.sqrt(T), D / heads];
  let x = input;
  for (let i = 0; i < layersOf(config, tower); i++) {
    const p = (name: string): tf.Tensor => params[`${tower}.blocks.${i}.${name}`];
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
  return rmsNorm(x, params[`${tower}.norm.weight`], 1e-6) as tf.Tensor3D; // [B, T, D]
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
