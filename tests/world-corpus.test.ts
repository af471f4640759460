// The corpus and the SFT rows of the full edition, counted: size, paraphrases in both directions, captions of every
// kind, thoughts that are varied and right.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { encodeSftRow, trainBpe } from '../lib/encoder';
import { initBackend } from '../lib/tensor';
import {
  canonicalCaption,
  corpusDocuments,
  type CorpusOptions,
  corpusReport,
  factsOf,
  loadFacts,
  parseCaption,
  SFT_LIMIT,
  sftProblems,
  sftReport,
  type SftRow,
  sftRows,
  splitOf,
} from '../lib/world';

before(async () => {
  await initBackend((process.env.T2G_BACKEND ?? 'auto') as 'auto');
});

const full = { edition: 'full' } as const;
const LONGEST_ROW = 160;

test('the full corpus has five to six million tokens, and every row for fine-tuning fits 160', () => {
  const documents = corpusDocuments(0, full);
  const rows = sftRows(full);
  // As `npm run tokenizer` does: the corpus and the responses of the rows.
  const responses = rows.map(({ thought, refined }) => `${thought}\nRevised Prompt:\n${refined}`);
  const tokenizer = trainBpe([...documents.map(({ text }) => text), ...responses], { vocabSize: 4096 });
  const report = corpusReport({
    ...full,
    count: (text) => tokenizer.encode(text, { allowSpecial: true }).length,
  });
  const { kinds, perFact, facts, drawn } = report;
  assert.ok(kinds.all.tokens > 5e6 && kinds.all.tokens < 6e6, `${kinds.all.tokens} tokens`);
  assert.ok(kinds.all.unique > 0.99 * kinds.all.documents);
  assert.ok(kinds.all.longest <= LONGEST_ROW);
  assert.equal(facts, loadFacts(full).filter((fact) => splitOf(fact) !== 'absent').length);
  assert.ok(perFact.documents.least >= 30 && perFact.paraphrases.least >= 30, JSON.stringify(perFact));
  assert.ok(perFact.subjectFirst.least >= 10 && perFact.answerFirst.least >= 3, JSON.stringify(perFact));
  assert.ok(kinds.caption.tokens > 0.08 * kinds.all.tokens, 'captions have their share');
  assert.deepEqual(drawn.never, []);
  for (const phrase of [
    'a clock showing',
    'tic tac toe',
    'a sudoku of',
    'a maze of',
    'panel 1',
    'upside down',
  ])
    assert.ok(documents.filter(({ text }) => text.includes(phrase)).length > 200, phrase);
  const all = sftRows({ ...full, limit: Infinity, named: 2000 });
  for (const row of [...rows, ...all])
    assert.ok(encodeSftRow(tokenizer, row, LONGEST_ROW), JSON.stringify(row));
});

test('corpus reports are the same every time, and the amounts can be chosen', () => {
  const few: CorpusOptions = { perFact: 3, chats: 2, captions: 5, figures: 4, writing: 3, tier: 0 };
  const report = corpusReport({ ...few, seed: 1 });
  assert.deepEqual(corpusReport({ ...few, seed: 1 }), report);
  assert.equal(report.kinds.caption.documents, 12);
  assert.equal(report.kinds.all.tokens, 0);
  assert.equal(report.perFact.documents.mean, 3);
  assert.equal(report.perFact.chats.mean, 2);
  assert.ok(report.drawn.never.length > 0);
  const counted = corpusReport({ ...few, seed: 1, count: (text) => text.length });
  assert.equal(counted.kinds.fact.tokens, counted.kinds.fact.characters);
  // An option that is given as undefined is left out.
  assert.equal(
    corpusDocuments(0, { ...few, perFact: undefined }).filter(({ kind }) => kind === 'fact').length,
    454 * 32,
  );
});

test('three thousand rows for fine-tuning, spread over all facts and over the families', () => {
  const rows = sftRows(full);
  assert.deepEqual(sftRows({ ...full, limit: SFT_LIMIT }), rows);
  assert.equal(rows.length, SFT_LIMIT);
  const { facts, families, literal } = sftReport(rows, full);
  assert.equal(facts, factsOf('sft', full).length, 'every fact has a row');
  assert.equal(literal, Math.round(0.15 * SFT_LIMIT));
  for (const [family, count] of Object.entries(families)) assert.ok(count >= 150, `${family}: ${count}`);
  const key = (row: SftRow): string => JSON.stringify(row);
  const all = sftRows({ ...full, limit: Infinity });
  assert.ok(all.length > 20_000);
  const known = new Set(all.map(key));
  for (const row of rows) assert.ok(known.has(key(row)), key(row));
  const few = sftRows({ ...full, limit: 500 });
  assert.equal(few.length, 500);
  const counts = Object.values(sftReport(few, full).families);
  assert.ok(
    Math.max(...counts) - Math.min(...counts) <= 1,
    'fewer rows than facts: the same for each family',
  );
  assert.equal(sftRows({ limit: 100 }).length, 100);
  assert.throws(() => sftRows({ limit: 0 }), /limit is 0, want at least 1 row/);
  assert.throws(() => sftRows({ limit: NaN }), /limit is NaN/);
  assert.throws(() => sftRows({ literal: 1 }), /literal is 1, want 0 or more and less than 1/);
});

