/**
 * Prints what the world holds: concepts by domain, tier and artist; facts of an edition by family, relation and split;
 * corpus and row sizes; leaks; baselines that a model must beat. Ends with 1 when a row is wrong or something leaks.
 * Of the full edition, which is the default, also the edits, the benchmark sets and the calibration of the readers.
 * `npm run world:report -- --edition core`
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { answerTable, benchmarkItems, BENCHMARKS, calibrationTable } from '../lib/evaluation';
import type { CalibrationReport } from '../lib/evaluation';
import {
  ARTISTS,
  CONCEPTS,
  EDITIONS,
  type Edition,
  FACT_FAMILIES,
  type Fact,
  HELD_OUT_ARTIST,
  SPLITS,
  TEST_SLICES,
  TIERS,
  absentInCorpus,
  corpusDocuments,
  editionOf,
  editionProblems,
  editReport,
  factsOf,
  familyMajority,
  leakingThoughts,
  loadFacts,
  nearestRow,
  pickShowcase,
  promptEcho,
  promptsOf,
  promptsWithAnswer,
  promptsWithHint,
  relationMajority,
  sameFacts,
  sftProblems,
  sftReport,
  sftRows,
  sharedGrams,
  sharedPrompts,
  splitOf,
  templateEcho,
  testSlices,
  toldByStories,
  unseenRelations,
} from '../lib/world';

const percent = (share: number): string => (Number.isNaN(share) ? '-' : `${(100 * share).toFixed(1)}%`);
const columns = (cells: (string | number)[], width = 11): string =>
  cells.map((cell) => String(cell).padStart(width)).join('');
const SHOWN = 12;
/** Rows longer than this do not fit a context of 128 tokens. */
const LONGEST_ROW = 330;

function readOptions(args: string[]): Edition {
  if (args.length === 0) return 'full';
  if (args.length !== 2 || args[0] !== '--edition')
    throw new Error(`world:report: options are "${args.join(' ')}", want --edition ${EDITIONS.join(' or ')}`);
  return editionOf({ edition: args[1] as Edition });
}

function concepts(): void {
  console.log(`${CONCEPTS.length} concepts\n`);
  console.log(['domain'.padEnd(10), ...TIERS.map((tier) => `tier ${tier}`.padStart(8)), '   total'].join(''));
  const domains = [...new Set(CONCEPTS.map((concept) => concept.domain))];
  for (const domain of [...domains, 'all']) {
    const members = CONCEPTS.filter((concept) => domain === 'all' || concept.domain === domain);
    const counts = TIERS.map((tier) => members.filter((concept) => concept.tier === tier).length);
    console.log(domain.padEnd(10) + columns([...counts, members.length], 8));
  }
  for (const artist of ARTISTS)
    console.log(
      artist.padEnd(10) +
        columns(
          [...TIERS, undefined].map(
            (tier) =>
              CONCEPTS.filter((c) => c.artists.includes(artist) && (tier ?? c.tier) === c.tier).length,
          ),
          8,
        ),
    );
  const heldOut = CONCEPTS.filter((concept) => concept.heldOut);
  console.log(`held out: ${HELD_OUT_ARTIST} draws ${heldOut.length}\n`);
}

function countOfSplits(facts: readonly Fact[]): number[] {
  return [...SPLITS.map((split) => facts.filter((fact) => splitOf(fact) === split).length), facts.length];
}

