/**
 * Dual-GRPO: one iteration = one tree rollout, two updates. Both policies learn from the same pictures.
 *
 * Where this differs from the paper (arXiv 2601.10332), or where the paper is silent:
 *  1. The surrogate is PPO's min(rA, clip(r)A); the paper prints min(r, clip(r)) * A, which is not PPO for A < 0.
 *  2. beta1 and beta2 weight the losses, not the rewards: inside a group-normalised reward a constant cancels.
 *     At beta = 0 the module's optimiser step is skipped, so nothing of it moves.
 *  3. The DiT clip is 2e-3 instead of 1e-4: the mean-form log-ratio spreads as 1/sqrt(dims), and 64x64 pictures
 *     have 12,288 dims against about 65,000.
 *  4. The LLM is small enough to be trained in full; the DiT trains LoRA adapters, as Flow-GRPO does.
 *  5. The "old" LLM log-probabilities are replayed right after the rollout by the update's own function; decoding
 *     with a cache rounds differently, and the first inner epoch's ratio must be exactly 1 (the gap is logged).
 *  6. The DiT replays under the stored rollout conditioning; the LLM's update in the same iteration changes what
 *     re-encoding would give.
 *  7. No gradient flows from the pictures into the LLM through the hidden states; it learns by its tokens alone.
 *  8. Groups of equal rewards are left out of the update, its KL included (TRL keeps them as KL-only).
 *  9. Truncated responses are masked out of the LLM loss by default; they still draw and score pictures.
 * 10. Images are judged by a small learned scene reader instead of vision-language models (see rewards/).
 */
import { AdamW, copyOf, Ema, RandomStream, tf } from '../tensor';
import type { OptimiserState, Params } from '../tensor';
import { DIT_LORA_TARGETS, initLora } from '../diffusion';
import type { Denoiser, Lora } from '../diffusion';
import type { Qwen2, Tokenizer } from '../encoder';
import type { Scorer } from '../rewards';
import { mean, std } from './advantages';
import type { DualGrpoConfig } from './config';
import { updateDit } from './dit-update';
import type { DitStats } from './dit-update';
import { replayOldPolicy, updateLlm } from './llm-update';
import type { LlmStats } from './llm-update';
import { rolloutTree } from './rollout';
import { disposeTree, imagesOf, thoughtsOf } from './tree';
import type { RlPrompt, RolloutTree } from './tree';

export interface TrainerParts {
  tokenizer: Tokenizer;
  /** Trained in place (unless frozen). */
  lm: Qwen2;
  /** The painter that the adapters are laid over; stays as it is. */
  base: Denoiser;
  scorer: Scorer;
  prompts: RlPrompt[];
  config: DualGrpoConfig;
}

/** Numbers of one iteration, under the names TRL and Flow-GRPO users know; DiT numbers are prefixed `dit/`. */
export type IterationLog = Record<string, number>;

export class DualGrpoTrainer {
  readonly lora: Lora;
  readonly config: DualGrpoConfig;
  private readonly llmOptimiser: AdamW;
  private readonly ditOptimiser: AdamW;
  private readonly reference?: Params;
  private readonly ema?: Ema;

  constructor(private readonly parts: TrainerParts) {
    const { config, base, lm, prompts } = parts;
    this.config = config;
    if (prompts.length === 0) throw new Error('Dual-GRPO: there are no prompts, want at least one');
    if (config.thoughtsPerPrompt < 2 && config.llm.mode !== 'frozen')
      throw new Error(
        `thoughtsPerPrompt is ${config.thoughtsPerPrompt}, want 2 or more (a group of one has no advantage)`,
      );
    if (config.imagesPerThought < 2 && config.dit.mode !== 'frozen')
      throw new Error(
        `imagesPerThought is ${config.imagesPerThought}, want 2 or more (a group of one has no advantage)`,
      );
    const { rank, alpha } = config.dit;
    this.lora = initLora(
      base.params,
      { rank, alpha, targets: DIT_LORA_TARGETS },
      RandomStream.of(config.seed, 'dit-lora'),
    );
    this.llmOptimiser = new AdamW({
      lr: config.llm.lr,
      betas: [0.9, 0.99],
      weightDecay: config.llm.weightDecay,
    });
    this.ditOptimiser = new AdamW({
      lr: config.dit.lr,
      betas: [0.9, 0.99],
      weightDecay: config.dit.weightDecay,
    });
    if (config.llm.klBeta > 0) this.reference = copies(lm.parameters());
    if (config.dit.emaDecay > 0) this.ema = new Ema(config.dit.emaDecay);
  }

