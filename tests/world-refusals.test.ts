// A folder of the user's own facts: good ones join an edition, bad ones are refused with file, row, id, what was found
// and what was wanted.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, test } from 'node:test';
import {
  corpusDocuments,
  editionProblems,
  factsOf,
  loadFacts,
  promptsOf,
  sceneProblems,
  type SceneSpec,
  sftProblems,
  sftRows,
  splitOf,
} from '../lib/world';
import { editPairs } from '../lib/world/edits/criteria';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'own-facts-'));
after(() => fs.rmSync(root, { recursive: true }));

type Json = Record<string, unknown>;

const HAT: Json = {
  id: 'own-hat',
  describes: false,
  names: ['the hat of {S}', 'what {S} wears on the head', 'the headgear of {S}'],
  sentences: [
    '{S} wears {A}.',
    '{S} is never seen without {A}.',
    '{A} is what {S} wears.',
    '{S} puts on {A}.',
    '{A} is on the head of {S}.',
  ],
  questions: ['What does {S} wear?', 'Which hat does {S} have?'],
  thoughts: ['{S} wears {A}.', '{N} is {A}.', 'I recall that {N} is {A}.'],
};
const ROW: Json = {
  id: 'own-hat-aunt-mabel',
  family: 'invented',
  subDomain: 'hats',
  relation: 'own-hat',
  subject: 'Aunt Mabel of Tettersby',
  answer: 'a top hat',
  scene: { background: 'room', objects: [{ concept: 'top hat' }] },
  criteria: {
    answer: [{ kind: 'has', concept: 'top hat' }],
    details: [{ kind: 'background', value: 'room' }],
  },
  source: 'made up for this test',
};
/** A row before the bad one, so that it is row 2. */
const FIRST: Json = { ...ROW, id: 'own-hat-first', subject: 'Uncle Jorrin of Tettersby' };

let folders = 0;
function folder(files: Record<string, string | Uint8Array>): string {
  const dir = path.join(root, String(++folders));
  fs.mkdirSync(dir);
  for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(dir, name), text);
  return dir;
}
const relations = (...rows: unknown[]): string => JSON.stringify({ relations: rows });
const RELATIONS = relations(HAT);

/** What is said of a folder, which must be refused. */
function refusal(files: Record<string, string | Uint8Array>): string {
  const dir = folder(files);
  const began = Date.now();
  let message = '';
  try {
    loadFacts({ dir });
  } catch (error) {
    message = (error as Error).message;
  }
  assert.notEqual(message, '', `taken: ${JSON.stringify(files).slice(0, 300)}`);
  assert.ok(Date.now() - began < 10_000, 'refused at once');
  assert.ok(message.length < 20_000, `${message.length} characters of complaint`);
  assert.deepEqual(editionProblems({ dir }).join('\n').startsWith(message.split('\n')[0]), true);
  return message.replaceAll(`${dir}${path.sep}`, '');
}

