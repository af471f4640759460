// Attention with norm and rotary embedding inside, and of several streams: fused twin against definition (values and
// gradients, sizes that leave SIMD tails and several blocks), against the separate ops and finite differences, empty
// streams, clear errors, no leaks. tensor-ops.test.ts has the plain form.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import * as T from '../lib/tensor';
import { definitions as D, initBackend, type JointAttentionInputs, tf } from '../lib/tensor';

before(async () => {
  await initBackend((process.env.T2G_BACKEND ?? 'auto') as 'auto');
});

let seed = 7;
/** Repeatable numbers in about [-2, 2]. */
function random(shape: number[], spread = 2): tf.Tensor {
  const next = (): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32;
  };
  const values = Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => (next() * 2 - 1) * spread);
  return tf.tensor(values, shape, 'float32');
}

type Layout = 'half' | 'interleaved';

interface StreamCase {
  /** Tokens; the same for queries and keys unless `keys` says otherwise */
  tokens: number;
  keys?: number;
  asks?: boolean;
  rotary?: Layout;
  perSample?: boolean;
}

interface Case {
  B: number;
  H: number;
  Hkv: number;
  dh: number;
  streams: StreamCase[];
  norm?: boolean;
  causal?: boolean;
  mask?: boolean;
  scale?: number;
}

/** The differentiable inputs of a case, in a list, and what makes an op's argument of such a list. */
function build(c: Case): { xs: tf.Tensor[]; inputs: (xs: tf.Tensor[]) => JointAttentionInputs } {
  const xs: tf.Tensor[] = [];
  const add = (x: tf.Tensor): number => xs.push(x) - 1;
  const parts = c.streams.map(({ tokens, keys = tokens, asks = true, rotary, perSample }) => {
    const angles = rotary && random([...(perSample ? [c.B] : []), keys, c.dh / 2], 3);
    return {
      q: asks ? add(random([c.B, tokens, c.H, c.dh])) : -1,
      k: add(random([c.B, keys, c.Hkv, c.dh])),
      v: add(random([c.B, keys, c.Hkv, c.dh])),
      norm: c.norm ? { q: add(random([c.dh])), k: add(random([c.dh])) } : undefined,
      rotary: angles && { cos: tf.cos(angles), sin: tf.sin(angles), layout: rotary },
    };
  });
  const S = c.streams.reduce((sum, { tokens, keys = tokens }) => sum + keys, 0);
  // The last sample has no key left.
  const keep = Array.from({ length: c.B * S }, (_, i) => (i >= (c.B - 1) * S || i % 3 === 1 ? 0 : 1));
  const keyMask = c.mask ? tf.tensor(keep, [c.B, S], 'float32') : null;
  const inputs = (list: tf.Tensor[]): JointAttentionInputs => ({
    streams: parts.map(({ q, k, v, norm, rotary }) => ({
      q: q < 0 ? null : list[q],
      k: list[k],
      v: list[v],
      norm: norm && { q: list[norm.q], k: list[norm.k], eps: 1e-6 },
      rotary,
    })),
    causal: c.causal,
    keyMask,
    scale: c.scale,
  });
  return { xs, inputs };
}

type Run = (xs: tf.Tensor[]) => tf.Tensor[];

/** The outputs, and the gradients of sum(outputs * cotangents) in xs. */
function outputsAndGrads(run: Run, xs: tf.Tensor[]): tf.Tensor[] {
  return tf.tidy(() => {
    let outputs: tf.Tensor[] = [];
    const scalar = (): tf.Scalar => {
      outputs = run(xs).map((x) => tf.keep(x));
      const sums = outputs.map((x, i) =>
        tf.sum(tf.mul(x, tf.sin(tf.range(i, i + x.size)).reshape(x.shape) as tf.Tensor)),
      );
      return sums.reduce((a, b) => tf.add(a, b)) as tf.Scalar;
    };
    const { grads } = tf.engine().gradients(scalar, xs, undefined, true);
    const copies = outputs.map((x) => x.mul(1));
    tf.dispose(outputs);
    return [...copies, ...grads.map((g, i) => (g ?? tf.zerosLike(xs[i])).mul(1))];
  });
}

