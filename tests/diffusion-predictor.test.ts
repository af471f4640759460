// Sampling runs against the plain forward pass, at sizes that leave tails everywhere; memory; packed weights. On a
// backend that cannot pack painters both sides are the same code.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import * as d from '../lib/diffusion';
import { bf16Available, initBackend, nativeAddon, RandomStream, setMatmulPrecision, tf } from '../lib/tensor';
import { nativeBackend } from '../lib/tensor/native/backend';

before(async () => {
  await initBackend((process.env.T2G_BACKEND ?? 'auto') as 'auto');
});

const rng = RandomStream.of(4, 'predictor test');

function painter(
  change: Partial<d.QwenImageConfig>,
  prediction_type: d.PredictionType = 'sample',
): d.Denoiser {
  const config: d.QwenImageConfig = {
    patch_size: 3,
    in_channels: 27,
    out_channels: 3,
    num_layers: 2,
    attention_head_dim: 12,
    num_attention_heads: 3,
    joint_attention_dim: 20,
    axes_dims_rope: [4, 4, 4],
    ...change,
  };
  const params = d.QwenImageTransformer.init(config, 3).parameters();
  for (const variable of Object.values(params)) {
    tf.tidy(() => void variable.assign(tf.add(variable, tf.mul(rng.tensorNormal(variable.shape), 0.1))));
  }
  return { config, params, flow: { prediction_type, shift: 1 } };
}

/** Texts of `S` tokens; `masks` as strings of 1 and 0, a row each. */
const texts = (masks: string[]): d.Conditioning => ({
  embeds: rng.tensorNormal([masks.length, masks[0].length, 20]),
  mask: tf.tensor2d(masks.map((row) => Array.from(row, Number))),
});

function worst(found: tf.Tensor, wanted: tf.Tensor): number {
  assert.deepEqual(found.shape, wanted.shape);
  const [a, b] = [found.dataSync(), wanted.dataSync()];
  let error = 0;
  let top = 1e-6;
  for (let i = 0; i < b.length; i++) {
    assert.ok(Number.isFinite(a[i]) && Number.isFinite(b[i]), `number ${i} is ${a[i]}, want ${b[i]}`);
    error = Math.max(error, Math.abs(a[i] - b[i]));
    top = Math.max(top, Math.abs(b[i]));
  }
  return error / top;
}

interface Case {
  denoiser: d.Denoiser;
  grid: d.ImageGrid;
  conditioning: d.Conditioning;
  negative?: d.Conditioning;
  guidance?: number;
}

const SIGMAS = [1, 0.7, 0.25];

/** Every step of a run against `predict`. */
function compare(label: string, given: Case, tolerance: number): void {
  const { denoiser, grid, conditioning } = given;
  const [rows, tokens] = [conditioning.embeds.shape[0], grid[0] * grid[1] * grid[2]];
  const channels = d.latentChannels(denoiser.config);
  const predictor = d.openPredictor({ ...given, sigmas: SIGMAS, latents: { rows, tokens, channels } });
  tf.tidy(() => {
    const latents = rng.tensorNormal([rows, tokens, channels]);
    SIGMAS.forEach((sigma, step) => {
      const [found, wanted] = [
        predictor.at(step, latents),
        d.predict(denoiser, { ...given, latents, sigma }),
      ];
      for (const part of ['x0', 'velocity'] as const) {
        const error = worst(found[part], wanted[part]);
        assert.ok(error <= tolerance, `${label}, step ${step}: ${part} differs by ${error}`);
      }
    });
  });
  predictor.dispose();
}

