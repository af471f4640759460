// The wasm fallback: tfjs' wasm backend with the kernels that training needs and it lacks.
import type { BackendInfo } from './backend';

export async function startWasm(use: (name: string) => Promise<void>): Promise<BackendInfo> {
  require('@tensorflow/tfjs-backend-wasm');
  await use('wasm');
  return { name: 'wasm', detail: 'tfjs wasm', threads: 1 };
}
