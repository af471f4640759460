/**
 * Absolute places for the painter. Qwen-Image's image tokens know where they are from rotary attention alone; a
 * small model trained briefly then draws the right background and the wrong patches. When the config's `in_channels`
 * is POSITION_CHANNELS more than a patch has numbers, each token is given its row and column as fixed waves beside
 * its noisy patch: the architecture and its weight file stay Qwen-Image's, only the input is wider (docs/LOG.md).
 */
import { tf } from '../tensor';
import type { QwenImageConfig } from './config';
import type { ImageGrid } from './rope';

const FREQUENCIES = [1, 2, 3, 4];
/** Sine and cosine of each frequency, for rows and for columns. */
export const POSITION_CHANNELS = 4 * FREQUENCIES.length;

/** Numbers of one patch: what is noised, predicted and drawn. */
export function latentChannels({ out_channels, patch_size }: QwenImageConfig): number {
  return out_channels * patch_size ** 2;
}

/** Waves of the tokens of a grid, row by row: [T, POSITION_CHANNELS]. Places are (i + 0.5) / n, in half periods. */
export function positionWaves([frames, rows, columns]: ImageGrid): Float32Array {
  const waves = new Float32Array(frames * rows * columns * POSITION_CHANNELS);
  let at = 0;
  for (let f = 0; f < frames; f++) {
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++) {
        for (const place of [(r + 0.5) / rows, (c + 0.5) / columns]) {
          for (const k of FREQUENCIES) {
            waves[at++] = Math.sin(Math.PI * k * place);
            waves[at++] = Math.cos(Math.PI * k * place);
          }
        }
      }
    }
  }
  return waves;
}

/**
 * The painter's input: patches [B, T, C], with the waves beside them when the config asks for them.
 * @throws when in_channels is neither C nor C + POSITION_CHANNELS
 */
export function withPositions(config: QwenImageConfig, patches: tf.Tensor, grid: ImageGrid): tf.Tensor {
  const [B, T, C] = patches.shape;
  if (config.in_channels === C) return patches;
  if (config.in_channels !== C + POSITION_CHANNELS) {
    throw new Error(
      `transformer/config.json: in_channels is ${config.in_channels}, want ${C} (the patch) or ` +
        `${C + POSITION_CHANNELS} (the patch and its place)`,
    );
  }
  return tf.tidy(() => {
    const waves = tf.tensor3d(positionWaves(grid), [1, T, POSITION_CHANNELS]);
    return tf.concat([patches, tf.tile(waves, [B, 1, 1])], 2); // [B, T, C + POSITION_CHANNELS]
  });
}