/** Asserts equality up to another order of summation, relative to the largest wanted value. */
function close(label: string, found: tf.Tensor[], wanted: tf.Tensor[], tolerance = 3e-5): void {
  assert.equal(found.length, wanted.length, label);
  found.forEach((x, n) => {
    assert.deepEqual(x.shape, wanted[n].shape, label);
    const [a, b] = [x.dataSync(), wanted[n].dataSync()];
    let [worst, top] = [0, 1e-6];
    for (let i = 0; i < b.length; i++) {
      assert.ok(Number.isFinite(a[i]), `${label}: value ${n}[${i}] is ${a[i]}`);
      worst = Math.max(worst, Math.abs(a[i] - b[i]));
      top = Math.max(top, Math.abs(b[i]));
    }
    assert.ok(worst <= tolerance * top, `${label}: value ${n} differs by ${worst} of ${top}`);
  });
}

const cases: Case[] = [
  { B: 1, H: 1, Hkv: 1, dh: 2, streams: [{ tokens: 1, rotary: 'half' }] },
  { B: 2, H: 2, Hkv: 1, dh: 6, causal: true, streams: [{ tokens: 3, rotary: 'interleaved' }] },
  { B: 2, H: 4, Hkv: 2, dh: 34, causal: true, streams: [{ tokens: 17, rotary: 'half', perSample: true }] },
  {
    B: 2,
    H: 6,
    Hkv: 2,
    dh: 18,
    mask: true,
    norm: true,
    streams: [{ tokens: 13, rotary: 'interleaved', perSample: true }],
  },
  { B: 3, H: 4, Hkv: 2, dh: 64, causal: true, mask: true, streams: [{ tokens: 97, rotary: 'half' }] },
  { B: 2, H: 2, Hkv: 2, dh: 33, norm: true, scale: 0.7, streams: [{ tokens: 25, keys: 31 }] },
  { B: 1, H: 2, Hkv: 1, dh: 128, causal: true, streams: [{ tokens: 300, rotary: 'interleaved' }] },
  { B: 2, H: 2, Hkv: 1, dh: 20, causal: true, mask: true, streams: [{ tokens: 260, keys: 333 }] },
  { B: 2, H: 1, Hkv: 1, dh: 16, causal: true, streams: [{ tokens: 45, keys: 19 }] },
  { B: 1, H: 2, Hkv: 2, dh: 16, streams: [{ tokens: 250, keys: 530 }] },
  { B: 1, H: 1, Hkv: 1, dh: 3, streams: [{ tokens: 1 }, { tokens: 1 }] },
  {
    B: 2,
    H: 4,
    Hkv: 4,
    dh: 64,
    norm: true,
    mask: true,
    streams: [
      { tokens: 40, rotary: 'interleaved' },
      { tokens: 64, rotary: 'interleaved' },
    ],
  },
  {
    B: 3,
    H: 2,
    Hkv: 2,
    dh: 24,
    norm: true,
    streams: [
      { tokens: 5, asks: false, rotary: 'interleaved' },
      { tokens: 33, rotary: 'interleaved' },
    ],
  },
  {
    B: 2,
    H: 4,
    Hkv: 2,
    dh: 10,
    causal: true,
    mask: true,
    streams: [
      { tokens: 7, rotary: 'half' },
      { tokens: 11 },
      { tokens: 14, rotary: 'interleaved', perSample: true },
    ],
  },
  {
    B: 2,
    H: 2,
    Hkv: 2,
    dh: 17,
    streams: [
      { tokens: 4, keys: 9 },
      { tokens: 21, keys: 3 },
    ],
  },
  { B: 2, H: 2, Hkv: 2, dh: 8, streams: [{ tokens: 6 }, { tokens: 5, asks: false }, { tokens: 2 }] },
];

