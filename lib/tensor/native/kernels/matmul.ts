// Matrix products: BatchMatMul (with broadcasting batch dims) and the fused form with bias and activation.
import * as tf from '@tensorflow/tfjs';
import { batchOffsets, offsetAt } from '../../batch';
import { floatOutput, floats, isFloat, type KernelCall, native, override } from './shared';

interface Product {
  shape: number[];
  batch: number;
  M: number;
  N: number;
  K: number;
  /** From batchOffsets. */
  a: number | number[];
  b: number | number[];
}

function planProduct(a: tf.TensorInfo, b: tf.TensorInfo, transposeA: boolean, transposeB: boolean): Product {
  const [rowsA, columnsA] = a.shape.slice(-2);
  const [rowsB, columnsB] = b.shape.slice(-2);
  const [M, K] = transposeA ? [columnsA, rowsA] : [rowsA, columnsA];
  const [innerB, N] = transposeB ? [columnsB, rowsB] : [rowsB, columnsB];
  if (K !== innerB) {
    throw new Error(
      `matMul: inner sizes differ, ${K} and ${innerB}, for shapes [${a.shape.join()}] and [${b.shape.join()}]` +
        ` with transposeA=${transposeA}, transposeB=${transposeB}`,
    );
  }
  const batchA = a.shape.slice(0, -2);
  const batchB = b.shape.slice(0, -2);
  const batchShape = tf.broadcast_util.assertAndGetBroadcastShape(batchA, batchB);
  return {
    shape: [...batchShape, M, N],
    batch: tf.util.sizeFromShape(batchShape),
    M,
    N,
    K,
    a: batchOffsets(batchA, batchShape, M * K),
    b: batchOffsets(batchB, batchShape, K * N),
  };
}

function multiply(call: KernelCall, bias: Float32Array | null): tf.TensorInfo {
  const { a, b } = call.inputs;
  const [tA, tB] = [call.attrs.transposeA === true, call.attrs.transposeB === true];
  const p = planProduct(a, b, tA, tB);
  const { backend } = call;
  const [x, y] = [floats(backend, a), floats(backend, b)];
  return floatOutput(backend, p.shape, (out) => {
    if (typeof p.a === 'number' && typeof p.b === 'number') {
      native(backend, 'matmul', x, y, out, p.batch, p.M, p.N, p.K, tA, tB, p.a, p.b, bias, false);
      return;
    }
    for (let i = 0; i < p.batch; i++) {
      const left = x.subarray(offsetAt(p.a, i));
      const right = y.subarray(offsetAt(p.b, i));
      const to = out.subarray(i * p.M * p.N);
      native(backend, 'matmul', left, right, to, 1, p.M, p.N, p.K, tA, tB, 0, 0, bias, false);
    }
  });
}

const ACTIVATIONS: Record<string, string> = { relu: 'Relu', sigmoid: 'Sigmoid' };

function fusedMatmul(call: KernelCall): tf.TensorInfo | undefined {
  const { a, b, bias } = call.inputs;
  const activation = (call.attrs.activation as string | null | undefined) ?? 'linear';
  const N = b.shape[b.shape.length - (call.attrs.transposeB === true ? 2 : 1)];
  if (!isFloat(a) || !isFloat(b) || (activation !== 'linear' && !(activation in ACTIVATIONS)))
    return undefined;
  if (bias != null && (!isFloat(bias) || tf.util.sizeFromShape(bias.shape) !== N)) return undefined;
  if (bias != null && bias.shape[bias.shape.length - 1] !== N) return undefined;
  const out = multiply(call, bias == null ? null : floats(call.backend, bias));
  if (activation !== 'linear') {
    const values = floats(call.backend, out);
    native(call.backend, ACTIVATIONS[activation], values, values, values.length);
  }
  return out;
}

export function registerMatmul(): void {
  override('BatchMatMul', (call) =>
    isFloat(call.inputs.a) && isFloat(call.inputs.b) ? multiply(call, null) : undefined,
  );
  override('_FusedMatMul', fusedMatmul);
}
