/**
 * Trains the reward judge on scenes made online, saves `checkpoints/judge/`, then calibrates it: how well it tells
 * right pictures from wrong ones and sound from broken ones, by artist, the held-out artist included.
 */
import * as path from 'node:path';
import {
  oneOf,
  parseCli,
  positiveInteger,
  positiveNumber,
  RunFolder,
  runStage,
  writeJson,
} from '../lib/checkpoint';
import { calibrateJudge, calibrationTable } from '../lib/evaluation';
import { initJudge, Judge, judgeConfig, judgeLosses, judgeSample } from '../lib/rewards';
import {
  AdamW,
  clipGradNorm,
  copyOf,
  Ema,
  initBackend,
  RandomStream,
  tf,
  valueAndGrads,
} from '../lib/tensor';
import type { Params } from '../lib/tensor';
import { conceptNames, DEFAULT_TIER, TIERS } from '../lib/world';
import type { Tier } from '../lib/world';

const DEFAULTS = {
  run: 'judge',
  out: 'checkpoints/judge',
  steps: 6000,
  batch: 32,
  lr: 1.5e-3,
  warmup: 100,
  weightDecay: 0.02,
  emaDecay: 0.998,
  seed: 11,
  hiddenSize: 144,
  tier: 0 as Tier,
  layers: 4,
  saveEvery: 250,
  logEvery: 10,
  /** Scenes per artist in the calibration. */
  calibrate: 150,
  fresh: false,
};

async function main(): Promise<void> {
  const config = parseCli(DEFAULTS, {
    name: 'npm run train:judge --',
    help: 'Trains the scene reader that scores pictures during Dual-GRPO, and reports its calibration.',
    describe: {
      steps: 'training steps in all',
      tier: 'concepts up to this tier are learned: 0 core, 1 what most facts ask for, 2 all',
      calibrate: 'scenes per artist in the calibration report; 0 skips it',
    },
    checks: { steps: positiveInteger, batch: positiveInteger, lr: positiveNumber, tier: oneOf(...TIERS) },
  });
  const backend = await initBackend();
  console.log(`backend ${backend.name} (${backend.detail}, ${backend.threads} threads)`);
  const { tier, ...untiered } = config;
  const { hiddenSize, layers, seed } = config;
  const shape = judgeConfig({ hiddenSize, layers, concepts: [...conceptNames(tier)] });
  const params = variables(initJudge(shape, RandomStream.of(seed, 'judge-init')));
  const optimiser = new AdamW({
    lr: config.lr,
    betas: [0.9, 0.98],
    weightDecay: config.weightDecay,
    decays: (_, x) => x.rank === 2,
  });
  const ema = new Ema(config.emaDecay);
  const size = Object.values(params).reduce((n, p) => n + p.size, 0);
  console.log(`judge: ${shape.concepts.length} concepts, ${(size / 1e6).toFixed(2)}M parameters`);

  // Runs of the core keep the config they were begun with, from before there were tiers.
  const run = RunFolder.open(config.run, tier === DEFAULT_TIER ? untiered : config, {
    fresh: config.fresh,
    backend,
    free: ['calibrate', 'fresh', 'out'],
  });
  const result = await runStage({
    run,
    steps: config.steps,
    saveEvery: config.saveEvery,
    logEvery: config.logEvery,
    show: ['loss', 'presence', 'cells'],
    step: (i) => {
      const rng = RandomStream.of(seed, 'judge-batch', i);
      const samples = Array.from({ length: config.batch }, () => judgeSample(rng, tier));
      const parts: Record<string, number> = {};
      const { value, grads } = valueAndGrads(() => {
        const losses = judgeLosses(shape, params, samples);
        for (const [name, loss] of Object.entries(losses)) parts[name] = loss.dataSync()[0];
        return tf.addN(Object.values(losses)) as tf.Scalar;
      }, params);
      const loss = value.dataSync()[0];
      value.dispose();
      const gradNorm = clipGradNorm(grads, 1);
      optimiser.lr = config.lr * schedule(i, config);
      optimiser.step(params, grads);
      tf.dispose(grads);
      ema.update(params);
      return { loss, grad_norm: gradNorm, learning_rate: optimiser.lr, ...parts };
    },
    state: () => {
      const { step, tensors } = optimiser.state();
      return {
        tensors: {
          ...named('params.', params),
          ...named('optimiser.', tensors),
          ...named('ema.', ema.state()),
        },
        json: { optimiserStep: step },
      };
    },
    restore: ({ tensors, json }) => {
      for (const [name, variable] of Object.entries(params))
        variable.assign(copyOf(tensors[`params.${name}`]));
      const step = (json as { optimiserStep: number }).optimiserStep;
      optimiser.loadState({ step, tensors: unnamed('optimiser.', tensors) });
      ema.loadState(unnamed('ema.', tensors));
    },
  });
  if (result.interrupted) return;
  const judge = new Judge(shape, ema.weights());
  judge.save(config.out);
  console.log(`saved ${config.out}`);
  if (config.calibrate === 0) return;
  // What was saved (half precision) is what is calibrated.
  const report = await calibrateJudge(Judge.fromPretrained(config.out), {
    scenes: config.calibrate,
    seed: seed + 1,
  });
  writeJson(path.join(config.out, 'calibration.json'), report);
  console.log(`\n${calibrationTable(report)}`);
}

/** Linear warm-up, then a cosine to a tenth. */
function schedule(i: number, { warmup, steps }: { warmup: number; steps: number }): number {
  if (i < warmup) return (i + 1) / warmup;
  const t = Math.min(1, (i - warmup) / Math.max(1, steps - warmup));
  return 0.1 + 0.45 * (1 + Math.cos(Math.PI * t));
}

function variables(params: Params): Record<string, tf.Variable> {
  return Object.fromEntries(
    Object.entries(params).map(([name, x]) => {
      const variable = tf.variable(x, true);
      x.dispose();
      return [name, variable];
    }),
  );
}

const named = (prefix: string, params: Params): Params =>
  Object.fromEntries(Object.entries(params).map(([k, v]) => [prefix + k, v]));
const unnamed = (prefix: string, params: Params): Params =>
  Object.fromEntries(
    Object.entries(params).flatMap(([k, v]) => (k.startsWith(prefix) ? [[k.slice(prefix.length), v]] : [])),
  );

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
