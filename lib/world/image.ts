/** Pictures as RGB bytes [64, 64, 3], as tensors in [-1, 1], as grids, and as PNG files. */
import { writeFileSync } from 'node:fs';
import { crc32, deflateSync } from 'node:zlib';
import { tf } from '../tensor';
import { SCENE_SIZE } from './backgrounds';

const BYTES = SCENE_SIZE * SCENE_SIZE * 3;

/** Stacks pictures into a tensor, [B, 64, 64, 3] in [-1, 1]. Throws when the list is empty or one has the wrong size. */
export function imagesToTensor(images: readonly Uint8Array[]): tf.Tensor4D {
  if (images.length === 0) throw new Error('imagesToTensor: no images, want at least one');
  const values = new Float32Array(images.length * BYTES);
  images.forEach((image, i) => {
    if (image.length !== BYTES)
      throw new Error(`imagesToTensor: image ${i} has ${image.length} bytes, want ${BYTES}`);
    const from = i * BYTES;
    for (let j = 0; j < BYTES; j++) values[from + j] = image[j] * (2 / 255) - 1;
  });
  return tf.tensor4d(values, [images.length, SCENE_SIZE, SCENE_SIZE, 3]);
}

/** The pictures of a tensor [B, 64, 64, 3] in [-1, 1], clipped and rounded to bytes. */
export async function tensorToImages(tensor: tf.Tensor4D): Promise<Uint8Array[]> {
  const [count, height, width, channels] = tensor.shape;
  if (height !== SCENE_SIZE || width !== SCENE_SIZE || channels !== 3)
    throw new Error(`tensorToImages: shape [${tensor.shape.join(', ')}], want [B, 64, 64, 3]`);
  const values = await tensor.data();
  return Array.from({ length: count }, (_, i) => toBytes(values.subarray(i * BYTES, (i + 1) * BYTES)));
}

/** Numbers in [-1, 1] to bytes; outside is clipped, NaN throws. */
export function toBytes(values: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = Math.round((values[i] + 1) * 127.5);
    if (Number.isNaN(value)) throw new Error(`picture value ${i} is NaN, want a number in [-1, 1]`);
    bytes[i] = value < 0 ? 0 : value > 255 ? 255 : value;
  }
  return bytes;
}

export interface RgbImage {
  width: number;
  height: number;
  data: Uint8Array; // [height, width, 3]
}

/** Pictures side by side with a thin gap, each pixel `scale` pixels wide. */
export function gridImage(
  images: readonly Uint8Array[],
  { columns = 8, scale = 1, gap = 2, side = SCENE_SIZE } = {},
): RgbImage {
  const rows = Math.ceil(images.length / columns);
  const cell = side * scale + gap;
  const width = columns * cell + gap;
  const height = rows * cell + gap;
  const data = new Uint8Array(width * height * 3).fill(112);
  images.forEach((image, i) => {
    const left = gap + (i % columns) * cell;
    const top = gap + Math.floor(i / columns) * cell;
    for (let y = 0; y < side * scale; y++)
      for (let x = 0; x < side * scale; x++) {
        const from = (Math.floor(y / scale) * side + Math.floor(x / scale)) * 3;
        data.set(image.subarray(from, from + 3), ((top + y) * width + left + x) * 3);
      }
  });
  return { width, height, data };
}

function chunk(type: string, body: Buffer): Buffer {
  const out = Buffer.alloc(12 + body.length);
  out.writeUInt32BE(body.length, 0);
  out.write(type, 4, 'latin1');
  body.copy(out, 8);
  out.writeUInt32BE(crc32(out.subarray(4, 8 + body.length)), 8 + body.length);
  return out;
}

/** RGB bytes as a PNG file's bytes (8 bits a channel). */
export function encodePng({ width, height, data }: RgbImage): Buffer {
  if (data.length !== width * height * 3)
    throw new Error(`encodePng: ${data.length} bytes for ${width}x${height}, want ${width * height * 3}`);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8); // 8-bit RGB
  const stride = width * 3;
  const raw = Buffer.alloc(height * (stride + 1)); // a leading 0 on each row: no filter
  for (let y = 0; y < height; y++) raw.set(data.subarray(y * stride, (y + 1) * stride), y * (stride + 1) + 1);
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(raw, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Writes pictures as one PNG grid. */
export function savePngGrid(
  file: string,
  images: readonly Uint8Array[],
  options?: Parameters<typeof gridImage>[1],
): void {
  writeFileSync(file, encodePng(gridImage(images, options)));
}
