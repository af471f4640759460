// What tfjs-node 4.22's kernels lack or get wrong, repaired once when backend 'tensorflow' starts: kernels it has not,
// errors that name no shapes, and tensors that share memory with the caller's arrays.
import * as tf from '@tensorflow/tfjs';
import { throughCpu } from './wasm';

interface Info {
  shape: number[];
  dtype: string;
}
type Execute<R> = (name: string, attributes: unknown, inputs: Info[], outputs?: number) => R;

/** The methods of tfjs-node's NodeJSKernelBackend that are wrapped. */
interface NodeBackend extends tf.KernelBackend {
  executeSingleOutput: Execute<tf.Tensor>;
  executeMultipleOutputs: Execute<tf.Tensor[]>;
  move(
    dataId: tf.DataId,
    values: tf.backend_util.BackendValues,
    shape: number[],
    dtype: tf.DataType,
    refCount: number,
  ): void;
  readSync(dataId: tf.DataId): tf.backend_util.BackendValues;
  /** `values` are those that no op has needed yet. */
  tensorMap: { get(dataId: tf.DataId): { values: unknown } | undefined };
}

/** Kernels that are there but wrong: Multinomial draws other numbers each time, whatever its seed. */
const WRONG = ['Multinomial'];

function fillKernels(): void {
  for (const { kernelName } of tf.getKernelsForBackend('cpu')) {
    const has = tf.getKernel(kernelName, 'tensorflow') != null;
    if ((has && !WRONG.includes(kernelName)) || /Complex|FFT|Ragged|String|Draw/.test(kernelName)) continue;
    if (has) tf.unregisterKernel(kernelName, 'tensorflow');
    const kernelFunc = throughCpu(kernelName) as unknown as tf.KernelFunc;
    tf.registerKernel({ kernelName, backendName: 'tensorflow', kernelFunc });
  }
}

/** TensorFlow says "Invalid TF_Status: 3" and what is wrong, but not in which op nor with which shapes. */
function named<R>(execute: Execute<R>): Execute<R> {
  return (name, attributes, inputs, outputs) => {
    try {
      return execute(name, attributes, inputs, outputs);
    } catch (error) {
      const reason =
        error instanceof Error ? error.message.replace(/^Invalid TF_Status: \d+\s*Message: /, '') : error;
      const shapes = inputs.map((x) => `${x.dtype} [${x.shape.join(', ')}]`).join(' and ');
      throw new Error(`TensorFlow's ${name} of ${shapes}: ${String(reason)}`, { cause: error });
    }
  };
}

let repaired: unknown;

/** Repairs the registered backend's kernels; does nothing the second time. */
export function repairTensorflow(backend: tf.KernelBackend): void {
  if (repaired === backend) return;
  repaired = backend;
  fillKernels();
  const node = backend as NodeBackend;
  node.executeSingleOutput = named(node.executeSingleOutput.bind(node));
  node.executeMultipleOutputs = named(node.executeMultipleOutputs.bind(node));
  // Values wait in the caller's own array until an op needs them: later changes to it would reach the tensor.
  const copied = <T>(values: T): T =>
    (ArrayBuffer.isView(values) ? (values as unknown as Float32Array).slice() : values) as T;
  const [move, readSync] = [node.move.bind(node), node.readSync.bind(node)];
  node.move = (dataId, values, ...rest) => move(dataId, copied(values), ...rest);
  node.readSync = (dataId) => {
    const values = readSync(dataId);
    return node.tensorMap.get(dataId)?.values === values ? copied(values) : values;
  };
}
