/** What the painter is told: text hidden states with their mask, and the few ways batches of them are put together. */
import { tf } from '../tensor';

export interface Conditioning {
  embeds: tf.Tensor; // [B, S, D]
  mask: tf.Tensor; // [B, S] 1 = token, 0 = padding
}

/** Pads the text axis with masked zeros up to `length`. */
export function padConditioning({ embeds, mask }: Conditioning, length: number): Conditioning {
  const S = embeds.shape[1]!;
  if (S > length) throw new Error(`padConditioning: ${S} tokens, want at most ${length}`);
  const extra = length - S;
  if (extra === 0) return { embeds: embeds.clone(), mask: mask.toFloat() };
  const [B, , D] = embeds.shape;
  return {
    embeds: tf.tidy(() => tf.concat([embeds, tf.zeros([B, extra, D])], 1)),
    mask: tf.tidy(() => tf.concat([mask.toFloat(), tf.zeros([B, extra])], 1)),
  };
}

/** Joins batches, padded to the longest text. The result is new; the inputs stay the caller's. */
export function concatConditioning(parts: Conditioning[]): Conditioning {
  const length = Math.max(...parts.map((part) => part.embeds.shape[1]!));
  const padded = parts.map((part) => padConditioning(part, length));
  const joined = {
    embeds: tf.concat(
      padded.map((part) => part.embeds),
      0,
    ),
    mask: tf.concat(
      padded.map((part) => part.mask),
      0,
    ),
  };
  padded.forEach(disposeConditioning);
  return joined;
}

/** Rows picked by index, in order, repeats allowed: [0, 0, 1, 1] makes two images of each of two texts. */
export function selectConditioning({ embeds, mask }: Conditioning, rows: number[]): Conditioning {
  return tf.tidy(() => {
    const index = tf.tensor1d(rows, 'int32');
    return { embeds: tf.gather(embeds, index), mask: tf.gather(mask.toFloat(), index) };
  });
}

export function disposeConditioning({ embeds, mask }: Conditioning): void {
  embeds.dispose();
  mask.dispose();
}
