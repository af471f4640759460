/** How readings of pictures become grades, and drawing and scoring a set from end to end. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import {
  benchmarkItems,
  markPicture,
  pipelineDrawer,
  questionsOf,
  readTemplate,
  runBenchmarkSet,
} from '../lib/evaluation';
import type { BenchmarkItem, BenchmarkReader, Drawer, PipelineLike } from '../lib/evaluation';
import type { ThinkThenGenerate } from '../lib/pipeline';
import type { SceneReading } from '../lib/rewards';
import { initBackend } from '../lib/tensor';
import { countOf, editPictures, layoutScene, renderScene, specSatisfies } from '../lib/world';
import type { Criteria, Predicate, SceneSpec } from '../lib/world';

before(async () => {
  await initBackend('cpu');
});

const near = (found: number, wanted: number, what = ''): void =>
  assert.ok(Math.abs(found - wanted) < 1e-12, `${what} ${found}, want ${wanted}`);

/** A reader that knows the scene: what an ideal one would say of the plain kinds of predicates. */
function idealReading(spec: SceneSpec): SceneReading {
  const yes = (predicate: Predicate): number => (specSatisfies(spec, predicate) ? 1 : 0);
  const written = (row: number): string => (spec.text?.[row] ?? '').padEnd(8);
  const reading: Partial<SceneReading> = {
    has: (concept) => yes({ kind: 'has', concept }),
    counts: (concept) => [1, 2, 3, 4, 5].map((n) => (countOf(spec, concept) === n ? 1 : 0)),
    tint: (concept, value) => yes({ kind: 'tint', concept, value } as Predicate),
    size: (concept, value) => yes({ kind: 'size', concept, value } as Predicate),
    choice: (name, value) =>
      name === 'prop'
        ? yes({ kind: 'prop', name: value } as Predicate)
        : name.includes('.')
          ? String((spec.props?.[0] as unknown as Record<string, unknown>)?.[name.split('.')[1]]) === value
            ? 1
            : 0
          : yes({ kind: name, value } as Predicate),
    place: (concept) => {
      const own = layoutScene(spec).sprites.filter((sprite) => sprite.concept === concept);
      const mean = (axis: 'x' | 'y'): number =>
        own.reduce((sum, sprite) => sum + sprite[axis] + sprite.px / 2, 0) / own.length / 64;
      return { x: mean('x'), y: mean('y') };
    },
    text: (lines) => {
      const asked = lines.flatMap((line, row) => [...line].map((c, column) => c === written(row)[column]));
      return asked.filter(Boolean).length / asked.length;
    },
  };
  return reading as SceneReading;
}

function itemOf(benchmark: BenchmarkItem['benchmark'], category: string, criteria: Criteria): BenchmarkItem {
  const scene: SceneSpec = { background: 'white', objects: [] };
  return {
    id: `${benchmark}/test/1`,
    benchmark,
    category,
    subDomain: 'test',
    prompt: 'a test',
    criteria: questionsOf(criteria),
    factId: 'test',
    scene,
  };
}

