// The optimiser, gradient clipping and weight averaging of every training stage. All three change weights
// in place, by name, and have states that can be saved and restored exactly.
import { copyOf, tf } from './backend';
import type { Params } from './gradients';
import { fusedOptim } from './ops/dispatch';

export interface AdamWOptions {
  lr: number;
  /** Decay rates of the two moment averages; [0.9, 0.999] unless given. */
  betas?: [number, number];
  eps?: number;
  /** Decoupled: each step multiplies the weights by 1 - lr * weightDecay. 0.01 unless given. */
  weightDecay?: number;
  /** Which parameters decay; all of them unless given. */
  decays?: (name: string, parameter: tf.Variable) => boolean;
}

export interface OptimiserState {
  step: number;
  /** `exp_avg.<name>` and `exp_avg_sq.<name>`, copies that the caller owns. */
  tensors: Params;
}

interface Moments {
  mean: tf.Variable;
  square: tf.Variable;
}

/** Everything one update needs besides the four tensors. */
export interface AdamWScalars {
  lr: number;
  beta1: number;
  beta2: number;
  eps: number;
  weightDecay: number;
  /** 1 - beta^step */
  correction1: number;
  correction2: number;
}

/** A parameter, its gradient, its moments, and whether it decays. */
export interface AdamWSlot extends Moments {
  parameter: tf.Variable;
  grad: tf.Tensor;
  decays: boolean;
}

function adamwDefinition(slots: AdamWSlot[], s: AdamWScalars): void {
  for (const { parameter, grad, mean, square, decays } of slots) {
    tf.tidy(() => {
      mean.assign(tf.add(tf.mul(mean, s.beta1), tf.mul(grad, 1 - s.beta1)));
      square.assign(tf.add(tf.mul(square, s.beta2), tf.mul(tf.square(grad), 1 - s.beta2)));
      const denominator = tf.add(tf.div(tf.sqrt(square), Math.sqrt(s.correction2)), s.eps);
      const update = tf.mul(tf.div(mean, denominator), s.lr / s.correction1);
      parameter.assign(tf.sub(tf.mul(parameter, 1 - (decays ? s.lr * s.weightDecay : 0)), update));
    });
  }
}

function wantSameShape(what: string, name: string, found: tf.Tensor, wanted: tf.Tensor): void {
  if (found.dtype === wanted.dtype && tf.util.arraysEqual(found.shape, wanted.shape)) return;
  throw new Error(
    `${what} of ${name} is ${found.dtype} [${found.shape.join(', ')}], want ${wanted.dtype} [${wanted.shape.join(', ')}]`,
  );
}

/** Adam with decoupled weight decay (Loshchilov and Hutter 2019), the same formula as torch.optim.AdamW. */
export class AdamW {
  /** The learning rate of the next step; set it for a schedule. */
  lr: number;
  private readonly options: Required<Omit<AdamWOptions, 'lr'>>;
  private moments: Record<string, Moments> = {};
  private steps = 0;

  constructor({
    lr,
    betas = [0.9, 0.999],
    eps = 1e-8,
    weightDecay = 0.01,
    decays = () => true,
  }: AdamWOptions) {
    if (!(lr >= 0)) throw new Error(`AdamW: lr is ${lr}, want a number >= 0`);
    if (!betas.every((b) => b >= 0 && b < 1))
      throw new Error(`AdamW: betas are ${betas.join(', ')}, want [0, 1)`);
    if (!(eps >= 0)) throw new Error(`AdamW: eps is ${eps}, want a number >= 0`);
    if (!(weightDecay >= 0)) throw new Error(`AdamW: weightDecay is ${weightDecay}, want a number >= 0`);
    this.lr = lr;
    this.options = { betas, eps, weightDecay, decays };
  }

  /** Steps taken so far. */
  get stepCount(): number {
    return this.steps;
  }

  /**
   * One update, in place. Parameters without a gradient in the record stay as they are.
   * On `native` the parameters' own buffers change; tensors that share them (clones, the tensor a variable was
   * made from) keep the old values, because a shared buffer is copied first.
   * @throws when a gradient has no parameter or another shape
   */
  step(params: Record<string, tf.Variable>, grads: Params): void {
    const slots = Object.keys(grads).map((name): AdamWSlot => {
      const parameter = params[name];
      if (!parameter) throw new Error(`AdamW: there is a gradient for ${name} but no such parameter`);
      wantSameShape('AdamW: the gradient', name, grads[name], parameter);
      const { mean, square } = this.momentsOf(name, parameter);
      return { parameter, grad: grads[name], mean, square, decays: this.options.decays(name, parameter) };
    });
    this.steps += 1;
    const { betas, eps, weightDecay } = this.options;
    const scalars: AdamWScalars = {
      lr: this.lr,
      beta1: betas[0],
      beta2: betas[1],
      eps,
      weightDecay,
      correction1: 1 - betas[0] ** this.steps,
      correction2: 1 - betas[1] ** this.steps,
    };
    (fusedOptim()?.adamw ?? adamwDefinition)(slots, scalars);
  }

