/** Noise that belongs to one image: the same seed draws the same picture whatever batch it is drawn in. */
import { RandomStream, tf } from '../tensor';

/** Names an image's random streams: the run seed and its place, such as ['step', 12, 'prompt', 3, 'thought', 0, 'image', 5]. */
export interface ImageSeed {
  seed: number;
  names?: (string | number)[];
}

/** Image seeds for a simple batch: seed, then one name per image. */
export function imageSeeds(seed: number, count: number, ...names: (string | number)[]): ImageSeed[] {
  return Array.from({ length: count }, (_, i) => ({ seed, names: [...names, 'image', i] }));
}

/**
 * Standard normal noise [B, ...shape], each row from its own image's stream.
 * @param purpose which noise of the image: 'initial', or a denoising step
 */
export function imageNoise(images: ImageSeed[], shape: number[], ...purpose: (string | number)[]): tf.Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  const values = new Float32Array(images.length * size);
  images.forEach(({ seed, names = [] }, row) => {
    values.set(RandomStream.of(seed, ...names, 'noise', ...purpose).normals(size), row * size);
  });
  return tf.tensor(values, [images.length, ...shape]);
}
