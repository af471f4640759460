/** `npm run pretrain:lm`: teaches the language model the corpus, facts and literal captions, from fresh weights. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { oneOf, parseCli, RunFolder, writeAtomic } from '../lib/checkpoint';
import {
  clozeAccuracy,
  DEFAULT_LM,
  IM_END,
  PRETRAIN_DEFAULTS,
  pretrainLm,
  Qwen2,
  saveEncoder,
  Tokenizer,
} from '../lib/encoder';
import { initBackend, tf } from '../lib/tensor';
import {
  buildCorpus,
  DEFAULT_TIER,
  type Fact,
  factsOf,
  type Split,
  SPLITS,
  type Tier,
  TIERS,
} from '../lib/world';

const DEFAULTS = {
  run: 'lm-base',
  out: 'checkpoints/base',
  fresh: false,
  dtype: 'F16' as 'F32' | 'F16' | 'BF16',
  corpusSeed: 0,
  tier: DEFAULT_TIER as Tier,
  sampleEvery: 100,
  hidden: DEFAULT_LM.hiddenSize,
  layers: DEFAULT_LM.numHiddenLayers,
  heads: DEFAULT_LM.numAttentionHeads,
  keyValueHeads: DEFAULT_LM.numKeyValueHeads ?? DEFAULT_LM.numAttentionHeads,
  intermediate: DEFAULT_LM.intermediateSize,
  context: DEFAULT_LM.maxPositionEmbeddings ?? 128,
  ...PRETRAIN_DEFAULTS,
};

/** "The instrument played by Miles Davis is" -> "the trumpet": each fact's first prompt, as the corpus states it. */
const clozeOf = ({ prompts: [prompt], answer }: Fact) => ({
  prompt: `${prompt.charAt(0).toUpperCase()}${prompt.slice(1)} is`,
  answer,
});

async function main(): Promise<void> {
  const options = parseCli(DEFAULTS, {
    name: 'npm run pretrain:lm --',
    help: 'Pretrains the language model; resumes where it stopped. The tokenizer must be in the model folder (npm run tokenizer).',
    describe: {
      run: 'name of the run folder in runs/',
      out: 'model folder: tokenizer/ is read, text_encoder/ written at the end',
      fresh: 'begin anew, moving an earlier run of this name aside',
      dtype: 'how the weights are stored',
      tier: 'concepts up to this tier are in the corpus: 0 core, 1 what most facts ask for, 2 all',
      holdOut: 'one document in this many measures eval_loss',
    },
    checks: { dtype: oneOf('F32', 'F16', 'BF16'), tier: oneOf(...TIERS) },
  });
  const backend = await initBackend();
  console.log(`backend: ${backend.name} (${backend.detail}), ${backend.threads} threads`);
  const { run: name, out, fresh, dtype, sampleEvery, tier, ...config } = options;
  const tokenizer = Tokenizer.fromPretrained(path.join(out, 'tokenizer'));
  const model = Qwen2.init(
    {
      vocabSize: tokenizer.vocabSize,
      hiddenSize: config.hidden,
      intermediateSize: config.intermediate,
      numHiddenLayers: config.layers,
      numAttentionHeads: config.heads,
      numKeyValueHeads: config.keyValueHeads,
      conditioningLayer: Math.ceil(config.layers / 2),
      maxPositionEmbeddings: config.context,
      eosTokenId: tokenizer.specialId(IM_END),
      padTokenId: tokenizer.specialId('<|endoftext|>'),
    },
    config.seed,
  );
  // Runs of the core keep the config they were begun with, from before there were tiers.
  const recorded = tier === DEFAULT_TIER ? config : { ...config, tier };
  const run = RunFolder.open(name, recorded, { fresh, backend });
  const documents = buildCorpus(config.corpusSeed, { tier });
  console.log(`${(model.parameterCount / 1e6).toFixed(2)}M parameters, ${documents.length} documents`);

  const starts = ['<|im_start|>draw\n', 'The instrument of', 'Question: What is'];
  const { interrupted, step } = await pretrainLm({
    model,
    tokenizer,
    documents,
    run,
    config,
    sampleEvery,
    onSample: async (at) => {
      const texts: string[] = [];
      for (const start of starts) texts.push(await continuation(model, tokenizer, start, config.seed));
      writeAtomic(run.samplePath(at, 'texts.txt'), `${texts.join('\n---\n')}\n`);
    },
  });
  if (interrupted) return;
  saveEncoder(out, { model, tokenizer }, { dtype });
  const cloze = Object.fromEntries(
    SPLITS.map((split: Split) => [
      split,
      clozeAccuracy(model, tokenizer, factsOf(split).map(clozeOf)).accuracy,
    ]),
  );
  fs.writeFileSync(path.join(run.dir, 'cloze.json'), `${JSON.stringify(cloze, null, 2)}\n`);
  console.log(
    `${out}/text_encoder: ${step} steps; facts known (cloze): ${Object.entries(cloze)
      .map(([s, a]) => `${s} ${(100 * a).toFixed(0)}%`)
      .join(', ')}`,
  );
}

/** A text and how the model goes on, sampled at temperature 0.8. */
async function continuation(
  model: Qwen2,
  tokenizer: Tokenizer,
  start: string,
  seed: number,
): Promise<string> {
  const ids = tokenizer.encode(start, { allowSpecial: true });
  const inputIds = tf.tensor2d(ids, [1, ids.length], 'int32');
  const maxNewTokens = Math.min(40, model.config.maxPositionEmbeddings - ids.length);
  const out = await model.generate({ inputIds, maxNewTokens, temperature: 0.8, seed });
  tf.dispose([inputIds, out.sequences, out.logProbs]);
  return start + tokenizer.decode(out.tokenIds[0]);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
