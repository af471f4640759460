// The wasm fallback: tfjs' wasm backend, its matrix products unrolled into the plain 2-D form that its fast library
// takes, and JavaScript stand-ins for the kernels that training needs and it lacks.
import * as path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import type { BackendInfo } from './backend';
import { batchOffsets, offsetAt } from './batch';

/** The part of tfjs' BackendWasm that is used here. */
interface WasmBackend extends tf.KernelBackend {
  makeOutput(shape: number[], dtype: tf.DataType): tf.TensorInfo;
  typedArrayFromHeap(x: tf.TensorInfo): Float32Array | Int32Array | Uint8Array;
  disposeData(dataId: tf.DataId, force?: boolean): boolean;
  readSync(dataId: tf.DataId): tf.backend_util.BackendValues;
}

interface KernelCall {
  inputs: Record<string, tf.TensorInfo>;
  attrs: Record<string, unknown>;
  backend: WasmBackend;
}
type Kernel = (call: KernelCall) => tf.TensorInfo | tf.TensorInfo[];

function kernelOf(name: string, backendName: string): Kernel {
  const found = tf.getKernel(name, backendName);
  if (found == null) throw new Error(`tfjs has no kernel ${name} for backend "${backendName}"`);
  return found.kernelFunc as unknown as Kernel;
}

/** Puts `kernelFunc` in place of the wasm kernel `name` (its set-up stays), or registers it newly. */
function replace(name: string, kernelFunc: Kernel): void {
  const old = tf.getKernel(name, 'wasm');
  if (old != null) tf.unregisterKernel(name, 'wasm');
  tf.registerKernel({
    ...old,
    kernelName: name,
    backendName: 'wasm',
    kernelFunc: kernelFunc as unknown as tf.KernelFunc,
  });
}

/** A copy of `count` floats of x from `offset`, as a new tensor of `shape`. */
function part(backend: WasmBackend, x: tf.TensorInfo, offset: number, shape: number[]): tf.TensorInfo {
  const out = backend.makeOutput(shape, 'float32'); // may move the heap: views are taken after it
  const from = backend.typedArrayFromHeap(x).subarray(offset, offset + tf.util.sizeFromShape(shape));
  backend.typedArrayFromHeap(out).set(from);
  return out;
}

/** BatchMatMul by transposes and one plain product per batch entry: 20 times faster than tfjs' own loop. */
function unrolledMatMul(plain: Kernel, transpose: Kernel): Kernel {
  const flip = (backend: WasmBackend, x: tf.TensorInfo): tf.TensorInfo => {
    const rank = x.shape.length;
    const perm = [...x.shape.keys()];
    [perm[rank - 2], perm[rank - 1]] = [rank - 1, rank - 2];
    return transpose({ inputs: { x }, attrs: { perm }, backend }) as tf.TensorInfo;
  };
  return ({ inputs, attrs, backend }) => {
    const temporary: tf.TensorInfo[] = [];
    const keep = (x: tf.TensorInfo): tf.TensorInfo => {
      temporary.push(x);
      return x;
    };
    const transposeA = attrs.transposeA === true;
    const transposeB = attrs.transposeB === true;
    const a = transposeA ? keep(flip(backend, inputs.a)) : inputs.a;
    const b = transposeB ? keep(flip(backend, inputs.b)) : inputs.b;
    const [M, K] = a.shape.slice(-2);
    const [innerB, N] = b.shape.slice(-2);
    if (K !== innerB) {
      throw new Error(
        `matMul: inner sizes differ, ${K} and ${innerB}, for [${inputs.a.shape}] and [${inputs.b.shape}]`,
      );
    }
    const batchShape = tf.broadcast_util.assertAndGetBroadcastShape(
      a.shape.slice(0, -2),
      b.shape.slice(0, -2),
    );
    const batch = tf.util.sizeFromShape(batchShape);
    const [sizeA, sizeB] = [tf.util.sizeFromShape(a.shape), tf.util.sizeFromShape(b.shape)];
    const plainAttrs = { transposeA: false, transposeB: false };
    const product = (left: tf.TensorInfo, right: tf.TensorInfo): tf.TensorInfo =>
      plain({ inputs: { a: left, b: right }, attrs: plainAttrs, backend }) as tf.TensorInfo;
    const as = (x: tf.TensorInfo, shape: number[]): tf.TensorInfo => ({
      dataId: x.dataId,
      shape,
      dtype: x.dtype,
    });
    let out: tf.TensorInfo;
    if (batch * M * N * K === 0) {
      out = backend.makeOutput([...batchShape, M, N], 'float32');
      backend.typedArrayFromHeap(out).fill(0);
    } else if (sizeB === K * N) {
      // One right operand: all rows of the left one make a single product.
      out = product(as(a, [1, sizeA / K, K]), as(b, [1, K, N]));
    } else {
      const offsetsA = batchOffsets(a.shape.slice(0, -2), batchShape, M * K);
      const offsetsB = batchOffsets(b.shape.slice(0, -2), batchShape, K * N);
      out = backend.makeOutput([batch, M, N], 'float32');
      for (let i = 0; i < batch; i++) {
        const left = part(backend, a, offsetAt(offsetsA, i), [1, M, K]);
        const right = part(backend, b, offsetAt(offsetsB, i), [1, K, N]);
        const one = product(left, right);
        backend.typedArrayFromHeap(out).set(backend.typedArrayFromHeap(one), i * M * N);
        for (const x of [left, right, one]) backend.disposeData(x.dataId);
      }
    }
    for (const x of temporary) backend.disposeData(x.dataId);
    return { dataId: out.dataId, shape: [...batchShape, M, N], dtype: 'float32' };
  };
}

