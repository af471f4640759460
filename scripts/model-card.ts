/** `npm run model-card`: writes a model folder's README.md from its training.json and the results of the base suite. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import {
  flagsOf,
  type MadePart,
  madePart,
  type ModelSize,
  oneOf,
  MODEL_SIZES,
  parseCli,
  readJsonObject,
  siCount,
  writeAtomic,
} from '../lib/checkpoint';
import { duration } from '../lib/checkpoint/progress';
import {
  bestAnswerTable,
  type DistanceReport,
  distanceTable,
  type KindSummary,
  type MemorySummary,
  memoryTable,
  painterTable,
  type RecallGroup,
  recallTable,
} from '../lib/evaluation';
import { lmSize } from '../lib/encoder';
import { WORLD_DEFAULTS } from './pretrain/common';
import { ditDefaults } from './pretrain/dit-stage';
import { lmDefaults } from './pretrain/lm-stage';

const DEFAULTS = {
  model: 'checkpoints/base',
  size: 'base' as ModelSize,
  results: 'docs/results/base-suite.json',
};

const PARTS = ['tokenizer', 'text_encoder', 'transformer'] as const;
type Part = (typeof PARTS)[number];

interface Suite {
  options: { model: string; steps: number; guidance: number };
  recall?: RecallGroup[];
  painter?: KindSummary[];
  distance?: DistanceReport;
  memory?: MemorySummary[];
}

/** The command that makes a part again, with every option that is not the size's own. */
function commandOf(part: Part, { options }: MadePart, { model, size }: typeof DEFAULTS): string {
  const lm = lmSize(size).model;
  const defaults = {
    tokenizer: { ...WORLD_DEFAULTS, vocabSize: lm.vocabSize, context: lm.maxPositionEmbeddings },
    text_encoder: { ...WORLD_DEFAULTS, ...lmDefaults(size) },
    transformer: { ...WORLD_DEFAULTS, ...ditDefaults(size) },
  }[part];
  const script = { tokenizer: 'tokenizer', text_encoder: 'pretrain:lm', transformer: 'pretrain:dit' }[part];
  // The tier is said as a number in training.json, and left to the edition on the command line.
  const given = { ...options, ...(options.tier === 2 && options.edition === 'full' ? { tier: null } : {}) };
  return [`npm run ${script} -- --size ${size} --out ${model}`, ...flagsOf(defaults, given)].join(' ');
}

const LABELS: Record<Part, string> = {
  tokenizer: 'byte-level BPE tokenizer',
  text_encoder: 'language model, `Qwen2ForCausalLM`',
  transformer: 'painter, `QwenImageTransformer2DModel`',
};

/** One line a part: how large it is and what making it took. */
function computeRow(part: Part, { result }: MadePart): string {
  const number = (key: string): number => Number(result[key]);
  const seen = {
    tokenizer: () =>
      `${siCount(number('tokens'))} tokens of ${siCount(number('corpusTokens'))} in the corpus`,
    text_encoder: () => `${siCount(number('tokens'))} tokens in ${number('steps')} steps`,
    transformer: () => `${siCount(number('pictures'))} pictures in ${number('steps')} steps`,
  }[part]();
  const parameters = result.parameters === undefined ? '' : siCount(number('parameters'));
  const flops = result.flops === undefined ? '' : `${siCount(number('flops'))}FLOP`;
  const cells = [
    LABELS[part],
    parameters,
    seen,
    flops,
    duration(number('seconds')),
    String(result.machine ?? ''),
  ];
  return `| ${cells.join(' | ')} |`;
}

/** What was changed while a part was being trained, which its command alone does not repeat. */
function changesOf([part, { result }]: [Part, MadePart]): string[] {
  const changes = Array.isArray(result.changes) ? (result.changes as string[]) : [];
  return changes.length === 0
    ? []
    : [`Changed in the course of the run (${part}): ${changes.map((change) => `\`${change}\``).join('; ')}.`];
}

/** What was measured, by the same tables that the suite prints. */
function measured({ options, recall, painter, distance, memory }: Suite): string {
  const parts = [
    recall &&
      `**Facts recalled** by greedy decoding; absent facts are stated nowhere.\n\n${recallTable(recall)}`,
    painter &&
      `**Held-out captions**, ${options.steps} steps, guidance ${options.guidance}: the likeliest answer of the examiner is what was asked; corrected for the examiner's own errors on true and on wrong renders.\n\n` +
        `${bestAnswerTable(painter)}\n\nEvery question scores at least 0.5, beside the same on true renders:\n\n${painterTable(painter)}`,
    distance &&
      `**Distance** (Frechet, ${distance.features} features of the examiner, ${distance.n} pictures a set).\n\n${distanceTable(distance)}`,
    memory &&
      `**Copies**: is the nearest render the never-trained one of the caption?\n\n${memoryTable(memory)}`,
  ];
  return parts.filter(Boolean).join('\n\n');
}