test('twin and definition agree, values and gradients', () => {
  for (const c of cases) {
    const { xs, inputs } = build(c);
    const found = outputsAndGrads((list) => T.jointAttention(inputs(list)), xs);
    const wanted = outputsAndGrads((list) => D.jointAttention(inputs(list)) as tf.Tensor[], xs);
    close(JSON.stringify(c), found, wanted);
    if (c.streams.length > 1) continue;
    const single = (list: tf.Tensor[]) => {
      const { streams, ...options } = inputs(list);
      return [T.attention({ ...streams[0], q: streams[0].q as tf.Tensor, ...options })];
    };
    close(`single ${JSON.stringify(c)}`, outputsAndGrads(single, xs), wanted);
  }
});

test('the same as rmsNorm, rotary, concat, plain attention and split', () => {
  for (const c of cases) {
    const { xs, inputs } = build(c);
    const separate: Run = (list) => {
      const { streams, ...options } = inputs(list);
      const placed = streams.map(({ q, k, v, norm, rotary }) => {
        const place = (x: tf.Tensor, weight?: tf.Tensor): tf.Tensor => {
          const y = norm ? T.rmsNorm(x, weight, norm.eps) : x;
          return rotary ? T.rotary(y, rotary.cos, rotary.sin, rotary.layout) : y;
        };
        return { q: q ? place(q, norm?.q) : null, k: place(k, norm?.k), v };
      });
      const queries = placed.flatMap(({ q }) => (q ? [q] : []));
      const [k, v] = (['k', 'v'] as const).map((key) =>
        tf.concat(
          placed.map((stream) => stream[key]),
          1,
        ),
      );
      const mixed = D.attention({ q: tf.concat(queries, 1), k, v, ...options }) as tf.Tensor;
      if (queries.length === 1) return [mixed]; // tfjs has no gradient for a split into one piece
      return tf.split(
        mixed,
        queries.map((q) => q.shape[1] as number),
        1,
      );
    };
    const found = outputsAndGrads((list) => T.jointAttention(inputs(list)), xs);
    close(JSON.stringify(c), found, outputsAndGrads(separate, xs));
  }
});

test('bf16 products stay within their rounding, causal edges and odd sizes included', (t) => {
  if (!T.bf16Available()) return t.skip('no bf16 on this backend and CPU');
  for (const c of cases) {
    const { xs, inputs } = build(c);
    const run: Run = (list) => T.jointAttention(inputs(list));
    const wanted = outputsAndGrads(run, xs);
    T.setMatmulPrecision('bf16');
    try {
      // 8 bits of mantissa: 2^-9 an operand, two products deep, relative to the largest value
      close(`bf16 ${JSON.stringify(c)}`, outputsAndGrads(run, xs), wanted, 3e-2);
      const found = outputsAndGrads(run, xs);
      const off = Math.max(...found.map((x, i) => tf.max(tf.abs(tf.sub(x, wanted[i]))).dataSync()[0]));
      const small = c.streams.reduce((sum, { tokens }) => sum + tokens, 0) < 8;
      assert.equal(off > 0, !small, `bf16 is for the larger sizes: ${JSON.stringify(c)}, off by ${off}`);
    } finally {
      T.setMatmulPrecision('fp32');
    }
  }
});

test('gradients agree with finite differences', () => {
  const c: Case = {
    B: 1,
    H: 2,
    Hkv: 1,
    dh: 6,
    norm: true,
    causal: true,
    streams: [
      { tokens: 3, rotary: 'half' },
      { tokens: 4, rotary: 'interleaved' },
    ],
  };
  const { xs, inputs } = build(c);
  const run: Run = (list) => T.jointAttention(inputs(list));
  const grads = outputsAndGrads(run, xs).slice(2);
  const loss = (list: tf.Tensor[]): number =>
    run(list).reduce(
      (sum, x, i) => sum + (x.dataSync() as Float32Array).reduce((s, y, j) => s + y * Math.sin(i + j), 0),
      0,
    );
  xs.forEach((x, n) => {
    const [values, slopes] = [x.dataSync(), grads[n].dataSync()];
    const top = Math.max(...slopes.map(Math.abs));
    for (let i = 0; i < values.length; i += Math.ceil(values.length / 6)) {
      const at = (delta: number): number => {
        const moved = values.slice();
        moved[i] += delta;
        return loss(xs.map((y, m) => (m === n ? tf.tensor(moved, x.shape, 'float32') : y)));
      };
      const slope = (at(5e-3) - at(-5e-3)) / 1e-2;
      // fp32 differences over a finite step
      assert.ok(
        Math.abs(slope - slopes[i]) < 5e-3 * top + 1e-3,
        `input ${n}[${i}] has slope ${slope}, gradient ${slopes[i]}`,
      );
    }
  });
});

