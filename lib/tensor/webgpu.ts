// The opt-in GPU backend: tfjs' WebGPU kernels in Node over the `webgpu` package (Dawn). This file starts the device,
// makes synchronous reads work, turns the GPU's silent errors into exceptions and gives freed buffers back.
import * as tf from '@tensorflow/tfjs';
import type { BackendInfo } from './backend';
import { replaceWebgpuKernels, type WebgpuBackend } from './webgpu-kernels';

/** The parts of the WebGPU API that are used here (its type package comes only with the optional packages). */
export interface GpuBuffer {
  readonly size: number;
  readonly usage: number;
  readonly mapState: 'unmapped' | 'pending' | 'mapped';
  mapAsync(mode: number): Promise<void>;
  getMappedRange(): ArrayBuffer;
  unmap(): void;
  destroy(): void;
}
interface GpuError {
  message: string;
}
interface GpuDevice {
  readonly lost: Promise<{ reason: string; message: string }>;
  addEventListener(type: 'uncapturederror', listener: (event: { error: GpuError }) => void): void;
}
interface GpuAdapter {
  readonly features: ReadonlySet<string>;
  readonly limits: Record<string, number>;
  readonly info: { vendor: string; architecture: string; device: string; description: string };
  requestDevice(wanted: {
    requiredFeatures: string[];
    requiredLimits: Record<string, number>;
  }): Promise<GpuDevice>;
}
interface Gpu {
  requestAdapter(wanted: { powerPreference: string }): Promise<GpuAdapter | null>;
}
interface DawnPackage {
  create(flags: string[]): Gpu;
  globals: Record<string, unknown>;
}
interface BackendPackage {
  WebGPUBackend: new (device: GpuDevice, info: GpuAdapter['info']) => WebgpuBackend;
}

/** Everything that a large model may need more of than WebGPU's modest defaults. */
const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
];

/** Freed GPU memory that is kept for reuse; beyond it, freed buffers go back to the driver. */
const KEPT_BYTES = 1 << 30;

const INSTALL =
  'backend "webgpu": the optional packages `webgpu` and `@tensorflow/tfjs-backend-webgpu` do not load; ' +
  'run `npm install --include=optional`';
const NO_ADAPTER =
  'backend "webgpu": no GPU adapter was found. Linux needs the Vulkan loader (libvulkan1) and a Vulkan driver; if the ' +
  'driver lies in an unusual place, set VK_ICD_FILENAMES and VK_DRIVER_FILES to its .json file. For tests without a ' +
  'GPU, see docs/dependencies.md';

let dawn: Gpu | undefined; // kept: Dawn frees what it made when this object goes
let failure: string | undefined;

/** Throws what the GPU reported since the start: everything computed after it is wrong. */
function throwFailure(): void {
  if (failure !== undefined) throw new Error(`backend "webgpu": ${failure}`);
}

/** Dawn's pending callbacks, each of which runs once: by the event loop, or earlier by `pump`. */
const pending = new Set<() => void>();

/**
 * Dawn's promises move forward in callbacks that it hands to setImmediate. Remembering them lets a synchronous read
 * drive Dawn without returning to the event loop. Other callers of setImmediate see no difference.
 */
function watchDawn(): void {
  const original = globalThis.setImmediate;
  const watching = (callback: (...args: unknown[]) => void, ...args: unknown[]): NodeJS.Immediate => {
    const isDawns =
      args.length === 0 && callback.name === '' && /\{ \[native code\] \}$/.test(String(callback));
    if (!isDawns) return original(callback, ...args);
    const once = (): void => {
      if (pending.delete(once)) callback();
    };
    pending.add(once);
    return original(once);
  };
  globalThis.setImmediate = Object.assign(watching, original);
}

const sleepCell = new Int32Array(new SharedArrayBuffer(4));

/** Runs Dawn until `done`, without the event loop. */
function pump(done: () => boolean): void {
  for (let round = 0; !done(); round++) {
    for (const callback of [...pending]) callback();
    throwFailure();
    if (round > 50) Atomics.wait(sleepCell, 0, 0, Math.min(1, round / 1000)); // leaves the cores to the driver
  }
}

/** Copies a GPU buffer into a new ArrayBuffer, waiting for all work submitted so far. */
function readBuffer(backend: WebgpuBackend, buffer: GpuBuffer): ArrayBuffer {
  const { GPUBufferUsage: usage, GPUMapMode: mode } = globalThis as unknown as {
    GPUBufferUsage: Record<string, number>;
    GPUMapMode: Record<string, number>;
  };
  const staging = backend.bufferManager.acquireBuffer(buffer.size, usage.COPY_DST | usage.MAP_READ);
  backend.ensureCommandEncoderReady();
  backend.endComputePassEncoder();
  backend.commandEncoder.copyBufferToBuffer(buffer, 0, staging, 0, buffer.size);
  backend.submitQueue();
  staging.mapAsync(mode.READ).catch((error: Error) => (failure ??= error.message));
  pump(() => staging.mapState !== 'pending');
  if (staging.mapState !== 'mapped')
    throw new Error('backend "webgpu": a read failed, is the device still there?');
  const values = staging.getMappedRange().slice(0);
  staging.unmap();
  backend.bufferManager.releaseBuffer(staging);
  return values;
}

