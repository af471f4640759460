// Reductions over any axes, softmax, log-softmax.
import * as tf from '@tensorflow/tfjs';
import type { NativeBackend } from '../backend';
import { floatOutput, floats, isFloat, type KernelCall, native, override } from './shared';

/** Runs of neighbouring dims that are all reduced or all kept, as [size, reduced]. */
function groupsOf(shape: readonly number[], axes: ReadonlySet<number>): [number, boolean][] {
  const groups: [number, boolean][] = [];
  shape.forEach((size, d) => {
    const reduced = axes.has(d);
    const last = groups[groups.length - 1];
    if (last !== undefined && last[1] === reduced) last[0] *= size;
    else groups.push([size, reduced]);
  });
  return groups;
}

const product = (groups: readonly [number, boolean][]): number => groups.reduce((p, [size]) => p * size, 1);

/** Reduces group after group from the back; the last one writes `out` and applies `scale`. */
function reduceInto(
  backend: NativeBackend,
  name: string,
  values: Float32Array,
  groups: [number, boolean][],
  out: Float32Array,
  scale: number,
): void {
  const at = groups.map(([, reduced]) => reduced).lastIndexOf(true);
  const outer = product(groups.slice(0, at));
  const inner = product(groups.slice(at + 1));
  const rest = groups.filter((_, g) => g !== at);
  if (!rest.some(([, reduced]) => reduced)) {
    native(backend, name, values, out, outer, groups[at][0], inner, scale);
    return;
  }
  const partial = backend.pool.alloc(outer * inner);
  try {
    native(backend, name, values, partial, outer, groups[at][0], inner, 1);
    reduceInto(backend, name, partial, rest, out, scale);
  } finally {
    backend.pool.release(partial);
  }
}

function reduction(name: string, axisAttribute: string): (call: KernelCall) => tf.TensorInfo | undefined {
  const kernel = name === 'Mean' ? 'Sum' : name;
  return ({ inputs: { x }, attrs, backend }) => {
    if (!isFloat(x)) return undefined;
    const axes = new Set(tf.util.parseAxisParam(attrs[axisAttribute] as number | number[], x.shape));
    const full = x.shape.map((size, d) => (axes.has(d) ? 1 : size));
    const shape = attrs.keepDims === true ? full : x.shape.filter((_, d) => !axes.has(d));
    const groups = groupsOf(x.shape, axes);
    if (!groups.some(([, reduced]) => reduced)) groups.push([1, true]); // a scalar, or no axes: copies
    const count = product(groups.filter(([, reduced]) => reduced));
    const scale = name === 'Mean' ? 1 / count : 1;
    return floatOutput(backend, shape, (out) =>
      reduceInto(backend, kernel, floats(backend, x), groups, out, scale),
    );
  };
}

function softmax(logarithm: boolean): (call: KernelCall) => tf.TensorInfo | undefined {
  return ({ inputs: { logits }, attrs, backend }) => {
    const axis = (logarithm ? attrs.axis : attrs.dim) as number;
    const length = logits.shape[logits.shape.length - 1];
    if (!isFloat(logits) || (axis !== -1 && axis !== logits.shape.length - 1)) return undefined;
    return floatOutput(backend, logits.shape, (out) =>
      native(
        backend,
        'softmax',
        floats(backend, logits),
        out,
        length === 0 ? 0 : out.length / length,
        length,
        logarithm,
      ),
    );
  };
}

export function registerReduce(): void {
  for (const name of ['Sum', 'Mean', 'Prod']) override(name, reduction(name, 'axis'));
  for (const name of ['Max', 'Min'])
    override(name, reduction(name, name === 'Max' ? 'reductionIndices' : 'axis'));
  override('Softmax', softmax(false));
  override('LogSoftmax', softmax(true));
}
