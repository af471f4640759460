// Backpropagation over the tape that tfjs records. tfjs' own walk keeps every activation and every intermediate
// gradient until the end; this one frees each as soon as it has been used, so that the backward pass works in
// memory that is still in the cache and the peak is the activations alone.
import { tf } from './backend';

/** What tfjs 4.22 records of each kernel (tape.d.ts, which the package does not export). */
interface TapeNode {
  kernelName: string;
  inputs: Record<string, tf.Tensor>;
  outputs: tf.Tensor[];
  saved?: tf.Tensor[];
  gradient?: (dys: (tf.Tensor | null)[]) => Record<string, () => tf.Tensor>;
}

interface TapeEngine {
  state: { activeTape: TapeNode[] | null; gradientDepth: number };
  startTape(): void;
  endTape(): void;
  scopedRun<T>(start: () => void, end: (result: T) => void, f: () => T): T;
}

/** The nodes that lie between leaves and y, in order. */
function nodesBetween(tape: TapeNode[], leaves: tf.Tensor[], y: tf.Tensor): TapeNode[] {
  const fromLeaves = new Set(leaves.map((x) => x.id));
  const forward = tape.filter((node) => {
    const reached = Object.values(node.inputs).some((x) => fromLeaves.has(x.id));
    if (reached) for (const output of node.outputs) fromLeaves.add(output.id);
    return reached;
  });
  const toY = new Set([y.id]);
  const between: TapeNode[] = [];
  for (const node of forward.reverse()) {
    if (!node.outputs.some((output) => toY.has(output.id))) continue;
    for (const x of Object.values(node.inputs)) if (fromLeaves.has(x.id)) toY.add(x.id);
    between.push(node);
  }
  return between.reverse();
}

/** Gradients by the id of the tensor they belong to; owns what it holds. */
class Cotangents {
  private readonly byTensor = new Map<number, tf.Tensor>();
  private readonly held = new Set<number>();

  get(id: number): tf.Tensor | null {
    return this.byTensor.get(id) ?? null;
  }

  /** Adds `dx` to the gradient of tensor `id`. */
  add(id: number, dx: tf.Tensor): void {
    const known = this.byTensor.get(id);
    // A gradient function may give one tensor for two inputs.
    const own = known ? tf.add(known, dx) : this.held.has(dx.id) ? dx.clone() : dx;
    if (known) {
      this.drop(id);
      if (!this.held.has(dx.id)) dx.dispose();
    }
    this.byTensor.set(id, own);
    this.held.add(own.id);
  }

  drop(id: number): void {
    const known = this.byTensor.get(id);
    if (!known) return;
    this.byTensor.delete(id);
    this.held.delete(known.id);
    known.dispose();
  }
}

let wantedInputs: Set<string> | null = null;

/**
 * Inside a gradient function: whether the gradient of this input will be asked for. Fused gradients use it to skip
 * whole products; under tfjs' own walk, which does not say, everything counts as wanted.
 */
export function wantsGradient(input: string): boolean {
  return wantedInputs?.has(input) ?? true;
}

const keptOutputs = new Map<string, ReadonlySet<number>>();

/**
 * Says which outputs of a kernel only carry values to its gradient, which does not read their cotangents. For an
 * output that nothing used tfjs makes zeros of its size, and these are the largest tensors of a model.
 */
export function declareKeptOutputs(kernelName: string, indices: number[]): void {
  keptOutputs.set(kernelName, new Set(indices));
}

/** The gradients of one node's inputs that are wanted. */
function inputGradients(
  node: TapeNode,
  dys: (tf.Tensor | null)[],
  wanted: Set<number>,
): { id: number; dx: tf.Tensor }[] {
  const { kernelName, gradient } = node;
  const kept = keptOutputs.get(kernelName);
  if (!gradient) throw new Error(`${kernelName} has no gradient`);
  return tf.tidy(() => {
    const inputs = Object.entries(node.inputs).filter(([, x]) => wanted.has(x.id));
    wantedInputs = new Set(inputs.map(([name]) => name));
    let thunks: Record<string, () => tf.Tensor>;
    try {
      thunks = gradient(kept ? dys.map((dy, i) => dy ?? (kept.has(i) ? tf.scalar(0) : null)) : dys);
    } finally {
      wantedInputs = null;
    }
    return inputs.map(([name, x]) => {
      if (!(name in thunks)) throw new Error(`${kernelName} has no gradient for its input ${name}`);
      const dx = tf.tidy(() => thunks[name]());
      if (dx.dtype !== 'float32' || !tf.util.arraysEqual(dx.shape, x.shape)) {
        throw new Error(
          `the gradient of ${kernelName} for ${name} is ${dx.dtype} [${dx.shape.join(', ')}], want [${x.shape.join(', ')}]`,
        );
      }
      // What a node was given is freed after it, so a gradient must not be the very same tensor.
      const given = dys.includes(dx) || (node.saved?.includes(dx) ?? false);
      return { id: x.id, dx: given ? dx.clone() : dx };
    });
  });
}

/** Runs the gradients of `between` backwards from y. */
function walk(between: TapeNode[], leaves: tf.Tensor[], y: tf.Tensor): (tf.Tensor | null)[] {
  const leafIds = new Set(leaves.map((x) => x.id));
  const wanted = new Set([...leafIds, ...between.flatMap((node) => node.outputs.map((output) => output.id))]);
  const cotangents = new Cotangents();
  cotangents.add(y.id, tf.ones(y.shape));
  for (const node of between.reverse()) {
    const dys = node.outputs.map((output) => cotangents.get(output.id));
    if (dys.some((dy) => dy !== null)) {
      for (const { id, dx } of inputGradients(node, dys, wanted)) cotangents.add(id, dx);
    }
    // Every user of these outputs came later on the tape, so nobody asks for their gradients again.
    for (const output of node.outputs) if (!leafIds.has(output.id)) cotangents.drop(output.id);
    tf.dispose(node.saved ?? []);
  }
  return leaves.map((x) => cotangents.get(x.id));
}

/**
 * Runs `f` and returns its value with its gradients in the leaves, null where `f` does not depend on one.
 * Call it inside a tidy. Inside another gradient (a gradient of gradients) tfjs' own walk is used.
 */
export function backpropagate(
  f: () => tf.Tensor,
  leaves: tf.Tensor[],
): { value: tf.Tensor; grads: (tf.Tensor | null)[] } {
  const engine = tf.engine();
  const taping = engine as unknown as TapeEngine;
  const { state } = taping;
  if (state.gradientDepth > 0) return engine.gradients(f, leaves, undefined, true);
  try {
    const start = (): void => taping.startTape();
    const end = (): void => taping.endTape();
    const value = taping.scopedRun(start, end, () => tf.tidy(f));
    const tape = state.activeTape ?? [];
    const between = nodesBetween(tape, leaves, value);
    const used = new Set(between);
    for (const node of tape) if (!used.has(node)) tf.dispose(node.saved ?? []);
    return { value, grads: walk(between, leaves, value) };
  } finally {
    for (const node of state.activeTape ?? []) tf.dispose(node.saved ?? []); // all gone already, unless f threw
    state.activeTape = null;
  }
}
