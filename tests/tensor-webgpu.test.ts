// What is particular to backend 'webgpu': synchronous reads, loud errors, memory that comes back, repeatable
// embedding gradients; then the suites of the ops, the optimiser and both models, run again on it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as path from 'node:path';
import { before, describe, test } from 'node:test';
import { Qwen2 } from '../lib/encoder';
import {
  AdamW,
  clipGradNorm,
  initBackend,
  RandomStream,
  tf,
  tokenLogProbs,
  valueAndGrads,
} from '../lib/tensor';
import type { BackendName } from '../lib/tensor';
import { webgpuMissing } from './webgpu-missing';

const ROOT = path.resolve(__dirname, '..');
const SUITES = ['tensor-ops', 'tensor-optim', 'encoder-qwen2', 'diffusion-transformer'];
const skip = webgpuMissing();

const normal = (shape: number[], seed = 1): tf.Tensor => RandomStream.of(seed, 'webgpu').tensorNormal(shape);

/** Losses of a few AdamW steps of a small language model on one batch. */
async function losses(backend: BackendName, steps: number): Promise<number[]> {
  await initBackend(backend);
  const [B, T, V] = [2, 7, 33];
  const sizes = { hiddenSize: 24, intermediateSize: 40, numHiddenLayers: 2, numAttentionHeads: 2 };
  const model = Qwen2.init({ ...sizes, vocabSize: V, numKeyValueHeads: 1, maxPositionEmbeddings: 16 }, 0);
  const rng = RandomStream.of(2, 'ids');
  const ids = (shape: number[]): tf.Tensor =>
    tf.tensor(
      Int32Array.from({ length: B * T }, () => rng.int(V)),
      shape,
      'int32',
    );
  const [inputIds, targets] = [ids([B, T]), ids([B * T]) as tf.Tensor1D];
  const params = model.parameters();
  const optimiser = new AdamW({ lr: 1e-2 });
  return Array.from({ length: steps }, () => {
    const { value, grads } = valueAndGrads(() => {
      const { logits } = model.forward({ inputIds });
      return tokenLogProbs(logits.reshape([B * T, V]), targets)
        .mean()
        .neg()
        .asScalar();
    }, params);
    clipGradNorm(grads, 1);
    optimiser.step(params, grads);
    const loss = value.dataSync()[0];
    tf.dispose([value, grads]);
    return loss;
  });
}

/** Runs TypeScript in a process of its own (a failed device stays failed). */
function inProcess(code: string): string {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--require', 'ts-node/register/transpile-only', '--eval', code],
    { cwd: ROOT, encoding: 'utf8', timeout: 180_000 },
  );
  return stdout + stderr;
}

test('without a driver the error says what to look at', () => {
  const said = inProcess(`
    process.env.VK_ICD_FILENAMES = process.env.VK_DRIVER_FILES = '/nowhere.json';
    require('./lib/tensor').initBackend('webgpu').catch((error) => console.log(error.message));`);
  if (process.platform === 'linux') assert.match(said, /no GPU adapter.*VK_ICD_FILENAMES|npm install/);
});

