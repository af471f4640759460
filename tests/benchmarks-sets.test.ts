/** Our benchmark sets: where they come from, how many there are, how a limit spreads, and that they can be won. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import {
  baselineOf,
  BENCHMARKS,
  benchmarkItems,
  countItems,
  factItems,
  markScene,
  questionText,
  SCHEME_OF,
  setTable,
  summariseSet,
  WISE_CATEGORIES,
} from '../lib/evaluation';
import type { BenchmarkItem, BenchmarkName } from '../lib/evaluation';
import { MAX_PROMPT_CHARACTERS } from '../lib/pipeline';
import { initBackend } from '../lib/tensor';
import { EDIT_KINDS, factsOf, promptsOf, rlPrompts, splitOf } from '../lib/world';
import type { Fact, Predicate, SceneSpec } from '../lib/world';

let sets: Record<BenchmarkName, BenchmarkItem[]>;

before(async () => {
  await initBackend('cpu');
  sets = Object.fromEntries(BENCHMARKS.map((name) => [name, benchmarkItems(name)])) as typeof sets;
});

const categoriesOf = (items: readonly BenchmarkItem[]): string[] =>
  countItems(items).map((row) => row.category);

describe('the sets', () => {
  it('are as large as they must be, in the categories of their benchmark', () => {
    const wise = countItems(sets['wise-like']);
    assert.deepEqual(
      wise.map(({ category }) => category),
      WISE_CATEGORIES,
    );
    assert.ok(sets['wise-like'].length >= 600);
    assert.ok(wise.every(({ items, subDomains }) => items >= 100 && subDomains.length >= 5));
    const reason = countItems(sets['reason-like']);
    assert.deepEqual(
      reason.map(({ category }) => category),
      ['idiom', 'textual-image-design', 'entity', 'scientific'],
    );
    assert.ok(sets['reason-like'].length >= 400 && reason.every(({ items }) => items >= 90));
    assert.deepEqual(categoriesOf(sets['rise-like']), EDIT_KINDS);
    assert.ok(sets['rise-like'].length >= 200);
    assert.ok(countItems(sets['rise-like']).every(({ items }) => items >= 40));
    assert.ok(sets.maths.length >= 100 && categoriesOf(sets.maths).length >= 4);
    const stories = promptsOf('test', { edition: 'full' }).filter(({ family }) => family === 'story');
    assert.equal(sets.story.length, stories.length);
  });

  it('ask about test facts only, in words that no training prompt has', () => {
    const trained = new Set(
      [...promptsOf('sft', { edition: 'full' }), ...rlPrompts({ edition: 'full' })].map(
        ({ prompt }) => prompt,
      ),
    );
    const facts = new Map(factsOf('test', { edition: 'full' }).map((fact) => [fact.id, fact]));
    for (const item of BENCHMARKS.flatMap((name) => sets[name])) {
      assert.ok(item.prompt.length <= MAX_PROMPT_CHARACTERS, item.id);
      if (item.factId === undefined) continue;
      assert.equal(splitOf(item.factId), 'test', item.id);
      assert.ok(facts.get(item.factId)!.prompts.includes(item.prompt), item.id);
      assert.ok(!trained.has(item.prompt), item.id);
    }
  });

  it('ask about every fact once before any is asked about twice', () => {
    for (const name of ['wise-like', 'reason-like', 'maths'] as const)
      for (const category of categoriesOf(sets[name])) {
        const asked = sets[name].filter((item) => item.category === category).map((item) => item.factId);
        const first = asked.findIndex((id, i) => asked.indexOf(id) < i);
        const facts = new Set(asked).size;
        assert.equal(first < 0 ? asked.length : first, facts, `${name} ${category}`);
      }
    const wise = factsOf('test', { edition: 'full' }).filter(({ family }) => family.startsWith('wise-'));
    assert.equal(new Set(sets['wise-like'].map(({ factId }) => factId)).size, wise.length);
  });

  it('have unique ids and prompts, questions of each kind, and are the same every time', () => {
    for (const name of BENCHMARKS) {
      const items = sets[name];
      assert.equal(new Set(items.map(({ id }) => id)).size, items.length, name);
      assert.equal(new Set(items.map(({ prompt }) => prompt)).size, items.length, name);
      for (const { id, criteria, benchmark } of items) {
        assert.equal(benchmark, name);
        assert.ok(
          criteria.some(({ aspect }) => aspect === 'reason'),
          id,
        );
        assert.equal(criteria.filter(({ aspect }) => aspect === 'quality').length, 2, id);
        assert.ok(
          criteria.every(({ question }) => question.endsWith('?') && !question.includes('undefined')),
          id,
        );
      }
      assert.equal(JSON.stringify(benchmarkItems(name)), JSON.stringify(items), name);
    }
  });

  it('do not always begin with the first template of a relation', () => {
    const facts = new Map(factsOf('test', { edition: 'full' }).map((fact) => [fact.id, fact]));
    const first = sets.maths.filter(({ id }) => id.endsWith('/1'));
    const places = new Set(first.map(({ factId, prompt }) => facts.get(factId!)!.prompts.indexOf(prompt)));
    assert.ok(places.size >= 3);
  });
});

describe('a limit', () => {
  it('spreads evenly over categories and, in them, over sub-domains', () => {
    const some = benchmarkItems('wise-like', { limit: 30 });
    assert.deepEqual(
      countItems(some).map(({ items, clusters, subDomains }) => [items, clusters, subDomains.length]),
      WISE_CATEGORIES.map(() => [5, 5, 5]),
    );
    const counts = countItems(benchmarkItems('rise-like', { limit: 10 })).map(({ items }) => items);
    assert.deepEqual(
      counts.sort((a, b) => a - b),
      [2, 2, 3, 3],
    );
  });

  it('takes every fact of a small sub-domain once before it takes one twice', () => {
    const facts = new Set(
      sets['reason-like'].filter((i) => i.category === 'idiom').map(({ factId }) => factId),
    );
    const some = benchmarkItems('reason-like', { limit: 4 * facts.size });
    const idioms = some.filter((item) => item.category === 'idiom').map(({ factId }) => factId);
    assert.ok(idioms.length >= facts.size && new Set(idioms).size === facts.size);
  });

  it('takes other items with another seed, always in the order of the set', () => {
    const ids = (seed: number): string[] => benchmarkItems('maths', { limit: 20, seed }).map(({ id }) => id);
    assert.deepEqual(ids(1), ids(1));
    assert.notDeepEqual(ids(1), ids(2));
    const order = sets.maths.map(({ id }) => id);
    const places = ids(1).map((id) => order.indexOf(id));
    assert.deepEqual(
      places,
      [...places].sort((a, b) => a - b),
    );
    assert.deepEqual(benchmarkItems('maths', { limit: 1e6, seed: 5 }), sets.maths);
  });

  it('that makes no sense is refused, as is an unknown set', () => {
    assert.throws(() => benchmarkItems('maths', { limit: 0 }), /maths: limit is 0, want a positive integer/);
    assert.throws(() => benchmarkItems('maths', { limit: 1.5 }), /limit is 1.5/);
    assert.throws(
      () => benchmarkItems('wise' as BenchmarkName),
      /benchmark is "wise", want one of wise-like, /,
    );
  });
});

describe('known scenes', () => {
  it('get full marks in every metric when they are the right ones', () => {
    for (const name of BENCHMARKS) {
      const short = baselineOf(sets[name], 'reference').filter(({ metrics }) =>
        Object.values(metrics).some((value) => value !== 1),
      );
      assert.deepEqual(short, [], name);
    }
  });

  it('get nothing for an edit that leaves everything as it was', () => {
    const rows = baselineOf(sets['rise-like'], 'unchanged');
    assert.equal(rows.length, sets['rise-like'].length);
    for (const { id, category, metrics } of rows) {
      assert.equal(metrics.accuracy, 0, id);
      assert.equal(metrics.reasoning, 0, id);
      assert.equal(metrics.consistency, 1, id);
      // (0.5 + 0.3 x 5 + 0.2 x 5) / 2 = 1.5, (0.7 + 0.3 x 5) / 2 = 1.1; less 1, over 4
      assert.ok(Math.abs(metrics.score - (category === 'logical' ? 0.025 : 0.125)) < 1e-12, id);
    }
    assert.deepEqual(baselineOf(sets.maths, 'unchanged'), []);
  });

  it('get little when they are the most common ones of the relation', () => {
    for (const name of ['wise-like', 'maths'] as const) {
      const summary = summariseSet(baselineOf(sets[name], 'common'), { scheme: SCHEME_OF[name] });
      const metric = name === 'maths' ? 'accuracy' : 'answer';
      assert.ok(summary.metrics[metric].overall.high < 0.2, name);
      assert.ok(setTable({ common: summary }).includes(`| common | ${metric} | 0.`), name);
    }
  });

  it('lose what is wrong with them', () => {
    const item = sets.maths.find(({ category }) => category === 'counting')!;
    const { scene } = item;
    assert.equal(scene.text!.length, 1);
    const marks = (spec: SceneSpec): number[] => Object.values(markScene(item, spec).metrics);
    assert.deepEqual(marks(scene), [1, 1]);
    assert.deepEqual(marks({ ...scene, text: [`${scene.text![0]}1`] }), [0, 0.5]);
    assert.deepEqual(marks({ ...scene, objects: [] }), [0, 0.5]);
  });
});

describe('stories', () => {
  const panel = (concept: string): SceneSpec => ({ background: 'meadow', objects: [{ concept }] });
  const scene = (...concepts: string[]): SceneSpec => ({
    background: 'white',
    objects: [],
    panels: concepts.map(panel),
  });
  const right = scene('egg', 'chick', 'hen', 'egg');
  const fact = {
    id: 'story-hen',
    family: 'story',
    subDomain: 'life',
    relation: 'told-in-four',
    prompts: ['how a hen comes to be', 'the circle of a hen'],
    scene: right,
    criteria: {
      answer: ['egg', 'chick', 'hen', 'egg'].map((concept, i) => ({
        kind: 'panel_has',
        panel: i + 1,
        predicate: { kind: 'has', concept, count: 1 },
      })),
      details: [],
    },
  } as unknown as Fact;

  it('of any number are items, and their panels are counted one by one', () => {
    const items = factItems('story', [fact]);
    assert.deepEqual(
      items.map(({ id, category, subDomain }) => [id, category, subDomain]),
      [
        ['story/story-hen/1', 'life', 'told-in-four'],
        ['story/story-hen/2', 'life', 'told-in-four'],
      ],
    );
    const marks = (spec: SceneSpec): Record<string, number> => markScene(items[0], spec).metrics;
    assert.deepEqual(marks(right), { accuracy: 1, panels: 1 });
    assert.deepEqual(marks(scene('egg', 'chick', 'hen', 'hen')), { accuracy: 0, panels: 0.75 });
    assert.deepEqual(marks({ background: 'white', objects: [] }), { accuracy: 0, panels: 0 });
    assert.deepEqual(factItems('story', []), []);
  });
});

describe('questions', () => {
  it('say every kind of predicate in words', () => {
    const asked: [Predicate, string][] = [
      [{ kind: 'has', concept: 'violin', count: 3 }, 'Does the picture show exactly three violins?'],
      [{ kind: 'has', concept: 'violin' }, 'Does the picture show at least one violin?'],
      [{ kind: 'absent', concept: 'cat' }, 'Is the picture free of cats?'],
      [{ kind: 'background', value: 'beach' }, 'Is the place a beach?'],
      [{ kind: 'time', value: 'night' }, 'Is the place shown at night?'],
      [{ kind: 'prop', name: 'bulb', value: { on: false } }, 'Does the picture show a bulb with on no?'],
      [{ kind: 'figure', name: 'clock', value: { hour: 3 } }, 'Does the picture show a clock with hour 3?'],
      [{ kind: 'text', lines: ['X=7'] }, "Does the picture say 'X=7' on line 1?"],
      [{ kind: 'tint', concept: 'cat', value: 'blue' }, 'Is the cat blue?'],
      [{ kind: 'relation', relation: 'left of', first: 'cat', second: 'dog' }, 'Is the cat left of the dog?'],
      [
        { kind: 'slot', concept: 'cat', value: 'top-left' },
        'Is the cat at this place of the picture: top left?',
      ],
      [{ kind: 'turn', concept: 'cat', value: 90 }, 'Is the cat turned clockwise by 90 degrees?'],
      [{ kind: 'cell', at: [2, 3], value: '.' }, 'Does the cell on row 2, column 3 hold nothing?'],
      [
        { kind: 'panel_has', panel: 2, predicate: { kind: 'tint', concept: 'cat', value: 'blue' } },
        'On panel 2 of four: Is the cat blue?',
      ],
      [{ kind: 'same', what: 'rest' }, 'Is everything that was not asked for as it was before?'],
    ];
    for (const [predicate, words] of asked) assert.equal(questionText(predicate), words);
  });
});
