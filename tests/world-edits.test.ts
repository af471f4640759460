import assert from 'node:assert/strict';
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
  normaliseScene,
  parseCaption,
  predicateProblems,
  restShare,
  SAME_FROM,
  sameRest,
  sceneProblems,
  specSatisfies,
} from '../lib/world';

const ALL: EditPair[] = EDIT_KINDS.flatMap((kind) => [...editsOf(kind)]);

test('there are at least fifty different pairs of each kind, from several templates', () => {
  for (const kind of EDIT_KINDS) {
    const pairs = editsOf(kind);
    assert.ok(pairs.length >= 50, `${kind}: ${pairs.length}`);
    assert.equal(
      new Set(pairs.map((pair) => JSON.stringify([pair.before, pair.instruction]))).size,
      pairs.length,
    );
    assert.ok(new Set(pairs.map(({ template }) => template)).size >= 6, kind);
  }
  assert.equal(new Set(ALL.map(({ id }) => id)).size, ALL.length);
});

test('both scenes can be drawn and said, by the same artist', () => {
  for (const pair of ALL) {
    assert.ok(editArtists(pair).length > 0, pair.id);
    for (const scene of [pair.before, pair.after]) {
      assert.deepEqual(sceneProblems(scene), [], pair.id);
      assert.deepEqual(parseCaption(canonicalCaption(scene)), normaliseScene(scene), pair.id);
    }
    assert.match(pair.instruction, /^[A-Z].*\.$/);
    assert.match(pair.reason, /^[A-Z0-9].*\.$/);
    assert.ok(editPrompt(pair).endsWith(pair.instruction));
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
  for (const pair of ALL) {
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
  for (const pair of ALL) {
    const { before, after, rest } = editPictures(pair);
    const wanted = pair.criteria.details.some(({ kind }) => kind === 'same');
    assert.equal(wanted, restShare(rest) >= LEAST_REST, pair.id);
    if (!wanted) continue;
    asked++;
    assert.equal(sameRest(after, before, rest), 1);
    const noisy = after.map((value) => Math.max(0, Math.min(255, Math.round(value + 8 * rng.normal()))));
    assert.ok(sameRest(noisy, before, rest) >= SAME_FROM, pair.id);
    assert.ok(
      sameRest(
        after.map((value) => 255 - value),
        before,
        rest,
      ) < SAME_FROM,
      pair.id,
    );
  }
  assert.ok(asked > 0.9 * ALL.length);
});

test('no instruction names the thing that will be seen', () => {
  for (const { id, before, after, instruction } of ALL) {
    const known = new Set(before.objects.map(({ concept }) => concept));
    for (const { concept } of after.objects)
      if (!known.has(concept))
        assert.ok(!new RegExp(`\\b${concept}\\b`, 'i').test(instruction), `${id}: ${instruction}`);
  }
});
