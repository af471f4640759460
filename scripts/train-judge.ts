/**
 * Trains a scene reader on pictures made online, in three lessons: names from single windows, names from whole
 * pictures, everything else. The judge scores pictures for the rewards of Dual-GRPO; the examiner scores evaluation.
 */
import { oneOf, parseCli, positiveInteger, positiveNumber, RunFolder, runStage } from '../lib/checkpoint';
import type { StageOptions, StageResult } from '../lib/checkpoint';
import {
  initJudge,
  Judge,
  judgeConfig,
  judgeLosses,
  judgeSample,
  loadReader,
  nameLoss,
  namePictures,
  stemBatch,
  stemLoss,
  taughtIn,
} from '../lib/rewards';
import type { ArtMix, JudgeConfig } from '../lib/rewards';
import {
  AdamW,
  bf16Available,
  clipGradNorm,
  copyOf,
  Ema,
  initBackend,
  RandomStream,
  setMatmulPrecision,
  tf,
  valueAndGrads,
} from '../lib/tensor';
import type { BackendInfo, Params } from '../lib/tensor';
import { conceptNames, TIERS } from '../lib/world';
import type { Tier } from '../lib/world';
import type { ExtraArtist } from '../lib/world/icons';
import { extraArt } from './world/extra-art';

/** The two readers. They share no seed, no body, and none of the artists that only judges learn from. */
const ROLES = {
  judge: {
    out: 'checkpoints/judge',
    seed: 11,
    shape: { trunk: 'attention' } as const,
    extra: ['noto-v1', 'fluent-high-contrast'] as ExtraArtist[],
  },
  examiner: {
    out: 'checkpoints/examiner',
    seed: 29,
    shape: { trunk: 'shift', hiddenSize: 192, nameLayers: 2, layers: 3, mlpRatio: 3 } as const,
    extra: ['emojione-monotone', 'streamline', 'fxemoji'] as ExtraArtist[],
  },
};
type Role = keyof typeof ROLES;

const DEFAULTS = {
  role: 'judge' as Role,
  run: '',
  out: '',
  /** Folder of a reader whose weights to begin with; empty: fresh ones. */
  init: '',
  /** Steps of the first lesson (see judge-stem), of 32 collages each. */
  stemSteps: 6000,
  /** Steps of the second lesson, of 16 pictures each. */
  nameSteps: 12000,
  steps: 5000,
  batch: 16,
  lr: 2e-3,
  warmup: 300,
  weightDecay: 0.02,
  emaDecay: 0.999,
  tier: 2 as Tier,
  extraShare: 0.3,
  changed: 0.5,
  precision: 'auto' as 'auto' | 'fp32' | 'bf16',
  saveEvery: 250,
  logEvery: 10,
  fresh: false,
};

async function main(): Promise<void> {
  const config = parseCli(DEFAULTS, {
    name: 'npm run train:judge --',
    help:
      'Trains a scene reader in three lessons: the judge, which scores pictures during Dual-GRPO, or the examiner,\n' +
      'which scores them in evaluation and has another body, other seeds and other artists.',
    describe: {
      role: 'judge or examiner',
      run: 'name of the run folder (default: the role)',
      out: 'where the checkpoint goes (default: checkpoints/<role>)',
      init: 'folder of a reader to go on from (then give it fewer steps)',
      stemSteps: 'steps of the first lesson: names, from single windows',
      nameSteps: 'steps of the second lesson: names, from whole pictures',
      steps: 'steps of the third lesson: everything else',
      extraShare: 'share of pictures by artists that only this reader learns from',
      changed: 'share of pictures whose sprites are recoloured, outlined or bent',
      precision: 'operands of matrix products; auto: bf16 where the CPU has it',
      tier: 'concepts up to this tier are learned: 0 core, 1 what most facts ask for, 2 all',
    },
    checks: {
      role: oneOf(...(Object.keys(ROLES) as Role[])),
      precision: oneOf('auto', 'fp32', 'bf16'),
      steps: positiveInteger,
      batch: positiveInteger,
      lr: positiveNumber,
      tier: oneOf(...TIERS),
    },
  });
  const backend = await initBackend();
  console.log(`backend ${backend.name} (${backend.detail}, ${backend.threads} threads)`);
  if (config.precision === 'bf16' || (config.precision === 'auto' && bf16Available()))
    setMatmulPrecision('bf16');
  const { tier, extraShare, changed } = config;
  const { seed, shape: body, extra: artists, ...role } = ROLES[config.role];
  const out = config.out || role.out;
  const extra = await extraArt(artists);
  const data = { tier, extra, extraShare, changed };
  const shape = judgeConfig({ ...body, concepts: [...conceptNames(tier)] });
  const params = variables(initJudge(shape, RandomStream.of(seed, 'judge-init')));
  if (config.init) takeOver(params, config.init);
  const optimiser = optimiserOf(config);
  const ema = new Ema(config.emaDecay);
  const size = Object.values(params).reduce((n, p) => n + p.size, 0);
  console.log(`${config.role}: ${shape.concepts.length} concepts, ${(size / 1e6).toFixed(2)}M parameters`);

  const name = config.run || config.role;
  const school = { config, backend, shape, params, seed, data };
  if ((await lesson(`${name}-stem`, 'stem', school)).interrupted) return;
  if ((await lesson(`${name}-names`, 'names', school)).interrupted) return;
  const scene = taughtIn('scene', params);
  const run = RunFolder.open(name, config, {
    fresh: config.fresh,
    backend,
    free: ['fresh', 'out'],
  });
  const result = await runStage({
    run,
    steps: config.steps,
    saveEvery: config.saveEvery,
    logEvery: config.logEvery,
    show: ['loss', 'presence', 'count', 'quality'],
    step: (i) => {
      const rng = RandomStream.of(seed, 'judge-batch', i);
      const samples = Array.from({ length: config.batch }, () => judgeSample(rng, data));
      const parts: Record<string, number> = {};
      const { value, grads } = valueAndGrads(() => {
        const losses = judgeLosses(shape, params, samples);
        for (const [name, loss] of Object.entries(losses)) parts[name] = loss.dataSync()[0];
        return tf.addN(Object.values(losses)) as tf.Scalar;
      }, scene);
      const loss = value.dataSync()[0];
      value.dispose();
      const gradNorm = clipGradNorm(grads, 1);
      optimiser.lr = config.lr * schedule(i, config);
      optimiser.step(scene, grads);
      tf.dispose(grads);
      ema.update(scene);
      return { loss, grad_norm: gradNorm, learning_rate: optimiser.lr, ...parts };
    },
    ...keeping(scene, optimiser, ema),
  });
  if (result.interrupted) return;
  const judge = new Judge(shape, { ...params, ...ema.weights() });
  judge.save(out);
  console.log(`saved ${out}; how far it can be trusted: npm run calibrate`);
}