describe('grades from readings', () => {
  const violin: Criteria = {
    answer: [{ kind: 'has', concept: 'violin' }],
    details: [
      { kind: 'has', concept: 'violin', count: 1 },
      { kind: 'background', value: 'room' },
    ],
  };
  const inRoom = (count: 1 | 2, background: 'room' | 'city' = 'room'): SceneSpec => ({
    background,
    objects: [{ concept: 'violin', count }],
  });
  const marked = (item: BenchmarkItem, spec: SceneSpec, soundness = 1, aesthetic?: number) =>
    markPicture(item, { scene: idealReading(spec), soundness, aesthetic });

  it('WISE: 2 for all, 1 for the answers, 0 without', () => {
    const item = itemOf('wise-like', 'cultural', violin);
    const scores = (spec: SceneSpec, soundness?: number, aesthetic?: number) =>
      marked(item, spec, soundness, aesthetic).metrics;
    assert.deepEqual(scores(inRoom(1)), {
      wiScore: 1,
      consistency: 1,
      realism: 1,
      aesthetic: 1,
      answer: 1,
    });
    // (0.7 x 1 + 0.2 x 2 + 0.1 x 2) / 2
    near(scores(inRoom(2)).wiScore, 0.65);
    near(scores(inRoom(1, 'city')).wiScore, 0.65);
    // (0.7 x 0 + 0.2 x 1 + 0.1 x 0) / 2: half sound, ugly, no violin
    near(scores({ background: 'room', objects: [{ concept: 'cat' }] }, 0.5, 0.3).wiScore, 0.1);
    assert.equal(scores({ background: 'room', objects: [] }).answer, 0);
  });

  it('T2I: partially is the thing without what is said of it', () => {
    const item = itemOf('reason-like', 'entity', violin);
    const { answers, metrics } = marked(item, inRoom(2, 'city'), 0.6);
    assert.deepEqual(
      answers.map(({ answer }) => answer),
      [1, 0.5, 0, 0.5, 0.5],
    );
    near(metrics.accuracy, 0.7 * 1 + 0.3 * 0.25);
    assert.equal(metrics.quality, 0.5);
    const partial: [Criteria['answer'][0], SceneSpec][] = [
      [{ kind: 'tint', concept: 'violin', value: 'blue' }, inRoom(1)],
      [{ kind: 'size', concept: 'violin', value: 'small' }, inRoom(1)],
      [
        { kind: 'prop', name: 'flame', value: { colour: 'red' } },
        { background: 'table', objects: [], props: [{ name: 'flame', colour: 'green' }] },
      ],
      [
        { kind: 'text', lines: ['STOP'] },
        { background: 'red', objects: [], text: ['STEP'] },
      ],
      [
        { kind: 'text', lines: ['STOP'] },
        { background: 'red', objects: [], text: ['STOPS'] },
      ],
    ];
    for (const [predicate, spec] of partial) {
      const one = itemOf('reason-like', 'idiom', { answer: [predicate], details: [] });
      assert.equal(marked(one, spec).metrics.accuracy, 0.5, JSON.stringify(predicate));
    }
    const absent = itemOf('reason-like', 'idiom', {
      answer: [{ kind: 'absent', concept: 'violin' }],
      details: [],
    });
    assert.equal(marked(absent, inRoom(1)).metrics.accuracy, 0);
  });

  it('maths: lines exact, by line', () => {
    const lines = ['2X-4=10', '2X=14', 'X=7'];
    const item = itemOf('maths', 'algebra', { answer: [{ kind: 'text', lines }], details: [] });
    const scores = (text: string[]) => marked(item, { background: 'board', objects: [], text }).metrics;
    assert.deepEqual(scores(lines), { accuracy: 1, lines: 1 });
    near(scores(['2X-4=10', '2X=14', 'X=8']).lines, 2 / 3);
    near(scores(['2X-4=10', '2X=14', 'X=71']).lines, 2 / 3); // nothing may stand behind a line
    near(scores(['2X-4=10']).lines, 1 / 3); // what was given
    assert.deepEqual(scores(['2X=14', 'X=7']), { accuracy: 0, lines: 0 }); // in another place
  });

  it('edits: 5 needs all that changes, and one detail costs a grade', () => {
    const criteria: Criteria = {
      answer: [
        { kind: 'has', concept: 'hen', count: 1 },
        { kind: 'absent', concept: 'chick' },
      ],
      details: [
        { kind: 'background', value: 'meadow' },
        { kind: 'same', what: 'rest' },
      ],
    };
    const item = {
      ...itemOf('rise-like', 'temporal', criteria),
      edit: { before: inRoom(1), instruction: '' },
    };
    const scores = (spec: SceneSpec, same: number, soundness = 1) =>
      markPicture(item, { scene: idealReading(spec), soundness }, same).metrics;
    const hen = (background: 'meadow' | 'city'): SceneSpec => ({ background, objects: [{ concept: 'hen' }] });
    assert.equal(scores(hen('meadow'), 0.97).accuracy, 1);
    near(scores(hen('meadow'), 0.9).consistency, 0.75); // 4
    near(scores(hen('city'), 0.9).consistency, 0.5); // 3
    near(scores(hen('city'), 0.1).consistency, 0); // never below 1
    near(scores(hen('meadow'), 1, 0.5).plausibility, 0.5); // 3
    const both: SceneSpec = { background: 'meadow', objects: [{ concept: 'hen' }, { concept: 'chick' }] };
    near(scores(both, 1).reasoning, 0.5); // one of two: 3
    const logical = { ...item, category: 'logical' };
    const mark = (same: number) =>
      markPicture(logical, { scene: idealReading(hen('meadow')), soundness: 0 }, same).metrics;
    assert.deepEqual([mark(0.96).accuracy, mark(0.94).accuracy, mark(0.94).reasoning], [1, 0, 1]);
    assert.throws(
      () => markPicture(item, { scene: idealReading(hen('meadow')), soundness: 1 }),
      /^Error: rise-like\/test\/1: same\(rest\) was asked of a picture that is no edit$/,
    );
  });

  it('refuse a reader that leaves [0, 1]', () => {
    const item = itemOf('wise-like', 'cultural', violin);
    const scene = { ...idealReading(inRoom(1)), has: () => NaN };
    assert.throws(
      () => markPicture(item, { scene, soundness: 1 }),
      /wise-like\/test\/1: the reading of .*violin.* is NaN/,
    );
    assert.throws(
      () => markPicture(item, { scene: idealReading(inRoom(1)), soundness: 1.5 }),
      /soundness is 1.5/,
    );
  });
});

