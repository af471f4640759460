// The two editions of the facts: the core stays as it was trained on, the full one adds to it; relations that are never
// trained on, facts of two hops, invented facts.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { encodeSftRow, trainBpe } from '../lib/encoder';
import { initBackend } from '../lib/tensor';
import {
  CONCEPTS,
  type Edition,
  FACT_FAMILIES,
  type FactRow,
  PROMPT_FAMILIES,
  RELATION_TEXTS,
  type RelationText,
  SPLITS,
  SPLIT_PERCENT,
  assignSplits,
  buildCorpus,
  buildFacts,
  canonicalCaption,
  corpusDocuments,
  editionProblems,
  factProblems,
  modelEdition,
  factsOf,
  loadFacts,
  nearestRow,
  normaliseScene,
  parseCaption,
  promptsOf,
  relationProblems,
  relationTexts,
  rlPrompts,
  sftRows,
  specMeets,
  splitOf,
  testSlices,
  unseenRelations,
} from '../lib/world';
import { bridgeProblems, pinUnseen } from '../lib/world/facts';
import { hasWords } from '../lib/world/leakage';
import { INVENTED_FILE, inventedRows, inventedText } from '../scripts/invent-facts';

before(async () => {
  await initBackend((process.env.T2G_BACKEND ?? 'auto') as 'auto');
});

const full = { edition: 'full' } as const;

function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);
}

test('the core is what checkpoints were trained on, byte for byte', () => {
  // Recorded before there were editions.
  assert.equal(loadFacts().length, 477);
  assert.equal(hashOf(loadFacts()), '40c7516c5f475a61');
  assert.equal(hashOf(loadFacts().map((fact) => [fact.id, splitOf(fact)])), 'e0f781dd389a5b84');
  assert.equal(hashOf(buildCorpus(0)), 'bd01fdba632ade6c');
  assert.equal(hashOf(sftRows()), 'e9310d2bb0f14f3c');
  assert.equal(hashOf(SPLITS.map((split) => promptsOf(split))), '723d382cc0ecf4fc');
  assert.equal(hashOf(loadFacts({ edition: 'core' })), hashOf(loadFacts()));
});

test('the full edition begins with the core, in the same splits, and cuts the rest by family', () => {
  assert.deepEqual(editionProblems(full), []);
  const core = loadFacts();
  const facts = loadFacts(full);
  assert.deepEqual(facts.slice(0, core.length), core);
  const later = facts.slice(core.length);
  const settled = new Map(core.map((fact) => [fact.id, splitOf(fact)]));
  const again = assignSplits([...later].reverse(), settled);
  for (const fact of later) assert.equal(again.get(fact.id), splitOf(fact), fact.id);
  for (const fact of core) assert.equal(splitOf(fact), settled.get(fact.id));
  for (const family of new Set(later.map((fact) => fact.family))) {
    const members = later.filter((fact) => fact.family === family);
    if (members.length < 100) continue;
    for (const split of SPLITS) {
      const share = (100 * members.filter((fact) => splitOf(fact) === split).length) / members.length;
      assert.ok(Math.abs(share - SPLIT_PERCENT[split]) < 4, `${family} ${split}: ${share}%`);
    }
  }
  const counted = SPLITS.reduce((sum, split) => sum + factsOf(split, full).length, 0);
  assert.equal(counted, facts.length);
  assert.throws(
    () => loadFacts({ edition: 'small' as Edition }),
    /edition is "small", want one of core, full/,
  );
  assert.throws(() => buildCorpus(0, { edition: 'all' as Edition }), /edition is "all"/);
  assert.throws(() => splitOf('nobody'), /fact "nobody" is unknown/);
});

test('sixteen families of prompts and the invented one', () => {
  assert.equal(PROMPT_FAMILIES.length, 16);
  assert.deepEqual(FACT_FAMILIES, [...PROMPT_FAMILIES, 'invented']);
  assert.equal(new Set(FACT_FAMILIES).size, 17);
});

