// Losses straight from hidden states: fused twins against definitions (values and gradients, odd sizes, several
// chunks of rows), the definition against a loop, weights that are tied, no leaks, clear errors.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import * as T from '../lib/tensor';
import { definitions as D, initBackend, RandomStream, tf, valueAndGrads } from '../lib/tensor';
import { compare } from './op-compare';

before(async () => {
  await initBackend((process.env.T2G_BACKEND ?? 'auto') as 'auto');
});

const rng = RandomStream.of(3, 'head');
const normal = (shape: number[]): tf.Tensor => rng.tensorNormal(shape);
const idsBelow = (n: number, below: number): tf.Tensor =>
  tf.tensor1d(
    Int32Array.from({ length: n }, () => rng.int(below)),
    'int32',
  );

test('values and gradients agree with the definitions', () => {
  for (const [N, width, V, temperature] of [
    [1, 1, 1, 1],
    [5, 17, 33, 0.7],
    [67, 33, 300, 1],
    [13, 64, 129, 2],
    [500, 8, 4500, 1.3], // more logits than one chunk holds
  ]) {
    if (N * V > 1e6 && tf.getBackend() !== 'native') continue; // only the fused twin has chunks
    tf.tidy(() => {
      const hidden = normal([N, width]);
      const weight = normal([V, width]);
      const targets = idsBelow(N, V);
      const rowWeights = tf.relu(normal([N])); // about half of them 0
      compare(
        `logProbs ${N} x ${width} x ${V}`,
        ([h, w]) => T.tokenLogProbsFromHidden(h, w, targets, temperature),
        ([h, w]) => D.tokenLogProbsFromHidden(h, w, targets, temperature),
        [hidden, weight],
      );
      compare(
        `crossEntropy ${N} x ${width} x ${V}`,
        ([h, w, r]) => T.crossEntropyFromHidden(h, w, targets, r, temperature),
        ([h, w, r]) => D.crossEntropyFromHidden(h, w, targets, r, temperature),
        [hidden, weight, rowWeights],
      );
      const unrecorded = T.crossEntropyFromHidden(hidden, weight, targets, rowWeights, temperature);
      const wanted = D.crossEntropyFromHidden(hidden, weight, targets, rowWeights, temperature);
      const [a, b] = [unrecorded.dataSync()[0], wanted.dataSync()[0]];
      assert.ok(Math.abs(a - b) <= 1e-5 * Math.abs(b) + 1e-5, `${a}, want ${b}`);
      const entropy = T.tokenEntropyFromHidden(hidden, weight, temperature).dataSync();
      D.tokenEntropyFromHidden(hidden, weight, temperature)
        .dataSync()
        .forEach((x: number, n: number) =>
          assert.ok(Math.abs(entropy[n] - x) < 1e-4, `entropy ${entropy[n]}, want ${x}`),
        );
    });
  }
});

test('the definition is the log of a softmax', () => {
  const [N, width, V, temperature] = [3, 4, 5, 0.5];
  const [hidden, weight, targets] = [normal([N, width]), normal([V, width]), idsBelow(N, V)];
  const [h, w, t] = [hidden.dataSync(), weight.dataSync(), targets.dataSync()];
  const found = T.tokenLogProbsFromHidden(hidden, weight, targets, temperature).dataSync();
  const entropies = T.tokenEntropyFromHidden(hidden, weight, temperature).dataSync();
  for (let n = 0; n < N; n++) {
    const logits = Array.from({ length: V }, (_, v) => {
      let dot = 0;
      for (let i = 0; i < width; i++) dot += h[n * width + i] * w[v * width + i];
      return dot / temperature;
    });
    const total = Math.log(logits.reduce((sum, x) => sum + Math.exp(x), 0));
    assert.ok(Math.abs(found[n] - (logits[t[n]] - total)) < 1e-5);
    const entropy = logits.reduce((sum, x) => sum - Math.exp(x - total) * (x - total), 0);
    assert.ok(Math.abs(entropies[n] - entropy) < 1e-5);
  }
});

