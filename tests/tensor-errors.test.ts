// Wrong shapes, dtypes and ids: every op and every function of the addon answers with an error that names it, on
// every backend; and every op takes sizes of 0, forward and backward. New ops are found in the fuzzer's tables.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as T from '../lib/tensor';
import { type BackendName, definitions, initBackend, nativeAddon, tf } from '../lib/tensor';
import { callNative, loadAddon } from '../lib/tensor/native/addon';
import { OPS } from '../scripts/fuzz/ops';

const backends: BackendName[] = loadAddon().addon === null ? ['wasm'] : ['native', 'wasm'];

type Op = (...args: unknown[]) => tf.Tensor;
const opOf = (name: string): Op => (OPS[name].call ?? T[name as keyof typeof T]) as unknown as Op;
const words = (name: string): string[] => OPS[name].args.split(' ');

/** The argument of a word of the table, with every size `size` except those named in `zero`. */
function argument(word: string, size: number, zero = ''): unknown {
  const tensor = /^([fib])(\??)\[(.*)\](?:<(.*))?$/.exec(word);
  if (tensor === null) return word === 'bool' ? true : word === 'num' ? 0.5 : word.split('|')[0];
  const shape = tensor[3].split(',').map((axis) =>
    axis
      .split('*')
      .map((x) => (/^\d+$/.test(x) ? Number(x) : x === zero ? 0 : size))
      .reduce((a, b) => a * b, 1),
  );
  return tf.zeros(shape, ({ f: 'float32', i: 'int32', b: 'bool' } as const)[tensor[1] as 'f' | 'i' | 'b']);
}

const namedBy = (name: string): RegExp => new RegExp(`^Error: ${name}: \\S`);

for (const backend of backends) {
  describe(`errors on ${backend}`, () => {
    before(async () => {
      await initBackend(backend);
    });

    test('every op is in the table', () => {
      assert.deepEqual(Object.keys(OPS).sort(), Object.keys(definitions).sort());
    });

    test('wrong dtype, rank, size, or no tensor', () => {
      for (const name of Object.keys(OPS)) {
        const right = words(name).map((word) => argument(word, 2));
        opOf(name)(...right).dispose();
        const wrong = (at: number, x: unknown, want = namedBy(name)): void => {
          const args = right.map((y, i) => (i === at ? x : y));
          assert.throws(() => opOf(name)(...args), want, `${name}: argument ${at} is ${String(x)}`);
        };
        right.forEach((x, at) => {
          if (!(x instanceof tf.Tensor)) return;
          const optional = words(name)[at].includes('?');
          if (!optional) wrong(at, null);
          wrong(at, 'text');
          if (!(name === 'attention' && at === 3))
            wrong(at, tf.cast(x, x.dtype === 'int32' ? 'float32' : 'int32'));
          if (at === 0 || words(name)[at].startsWith('i[N,T]')) return; // these may have any shape
          const shaped = new RegExp(`^Error: ${name}: .*\\[[\\d, ]*\\]`);
          wrong(at, tf.zeros([...x.shape, 1], x.dtype), shaped);
          wrong(at, tf.zeros([...x.shape.slice(0, -1), 5], x.dtype), shaped);
        });
      }
    });

    test('ids out of range', () => {
      const weight = tf.ones([3, 2]);
      for (const bad of [3, -1, 2147483647]) {
        const ids = tf.tensor1d([0, bad], 'int32');
        const want = new RegExp(`: id ${bad} at position 1, want 0 to 2`);
        assert.throws(() => T.embedding(weight, ids), want);
        assert.throws(() => T.tokenLogProbs(tf.ones([2, 3]), ids), want);
      }
    });

    test('sizes of 0, forward and backward', () => {
      for (const name of Object.keys(OPS)) {
        const sizes = new Set(
          words(name).flatMap((word) => (/\[(.*)\]/.exec(word)?.[1] ?? '').match(/[A-Za-z]+/g) ?? []),
        );
        for (const zero of sizes) {
          const args = words(name).map((word) => argument(word, 3, zero));
          if (zero === 'V' && OPS[name].args.includes('<V')) continue; // no id is in range
          const floats = args.filter((x): x is tf.Tensor => x instanceof tf.Tensor && x.dtype === 'float32');
          const before = tf.memory().numTensors;
          tf.tidy(() => {
            const { grads } = tf
              .engine()
              .gradients(() => tf.sum(opOf(name)(...args)), floats, undefined, true);
            grads.forEach((grad, i) => {
              if (grad == null) return;
              assert.deepEqual(grad.shape, floats[i].shape, `${name} with ${zero} = 0`);
              assert.ok(grad.dataSync().every(Number.isFinite), `${name} with ${zero} = 0`);
            });
          });
          assert.equal(tf.memory().numTensors, before, `${name} with ${zero} = 0 leaks`);
        }
      }
    });
  });
}

describe('errors of the addon', { skip: backends[0] !== 'native' && 'no native addon' }, () => {
  test('every function names itself and the bad argument', async () => {
    await initBackend('native');
    const addon = nativeAddon();
    assert.ok(addon !== null);
    for (const name of Object.keys(addon)) {
      if (['threads', 'hasBf16', 'isa', 'decodePrecision'].includes(name)) continue; // they take nothing
      for (const args of [[], Array<string>(20).fill('text'), Array<number>(20).fill(-1)])
        assert.throws(
          () => callNative(addon, name, ...args),
          new RegExp(`^Error: t2g_native\\.${name}: argument \\d+ `),
          name,
        );
    }
  });

  test('sizes whose product overflows are refused', () => {
    const addon = nativeAddon();
    assert.ok(addon !== null);
    const four = new Float32Array(4);
    const huge = 2 ** 32;
    assert.throws(
      () => callNative(addon, 'Sum', four, four, huge, huge, 1, 1),
      /Sum: argument 3 .* too large/,
    );
    const layout = Int32Array.from({ length: 25 }, (_, i) => (i === 0 ? 8 : 2147483647));
    assert.throws(() => callNative(addon, 'copy', four, four, 0, 0, layout), /copy: argument 4 .* too large/);
    assert.throws(() => callNative(addon, 'Add', four, four, four, layout), /Add: argument 3 .* too large/);
  });
});
