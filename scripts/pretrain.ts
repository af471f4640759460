/** `npm run pretrain`: all of pretraining from nothing, tokenizer, language model, painter; resumes where it stopped. */
import { type Check, type ModelSize, parseSizedCli, SIZE_NOTES, MODEL_SIZES } from '../lib/checkpoint';
import { duration } from '../lib/checkpoint/progress';
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
import { lmSize } from '../lib/encoder';

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