type Config = typeof DEFAULTS;

/** Begins with the weights of a saved reader. @throws when it has another shape */
function takeOver(params: Record<string, tf.Variable>, dir: string): void {
  const saved = loadReader(dir).params;
  for (const [name, variable] of Object.entries(params)) {
    const found = saved[name];
    if (found?.shape.join() !== variable.shape.join())
      throw new Error(`${dir}: ${name} is [${found?.shape.join(', ')}], want [${variable.shape.join(', ')}]`);
    variable.assign(found);
  }
  tf.dispose(saved);
}

const optimiserOf = (config: Config): AdamW =>
  new AdamW({
    lr: config.lr,
    betas: [0.9, 0.98],
    weightDecay: config.weightDecay,
    decays: (_, x) => x.rank === 2,
  });

interface School {
  config: Config;
  backend: BackendInfo;
  shape: JudgeConfig;
  params: Record<string, tf.Variable>;
  seed: number;
  data: ArtMix & { tier: Tier };
}

/** Names, from single windows or whole pictures: teaches its part of `params` in place. */
async function lesson(
  name: string,
  kind: 'stem' | 'names',
  { config, backend, shape, params, seed, data }: School,
): Promise<StageResult> {
  const taught = taughtIn(kind, params);
  const steps = kind === 'stem' ? config.stemSteps : config.nameSteps;
  const optimiser = optimiserOf(config);
  const ema = new Ema(config.emaDecay);
  const {
    run: _,
    out: __,
    steps: ___,
    stemSteps: ____,
    nameSteps: _____,
    batch: ______,
    ...recorded
  } = config;
  const run = RunFolder.open(
    name,
    { ...recorded, lessonSteps: steps },
    {
      fresh: config.fresh,
      backend,
      free: ['fresh', 'saveEvery', 'logEvery'],
    },
  );
  const result = await runStage({
    run,
    steps,
    saveEvery: config.saveEvery,
    logEvery: config.logEvery,
    show: ['loss', 'right'],
    step: (i) => {
      const rng = RandomStream.of(seed, `${kind}-batch`, i);
      let right = 0;
      const loss = (): tf.Scalar => {
        const found =
          kind === 'stem'
            ? stemLoss(shape, params, stemBatch(shape, rng, { pictures: 32, ...data }))
            : nameLoss(shape, params, namePictures(rng, { pictures: 16, ...data }));
        right = found.right.dataSync()[0];
        return found.loss;
      };
      const { value, grads } = valueAndGrads(loss, taught);
      const number = value.dataSync()[0];
      value.dispose();
      const gradNorm = clipGradNorm(grads, 1);
      optimiser.lr = config.lr * schedule(i, { warmup: config.warmup, steps });
      optimiser.step(taught, grads);
      tf.dispose(grads);
      ema.update(taught);
      return { loss: number, right, grad_norm: gradNorm, learning_rate: optimiser.lr };
    },
    ...keeping(taught, optimiser, ema),
  });
  const averaged = ema.weights();
  for (const [key, variable] of Object.entries(taught)) if (averaged[key]) variable.assign(averaged[key]);
  return result;
}

/** What a stage has to save and how it takes it over again. */
function keeping(
  params: Record<string, tf.Variable>,
  optimiser: AdamW,
  ema?: Ema,
): Pick<StageOptions, 'state' | 'restore'> {
  return {
    state: () => {
      const { step, tensors } = optimiser.state();
      return {
        tensors: {
          ...named('params.', params),
          ...named('optimiser.', tensors),
          ...(ema && named('ema.', ema.state())),
        },
        json: { optimiserStep: step },
      };
    },
    restore: ({ tensors, json }) => {
      for (const [name, variable] of Object.entries(params))
        variable.assign(copyOf(tensors[`params.${name}`]));
      const step = (json as { optimiserStep: number }).optimiserStep;
      optimiser.loadState({ step, tensors: unnamed('optimiser.', tensors) });
      ema?.loadState(unnamed('ema.', tensors));
    },
  };
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