  private momentsOf(name: string, parameter: tf.Variable): Moments {
    const known = this.moments[name];
    if (known) {
      wantSameShape('AdamW: the state', name, known.mean, parameter);
      return known;
    }
    const zeros = (): tf.Variable => tf.tidy(() => tf.variable(tf.zeros(parameter.shape), false));
    return (this.moments[name] = { mean: zeros(), square: zeros() });
  }

  /** Copies of the moments, and the step. */
  state(): OptimiserState {
    const tensors: Params = {};
    for (const [name, { mean, square }] of Object.entries(this.moments)) {
      tensors[`exp_avg.${name}`] = copyOf(mean as tf.Tensor);
      tensors[`exp_avg_sq.${name}`] = copyOf(square as tf.Tensor);
    }
    return { step: this.steps, tensors };
  }

  /**
   * Takes over a saved state (copies it); the next step gives the numbers it would have given.
   * @throws when a moment is missing
   */
  loadState({ step, tensors }: OptimiserState): void {
    const names = Object.keys(tensors).filter((key) => key.startsWith('exp_avg.'));
    const missing = names.find((key) => !tensors[key.replace('exp_avg.', 'exp_avg_sq.')]);
    if (missing) throw new Error(`AdamW: the state has ${missing} but not its square`);
    this.dispose();
    for (const key of names) {
      const name = key.slice('exp_avg.'.length);
      const variable = (x: tf.Tensor): tf.Variable => tf.tidy(() => tf.variable(copyOf(x), false));
      this.moments[name] = { mean: variable(tensors[key]), square: variable(tensors[`exp_avg_sq.${name}`]) };
    }
    this.steps = step;
  }

  /** Frees the moments. */
  dispose(): void {
    for (const { mean, square } of Object.values(this.moments)) {
      mean.dispose();
      square.dispose();
    }
    this.moments = {};
  }
}

function globalNorm(tensors: tf.Tensor[]): number {
  const fused = fusedOptim();
  if (fused) return fused.globalNorm(tensors);
  return tf.tidy(() => {
    const squares = tensors.filter((x) => x.size > 0).map((x) => tf.sum(tf.square(x)) as tf.Scalar);
    return squares.length === 0 ? 0 : tf.sqrt(tf.sum(tf.stack(squares))).dataSync()[0];
  });
}

/**
 * Scales all gradients together so that their joint norm is at most `max`, as torch's clip_grad_norm_ does.
 * The record's gradients are scaled in place where the backend can and nothing else shares them; else they are
 * replaced and the old tensors disposed. Needs a backend with synchronous reads.
 * @returns the norm before clipping; not finite when a gradient is not
 */
export function clipGradNorm(grads: Params, max: number): number {
  if (!(max > 0)) throw new Error(`clipGradNorm: max is ${max}, want a number > 0`);
  const norm = globalNorm(Object.values(grads));
  const factor = max / (norm + 1e-6);
  if (factor >= 1) return norm;
  const all = Object.values(grads);
  const old = fusedOptim()?.scale(all, factor) ?? new Set(all);
  for (const name of Object.keys(grads)) if (old.has(grads[name])) grads[name] = tf.mul(grads[name], factor);
  for (const tensor of old) tensor.dispose();
  return norm;
}

/** An exponential moving average of weights: `average += (1 - decay) * (weight - average)`. */
export class Ema {
  readonly decay: number;
  private averages: Record<string, tf.Variable> = {};

  constructor(decay: number) {
    if (!(decay >= 0 && decay < 1)) throw new Error(`Ema: decay is ${decay}, want [0, 1)`);
    this.decay = decay;
  }

  /** Moves the averages towards the parameters; a name seen for the first time starts as a copy. */
  update(params: Params): void {
    for (const [name, parameter] of Object.entries(params)) {
      const average = this.averages[name];
      if (!average) {
        this.averages[name] = tf.tidy(() => tf.variable(copyOf(parameter), false));
        continue;
      }
      wantSameShape('Ema: the parameter', name, parameter, average);
      const fused = fusedOptim();
      if (fused) fused.ema(average, parameter, this.decay);
      else tf.tidy(() => average.assign(tf.add(average, tf.mul(tf.sub(parameter, average), 1 - this.decay))));
    }
  }

  /** The averaged weights by name, live: they move with the next update. Use them as a model's parameters. */
  weights(): Record<string, tf.Variable> {
    return { ...this.averages };
  }

  /** Copies of the averages, owned by the caller. */
  state(): Params {
    return Object.fromEntries(
      Object.entries(this.averages).map(([name, x]) => [name, copyOf(x as tf.Tensor)]),
    );
  }

  /** Takes over saved averages (copies them). */
  loadState(tensors: Params): void {
    this.dispose();
    for (const [name, x] of Object.entries(tensors)) {
      this.averages[name] = tf.tidy(() => tf.variable(copyOf(x), false));
    }
  }

  /** Frees the averages. */
  dispose(): void {
    for (const average of Object.values(this.averages)) average.dispose();
    this.averages = {};
  }
}