function newTensor(
  backend: WasmBackend,
  shape: number[],
  dtype: tf.DataType,
  values: tf.backend_util.BackendValues,
): tf.TensorInfo {
  return { dataId: backend.write(values, shape, dtype) as tf.DataId, shape, dtype };
}

/** Runs tfjs' JavaScript kernel on copies of the inputs, on any backend with synchronous reads. */
export function throughCpu(name: string): Kernel {
  const kernel = kernelOf(name, 'cpu') as unknown as (
    call: Omit<KernelCall, 'backend'> & { backend: MathBackendCPU },
  ) => ReturnType<Kernel>;
  const cpu = new MathBackendCPU();
  Object.assign(cpu, { firstUse: false }); // it would print an advertisement
  return ({ inputs, attrs, backend }) => {
    const copies: Record<string, tf.TensorInfo> = {};
    for (const [key, x] of Object.entries(inputs)) {
      copies[key] = cpu.makeTensorInfo(x.shape, x.dtype, backend.readSync(x.dataId) as tf.TypedArray);
    }
    const results = kernel({ inputs: copies, attrs, backend: cpu });
    const list = Array.isArray(results) ? results : [results];
    const outputs = list.map((x) => newTensor(backend, x.shape, x.dtype, cpu.readSync(x.dataId)));
    for (const x of [...Object.values(copies), ...list]) cpu.disposeData(x.dataId, true);
    return Array.isArray(results) ? outputs : outputs[0];
  };
}

/** out[ids[i], ...] += x[i, ...]; ids out of range are dropped (as TensorFlow does). */
function segmentSum({ inputs: { x, segmentIds }, attrs, backend }: KernelCall): tf.TensorInfo {
  const segments = attrs.numSegments as number;
  const shape = [segments, ...x.shape.slice(segmentIds.shape.length)];
  const inner = tf.util.sizeFromShape(shape.slice(1));
  const values = backend.readSync(x.dataId) as Float32Array;
  const ids = backend.readSync(segmentIds.dataId) as Int32Array;
  const out = x.dtype === 'int32' ? new Int32Array(segments * inner) : new Float32Array(segments * inner);
  for (let i = 0; i < ids.length; i++) {
    if (ids[i] < 0 || ids[i] >= segments) continue;
    const to = ids[i] * inner;
    for (let k = 0; k < inner; k++) out[to + k] += values[i * inner + k];
  }
  return newTensor(backend, shape, x.dtype, out);
}

/** As in the wasm kernel, except that NaN stays NaN (there it becomes -1). */
function clip({ inputs: { x }, attrs, backend }: KernelCall): tf.TensorInfo {
  const [low, high] = [attrs.clipValueMin as number, attrs.clipValueMax as number];
  const out = (backend.readSync(x.dataId) as Float32Array).map((v) => (v < low ? low : v > high ? high : v));
  return newTensor(backend, x.shape, x.dtype, out);
}

/** A reduction that leaves memory as it was where it reduces nothing: those go to JavaScript. */
function reduction(name: string): Kernel {
  const [wasm, plain] = [kernelOf(name, 'wasm'), throughCpu(name)];
  return (call) => (tf.util.sizeFromShape(call.inputs.x.shape) === 0 ? plain : wasm)(call);
}

let prepared = false;

function prepare(): void {
  if (prepared) return;
  prepared = true;
  const wasm = require('@tensorflow/tfjs-backend-wasm') as { setWasmPaths(prefix: string): void };
  wasm.setWasmPaths(path.dirname(require.resolve('@tensorflow/tfjs-backend-wasm')) + path.sep);
  const cpuOnly = tf
    .getKernelsForBackend('cpu')
    .filter((kernel) => tf.getKernel(kernel.kernelName, 'wasm') == null);
  for (const { kernelName } of cpuOnly) {
    if (!/Complex|FFT|Real|Imag|Ragged|String|Draw/.test(kernelName))
      replace(kernelName, throughCpu(kernelName));
  }
  for (const name of ['Sum', 'Mean', 'Prod', 'Max', 'Min', 'All', 'Any']) replace(name, reduction(name));
  replace('UnsortedSegmentSum', segmentSum);
  replace('ClipByValue', clip);
  replace('OneHot', throughCpu('OneHot')); // the wasm kernel writes integers whatever dtype is asked for
  replace('BatchMatMul', unrolledMatMul(kernelOf('BatchMatMul', 'wasm'), kernelOf('Transpose', 'wasm')));
}

/** Starts backend 'wasm'; `use` makes a registered backend the current one. */
export async function startWasm(use: (name: string) => Promise<void>): Promise<BackendInfo> {
  prepare();
  await use('wasm');
  return { name: 'wasm', detail: 'tfjs WebAssembly, XNNPACK products', threads: 1 };
}
