// Fused twins of the feed-forward layers. What is saved for the backward pass: x and the pre-activations.
import { tf } from '../backend';
import type { Twins } from '../ops/dispatch';
import type { GeluMlpWeights, SwigluMlpWeights } from '../ops/mlp';
import { wantsGradient } from '../tape';
import { allocF32, freeF32 } from './backend';
import { gradientOf, kernel, type KernelCall, runAll } from './fused-kernel';

interface Sizes {
  leading: number[];
  N: number;
  D: number;
  F: number;
  O: number;
}

/** Sizes from x [..., D], a weight [F, D] and the last weight [O, F]. */
function sizesOf(call: KernelCall, first: string): Sizes {
  const leading = call.shape('x').slice(0, -1);
  const [F, D] = call.shape(first);
  return { leading, N: leading.reduce((a, b) => a * b, 1), D, F, O: call.shape('down')[0] };
}

/** Runs `body` with `count` temporary arrays of `size` floats. */
function withScratch(count: number, size: number, body: (...arrays: Float32Array[]) => void): void {
  const arrays = Array.from({ length: count }, () => allocF32(size));
  try {
    body(...arrays);
  } finally {
    arrays.forEach(freeF32);
  }
}

/** The outputs of a gradient kernel that were asked for, by name in order; null for the others. */
function wantedOutputs(call: KernelCall, shapes: [string, number[]][]): (Float32Array | null)[] {
  return shapes.map(([name, shape]) => (call.flag(name) ? call.output(shape) : null));
}

/** Runs a gradient kernel for the named inputs, all that wantsGradient names; gives thunks for them. */
function gradients(
  name: string,
  inputs: Record<string, tf.Tensor>,
  wanted: Record<string, boolean>,
): Record<string, () => tf.Tensor> {
  const found = runAll(name, inputs, wanted);
  const names = Object.keys(wanted).filter((key) => wanted[key]);
  return Object.fromEntries(names.map((key, i) => [key, () => found[i]]));
}

function registerSwigluMlp(): void {
  const weights = (call: KernelCall) => ['gate', 'up', 'down'].map((name) => call.values(name));
  kernel('T2GSwigluMlp', (call) => {
    const { leading, N, D, F, O } = sizesOf(call, 'gate');
    const out = call.output([...leading, O]);
    const gate = call.output([N, F]);
    const up = call.output([N, F]);
    withScratch(1, N * F, (inner) =>
      call.native('swigluMlp', call.values('x'), ...weights(call), N, D, F, O, gate, up, inner, out),
    );
  });
  kernel('T2GSwigluMlpGrad', (call) => {
    const { N, D, F, O } = sizesOf(call, 'gate');
    const outputs = wantedOutputs(call, [
      ['x', call.shape('x')],
      ['gate', [F, D]],
      ['up', [F, D]],
      ['down', [O, F]],
    ]);
    const given = [call.values('gateValues'), call.values('upValues'), call.values('dy')];
    withScratch(3, N * F, (...scratch) =>
      call.native(
        'swigluMlpGrad',
        call.values('x'),
        ...weights(call),
        N,
        D,
        F,
        O,
        ...given,
        ...scratch,
        ...outputs,
      ),
    );
  });
  gradientOf(
    'T2GSwigluMlp',
    { inputs: ['x', 'gate', 'up', 'down'], outputs: [false, true, true], kept: [1, 2] },
    ({ dy, saved: [x, gate, up, down, gateValues, upValues] }) => {
      const names = ['x', 'gate', 'up', 'down'];
      const wanted = Object.fromEntries(names.map((name) => [name, wantsGradient(name)]));
      return gradients('T2GSwigluMlpGrad', { x, gate, up, down, gateValues, upValues, dy }, wanted);
    },
  );
}

function registerGeluMlp(): void {
  kernel('T2GGeluMlp', (call) => {
    const { leading, N, D, F, O } = sizesOf(call, 'up');
    const out = call.output([...leading, O]);
    const pre = call.output([N, F]);
    const given = ['x', 'up', 'upBias', 'down', 'downBias'].map((name) => call.values(name));
    withScratch(1, N * F, (inner) => call.native('geluMlp', ...given, N, D, F, O, pre, inner, out));
  });
  kernel('T2GGeluMlpGrad', (call) => {
    const { N, D, F, O } = sizesOf(call, 'up');
    const outputs = wantedOutputs(call, [
      ['x', call.shape('x')],
      ['up', [F, D]],
      ['upBias', [F]],
      ['down', [O, F]],
      ['downBias', [O]],
    ]);
    const given = [call.values('x'), call.values('up'), call.values('down')];
    const saved = [call.values('pre'), call.values('dy')];
    withScratch(2, N * F, (...scratch) =>
      call.native('geluMlpGrad', ...given, N, D, F, O, ...saved, ...scratch, ...outputs),
    );
  });
  gradientOf(
    'T2GGeluMlp',
    { inputs: ['x', 'up', 'down'], outputs: [false, true], kept: [1] },
    ({ dy, saved: [x, up, down, pre] }) => {
      // A bias' gradient comes out of its weight's product, so the two go together.
      const upper = wantsGradient('up') || wantsGradient('upBias');
      const lower = wantsGradient('down') || wantsGradient('downBias');
      const wanted = { x: wantsGradient('x'), up: upper, upBias: upper, down: lower, downBias: lower };
      return gradients('T2GGeluMlpGrad', { x, up, down, pre, dy }, wanted);
    },
  );
}

/** Registers the kernels and returns the twins. */
export function mlpTwins(): Twins {
  registerSwigluMlp();
  registerGeluMlp();
  const first = ([out, ...saved]: tf.Tensor[]): tf.Tensor => {
    tf.dispose(saved); // a tape keeps its own references
    return out;
  };
  return {
    swigluMlp: (x: tf.Tensor, { gate, up, down }: SwigluMlpWeights) =>
      first(runAll('T2GSwigluMlp', { x, gate, up, down })),
    geluMlp: (x: tf.Tensor, { up, upBias, down, downBias }: GeluMlpWeights) =>
      first(runAll('T2GGeluMlp', { x, up, upBias, down, downBias })),
  };
}
