// The 'native' tfjs backend: tfjs' JavaScript cpu backend over pooled memory, with the hot kernels in C++. Every cpu
// kernel works on it unchanged, because data stays in typed arrays that JavaScript and C++ both see.
import * as tf from '@tensorflow/tfjs';
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import { loadAddon, type NativeAddon } from './addon';
import { MemoryPool } from './memory';

export type NativeValues = Float32Array | Int32Array | Uint8Array;

interface Entry {
  values?: tf.backend_util.BackendValues;
  dtype: tf.DataType;
  refCount: number;
  complexTensorInfos?: { real: tf.TensorInfo; imag: tf.TensorInfo };
  /** The values are pooled memory that this entry alone owns. */
  pooled?: boolean;
}

type DataId = tf.DataId;

export class NativeBackend extends MathBackendCPU {
  readonly pool: MemoryPool;
  private nextId = 0;
  private byteCount = 0;

  constructor(readonly addon: NativeAddon) {
    super();
    this.pool = new MemoryPool(addon);
  }

  private get entries(): {
    get(id: DataId): Entry;
    set(id: DataId, entry: Entry): void;
    has(id: DataId): boolean;
    delete(id: DataId): boolean;
  } {
    return this.data as unknown as ReturnType<() => NativeBackend['entries']>;
  }

  /** The entry of a tensor's data. */
  entryOf(dataId: DataId): Entry {
    return this.entries.get(dataId);
  }

  /** Takes `values` (from allocF32, or plain typed arrays nobody else changes) as the data of a new tensor. */
  adopt(shape: number[], dtype: tf.DataType, values: NativeValues): tf.TensorInfo {
    const dataId = { id: this.nextId++ };
    const pooled = dtype === 'float32' && this.pool.owns(values);
    this.entries.set(dataId, { values, dtype, refCount: 1, pooled });
    this.byteCount += values.byteLength;
    return { dataId, shape, dtype };
  }

  /** Data from outside. Floats are copied into aligned memory, so in-place kernels never touch a caller's array. */
  override write(values: tf.backend_util.BackendValues, shape: number[], dtype: tf.DataType): DataId {
    const dataId = { id: this.nextId++ };
    this.store(dataId, values, shape, dtype, 1);
    return dataId;
  }

  override move(
    dataId: DataId,
    values: tf.backend_util.BackendValues,
    shape: number[],
    dtype: tf.DataType,
    refCount: number,
  ): void {
    this.store(dataId, values, shape, dtype, refCount);
  }

  private store(
    dataId: DataId,
    values: tf.backend_util.BackendValues,
    shape: number[],
    dtype: tf.DataType,
    refCount: number,
  ): void {
    const size = tf.util.sizeFromShape(shape);
    if (dtype === 'float32' && values != null && size > 0) {
      const source = values instanceof ArrayBuffer ? new Float32Array(values) : values;
      const own = this.pool.alloc(size);
      own.set(source as Float32Array);
      this.byteCount += own.byteLength;
      this.entries.set(dataId, { values: own, dtype, refCount, pooled: true });
      return;
    }
    this.byteCount += (values as Partial<Float32Array> | null)?.byteLength ?? 0;
    this.entries.set(dataId, { values, dtype, refCount });
  }

  /** What cpu kernels call with their results: kept as they are, unless they are a view of another tensor. */
  override makeTensorInfo(
    shape: number[],
    dtype: tf.DataType,
    values?: tf.backend_util.BackendValues | string[],
  ): tf.TensorInfo {
    if (values instanceof Float32Array && dtype === 'float32') {
      if (!this.pool.owns(values)) return this.adopt(shape, dtype, values);
    } else if (values instanceof Int32Array || values instanceof Uint8Array) {
      return this.adopt(shape, dtype, values);
    }
    return super.makeTensorInfo(shape, dtype, values);
  }

  override readSync(dataId: DataId): tf.backend_util.BackendValues {
    const entry = this.entries.get(dataId);
    if (entry.pooled === true) return (entry.values as Float32Array).slice();
    return super.readSync(dataId);
  }

  override disposeData(dataId: DataId, force = false): boolean {
    if (!this.entries.has(dataId)) return true;
    const entry = this.entries.get(dataId);
    entry.refCount--;
    if (!force && entry.refCount > 0) return false;
    if (entry.complexTensorInfos != null) {
      this.disposeData(entry.complexTensorInfos.real.dataId, true);
      this.disposeData(entry.complexTensorInfos.imag.dataId, true);
    }
    this.entries.delete(dataId);
    this.byteCount -= (entry.values as Partial<Float32Array> | undefined)?.byteLength ?? 0;
    if (entry.pooled === true) this.pool.release(entry.values as Float32Array);
    return true;
  }

  override memory(): { unreliable: boolean; reasons: string[]; numBytesInBackend: number } & ReturnType<
    MathBackendCPU['memory']
  > {
    return { unreliable: false, reasons: [], numBytesInBackend: this.byteCount };
  }
}

let instance: NativeBackend | undefined;

/** Registers the backend's factory with tfjs (once) and returns the backend, or throws what is missing. */
export function nativeBackend(): NativeBackend {
  if (instance !== undefined) return instance;
  const loaded = loadAddon();
  if (loaded.addon === null) throw new Error(`backend "native": no C++ addon, ${loaded.reason}`);
  instance = new NativeBackend(loaded.addon);
  return instance;
}

/** `size` uninitialised floats of pooled, 64-byte aligned memory: fill them and hand them to makeOutput. */
export function allocF32(size: number): Float32Array {
  return nativeBackend().pool.alloc(size);
}

/** Gives back an allocF32 array that was only a temporary. */
export function freeF32(values: Float32Array): void {
  nativeBackend().pool.release(values);
}

/** The live values of a tensor (no copy; float32 -> Float32Array, int32 -> Int32Array, bool -> Uint8Array). */
export function valuesOf(backend: NativeBackend, x: tf.TensorInfo): NativeValues {
  return backend.entryOf(x.dataId).values as NativeValues;
}

/** A tensor over `values`, which the backend owns from now on. */
export function makeOutput(
  backend: NativeBackend,
  shape: number[],
  dtype: tf.DataType,
  values: NativeValues,
): tf.TensorInfo {
  return backend.adopt(shape, dtype, values);
}
