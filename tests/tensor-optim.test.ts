// The optimiser against PyTorch's numbers, its exact resume, gradient clipping, averages, valueAndGrads.
import assert from 'node:assert/strict';
import * as path from 'node:path';
import { before, test } from 'node:test';
import { loadSafetensors } from '../lib/checkpoint';
import { AdamW, clipGradNorm, copyOf, Ema, initBackend, tf, valueAndGrads } from '../lib/tensor';

before(async () => {
  await initBackend((process.env.T2G_BACKEND ?? 'auto') as 'auto');
});

const fixture = (): Record<string, tf.Tensor> =>
  loadSafetensors(path.join(__dirname, 'fixtures', 'adamw', 'expected.safetensors'));
const options = { lr: 3e-3, betas: [0.9, 0.95] as [number, number], weightDecay: 0.1 };
const gap = (a: tf.Tensor, b: tf.Tensor): number => tf.tidy(() => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]);

test('five clipped AdamW steps give the numbers of PyTorch', () => {
  const { initial, grads, grad_norms: norms, final } = fixture();
  const w = tf.variable(initial);
  const optimiser = new AdamW(options);
  for (let step = 0; step < 5; step++) {
    const record = { w: grads.slice([step, 0, 0], [1, 7, 5]).reshape([7, 5]) as tf.Tensor };
    const norm = clipGradNorm(record, 1);
    const wanted = norms.dataSync()[step];
    assert.ok(Math.abs(norm - wanted) < 1e-5 * wanted, `norm ${norm}, want ${wanted}`);
    optimiser.step({ w }, record);
  }
  assert.ok(gap(w as tf.Tensor, final) < 1e-6);
});

test('a restored optimiser continues bit for bit', () => {
  const { initial, grads } = fixture();
  const gradAt = (step: number): { w: tf.Tensor } => ({
    w: grads.slice([step, 0, 0], [1, 7, 5]).reshape([7, 5]),
  });
  const w = tf.variable(copyOf(initial));
  const optimiser = new AdamW(options);
  optimiser.step({ w }, gradAt(0));
  optimiser.step({ w }, gradAt(1));
  const snapshot = copyOf(w as tf.Tensor);
  const state = optimiser.state();
  optimiser.step({ w }, gradAt(2));

  const resumed = tf.variable(snapshot);
  const other = new AdamW(options);
  other.loadState(state);
  assert.equal(other.stepCount, 2);
  other.step({ w: resumed }, gradAt(2));
  assert.deepEqual(resumed.dataSync(), w.dataSync());
  assert.throws(
    () => other.loadState({ step: 1, tensors: { 'exp_avg.w': snapshot } }),
    /exp_avg\.w but not its square/,
  );
});

test('weight decay can leave parameters out; a parameter without a gradient stays', () => {
  const a = tf.variable(tf.ones([3]));
  const b = tf.variable(tf.ones([3]));
  const c = tf.variable(tf.ones([3]));
  const optimiser = new AdamW({ lr: 0.5, weightDecay: 0.5, decays: (name) => name !== 'b' });
  optimiser.step({ a, b, c }, { a: tf.zeros([3]), b: tf.zeros([3]) });
  assert.deepEqual([...a.dataSync(), ...b.dataSync(), ...c.dataSync()], [0.75, 0.75, 0.75, 1, 1, 1, 1, 1, 1]);
  assert.throws(() => optimiser.step({ a }, { z: tf.zeros([3]) }), /gradient for z/);
  assert.throws(
    () => optimiser.step({ a }, { a: tf.zeros([4]) }),
    /gradient of a is float32 \[4\], want float32 \[3\]/,
  );
  assert.throws(() => new AdamW({ lr: -1 }), /lr is -1/);
});

test('many parameters of odd sizes: one step of Adam without decay moves each by lr', () => {
  const params: Record<string, tf.Variable> = {};
  const grads: Record<string, tf.Tensor> = {};
  for (let i = 0; i < 97; i++) {
    const size = [1, 3, 17, 33, 65, 9001][i % 6];
    params[`p${i}`] = tf.variable(tf.fill([size], i));
    grads[`p${i}`] = tf.fill([size], i % 2 ? 3 : -3);
  }
  new AdamW({ lr: 0.25, weightDecay: 0 }).step(params, grads);
  for (let i = 0; i < 97; i++) {
    const wanted = i + (i % 2 ? -0.25 : 0.25);
    assert.ok(
      params[`p${i}`].dataSync().every((x) => Math.abs(x - wanted) < 1e-4),
      `p${i}`,
    );
  }
});

