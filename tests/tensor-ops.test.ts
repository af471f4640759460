// Every op: fused twin against definition (values and gradients, sizes that leave SIMD tails), definitions against
// loops and finite differences, clear errors, no leaks. On a backend without twins the first part is trivially true.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import * as T from '../lib/tensor';
import { definitions, initBackend, tf } from '../lib/tensor';

before(async () => {
  await initBackend((process.env.T2G_BACKEND ?? 'auto') as 'auto');
});

let seed = 1;
/** Repeatable numbers in about [-2, 2]. */
function random(shape: number[], spread = 2): tf.Tensor {
  const next = (): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32;
  };
  const values = Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => (next() * 2 - 1) * spread);
  return tf.tensor(values, shape, 'float32');
}

function randomIds(shape: number[], below: number): tf.Tensor {
  return tf.tidy(() => tf.cast(tf.floor(tf.mul(tf.add(random(shape, 0.4999), 0.5), below)), 'int32'));
}

/** Largest difference relative to the largest wanted value. */
function relativeError(found: tf.Tensor, wanted: tf.Tensor): number {
  assert.deepEqual(found.shape, wanted.shape);
  const a = found.dataSync();
  const b = wanted.dataSync();
  let worst = 0;
  let top = 1e-6;
  for (let i = 0; i < b.length; i++) {
    if (Number.isNaN(a[i]) !== Number.isNaN(b[i])) return Infinity;
    if (Number.isNaN(b[i])) continue;
    worst = Math.max(worst, Math.abs(a[i] - b[i]));
    top = Math.max(top, Math.abs(b[i]));
  }
  return worst / top;
}

type Run = (xs: tf.Tensor[]) => tf.Tensor;

/** The output and the gradients of sum(output * cotangent) in xs. */
function outputAndGrads(run: Run, xs: tf.Tensor[]): tf.Tensor[] {
  return tf.tidy(() => {
    let output: tf.Tensor | undefined;
    const cotangent = tf.tidy(() => {
      const { shape } = run(xs);
      return tf.sin(tf.range(0, tf.util.sizeFromShape(shape)).reshape(shape)) as tf.Tensor;
    });
    const scalar = (): tf.Scalar => {
      output = tf.keep(run(xs));
      return tf.sum(tf.mul(output, cotangent)) as tf.Scalar;
    };
    const { grads } = tf.engine().gradients(scalar, xs, undefined, true);
    const all = [output as tf.Tensor, ...grads.map((g, i) => g ?? tf.zerosLike(xs[i]))];
    return all.map((x) => x.mul(1));
  });
}

/** Runs op and definition on the same inputs; the tolerance allows another order of summation. */
function compare(label: string, op: Run, definition: Run, xs: tf.Tensor[], tolerance = 2e-5): void {
  const found = outputAndGrads(op, xs);
  const wanted = outputAndGrads(definition, xs);
  found.forEach((x, i) => {
    const error = relativeError(x, wanted[i]);
    assert.ok(
      error <= tolerance,
      `${label}: ${i === 0 ? 'output' : `gradient ${i - 1}`} differs by ${error}`,
    );
  });
}

const D = definitions;

test('linear', () => {
  for (const [lead, I, O] of [
    [[1], 1, 1],
    [[3, 5], 17, 33],
    [[65], 33, 3],
    [[2, 3, 4], 64, 65],
    [[200], 65, 48],
  ] as [number[], number, number][]) {
    const xs = [random([...lead, I]), random([O, I]), random([O])];
    compare(
      `${lead} ${I} ${O}`,
      ([x, w, b]) => T.linear(x, w, b),
      ([x, w, b]) => D.linear(x, w, b),
      xs,
    );
    compare(
      `${lead} ${I} ${O} plain`,
      ([x, w]) => T.linear(x, w),
      ([x, w]) => D.linear(x, w),
      xs.slice(0, 2),
    );
  }
});

