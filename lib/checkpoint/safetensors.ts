// The safetensors file format (8-byte header length, JSON header, raw little-endian tensors), read
// synchronously. A file is never trusted: every offset and length is checked before a byte of a tensor is read.
import * as fs from 'node:fs';
import { tf } from '../tensor';
import { isPlainObject, reasonOf, show } from './files';
import { decodeBF16, decodeF16 } from './half';
import { duplicateKey } from './json-keys';

export type SafeDType = 'F64' | 'F32' | 'F16' | 'BF16' | 'I64' | 'I32' | 'U8' | 'BOOL';
export type SafeData = Float64Array | Float32Array | BigInt64Array | Int32Array | Uint8Array;

/** A tensor as the file holds it; F16 and BF16 are widened to float32 (exactly), the rest keep their type. */
export interface SafeTensor {
  dtype: SafeDType;
  shape: number[];
  data: SafeData;
}

export interface SafeFile {
  tensors: Record<string, SafeTensor>;
  metadata: Record<string, string>;
}

/** Bytes of one value, by type. */
export const BYTES: Record<SafeDType, number> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  U8: 1,
  BOOL: 1,
};
const MAX_HEADER = 100_000_000; // the limit of the reference implementation
const READ_CHUNK = 1 << 30;

interface Entry {
  name: string;
  dtype: SafeDType;
  shape: number[];
  start: number;
  end: number;
}

/**
 * Reads every tensor and the metadata of a safetensors file, without tf.
 * Throws, naming the file and the tensor, on a truncated file, a header that is absurd, not an object or lists a
 * name twice, an unknown dtype, offsets outside the data, overlapping or leaving holes, and lengths that do not
 * fit the shape.
 */
export function readSafetensors(file: string): SafeFile {
  const fd = openToRead(file);
  try {
    const { entries, metadata, dataStart } = readHeader(fd, file);
    const tensors: [string, SafeTensor][] = entries.map((entry) => {
      const bytes = readBytes(fd, dataStart + entry.start, entry.end - entry.start, `${file}: ${entry.name}`);
      return [entry.name, { dtype: entry.dtype, shape: entry.shape, data: decode(bytes, entry, file) }];
    });
    return { tensors: Object.fromEntries(tensors), metadata };
  } finally {
    fs.closeSync(fd);
  }
}

/** Only the header: names, dtypes and shapes; costs nothing on a large file and checks all of its claims. */
export function readSafetensorsHeader(file: string): {
  tensors: Record<string, { dtype: SafeDType; shape: number[] }>;
  metadata: Record<string, string>;
} {
  const fd = openToRead(file);
  try {
    const { entries, metadata } = readHeader(fd, file);
    return {
      tensors: Object.fromEntries(entries.map((e) => [e.name, { dtype: e.dtype, shape: e.shape }])),
      metadata,
    };
  } finally {
    fs.closeSync(fd);
  }
}

/**
 * Loads a safetensors file as tf tensors: floats (F64 F32 F16 BF16) as float32, I64 I32 U8 as int32, BOOL as bool.
 * Throws as `readSafetensors`, and when an I64 or F64 value does not fit int32 or float32.
 */
export function loadSafetensors(file: string): Record<string, tf.Tensor> {
  const { tensors } = readSafetensors(file);
  const plain = Object.entries(tensors).map(
    ([name, tensor]) => [name, tensor, narrow(tensor, `${file}: ${name}`)] as const,
  );
  return Object.fromEntries(
    plain.map(([name, { shape, dtype }, data]) => [name, tf.tensor(data, shape, tfType(dtype))]),
  );
}

function openToRead(file: string): number {
  try {
    return fs.openSync(file, 'r');
  } catch (error) {
    throw new Error(`${file}: could not be read (${reasonOf(error)})`, { cause: error });
  }
}

function readHeader(
  fd: number,
  file: string,
): { entries: Entry[]; metadata: Record<string, string>; dataStart: number } {
  const size = fs.fstatSync(fd).size;
  if (size < 8)
    throw new Error(
      `${file}: is ${size} bytes long, too short for a safetensors file (8-byte header length)`,
    );
  const length = Buffer.from(readBytes(fd, 0, 8, file)).readBigUInt64LE(0);
  if (length > BigInt(MAX_HEADER))
    throw new Error(
      `${file}: header length is ${length}, want at most ${MAX_HEADER}; not a safetensors file?`,
    );
  const dataStart = 8 + Number(length);
  if (dataStart > size)
    throw new Error(`${file}: is truncated: the header needs ${dataStart} bytes, the file has ${size}`);
  const header = parseHeader(Buffer.from(readBytes(fd, 8, Number(length), file)), file);
  const metadata = header.__metadata__ === undefined ? {} : checkMetadata(file, header.__metadata__);
  const entries = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, value]) => checkEntry(file, name, value, size - dataStart));
  checkLayout(file, entries, size - dataStart);
  return { entries, metadata, dataStart };
}

function parseHeader(bytes: Buffer, file: string): Record<string, unknown> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Error(`${file}: header is not UTF-8 text; not a safetensors file?`);
  }
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch (error) {
    throw new Error(`${file}: header is not valid JSON (${reasonOf(error)})`, { cause: error });
  }
  if (!isPlainObject(header))
    throw new Error(`${file}: header is ${show(header)}, want a JSON object of tensors`);
  const twice = duplicateKey(text);
  if (twice !== undefined) throw new Error(`${file}: header lists ${show(twice)} twice`);
  return header;
}

