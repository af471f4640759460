/**
 * The tree rollout: prompt -> J thoughts -> re-encoded refined prompts -> K images each -> scores -> advantages.
 * One rollout serves both updates. Every random number is a function of (seed, step, prompt, thought, image).
 */
import { type PackedPainter, RandomStream, tf } from '../tensor';
import { encodeForDrawing, thinkMany } from '../encoder';
import type { LanguageModel, Tokenizer } from '../encoder';
import { applyLora, drawWindow, imageNoise, latentChannels, packPainter, rolloutSample } from '../diffusion';
import type { Conditioning, Denoiser, ImageSeed, Lora } from '../diffusion';
import { scorePictures } from '../rewards';
import type { Scorer } from '../rewards';
import { NEGATIVE_PROMPT, pixelsOf } from '../pipeline';
import { dualAdvantages, treeRewards } from './advantages';
import type { DualGrpoConfig } from './config';
import { betasAt } from './schedulers';
import { imagesOf } from './tree';
import type { PromptNode, RlPrompt, RolloutTree, ThoughtNode } from './tree';

export interface RolloutModels {
  lm: LanguageModel;
  tokenizer: Tokenizer;
  /** The painter without adapters, and its adapters. */
  base: Denoiser;
  lora?: Lora;
  scorer: Scorer;
}

/** Thinks, draws, scores, and works out advantages for one iteration. The caller disposes the tree. */
export async function rolloutTree(
  models: RolloutModels,
  prompts: RlPrompt[],
  { config, step }: { config: DualGrpoConfig; step: number },
): Promise<RolloutTree> {
  const tree: RolloutTree = { step, beta: betasAt(config.scheduler, step), prompts: [] };
  tree.prompts = await thinkAll(models, prompts, { config, step });
  await drawAll(models, tree, config);
  await scoreTree(tree, models.scorer);
  setAdvantages(tree, config);
  return tree;
}

async function thinkAll(
  { lm, tokenizer }: RolloutModels,
  prompts: RlPrompt[],
  { config, step }: { config: DualGrpoConfig; step: number },
): Promise<PromptNode[]> {
  const J = config.thoughtsPerPrompt;
  const { temperature, maxNewTokens, window } = config.sampling;
  const seedOf = (p: number, j: number): number =>
    RandomStream.of(config.seed, 'thought', step, p, j).int(2 ** 31);
  const thoughts = await thinkMany(
    lm,
    tokenizer,
    prompts.map((p) => p.prompt),
    {
      samplesPerPrompt: J,
      temperature,
      maxNewTokens,
      seeds: prompts.flatMap((_, p) => Array.from({ length: J }, (__, j) => seedOf(p, j))),
    },
  );
  return prompts.map((prompt, p) => ({
    prompt,
    promptIds: thoughts[p][0].promptIds,
    window: drawWindow(RandomStream.of(config.seed, 'window', step, p), window),
    thoughts: thoughts[p].map((t) => ({
      text: t.text,
      thought: t.thought,
      refinedPrompt: t.refinedPrompt,
      fallback: t.fallback,
      truncated: !t.finished,
      tokenIds: t.tokenIds,
      samplerLogProbs: t.logProbs,
      images: [],
    })),
  }));
}

/** Draws K images for every thought, told by the refined prompt as the present language model encodes it. */
async function drawAll(
  { lm, tokenizer, base, lora }: RolloutModels,
  tree: RolloutTree,
  config: DualGrpoConfig,
) {
  const negative = encode(lm, tokenizer, NEGATIVE_PROMPT);
  // Merged once: the same sum W + BA that the replay forms, so the replayed densities agree to the last bit.
  const merged = lora ? tf.tidy(() => applyLora(base.params, lora)) : base.params;
  const denoiser: Denoiser = { ...base, params: merged };
  let packed: PackedPainter | null = null;
  try {
    packed = packPainter(denoiser); // once for all thoughts
    for (const [p, node] of tree.prompts.entries())
      for (const [j, thought] of node.thoughts.entries()) {
        const seeds: ImageSeed[] = Array.from({ length: config.imagesPerThought }, (_, k) => ({
          seed: config.seed,
          names: ['step', tree.step, 'prompt', p, 'thought', j, 'image', k],
        }));
        thought.conditioning = encode(lm, tokenizer, thought.refinedPrompt);
        await drawThought(thought, { denoiser, packed, negative, seeds, node, config });
      }
  } finally {
    tf.dispose([negative.embeds, negative.mask]);
    packed?.dispose();
    if (lora)
      for (const [name, tensor] of Object.entries(merged)) if (tensor !== base.params[name]) tensor.dispose();
  }
}

