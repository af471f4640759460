// safetensors: exact round trips, Python's fixtures, and files that lie.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, test } from 'node:test';
import {
  loadSafetensors,
  readSafetensors,
  readSafetensorsHeader,
  saveSafetensors,
  writeAtomic,
} from '../lib/checkpoint';
import { nodeFiles, type FileOps } from '../lib/checkpoint/files';
import { decodeBF16, decodeF16, encodeBF16, encodeF16 } from '../lib/checkpoint/half';
import { initBackend, tf } from '../lib/tensor';

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'safetensors-'));
const file = path.join(dir, 'x.safetensors');
before(async () => {
  await initBackend();
});
after(() => fs.rmSync(dir, { recursive: true, force: true }));

/** A file of this header (text or object) and data, lengths as told. */
function forge(header: unknown, data: Uint8Array = new Uint8Array(0), length?: bigint): string {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(length ?? BigInt(json.length));
  fs.writeFileSync(file, Buffer.concat([size, json, data]));
  return file;
}

function entry(dtype: unknown, shape: unknown, start: unknown, end: unknown): object {
  return { dtype, shape, data_offsets: [start, end] };
}

test('float32, int32, bool, scalars and empty tensors come back exactly, with metadata', async () => {
  const tensors = {
    w: tf.tensor([1.5, -0, 3e-42, Number.MAX_VALUE, NaN, 2], [2, 3]),
    ids: tf.tensor([-(2 ** 31), 2 ** 31 - 1], [2], 'int32'),
    mask: tf.tensor([true, false, true], [3], 'bool'),
    one: tf.scalar(7),
    none: tf.zeros([0, 4]),
    'a "quoted" ünïcode': tf.tensor1d([1]),
    __proto__x: tf.tensor1d([2]),
  };
  saveSafetensors(file, tensors, { note: 'hello' });
  const { metadata } = readSafetensors(file);
  assert.deepEqual(metadata, { format: 'pt', note: 'hello' });
  const back = loadSafetensors(file);
  assert.deepEqual(Object.keys(back).sort(), Object.keys(tensors).sort());
  for (const [name, tensor] of Object.entries(tensors)) {
    assert.equal(back[name].dtype, tensor.dtype, name);
    assert.deepEqual(back[name].shape, tensor.shape, name);
    assert.deepEqual(await back[name].data(), await tensor.data(), name);
  }
  assert.equal((fs.readFileSync(file).readUInt32LE(0) + 8) % 8, 0, 'the data start aligned');
  tf.dispose([tensors, back]);
});

test('a tensor called __proto__ is only a name', () => {
  forge('{"__proto__":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', new Uint8Array(4));
  assert.deepEqual(Object.keys(readSafetensors(file).tensors), ['__proto__']);
});

test('F16 and BF16: every 16-bit value decodes and encodes to itself, and rounding is to nearest even', () => {
  const all = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const half = decodeF16(all);
  const bf = decodeBF16(all);
  assert.equal(half[0x3c00], 1);
  assert.equal(half[0x0001], 2 ** -24);
  assert.equal(half[0xfbff], -65504);
  assert.equal(bf[0x3f80], 1);
  const [half2, bf2] = [encodeF16(half), encodeBF16(bf)];
  for (let i = 0; i < 65536; i++) {
    if (Number.isNaN(half[i])) assert.ok(Number.isNaN(decodeF16(half2.slice(i, i + 1))[0]));
    else assert.equal(half2[i], i);
    if (Number.isNaN(bf[i])) assert.ok(Number.isNaN(decodeBF16(bf2.slice(i, i + 1))[0]));
    else assert.equal(bf2[i], i);
  }
  // halfway cases, subnormals, overflow to infinity
  const f16 = (x: number): number => decodeF16(encodeF16(Float32Array.of(x)))[0];
  assert.equal(f16(2049), 2048);
  assert.equal(f16(2051), 2052);
  assert.equal(f16(2 ** -25), 0);
  assert.equal(f16(1.5 * 2 ** -24), 2 ** -23);
  assert.equal(f16(1023.75 * 2 ** -24), 2 ** -14);
  assert.equal(f16(65519), 65504);
  assert.equal(f16(65520), Infinity);
  const bf16 = (x: number): number => decodeBF16(encodeBF16(Float32Array.of(x)))[0];
  assert.equal(bf16(257), 256);
  assert.equal(bf16(259), 260);
});