  /**
   * Prompts of iteration `step` (from 0): each pass over the prompts is a fresh shuffle, and every prompt is seen
   * once per pass. A function of the step alone, so that a resumed run goes on exactly.
   */
  promptsAt(step: number): RlPrompt[] {
    const { prompts, config } = this.parts;
    const P = Math.min(config.promptsPerIteration, prompts.length);
    return Array.from({ length: P }, (_, i) => {
      const at = step * P + i;
      const pass = Math.floor(at / prompts.length);
      return prompts[this.passOrder(pass)[at % prompts.length]];
    });
  }

  private readonly orders = new Map<number, number[]>();

  private passOrder(pass: number): number[] {
    let order = this.orders.get(pass);
    if (!order) {
      const indices = this.parts.prompts.map((_, i) => i);
      order = RandomStream.of(this.config.seed, 'prompts', pass).shuffle(indices);
      this.orders.clear();
      this.orders.set(pass, order);
    }
    return order;
  }

  /** Rolls out the tree of iteration `step`; the caller disposes it. */
  async rollout(step: number, prompts = this.promptsAt(step)): Promise<RolloutTree> {
    const { lm, tokenizer, base, scorer, config } = this.parts;
    return rolloutTree({ lm, tokenizer, base, lora: this.lora, scorer }, prompts, { config, step });
  }

  /**
   * Both updates from a scored tree.
   * @throws Error when a loss is not finite; the weights of the failing module are unchanged then.
   */
  update(tree: RolloutTree): IterationLog {
    const { lm, base, config } = this.parts;
    const llm = {
      config: lm.config,
      params: lm.parameters(),
      optimiser: this.llmOptimiser,
      reference: this.reference,
    };
    const { temperature, maxNewTokens } = config.sampling;
    const trainsLlm = config.llm.mode !== 'frozen' && tree.beta.llm > 0;
    const trainsDit = config.dit.mode !== 'frozen' && tree.beta.dit > 0;
    const old = trainsLlm ? replayOldPolicy(llm, tree, temperature) : undefined;
    const llmStats = trainsLlm
      ? updateLlm(llm, tree, { config: config.llm, temperature, maxNewTokens })
      : undefined;
    const policy = { base, lora: this.lora, optimiser: this.ditOptimiser };
    const ditStats = trainsDit ? updateDit(policy, tree, config.dit) : undefined;
    if (ditStats && ditStats.steps > 0) this.ema?.update(this.lora.weights);
    return iterationLog(tree, { llm: llmStats, dit: ditStats, old });
  }

  /** One whole iteration; `onTree` sees the tree (with its pictures) before it is freed. */
  async iterate(
    step: number,
    options: { prompts?: RlPrompt[]; onTree?: (tree: RolloutTree) => void | Promise<void> } = {},
  ): Promise<IterationLog> {
    const began = performance.now();
    const tree = await this.rollout(step, options.prompts);
    try {
      const rolledOut = performance.now();
      const log = this.update(tree);
      await options.onTree?.(tree);
      log['seconds/rollout'] = (rolledOut - began) / 1000;
      log['seconds/update'] = (performance.now() - rolledOut) / 1000;
      return log;
    } finally {
      disposeTree(tree);
    }
  }

  /** The adapters to save for use: averaged ones when there is an EMA, else the live ones. */
  adapters(): Lora {
    const averaged = this.ema?.weights();
    return averaged && Object.keys(averaged).length > 0 ? { ...this.lora, weights: averaged } : this.lora;
  }

  /**
   * All that the next iteration depends on: weights, adapters, optimisers, EMA (random numbers are functions of the
   * step). Variables are live; everything else is a copy the caller disposes.
   */
  state(): { tensors: Params; json: { llmSteps: number; ditSteps: number } } {
    const llm = this.llmOptimiser.state();
    const dit = this.ditOptimiser.state();
    const tensors: Params = {
      ...(this.config.llm.mode === 'frozen' ? {} : prefixed('lm.', this.parts.lm.parameters())),
      ...prefixed('lora.', this.lora.weights),
      ...prefixed('lm_optimiser.', llm.tensors),
      ...prefixed('dit_optimiser.', dit.tensors),
      ...prefixed('ema.', this.ema?.state() ?? {}),
      // The reference is where training started, which the checkpoint at hand may no longer be after a resume.
      ...prefixed('reference.', this.reference ? copies(this.reference) : {}),
    };
    return { tensors, json: { llmSteps: llm.step, ditSteps: dit.step } };
  }

