// Chooses the engine that runs the tensors, once at start. Everything else takes `tf` from here.
import * as tf from '@tensorflow/tfjs';
import { loadAddon, type NativeAddon } from './native/addon';
import { nativeBackend } from './native/backend';
import { registerNativeKernels } from './native/kernels';
import { startTensorflow } from './tensorflow';
import { startWasm } from './wasm';
import { startWebgpu } from './webgpu';

export { tf };

export type BackendName = 'native' | 'tensorflow' | 'webgpu' | 'wasm' | 'cpu';
export interface BackendInfo {
  name: BackendName;
  /** What runs underneath, for the line printed at start. */
  detail: string;
  threads: number;
}

const NAMES: readonly string[] = ['auto', 'native', 'tensorflow', 'webgpu', 'wasm', 'cpu'];
let current: Promise<BackendInfo> | undefined;
let currentChoice: string | undefined;

/** Runs `f` without tfjs' advertising on the console (its other warnings pass). */
function quietly<T>(f: () => T): T {
  const { warn, log } = console;
  const filter =
    (print: (...args: unknown[]) => void) =>
    (...args: unknown[]): void => {
      if (
        !/looks like you are running TensorFlow\.js in Node\.js|cpu backend was already registered/.test(
          String(args[0]),
        )
      )
        print(...args);
    };
  console.warn = filter(warn);
  console.log = filter(log);
  try {
    return f();
  } finally {
    console.warn = warn;
    console.log = log;
  }
}

async function use(name: string): Promise<void> {
  if (!(await tf.setBackend(name))) throw new Error(`backend "${name}" did not start`);
  await tf.ready();
  quietly(() => tf.scalar(0).dispose()); // the first write prints an advertisement
}

async function startNative(): Promise<BackendInfo> {
  const backend = nativeBackend();
  registerNativeKernels();
  if (tf.findBackend('native') === null) tf.registerBackend('native', () => backend, 10);
  await use('native');
  const precision = backend.addon.hasBf16() ? 'fp32 (bf16 available)' : 'fp32';
  return {
    name: 'native',
    detail: `C++ kernels for ${backend.addon.isa()}, ${precision}`,
    threads: backend.addon.threads(),
  };
}

async function startCpu(): Promise<BackendInfo> {
  await use('cpu');
  return { name: 'cpu', detail: 'plain JavaScript (slow)', threads: 1 };
}

async function start(choice: string): Promise<BackendInfo> {
  switch (choice) {
    case 'native':
      return startNative();
    case 'tensorflow':
      return startTensorflow(use);
    case 'webgpu':
      return startWebgpu(use);
    case 'wasm':
      return startWasm(use);
    case 'cpu':
      return startCpu();
    default: {
      const loaded = loadAddon();
      if (loaded.addon !== null) return startNative();
      if (process.env.T2G_ISA) throw new Error(`T2G_ISA is "${process.env.T2G_ISA}": ${loaded.reason}`);
      if (!/is not built/.test(loaded.reason)) console.warn(`native tensor addon not used: ${loaded.reason}`);
      return startWasm(use).catch(startCpu);
    }
  }
}

/**
 * Chooses the backend and waits until it runs. 'auto' takes T2G_BACKEND if set, else the first that works of native,
 * wasm, cpu. The same choice again returns the same answer; another choice switches.
 * @throws when the name is unknown or the backend can't run here; the message says what to install.
 */
export function initBackend(name: 'auto' | BackendName = 'auto'): Promise<BackendInfo> {
  const choice = name === 'auto' ? process.env.T2G_BACKEND || 'auto' : name;
  if (!NAMES.includes(choice)) {
    return Promise.reject(new Error(`backend "${choice}" is unknown, want one of ${NAMES.join(', ')}`));
  }
  if (current !== undefined && (choice === currentChoice || name === 'auto')) return current;
  const starting = start(choice);
  current = starting;
  currentChoice = choice;
  starting.catch(() => {
    if (current === starting) current = undefined;
  });
  return starting;
}

/** The C++ addon when backend 'native' is the one in use, else null. */
export function nativeAddon(): NativeAddon | null {
  return tf.getBackend() === 'native' ? nativeBackend().addon : null;
}

/**
 * Operand precision of the native backend's matrix products; sums stay fp32. 'bf16' is about twice as fast and is
 * meant for training.
 * @throws when bf16 is asked for without the native backend or on a CPU without AVX512_BF16.
 */
export function setMatmulPrecision(precision: 'fp32' | 'bf16'): void {
  const addon = nativeAddon();
  if (precision !== 'fp32' && precision !== 'bf16') {
    throw new Error(`matmul precision is "${String(precision)}", want "fp32" or "bf16"`);
  }
  if (addon === null) {
    if (precision === 'fp32') return; // what every other backend does
    throw new Error(`matmul precision "bf16" needs backend "native", found "${tf.getBackend()}"`);
  }
  if (precision === 'bf16' && !addon.hasBf16()) {
    throw new Error(
      'matmul precision "bf16" needs AVX512_BF16, which this CPU (or the build T2G_ISA names) lacks',
    );
  }
  addon.setPrecision(precision === 'bf16' ? 16 : 32);
}

/** Whether setMatmulPrecision('bf16') would work now. */
export function bf16Available(): boolean {
  return nativeAddon()?.hasBf16() ?? false;
}

/** A tensor with its own copy of x's data: unlike clone(), in-place updates of x do not reach it. */
export function copyOf<T extends tf.Tensor>(x: T): T {
  return tf.tidy(() =>
    x.dtype === 'float32' ? tf.add(x, 0) : tf.tensor(x.dataSync(), x.shape, x.dtype),
  ) as T;
}
