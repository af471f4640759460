// One optimiser step on a language model's weights, and all the state it needs to resume exactly.
import type { SavedState } from '../checkpoint';
import { AdamW, clipGradNorm, tf, valueAndGrads } from '../tensor';

export interface LmOptimiserConfig {
  lr: number;
  /** The rate decays along a cosine to this fraction of `lr` at the last step. */
  minLrFraction: number;
  /** Steps of linear warm-up. */
  warmup: number;
  betas: [number, number];
  weightDecay: number;
  /** Gradients are scaled to at most this norm. */
  clip: number;
}

/** Learning rate of step `step` (from 0): linear warm-up, then a cosine to `minLrFraction`. */
export function cosineLr(
  step: number,
  steps: number,
  { lr, minLrFraction, warmup }: LmOptimiserConfig,
): number {
  if (step < warmup) return (lr * (step + 1)) / warmup;
  const progress = Math.min(1, (step - warmup) / Math.max(1, steps - warmup));
  return lr * (minLrFraction + (1 - minLrFraction) * 0.5 * (1 + Math.cos(Math.PI * progress)));
}

/** AdamW with warm-up, cosine decay and clipping over a record of parameters. Norms and biases do not decay. */
export class LmTrainer {
  private readonly optimiser: AdamW;

  constructor(
    private readonly params: Record<string, tf.Variable>,
    private readonly steps: number,
    private readonly config: LmOptimiserConfig,
  ) {
    const { lr, betas, weightDecay } = config;
    this.optimiser = new AdamW({ lr, betas, weightDecay, decays: (_, parameter) => parameter.rank > 1 });
  }

  /** Minimises `loss` by one step; returns TRL's names for the log. */
  update(step: number, loss: () => tf.Scalar): { loss: number; grad_norm: number; learning_rate: number } {
    const { value, grads } = valueAndGrads(loss, this.params);
    const record = {
      loss: value.dataSync()[0],
      grad_norm: clipGradNorm(grads, this.config.clip),
      learning_rate: 0,
    };
    // A broken step must not reach the weights: the stage loop stops on these numbers and keeps the last state.
    if (Number.isFinite(record.loss) && Number.isFinite(record.grad_norm)) {
      this.optimiser.lr = record.learning_rate = cosineLr(step, this.steps, this.config);
      this.optimiser.step(this.params, grads);
    }
    tf.dispose([value, grads]);
    return record;
  }

  /** Weights and optimiser state, for a run folder. */
  state(): { tensors: Record<string, tf.Tensor>; json: { optimiserStep: number } } {
    const { step, tensors } = this.optimiser.state();
    const named: Record<string, tf.Tensor> = {};
    for (const [name, value] of Object.entries(this.params)) named[`params.${name}`] = value;
    for (const [name, value] of Object.entries(tensors)) named[`optimiser.${name}`] = value;
    return { tensors: named, json: { optimiserStep: step } };
  }

  /** Takes a saved state over; copies its tensors. */
  restore({ tensors, json }: Pick<SavedState, 'tensors' | 'json'>): void {
    const moments: Record<string, tf.Tensor> = {};
    for (const [name, value] of Object.entries(tensors)) {
      if (name.startsWith('optimiser.')) moments[name.slice('optimiser.'.length)] = value;
    }
    for (const [name, variable] of Object.entries(this.params)) {
      const saved = tensors[`params.${name}`];
      if (!saved) throw new Error(`saved state: lacks the weight ${name}`);
      // A copy of its own: the optimiser changes weights in place, and the saved tensor is freed.
      tf.tidy(() => variable.assign(tf.mul(saved, 1)));
    }
    this.optimiser.loadState({ step: (json as { optimiserStep: number }).optimiserStep, tensors: moments });
  }

  dispose(): void {
    this.optimiser.dispose();
  }
}