test('norms, modulation and gated residual', () => {
  for (const [B, N, W] of [
    [1, 1, 1],
    [2, 3, 17],
    [3, 33, 65],
    [1, 65, 33],
    [4, 40, 256],
  ]) {
    const label = `${B} ${N} ${W}`;
    const x = random([B, N, W]);
    compare(
      `rms ${label}`,
      ([a, w]) => T.rmsNorm(a, w, 1e-6),
      ([a, w]) => D.rmsNorm(a, w, 1e-6),
      [x, random([W])],
    );
    compare(
      `rms plain ${label}`,
      ([a]) => T.rmsNorm(a, null, 1e-6),
      ([a]) => D.rmsNorm(a, null, 1e-6),
      [x],
    );
    compare(
      `layer ${label}`,
      ([a]) => T.layerNorm(a, 1e-5),
      ([a]) => D.layerNorm(a, 1e-5),
      [x],
      1e-4,
    );
    const conditioned = [x, random([B, W]), random([B, W])];
    compare(
      `modulate ${label}`,
      ([a, b, c]) => T.layerNormModulate(a, b, c, 1e-6),
      ([a, b, c]) => D.layerNormModulate(a, b, c, 1e-6),
      conditioned,
      1e-4, // one column: the variance is 0 and 1/sqrt(eps) magnifies rounding
    );
    const gated = [x, random([B, W]), random([B, N, W])];
    compare(
      `gated ${label}`,
      ([a, g, y]) => T.gatedResidual(a, g, y),
      ([a, g, y]) => D.gatedResidual(a, g, y),
      gated,
    );
  }
});

test('activations', () => {
  for (const shape of [[1], [3, 17], [2, 5, 33], [9000]]) {
    const x = random(shape, 8);
    compare(
      `silu ${shape}`,
      ([a]) => T.silu(a),
      ([a]) => D.silu(a),
      [x],
    );
    compare(
      `gelu ${shape}`,
      ([a]) => T.gelu(a),
      ([a]) => D.gelu(a),
      [x],
    );
    compare(
      `swiglu ${shape}`,
      ([a, b]) => T.swiglu(a, b),
      ([a, b]) => D.swiglu(a, b),
      [x, random(shape)],
    );
  }
  // Far out, where exp overflows or vanishes.
  const far = tf.tensor([-1e4, -200, -88, -20, 0, 20, 88, 200, 1e4]);
  compare(
    'silu far',
    ([a]) => T.silu(a),
    ([a]) => D.silu(a),
    [far],
  );
  const ends = [...T.gelu(far).dataSync()];
  assert.deepEqual([ends[0], ends[4], ends[8]].map(Math.abs), [0, 0, 1e4]);
});

test('rotary', () => {
  for (const layout of ['half', 'interleaved'] as const) {
    for (const [B, N, H, dh] of [
      [1, 1, 1, 2],
      [2, 5, 3, 34],
      [3, 17, 2, 64],
      [2, 3, 4, 12],
    ]) {
      for (const lead of [[N], [B, N]]) {
        const angles = random([...lead, dh / 2], 3);
        const [cos, sin] = [tf.cos(angles), tf.sin(angles)];
        const run =
          (op: typeof T.rotary): Run =>
          ([x]) =>
            op(x, cos, sin, layout);
        compare(`${layout} ${B} ${N} ${H} ${dh}`, run(T.rotary), run(D.rotary), [random([B, N, H, dh])]);
      }
    }
  }
  // By hand: a quarter turn takes (1, 2) to (-2, 1).
  const quarter = T.rotary(tf.tensor([1, 2], [1, 1, 1, 2]), tf.zeros([1, 1]), tf.ones([1, 1]), 'half');
  assert.deepEqual([...quarter.dataSync()], [-2, 1]);
  const four = tf.tensor([1, 2, 3, 4], [1, 1, 1, 4]);
  const turned = (layout: 'half' | 'interleaved'): number[] => [
    ...T.rotary(four, tf.zeros([1, 2]), tf.ones([1, 2]), layout).dataSync(),
  ];
  assert.deepEqual(turned('half'), [-3, -4, 1, 2]);
  assert.deepEqual(turned('interleaved'), [-2, 1, -4, 3]);
});

