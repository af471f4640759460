// Every kernel that a backend replaces, against tfjs' JavaScript backend or a closed form, on odd sizes; gradients
// against finite differences; leaks; wrong arguments. Runs on each backend that this machine has.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import {
  type BackendName,
  copyOf,
  initBackend,
  nativeAddon,
  setMatmulPrecision,
  tf,
} from '../lib/tensor/backend';
import { callNative, loadAddon } from '../lib/tensor/native/addon';
import { tensorflowBinding } from '../lib/tensor/tensorflow';
import { webgpuMissing } from './webgpu-missing';

const backends: BackendName[] = loadAddon().addon === null ? ['wasm'] : ['native', 'wasm'];
if (tensorflowBinding() !== null) backends.push('tensorflow'); // after `npm run setup:tensorflow`
const noWebgpu = webgpuMissing();
if (!noWebgpu) backends.push('webgpu');
const ODD = [1, 3, 17, 33, 100];

/** Repeatable values in [low, high). */
function numbers(size: number, low = -2, high = 2, seed = 1): Float32Array {
  let state = (seed * 2654435761 + size) >>> 0;
  return Float32Array.from({ length: size }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return low + ((high - low) * state) / 2 ** 32;
  });
}

const random = (shape: number[], low?: number, high?: number, seed?: number): tf.Tensor =>
  tf.tensor(numbers(tf.util.sizeFromShape(shape), low, high, seed), shape);

function close(actual: ArrayLike<number>, wanted: ArrayLike<number>, what: string, tolerance = 2e-5): void {
  assert.equal(actual.length, wanted.length, `${what}: length`);
  for (let i = 0; i < wanted.length; i++) {
    const [x, y] = [actual[i], wanted[i]];
    if (Object.is(x, y) || x === y || (Number.isNaN(x) && Number.isNaN(y))) continue;
    const error = Math.abs(x - y);
    if (!(error <= tolerance * (1 + Math.abs(y)))) assert.fail(`${what}: [${i}] is ${x}, want ${y}`);
  }
}

type Result = tf.Tensor | tf.Tensor[];

/** Runs `f` on the backend under test and on tfjs' cpu backend, and compares values, shapes and dtypes. */
async function sameAsCpu(
  backend: BackendName,
  what: string,
  f: () => Result,
  tolerance?: number,
): Promise<void> {
  const run = (): { shape: number[]; dtype: string; values: ArrayLike<number> }[] =>
    tf.tidy(() => {
      const result = f();
      const list = Array.isArray(result) ? result : [result];
      return list.map((x) => ({ shape: x.shape, dtype: x.dtype, values: x.dataSync() })) as never;
    });
  const actual = run();
  await tf.setBackend('cpu');
  const wanted = run();
  await tf.setBackend(backend);
  assert.equal(actual.length, wanted.length);
  actual.forEach((x, i) => {
    assert.deepEqual(x.shape, wanted[i].shape, `${what}: shape`);
    assert.equal(x.dtype, wanted[i].dtype, `${what}: dtype`);
    close(x.values, wanted[i].values, what, tolerance);
  });
}

