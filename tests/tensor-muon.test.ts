// Muon: what it makes of a matrix, what it leaves to AdamW, exact resume, what it refuses.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { AdamW, initBackend, Muon, orthonormalised, type Params, RandomStream, tf } from '../lib/tensor';
import { loadAddon } from '../lib/tensor/native/addon';

before(async () => {
  await initBackend((process.env.T2G_BACKEND ?? 'auto') as 'auto');
});

const normal = (name: string, shape: number[]): tf.Tensor => RandomStream.of(3, name).tensorNormal(shape);
const weights = (): Record<string, tf.Variable> => ({
  wide: tf.variable(normal('wide', [6, 16])),
  tall: tf.variable(normal('tall', [16, 6])),
  table: tf.variable(normal('table', [5, 6])),
  bias: tf.variable(normal('bias', [6])),
});
const gradsOf = (params: Record<string, tf.Variable>, step: number): Params =>
  Object.fromEntries(Object.entries(params).map(([name, p]) => [name, normal(`${name}${step}`, p.shape)]));
const values = (params: Params): number[] => Object.values(params).flatMap((p) => [...p.dataSync()]);

test('rows become nearly orthonormal, in the directions that they had', () => {
  const matrices = normal('m', [3, 8, 20]) as tf.Tensor3D;
  const flat = orthonormalised(matrices);
  const gram = tf.matMul(flat, flat, false, true).arraySync() as number[][][];
  for (const one of gram)
    one.forEach((row, i) =>
      row.forEach((x, j) => {
        if (i === j) assert.ok(x > 0.4 && x < 1.5, `diagonal ${x}`);
        else assert.ok(Math.abs(x) < 0.35, `off diagonal ${x}`);
      }),
    );
  // U S V^T and U V^T agree: their inner product is the sum of the singular values, which is positive and large.
  const inner = tf.sum(tf.mul(flat, matrices)).dataSync()[0];
  const norms = Math.sqrt(tf.sum(tf.square(flat)).dataSync()[0] * tf.sum(tf.square(matrices)).dataSync()[0]);
  assert.ok(inner / norms > 0.9, `${inner / norms}`);
});

test('a rank-one gradient and a full one move a matrix equally far in their directions', () => {
  const a = normal('a', [8, 1]);
  const b = normal('b', [1, 12]);
  const weak = tf.matMul(a, b).mul(1e-4) as tf.Tensor2D;
  const flat = orthonormalised(weak.expandDims(0) as tf.Tensor3D);
  const size = Math.sqrt(tf.sum(tf.square(flat)).dataSync()[0]);
  assert.ok(size > 0.6 && size < 1.3, `${size}`);
});

test('what is no matrix, or not chosen, moves as AdamW moves it', () => {
  const ours = weights();
  const theirs = weights();
  const options = { lr: 0.01, weightDecay: 0.1 };
  const muon = new Muon({ ...options, matrices: (name) => name !== 'table' });
  const adamw = new AdamW(options);
  for (let step = 0; step < 3; step++) {
    muon.step(ours, gradsOf(ours, step));
    adamw.step(theirs, gradsOf(theirs, step));
  }
  for (const name of ['table', 'bias']) assert.deepEqual(ours[name].dataSync(), theirs[name].dataSync());
  for (const name of ['wide', 'tall']) {
    const before = normal(name, ours[name].shape).dataSync();
    const moved = [...ours[name].dataSync()].map((x, i) => x - before[i] * (1 - 0.001) ** 3);
    const rms = Math.sqrt(moved.reduce((sum, x) => sum + x * x, 0) / moved.length);
    assert.ok(rms > 0.002 && rms < 0.01, `${name} moved by ${rms} in three steps of about 0.2 * 0.01`);
  }
});

test('a saved state goes on exactly, and nothing leaks', () => {
  const straight = weights();
  const muon = new Muon({ lr: 0.02 });
  for (let step = 0; step < 4; step++) muon.step(straight, gradsOf(straight, step));

  const resumed = weights();
  const first = new Muon({ lr: 0.02 });
  for (let step = 0; step < 2; step++) first.step(resumed, gradsOf(resumed, step));
  const second = new Muon({ lr: 0.02 });
  second.loadState(first.state());
  assert.equal(second.stepCount, 2);
  const grads = [2, 3].map((step) => gradsOf(resumed, step));
  const tensors = tf.memory().numTensors;
  for (const each of grads) second.step(resumed, each);
  assert.equal(tf.memory().numTensors, tensors);
  assert.deepEqual(values(resumed), values(straight));
});

test('refusals name the cause', () => {
  const params = weights();
  assert.throws(() => new Muon({ lr: 0.1, momentum: 1 }), /momentum is 1, want \[0, 1\)/);
  const muon = new Muon({ lr: 0.1 });
  assert.throws(() => muon.step(params, { wide: tf.zeros([6, 15]) }), /wide is \[6, 15\], want \[6, 16\]/);
  assert.throws(() => muon.step(params, { nobody: tf.zeros([6, 15]) }), /nobody but no such parameter/);
});

test('the fused update gives the numbers of the definition', async (t) => {
  if (loadAddon().addon === null) return t.skip('no native addon');
  const shapes = [
    [40, 96],
    [96, 40],
    [33, 33],
    [96, 40],
    [7, 1],
  ];
  const train = async (backend: 'native' | 'cpu'): Promise<number[]> => {
    await initBackend(backend);
    const params = Object.fromEntries(
      shapes.map((shape, i) => [`m${i}`, tf.variable(normal(`m${i}`, shape))]),
    );
    const muon = new Muon({ lr: 0.02 });
    for (let step = 0; step < 3; step++) muon.step(params, gradsOf(params, step));
    return [...values(params), ...values(muon.state().tensors)];
  };
  const [fused, plain] = [await train('native'), await train('cpu')];
  fused.forEach((x, i) => assert.ok(Math.abs(x - plain[i]) < 5e-6, `${i}: ${x} and ${plain[i]}`));
});