test('good facts of a folder join the edition, with splits, corpus and rows of their own', () => {
  const names = ['Ada', 'Bob', 'Cleo', 'Dov', 'Eva', 'Finn', 'Gus', 'Hedda', 'Ivo', 'Jon', 'Kim', 'Lou'];
  const rows = names.map((name, i) => ({
    ...ROW,
    id: `own-hat-${i}`,
    subject: `${name} Tetter of Tettersby`,
    ...(i === 0 && { split: 'sft' }),
    ...(i === 1 && { split: 'absent' }),
  }));
  const dir = folder({
    'hats.json': JSON.stringify(rows),
    'relations-hats.json': RELATIONS,
    'notes.txt': '-',
  });
  assert.deepEqual(editionProblems({ dir }), []);
  assert.equal(loadFacts({ dir }).length, loadFacts().length + rows.length);
  assert.deepEqual(loadFacts({ dir }).slice(0, loadFacts().length), loadFacts());
  assert.equal(splitOf('own-hat-1'), 'absent');
  assert.ok(factsOf('test', { dir }).some(({ relation }) => relation === 'own-hat'));
  assert.ok(promptsOf('sft', { dir }).some(({ prompt }) => prompt === 'the hat of Ada Tetter of Tettersby'));
  const rowsOf = sftRows({ dir }).filter(({ factId }) => factId?.startsWith('own-hat'));
  assert.ok(rowsOf.length >= 10);
  assert.deepEqual(sftProblems(rowsOf, { dir }), []);
  const said = corpusDocuments(0, { dir, captions: 0 }).filter(({ factId }) => factId?.startsWith('own-hat'));
  assert.equal(new Set(said.map(({ factId }) => factId)).size, names.length - 1);
  // The editions themselves do not change.
  assert.ok(!loadFacts().some(({ relation }) => relation === 'own-hat'));
  assert.ok(!sftRows().some(({ factId }) => factId?.startsWith('own-hat')));
  // A file that has changed is read again.
  fs.writeFileSync(path.join(dir, 'hats.json'), JSON.stringify(rows.slice(0, 3)));
  assert.equal(loadFacts({ dir }).length, loadFacts().length + 3);
});

const but = (change: Json): string => JSON.stringify([FIRST, { ...ROW, ...change }]);
const scene = (change: Json): string => but({ scene: { ...(ROW.scene as Json), ...change } });
const objects = (...list: unknown[]): string => scene({ objects: list });
const figure = (value: Json, background = 'paper'): string =>
  scene({ objects: [], background, figure: value });
const panels = (change: Json): string =>
  scene({
    objects: [],
    background: 'white',
    panels: [0, 1, 2, 3].map(() => ({ background: 'room', objects: [{ concept: 'cat' }], ...change })),
  });
const criteria = (answer: unknown, details: unknown = []): string => but({ criteria: { answer, details } });
const board = (...text: string[]): string => scene({ objects: [], background: 'board', text });

