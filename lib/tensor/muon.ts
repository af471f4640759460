/**
 * Muon (Jordan et al. 2024): steepest descent for matrices. The momentum of each matrix is replaced by the nearest
 * matrix with orthonormal rows or columns, so that rare directions move as far as common ones; everything that is
 * no such matrix goes to AdamW. Updates are scaled to AdamW's size, so that both share one learning rate (Liu et al.
 * 2025, arXiv 2502.16982, section 2.2).
 */
import { copyOf, tf } from './backend';
import type { Params } from './gradients';
import { fusedOptim } from './ops/dispatch';
import { AdamW, type AdamWOptions, type OptimiserState } from './optim';

export interface MuonOptions extends AdamWOptions {
  /** Decay of the momentum, which is Nesterov's. 0.95 unless given. */
  momentum?: number;
  /** Which parameters are orthogonalised; every matrix unless given. The others are AdamW's. */
  matrices?: (name: string, parameter: tf.Variable) => boolean;
}

/** Root mean square of an AdamW update, over its rate, that Muon's updates are scaled to. */
const ADAMW_RMS = 0.2;
/**
 * Coefficients of the quintic iteration x <- (A + B G + C G^2) x with G = x x^T, chosen for a steep start: singular
 * values end in about [0.7, 1.2].
 */
const [A, B, C] = [3.4445, -4.775, 2.0315];
const ITERATIONS = 5;
/**
 * The same iteration on SCALE x, whose square is sqrt(C) G: x <- ((G + SHIFT)^2 + OFFSET) x. Everything but three
 * products happens on diagonals.
 */
const SCALE = C ** 0.25;
const SHIFT = B / Math.sqrt(C) / 2;
const OFFSET = A - SHIFT ** 2;

/**
 * Matrices [K, m, n] with m <= n to nearly orthonormal rows: each is U V^T of its singular value decomposition, with
 * singular values near 1 instead of 1 (Newton-Schulz iteration).
 */
export function orthonormalised(matrices: tf.Tensor3D, iterations = ITERATIONS): tf.Tensor3D {
  return tf.tidy(() => {
    const norm = tf.sqrt(tf.sum(tf.square(matrices), [1, 2], true)).add(1e-7);
    const identity = tf.eye(matrices.shape[1]);
    let x = matrices.div(norm).mul<tf.Tensor3D>(SCALE);
    for (let i = 0; i < iterations; i++) {
      const gram = tf.matMul(x, x, false, true).add<tf.Tensor3D>(identity.mul(SHIFT));
      x = tf.matMul(tf.matMul(gram, gram).add<tf.Tensor3D>(identity.mul(OFFSET)), x);
    }
    return x.div<tf.Tensor3D>(SCALE);
  });
}

/** A matrix, its gradient, its momentum, and what weight decay leaves of it. */
export interface MuonSlot {
  parameter: tf.Variable;
  grad: tf.Tensor;
  momentum: tf.Variable;
  keep: number;
}

/** What one update of matrices of a shape needs beside them. */
export interface MuonScalars {
  rows: number;
  columns: number;
  momentum: number;
  /** How far an orthonormal matrix is moved. */
  rate: number;
  iterations: number;
  scale: number;
  shift: number;
  offset: number;
}

/** Matrices of one shape at once: batched products keep every thread busy. */
function muonDefinition(slots: MuonSlot[], { rows, columns, momentum, rate }: MuonScalars): void {
  tf.tidy(() => {
    const ahead = slots.map((slot) => {
      slot.momentum.assign(slot.momentum.mul(momentum).add(slot.grad));
      return slot.grad.add<tf.Tensor2D>(slot.momentum.mul(momentum));
    });
    const stacked = tf.stack(ahead) as tf.Tensor3D;
    const wide = rows > columns ? tf.transpose(stacked, [0, 2, 1]) : stacked;
    const flat = orthonormalised(wide);
    const updates = tf.unstack(rows > columns ? tf.transpose(flat, [0, 2, 1]) : flat);
    slots.forEach(({ parameter, keep }, i) =>
      parameter.assign(parameter.mul(keep).sub(updates[i].mul(rate))),
    );
  });
}