interface AttentionCase {
  B: number;
  N: number;
  S: number;
  H: number;
  Hkv: number;
  dh: number;
  causal?: boolean;
  mask?: boolean;
  scale?: number;
}

const attentionCases: AttentionCase[] = [
  { B: 1, N: 1, S: 1, H: 1, Hkv: 1, dh: 1 },
  { B: 2, N: 3, S: 3, H: 2, Hkv: 2, dh: 17, causal: true },
  { B: 2, N: 17, S: 33, H: 4, Hkv: 2, dh: 16, causal: true },
  { B: 2, N: 33, S: 17, H: 2, Hkv: 1, dh: 12, causal: true, mask: true },
  { B: 3, N: 65, S: 65, H: 4, Hkv: 2, dh: 64, causal: true, mask: true },
  { B: 2, N: 80, S: 80, H: 3, Hkv: 3, dh: 33, mask: true },
  { B: 2, N: 130, S: 101, H: 2, Hkv: 2, dh: 64, scale: 0.3 },
  { B: 3, N: 1, S: 65, H: 4, Hkv: 2, dh: 64, causal: true, mask: true },
  { B: 1, N: 2, S: 40, H: 6, Hkv: 2, dh: 128, causal: true },
];

/** [B, S] with some keys dropped; the last sample has none left. */
function someMask(B: number, S: number): tf.Tensor {
  const keep = Array.from({ length: B * S }, (_, i) => (i >= (B - 1) * S || i % 3 === 1 ? 0 : 1));
  return tf.tensor(keep, [B, S], 'float32');
}

test('attention: twin and definition agree', () => {
  for (const c of attentionCases) {
    const keyMask = c.mask ? someMask(c.B, c.S) : null;
    const options = { causal: c.causal, scale: c.scale, keyMask };
    const run =
      (op: typeof T.attention): Run =>
      ([q, k, v]) =>
        op({ q, k, v, ...options });
    const xs = [
      random([c.B, c.N, c.H, c.dh]),
      random([c.B, c.S, c.Hkv, c.dh]),
      random([c.B, c.S, c.Hkv, c.dh]),
    ];
    compare(JSON.stringify(c), run(T.attention), run(D.attention), xs);
  }
});

test('attention: the same numbers as a plain loop', () => {
  for (const { B, N, S, H, Hkv, dh, causal, mask, scale = 1 / Math.sqrt(dh) } of attentionCases.slice(0, 5)) {
    const [q, k, v] = [random([B, N, H, dh]), random([B, S, Hkv, dh]), random([B, S, Hkv, dh])];
    const keyMask = mask ? someMask(B, S) : undefined;
    const keep = keyMask?.dataSync();
    const [Q, K, V] = [q.dataSync(), k.dataSync(), v.dataSync()];
    const wanted = new Float32Array(B * N * H * dh);
    for (let b = 0; b < B; b++)
      for (let t = 0; t < N; t++)
        for (let h = 0; h < H; h++) {
          const group = Math.floor(h / (H / Hkv));
          const at = ((b * N + t) * H + h) * dh;
          const keyAt = (s: number): number => ((b * S + s) * Hkv + group) * dh;
          const weights = Array.from({ length: S }, (_, s) => {
            if ((causal && s > t + S - N) || (keep && keep[b * S + s] === 0)) return 0;
            let dot = 0;
            for (let i = 0; i < dh; i++) dot += Q[at + i] * K[keyAt(s) + i];
            return Math.exp(dot * scale);
          });
          const total = weights.reduce((x, y) => x + y, 0) || 1;
          for (let i = 0; i < dh; i++)
            wanted[at + i] = weights.reduce((sum, w, s) => sum + (w / total) * V[keyAt(s) + i], 0);
        }
    const found = T.attention({ q, k, v, causal, keyMask, scale });
    assert.ok(relativeError(found, tf.tensor(wanted, [B, N, H, dh])) < 1e-5);
  }
});

