/** Features of pictures for distances: what the examiner's heads for the whole picture look at. */
import { nameForward, sceneForward, windowsOf } from '../../rewards';
import { tf } from '../../tensor';
import type { Examiner } from '../examiner';

const BATCH = 32;

/**
 * The vectors of the examiner's scene tower, after its norm, averaged over the 64 cells: the first half of what its
 * heads for background, hour, props and quality read (the other half, the largest value of each channel, is far from
 * normally distributed and would double the pictures that a covariance needs).
 * @returns one vector of `hiddenSize` numbers (192 for the committed examiner) a picture
 */
export async function examinerFeatures(
  { config, params }: Examiner,
  images: readonly Uint8Array[],
  onProgress?: (done: number, total: number) => void,
): Promise<Float32Array[]> {
  const rows: Float32Array[] = [];
  for (let at = 0; at < images.length; at += BATCH) {
    const part = images.slice(at, at + BATCH);
    const pooled = tf.tidy(() => {
      const windows = windowsOf(config, part);
      return sceneForward(config, params, { windows, names: nameForward(config, params, windows) }).mean(1);
    });
    const values = pooled.dataSync() as Float32Array;
    pooled.dispose();
    const size = values.length / part.length;
    part.forEach((_, i) => rows.push(values.slice(i * size, (i + 1) * size)));
    onProgress?.(rows.length, images.length);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return rows;
}

/** Root mean squared difference of two vectors, each number divided by its spread. */
export function featureDistance(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  spread: ArrayLike<number>,
): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += ((a[i] - b[i]) / spread[i]) ** 2;
  return Math.sqrt(sum / a.length);
}

/** Standard deviation of each feature over the vectors; 1 where a feature does not vary. */
export function spreadOf(rows: readonly ArrayLike<number>[]): Float64Array {
  const size = rows[0].length;
  return Float64Array.from({ length: size }, (_, i) => {
    const mean = rows.reduce((sum, row) => sum + row[i], 0) / rows.length;
    const variance = rows.reduce((sum, row) => sum + (row[i] - mean) ** 2, 0) / rows.length;
    return variance > 0 ? Math.sqrt(variance) : 1;
  });
}
