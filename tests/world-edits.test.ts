import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { RandomStream } from '../lib/tensor';
import {
  canonicalCaption,
  EDIT_FAULTS,
  EDIT_KINDS,
  editArtists,
  editPictures,
  EditPair,
  editPrompt,
  editScore,
  editsOf,
  faultyEdit,
  LEAST_REST,
  mazePaths,
  normaliseScene,
  parseCaption,
  predicateProblems,
  restShare,
  SAME_FROM,
  sameRest,
  sceneProblems,
  SceneSpec,
  specSatisfies,
  wonLine,
} from '../lib/world';
import { draftsOfTable } from '../lib/world/edits/table';

const ALL: EditPair[] = EDIT_KINDS.flatMap((kind) => [...editsOf(kind)]);
/** For what is measured in pixels: every fifth pair. */
const SOME = ALL.filter((_, i) => i % 5 === 0);

function digest(parts: Iterable<string | Uint8Array>): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex').slice(0, 16);
}

test('there are at least 900 different pairs, 200 of each kind, each asked for in three ways or more', () => {
  assert.ok(ALL.length >= 900, `${ALL.length}`);
  for (const kind of EDIT_KINDS) {
    const pairs = editsOf(kind);
    assert.ok(pairs.length >= 200, `${kind}: ${pairs.length}`);
    assert.ok(new Set(pairs.map(({ template }) => template)).size >= 20, kind);
  }
  assert.equal(new Set(ALL.map(({ id }) => id)).size, ALL.length);
  const prompts = ALL.map((pair) => pair.instructions.map((_, i) => editPrompt(pair, i)));
  for (const [i, said] of prompts.entries()) {
    assert.ok(said.length >= 3, ALL[i].id);
    assert.equal(new Set(said).size, said.length, ALL[i].id);
  }
  const all = prompts.flat();
  const twice = all.filter((prompt, i) => all.indexOf(prompt) < i);
  assert.deepEqual(twice, []);
});

test('the same pairs and pictures are made every time', () => {
  assert.equal(digest(ALL.map((pair) => JSON.stringify(pair))), 'e41e746c5af50e11');
  const pictures = ALL.filter((_, i) => i % 37 === 0).flatMap((pair) => {
    const { before, after } = editPictures(pair);
    return [before, after];
  });
  assert.equal(digest(pictures), '8d3b313930f178d9');
});

test('both scenes can be drawn and said, by the same artist', () => {
  for (const pair of ALL) {
    assert.ok(editArtists(pair).length > 0, pair.id);
    for (const scene of [pair.before, pair.after]) {
      assert.deepEqual(sceneProblems(scene), [], pair.id);
      assert.deepEqual(parseCaption(canonicalCaption(scene)), normaliseScene(scene), pair.id);
    }
    for (const words of pair.instructions) assert.match(words, /^[A-Z][^{}]*[.?]$/, pair.id);
    for (const words of pair.reasons) assert.match(words, /^[A-Z0-9][^{}]*\.$/, pair.id);
    assert.ok(pair.reasons.length >= 2, pair.id);
  }
});

test('every answer is false before and true after, every detail true of both', () => {
  for (const { id, before, after, criteria } of ALL) {
    assert.ok(criteria.answer.length > 0, id);
    for (const predicate of criteria.answer) {
      assert.deepEqual(predicateProblems(predicate), [], id);
      assert.ok(specSatisfies(after, predicate) && !specSatisfies(before, predicate), id);
    }
    for (const predicate of criteria.details) {
      assert.deepEqual(predicateProblems(predicate), [], id);
      if (predicate.kind !== 'same')
        assert.ok(specSatisfies(after, predicate) && specSatisfies(before, predicate), id);
    }
  }
});

test('the right edit scores fully; doing nothing misses the answer; doing too much misses the rest', () => {
  const rng = RandomStream.of(1, 'edit faults');
  for (const pair of SOME) {
    assert.deepEqual(editScore(pair, pair.after), { answer: 1, details: 1, same: 1 }, pair.id);
    for (const fault of EDIT_FAULTS) {
      const result = faultyEdit(pair, fault, { rng, pairs: ALL });
      if (!result) continue;
      const score = editScore(pair, result);
      if (fault === 'unchanged') assert.ok(score.answer === 0 && score.same === 1, pair.id);
      else assert.ok(score.answer < 1 || score.details < 1, `${pair.id} ${fault}`);
    }
  }
});

test('same(rest) is measured in pixels: noise is forgiven, another place is not', () => {
  const rng = RandomStream.of(2, 'rest');
  let asked = 0;
  for (const pair of SOME) {
    const { before, after, rest } = editPictures(pair);
    const wanted = pair.criteria.details.some(({ kind }) => kind === 'same');
    assert.equal(wanted, restShare(rest) >= LEAST_REST, pair.id);
    if (!wanted) continue;
    asked++;
    assert.equal(sameRest(after, before, rest), 1);
    const noisy = after.map((value) => Math.max(0, Math.min(255, Math.round(value + 8 * rng.normal()))));
    assert.ok(sameRest(noisy, before, rest) >= SAME_FROM, pair.id);
    const inverse = after.map((value) => 255 - value);
    assert.ok(sameRest(inverse, before, rest) < SAME_FROM, pair.id);
  }
  assert.ok(asked > 0.9 * SOME.length, `${asked} of ${SOME.length}`);
});