function checkEntry(file: string, name: string, value: unknown, dataBytes: number): Entry {
  const where = `${file}: ${name}`;
  if (!isPlainObject(value))
    throw new Error(`${where}: header entry is ${show(value)}, want { dtype, shape, data_offsets }`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string' || !Object.hasOwn(BYTES, dtype))
    throw new Error(`${where}: dtype is ${show(dtype)}, want one of ${Object.keys(BYTES).join(', ')}`);
  if (!Array.isArray(shape) || !shape.every(isCount))
    throw new Error(`${where}: shape is ${show(shape)}, want a list of non-negative integers`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount))
    throw new Error(`${where}: data_offsets is ${show(offsets)}, want two non-negative integers`);
  const [start, end] = offsets as [number, number];
  if (start > end) throw new Error(`${where}: data_offsets ${show(offsets)} run backwards`);
  if (end > dataBytes)
    throw new Error(
      `${where}: data_offsets ${show(offsets)} reach past the ${dataBytes} bytes of data; is the file truncated?`,
    );
  // In big integers: a lying shape can overflow 2^53 and come out as any length.
  const want = (shape as number[]).reduce((n, d) => n * BigInt(d), 1n) * BigInt(BYTES[dtype as SafeDType]);
  if (BigInt(end - start) !== want)
    throw new Error(
      `${where}: has ${end - start} bytes, want ${want} for ${dtype} of shape [${shape.join(', ')}]`,
    );
  return { name, dtype: dtype as SafeDType, shape: shape as number[], start, end };
}

/** The data must be covered exactly once, as the format asks: no overlaps, no holes, nothing after the end. */
function checkLayout(file: string, entries: Entry[], dataBytes: number): void {
  const sorted = [...entries].sort((a, b) => a.start - b.start || a.end - b.end);
  let at = 0;
  let previous = 'the header';
  for (const { name, start, end } of sorted) {
    if (start < at)
      throw new Error(`${file}: ${name}: its data overlap those of ${previous} (byte ${start} < ${at})`);
    if (start > at)
      throw new Error(`${file}: ${name}: ${start - at} unclaimed bytes between it and ${previous}`);
    at = end;
    previous = name;
  }
  if (at !== dataBytes)
    throw new Error(`${file}: ${dataBytes - at} bytes after ${previous} belong to no tensor`);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

export function checkMetadata(file: string, value: unknown): Record<string, string> {
  if (!isPlainObject(value))
    throw new Error(`${file}: __metadata__ is ${show(value)}, want an object of strings`);
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string')
      throw new Error(`${file}: __metadata__ ${key} is ${show(text)}, want a string`);
  }
  return value as Record<string, string>;
}

/** Reads into a fresh buffer, which typed arrays of any width can view without alignment trouble. */
function readBytes(fd: number, position: number, length: number, what: string): ArrayBuffer {
  const bytes = new Uint8Array(length);
  let at = 0;
  while (at < length) {
    const got = fs.readSync(fd, bytes, at, Math.min(READ_CHUNK, length - at), position + at);
    if (got === 0) throw new Error(`${what}: the file ended after ${at} of ${length} bytes`);
    at += got;
  }
  return bytes.buffer;
}

function decode(buffer: ArrayBuffer, { name, dtype }: Entry, file: string): SafeData {
  switch (dtype) {
    case 'F64':
      return new Float64Array(buffer);
    case 'F32':
      return new Float32Array(buffer);
    case 'F16':
      return decodeF16(new Uint16Array(buffer));
    case 'BF16':
      return decodeBF16(new Uint16Array(buffer));
    case 'I64':
      return new BigInt64Array(buffer);
    case 'I32':
      return new Int32Array(buffer);
    case 'U8':
      return new Uint8Array(buffer);
    case 'BOOL': {
      const data = new Uint8Array(buffer);
      const bad = data.find((v) => v > 1);
      if (bad !== undefined) throw new Error(`${file}: ${name}: a BOOL is ${bad}, want 0 or 1`);
      return data;
    }
  }
}

function tfType(dtype: SafeDType): 'float32' | 'int32' | 'bool' {
  if (dtype === 'BOOL') return 'bool';
  return dtype === 'I64' || dtype === 'I32' || dtype === 'U8' ? 'int32' : 'float32';
}

/** To the types tf has, never silently changing a value beyond float rounding. */
function narrow({ dtype, data }: SafeTensor, where: string): Float32Array | Int32Array | Uint8Array {
  if (data instanceof BigInt64Array) {
    const out = new Int32Array(data.length);
    for (let i = 0; i < data.length; i++) {
      out[i] = Number(data[i]);
      if (BigInt(out[i]) !== data[i])
        throw new Error(`${where}: holds ${data[i]}, which does not fit a 32-bit integer`);
    }
    return out;
  }
  if (data instanceof Float64Array) {
    const out = new Float32Array(data.length);
    for (let i = 0; i < data.length; i++) {
      out[i] = data[i];
      if (!Number.isFinite(out[i]) && Number.isFinite(data[i]))
        throw new Error(`${where}: holds ${data[i]}, which does not fit a 32-bit float`);
    }
    return out;
  }
  return dtype === 'U8' ? Int32Array.from(data) : data;
}
