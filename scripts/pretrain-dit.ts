/** `npm run pretrain:dit`: teaches the painter literal captions, with the language model of the checkpoint frozen. */
import { type ModelSize, parseSizedCli } from '../lib/checkpoint';
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

const defaults = (size: ModelSize) => ({
  size,
  run: `my-${size}/dit`,
  out: `checkpoints/my-${size}`,
  ...KEEP,
  edition: WORLD_DEFAULTS.edition,
  tier: WORLD_DEFAULTS.tier,
  precision: 'auto' as Precision,
  ...ditDefaults(size),
});

async function main(): Promise<void> {
  const { size: _, ...options } = parseSizedCli(defaults, {
    name: 'npm run pretrain:dit --',
    help: 'Trains the diffusion transformer on rendered scenes and literal captions; resumes where it stopped.',
    describe: {
      ...COMMON_HELP,
      run: 'name of the run folder in runs/',
      out: 'model folder: text_encoder/ and tokenizer/ are read, transformer/ and scheduler/ written',
      init: 'model folder whose transformer/ the weights start from; empty: fresh weights',
      figures: 'share of pictures with clocks, signs, boards, mazes, panels or turned objects',
      sigmaMean: 'noise levels are sigmoid(normal(sigmaMean, sigmaStd))',
      captions: 'drawn every sampleEvery steps',
    },
    checks: { ...COMMON_CHECKS, ...DIT_CHECKS },
  });
  const { backend, precision } = await beginBackend(options.precision);
  await ditStage({ ...options, precision }, backend);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
