/**
 * Reward schedulers: how much the two halves of Dual-GRPO (the thinking LLM, the painting DiT) count at a step.
 * A constant weight inside the reward would cancel in the group normalisation, so beta weights the loss; at
 * beta = 0 the trainer skips the module's optimiser step altogether (momentum, weight decay, EMA and KL would
 * otherwise still move it).
 */

/** Weights of the two losses at one step; both >= 0. */
export interface Betas {
  llm: number;
  dit: number;
}

/** `balanced`: 0.5 / 0.5 always (paper, Table 5, the better one). `staged`: 1 / 0, then 0 / 1 from `switchStep`. */
export type SchedulerName = 'balanced' | 'staged' | 'llm-only' | 'dit-only';

export interface SchedulerConfig {
  kind: SchedulerName;
  /** First step at which a staged run trains the DiT (and stops training the LLM). */
  switchStep?: number;
}

/** A scheduler by name, by config, or as a plain function of the step. */
export type RewardScheduler = SchedulerName | SchedulerConfig | ((step: number) => Betas);

export const SCHEDULER_NAMES: SchedulerName[] = ['balanced', 'staged', 'llm-only', 'dit-only'];

const DEFAULT_SWITCH_STEP = 100;

/**
 * The weights at `step` (counted from 0).
 * @throws RangeError for an unknown scheduler, a negative or non-finite beta, or a step below 0.
 */
export function betasAt(scheduler: RewardScheduler, step: number): Betas {
  if (!Number.isFinite(step) || step < 0)
    throw new RangeError(`scheduler step is ${step}, want a number >= 0`);
  const betas = lookUp(scheduler, step);
  for (const [name, value] of Object.entries(betas)) {
    if (!Number.isFinite(value) || value < 0)
      throw new RangeError(`scheduler beta.${name} is ${value} at step ${step}, want a finite number >= 0`);
  }
  return betas;
}

function lookUp(scheduler: RewardScheduler, step: number): Betas {
  if (typeof scheduler === 'function') return scheduler(step);
  const config: SchedulerConfig = typeof scheduler === 'string' ? { kind: scheduler } : scheduler;
  switch (config.kind) {
    case 'balanced':
      return { llm: 0.5, dit: 0.5 };
    case 'staged':
      return step < (config.switchStep ?? DEFAULT_SWITCH_STEP) ? { llm: 1, dit: 0 } : { llm: 0, dit: 1 };
    case 'llm-only':
      return { llm: 1, dit: 0 };
    case 'dit-only':
      return { llm: 0, dit: 1 };
    default:
      throw new RangeError(
        `scheduler is ${JSON.stringify((config as SchedulerConfig).kind)}, want one of ${SCHEDULER_NAMES.join(', ')}`,
      );
  }
}