test('rows that only name a thing stand beside the others, cover the concepts and lead to its picture', () => {
  const rows = sftRows({ ...full, named: 4000 });
  assert.deepEqual(sftRows({ ...full, named: 4000 }), rows);
  const key = (row: SftRow): string => JSON.stringify(row);
  const others = new Set(sftRows(full).map(key));
  const named = rows.filter((row) => !others.has(key(row)));
  assert.equal(rows.length, SFT_LIMIT + 4000);
  assert.ok(named.length > 3900, `${named.length} are new`);
  for (const row of named) {
    assert.equal(row.factId, undefined);
    const scene = parseCaption(row.refined)!;
    assert.equal(canonicalCaption(scene), row.refined);
    const said = row.prompt.replace(/^(a picture of|show|draw|an image of|please show) /, '').toLowerCase();
    assert.ok(row.thought.toLowerCase().includes(said), `${row.prompt}: ${row.thought}`);
  }
  const shown = new Set(
    named.flatMap(({ refined }) => parseCaption(refined)!.objects).map(({ concept }) => concept),
  );
  assert.ok(shown.size > 700, `${shown.size} concepts`);
  assert.throws(() => sftRows({ named: -1 }), /named is -1, want an integer of 0 or more/);
  assert.throws(() => sftRows({ named: 1.5 }), /named is 1.5/);
});

test('thoughts that repeat what is asked begin with the prompt and its answer, those of two hops stay', () => {
  const facts = new Map(loadFacts(full).map((fact) => [fact.id, fact]));
  const begins = (row: SftRow): boolean => {
    const { answer, prompts } = facts.get(row.factId!)!;
    return prompts.some((prompt) =>
      row.thought.toLowerCase().startsWith(`${prompt} is ${answer}.`.toLowerCase()),
    );
  };
  const own = (restate: number): SftRow[] =>
    sftRows({ ...full, limit: Infinity, restate }).filter(({ factId }) => factId !== undefined);
  const whole = own(1);
  assert.deepEqual(
    sftProblems(
      whole.filter((row) => !begins(row)),
      full,
    ),
    [],
  );
  for (const row of whole)
    assert.equal(begins(row), facts.get(row.factId!)!.bridge === undefined, row.thought);
  const rows = own(0.8);
  const count = rows.filter(begins).length / whole.filter(begins).length;
  assert.ok(count > 0.78 && count < 0.9, `${count}: a few templates say the same`);
  assert.throws(() => sftRows({ ...full, restate: 2 }), /restate is 2, want 0 to 1/);
  assert.throws(() => sftRows({ restate: 0.5 }), /the core stay as they are, restate must be 0/);
});

test('thoughts of the full edition are varied', () => {
  const report = sftReport(sftRows(full), full);
  const thoughts = report.rows - report.literal;
  assert.ok(report.openings > 1000, `${report.openings} openings`);
  assert.ok(report.skeletons > 0.7 * thoughts, `${report.skeletons} skeletons`);
  assert.ok(report.sameSkeleton < 0.2, `${report.sameSkeleton} share a skeleton`);
  assert.equal(report.sameThought, 0);
  assert.ok(report.sentences[3] > 0.3 * thoughts);
  // The core's rows are as they were: three recall sentences and three endings.
  assert.ok(sftReport(sftRows()).sameSkeleton > 0.9);
});

test('every thought names subject and answer, ends in the refined prompt and tells nothing of other splits', () => {
  const all = sftRows({ ...full, limit: Infinity });
  assert.deepEqual(sftProblems(all, full), []);
  assert.deepEqual(sftProblems(sftRows()), []);
  const row = all.find(({ factId }) => factId !== undefined)!;
  const [held] = factsOf('test', full);
  const wrong = (change: Partial<SftRow>): string => sftProblems([{ ...row, ...change }], full).join();
  assert.equal(wrong({}), '');
  assert.match(wrong({ thought: `It is so. Show ${row.refined}.` }), /does not name/);
  assert.match(wrong({ thought: `${row.thought} Well.` }), /does not end with the refined prompt/);
  assert.match(wrong({ thought: `So {S} is it. ${row.thought}` }), /thought is "So \{S\}/);
  assert.match(wrong({ refined: 'one cat in a meadow' }), /is not the fact's scene/);
  assert.match(wrong({ refined: 'something' }), /not in the caption grammar/);
  assert.match(wrong({ prompt: 'the weather' }), /is none of the fact's/);
  assert.match(wrong({ factId: held.id }), /fact is of split test, want sft/);
  assert.match(wrong({ factId: 'nobody' }), /fact is unknown/);
  assert.match(wrong({ thought: `${held.subject}: ${held.answer}. ${row.thought}` }), /tells /);
  for (const { refined } of all.slice(0, 500)) assert.ok(parseCaption(refined));
});