test('attention: masks of other dtypes, and rows that see nothing', () => {
  const [q, k, v] = [random([2, 6, 2, 16]), random([2, 6, 2, 16]), random([2, 6, 2, 16])];
  const mask = someMask(2, 6);
  const wanted = T.attention({ q, k, v, keyMask: mask });
  for (const dtype of ['int32', 'bool'] as const) {
    const found = T.attention({ q, k, v, keyMask: tf.cast(mask, dtype) });
    assert.equal(relativeError(found, wanted), 0);
  }
  const [, ...grads] = outputAndGrads(
    ([a, b, c]) => T.attention({ q: a, k: b, v: c, keyMask: mask }),
    [q, k, v],
  );
  for (const x of [wanted, ...grads]) {
    const unseen = x.slice([1], [1]);
    assert.equal(tf.max(tf.abs(unseen)).dataSync()[0], 0);
  }
});

test('embedding and tokenLogProbs', () => {
  for (const [V, W, shape] of [
    [1, 1, [1]],
    [33, 17, [3, 5]],
    [65, 33, [7]],
    [300, 64, [2, 80]],
  ] as [number, number, number[]][]) {
    const ids = randomIds(shape, V);
    compare(
      `embedding ${V}`,
      ([w]) => T.embedding(w, ids),
      ([w]) => D.embedding(w, ids),
      [random([V, W])],
    );
    const N = tf.util.sizeFromShape(shape);
    const targets = ids.reshape([N]);
    compare(
      `logProbs ${V}`,
      ([l]) => T.tokenLogProbs(l, targets),
      ([l]) => D.tokenLogProbs(l, targets),
      [random([N, V], 9)],
    );
  }
  const forbidden = tf.tensor([
    [0, -Infinity, 1],
    [2, 3, -Infinity],
  ]); // logits that sampling has excluded
  const picks = tf.tensor1d([2, 0], 'int32');
  const [value, grad] = outputAndGrads(([l]) => T.tokenLogProbs(l, picks), [forbidden]);
  const wanted = [1 - Math.log(1 + Math.E), 2 - Math.log(Math.exp(2) + Math.exp(3))];
  value.dataSync().forEach((x, i) => assert.ok(Math.abs(x - wanted[i]) < 1e-6));
  const slope = grad.dataSync();
  assert.ok(slope.every(Number.isFinite));
  assert.deepEqual([slope[1] + 0, slope[5] + 0], [0, 0]);
});

test('gradients agree with finite differences', () => {
  const cos = tf.cos(random([3, 4]));
  const sin = tf.sin(random([3, 4]));
  const ids = tf.tensor1d([1, 0, 1], 'int32');
  const cases: [string, Run, tf.Tensor[]][] = [
    ['linear', ([x, w, b]) => T.linear(x, w, b), [random([3, 5]), random([4, 5]), random([4])]],
    ['rmsNorm', ([x, w]) => T.rmsNorm(x, w, 1e-6), [random([3, 9]), random([9])]],
    [
      'modulate',
      (x) => T.layerNormModulate(x[0], x[1], x[2], 1e-6),
      [random([2, 3, 9]), random([2, 9]), random([2, 9])],
    ],
    [
      'gated',
      (x) => T.gatedResidual(x[0], x[1], x[2]),
      [random([2, 3, 5]), random([2, 5]), random([2, 3, 5])],
    ],
    ['gelu', ([x]) => T.gelu(x), [random([19])]],
    ['swiglu', ([x, y]) => T.swiglu(x, y), [random([19]), random([19])]],
    ['rotary', ([x]) => T.rotary(x, cos, sin, 'interleaved'), [random([2, 3, 2, 8])]],
    [
      'attention',
      ([q, k, v]) => T.attention({ q, k, v, causal: true }),
      [random([1, 5, 2, 6]), random([1, 7, 1, 6]), random([1, 7, 1, 6])],
    ],
    ['tokenLogProbs', ([l]) => T.tokenLogProbs(l, ids), [random([3, 5])]],
  ];
  for (const [name, run, xs] of cases) {
    const [output, ...grads] = outputAndGrads(run, xs);
    const cotangent = tf.sin(tf.range(0, output.size)).dataSync();
    const scalar = (): number =>
      tf.tidy(() => (run(xs).dataSync() as Float32Array).reduce((sum, y, i) => sum + y * cotangent[i], 0));
    xs.forEach((original, n) => {
      const values = original.dataSync().slice();
      const slopes = grads[n].dataSync();
      const scale = Math.max(...slopes.map(Math.abs));
      const step = 5e-3;
      for (let i = 0; i < values.length; i += Math.ceil(values.length / 8)) {
        const at = (delta: number): number => {
          const moved = values.slice();
          moved[i] += delta;
          xs[n] = tf.tensor(moved, original.shape, 'float32');
          const y = scalar();
          xs[n].dispose();
          return y;
        };
        const slope = (at(step) - at(-step)) / (2 * step);
        assert.ok(
          Math.abs(slope - slopes[i]) < 4e-3 * scale + 1e-3, // fp32 differences over a finite step
          `${name}: input ${n}[${i}] has slope ${slope}, gradient ${slopes[i]}`,
        );
      }
      xs[n] = original;
    });
  }
});

