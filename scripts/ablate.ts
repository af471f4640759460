/**
 * `npm run ablate`: Dual-GRPO under different settings, every arm with the same seeds, scored by the examiner
 * on validation prompts: balanced or staged (paper, Table 5), with or without SFT (Table 4), one module alone.
 */
import * as path from 'node:path';
import { parseCli, parseConfig, positiveInteger, writeAtomic, writeJson } from '../lib/checkpoint';
import { mergeLora } from '../lib/diffusion';
import { ablationTable, Examiner, runAblation, runBenchmark, summarise } from '../lib/evaluation';
import type { Arm } from '../lib/evaluation';
import { DEFAULT_DUAL_GRPO, DualGrpoTrainer } from '../lib/grpo';
import type { DualGrpoConfig } from '../lib/grpo';
import { ThinkThenGenerate } from '../lib/pipeline';
import { Judge } from '../lib/rewards';
import { initBackend, RandomStream } from '../lib/tensor';
import { promptsOf, rlPrompts } from '../lib/world';

const DEFAULTS = {
  arms: ['sft', 'balanced', 'staged', 'llm-only', 'dit-only', 'no-sft', 'no-sft-grpo'],
  seeds: [0, 1, 2],
  iterations: 60,
  prompts: 60,
  sft: 'checkpoints/sft',
  base: 'checkpoints/base',
  judge: 'checkpoints/judge',
  examiner: 'checkpoints/examiner',
  out: 'out/ablation',
  smoke: false,
};

interface Overrides {
  /** Model folder to start from. */
  from: 'sft' | 'base';
  /** Iterations as a share of the whole; 0 evaluates the start as it is. */
  share: number;
  config: object;
}

const ARMS: Arm<Overrides>[] = [
  { name: 'sft', overrides: { from: 'sft', share: 0, config: {} } },
  { name: 'balanced', overrides: { from: 'sft', share: 1, config: { scheduler: { kind: 'balanced' } } } },
  { name: 'staged', overrides: { from: 'sft', share: 1, config: { scheduler: { kind: 'staged' } } } },
  { name: 'llm-only', overrides: { from: 'sft', share: 1, config: { scheduler: { kind: 'llm-only' } } } },
  { name: 'dit-only', overrides: { from: 'sft', share: 1, config: { scheduler: { kind: 'dit-only' } } } },
  { name: 'no-sft', overrides: { from: 'base', share: 0, config: {} } },
  { name: 'no-sft-grpo', overrides: { from: 'base', share: 1, config: { scheduler: { kind: 'balanced' } } } },
];

async function main(): Promise<void> {
  const options = parseCli(DEFAULTS, {
    name: 'npm run ablate --',
    help: 'Runs the arms of the ablation table with several seeds each.',
    describe: {
      arms: `any of ${ARMS.map((a) => a.name).join(', ')}`,
      smoke: 'one seed, two iterations, four prompts: only to see that every arm runs',
    },
    checks: { iterations: positiveInteger, prompts: positiveInteger },
  });
  if (options.smoke) Object.assign(options, { seeds: options.seeds.slice(0, 1), iterations: 2, prompts: 4 });
  const arms = options.arms.map((name) => {
    const arm = ARMS.find((a) => a.name === name);
    if (!arm) throw new Error(`arm "${name}" is unknown, want some of ${ARMS.map((a) => a.name).join(', ')}`);
    return arm;
  });
  const backend = await initBackend();
  console.log(`backend ${backend.name} (${backend.detail}, ${backend.threads} threads)`);
  const done: object[] = [];
  const results = await runAblation({
    arms,
    seeds: options.seeds,
    run: (overrides, { seed }) => runArm(overrides, seed, options),
    onRun: (result) => {
      done.push(result);
      writeJson(path.join(options.out, 'runs.json'), done);
      console.log(`${result.arm}, seed ${result.seed}: ${JSON.stringify(result.metrics)}`);
    },
  });
  const table = ablationTable(results);
  writeJson(path.join(options.out, 'summary.json'), results);
  writeAtomic(path.join(options.out, 'table.md'), `${table}\n`);
  console.log(`\n${table}`);
}

async function runArm(
  arm: Overrides,
  seed: number,
  options: typeof DEFAULTS,
): Promise<Record<string, number>> {
  const model = await ThinkThenGenerate.fromPretrained(options[arm.from]);
  const iterations = Math.round(arm.share * options.iterations);
  const smaller = options.smoke ? { promptsPerIteration: 1, thoughtsPerPrompt: 2, imagesPerThought: 2 } : {};
  const config: DualGrpoConfig = parseConfig(
    parseConfig(DEFAULT_DUAL_GRPO, {
      seed,
      ...smaller,
      scheduler: { switchStep: Math.ceil(iterations / 2) },
    }),
    arm.config,
    'ablation arm',
  );
  if (iterations > 0) {
    const trainer = new DualGrpoTrainer({
      tokenizer: model.tokenizer,
      lm: model.lm,
      base: model.denoiser,
      scorer: Judge.fromPretrained(options.judge),
      prompts: rlPrompts().map(({ factId, prompt, criteria }) => ({ id: factId, prompt, criteria })),
      config,
    });
    for (let i = 0; i < iterations; i++) {
      const log = await trainer.iterate(i);
      process.stderr.write(`\r${i + 1}/${iterations} reward ${log.reward.toFixed(3)} `);
    }
    process.stderr.write('\n');
    mergeLora(model.transformer.parameters(), trainer.adapters());
    trainer.dispose();
  }
  // The same prompts for every arm and seed: arms differ by training alone.
  const prompts = RandomStream.of(0, 'ablation').shuffle(promptsOf('validation')).slice(0, options.prompts);
  const examiner = Examiner.fromPretrained(options.examiner);
  const rows = await runBenchmark(model, prompts, {
    mode: 'think',
    seed: 1,
    read: examiner.scores.bind(examiner),
    ...(options.smoke ? { steps: 2 } : {}),
  });
  model.dispose();
  const { overall, fallbackRate } = summarise(rows);
  return {
    semantic: overall.semantic.mean,
    answer: overall.answer.mean,
    text: overall.textCorrect.mean,
    fallback: fallbackRate,
  };
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
