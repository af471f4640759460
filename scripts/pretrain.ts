/** `npm run pretrain`: all of pretraining from nothing, tokenizer, language model, painter; resumes where it stopped. */
import {
  type Check,
  type ModelSize,
  MODEL_SIZES,
  parseSizedCli,
  siCount,
  SIZE_NOTES,
} from '../lib/checkpoint';
import { duration } from '../lib/checkpoint/progress';
import { ditParameterCount, ditTrainFlops, SMALL_QWEN_IMAGE } from '../lib/diffusion';
import { lmParameterCount, lmSize, lmTrainFlops, qwen2Config } from '../lib/encoder';
import {
  beginBackend,
  COMMON_CHECKS,
  COMMON_HELP,
  DIT_CHECKS,
  KEEP,
  type Precision,
  WORLD_DEFAULTS,
} from './pretrain/common';
import { ditDefaults, ditStage } from './pretrain/dit-stage';
import { lmDefaults, lmStage } from './pretrain/lm-stage';
import { tokenizerStage } from './pretrain/tokenizer-stage';

const defaults = (size: ModelSize) => ({
  size,
  name: `my-${size}`,
  ...KEEP,
  ...WORLD_DEFAULTS,
  precision: 'auto' as Precision,
  vocabSize: lmSize(size).model.vocabSize,
  lm: lmDefaults(size),
  dit: ditDefaults(size),
});

const below = <T>(prefix: string, table: Record<string, T>): Record<string, T> =>
  Object.fromEntries(Object.entries(table).map(([key, value]) => [`${prefix}.${key}`, value]));

/** What is about to be made, and how much work each part is. */
function plan({ size, lm, dit, vocabSize }: ReturnType<typeof defaults>): string {
  const config = qwen2Config({
    vocabSize,
    hiddenSize: lm.hidden,
    intermediateSize: lm.intermediate,
    numHiddenLayers: lm.layers,
    numAttentionHeads: lm.heads,
    numKeyValueHeads: lm.keyValueHeads,
    maxPositionEmbeddings: lm.context,
  });
  const painter = {
    ...SMALL_QWEN_IMAGE,
    ...{ num_layers: dit.layers, num_attention_heads: dit.heads, joint_attention_dim: lm.hidden },
  };
  const work = [
    lmTrainFlops(config) * lm.steps * lm.batch * lm.context,
    ditTrainFlops(painter) * dit.steps * dit.batchSize,
  ];
  const share = Math.round((100 * work[0]) / (work[0] + work[1]));
  return (
    `size ${size}: language model ${siCount(lmParameterCount(config))}, painter ${siCount(ditParameterCount(painter))} parameters; ` +
    `${siCount(work[0])}FLOP (${share} % of the work) and ${siCount(work[1])}FLOP (${100 - share} %)`
  );
}

async function main(): Promise<void> {
  const options = parseSizedCli(defaults, {
    name: 'npm run pretrain --',
    help: `Makes checkpoints/<name> from nothing: ${MODEL_SIZES.map((size) => `${size} (${SIZE_NOTES[size]})`).join(', ')}.`,
    describe: {
      ...COMMON_HELP,
      name: 'checkpoints/<name> is written, runs/<name>/lm and runs/<name>/dit tell how',
      'dit.figures': 'share of pictures with clocks, signs, boards, mazes, panels or turned objects',
    },
    checks: {
      ...COMMON_CHECKS,
      ...below<Check>('lm', COMMON_CHECKS),
      ...below<Check>('dit', { ...COMMON_CHECKS, ...DIT_CHECKS }),
    },
  });
  const { name, lm, dit, vocabSize, size: _, ...shared } = options;
  const began = Date.now();
  const out = `checkpoints/${name}`;
  const stage = (title: string): void =>
    console.log(`\n== ${title} (${duration((Date.now() - began) / 1000)} so far) ==`);

  const { backend, precision } = await beginBackend(shared.precision);
  console.log(plan(options));
  stage('1 of 3: tokenizer');
  tokenizerStage({ ...shared, out, vocabSize, context: lm.context });
  stage('2 of 3: language model');
  const where = { ...shared, out, precision };
  if (!(await lmStage({ ...where, ...lm, run: `${name}/lm` }, backend))) return;
  stage('3 of 3: painter');
  const { corpusSeed: __, ...painting } = where;
  if (!(await ditStage({ ...painting, ...dit, run: `${name}/dit` }, backend))) return;
  console.log(
    `\n${out}: made in ${duration((Date.now() - began) / 1000)}. Look at runs/${name}/dit/samples/, or run ` +
      `npm start -- --model ${out} --base ${out} --prompt "one large violin on a table"`,
  );
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