test('halves are saved at half the size and loaded as float32', async () => {
  const x = tf.tensor([1, 0.1, -3]);
  for (const dtype of ['F16', 'BF16'] as const) {
    saveSafetensors(file, { x }, {}, { dtype });
    assert.deepEqual(readSafetensorsHeader(file).tensors.x, { dtype, shape: [3] });
    const y = loadSafetensors(file).x;
    assert.ok(Math.abs((await y.data())[1] - 0.1) < 1e-3);
  }
  assert.throws(
    () => saveSafetensors(file, { big: tf.scalar(1e5) }, {}, { dtype: 'F16' }),
    /big: holds 100000, .*BF16/,
  );
});

test('F64, I64 and U8 are read; values that do not fit are refused by name', async () => {
  const data = new Uint8Array(8 + 8 + 2);
  const view = new DataView(data.buffer);
  view.setFloat64(0, 0.5, true);
  view.setBigInt64(8, -5n, true);
  data.set([7, 255], 16);
  const header = { d: entry('F64', [], 0, 8), i: entry('I64', [1], 8, 16), u: entry('U8', [2], 16, 18) };
  forge(header, data);
  const { d, i, u } = loadSafetensors(file);
  assert.deepEqual([...(await d.data()), ...(await i.data()), ...(await u.data())], [0.5, -5, 7, 255]);
  assert.deepEqual([d.dtype, i.dtype, u.dtype], ['float32', 'int32', 'int32']);
  view.setBigInt64(8, 2n ** 31n, true);
  forge(header, data);
  assert.throws(
    () => loadSafetensors(file),
    /x\.safetensors: i: holds 2147483648, which does not fit a 32-bit integer/,
  );
  assert.equal(readSafetensors(file).tensors.i.data[0], 2n ** 31n, 'the raw reader keeps it');
});

test('an odd header length (unaligned data) is read all the same', async () => {
  const data = new Uint8Array(Float32Array.of(1, 2).buffer);
  for (const pad of ['', ' ', '  ', '   ']) {
    forge(JSON.stringify({ w: entry('F32', [2], 0, 8) }) + pad, data);
    assert.deepEqual([...(await loadSafetensors(file).w.data())], [1, 2]);
  }
});

test('lying files give an error that names the file, the tensor and the lie', () => {
  const four = new Uint8Array(4);
  const eight = new Uint8Array(8);
  const w = (...args: Parameters<typeof entry>): object => ({ w: entry(...args) });
  const cases: [string, () => string, RegExp][] = [
    ['no file', () => path.join(dir, 'none'), /none: could not be read \(no such file\)/],
    ['empty', () => (fs.writeFileSync(file, ''), file), /is 0 bytes long/],
    ['absurd header length', () => forge('{}', four, 2n ** 63n), /header length is 9223372036854775808/],
    [
      'header past the end',
      () => forge('{}', four, 1000n),
      /truncated: the header needs 1008 bytes, the file has 14/,
    ],
    ['not JSON', () => forge('{"w":'), /header is not valid JSON/],
    ['not UTF-8', () => forge('{}', Uint8Array.of(255), 3n), /not UTF-8/],
    ['a list', () => forge('[]'), /header is \[\], want a JSON object/],
    ['null', () => forge('null'), /header is null/],
    ['a name twice', () => forge('{"w":1,"\\u0077":2}'), /lists "w" twice/],
    ['an entry that is a number', () => forge({ w: 1 }), /w: header entry is 1/],
    ['unknown dtype', () => forge(w('F8_E4M3', [4], 0, 4), four), /w: dtype is "F8_E4M3", want one of F64, /],
    ['dtype of the prototype', () => forge(w('toString', [4], 0, 4), four), /w: dtype is "toString"/],
    ['negative shape', () => forge(w('F32', [-1], 0, 4), four), /w: shape is \[-1\]/],
    ['fractional shape', () => forge(w('F32', [0.5], 0, 4), four), /w: shape is \[0.5\]/],
    ['no offsets', () => forge({ w: { dtype: 'F32', shape: [1] } }, four), /w: data_offsets is undefined/],
    ['negative offset', () => forge(w('F32', [1], -4, 0), four), /w: data_offsets is \[-4,0\]/],
    ['backwards', () => forge(w('F32', [1], 4, 0), four), /w: data_offsets \[4,0\] run backwards/],
    [
      'out of range',
      () => forge(w('F32', [2], 0, 8), four),
      /w: data_offsets \[0,8\] reach past the 4 bytes/,
    ],
    [
      'wrong length',
      () => forge(w('F32', [3], 0, 8), eight),
      /w: has 8 bytes, want 12 for F32 of shape \[3\]/,
    ],
    [
      'overflowing shape',
      () => forge(w('F32', [2 ** 31, 2 ** 31, 4], 0, 0)),
      /w: has 0 bytes, want 73786976294838206464/,
    ],
    [
      'overlap',
      () => forge({ a: entry('F32', [1], 0, 4), b: entry('F32', [1], 2, 6) }, new Uint8Array(6)),
      /b: its data overlap those of a/,
    ],
    ['a hole', () => forge(w('F32', [1], 4, 8), eight), /w: 4 unclaimed bytes between it and the header/],
    ['bytes after the end', () => forge(w('F32', [1], 0, 4), eight), /4 bytes after w belong to no tensor/],
    ['metadata of numbers', () => forge({ __metadata__: { a: 1 } }), /__metadata__ a is 1, want a string/],
    ['a BOOL of 2', () => forge(w('BOOL', [1], 0, 1), Uint8Array.of(2)), /w: a BOOL is 2/],
  ];
  for (const [what, make, message] of cases) {
    const made = make();
    assert.throws(
      () => loadSafetensors(made),
      (error: Error) => {
        assert.match(error.message, message, what);
        assert.ok(error.message.includes(made), `${what}: names the file`);
        return true;
      },
    );
  }
});

