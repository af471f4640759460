// Registers every kernel of the native backend: tfjs' cpu kernels first, then the C++ ones over them.
import * as tf from '@tensorflow/tfjs';
import { registerElementwise } from './elementwise';
import { registerMatmul } from './matmul';
import { registerIndexing } from './indexing';
import { registerMovement } from './movement';
import { registerReduce } from './reduce';

let registered = false;

/** Registers all kernels under 'native' (once). Kernels that are there already (fused ones) stay. */
export function registerNativeKernels(): void {
  if (registered) return;
  registered = true;
  for (const kernel of tf.getKernelsForBackend('cpu')) {
    if (tf.getKernel(kernel.kernelName, 'native') == null)
      tf.registerKernel({ ...kernel, backendName: 'native' });
  }
  registerElementwise();
  registerReduce();
  registerMatmul();
  registerMovement();
  registerIndexing();
}
