import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import {
  canonicalCaption,
  commonEdit,
  commonResult,
  EDIT_KINDS,
  EDIT_PERCENT,
  EDIT_SPLITS,
  editDocuments,
  EditPair,
  editPictures,
  editPrompts,
  editReport,
  editRows,
  editsIn,
  editSplit,
  editsOf,
  identityEdit,
  isUnseenTemplate,
  nearestEdit,
  normaliseScene,
  parseCaption,
  readEditPrompt,
  sharedEditPrompts,
  sharedEditScenes,
  specMeets,
  sftRows,
  UNSEEN_TEMPLATES,
} from '../lib/world';

const ALL: EditPair[] = EDIT_KINDS.flatMap((kind) => [...editsOf(kind)]);
const BY_ID = new Map(ALL.map((pair) => [pair.id, pair]));

test('splits have their shares, and the test split 45 pairs of each kind or more', () => {
  assert.equal(
    EDIT_SPLITS.reduce((sum, split) => sum + editsIn(split).length, 0),
    ALL.length,
  );
  assert.ok(editsIn('test').length >= 200);
  for (const kind of EDIT_KINDS) assert.ok(editsIn('test', kind).length >= 45, kind);
  const cut = ALL.filter((pair) => !isUnseenTemplate(pair));
  for (const split of EDIT_SPLITS) {
    const percent = (100 * cut.filter((pair) => editSplit(pair) === split).length) / cut.length;
    assert.ok(Math.abs(percent - EDIT_PERCENT[split]) < 3, `${split}: ${percent}`);
  }
});

test('a change is in one split, whatever the place; unseen templates are in the test split only', () => {
  const splits = new Map<string, string>();
  for (const pair of ALL) {
    const key = `${pair.kind}/${pair.template}/${pair.change}`;
    const split = editSplit(pair);
    assert.equal(splits.get(key) ?? split, split, pair.id);
    splits.set(key, split);
    if (isUnseenTemplate(pair)) assert.equal(split, 'test', pair.id);
  }
  for (const kind of EDIT_KINDS) {
    assert.ok(UNSEEN_TEMPLATES[kind].length >= 1);
    const learnt = new Set(editsIn('sft', kind).map(({ template }) => template));
    for (const { template } of editsOf(kind))
      assert.equal(learnt.has(template), !UNSEEN_TEMPLATES[kind].includes(template), template);
  }
});

test('the same pairs are in the same splits every time', () => {
  const hash = createHash('sha256');
  for (const pair of ALL) hash.update(`${pair.id} ${editSplit(pair)}\n`);
  assert.equal(hash.digest('hex').slice(0, 16), 'ffab4c0554fcd456');
});

test('nothing of the test split is in training: no prompt, no pair of scenes, no pair of pictures', () => {
  assert.deepEqual(sharedEditPrompts(), []);
  assert.deepEqual(sharedEditScenes(), []);
  const prompts = new Set(editRows({ rowsPerEdit: 4 }).map(({ prompt }) => prompt.toLowerCase()));
  for (const { prompt, editId } of editPrompts('test')) assert.ok(!prompts.has(prompt.toLowerCase()), editId);
  const drawn = (pair: EditPair): string => {
    const { before, after } = editPictures(pair);
    return createHash('sha256').update(before).update(after).digest('hex');
  };
  const seen = new Map([...editsIn('sft'), ...editsIn('rl')].map((pair) => [drawn(pair), pair.id]));
  for (const pair of editsIn('test')) {
    const twin = seen.get(drawn(pair));
    assert.equal(twin, undefined, `${pair.id} looks like ${twin}`);
  }
});

