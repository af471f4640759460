/** The pretraining loop: learns, logs by noise level, and resumes to the same bits. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { before, test } from 'node:test';
import { RunFolder } from '../lib/checkpoint';
import * as d from '../lib/diffusion';
import { initBackend, RandomStream, tf } from '../lib/tensor';

let root = '';
before(async () => {
  await initBackend();
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'dit-train-'));
});

const MODEL: d.QwenImageConfig = {
  patch_size: 4,
  in_channels: 48,
  out_channels: 3,
  num_layers: 1,
  attention_head_dim: 16,
  num_attention_heads: 2,
  joint_attention_dim: 8,
  axes_dims_rope: [4, 6, 6],
};
const CONFIG: d.DitTrainConfig = {
  ...d.DIT_TRAIN_DEFAULTS,
  steps: 8,
  batchSize: 4,
  warmup: 2,
  logEvery: 1,
  saveEvery: 4,
  sampleEvery: 8,
  sampleSteps: 2,
};

/** Plain squares, named by their colour. */
function picture(stream: RandomStream): d.Picture {
  const level = stream.int(3);
  return {
    caption: ['dark', 'grey', 'light'][level],
    pixels: new Uint8Array(8 * 8 * 3).fill(20 + 100 * level),
  };
}

function encode(captions: string[]): d.Conditioning {
  const rows = captions.map((c) => Array.from(RandomStream.of(0, c).normals(16)));
  return { embeds: tf.tensor3d(rows.flat(), [captions.length, 2, 8]), mask: tf.ones([captions.length, 2]) };
}

interface Stop {
  signal: number;
}

async function train(name: string, config: d.DitTrainConfig, stop?: Stop) {
  const model = d.QwenImageTransformer.init(MODEL, 1);
  const run = RunFolder.open(name, config, { root, warn: () => undefined });
  let seen = 0;
  const drawn: Uint8Array[] = [];
  const work = d.trainDit({
    run,
    config,
    model: MODEL,
    params: model.parameters(),
    picture: (stream) => {
      if (stop && ++seen > stop.signal) throw new Error('killed');
      return picture(stream);
    },
    encode,
    sampleCaptions: ['dark', 'light'],
    onSamples: (_, pixels) => void drawn.push(...pixels),
    grid: [1, 2, 2],
  });
  const { ema, log } = await work;
  const weights = (p: Record<string, tf.Variable>) =>
    Object.entries(p).map(([n, v]) => [n, Array.from(v.dataSync())] as const);
  return {
    log,
    drawn,
    weights: Object.fromEntries([
      ...weights(model.parameters()),
      ...weights(ema).map(([n, v]) => [`ema/${n}`, v] as const),
    ]),
  };
}

test('a killed run resumes to the same numbers', async () => {
  const whole = await train('whole', CONFIG);
  await assert.rejects(train('parts', CONFIG, { signal: 4 * 6 + 1 }), /killed/);
  const parts = await train('parts', CONFIG);
  assert.deepEqual(parts.weights, whole.weights);
  const losses = (log: Record<string, unknown>[]) => log.map(({ loss }) => loss);
  assert.deepEqual(losses(parts.log), losses(whole.log));
  assert.equal(whole.log.length, 8);
  assert.equal(whole.drawn.length, 2);
  assert.equal(whole.drawn[0].length, 8 * 8 * 3);
  assert.ok(Object.keys(whole.log[0]).some((key) => key.startsWith('loss_sigma_')));
});

test('eval_loss: the same pictures and noise every time, apart from training, and lower once trained', async () => {
  const base = {
    config: CONFIG,
    model: MODEL,
    flow: { prediction_type: 'sample' as const, shift: 1 },
    picture,
    encode,
  };
  const fresh = d.QwenImageTransformer.init(MODEL, 1).parameters();
  const before = d.heldOutFlowLoss({ ...base, params: fresh, pictures: 8, batch: 4 });
  assert.equal(d.heldOutFlowLoss({ ...base, params: fresh, pictures: 8, batch: 4 }), before);
  const { log } = await train('evaluated', { ...CONFIG, steps: 40, evalEvery: 20 });
  const measured = log.filter((record) => record.eval_loss !== undefined);
  assert.deepEqual(
    measured.map(({ step }) => step),
    [20, 40],
  );
  assert.ok((measured[1].eval_loss as number) < before);
  const plain = await train('unevaluated', { ...CONFIG, steps: 40 });
  assert.deepEqual(
    plain.log.map(({ loss }) => loss),
    log.map(({ loss }) => loss),
  );
});

test('the learning rate warms up, stays and falls', () => {
  const config = { ...CONFIG, steps: 100, warmup: 10, decay: 0.2, lr: 1 };
  const at = (i: number) => d.learningRate(i, config);
  assert.ok(Math.abs(at(0) - 0.1) < 1e-9 && at(9) === 1 && at(79) === 1 && Math.abs(at(90) - 0.5) < 1e-9);
  assert.deepEqual(
    [0, 100, 1000].map((i) => d.emaDecay(i, 0.999)),
    [0.9, 0.99, 0.999],
  );
  assert.deepEqual(d.lossBySigma([1, 3, 5], [0.1, 0.2, 0.9]), {
    'loss_sigma_0-0.25': 2,
    'loss_sigma_0.75-1': 5,
  });
});

test('training frees what it makes', async () => {
  const model = d.QwenImageTransformer.init(MODEL, 1);
  const counts: number[] = [];
  const run = RunFolder.open('leaks', CONFIG, { root, warn: () => undefined });
  await d.trainDit({
    run,
    config: { ...CONFIG, saveEvery: 100 },
    model: MODEL,
    params: model.parameters(),
    picture,
    encode: (captions) => {
      counts.push(tf.memory().numTensors);
      return encode(captions);
    },
  });
  assert.equal(counts[7], counts[2]);
});
