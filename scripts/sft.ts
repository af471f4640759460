/** `npm run sft`: teaches the pretrained language model to think: raw prompt -> thought and refined prompt. */
import * as path from 'node:path';
import {
  fileDigest,
  fraction,
  oneOf,
  parseCli,
  positiveInteger,
  resolvePart,
  RunFolder,
  writeAtomic,
} from '../lib/checkpoint';
import { loadEncoder, rewriteAccuracy, saveEncoder, SFT_DEFAULTS, thinkMany, trainSft } from '../lib/encoder';
import { initBackend, RandomStream } from '../lib/tensor';
import {
  buildCorpus,
  captionOf,
  type Edition,
  EDITIONS,
  modelEdition,
  pickShowcase,
  promptsOf,
  randomScene,
  sftRows,
  tierOf,
} from '../lib/world';

const DEFAULTS = {
  run: 'sft',
  base: 'checkpoints/base',
  out: 'checkpoints/sft',
  fresh: false,
  dtype: 'F16' as 'F32' | 'F16' | 'BF16',
  edition: null as Edition | null,
  corpusSeed: 0,
  rowsPerFact: 10,
  rows: null as number | null,
  named: null as number | null,
  restate: null as number | null,
  captions: 4000,
  ...SFT_DEFAULTS,
};

async function main(): Promise<void> {
  const options = parseCli(DEFAULTS, {
    name: 'npm run sft --',
    help: 'Fine-tunes the language model on worked examples; resumes where it stopped.',
    describe: {
      run: 'name of the run folder in runs/',
      base: 'model folder to start from',
      out: 'model folder to write; parts it lacks come from the base',
      edition: 'facts: core or full; null: those that the base was pretrained on',
      fresh: 'begin anew, moving an earlier run of this name aside',
      rows: 'worked examples in all; null: all that there are (core 2,500, full 26,000)',
      named:
        'examples beside them that only name a thing; null: 12,000 in the full edition, none in the core',
      restate:
        'share of thoughts that begin by repeating what is asked; null: 0.8 in the full edition, 0 in the core',
      captions: 'literal captions whose hidden states are held near the base model',
      replayBatch: 'corpus windows a step, against forgetting',
      anchorBatch: 'captions a step that are held',
    },
    checks: {
      dtype: oneOf('F32', 'F16', 'BF16'),
      edition: oneOf(null, ...EDITIONS),
      named: {
        want: 'null or an integer of 0 or more',
        ok: (v) => v === null || (Number.isInteger(v) && (v as number) >= 0),
      },
      restate: { want: 'null or 0 to 1', ok: (v) => v === null || fraction.ok(v) },
      rows: { want: 'null or a positive integer', ok: (v) => v === null || positiveInteger.ok(v) },
    },
  });
  const backend = await initBackend();
  console.log(`backend: ${backend.name} (${backend.detail}), ${backend.threads} threads`);
  const { run: name, out, fresh, dtype, ...rest } = options;
  const edition = rest.edition ?? modelEdition(rest.base);
  const tier = tierOf(edition);
  const config = {
    ...rest,
    edition,
    named: rest.named ?? (edition === 'full' ? 12_000 : 0),
    restate: rest.restate ?? (edition === 'full' ? 0.8 : 0),
  };
  const { model, tokenizer } = await loadEncoder(config.base);
  // A run goes on only from the weights that it was begun with.
  const encoder = fileDigest(path.join(resolvePart(config.base, 'text_encoder'), 'model.safetensors'));
  const run = RunFolder.open(name, { ...config, encoder }, { fresh, backend });

  const { corpusSeed, rowsPerFact, named, restate } = config;
  const limit = config.rows ?? Infinity;
  const rows = sftRows({ seed: corpusSeed, limit, rowsPerFact, named, restate, edition, tier });
  const rng = RandomStream.of(config.seed, 'sft', 'captions');
  const captions = Array.from({ length: config.captions }, () => captionOf(randomScene(rng, { tier }), rng));
  const validation = promptsOf('validation', { edition });
  const showcase = pickShowcase().map(({ prompt }) => prompt);
  console.log(`${edition} edition: ${rows.length} rows, ${validation.length} validation prompts`);

  const { interrupted, step } = await trainSft({
    model,
    tokenizer,
    rows,
    documents: buildCorpus(corpusSeed, { edition, tier }),
    captions,
    run,
    config,
    evaluate: async (at) => {
      const { exactMatch, fallbackRate, finishedRate, thoughts } = await rewriteAccuracy(
        model,
        tokenizer,
        validation,
      );
      const shown = [...(await thinkMany(model, tokenizer, showcase)).flat(), ...thoughts];
      const texts = shown.map(({ prompt, text }) => `> ${prompt}\n${text}\n`);
      writeAtomic(run.samplePath(at, 'thoughts.txt'), texts.join('\n'));
      return {
        eval_exact_match: exactMatch,
        eval_fallback_rate: fallbackRate,
        eval_finished_rate: finishedRate,
      };
    },
  });
  if (interrupted) return;
  saveEncoder(out, { model, tokenizer }, { dtype, base: path.relative(out, config.base) || undefined });
  for (const [split, prompts] of [
    ['sft', promptsOf('sft', { edition })],
    ['validation', validation],
    ['test', promptsOf('test', { edition })],
  ] as const) {
    const { exactMatch, fallbackRate } = await rewriteAccuracy(model, tokenizer, prompts);
    console.log(
      `${split}: refined prompt exactly right ${(100 * exactMatch).toFixed(1)}% of ${prompts.length}, no format ${(100 * fallbackRate).toFixed(1)}%`,
    );
  }
  console.log(`${out}/text_encoder: ${step} steps`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