test('NaN goes through, empty tensors are fine, runs repeat bit for bit', () => {
  const bad = tf.tensor([1, NaN, 3, 4], [1, 4]);
  const hasNaN = (x: tf.Tensor): boolean => x.dataSync().some(Number.isNaN);
  assert.ok(hasNaN(T.linear(bad, tf.ones([2, 4]))));
  assert.ok(hasNaN(T.rmsNorm(bad, null, 1e-6)) && hasNaN(T.layerNorm(bad, 1e-6)));
  assert.ok(hasNaN(T.silu(bad)) && hasNaN(T.gelu(bad)) && hasNaN(T.swiglu(bad, bad)));
  assert.ok(hasNaN(T.tokenLogProbs(bad, tf.tensor1d([0], 'int32'))));
  const qkv = bad.reshape([1, 1, 1, 4]);
  assert.ok(hasNaN(T.attention({ q: qkv, k: qkv, v: qkv })));
  const rows = tf.tile(qkv, [1, 5, 1, 1]);
  assert.ok(hasNaN(T.attention({ q: rows, k: rows, v: tf.ones([1, 5, 1, 4]), causal: true })));

  assert.deepEqual(T.linear(tf.zeros([0, 4]), tf.ones([2, 4]), tf.ones([2])).shape, [0, 2]);
  assert.deepEqual(T.rmsNorm(tf.zeros([0, 4]), tf.ones([4]), 1e-6).shape, [0, 4]);
  assert.deepEqual(T.silu(tf.zeros([0])).shape, [0]);
  assert.deepEqual(T.embedding(tf.ones([3, 2]), tf.zeros([0], 'int32')).shape, [0, 2]);
  assert.deepEqual(T.tokenLogProbs(tf.zeros([0, 3]), tf.zeros([0], 'int32')).shape, [0]);
  const empty = T.attention({
    q: tf.ones([1, 2, 1, 4]),
    k: tf.zeros([1, 0, 1, 4]),
    v: tf.zeros([1, 0, 1, 4]),
  });
  assert.deepEqual([...empty.dataSync()], Array(8).fill(0));

  const xs = [random([4, 80, 4, 64]), random([4, 80, 2, 64]), random([4, 80, 2, 64])];
  const once = outputAndGrads(([q, k, v]) => T.attention({ q, k, v, causal: true }), xs);
  const again = outputAndGrads(([q, k, v]) => T.attention({ q, k, v, causal: true }), xs);
  once.forEach((x, i) => assert.deepEqual(x.dataSync(), again[i].dataSync()));
});