describe('a run', () => {
  const drawer: Drawer = (requests) =>
    requests.map(({ item, seed }) => ({
      image: renderScene(item.scene, { seed }),
      refinedPrompt: item.prompt,
    }));
  const scenes = new Map<Uint8Array, SceneSpec>();
  /** Knows what was drawn from the picture object itself. */
  const remembering: Drawer = async (requests) => {
    const drawings = await drawer(requests);
    drawings.forEach(({ image }, i) => scenes.set(image, requests[i].item.scene));
    return drawings;
  };
  const ideal: BenchmarkReader = {
    name: 'ideal',
    read: (images) => images.map((image) => ({ scene: idealReading(scenes.get(image)!), soundness: 1 })),
  };

  it('of right pictures has full marks, with the same noise whatever else is drawn', async () => {
    const items = benchmarkItems('wise-like', { limit: 12 });
    const seeds: number[][] = [];
    const spy: Drawer = (requests) => {
      seeds.push(requests.map(({ seed }) => seed));
      return remembering(requests);
    };
    const progress: number[] = [];
    const rows = await runBenchmarkSet(items, {
      drawer: spy,
      reader: ideal,
      batch: 5,
      samplesPerPrompt: 2,
      onProgress: (done) => progress.push(done),
    });
    assert.deepEqual(progress, [5, 10, 12]);
    assert.ok(rows.every(({ metrics }) => metrics.wiScore === 1));
    assert.deepEqual(
      rows.map(({ id, cluster }) => [id, cluster]),
      items.map(({ id, factId }) => [id, factId]),
    );
    assert.equal(new Set(seeds.flat()).size, 24);
    await runBenchmarkSet(items.slice(3, 4), { drawer: spy, reader: ideal });
    assert.equal(seeds.at(-1)![0], seeds[0][3]);
  });

  it('tells an edit by the picture before as well', async () => {
    const causal = benchmarkItems('rise-like').filter(({ category }) => category === 'causal');
    const items = [causal[0], causal[Math.floor(causal.length / 2)]];
    const run = (make: Drawer) => runBenchmarkSet(items, { drawer: make, reader: ideal });
    const done = await run(remembering);
    assert.ok(done.every(({ metrics }) => metrics.accuracy === 1));
    const nothing = await run((requests) =>
      requests.map(({ before, item }) => {
        const pair = { before: item.edit!.before, after: item.scene };
        assert.deepEqual(before, editPictures(pair).before);
        scenes.set(before!, item.edit!.before);
        return { image: before! };
      }),
    );
    assert.ok(nothing.every(({ metrics }) => metrics.reasoning === 0 && metrics.consistency === 1));
    // The right thing in another picture: everything that should stay is gone.
    const elsewhere = await run((requests) =>
      requests.map(({ item }) => {
        const image = new Uint8Array(64 * 64 * 3).fill(7);
        scenes.set(image, item.scene);
        return { image };
      }),
    );
    assert.ok(elsewhere.every(({ metrics }) => metrics.reasoning === 1 && metrics.consistency === 0));
  });

  it('stops when pictures or readings are missing', async () => {
    const items = benchmarkItems('maths', { limit: 2 });
    await assert.rejects(
      runBenchmarkSet(items, { drawer: () => [], reader: ideal }),
      /the generator drew 0 pictures, want 2/,
    );
    await assert.rejects(
      runBenchmarkSet(items, { drawer: remembering, reader: { name: 'lazy', read: () => [] } }),
      /reader "lazy" gave 0 readings, want 2/,
    );
    await assert.rejects(
      runBenchmarkSet(items, { drawer: (r) => r.map(() => ({ image: new Uint8Array(3) })), reader: ideal }),
      /maths\/.*: the generator drew 3 bytes, want 12288/,
    );
    await assert.rejects(
      runBenchmarkSet(items, { drawer, reader: ideal, batch: 0 }),
      /batch is 0, want a positive integer/,
    );
  });

  /** The compiler checks that the real pipeline is one. */
  const _fits = (pipeline: ThinkThenGenerate): PipelineLike => pipeline;

  it('takes a pipeline, thinking or not', async () => {
    const told: string[][] = [];
    const pipeline: PipelineLike = {
      thinkMany: async (prompts) =>
        prompts.map((prompt) => ({ refinedPrompt: `a ${prompt}`, thought: 'so', fallback: false })),
      draw: async (captions, options) => {
        told.push(captions);
        assert.equal(options!.steps, 4);
        return captions.map((_, i) => new Uint8Array(64 * 64 * 3).fill(options!.seeds![i] % 256));
      },
    };
    const item = benchmarkItems('maths', { limit: 1 })[0];
    const [thought] = await pipelineDrawer(pipeline, { mode: 'think', steps: 4 })([{ item, seed: 300 }]);
    const [literal] = await pipelineDrawer(pipeline, { mode: 'literal', steps: 4 })([{ item, seed: 300 }]);
    assert.deepEqual(told, [[`a ${item.prompt}`], [item.prompt]]);
    assert.deepEqual([thought.thought, literal.thought, thought.image[0]], ['so', '', 44]);
  });

  it('works on pixels with the evaluation reader, blanks behind a line included', async () => {
    const items = benchmarkItems('maths', { limit: 2 });
    const reader: BenchmarkReader = {
      name: 'templates',
      read: (images) => images.map((image) => ({ scene: readTemplate(image), soundness: 1 })),
    };
    const right = await runBenchmarkSet(items, { drawer, reader });
    assert.ok(right.every(({ metrics }) => metrics.lines === 1));
    const longer = await runBenchmarkSet(items, {
      drawer: (requests) =>
        requests.map(({ item: { scene } }) => ({
          image: renderScene({ ...scene, text: scene.text!.map((line, i) => (i === 0 ? line : `${line}1`)) }),
        })),
      reader,
    });
    for (const [i, { metrics, id }] of longer.entries()) {
      const lines = items[i].scene.text!.length;
      if (lines > 1) near(metrics.lines, 1 / lines, id);
    }
  });
});
