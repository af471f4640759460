/** One Dual-GRPO iteration on the committed checkpoints, the same one every time, and what it came to in counts. */
import * as path from 'node:path';
import {
  DEFAULT_DUAL_GRPO,
  DualGrpoTrainer,
  disposeTree,
  thoughtsOf,
  type RolloutTree,
} from '../../lib/grpo';
import { ThinkThenGenerate } from '../../lib/pipeline';
import { Judge } from '../../lib/rewards';
import { rlPrompts } from '../../lib/world';
import type { Work } from './works';

/** What PyTorch needs to do the same work: lengths, and which groups took part in the updates. */
export interface GrpoRecipe {
  prompts: { length: number; responses: number[]; live: boolean }[];
  thoughts: { text: number; live: boolean }[];
  K: number;
  steps: number;
  window: number;
}

const folder = (name: string): string => path.join(__dirname, '..', '..', 'checkpoints', name);

/**
 * Learning rates are 0 and the step is always the same, so that every iteration thinks, draws and updates alike; the
 * optimisers do their whole work.
 */
export async function makeGrpo({ prompts, J, K }: Record<string, number>): Promise<Work> {
  const model = await ThinkThenGenerate.fromPretrained(folder('sft'));
  const all = rlPrompts().map(({ factId, prompt, criteria }, i) => ({
    id: `${factId}#${i}`,
    prompt,
    criteria,
  }));
  const trainer = new DualGrpoTrainer({
    tokenizer: model.tokenizer,
    lm: model.lm,
    base: model.denoiser,
    scorer: Judge.fromPretrained(folder('judge')),
    prompts: all,
    config: {
      ...DEFAULT_DUAL_GRPO,
      promptsPerIteration: prompts,
      thoughtsPerPrompt: J,
      imagesPerThought: K,
      llm: { ...DEFAULT_DUAL_GRPO.llm, lr: 0 },
      dit: { ...DEFAULT_DUAL_GRPO.dit, lr: 0 },
    },
  });
  const tree = await trainer.rollout(0);
  const recipe = recipeOf(tree, trainer.config.sampling.steps);
  trainer.update(tree);
  disposeTree(tree);
  return {
    run: async () => void (await trainer.iterate(0)),
    check: { counts: { ...recipe } },
    dispose: () => trainer.dispose(),
  };
}

const differ = (values: (number | undefined)[]): boolean => new Set(values).size > 1;

function recipeOf(tree: RolloutTree, steps: number): GrpoRecipe {
  const thoughts = thoughtsOf(tree);
  return {
    prompts: tree.prompts.map((node) => ({
      length: node.promptIds.length,
      responses: node.thoughts.map((t) => t.tokenIds.length),
      live: differ(node.thoughts.map((t) => t.advantage)) && node.thoughts.some((t) => !t.truncated),
    })),
    thoughts: thoughts.map((t) => ({
      text: t.conditioning!.embeds.shape[1]!,
      live: differ(t.images.map((image) => image.advantage)),
    })),
    K: thoughts[0].images.length,
    steps,
    window: tree.prompts[0].window.length,
  };
}
