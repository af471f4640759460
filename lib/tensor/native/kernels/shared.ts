// How a C++ kernel takes the place of a cpu kernel: it may decline a call (other dtypes, rare shapes), which then
// runs as the cpu kernel does.
import * as tf from '@tensorflow/tfjs';
export { stridesOf } from '../../batch';
import { callNative, type NativeArgument } from '../addon';
import { type NativeBackend, type NativeValues, valuesOf } from '../backend';

export interface KernelCall {
  inputs: Record<string, tf.TensorInfo>;
  attrs: Record<string, unknown>;
  backend: NativeBackend;
}
export type KernelResult = tf.TensorInfo | tf.TensorInfo[];
/** Returns undefined to decline. */
export type FastKernel = (call: KernelCall) => KernelResult | undefined;

/** Registers `fast` under `kernelName` of backend 'native', with tfjs' cpu kernel for what it declines. */
export function override(kernelName: string, fast: FastKernel): void {
  const general = tf.getKernel(kernelName, 'cpu')?.kernelFunc as unknown as (
    call: KernelCall,
  ) => KernelResult;
  if (tf.getKernel(kernelName, 'native') != null) tf.unregisterKernel(kernelName, 'native');
  const kernelFunc = (call: KernelCall): KernelResult => {
    const result = fast(call);
    if (result !== undefined) return result;
    if (general === undefined)
      throw new Error(`backend "native": kernel ${kernelName} does not take this input`);
    return general(call);
  };
  tf.registerKernel({
    kernelName,
    backendName: 'native',
    kernelFunc: kernelFunc as unknown as tf.KernelFunc,
  });
}

export const isFloat = (x: tf.TensorInfo): boolean => x.dtype === 'float32';
export const sizeOf = (x: tf.TensorInfo): number => tf.util.sizeFromShape(x.shape);

/** The live float values of a float32 tensor. */
export const floats = (backend: NativeBackend, x: tf.TensorInfo): Float32Array =>
  valuesOf(backend, x) as Float32Array;

/** A float32 tensor whose values `fill` writes into fresh (uninitialised) memory. */
export function floatOutput(
  backend: NativeBackend,
  shape: number[],
  fill: (out: Float32Array) => void,
): tf.TensorInfo {
  const out = backend.pool.alloc(tf.util.sizeFromShape(shape));
  try {
    fill(out);
  } catch (error) {
    backend.pool.release(out);
    throw error;
  }
  return backend.adopt(shape, 'float32', out);
}

export function native(backend: NativeBackend, name: string, ...args: NativeArgument[]): unknown {
  return callNative(backend.addon, name, ...args);
}

/**
 * [rank, sizes..., first strides..., second strides...] with dims of size 1 dropped and neighbours merged where both
 * operands allow it; undefined when more than 8 dims remain.
 */
export function mergedLayout(
  sizes: readonly number[],
  first: readonly number[],
  second: readonly number[],
): Int32Array | undefined {
  const size: number[] = [];
  const a: number[] = [];
  const b: number[] = [];
  for (let d = 0; d < sizes.length; d++) {
    if (sizes[d] === 1) continue;
    const top = size.length - 1;
    if (top >= 0 && a[top] === first[d] * sizes[d] && b[top] === second[d] * sizes[d]) {
      size[top] *= sizes[d];
      a[top] = first[d];
      b[top] = second[d];
    } else {
      size.push(sizes[d]);
      a.push(first[d]);
      b.push(second[d]);
    }
  }
  if (size.length === 0) return Int32Array.of(1, 1, 1, 1);
  if (size.length > 8) return undefined;
  return Int32Array.of(size.length, ...size, ...a, ...b);
}

/** Copies elements between strided views; offsets and strides in elements. */
export function copyStrided(
  backend: NativeBackend,
  from: { values: NativeValues; offset: number; strides: readonly number[] },
  to: { values: NativeValues; offset: number; strides: readonly number[] },
  sizes: readonly number[],
): boolean {
  const layout = mergedLayout(sizes, from.strides, to.strides);
  if (layout === undefined) return false;
  native(backend, 'copy', from.values, to.values, from.offset, to.offset, layout);
  return true;
}
