// Where batched matrix products find the matrices of each batch entry when batch dims broadcast.
import * as tf from '@tensorflow/tfjs';

/** Row-major strides of a shape. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  for (let d = shape.length - 1, step = 1; d >= 0; d--) {
    strides[d] = step;
    step *= shape[d];
  }
  return strides;
}

/**
 * Offsets (in elements) of the operand's matrix for every entry of the output batch: one stride when they are regular
 * (0 repeats a single matrix), else a list.
 * @param own batch dims of the operand, @param out batch dims of the output, @param size elements of one matrix
 */
export function batchOffsets(
  own: readonly number[],
  out: readonly number[],
  size: number,
): number | number[] {
  const count = tf.util.sizeFromShape([...own]);
  const total = tf.util.sizeFromShape([...out]);
  if (count === 1) return 0;
  if (count === total) return size;
  const lead = out.length - own.length;
  const ownStrides = stridesOf(own);
  const outStrides = stridesOf(out);
  return Array.from({ length: total }, (_, index) => {
    let offset = 0;
    for (let d = lead; d < out.length; d++) {
      const at = Math.floor(index / outStrides[d]) % out[d];
      if (own[d - lead] !== 1) offset += at * ownStrides[d - lead];
    }
    return offset * size;
  });
}

/** Offset of batch entry `index`. */
export const offsetAt = (offsets: number | number[], index: number): number =>
  typeof offsets === 'number' ? index * offsets : offsets[index];
