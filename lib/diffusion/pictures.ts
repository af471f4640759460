/** Training pictures with their captions, and how bytes become patches. */
import { tf } from '../tensor';
import { patchify } from './patches';

export interface Picture {
  caption: string;
  pixels: Uint8Array; // H * W * 3
}

/** Square RGB pictures to patches in [-1, 1]: [B, T, C]. */
export function patchesOf(pictures: Picture[], patchSize: number): tf.Tensor {
  const side = Math.sqrt(pictures[0].pixels.length / 3);
  const values = new Float32Array(pictures.length * pictures[0].pixels.length);
  pictures.forEach(({ pixels }, b) => {
    for (let i = 0, at = b * pixels.length; i < pixels.length; i++) values[at + i] = pixels[i] / 127.5 - 1;
  });
  return tf.tidy(() => patchify(tf.tensor4d(values, [pictures.length, side, side, 3]), patchSize));
}
