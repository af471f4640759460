// Stories in four pictures: facts whose answer is an order of things, which prompts do not name and thoughts do.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { initBackend } from '../lib/tensor';
import {
  type Fact,
  type SceneSpec,
  artistsOf,
  captionOf,
  conceptOf,
  factsOf,
  hasWords,
  loadFacts,
  normaliseScene,
  parseCaption,
  promptsWithAnswer,
  relationTexts,
  renderScene,
  specSatisfies,
  thoughtCount,
  thoughtOf,
} from '../lib/world';
import { RandomStream } from '../lib/tensor/random';

before(async () => {
  await initBackend((process.env.T2G_BACKEND ?? 'auto') as 'auto');
});

const full = { edition: 'full' } as const;
const stories = loadFacts(full).filter(({ family }) => family === 'story');
const panelsOf = ({ scene }: Fact): SceneSpec[] => scene.panels!;

function answers(fact: Fact, scene: SceneSpec): boolean {
  return fact.criteria.answer.every((predicate) => specSatisfies(scene, predicate));
}

test('at least 140 stories of ten relations or more, in every split', () => {
  assert.ok(stories.length >= 140, `${stories.length} stories`);
  assert.ok(new Set(stories.map(({ relation }) => relation)).size >= 10);
  for (const split of ['sft', 'rl', 'validation', 'test', 'absent'] as const)
    assert.ok(
      factsOf(split, full).some(({ family }) => family === 'story'),
      split,
    );
  const answersGiven = new Set(stories.map(({ answer }) => answer));
  assert.equal(answersGiven.size, stories.length, 'two stories have one answer');
});

test('every panel is asked for, and a story with two panels swapped is wrong', () => {
  for (const fact of stories) {
    const panels = panelsOf(fact);
    assert.equal(panels.length, 4, fact.id);
    const asked = fact.criteria.answer.map((predicate) => {
      assert.equal(predicate.kind, 'panel_has', fact.id);
      return predicate.kind === 'panel_has' ? predicate.panel : 0;
    });
    assert.deepEqual([...new Set(asked)].sort(), [1, 2, 3, 4], fact.id);
    assert.ok(answers(fact, fact.scene), fact.id);
    for (let i = 0; i < 4; i++) {
      const empty = panels.map((panel, j) =>
        i === j ? { ...panel, objects: [], props: [], figure: undefined } : panel,
      );
      assert.ok(!answers(fact, { ...fact.scene, panels: empty }), `${fact.id}: panel ${i + 1} may be empty`);
    }
    const [a, b, c, d] = panels;
    const orders = [
      [b, a, c, d],
      [a, c, b, d],
      [a, b, d, c],
    ].map((order) => ({ ...fact.scene, panels: order }));
    const right = orders.filter((scene) => answers(fact, scene));
    const things = (panel: SceneSpec): string =>
      JSON.stringify(normaliseScene({ ...panel, background: 'white', time: undefined }));
    const alike = [a, b, c].filter((panel, i) => things(panel) === things([b, c, d][i])).length;
    assert.ok(right.length <= alike, `${fact.id}: the order of two panels does not count`);
  }
});

test('prompts name nothing that is drawn; a thought names it all, and leaves the caption to the refined prompt', () => {
  assert.deepEqual(
    promptsWithAnswer(full).filter((line) => line.startsWith('story')),
    [],
  );
  for (const fact of stories) {
    const concepts = panelsOf(fact).flatMap(({ objects }) => objects.map(({ concept }) => concept));
    for (let variant = 0; variant < thoughtCount(fact.relation); variant++) {
      const thought = thoughtOf(fact, fact.prompts[variant % fact.prompts.length], fact.refined, variant);
      assert.ok(
        thought.includes(fact.answer) || thought.toLowerCase().includes(fact.answer.toLowerCase()),
        thought,
      );
      assert.ok(!thought.includes(fact.refined), thought);
    }
    // The answer says each thing by its caption noun, or by the last word of it where room is short.
    for (const concept of concepts) {
      const { name, plural } = conceptOf(concept);
      const short = [name, plural].flatMap((noun) => [noun, ...noun.split(' ')]);
      assert.ok(
        short.some((noun) => hasWords(fact.answer, noun)),
        `${fact.id}: "${fact.answer}" does not say ${concept}`,
      );
    }
  }
});

test('a relation of stories has sentences that begin with the answer and thoughts that vary', () => {
  for (const relation of new Set(stories.map((fact) => fact.relation))) {
    const { sentences, thoughts } = relationTexts(full).get(relation)!;
    assert.ok(sentences.filter((text) => text.startsWith('{A}')).length >= 2, relation);
    assert.ok(sentences.filter((text) => text.indexOf('{S}') < text.indexOf('{A}')).length >= 2, relation);
    assert.ok(new Set(thoughts).size >= 4, relation);
  }
});

test('every story can be drawn by an artist and is read back from all its phrasings', () => {
  const rng = RandomStream.of(3, 'stories');
  for (const fact of stories) {
    assert.ok(artistsOf(fact.scene).length > 0, fact.id);
    const say = { style: 1, background: 1, size: 1, day: 1 };
    for (let phrasing = 0; phrasing < 6; phrasing++) {
      const caption = captionOf(fact.scene, rng, { say, phrasing });
      assert.deepEqual(normaliseScene(parseCaption(caption)!), normaliseScene(fact.scene), caption);
    }
  }
  const pixels = renderScene(stories[0].scene);
  assert.equal(pixels.length, 64 * 64 * 3);
});
