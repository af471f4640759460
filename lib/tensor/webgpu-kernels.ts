// Kernels of tfjs' WebGPU backend that give wrong, inexact or unrepeatable numbers, replaced on the GPU: as
// compositions of its other kernels where that is enough, else as small WGSL programs.
import * as tf from '@tensorflow/tfjs';
import type { GpuBuffer } from './webgpu';

interface TensorData {
  values: tf.backend_util.BackendValues | null;
  dtype: tf.DataType;
  resource: GpuBuffer | null;
}

/** What tfjs wraps into a shader: variables become arrays, `userCode` is `fn main(index : i32) {...}`. */
interface Program {
  outputShape: number[];
  variableNames: string[];
  uniforms?: string;
  workgroupSize: [number, number, number];
  dispatchLayout: { x: number[] };
  dispatch: [number, number, number];
  /** Declares `uniforms.size`, the number of output values. */
  size: boolean;
  shaderKey: string;
  getUserCode(): string;
}
type Uniforms = { type: 'int32'; data: number[] }[];

/** The part of tfjs' WebGPUBackend that is used here. */
export interface WebgpuBackend extends tf.KernelBackend {
  tensorMap: { get(dataId: tf.DataId): TensorData };
  bufferManager: {
    numBytesAllocated: number;
    numBytesUsed: number;
    numFreeBuffers: number;
    freeBuffers: Map<string, GpuBuffer[]>;
    acquireBuffer(size: number, usage: number): GpuBuffer;
    releaseBuffer(buffer: GpuBuffer): void;
  };
  commandEncoder: {
    copyBufferToBuffer(from: GpuBuffer, at: number, to: GpuBuffer, toAt: number, size: number): void;
  };
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
  convertAndCacheOnCPU(
    dataId: tf.DataId,
    values: tf.backend_util.BackendValues,
  ): tf.backend_util.BackendValues;
  runWebGPUProgram(
    program: Program,
    inputs: tf.TensorInfo[],
    dtype: tf.DataType,
    uniforms?: Uniforms,
  ): tf.TensorInfo;
  disposeData(dataId: tf.DataId): boolean;
}

interface KernelCall {
  inputs: Record<string, tf.TensorInfo> & tf.TensorInfo[];
  attrs: Record<string, unknown>;
  backend: WebgpuBackend;
}
type Kernel = (call: KernelCall) => tf.TensorInfo;

/** Puts `wrap(tfjs' kernel)` in its place. */
function replace(name: string, wrap: (kernel: Kernel) => Kernel): void {
  const old = tf.getKernel(name, 'webgpu');
  if (old == null) throw new Error(`tfjs has no kernel ${name} for backend "webgpu"`);
  tf.unregisterKernel(name, 'webgpu');
  const kernelFunc = wrap(old.kernelFunc as unknown as Kernel) as unknown as tf.KernelFunc;
  tf.registerKernel({ ...old, kernelFunc });
}

/** Runs another kernel of the backend. */
function call(
  name: string,
  backend: WebgpuBackend,
  inputs: Record<string, tf.TensorInfo>,
  attrs: Record<string, unknown>,
): tf.TensorInfo {
  return (tf.getKernel(name, 'webgpu')!.kernelFunc as unknown as Kernel)({
    inputs: inputs as KernelCall['inputs'],
    attrs,
    backend,
  });
}

const THREADS = 64;

/** A program with one thread for each output value; `code` is the body, with `index` in range. */
function program(
  key: string,
  outputShape: number[],
  variableNames: string[],
  code: string,
  uniforms?: string,
): Program {
  return {
    outputShape,
    variableNames,
    uniforms,
    workgroupSize: [THREADS, 1, 1],
    dispatchLayout: { x: outputShape.map((_, d) => d) },
    dispatch: [Math.ceil(tf.util.sizeFromShape(outputShape) / THREADS), 1, 1],
    size: true,
    shaderKey: `t2g_${key}`,
    getUserCode: () => `fn main(index : i32) { if (index < uniforms.size) { ${code} } }`,
  };
}

/** Sums of at most 7 terms at a time: each is a storage buffer, and WebGPU promises 8 to a shader. */
const splitAddN =
  (addN: Kernel): Kernel =>
  ({ inputs, attrs, backend }) => {
    const terms = [...inputs];
    let sum = addN({ inputs: terms.splice(0, 7) as KernelCall['inputs'], attrs, backend });
    while (terms.length > 0) {
      const more = addN({ inputs: [sum, ...terms.splice(0, 6)] as KernelCall['inputs'], attrs, backend });
      backend.disposeData(sum.dataId);
      sum = more;
    }
    return sum;
  };

/** tfjs' kernel knows one matrix against many, but not batch dims that broadcast both ways. */
const broadcastMatMul =
  (matMul: Kernel): Kernel =>
  ({ inputs: { a, b }, attrs, backend }) => {
    const batchOf = (x: tf.TensorInfo): number[] => x.shape.slice(0, -2);
    const full = tf.broadcast_util.assertAndGetBroadcastShape(batchOf(a), batchOf(b));
    const count = tf.util.sizeFromShape(full);
    const temporary: tf.TensorInfo[] = [];
    const repeated = (x: tf.TensorInfo): tf.TensorInfo => {
      const own = tf.util.sizeFromShape(batchOf(x));
      if (own === count || own === 1) return x;
      const shape = [...Array<number>(full.length + 2 - x.shape.length).fill(1), ...x.shape];
      const same = call('Reshape', backend, { x }, { shape });
      const reps = shape.map((n, d) => (d < full.length ? full[d] / n : 1));
      temporary.push(same, call('Tile', backend, { x: same }, { reps }));
      return temporary[temporary.length - 1];
    };
    const out = matMul({
      inputs: { a: repeated(a), b: repeated(b) } as unknown as KernelCall['inputs'],
      attrs,
      backend,
    });
    for (const x of temporary) backend.disposeData(x.dataId);
    return out;
  };