test('every fact of the full edition can be drawn, said and learnt from', () => {
  const owner = new Map<string, string>();
  for (const fact of loadFacts(full)) {
    assert.deepEqual(
      factProblems(fact as FactRow).filter((problem) => !problem.startsWith('field')),
      [],
    );
    assert.ok(specMeets(fact.scene, fact.criteria), fact.id);
    const back = parseCaption(canonicalCaption(fact.scene));
    assert.ok(back, `${fact.id}: "${fact.refined}" is not in the caption grammar`);
    assert.deepEqual(normaliseScene(back), normaliseScene(fact.scene), fact.id);
    assert.ok(fact.prompts.length >= 3 && fact.statements.length >= 30, fact.id);
    for (const text of [...fact.prompts, ...fact.statements, fact.thought])
      assert.doesNotMatch(text, /[{}]/, fact.id);
    for (const prompt of fact.prompts) {
      const key = prompt.toLowerCase();
      assert.equal(owner.get(key) ?? fact.id, fact.id, `"${prompt}" is asked of two facts`);
      owner.set(key, fact.id);
    }
  }
});

test('beyond the core, no name in a subject is a word of the thing that is asked for', () => {
  for (const { id, subject, criteria } of loadFacts(full).slice(loadFacts().length))
    for (const name of (subject.match(/\b[A-Z]\p{L}+/gu) ?? []).filter((word) => word.length > 2))
      for (const predicate of criteria.answer)
        assert.ok(
          !('concept' in predicate && predicate.concept.split(' ').includes(name.toLowerCase())),
          `${id}: "${name}" gives the answer away`,
        );
});

test('the full corpus states all but the absent facts, and describes all concepts', () => {
  const documents = corpusDocuments(2, { ...full, captions: 20, figures: 0, writing: 0 });
  const counts = new Map<string, number>();
  for (const { factId } of documents) if (factId) counts.set(factId, (counts.get(factId) ?? 0) + 1);
  for (const fact of loadFacts(full))
    if (splitOf(fact) === 'absent') assert.ok(!counts.has(fact.id), fact.id);
    else assert.ok(counts.get(fact.id)! >= 30, fact.id);
  assert.ok(documents.some(({ kind, text }) => kind === 'concept' && text.includes('hippopotamus')));
});

test('relations that are never trained on', () => {
  const unseen = unseenRelations(full);
  assert.equal(unseenRelations().size, 0);
  assert.ok(unseen.size >= 2);
  const facts = loadFacts(full).filter((fact) => unseen.has(fact.relation));
  assert.ok(facts.length >= 20);
  for (const fact of facts) assert.equal(splitOf(fact), 'test', fact.id);
  const ids = new Set(facts.map((fact) => fact.id));
  for (const { factId } of [...sftRows(full), ...rlPrompts(full)]) assert.ok(!factId || !ids.has(factId));
  const slices = testSlices(full);
  for (const id of ids) assert.ok(slices.get(id)!.includes('relation unseen'), id);
  assert.equal(slices.size, factsOf('test', full).length);
  // Each family that is no edit has one, except for the stories, whose relations are all in training.
  const families = new Set(facts.map(({ family }) => family));
  const wanted = FACT_FAMILIES.filter((family) => !family.startsWith('edit-') && family !== 'story');
  assert.deepEqual([...families].sort(), [...wanted].sort());
  for (const relation of unseen) {
    const members = facts.filter((fact) => fact.relation === relation);
    const answers = new Set(members.map(({ refined }) => refined));
    assert.ok(members.length >= 8 && members.length <= 22, `${relation}: ${members.length} facts`);
    assert.ok(answers.size >= 0.6 * members.length, `${relation}: ${answers.size} answers`);
  }
  assert.match(pinUnseen([{ ...facts[0], split: 'sft' }], 'x.json')[0], /x\.json: .*pinned to sft/);
});

