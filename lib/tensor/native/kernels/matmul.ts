// Matrix products: BatchMatMul (with broadcasting batch dims) and the fused form with bias and activation.
import * as tf from '@tensorflow/tfjs';
import { floatOutput, floats, isFloat, type KernelCall, native, override, stridesOf } from './shared';

interface Product {
  shape: number[];
  batch: number;
  M: number;
  N: number;
  K: number;
  /** Index of the operand's matrix for each batch entry, or one stride when they are regular. */
  a: number | number[];
  b: number | number[];
}

/** Where each output batch entry finds its matrix: a stride (0 or size) if regular, else a list of offsets. */
function batchOffsets(own: readonly number[], out: readonly number[], size: number): number | number[] {
  const count = tf.util.sizeFromShape([...own]);
  if (count === 1) return 0;
  if (count === tf.util.sizeFromShape([...out])) return size;
  const lead = out.length - own.length;
  const ownStrides = stridesOf(own);
  const outStrides = stridesOf(out);
  return Array.from({ length: tf.util.sizeFromShape([...out]) }, (_, index) => {
    let offset = 0;
    for (let d = lead; d < out.length; d++) {
      const at = Math.floor(index / outStrides[d]) % out[d];
      if (own[d - lead] !== 1) offset += at * ownStrides[d - lead];
    }
    return offset * size;
  });
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
      const left = x.subarray(typeof p.a === 'number' ? i * p.a : p.a[i]);
      const right = y.subarray(typeof p.b === 'number' ? i * p.b : p.b[i]);
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
  if (!isFloat(a) || !isFloat(b) || (activation !== 'linear' && !(activation in ACTIVATIONS))) return undefined;
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
