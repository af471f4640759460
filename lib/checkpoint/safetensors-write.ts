// Writing safetensors: laid out as the reference implementation does, atomically, losing no value silently.
import { type tf } from '../tensor';
import { type FileOps, nodeFiles, writeAtomic } from './files';
import { encodeBF16, encodeF16 } from './half';
import { BYTES, checkMetadata, type SafeDType } from './safetensors';

/** A tensor to save that is not a tf.Tensor: float data become F32 (or the asked-for half), ints I32. */
export interface PlainTensor {
  shape: readonly number[];
  data: Float32Array | Int32Array | Uint8Array;
}

export interface SaveOptions {
  /** What float tensors are stored as; default F32. Integers and booleans keep their type. */
  dtype?: 'F32' | 'F16' | 'BF16';
  ops?: FileOps;
}

/**
 * Saves tensors by name, atomically: on any failure the file that was there is untouched. `metadata` gets
 * `format: "pt"`, which Python's transformers asks for.
 * Throws when a name is reserved, data and shape disagree, or a finite value does not fit F16.
 */
export function saveSafetensors(
  file: string,
  tensors: Record<string, tf.Tensor | PlainTensor>,
  metadata: Record<string, string> = {},
  options: SaveOptions = {},
): void {
  const parts = Object.entries(tensors).map(([name, tensor]) =>
    encode(file, name, tensor, options.dtype ?? 'F32'),
  );
  // Widest type first, then by name (as the reference does): every tensor then starts aligned to its own type.
  parts.sort((a, b) => BYTES[b.dtype] - BYTES[a.dtype] || (a.name < b.name ? -1 : 1));
  let offset = 0;
  const entries: [string, unknown][] = [['__metadata__', checkMetadata(file, { format: 'pt', ...metadata })]];
  for (const { name, dtype, shape, bytes } of parts) {
    entries.push([name, { dtype, shape, data_offsets: [offset, offset + bytes.byteLength] }]);
    offset += bytes.byteLength;
  }
  const json = Buffer.from(JSON.stringify(Object.fromEntries(entries)), 'utf8');
  const header = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, ' '); // padded so that the data start aligned
  header.writeBigUInt64LE(BigInt(header.length - 8), 0);
  json.copy(header, 8);
  writeAtomic(file, [header, ...parts.map((part) => part.bytes)], options.ops ?? nodeFiles);
}

interface Part {
  name: string;
  dtype: SafeDType;
  shape: number[];
  bytes: Uint8Array;
}

function encode(
  file: string,
  name: string,
  tensor: tf.Tensor | PlainTensor,
  floats: 'F32' | 'F16' | 'BF16',
): Part {
  const where = `${file}: ${name}`;
  if (name === '__metadata__') throw new Error(`${where}: this name is reserved by the format`);
  const shape = [...tensor.shape];
  const data =
    'data' in tensor && ArrayBuffer.isView(tensor.data) ? tensor.data : (tensor as tf.Tensor).dataSync();
  const count = shape.reduce((n, d) => n * d, 1);
  if (data.length !== count)
    throw new Error(`${where}: has ${data.length} values, want ${count} for shape [${shape.join(', ')}]`);
  if (data instanceof Float32Array) {
    if (floats === 'F16') checkFitsHalf(data, where);
    const stored = floats === 'F32' ? data : floats === 'F16' ? encodeF16(data) : encodeBF16(data);
    return { name, dtype: floats, shape, bytes: bytesOf(stored) };
  }
  if (data instanceof Int32Array) return { name, dtype: 'I32', shape, bytes: bytesOf(data) };
  if (data instanceof Uint8Array) {
    const bool = 'dtype' in tensor && tensor.dtype === 'bool';
    return { name, dtype: bool ? 'BOOL' : 'U8', shape, bytes: data };
  }
  throw new Error(
    `${where}: cannot store ${Object.prototype.toString.call(data)}, want float32, int32 or bool values`,
  );
}

function checkFitsHalf(data: Float32Array, where: string): void {
  for (const v of data) {
    if (Math.abs(v) >= 65520 && Number.isFinite(v))
      throw new Error(`${where}: holds ${v}, beyond what F16 can store (65504); save as BF16 or F32`);
  }
}

function bytesOf(data: ArrayBufferView): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
