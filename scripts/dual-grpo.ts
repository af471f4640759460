/**
 * `npm run dual-grpo`: reinforcement learning of thinker and painter together, from the SFT model, rewarded by the
 * judge. Writes `checkpoints/think-then-generate/` (whole text encoder, painter's adapters) and a run folder with
 * rollout trees to look at.
 */
import * as fs from 'node:fs';
import * as path from 'node:path';
import {
  fileDigest,
  findPart,
  oneOf,
  parseCli,
  positiveInteger,
  resolvePart,
  RunFolder,
  runStage,
  writeJson,
} from '../lib/checkpoint';
import { saveLora } from '../lib/diffusion';
import { saveEncoder } from '../lib/encoder';
import { DEFAULT_DUAL_GRPO, DualGrpoTrainer, LOSS_TYPES, SCHEDULER_NAMES, treeView } from '../lib/grpo';
import type { RolloutTree } from '../lib/grpo';
import { imageGrid } from '../lib/notebook';
import { ThinkThenGenerate } from '../lib/pipeline';
import { Judge } from '../lib/rewards';
import { initBackend } from '../lib/tensor';
import { type Edition, EDITIONS, modelEdition, rlPrompts } from '../lib/world';

const DEFAULTS = {
  run: 'dual-grpo',
  from: 'checkpoints/sft',
  judge: 'checkpoints/judge',
  out: 'checkpoints/think-then-generate',
  steps: 200,
  saveEvery: 10,
  sampleEvery: 10,
  logEvery: 1,
  prompts: 0,
  edition: null as Edition | null,
  fresh: false,
  ...DEFAULT_DUAL_GRPO,
};

async function main(): Promise<void> {
  const options = parseCli(DEFAULTS, {
    name: 'npm run dual-grpo --',
    help: 'Trains the language model and the painter by Dual-GRPO; resumes where it stopped.',
    describe: {
      from: 'model folder to start from',
      judge: 'folder of the reward judge',
      out: 'model folder to write',
      steps: 'iterations in all',
      sampleEvery: 'iterations between rollout trees in samples/',
      edition: 'facts: core or full; null: those that the model was pretrained on',
      prompts: 'use only the first n prompts; 0 uses all',
      thoughtsPerPrompt: 'J',
      imagesPerThought: 'K',
      'llm.mode': 'full or frozen',
      'dit.mode': 'lora or frozen',
    },
    checks: {
      steps: positiveInteger,
      edition: oneOf(null, ...EDITIONS),
      promptsPerIteration: positiveInteger,
      'scheduler.kind': oneOf(...SCHEDULER_NAMES),
      'llm.lossType': oneOf(...LOSS_TYPES),
      'llm.mode': oneOf('full', 'frozen'),
      'dit.mode': oneOf('lora', 'frozen'),
      'dit.klKind': oneOf('mean', 'velocity'),
      'sampling.kernel': oneOf('sde', 'cps'),
      'advantage.scale': oneOf('group', 'batch', 'none'),
    },
  });
  const backend = await initBackend();
  console.log(`backend ${backend.name} (${backend.detail}, ${backend.threads} threads)`);
  const {
    run: name,
    from,
    judge,
    out,
    fresh,
    steps,
    saveEvery,
    sampleEvery,
    logEvery,
    prompts,
    edition: asked,
    ...config
  } = options;
  if (findPart(from, 'transformer_lora'))
    throw new Error(
      `${from}: has transformer_lora/ already; want a model without adapters, such as checkpoints/sft`,
    );
  const model = await ThinkThenGenerate.fromPretrained(from);
  const scorer = Judge.fromPretrained(judge);
  const edition = asked ?? modelEdition(from);
  const all = rlPrompts({ edition }).map(({ factId, prompt, criteria }, i) => ({
    id: `${factId}#${i}`,
    prompt,
    criteria,
  }));
  const trainer = new DualGrpoTrainer({
    tokenizer: model.tokenizer,
    lm: model.lm,
    base: model.denoiser,
    scorer,
    prompts: prompts > 0 ? all.slice(0, prompts) : all,
    config,
  });
  console.log(`${edition} edition: ${prompts > 0 ? Math.min(prompts, all.length) : all.length} prompts`);
  const run = RunFolder.open(
    name,
    { ...options, edition, weights: weightsOf(from, judge) },
    { fresh, backend, free: ['fresh', 'out', 'run'] },
  );
  const { interrupted } = await runStage({
    run,
    steps,
    saveEvery,
    logEvery,
    show: ['reward', 'dit/reward', 'completions/fallback_ratio'],
    step: (i) =>
      trainer.iterate(i, {
        onTree: async (tree) => {
          if ((i + 1) % sampleEvery === 0) await saveTree(run, i + 1, tree);
        },
      }),
    state: () => trainer.state(),
    restore: ({ tensors, json }) => trainer.restore(tensors, json),
  });
  if (interrupted) return;
  saveEncoder(out, { model: model.lm, tokenizer: model.tokenizer }, { base: path.relative(out, from) });
  saveLora(path.join(out, 'transformer_lora'), trainer.adapters(), { dtype: 'F16' });
  console.log(`saved ${out}`);
}

/** What a run was begun with: it goes on with nothing else. */
function weightsOf(from: string, judge: string): Record<'encoder' | 'painter' | 'judge', string> {
  const painter = path.join(resolvePart(from, 'transformer'), 'diffusion_pytorch_model.safetensors');
  return {
    encoder: fileDigest(path.join(resolvePart(from, 'text_encoder'), 'model.safetensors')),
    painter: fileDigest(painter),
    judge: fileDigest(path.join(judge, 'model.safetensors')),
  };
}

/** The tree as JSON for the viewer, and its pictures as a grid: one row a thought. */
async function saveTree(run: RunFolder, step: number, tree: RolloutTree): Promise<void> {
  writeJson(run.samplePath(step, 'tree.json'), treeView(tree));
  const thoughts = tree.prompts.flatMap((node) => node.thoughts);
  const pictures = thoughts.flatMap((t) =>
    t.images.map((image) => ({
      data: image.pixels,
      label: `${(image.reward ?? 0).toFixed(2)} ${t.refinedPrompt}`,
    })),
  );
  const png = await imageGrid(pictures, { columns: thoughts[0].images.length, scale: 2 });
  fs.writeFileSync(run.samplePath(step, 'pictures.png'), png);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
