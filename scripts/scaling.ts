/**
 * `npm run scaling`: trains several sizes on the same data, fits loss against compute, L = a * C^-b (+ c), and says
 * what the next sizes would reach. Resumable: finished sizes are not trained again.
 */
import * as path from 'node:path';
import {
  describeMachine,
  MODEL_SIZES,
  modelSize,
  type ModelSize,
  oneOf,
  parseCli,
  positiveInteger,
  siCount,
  writeAtomic,
  writeJson,
} from '../lib/checkpoint';
import { fitPowerLaw, foresight, lossAt, type PowerLaw } from '../lib/evaluation';
import { LM_CONTEXT, readQwen2Config, Tokenizer } from '../lib/encoder';
import { figurePng, type Figure } from '../lib/notebook';
import {
  beginBackend,
  COMMON_CHECKS,
  COMMON_HELP,
  KEEP,
  type Precision,
  tierOfChoice,
  WORLD_DEFAULTS,
} from './pretrain/common';
import { type Arm, type Cost, ditArm, ditCost, lmArm, lmCost } from './pretrain/scaling-arms';
import { tokenizerStage } from './pretrain/tokenizer-stage';

const DEFAULTS = {
  model: 'lm' as 'lm' | 'dit',
  sizes: ['nano', 'tiny', 'small'] as string[],
  tokens: 1_000_000,
  pictures: 8_000,
  batch: 16,
  seed: 0,
  name: '',
  encoder: 'checkpoints/base',
  vocabSize: 2048,
  results: false,
  edition: WORLD_DEFAULTS.edition,
  tier: WORLD_DEFAULTS.tier,
  precision: 'auto' as Precision,
};

type Options = typeof DEFAULTS;

interface Prediction extends Cost {
  size: ModelSize;
  loss: number;
}

async function main(): Promise<void> {
  const options = parseCli(DEFAULTS, {
    name: 'npm run scaling --',
    help: 'Loss against compute: trains the sizes on the same data, fits a power law, predicts the next sizes.',
    describe: {
      ...COMMON_HELP,
      model: 'the language model or the painter',
      tokens: 'that every language model is trained on',
      pictures: 'that every painter is trained on',
      name: 'run folders are runs/<name>/<size>; empty: scaling-<model>',
      encoder: 'model folder whose text states condition the painters',
      vocabSize: 'of the tokenizer that the language models share',
      results: 'also write docs/results/scaling-<model>.json and .png',
    },
    checks: {
      ...COMMON_CHECKS,
      model: oneOf('lm', 'dit'),
      tokens: positiveInteger,
      pictures: positiveInteger,
      batch: positiveInteger,
    },
  });
  const sizes = options.sizes.map((size) => modelSize(size, 'command line: sizes'));
  if (new Set(sizes).size < 2) throw new Error(`sizes is ${sizes.join(',')}, want at least two of them`);
  const name = options.name || `scaling-${options.model}`;
  const { backend, precision } = await beginBackend(options.precision);
  const train = armsOf(options, name);

  const arms: Arm[] = [];
  for (const size of sizes) {
    const arm = await train.arm(size, { ...options, precision, backend });
    if (!arm) return;
    arms.push(arm);
    console.log(tell(arm));
  }
  const law = fitPowerLaw(arms);
  const check = foresight(arms);
  const predictions: Prediction[] = MODEL_SIZES.slice(MODEL_SIZES.indexOf(sizes.at(-1) as ModelSize) + 1).map(
    (size) => {
      const cost = train.cost(size);
      return { size, ...cost, loss: lossAt(law, cost.flops) };
    },
  );
  report(law, check, predictions, train.unit);
  const { cpu, cores } = describeMachine();
  const made = { model: options.model, [train.unit]: train.budget, batch: options.batch, seed: options.seed };
  const result = { ...made, edition: options.edition, cpu, cores, precision, arms, law, check, predictions };
  const png = await figurePng(figureOf(arms, predictions, law, train.unit));
  const folders = [path.join('runs', name), ...(options.results ? ['docs/results'] : [])];
  for (const folder of folders) {
    writeJson(path.join(folder, `scaling-${options.model}.json`), result);
    writeAtomic(path.join(folder, `scaling-${options.model}.png`), png);
    console.log(`${folder}/scaling-${options.model}.json and .png`);
  }
}