test('a sample whose keys are all dropped gives 0 and gets no gradient; others do not see dropped keys', () => {
  const { xs, inputs } = build({
    B: 2,
    H: 2,
    Hkv: 2,
    dh: 16,
    mask: true,
    norm: true,
    streams: [
      { tokens: 6, rotary: 'interleaved' },
      { tokens: 9, rotary: 'interleaved' },
    ],
  });
  const run: Run = (list) => T.jointAttention(inputs(list));
  const all = outputsAndGrads(run, xs);
  for (const x of all.filter(({ rank }) => rank === 4)) {
    assert.equal(tf.max(tf.abs(x.slice([1], [1]))).dataSync()[0], 0);
    assert.ok(tf.max(tf.abs(x.slice([0], [1]))).dataSync()[0] > 0);
  }
  const other = xs.slice();
  other[1] = tf.add(xs[1], tf.oneHot(tf.tensor1d([1], 'int32'), 6).reshape([1, 6, 1, 1])); // key 1 is dropped
  run(other).forEach((x, i) => assert.deepEqual(x.dataSync(), all[i].dataSync()));
});

test('streams and batches without tokens', () => {
  for (const [B, text, image] of [
    [2, 0, 5],
    [2, 5, 0],
    [2, 0, 0],
    [0, 3, 5],
  ]) {
    const { xs, inputs } = build({
      B,
      H: 2,
      Hkv: 2,
      dh: 8,
      norm: true,
      streams: [
        { tokens: text, rotary: 'half' },
        { tokens: image, rotary: 'half' },
      ],
    });
    const outputs = T.jointAttention(inputs(xs));
    assert.deepEqual(
      outputs.map(({ shape }) => shape),
      [
        [B, text, 2, 8],
        [B, image, 2, 8],
      ],
    );
    if (text === 0 && image > 0) {
      const { streams } = inputs(xs);
      close('no text', [outputs[1]], T.jointAttention({ streams: streams.slice(1) }));
    }
    const grads = outputsAndGrads((list) => T.jointAttention(inputs(list)), xs).slice(2);
    grads.forEach((g, i) => assert.deepEqual(g.shape, xs[i].shape));
  }
  const q = random([1, 4, 2, 8]);
  const none = tf.zeros([1, 0, 2, 8]);
  assert.deepEqual([...T.attention({ q, k: none, v: none }).dataSync()], Array(64).fill(0));
});

test('NaN goes through, and runs repeat bit for bit', () => {
  const { xs, inputs } = build(cases[11]);
  const run: Run = (list) => T.jointAttention(inputs(list));
  const [once, again] = [outputsAndGrads(run, xs), outputsAndGrads(run, xs)];
  once.forEach((x, i) => assert.deepEqual(x.dataSync(), again[i].dataSync()));
  const values = xs[1].dataSync().slice();
  values[0] = NaN; // a key of sample 0, head 0: every query of that head
  const bad = [xs[0], tf.tensor(values, xs[1].shape, 'float32'), ...xs.slice(2)];
  const [text, image] = run(bad);
  for (const x of [text, image]) {
    assert.ok(Number.isNaN(x.dataSync()[0]));
    assert.ok(x.slice([0, 0, 1], [1, -1, 1]).dataSync().every(Number.isFinite));
  }
});

