// Random streams: known answers, statistics, exact state.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { type BackendName, initBackend, RandomStream, tf } from '../lib/tensor';
import { philox } from '../lib/tensor/random';

before(async () => {
  await initBackend();
});

const hex = (words: Uint32Array): string[] => [...words].map((w) => w.toString(16).padStart(8, '0'));

test('Philox4x32-10 gives the known answers of its authors (Random123 kat_vectors)', () => {
  const out = new Uint32Array(4);
  philox(out, 1, [0, 0, 0, 0], 0);
  assert.deepEqual(hex(out), ['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8']);
});

test('Philox agrees with a big-integer definition on other counters and keys', () => {
  const naive = (counter: bigint[], key: bigint[]): string[] => {
    const mask = 0xffffffffn;
    let [c0, c1, c2, c3] = counter;
    let [k0, k1] = key;
    for (let r = 0; r < 10; r++) {
      const a = 0xd2511f53n * c0;
      const b = 0xcd9e8d57n * c2;
      [c0, c1, c2, c3] = [(b >> 32n) ^ c1 ^ k0, b & mask, (a >> 32n) ^ c3 ^ k1, a & mask];
      [k0, k1] = [(k0 + 0x9e3779b9n) & mask, (k1 + 0xbb67ae85n) & mask];
    }
    return [c0, c1, c2, c3].map((w) => w.toString(16).padStart(8, '0'));
  };
  // all ones and digits of pi: the other two vectors of the authors, the block kept below 2^53
  const all = 0xffffffff;
  const out = new Uint32Array(4);
  for (const [block, key] of [
    [2 ** 53 - 1, [all, all, all, all]],
    [0x85a308 * 2 ** 32 + 0x243f6a88, [0xa4093822, 0x299f31d0, 0x13198a2e, 0x03707344]],
    [12345, [1, 2 ** 31, 0xffff0000, 0x0000ffff]],
  ] as [number, number[]][]) {
    philox(out, 1, key, block);
    const counter = [block % 2 ** 32, Math.floor(block / 2 ** 32), key[2], key[3]].map(BigInt);
    assert.deepEqual(hex(out), naive(counter, [BigInt(key[0]), BigInt(key[1])]));
  }
});

test('the same seed and names give the same numbers, any other gives others', () => {
  const first = (s: RandomStream): number[] => [s.bits(), s.bits(), s.bits()];
  assert.deepEqual(first(RandomStream.of(7, 'noise', 3)), first(RandomStream.of(7, 'noise', 3)));
  const streams = [
    RandomStream.of(7),
    RandomStream.of(8),
    RandomStream.of(-7),
    RandomStream.of(7.5),
    RandomStream.of(7 + 2 ** 40),
    RandomStream.of(7, 'noise'),
    RandomStream.of(7, 'noise', 3),
    RandomStream.of(7, 'noise', '3'),
    RandomStream.of(7, 'noise3'),
    RandomStream.of(7, 3, 'noise'),
    RandomStream.of(7, ''),
    RandomStream.of(7, '', ''),
    RandomStream.of(7, 'ab', 'c'),
    RandomStream.of(7, 'a', 'bc'),
    RandomStream.of(7, 'noise').split(3),
    RandomStream.of(7, 'noise').split(4),
  ].map((s) => String(first(s)));
  assert.equal(new Set(streams).size, streams.length);
  assert.throws(() => RandomStream.of(NaN), /NaN/);
});

test('golden numbers: a change of the generator or of the naming would change every run', () => {
  const s = RandomStream.of(42, 'golden', 1);
  assert.deepEqual(
    [s.bits(), s.int(1000), s.uniform(), s.normals(2)[1]],
    [3728930257, 481, 0.9064373864679273, Math.fround(0.9317587018013)],
  );
});

test('state and restore continue exactly, through JSON, from anywhere', () => {
  const s = RandomStream.of(1, 'x');
  for (let used = 0; used < 9; used++) {
    const saved = JSON.parse(JSON.stringify(s.state())) as ReturnType<RandomStream['state']>;
    const draw = (r: RandomStream): unknown => [
      r.bits(),
      r.normal(),
      r.int(7),
      [...r.normals(5)],
      r.uniform(),
      r.shuffle([1, 2, 3]),
    ];
    const copy = RandomStream.from(saved);
    const expected = draw(RandomStream.from(saved));
    assert.deepEqual(draw(copy), expected);
    assert.deepEqual(draw(copy.restore(saved)), expected);
    s.bits();
  }
  assert.throws(() => s.restore({ key: [1, 2, 3] as never, position: 0 }), /key/);
  assert.throws(() => s.restore({ key: [1, 2, 3, 4], position: -1 }), /position/);
});

test('bulk draws do not depend on how they are chunked', () => {
  const long = RandomStream.of(2, 'bulk').normals(10001);
  const s = RandomStream.of(2, 'bulk');
  const parts = [...s.normals(4096), ...s.normals(4), ...s.normals(5901)];
  assert.deepEqual([...long], parts);
  assert.equal(s.normals(0).length, 0);
});