interface Trainings {
  unit: 'tokens' | 'pictures';
  budget: number;
  arm: (
    size: ModelSize,
    started: Pick<Parameters<typeof lmArm>[2], 'precision' | 'backend'>,
  ) => Promise<Arm | null>;
  cost: (size: ModelSize) => Cost;
}

/** How sizes of the chosen model are trained, and what the others would cost on the same data. */
function armsOf(options: Options, name: string): Trainings {
  const { model, batch, seed, edition, encoder, vocabSize } = options;
  const tier = tierOfChoice(options);
  const common = { batch, seed, edition, tier };
  if (model === 'dit') {
    const budget = options.pictures;
    const width = readQwen2Config(path.join(encoder, 'text_encoder')).hiddenSize;
    return {
      unit: 'pictures',
      budget,
      arm: (size, { precision, backend }) =>
        ditArm(size, encoder, { run: `${name}/${size}`, budget, ...common, precision, backend }),
      cost: (size) => ditCost(size, width, budget),
    };
  }
  const budget = options.tokens;
  const out = path.join('runs', name);
  const shared = { ...WORLD_DEFAULTS, ...KEEP, edition, tier };
  tokenizerStage({ ...shared, out, vocabSize, context: LM_CONTEXT });
  const tokenizerDir = path.join(out, 'tokenizer');
  const tokens = Tokenizer.fromPretrained(tokenizerDir).vocabSize;
  return {
    unit: 'tokens',
    budget,
    arm: (size, { precision, backend }) =>
      lmArm(size, tokenizerDir, { run: `${name}/${size}`, budget, ...common, precision, backend }),
    cost: (size) => lmCost(size, tokens, budget),
  };
}

const tell = ({ size, parameters, flops, loss, seconds }: Arm): string =>
  `${size}: ${siCount(parameters)} parameters, ${siCount(flops)}FLOP in ${seconds} s, eval_loss ${loss.toFixed(4)}`;

function report(
  { a, b, c, error, points }: PowerLaw,
  check: ReturnType<typeof foresight>,
  predictions: Prediction[],
  unit: string,
): void {
  console.log(
    `\nL = ${a.toPrecision(4)} * C^-${b.toPrecision(3)}${c > 0 ? ` + ${c.toPrecision(3)}` : ''}   (${points} sizes, error of log L ${error.toPrecision(2)})`,
  );
  if (check)
    console.log(
      `check: without the biggest size the law gives it ${check.predicted.toFixed(4)}, measured ${check.measured.toFixed(4)} (${(100 * check.error).toFixed(1)} %)`,
    );
  console.log(`predicted on the same ${unit} (an extrapolation: more data would lower them further):`);
  for (const { size, parameters, flops, loss } of predictions)
    console.log(`  ${size}: ${siCount(parameters)} parameters, ${siCount(flops)}FLOP -> ${loss.toFixed(4)}`);
}

function figureOf(arms: Arm[], predictions: Prediction[], law: PowerLaw, unit: string): Figure {
  const all = [...arms, ...predictions].map(({ flops }) => flops).sort((x, y) => x - y);
  const line = Array.from({ length: 60 }, (_, i) => all[0] * (all[all.length - 1] / all[0]) ** (i / 59));
  const marks = (name: string, points: { size: string; flops: number; loss: number }[], symbol: string) => ({
    type: 'scatter',
    mode: 'markers+text',
    name,
    x: points.map(({ flops }) => flops),
    y: points.map(({ loss }) => loss),
    text: points.map(({ size }) => size),
    textposition: 'top center',
    marker: { size: 9, symbol },
  });
  const fit = { type: 'scatter', mode: 'lines', name: 'law', x: line, y: line.map((x) => lossAt(law, x)) };
  return {
    data: [fit, marks('trained', arms, 'circle'), marks('predicted', predictions, 'circle-open')],
    layout: {
      title: { text: `eval loss against training FLOP, same ${unit}` },
      xaxis: { type: 'log', title: { text: 'FLOP' } },
      yaxis: { type: 'log', title: { text: 'eval loss' } },
    },
  };
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
