/**
 * `npm run benchmarks`: lists our benchmark sets with their counts, shows items, writes the sets as JSON lines, and
 * checks a user's own copy of WISE, T2I-ReasonBench or RISEBench.
 */
import * as path from 'node:path';
import { nonNegativeInteger, oneOf, parseCli, writeAtomic } from '../lib/checkpoint';
import {
  baselineOf,
  benchmarkItems,
  BENCHMARKS,
  countItems,
  loadRiseBench,
  loadT2iReasonBench,
  loadWise,
  SCENE_BASELINES,
  SCHEME_OF,
  setTable,
  summariseSet,
} from '../lib/evaluation';
import type { BenchmarkItem, BenchmarkName, PublicPrompt } from '../lib/evaluation';

const DEFAULTS = {
  set: 'all' as 'all' | BenchmarkName,
  samples: 1,
  questions: false,
  baselines: false,
  limit: 0,
  seed: 0,
  write: '',
  wise: [] as string[],
  t2i: [] as string[],
  rise: '',
};

function main(): void {
  const options = parseCli(DEFAULTS, {
    name: 'npm run benchmarks --',
    help:
      'Lists our own sets (test split of the full edition) with counts and samples; with --wise, --t2i or --rise\n' +
      "checks a user's own copy of a public benchmark instead. Nothing is downloaded or sent.",
    describe: {
      set: 'which set',
      samples: 'items to show of every category; 0 shows none',
      questions: 'show what the pictures are marked by',
      baselines: 'score the right scene, the most common one, and the picture before an edit',
      limit: 'most items of a set, spread evenly over its categories; 0 is all',
      seed: 'which items a limit takes',
      write: 'folder to write <set>.jsonl into, one item a line',
      wise: 'the JSON files of WISE, with commas',
      t2i: 'question files of T2I-ReasonBench (evaluation_idiom.json, ...), with commas',
      rise: 'datav2_total_w_subtask.json of RISEBench',
    },
    checks: {
      set: oneOf('all', ...BENCHMARKS),
      samples: nonNegativeInteger,
      limit: nonNegativeInteger,
      seed: nonNegativeInteger,
    },
  });
  const copies = { WISE: options.wise, 'T2I-ReasonBench': options.t2i, RISEBench: options.rise };
  if (Object.values(copies).some((files) => files.length > 0)) {
    if (options.wise.length > 0) showCopy('WISE', loadWise(options.wise));
    if (options.t2i.length > 0)
      showCopy(
        'T2I-ReasonBench',
        options.t2i.flatMap((file) => loadT2iReasonBench(file)),
      );
    if (options.rise !== '') showCopy('RISEBench', loadRiseBench(options.rise));
    return;
  }
  const { samples, questions, seed } = options;
  const limit = options.limit > 0 ? options.limit : undefined;
  for (const name of options.set === 'all' ? BENCHMARKS : [options.set]) {
    const items = benchmarkItems(name, { limit, seed });
    showSet(name, items, { samples, questions });
    if (options.baselines && items.length > 0) console.log(`\n${baselineTable(name, items)}\n`);
    if (options.write !== '') {
      const file = path.join(options.write, `${name}.jsonl`);
      writeAtomic(file, items.map((item) => `${JSON.stringify(item)}\n`).join(''));
      console.log(`  written: ${file}`);
    }
  }
}

/** What known scenes score: the upper bound, and what needs no knowledge. */
function baselineTable(name: BenchmarkName, items: readonly BenchmarkItem[]): string {
  const summaries = SCENE_BASELINES.flatMap((baseline) => {
    const scored = baselineOf(items, baseline);
    return scored.length > 0 ? [[baseline, summariseSet(scored, { scheme: SCHEME_OF[name] })] as const] : [];
  });
  return setTable(Object.fromEntries(summaries));
}

function showSet(
  name: string,
  items: readonly BenchmarkItem[],
  { samples, questions }: { samples: number; questions: boolean },
): void {
  const counts = countItems(items);
  const things = name === 'rise-like' ? 'edits' : 'facts';
  const clusters = counts.reduce((sum, count) => sum + count.clusters, 0);
  console.log(`\n${name}: ${items.length} items of ${clusters} ${things}`);
  for (const { category, items: n, clusters: own, subDomains } of counts) {
    console.log(`  ${category.padEnd(22)}${String(n).padStart(5)} of ${String(own).padStart(4)} ${things}`);
    console.log(`    ${subDomains.join(', ')}`);
    for (const item of items.filter((one) => one.category === category).slice(0, samples)) {
      console.log(`    ${item.id}\n      "${item.prompt}"`);
      if (questions)
        for (const { aspect, question } of item.criteria) console.log(`      ${aspect}: ${question}`);
    }
  }
}

function showCopy(name: string, prompts: readonly PublicPrompt[]): void {
  console.log(`\n${name}: ${prompts.length} prompts`);
  for (const category of [...new Set(prompts.map((prompt) => prompt.category))]) {
    const own = prompts.filter((prompt) => prompt.category === category);
    const asked = own.reduce((sum, { questions }) => sum + questions.length, 0);
    const subDomains = [...new Set(own.map(({ subDomain }) => subDomain))];
    console.log(`  ${category.padEnd(22)}${String(own.length).padStart(5)} prompts, ${asked} questions`);
    console.log(`    ${subDomains.join(', ')}`);
  }
  console.log(
    '  To score pictures: a PromptJudge, judgePictures, summariseSet and setTable of lib/evaluation.',
  );
}

try {
  main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