test('two hops: the corpus says the first one only, the thought joins both, the splits are one', () => {
  const facts = loadFacts(full);
  const hops = facts.filter((fact) => fact.via !== undefined);
  assert.ok(hops.length >= 20);
  assert.ok(hops.some((fact) => splitOf(fact) === 'test') && hops.some((fact) => splitOf(fact) === 'sft'));
  const texts = corpusDocuments(0, { ...full, captions: 0, figures: 0, writing: 0 }).map(({ text }) =>
    text.toLowerCase(),
  );
  const byId = new Map(facts.map((fact) => [fact.id, fact]));
  for (const fact of hops) {
    const target = byId.get(fact.via!)!;
    assert.equal(splitOf(fact), splitOf(target), fact.id);
    assert.equal(fact.refined, target.refined);
    const noun = fact.answer.replace(/^an? /, '');
    const about = texts.filter((text) => hasWords(text, fact.subject.toLowerCase()));
    for (const text of about) assert.ok(!hasWords(text, noun), `${fact.id}: ${text}`);
    if (splitOf(fact) === 'absent') assert.equal(about.length, 0, fact.id);
    else
      assert.ok(
        about.some((text) => hasWords(text, fact.bridge!.toLowerCase())),
        fact.id,
      );
    for (const part of [fact.subject, fact.bridge!, fact.answer])
      assert.ok(fact.thought.includes(part), fact.id);
  }
  const [fact] = hops;
  const wrong = (change: Partial<FactRow>): string =>
    bridgeProblems([...facts, { ...fact, id: 'x', ...change }]).join();
  assert.match(wrong({ via: 'nobody' }), /x: via is "nobody"/);
  assert.match(wrong({ via: fact.id }), /has two hops itself/);
  assert.match(wrong({ bridge: 'Nowhere' }), /bridge is "Nowhere", want/);
  assert.match(wrong({ answer: 'a stone' }), /answer is "a stone", but/);
  assert.throws(
    () => assignSplits([{ id: 'a', family: 'story', via: 'b' }]),
    /"a" leads to "b", which is unknown/,
  );
});

test('a wrong row of the full edition is an error that names file, row and reason', () => {
  const plain = inventedRows()[0];
  const build = (...rows: Partial<Record<keyof FactRow, unknown>>[]): (() => unknown) => {
    return () =>
      buildFacts(
        rows.map((row) => ({ ...plain, ...row }) as FactRow),
        'data/facts/full/x.json',
      );
  };
  assert.throws(
    build({ subject: 'x'.repeat(81) }),
    /full\/x\.json: row 1 .*subject has 81 characters, want at most 80/,
  );
  assert.throws(build({ names: ['y'.repeat(101)] }), /name "y+" has 101 characters/);
  assert.throws(build({}, { id: 'other' }), /row 2 \(other\): .*subject with this relation appears twice/);
  assert.throws(
    build({}, { subject: 'Nowhere' }),
    /row 2 .*id appears twice, also in data\/facts\/full\/x\.json/,
  );
  assert.throws(build({ hops: 3 }), /hops is 3, want 1 or 2/);
  assert.throws(build({ via: 'a' }), /via and bridge go together/);
  assert.throws(build({ via: 'a', bridge: 'b', hops: 2 }), /relation "inv-emblem" has no bridges/);
  assert.throws(build({ relation: 'inv-peak' }), /relation "inv-peak" needs via and bridge/);
  assert.throws(build({ family: 'fables' }), /family is "fables", want one of/);
  const [hop] = inventedRows().filter((row) => row.via);
  assert.throws(build({ ...hop, split: 'test' }), /no split/);
  assert.throws(build({ ...hop, hops: 1 }), /a fact with via has hops 2/);
});

test('relations say what is wrong with their templates', () => {
  assert.ok(relationTexts(full).size > RELATION_TEXTS.size);
  assert.deepEqual([...relationTexts(full)].slice(0, RELATION_TEXTS.size), [...RELATION_TEXTS]);
  const good = relationTexts(full).get('inv-gift')!;
  const problems = (change: object): string =>
    relationProblems({ ...good, ...change } as RelationText).join('; ');
  assert.equal(problems({}), '');
  assert.match(
    problems({ names: ['the gift'] }),
    /has 1 names, want at least 3; names: "the gift" has no \{S\}/,
  );
  assert.match(problems({ names: [...good.names, '{S} and {A}'] }), /cannot have \{A\}/);
  assert.match(problems({ describes: 'no' }), /describes is "no", want true or false/);
  assert.match(problems({ colour: 'red' }), /field "colour" is unknown/);
  assert.match(problems({ bridges: ['{S} is in {B}.'] }), /has 1 bridges.*has 0 bridgeQuestions/);
  assert.match(
    problems({ sentences: Array<string>(5).fill(`{S} ${'x'.repeat(100)} {A}`) }),
    /longer than 100/,
  );
});