describe('backend webgpu', { skip }, () => {
  before(async () => {
    await initBackend('webgpu');
  });

  test('synchronous and asynchronous reads agree, also when mixed and large', async () => {
    const x = normal([1000, 1001]);
    const later = Array.from({ length: 5 }, (_, i) => tf.mul(x, i).data());
    const now = tf.tidy(() => tf.mul(x, 3).dataSync() as Float32Array);
    assert.deepEqual((await Promise.all(later))[3], now);
    const source = RandomStream.of(1, 'webgpu').normals(1001000);
    assert.ok(now.every((v, i) => v === Math.fround(3 * source[i])));
    const ticked = new Promise<string>((resolve) => setImmediate((word: string) => resolve(word), 'on'));
    assert.equal(tf.sum(tf.ones([70000])).dataSync()[0], 70000);
    assert.equal(await ticked, 'on'); // other users of setImmediate still get their call and its arguments
  });

  test('a sum of many tensors, more than a shader may bind', () => {
    for (const count of [2, 7, 8, 13, 14, 40]) {
      const total = tf.tidy(() =>
        tf.addN(Array.from({ length: count }, (_, i) => tf.fill([33], i + 1))).dataSync(),
      );
      assert.ok(
        total.every((v) => v === (count * (count + 1)) / 2),
        `${count} terms gave ${total[0]}`,
      );
    }
  });

  test('sine and cosine to fp32 precision', () => {
    const angles = Float32Array.from({ length: 20001 }, (_, i) => (i - 10000) * 0.4);
    const x = tf.tensor1d(angles);
    for (const [f, exact] of [
      [tf.sin, Math.sin],
      [tf.cos, Math.cos],
    ] as const) {
      const found = f(x).dataSync();
      const error = angles.reduce((worst, v, i) => Math.max(worst, Math.abs(found[i] - exact(v))), 0);
      assert.ok(error < 3e-7, `off by ${error}`);
    }
    assert.ok(
      tf
        .sin(tf.tensor1d([NaN, Infinity]))
        .dataSync()
        .every(Number.isNaN),
    );
  });

  test('segment sums repeat bit for bit, drop ids out of range and equal a loop', () => {
    for (const [N, inner, segments] of [
      [1, 1, 1],
      [17, 5, 3],
      [3000, 33, 7],
      [64, 3, 1000],
    ]) {
      const rng = RandomStream.of(N, 'ids');
      const ids = Int32Array.from({ length: N }, () => rng.int(segments + 2) - 1);
      const x = normal([N, inner], N);
      const run = (): Float32Array =>
        tf.tidy(() => tf.unsortedSegmentSum(x, tf.tensor1d(ids), segments).dataSync() as Float32Array);
      const wanted = new Float32Array(segments * inner);
      const values = x.dataSync();
      ids.forEach((id, i) => {
        if (id < 0 || id >= segments) return;
        for (let k = 0; k < inner; k++) wanted[id * inner + k] += values[i * inner + k];
      });
      const found = run();
      found.forEach((v, i) => assert.ok(Math.abs(v - wanted[i]) < 1e-4, `[${i}] is ${v}, want ${wanted[i]}`));
      for (let again = 0; again < 3; again++) assert.deepEqual(run(), found);
    }
    assert.deepEqual(tf.unsortedSegmentSum(tf.zeros([0, 3]), tf.tensor1d([], 'int32'), 2).shape, [2, 3]);
  });

  test('freed buffers of many sizes go back to the driver', () => {
    const bytes = (): number =>
      (tf.memory() as unknown as { numBytesAllocatedInGPU: number }).numBytesAllocatedInGPU;
    const before = bytes();
    const size = 1 << 24;
    let most = 0;
    for (let i = 0; i < 24; i++) {
      tf.tidy(() =>
        tf
          .fill([size + 64 * i], 1)
          .slice([0], [1])
          .dataSync(),
      );
      most = Math.max(most, bytes() - before);
    }
    assert.ok(most < 1.3 * 2 ** 30, `grew by ${most} bytes`); // 24 x 64 MiB were asked for
  });

  test('a mistake on the GPU is an exception at the next read, not a wrong number', () => {
    const said = inProcess(`
      const { initBackend, tf } = require('./lib/tensor');
      initBackend('webgpu').then(() => {
        const x = tf.ones([5000]);
        tf.add(x, 1).dataSync();
        tf.backend().device.createBuffer({ size: 16, usage: 0xffff }); // no such usage
        try { console.log('READ ' + tf.add(x, 1).dataSync()[0]); } catch (error) { console.log('THREW ' + error.message); }
      });`);
    assert.match(said, /THREW backend "webgpu": /);
    assert.doesNotMatch(said, /READ/);
  });

  test('training falls along the same losses as on another backend', async () => {
    const wanted = await losses('wasm', 6);
    const found = await losses('webgpu', 6);
    assert.ok(found[5] < found[0] - 0.5, `losses ${found.join(', ')}`);
    found.forEach((loss, i) =>
      assert.ok(Math.abs(loss - wanted[i]) < 1e-3, `step ${i}: ${loss}, want ${wanted[i]}`),
    );
  });
});

describe('the other suites on backend webgpu', { skip }, () => {
  for (const suite of SUITES) {
    test(suite, () => {
      const { status, stdout } = spawnSync(
        process.execPath,
        [
          ...['--require', 'ts-node/register/transpile-only', '--test', '--test-reporter=spec'],
          path.join('tests', `${suite}.test.ts`),
        ],
        // node:test passes NODE_TEST_CONTEXT on, which would make the child report in another format
        {
          cwd: ROOT,
          encoding: 'utf8',
          timeout: 900_000,
          env: { ...process.env, T2G_BACKEND: 'webgpu', NODE_TEST_CONTEXT: undefined },
        },
      );
      assert.match(stdout, /pass [1-9]/);
      assert.equal(status, 0, stdout.slice(-4000));
    });
  }
});
