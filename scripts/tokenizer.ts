/** `npm run tokenizer`: trains the byte-level BPE tokenizer on the corpus and writes it as a Hugging Face folder. */
import * as path from 'node:path';
import { oneOf, parseCli, positiveInteger } from '../lib/checkpoint';
import { DEFAULT_LM, trainBpe } from '../lib/encoder';
import { buildCorpus, DEFAULT_TIER, sftRows, type Tier, TIERS } from '../lib/world';

const DEFAULTS = {
  out: 'checkpoints/base',
  vocabSize: DEFAULT_LM.vocabSize,
  seed: 0,
  tier: DEFAULT_TIER as Tier,
};

function main(): void {
  const { out, vocabSize, seed, tier } = parseCli(DEFAULTS, {
    name: 'npm run tokenizer --',
    help: 'Trains the tokenizer; takes a few seconds.',
    describe: {
      out: 'model folder; its tokenizer/ is written',
      vocabSize: '256 bytes, merges and 3 special tokens',
      tier: 'concepts up to this tier are in the corpus: 0 core, 1 what most facts ask for, 2 all',
    },
    checks: { vocabSize: positiveInteger, tier: oneOf(...TIERS) },
  });
  // The rows for fine-tuning add the words of thoughts, which the corpus lacks.
  const responses = sftRows({ seed }).map(
    ({ thought, refined }) => `${thought}\nRevised Prompt:\n${refined}`,
  );
  const documents = buildCorpus(seed, { tier });
  const tokenizer = trainBpe([...documents, ...responses], {
    vocabSize,
    modelMaxLength: DEFAULT_LM.maxPositionEmbeddings,
  });
  tokenizer.save(path.join(out, 'tokenizer'));
  const characters = documents.reduce((sum, text) => sum + text.length, 0);
  const tokens = documents.reduce(
    (sum, text) => sum + tokenizer.encode(text, { allowSpecial: true }).length,
    0,
  );
  console.log(
    `${out}/tokenizer: ${tokenizer.vocabSize} tokens; the corpus is ${documents.length} documents, ${tokens} tokens, ${(characters / tokens).toFixed(2)} characters a token`,
  );
}

main();