/** tfjs' kernel forgets keepDims for small tensors. */
const keepingDims =
  (reduce: Kernel): Kernel =>
  ({ inputs, attrs, backend }) => {
    const out = reduce({ inputs, attrs, backend });
    if (!attrs.keepDims) return out;
    const axes = tf.util.parseAxisParam(attrs.axis as number | number[], inputs.x.shape);
    const shape = tf.backend_util.expandShapeToKeepDim(out.shape.slice(), axes);
    if (out.shape.length === inputs.x.shape.length) return out;
    const kept = call('Reshape', backend, { x: out }, { shape });
    backend.disposeData(out.dataId);
    return kept;
  };

/** tfjs' kernel takes no negative axis. */
const axisFromFront =
  (kernel: Kernel): Kernel =>
  ({ inputs, attrs, backend }) => {
    const [axis] = tf.util.parseAxisParam(attrs.axis as number, inputs.x.shape);
    return kernel({ inputs, attrs: { ...attrs, axis }, backend });
  };

/**
 * Sine or cosine to fp32 precision. WGSL's own may be off by 2^-11 and more, which would bend rotary angles.
 * Reduction to a quarter turn in three parts and both polynomials are those of Cephes' sinf (S. Moshier), good for
 * |x| < 8192.
 */
const accurate =
  (name: 'sin' | 'cos') =>
  (): Kernel =>
  ({ inputs: { x }, backend }) => {
    const code = `
      let v = x[index];
      let k = round(v * 0.636619772367581343);
      let r = ((v - k * 1.5703125) - k * 4.837512969970703125e-4) - k * 7.54978995489188216e-8;
      let z = r * r;
      let sine = ((-1.9515295891e-4 * z + 8.3321608736e-3) * z - 1.6666654611e-1) * z * r + r;
      let cosine = ((2.443315711809948e-5 * z - 1.388731625493765e-3) * z + 4.166664568298827e-2) * z * z - 0.5 * z + 1.0;
      let quarter = (i32(k) + ${name === 'cos' ? 1 : 0}) & 3;
      let value = select(sine, cosine, (quarter & 1) == 1);
      result[index] = select(value, -value, quarter >= 2);`;
    return backend.runWebGPUProgram(program(name, x.shape, ['x'], code), [x], 'float32');
  };

/**
 * out[ids[i], ...] += x[i, ...] in the order of i, so that embedding gradients repeat bit for bit (tfjs adds with
 * atomics); ids out of range are dropped, as TensorFlow does. A first program links the positions of every id.
 */
const orderedSegmentSum =
  (): Kernel =>
  ({ inputs: { x, segmentIds }, attrs, backend }) => {
    const segments = attrs.numSegments as number;
    const count = tf.util.sizeFromShape(segmentIds.shape);
    const shape = [segments, ...x.shape.slice(segmentIds.shape.length)];
    const inner = tf.util.sizeFromShape(shape.slice(1));
    if (count * segments * inner === 0) return call('Fill', backend, {}, { shape, value: 0, dtype: x.dtype });
    const uniforms: Uniforms = [
      { type: 'int32', data: [segments] },
      { type: 'int32', data: [count] },
      { type: 'int32', data: [inner] },
    ];
    const declared = 'segments : i32, count : i32, inner : i32,';
    const flat = { dataId: segmentIds.dataId, dtype: segmentIds.dtype, shape: [count] };
    // links[s] is the first position of id s, links[segments + i] the next one with the id of i; count ends the list.
    const search = `
      var id = index;
      var at = 0;
      if (index >= uniforms.segments) {
        at = index - uniforms.segments;
        id = ids[at];
        at = at + 1;
      }
      while (at < uniforms.count && ids[at] != id) { at = at + 1; }
      result[index] = at;`;
    const linking = program('segmentLinks', [segments + count], ['ids'], search, declared);
    const links = backend.runWebGPUProgram(linking, [flat], 'int32', uniforms);
    const type = x.dtype === 'int32' ? 'i32' : 'f32';
    const follow = `
      let segment = index / uniforms.inner;
      let column = index - segment * uniforms.inner;
      var sum = ${type}(0);
      var at = links[segment];
      while (at < uniforms.count) {
        sum = sum + x[at * uniforms.inner + column];
        at = links[uniforms.segments + at];
      }
      result[index] = sum;`;
    const summing = program(`segmentSum_${type}`, shape, ['x', 'links'], follow, declared);
    const out = backend.runWebGPUProgram(summing, [x, links], x.dtype, uniforms);
    backend.disposeData(links.dataId);
    return out;
  };

/** Replaces what is wrong, once, after the backend package has registered its kernels. */
export function replaceWebgpuKernels(): void {
  replace('AddN', splitAddN);
  replace('BatchMatMul', broadcastMatMul);
  replace('Cumsum', axisFromFront);
  replace('Prod', keepingDims);
  replace('Sin', accurate('sin'));
  replace('Cos', accurate('cos'));
  replace('UnsortedSegmentSum', orderedSegmentSum);
}
