// Kernels that rearrange floats: Transpose, Concat, Slice, SplitV, Pack, Unpack, Tile, PadV2; all strided copies.
import * as tf from '@tensorflow/tfjs';
import type { NativeBackend } from '../backend';
import {
  copyStrided,
  floatOutput,
  floats,
  isFloat,
  type KernelCall,
  native,
  override,
  stridesOf,
} from './shared';

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, x, i) => sum + x * b[i], 0);

/** The block of x at `begin` of `shape`. */
function block(
  backend: NativeBackend,
  x: tf.TensorInfo,
  begin: readonly number[],
  shape: number[],
): tf.TensorInfo {
  const strides = stridesOf(x.shape);
  return floatOutput(backend, shape, (out) => {
    if (out.length === 0) return;
    const from = { values: floats(backend, x), offset: dot(begin, strides), strides };
    copyStrided(backend, from, { values: out, offset: 0, strides: stridesOf(shape) }, shape);
  });
}

function transpose({ inputs: { x }, attrs, backend }: KernelCall): tf.TensorInfo | undefined {
  const perm = attrs.perm as number[];
  if (!isFloat(x) || x.shape.length > 8) return undefined;
  const shape = perm.map((d) => x.shape[d]);
  const strides = stridesOf(x.shape);
  return floatOutput(backend, shape, (out) => {
    const from = { values: floats(backend, x), offset: 0, strides: perm.map((d) => strides[d]) };
    copyStrided(backend, from, { values: out, offset: 0, strides: stridesOf(shape) }, shape);
  });
}

function concat({ inputs, attrs, backend }: KernelCall): tf.TensorInfo | undefined {
  const all = inputs as unknown as tf.TensorInfo[];
  if (!all.every((x) => isFloat(x) && x.shape.length <= 8)) return undefined;
  const axis = tf.util.parseAxisParam(attrs.axis as number, all[0].shape)[0];
  tf.backend_util.assertParamsConsistent(
    all.map((x) => x.shape),
    axis,
  );
  const shape = tf.backend_util.computeOutShape(
    all.map((x) => x.shape),
    axis,
  );
  const strides = stridesOf(shape);
  return floatOutput(backend, shape, (out) => {
    let offset = 0;
    for (const x of all) {
      const from = { values: floats(backend, x), offset: 0, strides: stridesOf(x.shape) };
      if (tf.util.sizeFromShape(x.shape) > 0)
        copyStrided(backend, from, { values: out, offset, strides }, x.shape);
      offset += x.shape[axis] * strides[axis];
    }
  });
}

function slice({ inputs: { x }, attrs, backend }: KernelCall): tf.TensorInfo | undefined {
  if (!isFloat(x) || x.shape.length > 8) return undefined;
  const [begin, size] = tf.slice_util.parseSliceParams(
    x as tf.Tensor,
    attrs.begin as number[],
    attrs.size as number[],
  );
  tf.slice_util.assertParamsValid(x as tf.Tensor, begin, size);
  return block(backend, x, begin, size);
}

function split({ inputs: { x }, attrs, backend }: KernelCall): tf.TensorInfo[] | undefined {
  if (!isFloat(x) || x.shape.length > 8) return undefined;
  const axis = tf.util.parseAxisParam(attrs.axis as number, x.shape)[0];
  const sizes = tf.backend_util.prepareSplitSize(
    x as tf.Tensor,
    attrs.numOrSizeSplits as number[] | number,
    axis,
  );
  const begin = x.shape.map(() => 0);
  return sizes.map((size) => {
    const part = block(backend, x, begin, Object.assign([...x.shape], { [axis]: size }));
    begin[axis] += size;
    return part;
  });
}

function pack({ inputs, attrs, backend }: KernelCall): tf.TensorInfo | undefined {
  const all = inputs as unknown as tf.TensorInfo[];
  const axis = attrs.axis as number;
  if (!all.every((x) => isFloat(x) && tf.util.arraysEqual(x.shape, all[0].shape)) || axis < 0)
    return undefined;
  const one = all[0].shape;
  const shape = [...one.slice(0, axis), all.length, ...one.slice(axis)];
  const [outer, inner] = [tf.util.sizeFromShape(one.slice(0, axis)), tf.util.sizeFromShape(one.slice(axis))];
  return floatOutput(backend, shape, (out) => {
    all.forEach((x, i) => {
      const from = { values: floats(backend, x), offset: 0, strides: [inner, 1] };
      const to = { values: out, offset: i * inner, strides: [all.length * inner, 1] };
      if (outer * inner > 0) copyStrided(backend, from, to, [outer, inner]);
    });
  });
}

function unpack({ inputs: { value }, attrs, backend }: KernelCall): tf.TensorInfo[] | undefined {
  if (!isFloat(value)) return undefined;
  const axis = tf.util.parseAxisParam(attrs.axis as number, value.shape)[0];
  const count = value.shape[axis];
  const [before, after] = [value.shape.slice(0, axis), value.shape.slice(axis + 1)];
  const [outer, inner] = [tf.util.sizeFromShape(before), tf.util.sizeFromShape(after)];
  return Array.from({ length: count }, (_, i) =>
    floatOutput(backend, [...before, ...after], (out) => {
      const from = { values: floats(backend, value), offset: i * inner, strides: [count * inner, 1] };
      if (out.length > 0)
        copyStrided(backend, from, { values: out, offset: 0, strides: [inner, 1] }, [outer, inner]);
    }),
  );
}

function tile({ inputs: { x }, attrs, backend }: KernelCall): tf.TensorInfo | undefined {
  const reps = attrs.reps as number[];
  if (!isFloat(x) || x.shape.length > 4 || reps.length !== x.shape.length) return undefined;
  const strides = stridesOf(x.shape);
  const shape = x.shape.map((size, d) => size * reps[d]);
  const sizes = x.shape.flatMap((size, d) => [reps[d], size]);
  const from = x.shape.flatMap((_, d) => [0, strides[d]]);
  return floatOutput(backend, shape, (out) => {
    if (out.length === 0) return;
    const source = { values: floats(backend, x), offset: 0, strides: from };
    copyStrided(backend, source, { values: out, offset: 0, strides: stridesOf(sizes) }, sizes);
  });
}

function pad({ inputs: { x }, attrs, backend }: KernelCall): tf.TensorInfo | undefined {
  if (!isFloat(x) || x.shape.length > 8) return undefined;
  const paddings = attrs.paddings as [number, number][];
  const shape = x.shape.map((size, d) => size + paddings[d][0] + paddings[d][1]);
  const strides = stridesOf(shape);
  return floatOutput(backend, shape, (out) => {
    native(backend, 'Fill', out, out.length, attrs.constantValue as number);
    const from = { values: floats(backend, x), offset: 0, strides: stridesOf(x.shape) };
    const offset = paddings.reduce((sum, [before], d) => sum + before * strides[d], 0);
    if (tf.util.sizeFromShape(x.shape) > 0)
      copyStrided(backend, from, { values: out, offset, strides }, x.shape);
  });
}

export function registerMovement(): void {
  override('Transpose', transpose);
  override('Concat', concat);
  override('Slice', slice);
  override('SplitV', split);
  override('Pack', pack);
  override('Unpack', unpack);
  override('Tile', tile);
  override('PadV2', pad);
}