test('moments and shape of the normals and uniforms', () => {
  const n = 1_000_000;
  for (const [x, mean, variance, fourth] of [
    [RandomStream.of(3, 'n').normals(n), 0, 1, 3],
    [RandomStream.of(3, 'u').uniforms(n), 0.5, 1 / 12, 1 / 80],
  ] as const) {
    const m = x.reduce((a, v) => a + v, 0) / n;
    const v = x.reduce((a, y) => a + (y - m) ** 2, 0) / n;
    const f = x.reduce((a, y) => a + (y - m) ** 4, 0) / n;
    assert.ok(
      Math.abs(m - mean) < 5e-3 && Math.abs(v - variance) < 5e-3 && Math.abs(f - fourth) < 0.03,
      `${m} ${v} ${f}`,
    );
  }
  // sin and cos partners, neighbours, and two streams of neighbouring names are uncorrelated (5 sigma = 0.005)
  const a = RandomStream.of(3, 'image', 0).normals(n);
  const b = RandomStream.of(3, 'image', 1).normals(n);
  for (const lag of [1, 2, 4])
    assert.ok(Math.abs(a.reduce((s, v, i) => s + v * (a[i + lag] ?? 0), 0) / n) < 5e-3);
  assert.ok(Math.abs(a.reduce((s, v, i) => s + v * b[i], 0) / n) < 5e-3);
  assert.ok(a.every(Number.isFinite));
});

test('int, pick, shuffle and weighted are fair and refuse nonsense', () => {
  const s = RandomStream.of(4, 'fair');
  const counts = new Array<number>(6).fill(0);
  for (let i = 0; i < 60000; i++) counts[s.int(6)]++;
  const chi2 = counts.reduce((sum, c) => sum + (c - 10000) ** 2 / 10000, 0);
  assert.ok(chi2 < 25, `chi2 ${chi2}`); // 5 degrees of freedom: p = 1e-4
  const orders = new Map<string, number>();
  for (let i = 0; i < 12000; i++) {
    const order = s.shuffle(['a', 'b', 'c']).join('');
    orders.set(order, (orders.get(order) ?? 0) + 1);
  }
  assert.equal(orders.size, 6);
  assert.ok([...orders.values()].every((c) => Math.abs(c - 2000) < 220));
  const picked = [0, 0, 0];
  for (let i = 0; i < 10000; i++) picked[s.weighted([1, 0, 3])]++;
  assert.ok(picked[1] === 0 && Math.abs(picked[0] - 2500) < 220);
  assert.equal(s.int(1), 0);
  assert.ok(s.int(2 ** 32) >= 0);
  for (const n of [0, -1, 1.5, NaN, 2 ** 32 + 1]) assert.throws(() => s.int(n), /want an integer/);
  assert.throws(() => s.pick([]), /empty/);
  assert.throws(() => s.weighted([0, 0]), /sum to 0/);
  assert.throws(() => s.weighted([1, NaN]), /weight 1 is NaN/);
  const items = [1, 2, 3];
  s.shuffle(items);
  assert.deepEqual(items, [1, 2, 3]);
});

test('tensors have their shape and range', async () => {
  const s = RandomStream.of(5);
  const x = s.tensorNormal([2, 3]);
  assert.deepEqual([x.shape, x.dtype], [[2, 3], 'float32']);
  const u = await s.tensorUniform([100], -2, 2).data();
  assert.ok(u.every((v) => v >= -2 && v < 2) && Math.min(...u) < -1);
});

test('every backend draws the same normals to 2e-6 and moves the stream alike', async () => {
  const chosen = tf.getBackend() as BackendName;
  for (const n of [0, 1, 3, 17, 64, 65, 127, 1000, 5001]) {
    const here = RandomStream.of(3, 'normals', n);
    here.bits(); // the draw starts at a fresh block
    const found = here.normals(n);
    await initBackend('cpu');
    const there = RandomStream.of(3, 'normals', n);
    there.bits();
    const wanted = there.normals(n);
    await initBackend(chosen);
    assert.equal(found.length, n);
    assert.deepEqual(here.state(), there.state());
    found.forEach((x, i) =>
      assert.ok(Math.abs(x - wanted[i]) <= 2e-6, `${n}: [${i}] is ${x}, want ${wanted[i]}`),
    );
  }
  const far = RandomStream.from({ key: [1, 2, 3, 4], position: 4 * (2 ** 32 - 8) }); // over a carry of the counter
  const first = far.normals(128);
  const again = RandomStream.from({ key: [1, 2, 3, 4], position: 4 * (2 ** 32 - 8) });
  const single = Array.from({ length: 64 }, () => again.normal());
  single.forEach((x, i) => assert.ok(Math.abs(x - first[2 * i]) <= 2e-6, `${i}`));
});
