/** Pictures as rows of patch tokens and back, in the channel order of diffusers' packing: (C, patch row, patch column). */
import { tf } from '../tensor';

/**
 * [B, H, W, C] -> [B, (H/p) * (W/p), C * p * p]; tokens run row by row.
 * @throws when p does not divide the picture's sides
 */
export function patchify(images: tf.Tensor, patchSize = 8): tf.Tensor {
  const [B, H, W, C] = images.shape;
  const p = patchSize;
  if (images.rank !== 4 || H % p || W % p) {
    throw new Error(`patchify: shape is [${images.shape}], want [B, H, W, C] with H and W multiples of ${p}`);
  }
  return tf.tidy(() =>
    images
      .reshape([B, H / p, p, W / p, p, C])
      .transpose([0, 1, 3, 5, 2, 4]) // [B, H/p, W/p, C, p, p]
      .reshape([B, (H / p) * (W / p), C * p * p]),
  );
}

/**
 * [B, h * w, C * p * p] -> [B, h * p, w * p, C]; the inverse of patchify.
 * @param grid height and width in tokens; a square when absent
 */
export function unpatchify(
  patches: tf.Tensor,
  patchSize = 8,
  grid?: [height: number, width: number],
): tf.Tensor4D {
  const [B, T, channels] = patches.shape;
  const p = patchSize;
  const [h, w] = grid ?? [Math.sqrt(T), Math.sqrt(T)];
  const C = channels / (p * p);
  if (patches.rank !== 3 || h * w !== T || !Number.isInteger(h) || !Number.isInteger(C)) {
    throw new Error(
      `unpatchify: shape is [${patches.shape}], want [B, ${grid ? h * w : 'a square'}, C * ${p * p}]`,
    );
  }
  return tf.tidy(
    () =>
      patches
        .reshape([B, h, w, C, p, p])
        .transpose([0, 1, 4, 2, 5, 3]) // [B, h, p, w, p, C]
        .reshape([B, h * p, w * p, C]) as tf.Tensor4D,
  );
}

/** The shape of one image's tokens: [frames * rows * columns, channels]. */
export function patchTokens([frames, rows, columns]: [number, number, number], channels: number): number[] {
  return [frames * rows * columns, channels];
}

/** Finished patches in [-1, 1] as pictures of bytes, rows of RGB; values outside are clipped. Reads synchronously. */
export function patchesToPixels(patches: tf.Tensor, patchSize = 8, grid?: [number, number]): Uint8Array[] {
  const images = unpatchify(patches, patchSize, grid); // [B, H, W, C]
  const values = images.dataSync();
  const size = images.size / images.shape[0];
  const pictures = Array.from({ length: images.shape[0] }, (_, b) => {
    return Uint8Array.from({ length: size }, (_, i) => Math.round((clip(values[b * size + i]) + 1) * 127.5));
  });
  images.dispose();
  return pictures;
}

function clip(x: number): number {
  return Math.min(1, Math.max(-1, x));
}