test('wrong arguments give errors that name the op, the stream and the shapes', () => {
  const x = tf.ones([2, 3, 4, 6]);
  const y = tf.ones([2, 5, 4, 6]);
  const table = tf.ones([3, 3]);
  const joint = (...streams: object[]) => T.jointAttention({ streams } as JointAttentionInputs);
  const plain = { q: x, k: x, v: x };
  assert.throws(() => joint(), /jointAttention: streams has 0 entries, want 1 to 4/);
  assert.throws(() => joint(...Array<object>(5).fill(plain)), /jointAttention: streams has 5 entries/);
  assert.throws(() => joint({ k: x, v: x }), /jointAttention: no stream has q/);
  assert.throws(
    () => joint(plain, { k: y, v: x }),
    /jointAttention: streams\[1\]\.v \(k is \[2, 5, 4, 6\]\)/,
  );
  assert.throws(
    () => joint(plain, { q: x, k: tf.ones([1, 5, 4, 6]), v: y }),
    /jointAttention: streams\[1\]\.k/,
  );
  assert.throws(
    () => joint(plain, { q: tf.ones([2, 5, 2, 6]), k: y, v: y }),
    /jointAttention: streams\[1\]\.q .* is float32 \[2, 5, 2, 6\], want float32 \[2, \?, 4, 6\]/,
  );
  assert.throws(
    () => joint({ ...plain, norm: { q: tf.ones([6]), k: tf.ones([5]), eps: 1e-6 } }),
    /jointAttention: streams\[0\]\.norm\.k is float32 \[5\], want float32 \[6\]/,
  );
  const norm = { q: tf.ones([6]), k: tf.ones([6]), eps: 1e-6 };
  assert.throws(
    () => joint({ ...plain, norm }, { ...plain, norm: { ...norm, eps: 1e-5 } }),
    /norm\.eps is 0.00001/,
  );
  const rotary = { cos: table, sin: table, layout: 'half' };
  assert.throws(() => joint({ q: y, k: y, v: y, rotary }), /jointAttention: cos \(streams\[0\]\.k is/);
  assert.throws(() => joint({ q: y, k: x, v: x, rotary }), /streams\[0\]\.q has 5 tokens and k 3/);
  assert.throws(
    () => T.attention({ ...plain, rotary: { ...rotary, layout: 'other' as 'half' } }),
    /attention: layout is "other"/,
  );
  assert.throws(
    () => T.jointAttention({ streams: [plain, plain], keyMask: tf.ones([2, 3]) }),
    /jointAttention: keyMask \(6 keys\) is float32 \[2, 3\], want float32 \[2, 6\]/,
  );
  const odd = tf.ones([2, 3, 4, 5]);
  assert.throws(() => joint({ q: odd, k: odd, v: odd, rotary }), /want an even last axis/);
  assert.throws(
    () => joint({ q: x, k: tf.ones([2, 3, 3, 6]), v: tf.ones([2, 3, 3, 6]) }),
    /q has 4 heads and k has 3/,
  );
});

test('nothing is kept in memory, with and without gradients', () => {
  for (const c of [cases[3], cases[11], cases[12], cases[13]]) {
    const { xs, inputs } = build(c);
    const counts = (): number[] => [tf.memory().numTensors, tf.engine().backend.numDataIds()];
    const forward = (): void => tf.dispose(T.jointAttention(inputs(xs)));
    const variables = Object.fromEntries(xs.map((x, i) => [`x${i}`, tf.variable(x)]));
    const backward = (): void => {
      const { value, grads } = T.valueAndGrads(
        () =>
          T.jointAttention(inputs(Object.values(variables)))
            .map((x) => tf.sum(x))
            .reduce((a, b) => tf.add(a, b)) as tf.Scalar,
        variables,
      );
      tf.dispose([value, grads]);
    };
    for (const round of [forward, backward]) {
      round();
      const wanted = counts();
      round();
      assert.deepEqual(counts(), wanted, JSON.stringify(c));
    }
  }
});
