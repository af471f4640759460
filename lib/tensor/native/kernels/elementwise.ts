// Elementwise kernels: unary, binary with broadcasting, comparisons, selection, casts.
import * as tf from '@tensorflow/tfjs';
import type { NativeBackend } from '../backend';
import {
  floatOutput,
  floats,
  isFloat,
  type KernelCall,
  mergedLayout,
  native,
  override,
  sizeOf,
  stridesOf,
} from './shared';

// prettier-ignore
const UNARY = ['Neg', 'Square', 'Sqrt', 'Rsqrt', 'Reciprocal', 'Exp', 'Log', 'Tanh', 'Sigmoid', 'Erf', 'Sin', 'Cos', 'Relu', 'Abs', 'Floor'];
const BINARY = ['Add', 'Sub', 'Multiply', 'RealDiv', 'Maximum', 'Minimum', 'SquaredDifference', 'Pow'];
const COMPARE = ['Equal', 'NotEqual', 'Less', 'LessEqual', 'Greater', 'GreaterEqual'];

interface Broadcast {
  shape: number[];
  layout: Int32Array | undefined;
}
const broadcasts = new Map<string, Broadcast>();

/** Strides of a tensor inside the output's dims: 0 where it is repeated. */
function broadcastStrides(shape: readonly number[], outRank: number): number[] {
  const strides = stridesOf(shape);
  const lead = outRank - shape.length;
  return Array.from({ length: outRank }, (_, d) =>
    d < lead || shape[d - lead] === 1 ? 0 : strides[d - lead],
  );
}

function broadcastOf(a: readonly number[], b: readonly number[]): Broadcast {
  const key = `${a.join()}|${b.join()}`;
  let found = broadcasts.get(key);
  if (found === undefined) {
    const shape = tf.broadcast_util.assertAndGetBroadcastShape([...a], [...b]);
    const layout = mergedLayout(shape, broadcastStrides(a, shape.length), broadcastStrides(b, shape.length));
    found = { shape, layout };
    if (broadcasts.size > 5000) broadcasts.clear();
    broadcasts.set(key, found);
  }
  return found;
}

function unary(name: string): (call: KernelCall) => tf.TensorInfo | undefined {
  return ({ inputs: { x }, backend }) => {
    if (!isFloat(x)) return undefined;
    return floatOutput(backend, x.shape, (out) => native(backend, name, floats(backend, x), out, out.length));
  };
}

function binary(name: string): (call: KernelCall) => tf.TensorInfo | undefined {
  return ({ inputs: { a, b }, backend }) => {
    if (!isFloat(a) || !isFloat(b)) return undefined;
    const { shape, layout } = broadcastOf(a.shape, b.shape);
    if (layout === undefined) return undefined;
    const run = (out: Float32Array): unknown =>
      native(backend, name, floats(backend, a), floats(backend, b), out, layout);
    return floatOutput(backend, shape.slice(), run);
  };
}

function compare(name: string): (call: KernelCall) => tf.TensorInfo | undefined {
  return ({ inputs: { a, b }, backend }) => {
    if (!isFloat(a) || !isFloat(b)) return undefined;
    const { shape, layout } = broadcastOf(a.shape, b.shape);
    if (layout === undefined) return undefined;
    const out = new Uint8Array(tf.util.sizeFromShape(shape));
    native(backend, name, floats(backend, a), floats(backend, b), out, layout);
    return backend.adopt(shape.slice(), 'bool', out);
  };
}

function constant(backend: NativeBackend, shape: number[], value: number): tf.TensorInfo {
  return floatOutput(backend, shape, (out) => native(backend, 'Fill', out, out.length, value));
}

function cast({ inputs: { x }, attrs, backend }: KernelCall): tf.TensorInfo | undefined {
  const values = backend.entryOf(x.dataId).values;
  const size = sizeOf(x);
  if (attrs.dtype === 'float32' && x.dtype === 'int32' && values instanceof Int32Array)
    return floatOutput(backend, x.shape, (out) => native(backend, 'castToFloat', values, out, size));
  if (attrs.dtype === 'float32' && x.dtype === 'bool' && values instanceof Uint8Array)
    return floatOutput(backend, x.shape, (out) => native(backend, 'castBool', values, out, size));
  if (attrs.dtype === 'int32' && isFloat(x)) {
    const out = new Int32Array(size);
    native(backend, 'castToInt', floats(backend, x), out, size);
    return backend.adopt(x.shape, 'int32', out);
  }
  return undefined;
}

export function registerElementwise(): void {
  for (const name of UNARY) override(name, unary(name));
  for (const name of BINARY) override(name, binary(name));
  for (const name of COMPARE) override(name, compare(name));
  override('ClipByValue', ({ inputs: { x }, attrs, backend }) => {
    if (!isFloat(x)) return undefined;
    const [low, high] = [attrs.clipValueMin as number, attrs.clipValueMax as number];
    return floatOutput(backend, x.shape, (out) =>
      native(backend, 'ClipByValue', floats(backend, x), out, out.length, low, high),
    );
  });
  override('Select', ({ inputs: { condition, t, e }, backend }) => {
    const flags = backend.entryOf(condition.dataId).values;
    if (!isFloat(t) || !isFloat(e) || !(flags instanceof Uint8Array)) return undefined;
    if (!tf.util.arraysEqual(condition.shape, t.shape) || !tf.util.arraysEqual(t.shape, e.shape))
      return undefined;
    return floatOutput(backend, t.shape, (out) =>
      native(backend, 'Select', flags, floats(backend, t), floats(backend, e), out, out.length),
    );
  });
  override('AddN', ({ inputs, backend }) => {
    const list = inputs as unknown as tf.TensorInfo[];
    if (list.length > 48 || !list.every((x) => isFloat(x) && sizeOf(x) === sizeOf(list[0]))) return undefined;
    const values = list.map((x) => floats(backend, x));
    return floatOutput(backend, list[0].shape, (out) => native(backend, 'AddN', values, out, out.length));
  });
  override('Fill', ({ attrs, backend }) => {
    const value = attrs.value;
    if (typeof value !== 'number' || (attrs.dtype != null && attrs.dtype !== 'float32')) return undefined;
    return constant(backend, attrs.shape as number[], value);
  });
  override('ZerosLike', ({ inputs: { x }, backend }) =>
    isFloat(x) ? constant(backend, x.shape, 0) : undefined,
  );
  override('OnesLike', ({ inputs: { x }, backend }) =>
    isFloat(x) ? constant(backend, x.shape, 1) : undefined,
  );
  override('Cast', cast);
}