async function drawThought(
  thought: ThoughtNode,
  at: {
    denoiser: Denoiser;
    packed: PackedPainter | null;
    negative: Conditioning;
    seeds: ImageSeed[];
    node: PromptNode;
    config: DualGrpoConfig;
  },
): Promise<void> {
  const { denoiser, packed, negative, seeds, node, config } = at;
  const { steps, guidance, noiseLevel, kernel, grid, sameInitialNoise } = config.sampling;
  const K = seeds.length;
  const { embeds, mask } = thought.conditioning!;
  const conditioning: Conditioning = tf.tidy(() => ({
    embeds: tf.tile(embeds, [K, 1, 1]),
    mask: tf.tile(mask, [K, 1]),
  })) as unknown as Conditioning;
  const shape = [grid * grid, latentChannels(denoiser.config)];
  const latents = sameInitialNoise
    ? tf.tidy(() => tf.tile(imageNoise(seeds.slice(0, 1), shape, 'initial'), [K, 1, 1]))
    : undefined;
  try {
    thought.rollout = await rolloutSample({
      denoiser,
      packed,
      images: seeds,
      steps,
      guidance,
      negative: guidance === 1 ? undefined : negative,
      conditioning,
      window: node.window,
      noiseLevel,
      kernel,
      grid: [1, grid, grid],
      latents,
    });
  } finally {
    tf.dispose([conditioning.embeds, conditioning.mask]);
    latents?.dispose();
  }
  const pixels = await pixelsOf(thought.rollout.final, denoiser.config.patch_size);
  thought.images = pixels.map((image) => ({ pixels: image }));
}

function encode(lm: LanguageModel, tokenizer: Tokenizer, caption: string): Conditioning {
  const { embeds, mask } = encodeForDrawing(lm, tokenizer, [caption]);
  return { embeds, mask };
}

/** Scores every image against its prompt's criteria. A failing scorer stops the run (see scorePictures). */
export async function scoreTree(tree: RolloutTree, scorer: Scorer): Promise<void> {
  const criteria = tree.prompts.flatMap((node) =>
    node.thoughts.flatMap((t) => t.images.map(() => node.prompt.criteria)),
  );
  const nodes = imagesOf(tree);
  const scores = await scorePictures({ images: nodes.map((n) => n.pixels), criteria, scorer });
  nodes.forEach((node, i) => (node.score = scores[i]));
}

/** Rewards and advantages of both policies, written into the tree. */
export function setAdvantages(tree: RolloutTree, config: DualGrpoConfig): void {
  for (const node of tree.prompts) {
    const table = (name: 'semantic' | 'aesthetic' | 'consistency'): number[][] =>
      node.thoughts.map((t) => t.images.map((image) => image.score![name]));
    const scores = {
      semantic: table('semantic'),
      aesthetic: table('aesthetic'),
      consistency: table('consistency'),
    };
    const rewards = treeRewards(scores, config.weights);
    const { llm, dit } = dualAdvantages(scores, config.weights, () => tree.beta, tree.step, config.advantage);
    node.thoughts.forEach((thought, j) => {
      thought.reward = rewards.thoughts[j];
      thought.advantage = llm[j];
      thought.images.forEach((image, k) => {
        image.reward = rewards.images[j][k];
        image.advantage = dit[j][k];
      });
    });
  }
}