test('rows: the refined caption is the picture after, the thought gives a reason and what is seen', () => {
  const rows = editRows();
  assert.equal(rows.length, 4 * editsIn('sft').length);
  for (const [i, { prompt, thought, refined, editId }] of rows.entries()) {
    const pair = BY_ID.get(editId) ?? assert.fail(editId);
    assert.equal(editSplit(pair), 'sft', editId);
    assert.equal(refined, canonicalCaption(pair.after), editId);
    // Reading takes a millisecond or two a caption.
    if (i % 4 === 0) {
      assert.deepEqual(parseCaption(refined), normaliseScene(pair.after), editId);
      const read = readEditPrompt(prompt);
      assert.deepEqual(read?.before, normaliseScene(pair.before), prompt);
      assert.ok(read !== null && pair.instructions.includes(read.instruction), prompt);
    }
    const reason = pair.reasons.find((words) => thought.startsWith(`${words} `));
    assert.ok(reason !== undefined && thought.length > reason.length + 8, thought);
    assert.ok(prompt.length + thought.length + refined.length <= 520, `${editId}: ${prompt}`);
  }
  assert.deepEqual(editRows(), rows);
  assert.notDeepEqual(editRows({ seed: 1 }), rows);
  const wordings = new Set(rows.map(({ prompt, thought }) => `${prompt} ${thought}`));
  assert.ok(wordings.size > 0.95 * rows.length);
  assert.ok(sftRows().every((row) => !('editId' in row)));
});

test('an edit prompt is read back even where the board has stops in it; other texts are not', () => {
  assert.equal(readEditPrompt('One cat in a meadow'), null);
  assert.equal(readEditPrompt('Something odd. Let it go.'), null);
  const read = readEditPrompt("A sudoku of '12.4/3.../...3/4..1' on a blackboard. Fill it in. Quickly.");
  assert.equal(read?.instruction, 'Fill it in. Quickly.');
  assert.equal(canonicalCaption(read.before), "a sudoku of '12.4/3.../...3/4..1' on a blackboard");
});

test('prompts for RL and for evaluation carry criteria that their scene meets and the scene before does not', () => {
  const prompts = editPrompts('rl');
  assert.ok(prompts.length >= 3 * editsIn('rl').length);
  for (const { before, scene, criteria, family, editId } of prompts) {
    const details = criteria.details.filter(({ kind }) => kind !== 'same');
    assert.ok(specMeets(scene, { answer: criteria.answer, details }), editId);
    assert.ok(!specMeets(before, { answer: criteria.answer, details: [] }), editId);
    assert.ok(editId.startsWith(family.slice('edit-'.length)));
  }
});

test('documents state reasons and never an instruction', () => {
  const documents = editDocuments();
  assert.equal(new Set(documents).size, documents.length);
  const all = documents.join('\n');
  for (const pair of editsIn('test'))
    for (const words of pair.instructions) assert.ok(!all.includes(words), `${pair.id}: ${words}`);
  for (const pair of editsIn('test', 'causal')) assert.ok(documents.includes(pair.reasons[0]), pair.id);
});

test('baselines: doing nothing is never right, copying is seldom, and never for unseen templates', () => {
  const nothing = identityEdit();
  assert.equal(nothing.byPair.size, editsIn('test').length);
  assert.ok([...nothing.byPair.values()].every((right) => !right));
  assert.equal(nothing.share, 0);
  for (const baseline of [commonEdit(), commonResult(), nearestEdit()]) {
    assert.ok(baseline.share > 0 && baseline.share < 0.35, `${baseline.share}`);
    for (const kind of EDIT_KINDS) assert.ok(baseline.byKind[kind] < 0.5, kind);
  }
  const { byPair } = commonEdit();
  for (const pair of editsIn('test')) if (isUnseenTemplate(pair)) assert.equal(byPair.get(pair.id), false);
});

test('the report prints counts, templates and baselines', () => {
  const lines = editReport();
  assert.match(lines[0], new RegExp(`edit pairs: ${ALL.length}`));
  for (const start of [...EDIT_KINDS, 'unseen templates', 'leaks', 'identity', 'nearest'])
    assert.ok(
      lines.some((line) => line.startsWith(start)),
      start,
    );
});
