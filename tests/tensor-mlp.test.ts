// Feed-forward layers as one op: fused twins against definitions (values and gradients, odd sizes), gradients of a
// part of the weights, bias sums in the weight's product, no leaks, clear errors.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import * as T from '../lib/tensor';
import { definitions as D, initBackend, RandomStream, tf, valueAndGrads } from '../lib/tensor';
import { compare, outputAndGrads } from './op-compare';

before(async () => {
  await initBackend((process.env.T2G_BACKEND ?? 'auto') as 'auto');
});

const rng = RandomStream.of(5, 'mlp');
const normal = (shape: number[]): tf.Tensor => rng.tensorNormal(shape);
/** Inputs scaled so that a layer's outputs stay near 1. */
const weight = (rows: number, columns: number): tf.Tensor =>
  tf.mul(normal([rows, columns]), 1 / Math.sqrt(columns));

const SIZES: [number[], number, number, number][] = [
  [[1], 1, 1, 1],
  [[3], 5, 7, 2],
  [[2, 7], 17, 33, 19],
  [[131], 33, 70, 31],
  [[4, 96], 48, 300, 64], // several passes through K in the second product
];

test('swigluMlp is its definition', () => {
  for (const [leading, width, inner, out] of SIZES) {
    tf.tidy(() =>
      compare(
        `swigluMlp ${leading.join()} x ${width} x ${inner} x ${out}`,
        ([x, gate, up, down]) => T.swigluMlp(x, { gate, up, down }),
        ([x, gate, up, down]) => D.swigluMlp(x, { gate, up, down }),
        [normal([...leading, width]), weight(inner, width), weight(inner, width), weight(out, inner)],
      ),
    );
  }
});

test('geluMlp is its definition', () => {
  for (const [leading, width, inner, out] of SIZES) {
    tf.tidy(() =>
      compare(
        `geluMlp ${leading.join()} x ${width} x ${inner} x ${out}`,
        ([x, up, upBias, down, downBias]) => T.geluMlp(x, { up, upBias, down, downBias }),
        ([x, up, upBias, down, downBias]) => D.geluMlp(x, { up, upBias, down, downBias }),
        [
          normal([...leading, width]),
          weight(inner, width),
          normal([inner]),
          weight(out, inner),
          normal([out]),
        ],
      ),
    );
  }
});

test('linear with a bias: its gradient comes with the weight and alone', () => {
  for (const [rows, I, O] of [
    [1, 3, 5],
    [130, 33, 17],
    [600, 20, 300],
  ]) {
    tf.tidy(() => {
      const [x, w, b] = [normal([rows, I]), weight(O, I), normal([O])];
      const both = outputAndGrads(([x1, w1, b1]) => T.linear(x1, w1, b1), [x, w, b]);
      const wanted = outputAndGrads(([x1, w1, b1]) => D.linear(x1, w1, b1), [x, w, b]);
      const [, alone] = outputAndGrads(([b1]) => T.linear(x, w, b1), [b]);
      const [, without] = outputAndGrads(([w1]) => T.linear(x, w1, b), [w]);
      const near = (found: Float32Array, want: Float32Array): void => {
        const top = want.reduce((m, y) => Math.max(m, Math.abs(y)), 1e-6);
        found.forEach((y, i) => assert.ok(Math.abs(y - want[i]) < 2e-5 * top, `${y}, want ${want[i]}`));
      };
      both.forEach((found, i) => near(found, wanted[i]));
      near(alone, wanted[3]);
      near(without, wanted[2]);
    });
  }
});

test('a part of the gradients equals that part of all', () => {
  tf.tidy(() => {
    const named: Record<string, tf.Tensor> = {
      x: normal([9, 6]),
      gate: weight(11, 6),
      up: weight(11, 6),
      down: weight(5, 11),
      upBias: normal([11]),
      downBias: normal([5]),
    };
    const losses: [string[], (p: Record<string, tf.Tensor>) => tf.Tensor][] = [
      [['x', 'gate', 'up', 'down'], ({ x, gate, up, down }) => T.swigluMlp(x, { gate, up, down })],
      [
        ['x', 'up', 'upBias', 'down', 'downBias'],
        ({ x, up, upBias, down, downBias }) => T.geluMlp(x, { up, upBias, down, downBias }),
      ],
    ];
    for (const [names, run] of losses) {
      const gradsOf = (leaves: string[]): Record<string, tf.Tensor> => {
        const params = Object.fromEntries(leaves.map((name) => [name, tf.variable(named[name])]));
        return valueAndGrads(() => tf.sum(tf.square(run({ ...named, ...(params as object) }))), params).grads;
      };
      const all = gradsOf(names);
      for (const name of names)
        assert.deepEqual(gradsOf([name])[name].dataSync(), all[name].dataSync(), name);
    }
  });
});

test('nothing is kept, empty inputs are fine, NaN goes through', () => {
  const params = {
    up: tf.variable(weight(7, 5)),
    upBias: tf.variable(normal([7])),
    down: tf.variable(weight(3, 7)),
    downBias: tf.variable(normal([3])),
    gate: tf.variable(weight(7, 5)),
  };
  const x = normal([4, 5]);
  const { up, upBias, down, downBias, gate } = params as unknown as Record<string, tf.Tensor>;
  const step = (): void => {
    for (const f of [
      () => tf.sum(T.geluMlp(x, { up, upBias, down, downBias })),
      () => tf.sum(T.swigluMlp(x, { gate, up, down })),
    ]) {
      const { value, grads } = valueAndGrads(f, params);
      tf.dispose([value, grads]);
    }
    T.geluMlp(x, { up, upBias, down, downBias }).dispose();
    T.swigluMlp(x, { gate, up, down }).dispose();
  };
  step();
  const before = tf.memory();
  for (let i = 0; i < 3; i++) step();
  assert.equal(tf.memory().numTensors, before.numTensors);
  assert.equal(tf.memory().numBytes, before.numBytes);

  assert.deepEqual(T.swigluMlp(tf.zeros([2, 0, 5]), { gate, up, down }).shape, [2, 0, 3]);
  assert.deepEqual(T.geluMlp(tf.zeros([0, 5]), { up, upBias, down, downBias }).shape, [0, 3]);
  assert.ok(Number.isNaN(T.swigluMlp(tf.fill([1, 5], NaN), { gate, up, down }).dataSync()[0]));
  assert.ok(Number.isNaN(T.geluMlp(tf.fill([1, 5], NaN), { up, upBias, down, downBias }).dataSync()[0]));
});

test('errors name the op, the argument and the shapes', () => {
  const [x, gate, down] = [normal([2, 5]), weight(7, 5), weight(3, 7)];
  assert.throws(() => T.swigluMlp(x, { gate: weight(7, 4), up: gate, down }), /swigluMlp: gate .*\[7, 4\]/);
  assert.throws(() => T.swigluMlp(x, { gate, up: weight(6, 5), down }), /swigluMlp: up is float32 \[6, 5\]/);
  assert.throws(
    () => T.geluMlp(x, { up: gate, upBias: tf.ones([6]), down, downBias: tf.ones([3]) }),
    /geluMlp: upBias \(up is \[7, 5\]\) is float32 \[6\], want float32 \[7\]/,
  );
});
