// How a fused op joins tfjs: a kernel of our own name on the native backend, and its gradient. Kernels cost the
// engine less than customGrad, and the tape saves exactly the tensors that the gradient reads.
import { tf } from '../backend';
import { declareKeptOutputs } from '../tape';
import { callNative, type NativeArgument } from './addon';
import { allocF32, makeOutput, type NativeBackend, type NativeValues, valuesOf } from './backend';

export type Attributes = Record<string, number | boolean | number[]>;
type Inputs = Record<string, tf.Tensor>;

/** What a kernel body works with. */
export class KernelCall {
  readonly outputs: tf.TensorInfo[] = [];

  constructor(
    private readonly backend: NativeBackend,
    private readonly inputs: Record<string, tf.TensorInfo | undefined>,
    private readonly attributes: Attributes,
  ) {}

  /** The values of an input, or null when it was not given. */
  values(name: string): NativeValues | null {
    const input = this.inputs[name];
    return input ? valuesOf(this.backend, input) : null;
  }

  shape(name: string): number[] {
    return (this.inputs[name] as tf.TensorInfo).shape;
  }

  number(name: string): number {
    return this.attributes[name] as number;
  }

  flag(name: string): boolean {
    return this.attributes[name] as boolean;
  }

  sizes(name: string): number[] {
    return this.attributes[name] as number[];
  }

  /** A new output tensor; the kernel must fill all of it. */
  output(shape: number[]): Float32Array {
    const values = allocF32(shape.reduce((a, b) => a * b, 1));
    this.outputs.push(makeOutput(this.backend, shape, 'float32', values));
    return values;
  }

  native(kernel: string, ...args: NativeArgument[]): void {
    try {
      callNative(this.backend.addon, kernel, ...args);
    } catch (error) {
      for (const output of this.outputs) this.backend.disposeData(output.dataId);
      throw error;
    }
  }
}

/** Registers a kernel body for the native backend. */
export function kernel(name: string, body: (call: KernelCall) => void): void {
  tf.registerKernel({
    kernelName: name,
    backendName: 'native',
    kernelFunc: ({ inputs, backend, attrs }) => {
      const call = new KernelCall(backend as NativeBackend, inputs, (attrs ?? {}) as unknown as Attributes);
      body(call);
      return call.outputs;
    },
  });
}

/** What a gradient sees: the outputs' cotangents, and what was saved, in the order asked for. */
export interface GradientCall {
  /** Of the first output */
  dy: tf.Tensor;
  /** Of every output */
  dys: tf.Tensor[];
  saved: tf.Tensor[];
  attributes: Attributes;
}

/** What a tape saves of a kernel for its gradient. */
interface Saved {
  inputs?: string[];
  outputs?: boolean[];
  /** Outputs whose cotangents the gradient does not read. */
  kept?: number[];
}

/**
 * Registers the gradient of a kernel. `gradient` returns a thunk for each input that has one; what it computes
 * before returning is shared between them.
 */
export function gradientOf(
  name: string,
  { inputs = [], outputs = [], kept = [] }: Saved,
  gradient: (call: GradientCall) => Record<string, () => tf.Tensor>,
): void {
  if (kept.length > 0) declareKeptOutputs(name, kept);
  tf.registerGradient({
    kernelName: name,
    inputsToSave: inputs,
    outputsToSave: outputs,
    gradFunc: (dy, saved, attrs) =>
      gradient({
        dy: Array.isArray(dy) ? dy[0] : dy,
        dys: Array.isArray(dy) ? dy : [dy],
        saved,
        attributes: attrs as unknown as Attributes,
      }),
  });
}

/** Runs a kernel that has one output. */
export function run(name: string, inputs: Inputs, attributes: Attributes = {}): tf.Tensor {
  return runAll(name, inputs, attributes)[0];
}

/** Runs a kernel and returns all its outputs. */
export function runAll(name: string, inputs: Inputs, attributes: Attributes = {}): tf.Tensor[] {
  const result = tf.engine().runKernel(name, inputs, attributes) as unknown as tf.Tensor | tf.Tensor[];
  return Array.isArray(result) ? result : [result];
}