test('wrong arguments give errors that name the op and the shapes', () => {
  const x = tf.ones([2, 3, 4]);
  assert.throws(
    () => T.linear(x, tf.ones([5, 3])),
    /linear: weight \(x is \[2, 3, 4\]\) is float32 \[5, 3\], want float32 \[\?, 4\]/,
  );
  assert.throws(() => T.linear(x, tf.ones([5, 4]), tf.ones([4])), /linear: bias .* want float32 \[5\]/);
  assert.throws(() => T.rmsNorm(x, tf.ones([3]), 1e-6), /rmsNorm: weight/);
  assert.throws(
    () => T.layerNormModulate(x, tf.ones([2, 4]), tf.ones([1, 4]), 1e-6),
    /layerNormModulate: scale/,
  );
  assert.throws(() => T.gatedResidual(x, tf.ones([2, 4]), tf.ones([2, 2, 4])), /gatedResidual: y/);
  assert.throws(() => T.swiglu(x, tf.ones([2, 3, 5])), /swiglu: up/);
  assert.throws(() => T.silu(tf.ones([2], 'int32')), /silu: x is int32 \[2\], want float32/);
  assert.throws(() => T.silu(undefined as unknown as tf.Tensor), /silu: x is undefined/);
  assert.throws(
    () => T.rotary(tf.ones([1, 2, 1, 3]), tf.ones([2, 1]), tf.ones([2, 1]), 'half'),
    /rotary: x .* even/,
  );
  assert.throws(
    () => T.rotary(tf.ones([1, 2, 1, 4]), tf.ones([3, 2]), tf.ones([3, 2]), 'half'),
    /rotary: cos/,
  );
  const q = tf.ones([1, 2, 3, 4]);
  assert.throws(
    () => T.attention({ q, k: tf.ones([1, 2, 2, 4]), v: tf.ones([1, 2, 2, 4]) }),
    /attention: q has 3 heads and k has 2/,
  );
  assert.throws(() => T.attention({ q, k: q, v: q, keyMask: tf.ones([1, 3]) }), /attention: keyMask/);
  assert.throws(
    () => T.embedding(tf.ones([3, 2]), tf.ones([2])),
    /embedding: ids is float32 \[2\], want int32/,
  );
  assert.throws(() => T.tokenLogProbs(tf.ones([2, 3]), tf.ones([3], 'int32')), /tokenLogProbs: targets/);
  const gone = tf.ones([2]);
  gone.dispose();
  assert.throws(() => T.silu(gone), /silu: x .* was disposed/);
  if (tf.getBackend() === 'native') {
    const before = tf.memory().numTensors;
    assert.throws(
      () => T.embedding(tf.ones([3, 2]), tf.tensor1d([0, 3], 'int32')),
      /id 3 at position 1, want 0 to 2/,
    );
    assert.ok(tf.memory().numTensors <= before + 2);
  }
});

test('no op keeps memory', () => {
  const x = random([2, 5, 16]);
  const w = random([16, 16]);
  const row = random([2, 16]);
  const q = random([2, 5, 2, 16]);
  const angles = random([5, 8]);
  const ids = tf.tensor1d([0, 3], 'int32');
  const mask = tf.ones([2, 5], 'int32');
  const all: (() => tf.Tensor)[] = [
    () => T.linear(x, w, w.slice([0, 0], [1, 16]).reshape([16])),
    () => T.rmsNorm(x, null, 1e-6),
    () => T.layerNormModulate(x, row, row, 1e-6),
    () => T.gatedResidual(x, row, x),
    () => T.swiglu(x, x),
    () => T.gelu(x),
    () => T.rotary(q, angles, angles, 'half'),
    () => T.attention({ q, k: q, v: q, keyMask: mask, causal: true }),
    () => T.embedding(w, ids),
    () => T.tokenLogProbs(row, ids),
  ];
  for (const f of all.slice(1)) {
    const before = tf.memory().numTensors;
    const beforeIds = tf.engine().backend.numDataIds();
    f().dispose();
    assert.equal(tf.memory().numTensors, before, f.toString());
    assert.equal(tf.engine().backend.numDataIds(), beforeIds, f.toString());
  }
  for (const f of all) {
    const leaf = tf.variable(tf.scalar(2));
    const round = (): void => {
      const { value, grads } = T.valueAndGrads(() => tf.sum(tf.mul(f(), leaf)), { leaf });
      value.dispose();
      grads.leaf.dispose();
    };
    round();
    const before = tf.memory().numTensors;
    const beforeIds = tf.engine().backend.numDataIds();
    round();
    assert.equal(tf.memory().numTensors, before, f.toString());
    assert.equal(tf.engine().backend.numDataIds(), beforeIds, f.toString());
    leaf.dispose();
  }
});