for (const backend of backends) {
  describe(`backend ${backend}`, () => {
    before(async () => {
      await initBackend('cpu'); // the one to compare with
      assert.equal((await initBackend(backend)).name, backend);
    });

    test('unary kernels', async () => {
      const table: [string, (x: tf.Tensor) => tf.Tensor, number, number][] = [
        ['neg', tf.neg, -2, 2],
        ['square', tf.square, -2, 2],
        ['sqrt', tf.sqrt, 0, 4],
        ['rsqrt', tf.rsqrt, 0.1, 4],
        ['reciprocal', tf.reciprocal, 0.1, 4],
        ['exp', tf.exp, -20, 20],
        ['log', tf.log, 1e-3, 1e3],
        ['tanh', tf.tanh, -5, 5],
        ['sigmoid', tf.sigmoid, -20, 20],
        ['erf', tf.erf, -4, 4],
        ['sin', tf.sin, -1000, 1000],
        ['cos', tf.cos, -1000, 1000],
        ['relu', tf.relu, -2, 2],
        ['abs', tf.abs, -2, 2],
        ['floor', tf.floor, -20, 20],
        ['clip', (x) => tf.clipByValue(x, -0.5, 0.7), -2, 2],
        ['zerosLike', tf.zerosLike, -2, 2],
        ['onesLike', tf.onesLike, -2, 2],
      ];
      for (const [name, f, low, high] of table) {
        for (const size of [...ODD, 70001])
          await sameAsCpu(backend, `${name} of ${size}`, () => f(random([size], low, high)));
      }
    });

    test('limits of exp, log, tanh, sigmoid, max and min', () => {
      const special = tf.tensor1d([NaN, Infinity, -Infinity, 0, 1, -1, 100, -200]);
      close(tf.exp(special).dataSync(), [NaN, Infinity, 0, 1, Math.E, 1 / Math.E, Infinity, 0], 'exp');
      close(tf.log(special).dataSync(), [NaN, Infinity, NaN, -Infinity, 0, NaN, Math.log(100), NaN], 'log');
      close(tf.tanh(special).dataSync(), [NaN, 1, -1, 0, Math.tanh(1), -Math.tanh(1), 1, -1], 'tanh');
      close(tf.sigmoid(special).dataSync().slice(1, 4), [1, 0, 0.5], 'sigmoid');
      assert.ok(Number.isNaN(tf.sum(special).dataSync()[0]), 'a NaN shows in a sum');
      assert.ok(Number.isNaN(tf.mean(tf.mul(special, 0)).dataSync()[0]), 'infinity times 0 is NaN');
      assert.ok(Number.isNaN(tf.clipByValue(special, -1, 1).dataSync()[0]), 'clip keeps NaN');
      assert.equal(tf.div(tf.tensor1d([1]), tf.tensor1d([0])).dataSync()[0], Infinity);
    });

    test('sums and products of nothing', () => {
      tf.mul(tf.ones([64]), 7).dispose(); // leaves memory that is not 0 behind
      for (const shape of [[0], [0, 3], [2, 0, 3]]) {
        const [sum, product] = [tf.sum, tf.prod].map((f) => f(tf.zeros(shape), shape.indexOf(0)).dataSync());
        assert.ok(
          sum.every((x) => x === 0),
          `sum over [${shape.join()}] is ${sum.join()}`,
        );
        assert.ok(
          product.every((x) => x === 1),
          `product over [${shape.join()}] is ${product.join()}`,
        );
        assert.equal(
          sum.length,
          shape.filter((n) => n > 0).reduce((a, b) => a * b, 1),
        );
      }
    });

    test('binary kernels and broadcasting', async () => {
      const shapes: [number[], number[]][] = [
        ...ODD.map((n): [number[], number[]] => [[n], [n]]),
        [[3, 17], []],
        [[], [33]],
        [[5, 33], [33]],
        [
          [5, 33],
          [5, 1],
        ],
        [
          [1, 33],
          [5, 1],
        ],
        [
          [2, 3, 17],
          [2, 1, 17],
        ],
        [
          [2, 3, 17],
          [3, 1],
        ],
        [
          [2, 1, 3, 1, 5],
          [4, 1, 7, 1],
        ],
        [
          [300, 100],
          [300, 100],
        ],
        [[300, 100], [100]],
        [[0, 3], [3]],
      ];
      const table: [string, (a: tf.Tensor, b: tf.Tensor) => tf.Tensor][] = [
        ['add', tf.add],
        ['sub', tf.sub],
        ['mul', tf.mul],
        ['div', tf.div],
        ['maximum', tf.maximum],
        ['minimum', tf.minimum],
        ['squaredDifference', tf.squaredDifference],
        ['pow', (a, b) => tf.pow(tf.abs(a), b)],
        ['less', tf.less],
        ['lessEqual', tf.lessEqual],
        ['greater', tf.greater],
        ['greaterEqual', tf.greaterEqual],
        ['equal', (a, b) => tf.equal(tf.round(a), tf.round(b))],
        ['notEqual', (a, b) => tf.notEqual(tf.round(a), tf.round(b))],
      ];
      for (const [name, f] of table) {
        for (const [a, b] of shapes) {
          const make = (): tf.Tensor => f(random(a), random(b, 0.5, 3, 2));
          await sameAsCpu(backend, `${name} [${a}] [${b}]`, make);
        }
      }
    });

    test('reductions over any axes', async () => {
      const table: [string, (x: tf.Tensor, axes: number[] | undefined, keep: boolean) => tf.Tensor][] = [
        ['sum', tf.sum],
        ['mean', tf.mean],
        ['max', tf.max],
        ['min', tf.min],
        ['prod', tf.prod],
      ];
      for (const [name, f] of table) {
        for (const shape of [[17], [3, 33], [100, 3], [3, 1, 17], [2, 3, 5, 7], [130, 70], [2, 9000]]) {
          const axes =
            shape.length > 3 ? [[0, 2], [1, 3], [0, 1, 3], [1]] : [[0], [shape.length - 1], undefined];
          for (const axis of axes) {
            const range = name === 'prod' ? [0.9, 1.1] : [-1, 1];
            const make = (): tf.Tensor => f(random(shape, range[0], range[1]), axis, axis?.[0] === 0);
            await sameAsCpu(
              backend,
              `${name} of [${shape}] over ${String(axis)}`,
              make,
              name === 'prod' ? 1e-3 : 1e-4,
            );
          }
        }
      }
    });

    test('softmax and log-softmax', async () => {
      for (const n of ODD) {
        await sameAsCpu(backend, `softmax ${n}`, () => tf.softmax(random([5, n], -30, 30)));
        await sameAsCpu(backend, `logSoftmax ${n}`, () => tf.logSoftmax(random([5, n], -30, 30)));
      }
    });

    test('matrix products: transposes, batches, broadcasting, odd sizes', async () => {
      const naive = (
        a: Float32Array,
        b: Float32Array,
        M: number,
        N: number,
        K: number,
        tA: boolean,
        tB: boolean,
      ): Float32Array => {
        const out = new Float32Array(M * N);
        for (let i = 0; i < M; i++)
          for (let j = 0; j < N; j++) {
            let sum = 0;
            for (let k = 0; k < K; k++)
              sum += (tA ? a[k * M + i] : a[i * K + k]) * (tB ? b[j * K + k] : b[k * N + j]);
            out[i * N + j] = sum;
          }
        return out;
      };
      const sizes = [...ODD, 5];
      for (const [n, M] of sizes.entries()) {
        for (const N of sizes) {
          const K = sizes[(n + N) % sizes.length];
          for (const [tA, tB] of [
            [false, false],
            [false, true],
            [true, false],
            [true, true],
          ]) {
            const a = numbers(M * K);
            const b = numbers(K * N, -2, 2, 3);
            const result = tf.tidy(() =>
              tf
                .matMul(tf.tensor2d(a, tA ? [K, M] : [M, K]), tf.tensor2d(b, tB ? [N, K] : [K, N]), tA, tB)
                .dataSync(),
            );
            close(result, naive(a, b, M, N, K, tA, tB), `${M}x${N}x${K} ${tA} ${tB}`, 1e-4);
          }
        }
      }
      const batches: [number[], number[], boolean, boolean][] = [
        [[4, 17, 3], [4, 3, 33], false, false],
        [[4, 17, 3], [4, 33, 3], false, true],
        [[2, 3, 17, 5], [2, 3, 17, 9], true, false],
        [[4, 17, 3], [1, 3, 33], false, false],
        [[1, 17, 3], [4, 3, 33], false, false],
        [[40, 100, 64], [40, 100, 64], false, true],
      ];
      for (const [a, b, tA, tB] of batches) {
        const make = (): tf.Tensor => tf.matMul(random(a), random(b, -1, 1, 4), tA, tB);
        await sameAsCpu(backend, `[${a}] x [${b}]`, make, 1e-4);
      }
      // Batch dims that broadcast both ways (tfjs' cpu backend gets these wrong): against repeated operands.
      for (const [a, b] of [
        [
          [2, 1, 5, 3],
          [1, 3, 3, 4],
        ],
        [
          [2, 3, 5, 3],
          [3, 3, 4],
        ],
        [
          [3, 5, 3],
          [2, 3, 3, 4],
        ],
      ]) {
        tf.tidy(() => {
          const [left, right] = [random(a), random(b, -1, 1, 4)];
          const whole = tf.matMul(
            tf.add(left, tf.zeros([2, 3, 5, 3])), // materialised to [2, 3, ...]
            tf.add(right, tf.zeros([2, 3, 3, 4])),
          );
          const result = tf.matMul(left, right);
          assert.deepEqual(result.shape, [2, 3, 5, 4]);
          close(result.dataSync(), whole.dataSync(), `[${a}] x [${b}]`);
        });
      }
      assert.throws(
        () => tf.matMul(random([2, 3]), random([4, 5])),
        /[Ii]nner|\[2, 3\] and float32 \[4, 5\].*incompatible/,
      );
    });

    test('large product with several passes over k, and fused bias and activation', async () => {
      await sameAsCpu(
        backend,
        'large',
        () => tf.matMul(random([130, 600]), random([600, 90], -1, 1, 5)),
        2e-4,
      );
      await sameAsCpu(
        backend,
        'large transposed',
        () => tf.matMul(random([600, 300]), random([70, 600], -1, 1, 5), true, true),
        2e-4,
      );
      for (const activation of ['linear', 'relu', 'sigmoid', 'elu'] as const) {
        const make = (): tf.Tensor =>
          tf.fused.matMul({
            a: random([17, 33]) as tf.Tensor2D,
            b: random([33, 5]) as tf.Tensor2D,
            bias: random([5]),
            activation,
          });
        await sameAsCpu(backend, `fused ${activation}`, make, 1e-4);
      }
    });

    test('kernels that move values', async () => {
      const cases: Record<string, () => Result> = {
        'transpose 2-D': () => tf.transpose(random([100, 33])),
        'transpose heads': () => tf.transpose(random([2, 17, 3, 8]), [0, 2, 1, 3]),
        'transpose last': () => tf.transpose(random([2, 17, 3, 70]), [0, 2, 3, 1]),
        'transpose all': () => tf.transpose(random([5, 3, 17, 2]), [3, 1, 0, 2]),
        'transpose wide': () => tf.transpose(random([3, 150, 40]), [0, 2, 1]),
        'concat first': () => tf.concat([random([2, 3]), random([5, 3])], 0),
        'concat last': () => tf.concat([random([2, 17]), random([2, 1]), random([2, 33])], 1),
        'concat middle': () => tf.concat([random([2, 3, 5]), random([2, 4, 5])], 1),
        'concat empty': () => tf.concat([random([0, 3]), random([5, 3])], 0),
        slice: () => tf.slice(random([5, 17, 3]), [1, 2, 0], [3, 10, 2]),
        'slice rows': () => tf.slice(random([100, 3]), [7], [33]),
        split: () => tf.split(random([4, 12]), 3, 1),
        'split sizes': () => tf.split(random([17, 3]), [1, 6, 10], 0),
        stack: () => tf.stack([random([3, 5]), random([3, 5], 0, 1)], 1),
        'stack last': () => tf.stack([random([17]), random([17], 0, 1)], 1),
        unstack: () => tf.unstack(random([3, 5, 2]), 1),
        tile: () => tf.tile(random([3, 17]), [2, 3]),
        'tile 3-D': () => tf.tile(random([2, 1, 5]), [1, 4, 2]),
        pad: () =>
          tf.pad(
            random([3, 5]),
            [
              [1, 2],
              [0, 3],
            ],
            0.5,
          ),
        fill: () => tf.fill([3, 5], 2.5),
        reshape: () => tf.add(tf.reshape(random([6, 5]), [5, 6]), 1),
        gather: () => tf.gather(random([17, 5]), tf.tensor1d([3, 0, 16, 3], 'int32')),
        'gather 2-D ids': () =>
          tf.gather(
            random([17, 5]),
            tf.tensor2d(
              [
                [3, 0],
                [16, 3],
              ],
              [2, 2],
              'int32',
            ),
          ),
        'gather axis 1': () => tf.gather(random([3, 7, 5]), tf.tensor1d([6, 0], 'int32'), 1),
        segmentSum: () =>
          tf.unsortedSegmentSum(
            random([17, 5]),
            tf.range(0, 17, 1, 'int32').mod(tf.scalar(4, 'int32')) as tf.Tensor1D,
            6,
          ),
        'one-hot float': () => tf.oneHot(tf.tensor1d([0, 2, 4], 'int32'), 4, 2, -1, 'float32'),
        'one-hot int': () => tf.oneHot(tf.tensor1d([0, 2], 'int32'), 3),
        'cast to int': () => tf.cast(random([33], -50, 50), 'int32'),
        'cast to float': () => tf.cast(tf.range(0, 33, 1, 'int32'), 'float32'),
        'cast bool': () => tf.cast(tf.greater(random([33]), 0), 'float32'),
        where: () => tf.where(tf.greater(random([3, 17]), 0), random([3, 17], 0, 1), random([3, 17], 5, 6)),
        addN: () => tf.addN([random([33]), random([33], 0, 1), random([33], 4, 5)]),
        cumsum: () => tf.cumsum(random([3, 17]), 1),
        topk: () => Object.values(tf.topk(random([3, 17]), 4)),
        argMax: () => tf.argMax(random([3, 17]), 1),
      };
      for (const [name, make] of Object.entries(cases)) await sameAsCpu(backend, name, make);
    });

    test('gather out of range is an error on native', { skip: backend !== 'native' }, () => {
      assert.throws(() => tf.gather(random([4, 2]), tf.tensor1d([4], 'int32')), /index 4 is not in \[0, 4\)/);
    });

    test('cumsum takes a negative axis', { skip: backend === 'wasm' }, () => {
      close(tf.cumsum(tf.tensor2d([1, 2, 3, 4], [2, 2]), -1).dataSync(), [1, 3, 3, 7], 'cumsum');
    });

    test('gradients of a small network against finite differences', () => {
      const x = random([7, 5], -1, 1);
      const ids = tf.tensor1d([0, 2, 1, 1, 0, 2, 2], 'int32');
      const params = [
        random([3, 5], -1, 1, 2),
        random([5, 9], -1, 1, 3),
        random([9], -1, 1, 4),
        random([9, 4], -1, 1, 5),
      ];
      const loss = (table: tf.Tensor, w1: tf.Tensor, b1: tf.Tensor, w2: tf.Tensor): tf.Scalar => {
        const hidden = tf.tanh(tf.add(tf.matMul(tf.add(x, tf.gather(table, ids)), w1), b1));
        const logits = tf.matMul(hidden, w2);
        const picked = tf.mul(tf.logSoftmax(logits), tf.oneHot(ids, 4, 1, 0, 'float32'));
        return tf.neg(tf.mean(tf.sum(picked, -1))).asScalar();
      };
      const grads = tf.grads(loss as (...args: tf.Tensor[]) => tf.Scalar)(params);
      params.forEach((param, p) => {
        const grad = grads[p].dataSync();
        for (const i of [0, param.size - 1, param.size >> 1]) {
          const moved = (by: number): number =>
            tf.tidy(() => {
              const values = param.dataSync().slice();
              values[i] += by;
              const all = params.slice();
              all[p] = tf.tensor(values, param.shape);
              return loss(...(all as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor])).dataSync()[0];
            });
          const numeric = (moved(1e-2) - moved(-1e-2)) / 2e-2;
          assert.ok(
            Math.abs(numeric - grad[i]) < 2e-3,
            `param ${p}[${i}]: ${grad[i]}, finite difference ${numeric}`,
          );
        }
      });
    });

    test('steps leak nothing and reuse memory without mixing tensors up', () => {
      const weight = tf.variable(random([33, 17]));
      const step = (): number =>
        tf.tidy(() => {
          const { value, grads } = tf.variableGrads(
            () =>
              tf
                .mean(tf.square(tf.matMul(tf.concat([random([5, 16]), random([5, 17])], 1), weight)))
                .asScalar(),
            [weight],
          );
          weight.assign(tf.sub(weight, tf.mul(grads[weight.name], 0.1)));
          return value.dataSync()[0] as never;
        }) as unknown as number;
      const first = step();
      const before = tf.memory();
      let last = first;
      for (let i = 0; i < 20; i++) last = step();
      const after = tf.memory();
      assert.ok(last < first, 'the loss falls');
      assert.equal(after.numTensors, before.numTensors);
      assert.equal(after.numDataBuffers, before.numDataBuffers);
      assert.equal(after.numBytes, before.numBytes);
      weight.dispose();
    });

    test('read values are copies, sliced views survive their source, copyOf is independent', () => {
      const source = numbers(100);
      const x = tf.tensor1d(source);
      const read = x.dataSync();
      const part = tf.slice(x, [10], [20]);
      const reshaped = tf.reshape(x, [10, 10]);
      const copy = copyOf(x);
      const ints = copyOf(tf.tensor1d([1, 2], 'int32'));
      x.dispose();
      for (let i = 0; i < 10; i++) tf.fill([100], i).dispose(); // would land in x's memory, were it free
      close(part.dataSync(), source.slice(10, 30), 'slice');
      close(reshaped.dataSync(), source, 'reshape');
      close(copy.dataSync(), source, 'copy');
      reshaped.dispose();
      tf.fill([100], 7);
      close(read, source, 'read');
      assert.deepEqual([...ints.dataSync()], [1, 2]);
      assert.notEqual(copy.dataId, reshaped.dataId);
    });
  });
}