test('a table that is embedding and head gets both gradients, scaled by what follows', () => {
  const [V, width, N] = [19, 7, 11];
  const table = tf.variable(normal([V, width]));
  const [ids, targets] = [idsBelow(N, V), idsBelow(N, V)];
  const share = tf.fill([N], 1 / N);
  const loss = (ops: typeof T | typeof D) => () =>
    tf.mul(
      ops.crossEntropyFromHidden(tf.tanh(T.embedding(table, ids)), table as tf.Tensor, targets, share),
      -3,
    );
  const found = valueAndGrads(loss(T), { table }).grads.table.dataSync();
  const wanted = valueAndGrads(loss(D), { table }).grads.table.dataSync();
  found.forEach((x, i) => assert.ok(Math.abs(x - wanted[i]) < 1e-5, `${x}, want ${wanted[i]}`));
  assert.ok(wanted.some((x) => Math.abs(x) > 1e-2));
});

test('nothing is kept, empty rows are fine, NaN goes through', () => {
  const [hidden, weight, targets] = [normal([9, 5]), normal([7, 5]), idsBelow(9, 7)];
  const rowWeights = tf.ones([9]);
  const params = { weight: tf.variable(weight) };
  const step = (): void => {
    for (const f of [
      () => T.crossEntropyFromHidden(hidden, params.weight as tf.Tensor, targets, rowWeights),
      () => tf.sum(T.tokenLogProbsFromHidden(hidden, params.weight as tf.Tensor, targets)),
    ]) {
      const { value, grads } = valueAndGrads(f, params);
      tf.dispose([value, grads]);
    }
    T.tokenEntropyFromHidden(hidden, weight).dispose();
    T.crossEntropyFromHidden(hidden, weight, targets, rowWeights).dispose();
    T.tokenLogProbsFromHidden(hidden, weight, targets).dispose();
  };
  step();
  const before = tf.memory();
  for (let i = 0; i < 3; i++) step();
  const after = tf.memory();
  assert.equal(after.numTensors, before.numTensors);
  assert.equal(after.numBytes, before.numBytes);

  const none = tf.zeros([0, 5]);
  assert.deepEqual(T.tokenLogProbsFromHidden(none, weight, tf.zeros([0], 'int32')).shape, [0]);
  const zero = T.crossEntropyFromHidden(none, weight, tf.zeros([0], 'int32'), tf.zeros([0]));
  assert.equal(zero.dataSync()[0] + 0, 0);
  assert.deepEqual(T.tokenEntropyFromHidden(none, weight).shape, [0]);

  const bad = tf.fill([9, 5], NaN);
  assert.ok(Number.isNaN(T.tokenLogProbsFromHidden(bad, weight, targets).dataSync()[0]));
});

test('errors name the op, the argument and the shapes', () => {
  const [hidden, weight, targets] = [normal([4, 5]), normal([7, 5]), idsBelow(4, 7)];
  assert.throws(
    () => T.tokenLogProbsFromHidden(hidden, normal([7, 6]), targets),
    /tokenLogProbsFromHidden: weight \(hidden is \[4, 5\]\) is float32 \[7, 6\]/,
  );
  assert.throws(
    () => T.crossEntropyFromHidden(hidden, weight, targets, tf.ones([3])),
    /crossEntropyFromHidden: rowWeights .* is float32 \[3\], want float32 \[4\]/,
  );
  assert.throws(
    () => T.tokenLogProbsFromHidden(hidden, weight, tf.ones([4])),
    /targets .* is float32 \[4\], want int32/,
  );
  assert.throws(() => T.tokenEntropyFromHidden(hidden, weight, 0), /temperature is 0/);
  if (tf.getBackend() === 'native') {
    const outside = tf.tensor1d([0, 1, 7, 2], 'int32');
    assert.throws(
      () => T.tokenLogProbsFromHidden(hidden, weight, outside),
      /id 7 at position 2, want 0 to 6/,
    );
  }
});
