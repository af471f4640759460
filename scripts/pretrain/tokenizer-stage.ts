/** The first stage of pretraining: a byte-level BPE tokenizer of the corpus and of the words that thoughts add. */
import * as path from 'node:path';
import { fileDigest, isMade, recordMade } from '../../lib/checkpoint';
import { trainBpe } from '../../lib/encoder';
import { sftRows } from '../../lib/world';
import { corpusOf, type Keeping, tierOfChoice, type WorldChoice } from './common';

export interface TokenizerOptions extends WorldChoice, Keeping {
  /** Model folder; its tokenizer/ is written. */
  out: string;
  vocabSize: number;
  context: number;
}

/** Makes `out`/tokenizer, unless it is there; tells the counts that the model card needs. */
export function tokenizerStage(options: TokenizerOptions): void {
  const { out, vocabSize, context, edition, corpusSeed } = options;
  const tier = tierOfChoice(options);
  const { documents, digest } = corpusOf(options);
  const asked = { vocabSize, context, edition, tier, corpusSeed, corpus: digest };
  const folder = path.join(out, 'tokenizer');
  if (isMade(out, 'tokenizer', asked, options)) {
    console.log(`${folder}: done already`);
    return;
  }
  // The rows for fine-tuning add the words of thoughts, which the corpus lacks.
  const responses = sftRows({ seed: corpusSeed, edition, tier }).map(
    ({ thought, refined }) => `${thought}\nRevised Prompt:\n${refined}`,
  );
  const began = Date.now();
  console.log(
    `${documents.length} documents of the ${edition} edition, ${vocabSize} tokens to find (half a minute at most)`,
  );
  const tokenizer = trainBpe([...documents, ...responses], { vocabSize, modelMaxLength: context });
  tokenizer.save(folder);
  const characters = documents.reduce((sum, text) => sum + text.length, 0);
  const tokens = documents.reduce(
    (sum, text) => sum + tokenizer.encode(text, { allowSpecial: true }).length,
    0,
  );
  recordMade(out, 'tokenizer', {
    options: asked,
    result: {
      tokens: tokenizer.vocabSize,
      documents: documents.length,
      corpusTokens: tokens,
      digest: fileDigest(path.join(folder, 'tokenizer.json')),
      seconds: Math.round((Date.now() - began) / 100) / 10,
    },
  });
  console.log(
    `${folder}: ${tokenizer.vocabSize} tokens; the corpus is ${documents.length} documents, ${tokens} tokens, ${(characters / tokens).toFixed(2)} characters a token`,
  );
}
