/**
 * The facts suite: draws the prompts of a split with each model, literally and after thinking, and scores them with the
 * examiner (never with the reward judge), with bootstrap intervals over facts.
 */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { oneOf, parseCli, positiveInteger, writeJson } from '../../lib/checkpoint';
import {
  benchmarkTable,
  bootstrapDifference,
  Examiner,
  formatInterval,
  runBenchmark,
  summarise,
} from '../../lib/evaluation';
import type { BenchmarkRow, BenchmarkSummary, Mode } from '../../lib/evaluation';
import { imageGrid } from '../../lib/notebook';
import { DEFAULT_GUIDANCE, DEFAULT_STEPS, ThinkThenGenerate } from '../../lib/pipeline';
import { initBackend, RandomStream } from '../../lib/tensor';
import { EDITIONS, modelEdition, promptsOf } from '../../lib/world';
import type { Edition, Split } from '../../lib/world';

const DEFAULTS = {
  suite: 'facts' as 'facts' | 'base',
  models: ['checkpoints/base', 'checkpoints/sft', 'checkpoints/think-then-generate'],
  /** Modes of the models, in the same order: literal, think, or both joined by "+". */
  modes: ['literal', 'literal+think', 'literal+think'],
  split: 'test' as Split,
  edition: null as Edition | null,
  prompts: 120,
  steps: DEFAULT_STEPS,
  guidance: DEFAULT_GUIDANCE,
  samplesPerPrompt: 1,
  batch: 8,
  seed: 3,
  reader: 'examiner' as 'examiner' | 'templates',
  examiner: 'checkpoints/examiner',
  out: 'out/evaluation',
};

export async function evaluateFacts(): Promise<void> {
  const options = parseCli(DEFAULTS, {
    name: 'npm run evaluate --',
    help:
      'Scores models on held-out prompts with the examiner, which no training has seen. ' +
      '--suite base measures a base model instead (--suite base --help).',
    describe: {
      suite: 'facts: prompts drawn by models; base: what a base model knows and draws',
      models: 'model folders; those that are missing are skipped with a note',
      modes: 'how each is used: literal, think or literal+think',
      reader: 'who scores: the learned examiner, or template matching alone (slow; plain sprites only)',
      edition: 'facts: core or full; null: those that the first model was pretrained on',
      examiner: "the examiner's folder",
      prompts: 'how many prompts, spread over the facts; 0 uses all',
    },
    checks: {
      suite: oneOf('facts', 'base'),
      reader: oneOf('examiner', 'templates'),
      split: oneOf('test', 'validation', 'absent', 'rl', 'sft'),
      edition: oneOf(null, ...EDITIONS),
      steps: positiveInteger,
      batch: positiveInteger,
    },
  });
  if (options.modes.length !== options.models.length)
    throw new Error(`modes has ${options.modes.length} entries, want ${options.models.length} (one a model)`);
  const backend = await initBackend();
  console.log(`backend ${backend.name} (${backend.detail}, ${backend.threads} threads)`);
  const there = options.models.find((dir) => fs.existsSync(path.join(dir, 'model_index.json')));
  const edition = options.edition ?? (there ? modelEdition(there) : 'core');
  const prompts = spread(promptsOf(options.split, { edition }), options.prompts, options.seed);
  console.log(
    `${prompts.length} prompts of ${new Set(prompts.map((p) => p.factId)).size} ${options.split} facts, ${edition} edition`,
  );
  const examiner = options.reader === 'examiner' ? Examiner.fromPretrained(options.examiner) : undefined;
  const read = examiner?.scores.bind(examiner);
  const systems: Record<string, BenchmarkSummary> = {};
  const results: Record<string, BenchmarkRow[]> = {};
  fs.mkdirSync(options.out, { recursive: true });
  for (const [i, dir] of options.models.entries()) {
    if (!fs.existsSync(path.join(dir, 'model_index.json'))) {
      console.log(`${dir}: not there, skipped`);
      continue;
    }
    const pipeline = await ThinkThenGenerate.fromPretrained(dir);
    for (const mode of options.modes[i].split('+') as Mode[]) {
      if (mode !== 'think' && mode !== 'literal')
        throw new Error(`mode is "${String(mode)}", want think or literal`);
      const name = `${path.basename(dir)} (${mode})`;
      const rows = await runBenchmark(pipeline, prompts, {
        ...options,
        mode,
        read,
        onProgress: (done, total) => void process.stderr.write(`\r${name}: ${done}/${total} `),
      });
      process.stderr.write('\n');
      systems[name] = summarise(rows, options.seed);
      results[name] = rows;
      await save(options.out, { systems, results, name });
    }
    pipeline.dispose();
  }
  if (Object.keys(systems).length === 0) throw new Error('no model was there to evaluate');
  console.log(`\n${benchmarkTable(systems)}\n`);
  const names = Object.keys(results);
  for (const name of names.slice(1)) {
    const difference = bootstrapDifference(
      results[name].map((r) => r.semantic),
      results[names[0]].map((r) => r.semantic),
    );
    console.log(`${name} - ${names[0]}: ${formatInterval(difference)}`);
  }
  console.log(`\nrows, summary and pictures: ${options.out}`);
}

/** `count` prompts, one of every fact before a second of any, in an order of the seed. */
function spread<T extends { factId: string }>(all: T[], count: number, seed: number): T[] {
  const shuffled = RandomStream.of(seed, 'evaluate').shuffle([...all]);
  const seen = new Map<string, number>();
  const ranked = shuffled.map((p) => {
    const turn = seen.get(p.factId) ?? 0;
    seen.set(p.factId, turn + 1);
    return { p, turn };
  });
  ranked.sort((a, b) => a.turn - b.turn);
  return (count > 0 ? ranked.slice(0, count) : ranked).map(({ p }) => p);
}

async function save(
  out: string,
  {
    systems,
    results,
    name,
  }: { systems: Record<string, BenchmarkSummary>; results: Record<string, BenchmarkRow[]>; name: string },
): Promise<void> {
  writeJson(path.join(out, 'summary.json'), systems);
  const plain = Object.fromEntries(
    Object.entries(results).map(([key, rows]) => [key, rows.map(({ image: _, ...row }) => row)]),
  );
  writeJson(path.join(out, 'rows.json'), plain);
  const shown = results[name].slice(0, 24);
  const pictures = shown.map((r) => ({ data: r.image, label: `${r.semantic.toFixed(2)} ${r.prompt}` }));
  const file = `${name.replace(/[^\w]+/g, '-').replace(/-$/, '')}.png`;
  fs.writeFileSync(path.join(out, file), await imageGrid(pictures, { columns: 6, scale: 3 }));
}