test('no instruction names the thing, or the tint of a thing, that will be seen', () => {
  for (const { id, before, after, instructions } of ALL) {
    const known = new Set(before.objects.map(({ concept }) => concept));
    const fresh = after.objects.flatMap(({ concept, tint }, i) => [
      ...(known.has(concept) ? [] : [concept]),
      ...(tint && tint !== before.objects[i]?.tint && !known.has(tint) ? [tint] : []),
    ]);
    for (const word of fresh)
      for (const words of instructions)
        assert.ok(!new RegExp(`\\b${word}\\b`, 'i').test(words), `${id}: ${words}`);
  }
});

const minutes = ({ figure }: SceneSpec): number =>
  figure?.name === 'clock' ? (figure.hour % 12) * 60 + figure.minute : NaN;
const line = ({ text = [] }: SceneSpec): string => text.join(' ');

/** The value of `7*8`, read from the left. */
function valueOf(sum: string): number {
  const [, a, sign, b] = /^(\d+)(?:([-+*/])(\d+))?$/.exec(sum) ?? assert.fail(sum);
  if (!sign) return Number(a);
  const [x, y] = [Number(a), Number(b)];
  return sign === '+' ? x + y : sign === '-' ? x - y : sign === '*' ? x * y : x / y;
}

test('what can be computed is right: clocks, sums, equations, moves, paths', () => {
  const checked: Record<string, number> = {};
  for (const { id, template, change, before, after } of ALL) {
    const span = Number(/-(?:plus|minus)-(\d+)$/.exec(change)?.[1]);
    const check: Record<string, () => boolean> = {
      clock: () => (minutes(before) + span) % 720 === minutes(after),
      'clock-before': () => (minutes(after) + span) % 720 === minutes(before),
      'mirror-clock': () => (minutes(before) + minutes(after)) % 720 === 0,
      'tic-tac-toe-win': () =>
        after.figure?.name === 'tic-tac-toe' && wonLine(after.figure.rows) === after.figure.line,
      maze: () => after.figure?.name === 'maze' && after.figure.path === mazePaths(after.figure.rows)[0],
      'sort-line': () =>
        [...line(after)].sort().join('') === [...line(before)].sort().join('') &&
        line(after)
          .split(' ')
          .every(
            (member, i, all) => i === 0 || all[i - 1].localeCompare(member, 'en', { numeric: true }) <= 0,
          ),
    };
    for (const sum of ['arithmetic', 'missing-number', 'missing-sign', 'correct-mistake'])
      check[sum] = () => {
        const [left, right] = line(after).split('=');
        return valueOf(left) === valueOf(right);
      };
    for (const step of ['equation-step', 'equation-last'])
      check[step] = () => {
        const [, a, b, c] = /^(\d+)X([-+]\d+)=(\d+)$/.exec(after.text?.[0] ?? '') ?? assert.fail(id);
        const x = (Number(c) - Number(b)) / Number(a);
        const [, second, third] = after.text ?? [];
        return second === `${a}X=${Number(a) * x}` && (third === undefined || third === `X=${x}`);
      };
    if (!check[template]) continue;
    assert.ok(check[template](), `${id}: ${canonicalCaption(before)} > ${canonicalCaption(after)}`);
    checked[template] = (checked[template] ?? 0) + 1;
  }
  assert.equal(Object.keys(checked).length, 12);
});

test('a wrong row is refused with file, template and row', () => {
  const rows = { asks: ['A.', 'B.', 'C.'], why: ['D.', 'E.'], in: ['table'] };
  const table = (row: Record<string, string>) => ({
    templates: {
      rot: { ...rows, from: 'one large {x}', to: 'one large brown {x}', rows: [{ x: 'apple' }, row] },
    },
  });
  assert.equal(draftsOfTable(table({ x: 'pear' }), 'edits.json').length, 2);
  const refused = (row: Record<string, string>, what: RegExp): void =>
    assert.throws(() => draftsOfTable(table(row), 'edits.json'), what);
  refused({ x: 'grue' }, /^Error: edits\.json: rot, row 2: "one large grue on a table" is no caption/);
  refused({ key: 'pear' }, /^Error: edits\.json: rot, row 2: .*slot \{x\} has no value/);
  refused({ x: 'pear', wy: 'It rots.' }, /^Error: edits\.json: rot, row 2: slot "wy" is in no text/);
  refused({ x: 'pear', in: 'attic' }, /^Error: edits\.json: rot, row 2: /);
});
