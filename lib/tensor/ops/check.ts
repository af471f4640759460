// Shape and dtype checks of the ops: an error names the op, the argument, what was found and what was wanted.
import { tf } from '../backend';

const describe = (x: unknown): string => {
  if (x === null || x === undefined) return String(x);
  const tensor = x as Partial<tf.Tensor>;
  if (Array.isArray(tensor.shape)) return `${tensor.dtype} [${tensor.shape.join(', ')}]`;
  return typeof x;
};

function fail(op: string, argument: string, found: unknown, wanted: string): never {
  throw new Error(`${op}: ${argument} is ${describe(found)}, want ${wanted}`);
}

/** Throws unless `x` is a tensor of the dtype. */
export function wantTensor(op: string, argument: string, x: tf.Tensor, dtype = 'float32'): void {
  const tensor = x as tf.Tensor | undefined | null;
  if (!tensor || !Array.isArray(tensor.shape)) fail(op, argument, x, `a ${dtype} tensor`);
  if (tensor.isDisposed)
    throw new Error(`${op}: ${argument} (${describe(x)}) was disposed, want a live tensor`);
  if (tensor.dtype !== dtype) fail(op, argument, x, dtype);
}

/** Throws unless `x` is a tensor of the dtype and shape; null in `shape` allows any size. */
export function wantShape(
  op: string,
  argument: string,
  x: tf.Tensor,
  shape: (number | null)[],
  dtype = 'float32',
): void {
  wantTensor(op, argument, x, dtype);
  const fits = x.shape.length === shape.length && shape.every((n, i) => n === null || n === x.shape[i]);
  if (!fits) fail(op, argument, x, `${dtype} [${shape.map((n) => n ?? '?').join(', ')}]`);
}

/**
 * Throws unless every id is in [0, below). Ids are read only where that is cheap: `native` and `tensorflow` check in
 * their kernels, and reading would stall a GPU.
 */
export function wantIds(op: string, ids: tf.Tensor, below: number): void {
  if (below === 0 && ids.size > 0)
    throw new Error(`${op}: ${ids.size} ids, want none, as there is nothing to choose`);
  if (!['wasm', 'cpu'].includes(tf.getBackend())) return;
  const values = ids.dataSync();
  const at = values.findIndex((id) => id < 0 || id >= below);
  if (at >= 0) throw new Error(`${op}: id ${values[at]} at position ${at}, want 0 to ${below - 1}`);
}

/** Throws unless `x` has at least one axis; returns the size of the last one. */
export function wantLastAxis(op: string, argument: string, x: tf.Tensor): number {
  wantTensor(op, argument, x);
  if (x.shape.length === 0) fail(op, argument, x, 'at least one axis');
  return x.shape[x.shape.length - 1];
}