function card(options: typeof DEFAULTS, made: Map<Part, MadePart>, suite: Suite): string {
  const trained = made.get('transformer')?.options ?? {};
  const artists = Array.isArray(trained.artists) ? trained.artists.join(', ') : 'unknown';
  const edition = String(made.get('text_encoder')?.options.edition ?? 'core');
  const rows = [...made].map(([part, its]) => computeRow(part, its));
  const commands = [...made].map(([part, its]) => commandOf(part, its, options));
  return `---
license: apache-2.0
language: en
pipeline_tag: text-to-image
tags: [think-then-generate, qwen2, qwen-image, diffusion-transformer, pixel-space]
---
# ${path.basename(options.model)}: knows the facts, draws literal captions, does not think
Where Think-Then-Generate (arXiv 2601.10332) starts: a language model that has read the facts but never reasons about a prompt, and a painter conditioned on its frozen states of literal captions. Made from nothing by this repository; this card is written by \`npm run model-card\` from \`training.json\` and \`${options.results}\`.

## Use
\`npm start\` compares it with the models that think; in a notebook \`await ThinkThenGenerate.fromPretrained('${options.model}')\`. In Python \`Qwen2ForCausalLM.from_pretrained("${options.model}/text_encoder")\` and \`PreTrainedTokenizerFast.from_pretrained("${options.model}/tokenizer")\`; the painter has the config and weight names of diffusers' \`QwenImageTransformer2DModel\`, with \`in_channels\` 208 = an 8x8 RGB patch and 16 waves of its place. \`npm run check:python\` opens all parts and compares numbers.

## Data
The embedded emoji world alone ([data card](../../data/README.md)): the corpus of the ${edition} edition for the language model, scenes made as they were needed for the painter (concepts up to tier ${String(trained.tier ?? 'unknown')}, drawn by ${artists}), one scene in twenty held out. No outside text, no outside weights. The art keeps its licences ([NOTICE](../../NOTICE)).

## Compute
| part | parameters | trained on | work | time | machine |
| --- | --- | --- | --- | --- | --- |
${rows.join('\n')}

\`\`\`sh
${commands.join('\n')}
\`\`\`
${[...made].flatMap(changesOf).join('\n')}

## Measured
\`npm run evaluate -- --suite base\` prints these numbers again; [docs/metrics.md](../../docs/metrics.md) says what they mean.

${measured(suite)}

## Limits
64x64 pixels, short literal English captions of this world's grammar; other words are ignored or misread. It knows what the corpus states and nothing else, and asked to reason it does not. Pictures are of things, never of people; they are for research and teaching.
`;
}

function main(): void {
  const options = parseCli(DEFAULTS, {
    name: 'npm run model-card --',
    help: "Writes a model folder's README.md: data, compute, commands, measurements, limits.",
    describe: {
      model: 'model folder with training.json',
      size: 'the size of the dial that it was made with',
      results: 'what npm run evaluate -- --suite base --results wrote',
    },
    checks: { size: oneOf(...MODEL_SIZES) },
  });
  const made = new Map<Part, MadePart>();
  for (const part of PARTS) {
    const its = madePart(options.model, part);
    if (its) made.set(part, its);
  }
  if (made.size === 0)
    throw new Error(`${options.model}: has no training.json; npm run pretrain makes a folder that has one`);
  if (!fs.existsSync(options.results))
    throw new Error(
      `${options.results}: is not there; npm run evaluate -- --suite base --model ${options.model} --results makes it`,
    );
  const suite = readJsonObject(options.results) as unknown as Suite;
  if (path.normalize(suite.options.model) !== path.normalize(options.model))
    throw new Error(`${options.results}: is about ${suite.options.model}, want ${options.model}`);
  const file = path.join(options.model, 'README.md');
  writeAtomic(file, card(options, made, suite));
  console.log(file);
}

try {
  main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
