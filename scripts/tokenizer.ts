/** `npm run tokenizer`: trains the byte-level BPE tokenizer on the corpus and writes it as a Hugging Face folder. */
import { type ModelSize, parseSizedCli, positiveInteger } from '../lib/checkpoint';
import { LM_CONTEXT, lmSize } from '../lib/encoder';
import { COMMON_CHECKS, COMMON_HELP, KEEP, WORLD_DEFAULTS } from './pretrain/common';
import { tokenizerStage } from './pretrain/tokenizer-stage';

const defaults = (size: ModelSize) => ({
  size,
  out: `checkpoints/my-${size}`,
  ...KEEP,
  ...WORLD_DEFAULTS,
  vocabSize: lmSize(size).model.vocabSize,
  context: LM_CONTEXT,
});

try {
  tokenizerStage(
    parseSizedCli(defaults, {
      name: 'npm run tokenizer --',
      help: 'Trains the tokenizer; takes a few seconds.',
      describe: {
        ...COMMON_HELP,
        out: 'model folder; its tokenizer/ is written',
        vocabSize: '256 bytes, merges and 3 special tokens',
        context: 'model_max_length of the tokenizer',
      },
      checks: { ...COMMON_CHECKS, vocabSize: positiveInteger, context: positiveInteger },
    }),
  );
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