/** Gives the backend synchronous reads, loud errors and a bounded pool. */
function repair(backend: WebgpuBackend): void {
  const { read, submitQueue, bufferManager } = backend;
  backend.readSync = (dataId) => {
    throwFailure();
    const { values, dtype, resource } = backend.tensorMap.get(dataId);
    if (values != null || resource == null) return values as tf.backend_util.BackendValues;
    if (dtype === 'complex64')
      throw new Error('backend "webgpu": complex tensors need await data(), not dataSync()');
    const found = tf.util.convertBackendValuesAndArrayBuffer(readBuffer(backend, resource), dtype);
    throwFailure();
    return backend.convertAndCacheOnCPU(dataId, found);
  };
  backend.read = async (dataId) => {
    throwFailure();
    const values = await read.call(backend, dataId);
    throwFailure();
    return values;
  };
  backend.submitQueue = () => {
    throwFailure();
    submitQueue.call(backend);
    // tfjs keeps every buffer that it ever made, one list for each size.
    if (bufferManager.numBytesAllocated - bufferManager.numBytesUsed > KEPT_BYTES) {
      for (const free of bufferManager.freeBuffers.values()) {
        for (const buffer of free) {
          bufferManager.numBytesAllocated -= buffer.size;
          buffer.destroy(); // after the submit: work in flight keeps what it uses
        }
        free.length = 0;
      }
      bufferManager.numFreeBuffers = 0;
    }
  };
}

function loadPackages(): { dawnPackage: DawnPackage; loadBackend: () => BackendPackage } {
  try {
    require.resolve('@tensorflow/tfjs-backend-webgpu');
    const dawnPackage = require('webgpu') as DawnPackage;
    return {
      dawnPackage,
      loadBackend: () => require('@tensorflow/tfjs-backend-webgpu') as BackendPackage,
    };
  } catch (error) {
    throw new Error(`${INSTALL} (${String(error).split('\n')[0]})`, { cause: error });
  }
}

/** Shows Dawn as the browser's API, where tfjs looks for it. */
function installGlobals({ create, globals }: DawnPackage): Gpu {
  Object.assign(globalThis, globals);
  const gpu = create([]);
  const place = globalThis as { navigator?: object };
  if (place.navigator === undefined) {
    Object.defineProperty(globalThis, 'navigator', {
      value: { userAgent: `Node.js/${process.versions.node}` },
      configurable: true,
      writable: true,
    });
  }
  Object.defineProperty(place.navigator, 'gpu', { value: gpu, configurable: true });
  return gpu;
}

interface Started {
  backend: WebgpuBackend;
  detail: string;
}

async function createBackend(gpu: Gpu, loadBackend: () => BackendPackage): Promise<Started> {
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new Error(NO_ADAPTER);
  const device = await adapter.requestDevice({
    requiredFeatures: adapter.features.has('timestamp-query') ? ['timestamp-query'] : [],
    requiredLimits: Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]])),
  });
  device.addEventListener('uncapturederror', ({ error }) => (failure ??= error.message));
  void device.lost.then(({ reason, message }) => {
    if (reason !== 'destroyed') failure ??= `the device was lost: ${message}`;
  });
  const { WebGPUBackend } = loadBackend();
  tf.removeBackend('webgpu'); // the package's own factory asks for too little
  const backend = new WebGPUBackend(device, adapter.info);
  repair(backend);
  replaceWebgpuKernels();
  const { vendor, architecture, device: name, description } = adapter.info;
  const detail = [vendor, architecture, description || name].filter(Boolean).join(' ');
  return { backend, detail };
}

let started: Started | undefined;

/**
 * Starts backend 'webgpu'; `use` makes a registered backend the current one.
 * @throws when the optional packages are missing or no adapter is found; the message says what to do
 */
export async function startWebgpu(use: (name: string) => Promise<void>): Promise<BackendInfo> {
  if (!started) {
    const { dawnPackage, loadBackend } = loadPackages();
    if (!dawn) {
      watchDawn();
      dawn = installGlobals(dawnPackage);
    }
    const first = await createBackend(dawn, loadBackend);
    started = first;
    tf.registerBackend('webgpu', () => first.backend, 3);
  }
  await use('webgpu');
  return { name: 'webgpu', detail: started.detail, threads: 0 };
}