describe('choice of backend', () => {
  test('unknown and unusable names are errors that say what to do', async () => {
    await assert.rejects(
      initBackend('gpu' as BackendName),
      /backend "gpu" is unknown, want one of auto, native/,
    );
    if (noWebgpu) await assert.rejects(initBackend('webgpu'), /webgpu.*(npm install|VK_ICD_FILENAMES)/);
  });

  test('matmul precision needs the native backend', async () => {
    await initBackend('wasm');
    assert.equal(nativeAddon(), null);
    assert.throws(() => setMatmulPrecision('bf16'), /needs backend "native", found "wasm"/);
    assert.throws(() => setMatmulPrecision('fp8' as 'fp32'), /is "fp8", want "fp32" or "bf16"/);
    setMatmulPrecision('fp32');
  });
});

describe('native addon', { skip: backends[0] !== 'native' }, () => {
  before(async () => {
    await initBackend('native');
  });

  test('wrong arguments throw and name function and argument', () => {
    const addon = nativeAddon();
    assert.ok(addon !== null);
    const four = new Float32Array(4);
    const product = (...args: Parameters<typeof callNative>[2][]): unknown =>
      callNative(addon, 'matmul', ...args);
    assert.throws(
      () => callNative(addon, 'Exp', four, four, 5),
      /t2g_native\.Exp: argument 0 holds 4 values, want at least 5/,
    );
    assert.throws(
      () => callNative(addon, 'Exp', new Int32Array(4), four, 4),
      /Exp: argument 0 is not a Float32Array/,
    );
    assert.throws(() => callNative(addon, 'Exp', four, four, -1), /argument 2 is -1, want a size/);
    assert.throws(() => callNative(addon, 'Exp', four, four, 1.5), /argument 2 is 1\.5\d*, want an integer/);
    assert.throws(() => callNative(addon, 'Exp', four), /argument 2 is not a number/);
    assert.throws(
      () => callNative(addon, 'Add', four, four, four, Int32Array.of(1, 5, 1, 1)),
      /Add: argument 0 holds 4/,
    );
    assert.throws(() => callNative(addon, 'Add', four, four, four, Int32Array.of(99)), /rank 99/);
    assert.throws(
      () => callNative(addon, 'copy', four, four, 0, 2, Int32Array.of(1, 4, 1, 1)),
      /copy: argument 1 holds 4/,
    );
    assert.throws(
      () => product(four, four, four, 1, 3, 2, 2, false, false, 0, 0, null, false),
      /matmul: argument 0/,
    );
    assert.throws(
      () => product(four, four, null, 1, 2, 2, 2, false, false, 0, 0, null, false),
      /argument 2 is not a Float32Array/,
    );
    assert.throws(
      () => callNative(addon, 'segmentSum', four, Int32Array.of(0), four, 4, 1, 4),
      /segmentSum: argument 1/,
    );
  });

  test(
    'bf16 products are within bf16 rounding of fp32',
    { skip: loadAddon().addon?.hasBf16() !== true },
    () => {
      for (const [M, N, K] of [
        [33, 17, 100],
        [100, 300, 65],
        [9, 64, 31],
        [300, 100, 700],
      ]) {
        const a = random([M, K], -1, 1);
        const b = random([N, K], -1, 1, 9);
        const exact = tf.matMul(a, b, false, true).dataSync();
        setMatmulPrecision('bf16');
        const rounded = tf.matMul(a, b, false, true).dataSync();
        setMatmulPrecision('fp32');
        const error = Math.max(...rounded.map((x, i) => Math.abs(x - exact[i])));
        assert.ok(error < 0.02 * Math.sqrt(K) && error > 0, `${M}x${N}x${K}: largest error ${error}`);
      }
    },
  );
});
