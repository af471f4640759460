/** `npm run pretrain:lm`: teaches the language model the corpus, facts and literal captions, from fresh weights. */
import { type ModelSize, parseSizedCli } from '../lib/checkpoint';
import {
  beginBackend,
  COMMON_CHECKS,
  COMMON_HELP,
  KEEP,
  type Precision,
  WORLD_DEFAULTS,
} from './pretrain/common';
import { lmDefaults, lmStage } from './pretrain/lm-stage';

const defaults = (size: ModelSize) => ({
  size,
  run: `my-${size}/lm`,
  out: `checkpoints/my-${size}`,
  ...KEEP,
  ...WORLD_DEFAULTS,
  precision: 'auto' as Precision,
  ...lmDefaults(size),
});

async function main(): Promise<void> {
  const { size: _, ...options } = parseSizedCli(defaults, {
    name: 'npm run pretrain:lm --',
    help: 'Pretrains the language model; resumes where it stopped. The tokenizer must be in the model folder (npm run tokenizer).',
    describe: {
      ...COMMON_HELP,
      run: 'name of the run folder in runs/',
      out: 'model folder: tokenizer/ is read, text_encoder/ written at the end',
      conditioningLayer: 'which hidden states condition the painter: 0 = embeddings, layers = the last',
      holdOut: 'one document in this many measures eval_loss',
    },
    checks: COMMON_CHECKS,
  });
  const { backend, precision } = await beginBackend(options.precision);
  await lmStage({ ...options, precision }, backend);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
