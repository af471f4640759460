// Every op has one definition in plain tfjs and may have a faster twin with the same signature for one
// backend. This file keeps both tables and picks the twin once for the backend in use.
import { tf } from '../backend';
import type { MuonScalars, MuonSlot } from '../muon';
import type { AdamWScalars, AdamWSlot } from '../optim';

/** Returns a tensor; only a few ops return several. */
export type Op<A extends unknown[], R extends tf.TensorContainer = tf.Tensor> = (...args: A) => R;
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the tables hold ops of different signatures
export type AnyOp = Op<any[], any>;
export type Twins = Record<string, AnyOp>;

/** The plain-tfjs definition of every op by name: what a twin must reproduce, values and gradients. */
export const definitions: Twins = {};

const providers = new Map<string, () => Twins>();
const chosen = new Map<string, Twins>();

/** Says where a backend's twins come from; `provide` runs at the first op on that backend. */
export function provideTwins(backend: string, provide: () => Twins): void {
  providers.set(backend, provide);
  chosen.delete(backend);
}

function twinsOf(backend: string): Twins {
  let twins = chosen.get(backend);
  if (!twins) {
    twins = providers.get(backend)?.() ?? {};
    chosen.set(backend, twins);
  }
  return twins;
}

/** Fused updates of a backend, used by the optimiser. */
export interface FusedOptim {
  adamw(slots: AdamWSlot[], scalars: AdamWScalars): void;
  /** Slots of one shape. */
  muon(slots: MuonSlot[], scalars: MuonScalars): void;
  globalNorm(tensors: tf.Tensor[]): number;
  /** Scales in place what nothing else shares; returns the tensors that it left alone. */
  scale(tensors: tf.Tensor[], factor: number): Set<tf.Tensor>;
  ema(average: tf.Variable, parameter: tf.Tensor, decay: number): void;
}
const optimisers = new Map<string, () => FusedOptim | null>();

/** Says where a backend's fused updates come from. */
export function provideOptim(backend: string, provide: () => FusedOptim | null): void {
  optimisers.set(backend, provide);
}

/** The fused updates of the backend in use, or null. */
export function fusedOptim(): FusedOptim | null {
  return optimisers.get(tf.getBackend())?.() ?? null;
}

/** The names of the ops that run as fused twins on the backend in use. */
export function fusedOpNames(): string[] {
  return Object.keys(twinsOf(tf.getBackend())).filter((name) => name in definitions);
}

const isTensor = (x: unknown): x is tf.Tensor => Array.isArray((x as Partial<tf.Tensor> | null)?.shape);

/** The tensors among an op's arguments, also those inside of options and lists. */
function tensorsOf(args: unknown[]): tf.Tensor[] {
  return args.flatMap((x) => {
    if (typeof x !== 'object' || x === null || ArrayBuffer.isView(x)) return [];
    return isTensor(x) ? [x] : tensorsOf(Object.values(x));
  });
}

/** Whether an op's arguments hold a tensor without elements. */
export const hasEmpty = (args: unknown[]): boolean => tensorsOf(args).some((x) => x.size === 0);

/** An empty output sends zeros to every input; tfjs' own gradients of broadcasts fail on sizes of 0. */
function withZeroGradients(output: tf.Tensor, args: unknown[]): tf.Tensor {
  const { shape } = output;
  output.dispose();
  const floats = tensorsOf(args).filter((x) => x.dtype === 'float32');
  const constant = tf.customGrad((...all: unknown[]) => {
    const inputs = all.filter(isTensor);
    return { value: tf.zeros(shape), gradFunc: () => inputs.map((x) => tf.zerosLike(x)) };
  });
  return constant(...floats);
}

/** Joins a definition, the check of its arguments (done once, for every backend) and the choice of the twin. */
export function defineOp<A extends unknown[], R extends tf.TensorContainer = tf.Tensor>(
  name: string,
  check: (...args: A) => void,
  definition: Op<A, R>,
): Op<A, R> {
  // The definition's temporaries are freed at once; a tape keeps what a gradient needs.
  const tidied: Op<A, R> = (...args) => {
    const output = tf.tidy(() => definition(...args));
    const empty = output instanceof tf.Tensor && output.size === 0;
    return empty ? (withZeroGradients(output, args) as unknown as R) : output;
  };
  definitions[name] = tidied as AnyOp;
  return (...args) => {
    check(...args);
    const twin = twinsOf(tf.getBackend())[name];
    return twin ? (twin(...args) as R) : tidied(...args);
  };
}