test('invented facts: many, as the script writes them, with answers that no name and no habit gives away', () => {
  assert.equal(readFileSync(INVENTED_FILE, 'utf8'), inventedText());
  const rows = inventedRows();
  assert.ok(rows.length >= 240);
  const relations = new Set(rows.map((row) => row.relation));
  assert.ok(relations.size >= 12);
  const share = (members: readonly FactRow[]): number => {
    const counts = new Map<string, number>();
    for (const { answer } of members) counts.set(answer, (counts.get(answer) ?? 0) + 1);
    return Math.max(...counts.values()) / members.length;
  };
  assert.ok(share(rows) < 0.02, `${share(rows)}`);
  for (const relation of relations) {
    const members = rows.filter((row) => row.relation === relation);
    assert.ok(members.length >= 5 && share(members) < 0.15, relation);
  }
  // No name holds a noun that can be drawn, and none begins like its answer (four letters).
  const nouns = CONCEPTS.flatMap(({ name }) => name.split(' ')).filter((word) => word.length > 4);
  for (const { id, subject, answer } of rows) {
    const name = subject.split(' ').at(-1)!.toLowerCase();
    for (const noun of nouns) assert.ok(!name.includes(noun), `${id}: "${noun}"`);
    for (const word of answer.split(' '))
      assert.ok(!name.startsWith(word.slice(0, 4)) || word.length < 4, id);
  }
  const ids = new Set(rows.map((row) => row.id));
  const guessed = [...nearestRow(full).byFact].filter(([id]) => ids.has(id));
  const mean = guessed.reduce((sum, [, value]) => sum + value, 0) / guessed.length;
  assert.ok(mean < 0.1, `the nearest row is right for ${mean}`);
});

test('rows with a thought fit the context of 128 tokens with a tokenizer of their own', () => {
  const rows = sftRows(full);
  assert.equal(hashOf(sftRows(full)), hashOf(rows));
  const tenth = <T>(items: readonly T[]): T[] => items.filter((_, i) => i % 10 === 0);
  const responses = tenth(rows).map(({ thought, refined }) => `${thought}\nRevised Prompt:\n${refined}`);
  const tokenizer = trainBpe([...tenth(buildCorpus(0, full)), ...responses], { vocabSize: 4096 });
  const some = rows.filter(({ factId }, i) => factId !== undefined && i % 4 === 0);
  const long = some.filter((row) => encodeSftRow(tokenizer, row, 128) === null);
  assert.ok(long.length <= 0.002 * some.length, `${long.length} rows: ${JSON.stringify(long[0])}`);
  // What makes them fit: a caption of four panels or of several lines is not said in the thought too.
  for (const { id, scene, thought, refined } of loadFacts(full)) {
    const longCaption = scene.panels !== undefined || (scene.text ?? []).length > 1;
    assert.equal(thought.endsWith(`${refined}.`), !longCaption, `${id}: ${thought}`);
  }
});

test('a model folder says, itself or through its base, which edition it was pretrained on', () => {
  const root = mkdtempSync(join(tmpdir(), 't2g-edition-'));
  try {
    const folder = (name: string, index: object, training?: object): string => {
      const dir = join(root, name);
      mkdirSync(dir);
      writeFileSync(join(dir, 'model_index.json'), JSON.stringify(index));
      if (training) writeFileSync(join(dir, 'training.json'), JSON.stringify(training));
      return dir;
    };
    const made = (edition: string) => ({ text_encoder: { options: { edition }, result: {} } });
    assert.equal(modelEdition(folder('old', {})), 'core');
    assert.equal(modelEdition(folder('base', {}, made('full'))), 'full');
    assert.equal(modelEdition(folder('tuned', { base: '../base' })), 'full');
    assert.equal(modelEdition(folder('other', { base: '../base' }, made('core'))), 'core');
    const wrong = folder('wrong', {}, made('atlas'));
    assert.throws(() => modelEdition(wrong), /edition is "atlas", want one of core, full/);
    assert.throws(() => modelEdition(join(root, 'none')), /there is no such folder/);
  } finally {
    rmSync(root, { recursive: true });
  }
});