test('clipGradNorm: scales only what is too long, once when two names share a tensor, and no clone', () => {
  const short = { a: tf.tensor1d([0.3, 0.4]) as tf.Tensor };
  const kept = short.a;
  assert.ok(Math.abs(clipGradNorm(short, 1) - 0.5) < 1e-6);
  assert.equal(short.a, kept);

  const shared = tf.tensor1d([3, 0]) as tf.Tensor;
  const long = { a: shared, b: shared, c: tf.tensor1d([0, Math.sqrt(7)]) as tf.Tensor };
  const clone = long.c.clone();
  const before = tf.memory().numTensors;
  assert.ok(Math.abs(clipGradNorm(long, 1) - 5) < 1e-5);
  assert.ok(Math.abs(long.a.dataSync()[0] - 0.6) < 1e-5 && Math.abs(long.b.dataSync()[0] - 0.6) < 1e-5);
  assert.ok(Math.abs(long.c.dataSync()[1] - Math.sqrt(7) / 5) < 1e-5);
  assert.ok(Math.abs(clone.dataSync()[1] - Math.sqrt(7)) < 1e-6);
  const held = new Set(Object.values(long)).size - 2; // backends without fused updates give two names two tensors
  assert.equal(tf.memory().numTensors, before + held);
  assert.ok(Number.isNaN(clipGradNorm({ a: tf.tensor1d([NaN, 1]) }, 1)));
  assert.equal(clipGradNorm({}, 1), 0);
  assert.throws(() => clipGradNorm({}, 0), /max is 0/);
});

test('a step changes no clone of a parameter, nor the tensor it was made from', () => {
  const initial = tf.tensor1d([1, 2, 3]);
  const w = tf.variable(initial);
  const optimiser = new AdamW({ lr: 0.1 });
  const grads = { w: tf.ones([3]) as tf.Tensor };
  optimiser.step({ w }, grads);
  assert.deepEqual([...initial.dataSync()], [1, 2, 3]);
  const [clone, before] = [w.clone(), w.dataSync().slice()];
  optimiser.step({ w }, grads);
  assert.deepEqual(clone.dataSync(), before);
  assert.notDeepEqual(w.dataSync(), before);
});

test('Ema follows the closed form and never shares memory with the weights', () => {
  const w = tf.variable(tf.tensor1d([1, 2]));
  const ema = new Ema(0.75);
  ema.update({ w });
  w.assign(tf.tensor1d([5, 2]));
  ema.update({ w });
  assert.deepEqual([...ema.weights().w.dataSync()], [2, 2]);
  const other = new Ema(0.75);
  other.loadState(ema.state());
  other.update({ w });
  assert.deepEqual([...other.weights().w.dataSync()], [2.75, 2]);
  assert.deepEqual([...ema.weights().w.dataSync()], [2, 2]);
});

test('valueAndGrads gives the gradients of tfjs, through shared and branching inputs', () => {
  const a = tf.variable(tf.tensor2d([1, -2, 3, 0.5], [2, 2]));
  const b = tf.variable(tf.tensor2d([0.3, 2, -1, 4], [2, 2]));
  const f = (): tf.Scalar => {
    const c = tf.add(a, a); // one gradient, twice
    const d = tf.add(tf.add(c, b), tf.clone(c)); // gradients that are handed on
    const [left, right] = tf.split(tf.matMul(d as tf.Tensor2D, b as tf.Tensor2D), 2, 1);
    const joined = tf.concat([right, left, tf.mul(left, right)], 1);
    return tf.sum(tf.mul(tf.tanh(joined), tf.addN([c, b, c]).slice([0, 0], [2, 1]))) as tf.Scalar;
  };
  const { value, grads } = valueAndGrads(f, { a, b });
  const wanted = tf.variableGrads(f, [a, b]);
  assert.equal(value.dataSync()[0], wanted.value.dataSync()[0]);
  assert.ok(gap(grads.a, wanted.grads[a.name]) < 1e-6);
  assert.ok(gap(grads.b, wanted.grads[b.name]) < 1e-6);

  const { grads: second } = valueAndGrads(
    () => tf.sum(tf.grad((x) => tf.sum(tf.pow(x, 3)))(a as tf.Tensor)),
    { a },
  );
  assert.ok(gap(second.a, tf.mul(a, 6)) < 1e-5); // a gradient of a gradient
});

test('valueAndGrads: zeros for unused parameters, a clear error, no leaks over training steps', () => {
  const used = tf.variable(tf.tensor1d([1, 2, 3]));
  const unused = tf.variable(tf.zeros([2]));
  const { value, grads } = valueAndGrads(() => tf.sum(tf.square(used)), { used, unused });
  assert.equal(value.dataSync()[0], 14);
  assert.deepEqual([...grads.used.dataSync()], [2, 4, 6]);
  assert.deepEqual([...grads.unused.dataSync()], [0, 0]);

  const optimiser = new AdamW({ lr: 0.1 });
  const step = (): void => {
    const result = valueAndGrads(() => tf.sum(tf.square(used)), { used, unused });
    clipGradNorm(result.grads, 1);
    optimiser.step({ used, unused }, result.grads);
    tf.dispose(result);
  };
  step();
  const before = tf.memory().numTensors;
  const beforeIds = tf.engine().backend.numDataIds();
  for (let i = 0; i < 5; i++) step();
  assert.equal(tf.memory().numTensors, before);
  assert.equal(tf.engine().backend.numDataIds(), beforeIds);

  assert.throws(() => valueAndGrads(() => tf.square(used), { used }), /gave \[3\], want a scalar/);
  step(); // a failed call leaves nothing behind that disturbs the next
  assert.equal(tf.memory().numTensors, before);
});