test('a run gives the numbers of the plain forward pass', () => {
  const tensors = tf.memory().numTensors;
  tf.tidy(() => {
    const grid: d.ImageGrid = [1, 3, 3];
    const denoiser = painter({});
    compare('plain', { denoiser, grid, conditioning: texts(['11111', '11100']) }, 1e-5);
    compare('one sample', { denoiser, grid, conditioning: texts(['1']) }, 1e-5);
    compare(
      'holes and an empty text',
      { denoiser, grid, conditioning: texts(['0110', '0000', '1111']) },
      1e-5,
    );
    const negative = texts(['10']);
    compare(
      'guidance',
      { denoiser, grid, conditioning: texts(['11101', '11100', '10000']), negative, guidance: 3 },
      1e-5,
    );
    compare(
      'a negative each',
      { denoiser, grid, conditioning: texts(['11', '10']), negative: texts(['111', '100']), guidance: -1 },
      1e-5,
    );
    const velocity = painter(
      { num_layers: 1, attention_head_dim: 34, num_attention_heads: 1, axes_dims_rope: [10, 12, 12] },
      'velocity',
    );
    compare('one layer', { denoiser: velocity, grid, conditioning: texts(['1101']) }, 1e-5);
    const placed = painter({ in_channels: 27 + d.POSITION_CHANNELS, num_layers: 3 });
    compare(
      'waves',
      { denoiser: placed, grid: [1, 2, 5], conditioning: texts(['111', '011']), negative, guidance: 2 },
      1e-5,
    );
    compare(
      'more than a block',
      { denoiser: placed, grid: [1, 10, 11], conditioning: texts(['1'.repeat(101)]) },
      1e-5,
    );
    for (const { params } of [denoiser, velocity, placed]) tf.dispose(params);
  });
  assert.equal(tf.memory().numTensors, tensors);
});

test('in bf16 it is as near as bf16 products are', (t) => {
  if (!bf16Available()) return t.skip('no bf16 here');
  const denoiser = painter({});
  setMatmulPrecision('bf16');
  try {
    compare('bf16', { denoiser, grid: [1, 4, 3], conditioning: texts(['11111', '11100']) }, 0.05);
  } finally {
    setMatmulPrecision('fp32');
  }
});

test('packed weights serve several runs, and stay as they were', async () => {
  const denoiser = painter({});
  const packed = d.packPainter(denoiser);
  const options = {
    denoiser,
    conditioning: texts(['111', '110']),
    images: d.imageSeeds(1, 2),
    steps: 3,
    grid: [1, 3, 3] as d.ImageGrid,
  };
  const [own, shared, again] = [
    await d.sample(options),
    await d.sample({ ...options, packed }),
    await d.sample({ ...options, packed }),
  ];
  assert.deepEqual(shared.dataSync(), own.dataSync());
  assert.deepEqual(again.dataSync(), own.dataSync());
  if (packed) {
    const bias = denoiser.params['proj_out.bias'] as tf.Variable;
    tf.tidy(() => bias.assign(tf.add(bias, 1)));
    assert.deepEqual((await d.sample({ ...options, packed })).dataSync(), own.dataSync());
    packed.dispose();
  }
});

test('a run asks the system for no memory after the first, and leaves nothing behind', async (t) => {
  if (!nativeAddon()) return t.skip('only the native backend counts');
  const denoiser = painter({});
  const options = {
    denoiser,
    conditioning: texts(['111', '110']),
    negative: texts(['1']),
    guidance: 2,
    images: d.imageSeeds(1, 2),
    steps: 4,
    grid: [1, 3, 3] as d.ImageGrid,
  };
  const run = async () => (await d.sample(options)).dispose();
  await run();
  const { pool } = nativeBackend();
  const held = [pool.misses, pool.usedBytes, tf.memory().numTensors];
  for (let i = 0; i < 3; i++) await run();
  assert.deepEqual([pool.misses, pool.usedBytes, tf.memory().numTensors], held);
});

test('what does not fit is refused by name', () => {
  const denoiser = painter({});
  const given = {
    denoiser,
    sigmas: SIGMAS,
    conditioning: texts(['11', '11']),
    grid: [1, 3, 3] as d.ImageGrid,
  };
  const latents = { rows: 2, tokens: 9, channels: 27 };
  assert.throws(
    () => d.openPredictor({ ...given, latents, guidance: 2 }),
    /guidance is 2 without a negative/,
  );
  if (!nativeAddon()) return; // the forward pass checks the rest, at the first step
  const { pool } = nativeBackend();
  const held = pool.usedBytes;
  assert.throws(
    () => d.openPredictor({ ...given, latents: { ...latents, rows: 3 } }),
    /embeds is \[2, 2, 20\], want 3 rows/,
  );
  assert.equal(pool.usedBytes, held);
  const predictor = d.openPredictor({ ...given, latents });
  assert.throws(() => predictor.at(0, tf.zeros([2, 8, 27])), /latents are \[2, 8, 27\], want \[2, 9, 27\]/);
  assert.throws(() => predictor.at(3, tf.zeros([2, 9, 27])), /ditStep: argument 2 holds 0 values/);
  predictor.dispose();
});