/** The optimiser; same interface as AdamW, whose options hold for the parameters that are no matrices. */
export class Muon {
  private readonly adamw: AdamW;
  private readonly momentum: number;
  private readonly weightDecay: number;
  private readonly isMatrix: (name: string, parameter: tf.Variable) => boolean;
  private readonly decays: (name: string, parameter: tf.Variable) => boolean;
  private buffers: Record<string, tf.Variable> = {};

  constructor({ momentum = 0.95, matrices = (_, p) => p.rank === 2, ...adamw }: MuonOptions) {
    if (!(momentum >= 0 && momentum < 1)) throw new Error(`Muon: momentum is ${momentum}, want [0, 1)`);
    this.adamw = new AdamW(adamw);
    this.momentum = momentum;
    this.isMatrix = (name, parameter) => parameter.rank === 2 && matrices(name, parameter);
    this.weightDecay = adamw.weightDecay ?? 0.01;
    this.decays = adamw.decays ?? (() => true);
  }

  /** The learning rate of the next step; set it for a schedule. */
  get lr(): number {
    return this.adamw.lr;
  }
  set lr(value: number) {
    this.adamw.lr = value;
  }

  /** Steps taken so far. */
  get stepCount(): number {
    return this.adamw.stepCount;
  }

  /**
   * One update, in place. Parameters without a gradient in the record stay as they are.
   * @throws when a gradient has no parameter or another shape
   */
  step(params: Record<string, tf.Variable>, grads: Params): void {
    const others: Params = {};
    const groups = new Map<string, string[]>();
    for (const [name, grad] of Object.entries(grads)) {
      const parameter = params[name];
      if (!parameter || !this.isMatrix(name, parameter)) {
        others[name] = grad;
        continue;
      }
      if (!tf.util.arraysEqual(grad.shape, parameter.shape))
        throw new Error(
          `Muon: the gradient of ${name} is [${grad.shape.join(', ')}], want [${parameter.shape.join(', ')}]`,
        );
      const key = parameter.shape.join('x');
      groups.set(key, [...(groups.get(key) ?? []), name]);
    }
    for (const names of groups.values()) this.stepGroup(names, params, grads);
    this.adamw.step(params, others);
  }

  private stepGroup(names: string[], params: Record<string, tf.Variable>, grads: Params): void {
    const slots = names.map((name): MuonSlot => {
      const parameter = params[name];
      const keep = this.decays(name, parameter) ? 1 - this.lr * this.weightDecay : 1;
      return { parameter, grad: grads[name], momentum: this.bufferOf(name, parameter), keep };
    });
    const [rows, columns] = slots[0].parameter.shape;
    const rate = this.lr * ADAMW_RMS * Math.sqrt(Math.max(rows, columns));
    const form = { iterations: ITERATIONS, scale: SCALE, shift: SHIFT, offset: OFFSET };
    (fusedOptim()?.muon ?? muonDefinition)(slots, { rows, columns, momentum: this.momentum, rate, ...form });
  }

  private bufferOf(name: string, parameter: tf.Variable): tf.Variable {
    const zeros = () => tf.keep(tf.variable(tf.zeros(parameter.shape), false));
    return (this.buffers[name] ??= zeros());
  }

  /** Copies of the moments, and the step. */
  state(): OptimiserState {
    const { step, tensors } = this.adamw.state();
    for (const [name, buffer] of Object.entries(this.buffers))
      tensors[`momentum.${name}`] = copyOf(buffer as tf.Tensor);
    return { step, tensors };
  }

  /** Takes over a saved state (copies it); the next step gives the numbers it would have given. */
  loadState({ step, tensors }: OptimiserState): void {
    this.disposeBuffers();
    const moments: Params = {};
    for (const [key, tensor] of Object.entries(tensors))
      if (key.startsWith('momentum.'))
        this.buffers[key.slice('momentum.'.length)] = tf.tidy(() => tf.variable(copyOf(tensor), false));
      else moments[key] = tensor;
    this.adamw.loadState({ step, tensors: moments });
  }

  private disposeBuffers(): void {
    for (const buffer of Object.values(this.buffers)) buffer.dispose();
    this.buffers = {};
  }

  /** Frees the moments. */
  dispose(): void {
    this.disposeBuffers();
    this.adamw.dispose();
  }
}