  /** Takes a saved state over, copying it. @throws when a tensor is missing or misshapen */
  restore(tensors: Params, json: unknown): void {
    const { llmSteps, ditSteps } = json as { llmSteps: number; ditSteps: number };
    if (!Number.isInteger(llmSteps) || !Number.isInteger(ditSteps))
      throw new Error(`state: llmSteps is ${llmSteps} and ditSteps ${ditSteps}, want two integers`);
    if (this.config.llm.mode !== 'frozen')
      assignAll(this.parts.lm.parameters(), picked('lm.', tensors), 'lm');
    assignAll(this.lora.weights, picked('lora.', tensors), 'lora');
    const load = (optimiser: AdamW, state: OptimiserState): void => optimiser.loadState(state);
    load(this.llmOptimiser, { step: llmSteps, tensors: picked('lm_optimiser.', tensors) });
    load(this.ditOptimiser, { step: ditSteps, tensors: picked('dit_optimiser.', tensors) });
    this.ema?.loadState(picked('ema.', tensors));
    if (this.reference)
      for (const [name, tensor] of Object.entries(picked('reference.', tensors))) {
        this.reference[name]?.dispose();
        this.reference[name] = copyOf(tensor);
      }
  }

  /** Frees adapters, optimisers, EMA and reference; models and scorer stay the caller's. */
  dispose(): void {
    this.llmOptimiser.dispose();
    this.ditOptimiser.dispose();
    this.ema?.dispose();
    tf.dispose(this.lora.weights);
    if (this.reference) tf.dispose(this.reference);
  }
}

const copies = (params: Params): Params =>
  Object.fromEntries(Object.entries(params).map(([name, x]) => [name, copyOf(x as tf.Tensor)]));
const prefixed = (prefix: string, params: Params): Params =>
  Object.fromEntries(Object.entries(params).map(([name, x]) => [prefix + name, x]));
const picked = (prefix: string, params: Params): Params =>
  Object.fromEntries(
    Object.entries(params).flatMap(([name, x]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), x]] : [],
    ),
  );

function assignAll(variables: Record<string, tf.Variable>, saved: Params, what: string): void {
  for (const [name, variable] of Object.entries(variables)) {
    if (!saved[name]) throw new Error(`state: ${what}.${name} is missing`);
    const copy = copyOf(saved[name]);
    variable.assign(copy);
    copy.dispose();
  }
}

/** Gathers the log of an iteration. Every name is explained in the documentation of the metrics. */
function iterationLog(
  tree: RolloutTree,
  stats: { llm?: LlmStats; dit?: DitStats; old?: { entropy: number; samplerGap: number } },
): IterationLog {
  const thoughts = thoughtsOf(tree);
  const images = imagesOf(tree);
  const groups = tree.prompts.map((p) => p.thoughts.map((t) => t.reward ?? 0));
  const lengths = thoughts.map((t) => t.tokenIds.length);
  const log: IterationLog = {
    reward: mean(thoughts.map((t) => t.reward ?? 0)),
    reward_std: mean(groups.map((g) => std(g))),
    frac_reward_zero_std: mean(groups.map((g) => (std(g) === 0 ? 1 : 0))),
    'completions/mean_length': mean(lengths),
    'completions/clipped_ratio': mean(thoughts.map((t) => (t.truncated ? 1 : 0))),
    'completions/fallback_ratio': mean(thoughts.map((t) => (t.fallback ? 1 : 0))),
    'beta/llm': tree.beta.llm,
    'beta/dit': tree.beta.dit,
    'dit/reward': mean(images.map((image) => image.reward ?? 0)),
  };
  for (const name of ['semantic', 'aesthetic', 'consistency', 'total'] as const) {
    const values = images.map((image) => image.score![name]);
    log[`rewards/${name}/mean`] = mean(values);
    log[`rewards/${name}/std`] = std(values);
  }
  if (stats.old) {
    log.entropy = stats.old.entropy;
    log['sampling/logp_difference'] = stats.old.samplerGap;
  }
  for (const [name, value] of Object.entries(stats.llm ?? {}))
    log[name === 'steps' ? 'llm_steps' : name] = value;
  for (const [name, value] of Object.entries(stats.dit ?? {})) log[`dit/${name}`] = value;
  return log;
}