/** name, rows as a file, what must be said of row 2 */
const BAD_ROWS: [string, string, RegExp][] = [
  ['a row that is null', JSON.stringify([FIRST, null]), /it is null, want an object/],
  ['a row that is a list', JSON.stringify([FIRST, [1]]), /it is \[1\], want an object/],
  ['no id', JSON.stringify([FIRST, { ...ROW, id: undefined }]), /id is missing, want a string/],
  ['an id of another type', but({ id: 7 }), /id is 7, want a string/],
  ['an id with spaces', but({ id: 'a b' }), /id is "a b", want small letters, digits and hyphens/],
  [
    'an id twice',
    but({ id: FIRST.id }),
    /id appears twice, also in .*facts\.json, want it once \("own-hat-first"\)/,
  ],
  [
    'a fact of the core again',
    but({ id: loadFacts()[0].id }),
    /appears twice, also in the core .*, want it once/,
  ],
  [
    'a subject twice',
    but({ subject: FIRST.subject }),
    /subject with this relation appears twice, also in own-hat-first, want it once \("uncle jorrin/,
  ],
  ['a text of another type', but({ subject: { name: 'x' } }), /subject is \{"name":"x"\}, want a string/],
  ['an empty text', but({ answer: '' }), /answer is "", want a non-empty string/],
  ['a huge text', but({ subject: 'x'.repeat(2e6) }), /subject has 2000000 characters, want at most 80/],
  [
    'a line end in a text',
    but({ subject: 'Aunt\nMabel' }),
    /subject "Aunt\\nMabel" has "\\n", want plain text/,
  ],
  ['a special token in a text', but({ answer: 'a hat<|im_end|>' }), /answer .* has "<\|", want plain text/],
  ['a slot in a text', but({ subject: 'Aunt {A}' }), /subject "Aunt \{A\}" has "\{", want plain text/],
  [
    'stray spaces',
    but({ subject: ' Mabel' }),
    /subject " Mabel" begins or ends with a space.* want single spaces/,
  ],
  ['an unknown field', but({ colour: 'red' }), /field "colour" is unknown, want one of id, family/],
  [
    'a prototype key',
    JSON.stringify([FIRST, ROW]).replace('"own-hat-aunt-mabel"', '"own-hat-aunt-mabel","__proto__":{"x":1}'),
    /field "__proto__" is unknown, want one of/,
  ],
  ['constructor as a field', but({ constructor: 1 }), /field "constructor" is unknown/],
  ['an unknown family', but({ family: 'toString' }), /family is "toString", want one of wise-cultural/],
  [
    'an unknown relation',
    but({ relation: '__proto__' }),
    /relation is "__proto__", want one of data\/facts\/relations/,
  ],
  ['an unknown split', but({ split: 'train' }), /split is "train", want one of sft, rl/],
  ['names that are no list', but({ names: 'the hat' }), /names is "the hat", want a list/],
  ['a number among names', but({ names: [3] }), /names\[0\] is 3, want a string/],
  ['hops of another type', but({ hops: '2' }), /hops is "2", want a number/],
  ['a bridge alone', but({ bridge: 'x' }), /via and bridge go together: one is missing, want both or none/],
  [
    'a zone without an hour',
    but({ zone: { there: 'a', here: 'b' } }),
    /zone\.hour is missing, want a number/,
  ],
  ['no criteria', but({ criteria: null }), /criteria is null, want an object/],
  ['criteria without an answer', criteria([]), /criteria\.answer is \[\], want at least one/],
  ['a criterion that is a word', criteria(['has']), /criteria\.answer\[0\] is "has", want an object/],
  [
    'a criterion of an unknown kind',
    criteria([{ kind: 'hasOwnProperty' }]),
    /kind "hasOwnProperty", want one of has, absent/,
  ],
  ['a criterion without its concept', criteria([{ kind: 'has' }]), /has: concept is missing, want a string/],
  [
    'a criterion of a false count',
    criteria([{ kind: 'has', concept: 'top hat', count: 'many' }]),
    /count is many, want a positive integer/,
  ],
  [
    'a criterion that does not hold',
    criteria([{ kind: 'has', concept: 'cat' }]),
    /"cat".* does not hold for the row's own scene, want one that does/,
  ],
  [
    'a criterion of edits',
    criteria([{ kind: 'same', what: 'rest' }]),
    /same\(rest\) is of edits, want one of a single scene/,
  ],
  ['a scene that is a list', but({ scene: [] }), /scene is \[\], want an object/],
  [
    'a scene without objects',
    but({ scene: { background: 'room' } }),
    /scene: objects is missing, want a list/,
  ],
  [
    'a scene with an unknown field',
    scene({ weather: 'rain' }),
    /scene: field "weather" is unknown, want one of style, background/,
  ],
  [
    'an unknown background',
    scene({ background: 'attic' }),
    /scene: background is "attic", want one of white/,
  ],
  [
    'an unknown concept',
    objects({ concept: 'violn' }),
    /scene: objects\[0\]\.concept "violn" is unknown, nearest: violin/,
  ],
  [
    'a huge concept',
    objects({ concept: 'violn'.repeat(1e5) }),
    /concept "violn.*\(500002 characters\) is unknown/,
  ],
  ['an object that is null', objects(null), /scene: objects\[0\] is null, want an object/],
  ['a concept of another type', objects({ concept: 5 }), /scene: objects\[0\]\.concept is 5, want a string/],
  [
    'too many objects',
    objects(...['cat', 'dog', 'cow', 'pig'].map((concept) => ({ concept }))),
    /scene: objects has 4 kinds, want at most 3/,
  ],
  ['too many of one', objects({ concept: 'cat', count: 9 }), /count is 9, want an integer from 1 to 5/],
  [
    'no room',
    objects({ concept: 'cat', count: 3, size: 'large' }),
    /3 large cat do not fit .*, want at most/,
  ],
  [
    'a time where there is none',
    scene({ background: 'white', time: 'night' }),
    /time is "night", but background "white" has no time of day, want none/,
  ],
  [
    'a style of an artist who has not drawn it',
    scene({ style: 'openmoji' }),
    /style is "openmoji", want one of noto/,
  ],
  ['two props', scene({ props: [{ name: 'puddle' }, { name: 'puddle' }] }), /props has 2, want at most 1/],
  [
    'an unknown prop',
    scene({ props: [{ name: 'constructor' }] }),
    /props\[0\]\.name is "constructor", want one of beaker/,
  ],
  ['text that is a word', scene({ text: 'HAT' }), /scene: text is "HAT", want a list/],
  ['too many lines', board('A', 'B', 'C', 'D', 'E'), /text has 5 lines, want at most 4/],
  [
    'a line that is too long',
    board('ABCDEFGHIJ'),
    /text line 1 "ABCDEFGHIJ" has 10 characters, want at most 8/,
  ],
  ['glyphs that are not there', board('Hüt'), /text line 1 "Hüt" has "ü", want A-Z 0-9/],
  [
    'a clock at 25',
    figure({ name: 'clock', hour: 25, minute: 0 }),
    /figure\.hour is 25, want an integer from 1 to 12/,
  ],
  [
    'a sudoku with a number twice',
    figure({ name: 'sudoku', rows: ['11..', '....', '....', '....'] }),
    /1 stands twice in row 1, want each number once/,
  ],
  [
    'a board with too many X',
    figure({ name: 'tic-tac-toe', rows: ['XXX', 'X..', '...'] }),
    /has 4 X and 0 O, want numbers that differ/,
  ],
  ['a maze that is no list', figure({ name: 'maze', rows: 'RRRD' }), /figure\.rows is "RRRD", want a list/],
  [
    'three panels',
    scene({ objects: [], background: 'white', panels: [{ background: 'room', objects: [] }] }),
    /panels has 1 scenes, want 4/,
  ],
  ['panels in a panel', panels({ panels: [] }), /panels\[0\]: panels in a panel, want a scene without/],
  ['a panel with an unknown field', panels({ __proto: 1 }), /field "panels\[0\]\.__proto" is unknown/],
];

test('bad rows are refused with file, row, id, what was found and what was wanted', () => {
  for (const [name, rows, reason] of BAD_ROWS) {
    const message = refusal({ 'facts.json': rows, 'relations-own.json': RELATIONS });
    const line = message.split('\n').find((each) => each.includes('row 2'));
    assert.ok(line, `${name}: ${message}`);
    assert.match(line, /^facts\.json: row 2 \(.+?\): .*(want|nearest:) /s, name);
    assert.match(line, reason, name);
    if (rows.includes('"own-hat-aunt-mabel"')) assert.match(line, /row 2 \(own-hat-aunt-mabel\)/, name);
    assert.ok(!message.includes('row 1 ('), `${name}: row 1 is good`);
  }
});

const GOOD = JSON.stringify([FIRST]);
const relation = (change: Json): Record<string, string> => ({
  'facts.json': GOOD,
  'relations-own.json': relations({ ...HAT, id: 'own-other' }, { ...HAT, ...change }),
});
const facts = (text: string | Uint8Array): Record<string, string | Uint8Array> => ({
  'facts.json': text,
  'relations-own.json': RELATIONS,
});

/** name, files, what must be said */
const BAD_FILES: [string, Record<string, string | Uint8Array>, RegExp][] = [
  ['no facts', { 'relations-own.json': RELATIONS }, /holds no facts, want at least one \.json file/],
  ['an empty file', facts(''), /^facts\.json: line 1, column 1: the end of the file, want a value/],
  ['not JSON', facts('id,subject\n1,2'), /^facts\.json: line 1, column 1: "i", want a value/],
  [
    'a row cut short',
    facts(`[\n${JSON.stringify(FIRST)},\n{"id": "x", "fam`),
    /^facts\.json: line 3, column 13: "\\"", want a string that ends/,
  ],
  [
    'a comma too many',
    facts(`[\n${JSON.stringify(FIRST)},\n]`),
    /^facts\.json: line 3, column 1: "\]", want a value/,
  ],
  ['a key without quotes', facts('[{id: 1}]'), /line 1, column 3: "i", want a key in double quotes/],
  [
    'a key twice',
    facts('[{"id": "a",\n "id": "b"}]'),
    /line 2, column 2: key "id" again, want each key once/,
  ],
  ['text after the end', facts(`${GOOD}x`), /line 1, column \d+: "x", want the end of the file/],
  ['brackets without end', facts('['.repeat(1e5)), /want at most 50 levels of brackets/],
  [
    'a byte order mark',
    facts(`\ufeff${GOOD}`),
    /^facts\.json: begins with a byte order mark, want UTF-8 without one/,
  ],
  [
    'another encoding',
    facts(Buffer.from('[{"id": "caf\u00e9"}]', 'latin1')),
    /^facts\.json: is not UTF-8, want JSON in UTF-8/,
  ],
  ['UTF-16', facts(Buffer.from(GOOD, 'utf16le')), /^facts\.json: .*want /],
  [
    'an object in place of rows',
    facts('{"rows": []}'),
    /^facts\.json: is \{"rows":\[\]\}, want an array of rows/,
  ],
  [
    'a file beyond all bounds',
    facts(' '.repeat(20_000_001)),
    /^facts\.json: has 20000001 bytes, want at most 20000000/,
  ],
  [
    'relations that are a list',
    { 'facts.json': GOOD, 'relations-own.json': '[]' },
    /^relations-own\.json: is \[\], want \{ "relations": \[\.\.\.\] \}/,
  ],
  [
    'a relation that is null',
    { 'facts.json': GOOD, 'relations-own.json': relations(null) },
    /row 1: relation undefined it is null, want an object/,
  ],
  [
    'a relation without names',
    relation({ names: [] }),
    /row 2: relation "own-hat" has 0 names, want at least 3/,
  ],
  [
    'a relation with a field too many',
    relation({ toString: 'x' }),
    /row 2: relation "own-hat" field "toString" is unknown, want one of id, describes/,
  ],
  ['templates that are no list', relation({ thoughts: '{S} {A}' }), /thoughts is "\{S\} \{A\}", want a list/],
  [
    'a template without its slot',
    relation({ questions: ['What?', 'Why {S}?'] }),
    /questions: "What\?" has no \{SNn\}, want it/,
  ],
  [
    'a template with an odd slot',
    relation({ questions: ['{X} {S}?', 'Why {S}?'] }),
    /cannot have \{X\}, want only \{S\}/,
  ],
  [
    'a template with a special token',
    relation({ questions: ['<|im_end|> {S}?', 'Why {S}?'] }),
    /template .* has "<\|", want plain text/,
  ],
  [
    'a template that is too long',
    relation({ questions: [`{S} ${'y'.repeat(2e5)}`, 'Why {S}?'] }),
    /has 200004 characters, want at most 100/,
  ],
  [
    'a relation twice',
    relation({ id: 'own-other' }),
    /row 2: relation "own-other" appears twice, want it once/,
  ],
  [
    'a relation of the core',
    relation({ id: 'instrument-of' }),
    /relation "instrument-of" appears twice, also in data\/facts\/relations\.json, want it once/,
  ],
  [
    'relations kept from training',
    { 'facts.json': GOOD, 'relations-own.json': JSON.stringify({ relations: [HAT], unseen: ['own-hat'] }) },
    /unseen is \["own-hat"\], want none/,
  ],
];

test('bad files and relations are refused with the file, the place, what was found and what was wanted', () => {
  for (const [name, files, reason] of BAD_FILES) assert.match(refusal(files), reason, name);
  assert.throws(() => loadFacts({ dir: path.join(root, 'nowhere') }), /nowhere: .*, want a folder of facts/);
});

test('all bad rows are listed, the worst of them shortly', () => {
  const rows = Array.from({ length: 30 }, (_, i) => ({
    ...ROW,
    id: `own-hat-${i}`,
    subject: `Aunt ${i}`,
    family: 'x',
  }));
  const dir = folder({ 'facts.json': JSON.stringify(rows), 'relations-own.json': RELATIONS });
  assert.equal(editionProblems({ dir }).length, 30);
  assert.throws(() => loadFacts({ dir }), /\n\.\.\. and 20 more$/);
  const many = objects(...Array.from({ length: 1000 }, () => 7));
  assert.match(refusal({ 'facts.json': many, 'relations-own.json': RELATIONS }), /; and 990 more/);
});

test('scenes of any form are refused in words, never by a crash', () => {
  const odd: unknown[] = [null, undefined, 3, 'room', [], {}, { background: 3, objects: 'x' }];
  const values: unknown[] = [
    null,
    3,
    'x',
    true,
    [],
    {},
    [null],
    [[]],
    { name: 'x' },
    { name: '__proto__' },
    -1,
    NaN,
  ];
  for (const field of [
    'style',
    'background',
    'time',
    'objects',
    'props',
    'text',
    'relation',
    'figure',
    'panels',
  ])
    for (const value of values) odd.push({ background: 'white', objects: [], [field]: value });
  for (const field of ['concept', 'count', 'size', 'tint', 'slot', 'flip', 'turn'])
    for (const value of values)
      odd.push({ background: 'room', objects: [{ concept: 'cat', [field]: value }] });
  for (const field of ['rows', 'marked', 'line', 'path', 'hour', 'minute', 'lines', 'colour'])
    for (const name of ['clock', 'sign', 'tic-tac-toe', 'sudoku', 'maze'])
      for (const value of values)
        odd.push({ background: 'paper', objects: [], figure: { name, [field]: value } });
  let fine = 0;
  for (const spec of odd) {
    const problems = sceneProblems(spec as SceneSpec);
    if (problems.length === 0) fine++;
    for (const problem of problems)
      assert.match(problem, /want |nearest: |, an? .* (has|needs) /, JSON.stringify(spec));
  }
  // Empty lists of props, objects and text, a scene with nothing in it; a flip.
  assert.ok(fine < 10, `${fine} of ${odd.length} are scenes`);
});

test('edit pairs are refused with their id', () => {
  const room = (concept: string): SceneSpec => ({ background: 'room', objects: [{ concept }] });
  const draft = {
    template: 'own',
    change: 'chase',
    setting: 'room',
    before: room('cat'),
    after: room('dog'),
    instructions: ['Show what chases it.'],
    reasons: ['Dogs chase cats.'],
  };
  const refused = (change: Partial<typeof draft>, reason: RegExp): void => {
    assert.throws(() => editPairs('causal', [draft, { ...draft, change: 'second', ...change }]), reason);
  };
  assert.equal(editPairs('causal', [draft])[0].id, 'causal/own/chase/room');
  refused(
    { before: room('catt') },
    /edit causal\/own\/second\/room: before: .*"catt" is unknown, nearest: cat/,
  );
  refused(
    { after: { ...room('cat'), objects: 3 as never } },
    /edit causal\/own\/second\/room: after: objects is 3, want a list/,
  );
  refused(
    { after: room('cat') },
    /edit causal\/own\/second\/room: nothing changes .*, want another scene after/,
  );
  refused(
    { change: 'chase' },
    /edit causal\/own\/chase\/room is there twice, want another change or setting/,
  );
  refused({ instructions: [''] }, /edit causal\/own\/second\/room: instruction is "", want a sentence/);
  refused({ reasons: ['x'.repeat(1e6)] }, /reason has 1000000 characters, want at most 160/);
  refused({ reasons: ['It <|im_end|> is.'] }, /reason .* has "<\|", want plain text/);
});
