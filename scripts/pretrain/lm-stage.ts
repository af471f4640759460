/** The second stage of pretraining: the language model learns the corpus, facts and literal captions, from fresh weights. */
import * as path from 'node:path';
import {
  fileDigest,
  isMade,
  type ModelSize,
  recordMade,
  RunFolder,
  siCount,
  writeAtomic,
  writeJson,
} from '../../lib/checkpoint';
import {
  clozeAccuracy,
  IM_END,
  lmParameterCount,
  lmSize,
  lmTrainFlops,
  pretrainLm,
  Qwen2,
  saveEncoder,
  Tokenizer,
} from '../../lib/encoder';
import { type BackendInfo, tf } from '../../lib/tensor';
import { clozeOf, factsOf, type Split, SPLITS } from '../../lib/world';
import {
  corpusOf,
  type Keeping,
  lastOf,
  machineLine,
  secondsOf,
  tierOfChoice,
  type WorldChoice,
} from './common';

/** All numbers of the language model at a size, flat, as options of the command line. */
export function lmDefaults(size: ModelSize) {
  const { model, config } = lmSize(size);
  return {
    dtype: 'BF16' as 'F32' | 'F16' | 'BF16',
    hidden: model.hiddenSize,
    layers: model.numHiddenLayers,
    heads: model.numAttentionHeads,
    keyValueHeads: model.numKeyValueHeads ?? model.numAttentionHeads,
    intermediate: model.intermediateSize,
    conditioningLayer: model.conditioningLayer ?? model.numHiddenLayers,
    context: model.maxPositionEmbeddings ?? 192,
    sampleEvery: config.saveEvery,
    spikeFactor: 10,
    ...config,
  };
}

export type LmStageOptions = ReturnType<typeof lmDefaults> &
  WorldChoice &
  Keeping & {
    /** Name of the run folder in runs/. */
    run: string;
    /** Model folder: tokenizer/ is read, text_encoder/ written at the end. */
    out: string;
    precision: 'fp32' | 'bf16';
  };

/** Trains `out`/text_encoder, unless it is there. Returns whether it is now. */
export async function lmStage(options: LmStageOptions, backend: BackendInfo): Promise<boolean> {
  const { run: name, out, fresh, overwrite, dtype, sampleEvery, spikeFactor, tier: _, ...rest } = options;
  const tokenizerFile = path.join(out, 'tokenizer', 'tokenizer.json');
  const { documents, digest } = corpusOf(options);
  const tokenizer = Tokenizer.fromPretrained(path.dirname(tokenizerFile));
  const config = {
    ...rest,
    ...{ tier: tierOfChoice(options), corpus: digest, tokenizer: fileDigest(tokenizerFile) },
  };
  if (isMade(out, 'text_encoder', config, { fresh, overwrite })) {
    console.log(`${out}/text_encoder: done already`);
    return true;
  }
  const model = Qwen2.init(
    {
      vocabSize: tokenizer.vocabSize,
      hiddenSize: config.hidden,
      intermediateSize: config.intermediate,
      numHiddenLayers: config.layers,
      numAttentionHeads: config.heads,
      numKeyValueHeads: config.keyValueHeads,
      conditioningLayer: config.conditioningLayer,
      maxPositionEmbeddings: config.context,
      eosTokenId: tokenizer.specialId(IM_END),
      padTokenId: tokenizer.specialId('<|endoftext|>'),
    },
    config.seed,
  );
  const parameters = lmParameterCount(model.config);
  const tokens = config.steps * config.batch * config.context;
  const flops = lmTrainFlops(model.config) * tokens;
  console.log(
    `language model: ${siCount(parameters)} parameters; ${documents.length} documents; ${config.steps} steps of ` +
      `${config.batch} x ${config.context} tokens = ${siCount(tokens)}; ${siCount(flops / config.steps)}FLOP a step, ${siCount(flops)}FLOP in all`,
  );
  const run = RunFolder.open(name, config, { fresh, backend, free: ['lr', 'minLrFraction'] });
  const { interrupted, step, log } = await pretrainLm({
    model,
    tokenizer,
    documents,
    run,
    config,
    sampleEvery,
    ...(spikeFactor > 0 && { spike: { factor: spikeFactor } }),
    onSample: (at) =>
      sampleTexts(model, tokenizer, config.seed, (text) => {
        writeAtomic(run.samplePath(at, 'texts.txt'), text);
      }),
  });
  if (interrupted) return false;
  saveEncoder(out, { model, tokenizer }, { dtype });
  const known = knownFacts(model, tokenizer, options);
  writeJson(path.join(run.dir, 'cloze.json'), known);
  recordMade(out, 'text_encoder', {
    options: config,
    result: {
      ...{
        run: name,
        parameters,
        steps: step,
        tokens,
        flops,
        seconds: secondsOf(run),
        machine: machineLine(backend),
      },
      loss: lastOf(log, 'loss'),
      evalLoss: lastOf(log, 'eval_loss'),
      factsKnown: known,
      digest: fileDigest(path.join(out, 'text_encoder', 'model.safetensors')),
    },
  });
  const shares = Object.entries(known).map(([split, share]) => `${split} ${(100 * share).toFixed(0)}%`);
  console.log(`${out}/text_encoder: ${step} steps; facts known (cloze): ${shares.join(', ')}`);
  model.dispose();
  return true;
}

function knownFacts(model: Qwen2, tokenizer: Tokenizer, { edition }: WorldChoice): Record<string, number> {
  return Object.fromEntries(
    SPLITS.map((split: Split) => [
      split,
      clozeAccuracy(
        model,
        tokenizer,
        factsOf(split, { edition }).map((fact) => clozeOf(fact)),
      ).accuracy,
    ]),
  );
}

/** How the model goes on after the starts of the corpus' document styles, sampled at temperature 0.8. */
async function sampleTexts(
  model: Qwen2,
  tokenizer: Tokenizer,
  seed: number,
  keep: (text: string) => void,
): Promise<void> {
  const texts: string[] = [];
  for (const start of ['<|im_start|>draw\n', 'The instrument of', 'Question: What is']) {
    const ids = tokenizer.encode(start, { allowSpecial: true });
    const inputIds = tf.tensor2d(ids, [1, ids.length], 'int32');
    const maxNewTokens = Math.min(40, model.config.maxPositionEmbeddings - ids.length);
    const out = await model.generate({ inputIds, maxNewTokens, temperature: 0.8, seed });
    tf.dispose([inputIds, out.sequences, out.logProbs]);
    texts.push(start + tokenizer.decode(out.tokenIds[0]));
  }
  keep(`${texts.join('\n---\n')}\n`);
  console.log(
    `  writes: ${texts.map((text) => JSON.stringify(text.replace('<|im_start|>', ''))).join('  ')}`,
  );
}