test('every truncation of a good file is an error', () => {
  saveSafetensors(file, { a: tf.tensor1d([1, 2]), b: tf.tensor1d([3], 'int32') });
  const whole = fs.readFileSync(file);
  for (let n = 0; n < whole.length; n++) {
    fs.writeFileSync(file, whole.subarray(0, n));
    assert.throws(() => readSafetensors(file), /x\.safetensors/, `cut to ${n} bytes`);
  }
});

test('a full disk, at any moment of a save, leaves the old file and no other', () => {
  const full = (): never => {
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  };
  saveSafetensors(file, { w: tf.tensor1d([1, 2, 3]) });
  const old = fs.readFileSync(file);
  const steps: (keyof FileOps)[] = ['openSync', 'writeSync', 'fsyncSync', 'closeSync', 'renameSync'];
  for (const failing of steps) {
    const ops: FileOps = { ...nodeFiles, [failing]: full };
    const save = (): void => saveSafetensors(file, { w: tf.tensor1d([9]) }, {}, { ops });
    assert.throws(save, /x\.safetensors: could not be written \(ENOSPC: no space.*unchanged/, failing);
    assert.deepEqual(fs.readFileSync(file), old, failing);
    assert.deepEqual(fs.readdirSync(dir), ['x.safetensors'], failing);
  }
  // A disk that fills in the middle: some bytes are taken, then none.
  let room = 20;
  const filling: FileOps = {
    ...nodeFiles,
    writeSync: (fd, bytes, offset, length) => {
      if (room === 0) full();
      const written = nodeFiles.writeSync(fd, bytes, offset, Math.min(length, room));
      room -= written;
      return written;
    },
  };
  assert.throws(() => saveSafetensors(file, { w: tf.tensor1d([9]) }, {}, { ops: filling }), /ENOSPC/);
  assert.deepEqual(fs.readFileSync(file), old);
  assert.deepEqual(fs.readdirSync(dir), ['x.safetensors']);
});

test('short writes are completed', () => {
  const slow: FileOps = {
    ...nodeFiles,
    writeSync: (fd, b, o, n) => nodeFiles.writeSync(fd, b, o, Math.min(3, n)),
  };
  writeAtomic(file, 'hello, atomic world', slow);
  assert.equal(fs.readFileSync(file, 'utf8'), 'hello, atomic world');
});

test('what cannot be stored is refused before a byte is written', () => {
  fs.rmSync(file, { force: true });
  assert.throws(() => saveSafetensors(file, { __metadata__: tf.scalar(1) }), /reserved/);
  assert.throws(
    () => saveSafetensors(file, { w: { shape: [2], data: new Float32Array(3) } }),
    /w: has 3 values, want 2 for shape \[2\]/,
  );
  assert.throws(
    () => saveSafetensors(file, { s: tf.tensor(['a']) as unknown as tf.Tensor }),
    /s: cannot store/,
  );
  assert.ok(!fs.existsSync(file));
});

test('reading a large file is fast enough and leaks nothing', () => {
  const before = tf.memory().numTensors;
  saveSafetensors(
    file,
    { w: { shape: [1 << 21], data: new Float32Array(1 << 21).fill(0.5) } },
    {},
    { dtype: 'BF16' },
  );
  const loaded = loadSafetensors(file);
  tf.dispose(loaded);
  assert.equal(tf.memory().numTensors, before);
});