/** How often the most common answer occurs, as a share, and which it is. */
function mostCommon(facts: readonly Fact[]): { share: number; answer: string } {
  const counts = new Map<string, number>();
  for (const { criteria } of facts) {
    const key = criteria.answer
      .map((predicate) => (predicate.kind === 'has' ? predicate.concept : JSON.stringify(predicate)))
      .join(' + ');
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const [answer, count] = [...counts].reduce((best, entry) => (entry[1] > best[1] ? entry : best));
  return { share: count / facts.length, answer };
}

const shortened = (text: string): string => (text.length > 60 ? `${text.slice(0, 59)}…` : text);

function factCounts(edition: Edition, facts: readonly Fact[]): void {
  const relations = [...new Set(facts.map((fact) => fact.relation))];
  console.log(`edition ${edition}: ${facts.length} facts, ${relations.length} relations\n`);
  console.log('family'.padEnd(22) + columns([...SPLITS, 'total', 'majority']));
  for (const family of [...FACT_FAMILIES, 'all']) {
    const members = facts.filter((fact) => family === 'all' || fact.family === family);
    if (members.length === 0) continue;
    const { share, answer } = mostCommon(members);
    console.log(
      family.padEnd(22) + columns([...countOfSplits(members), percent(share)]) + `  ${shortened(answer)}`,
    );
  }
  console.log('prompts'.padEnd(22) + columns(SPLITS.map((split) => promptsOf(split, { edition }).length)));
  const missing = FACT_FAMILIES.filter((family) => !facts.some((fact) => fact.family === family));
  if (missing.length > 0) console.log(`families without facts: ${missing.join(', ')}`);

  const unseen = unseenRelations({ edition });
  console.log('\n' + 'relation (* test only)'.padEnd(22) + columns([...SPLITS, 'total', 'majority']));
  for (const relation of relations) {
    const members = facts.filter((fact) => fact.relation === relation);
    const { share, answer } = mostCommon(members);
    const name = `${relation}${unseen.has(relation) ? ' *' : ''}`;
    console.log(
      `${name.padEnd(22)}${columns([...countOfSplits(members), percent(share)])}  ${shortened(answer)}`,
    );
  }
  console.log(
    `relations never in SFT: ${unseen.size}, facts: ${facts.filter((fact) => unseen.has(fact.relation)).length}`,
  );
  const seenOnly = FACT_FAMILIES.filter(
    (family) =>
      facts.some((fact) => fact.family === family) &&
      !facts.some((fact) => fact.family === family && unseen.has(fact.relation)),
  );
  if (edition === 'full') console.log(`families without such a relation: ${seenOnly.join(', ') || 'none'}`);
}

function texts(edition: Edition, facts: readonly Fact[]): void {
  const statements = facts.map((fact) => fact.statements.length);
  console.log(`\nparaphrases a fact: ${Math.min(...statements)} to ${Math.max(...statements)}`);
  const few = facts.filter((fact) => fact.statements.length < 30 || fact.prompts.length < 3);
  console.log(`facts without 30 paraphrases or 3 prompts: ${few.length}`);
  const documents = corpusDocuments(0, { edition });
  for (const kind of ['fact', 'chat', 'concept', 'caption'] as const) {
    const some = documents.filter((document) => document.kind === kind);
    const characters = some.reduce((sum, document) => sum + document.text.length, 0);
    console.log(`corpus ${kind}: ${some.length} documents, ${characters} characters`);
  }
  const rows = sftRows({ edition });
  const lengths = rows.map((row) => row.prompt.length + row.thought.length + row.refined.length);
  console.log(
    `SFT: ${rows.length} rows, ${rows.filter((row) => !row.factId).length} of them literal; characters a row: ` +
      `mean ${Math.round(lengths.reduce((a, b) => a + b, 0) / rows.length)}, longest ${Math.max(...lengths)}, ` +
      `over ${LONGEST_ROW}: ${lengths.filter((length) => length > LONGEST_ROW).length}`,
  );
  const variety = sftReport(rows, { edition });
  console.log(
    `thoughts: ${variety.skeletons} forms, ${variety.openings} openings, ${percent(variety.sameSkeleton)} share ` +
      `their form within the relation; rows that say something wrong: ${sftProblems(rows, { edition }).length}`,
  );
}

function listed(title: string, found: readonly string[]): number {
  console.log(`  ${title}: ${found.length}`);
  for (const line of found.slice(0, SHOWN)) console.log(`    ${line}`);
  if (found.length > SHOWN) console.log(`    ... and ${found.length - SHOWN} more`);
  return found.length;
}

function leaks(edition: Edition): number {
  console.log('\nleaks (all must be 0):');
  const found =
    listed('prompts that name their answer', promptsWithAnswer({ edition })) +
    listed('held-out prompts that are prompts of SFT or RL', sharedPrompts({ edition })) +
    listed('facts that are in two splits by two relations', sameFacts({ edition })) +
    listed('held-out facts in thoughts of SFT', leakingThoughts({ edition })) +
    listed('absent facts in the corpus', absentInCorpus(corpusDocuments(0, { edition }), { edition }));
  console.log('to be looked at:');
  listed('stories that tell a held-out fact of another split', toldByStories({ edition }));
  listed('prompts that share a word with their answer', promptsWithHint({ edition }));
  const grams = sharedGrams({ edition });
  const telling = grams.filter(({ tells }) => tells);
  const facts = new Set(telling.map(({ factId }) => factId)).size;
  console.log(`  5-grams of test prompts in SFT or RL prompts, outside templates: ${grams.length}`);
  listed(
    `of these where copying the other fact's answer is right (${facts} test facts)`,
    telling.map(({ gram, factId, trained }) => `"${gram}": ${factId} and ${trained.join(', ')}`),
  );
  return found;
}

function baselines(edition: Edition): void {
  const test = factsOf('test', { edition });
  const slices = testSlices({ edition });
  const all = {
    'relation majority': relationMajority({ edition }),
    'family majority': familyMajority({ edition }),
    'template echo': templateEcho({ edition }),
    'nearest SFT row': nearestRow({ edition }),
    'prompt echo': promptEcho({ edition }),
  };
  const names = Object.keys(all) as (keyof typeof all)[];
  console.log('\nbaselines: share of test facts whose answer criteria hold');
  console.log('test facts of'.padEnd(22) + columns(['facts', ...names], 19));
  const line = (name: string, members: readonly Fact[]): void => {
    if (members.length === 0) return;
    const shares = names.map((key) =>
      percent(members.reduce((sum, { id }) => sum + all[key].byFact.get(id)!, 0) / members.length),
    );
    console.log(name.padEnd(22) + columns([members.length, ...shares], 19));
  };
  for (const family of FACT_FAMILIES)
    line(
      family,
      test.filter((fact) => fact.family === family),
    );
  for (const slice of TEST_SLICES)
    line(
      slice,
      test.filter(({ id }) => slices.get(id)!.includes(slice)),
    );
  line('all', test);
}

/** What the benchmark sets hold and how well the readers are calibrated. */
function examination(): void {
  console.log('\nbenchmark sets: items');
  for (const name of BENCHMARKS) {
    const items = benchmarkItems(name);
    const categories = [...new Set(items.map(({ category }) => category))].map(
      (category) => `${category} ${items.filter((item) => item.category === category).length}`,
    );
    console.log(`  ${name.padEnd(12)} ${String(items.length).padStart(5)}  ${categories.join(', ')}`);
  }
  for (const reader of READERS) {
    const file = join(__dirname, '..', 'checkpoints', reader, 'calibration.json');
    const report = JSON.parse(readFileSync(file, 'utf8')) as CalibrationReport;
    console.log(`\n${reader}, answers of held-out facts (AUC; npm run calibrate measures anew)`);
    console.log(answerTable(report));
    console.log(`\n${reader}, random scenes (AUC)\n${calibrationTable(report)}`);
  }
}

const READERS = ['judge', 'examiner'];

function main(): void {
  const edition = readOptions(process.argv.slice(2));
  const problems = editionProblems({ edition });
  if (problems.length > 0) {
    for (const problem of problems) console.error(problem);
    console.error(`edition ${edition}: ${problems.length} problems`);
    process.exitCode = 1;
    return;
  }
  concepts();
  const facts = loadFacts({ edition });
  factCounts(edition, facts);
  if (edition === 'full') for (const line of ['', ...editReport()]) console.log(line);
  texts(edition, facts);
  if (leaks(edition) > 0) process.exitCode = 1;
  baselines(edition);
  if (edition === 'full') examination();
  console.log('\nshowcase:');
  for (const { prompt, thought, refined } of pickShowcase())
    console.log(`  ${prompt} -> ${thought} -> ${refined}`);
}

main();
