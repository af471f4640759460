/** The reward contract, semantic scores from predicates, the judge's forward pass and that its loss goes down. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { before, describe, it } from 'node:test';
import {
  initJudge,
  Judge,
  judgeConfig,
  judgeLosses,
  judgeSample,
  labelsOf,
  nameLoss,
  namePictures,
  PIXEL_FAULTS,
  pixelFault,
  scorePictures,
  semanticScore,
  stemBatch,
  stemLoss,
  STRUCTURE_FAULTS,
  structureFault,
  taughtIn,
  windowsOf,
} from '../lib/rewards';
import type { SceneReading, Scorer } from '../lib/rewards';
import { AdamW, initBackend, RandomStream, tf, valueAndGrads } from '../lib/tensor';
import type { Params } from '../lib/tensor';
import { criteriaOfScene, randomFigureScene, randomScene, renderScene } from '../lib/world';
import type { Criteria } from '../lib/world';

before(async () => {
  await initBackend((process.env.T2G_BACKEND ?? 'auto') as 'auto');
});

const small = judgeConfig({ hiddenSize: 36, layers: 1, nameLayers: 1, heads: 2 });
const cat: Criteria = {
  answer: [{ kind: 'has', concept: 'cat', count: 2 }],
  details: [{ kind: 'background', value: 'sea' }],
};

/** A reader that is sure of what the caller says. */
function reading(known: Partial<SceneReading>): SceneReading {
  return {
    has: () => 1,
    counts: () => [1, 0, 0, 0, 0],
    tint: () => 1,
    size: () => 1,
    place: () => ({ x: 0.5, y: 0.5 }),
    choice: () => 1,
    text: () => 1,
    ...known,
  };
}

describe('semantic score', () => {
  it('is 0.7 for the answer and 0.3 for the details, and the answer gates', () => {
    const two = reading({ counts: () => [0, 1, 0, 0, 0] });
    assert.ok(Math.abs(semanticScore(two, cat).semantic - 1) < 1e-9);
    const wrongPlace = reading({ counts: () => [0, 1, 0, 0, 0], choice: () => 0 });
    assert.ok(Math.abs(semanticScore(wrongPlace, cat).semantic - 0.7) < 1e-9);
    assert.equal(semanticScore(reading({ has: () => 0 }), cat).semantic, 0);
    const one = semanticScore(reading({}), cat);
    assert.deepEqual([one.semantic, one.parts['has(cat,2)'], one.parts['background(sea)']], [0, 0, 1]);
  });

  it('compares the places of a relation, either way round for beside', () => {
    const at: Record<string, { x: number; y: number }> = { a: { x: 0.2, y: 0.5 }, b: { x: 0.8, y: 0.5 } };
    const r = reading({ place: (name) => at[name] });
    const score = (relation: 'left of' | 'right of' | 'beside' | 'above'): number =>
      semanticScore(r, { answer: [{ kind: 'relation', relation, first: 'a', second: 'b' }], details: [] })
        .semantic;
    assert.ok(score('left of') > 0.99 && score('right of') < 0.01 && score('beside') > 0.99);
    assert.ok(Math.abs(score('above') - 0.5) < 1e-9);
  });

  it('refuses criteria without an answer and predicates it does not know', () => {
    assert.throws(() => semanticScore(reading({}), { answer: [], details: [] }), /answer is empty/);
    const odd = { answer: [{ kind: 'smell' }], details: [] } as unknown as Criteria;
    assert.throws(() => semanticScore(reading({}), odd), /"smell"/);
  });
});

describe('scorePictures', () => {
  const image = new Uint8Array(64 * 64 * 3);
  const scorer = (score: Scorer['score']): Scorer => ({ name: 'stub', score });

  it('adds the weighted total', async () => {
    const [score] = await scorePictures({
      images: [image],
      criteria: [cat],
      scorer: scorer(() => [{ semantic: 1, aesthetic: 0.5, consistency: 0, parts: {} }]),
    });
    assert.equal(score.total, 0.5 + 0.125);
  });

  it('fails loudly, naming scorer, score and picture', async () => {
    const good = { semantic: 1, aesthetic: 1, consistency: 1, parts: {} };
    const cases: [Scorer['score'], RegExp][] = [
      [
        () => {
          throw new Error('no weights');
        },
        /"stub" failed: no weights/,
      ],
      [() => [{ ...good, semantic: NaN }], /semantic of picture 0 is NaN/],
      [() => [{ ...good, consistency: -0.2 }], /consistency of picture 0 is -0.2/],
      [() => [{ ...good, parts: { x: 7 } }], /part x of picture 0 is 7/],
      [() => [], /gave 0 scores, want 1/],
    ];
    for (const [score, message] of cases)
      await assert.rejects(
        scorePictures({ images: [image], criteria: [cat], scorer: scorer(score) }),
        message,
      );
  });
});

describe('faults', () => {
  it('leave the input alone, change the picture, and are a function of the stream', () => {
    const image = renderScene(randomScene(RandomStream.of(3, 'scene')), { seed: 1 });
    const other = renderScene(randomScene(RandomStream.of(4, 'scene')), { seed: 1 });
    const copy = image.slice();
    for (const fault of PIXEL_FAULTS) {
      const make = () => pixelFault(image, fault, 0.8, RandomStream.of(1, fault));
      assert.notDeepEqual(make(), image, fault);
      assert.deepEqual(make(), make(), fault);
    }
    for (const fault of STRUCTURE_FAULTS)
      assert.notDeepEqual(
        structureFault(image, fault, { severity: 0.8, rng: RandomStream.of(1, fault), other }),
        image,
        fault,
      );
    assert.deepEqual(image, copy);
  });
});

describe('judge', () => {
  it('cuts overlapping windows with zeros outside the picture', () => {
    const image = new Uint8Array(64 * 64 * 3).fill(255);
    const windows = windowsOf(small, [image]).reshape([64, 2, 16, 16, 3]).arraySync() as number[][][][][];
    const [fine, coarse] = windows[0];
    assert.deepEqual([fine[0][0][0], fine[4][4][0], fine[15][15][2]], [0, 1, 1]);
    // At half the resolution the margin is 6 pixels of 16: 12 of the picture's.
    assert.deepEqual([coarse[5][6][0], coarse[6][6][0]], [0, 1]);
    assert.equal(windows[63][0][12][12][0], 0);
    assert.throws(() => windowsOf(small, [new Uint8Array(3)]), /3 bytes, want 12288/);
  });

  it('labels scenes with all that its heads can say', () => {
    for (let i = 0; i < 300; i++) {
      const spec = randomScene(RandomStream.of(i, 'labels'));
      const { choices, objects, cells } = labelsOf(spec);
      for (const [name, value] of Object.entries(choices))
        assert.ok(small.choices[name].includes(value), `${name} = ${value}`);
      for (const o of objects) assert.ok(small.concepts.includes(o.concept) && small.tints.includes(o.tint));
      if (objects.length > 0) assert.ok(cells.length > 0, JSON.stringify(spec));
    }
    for (let i = 0; i < 100; i++) {
      const { choices } = labelsOf(randomFigureScene(RandomStream.of(i, 'labels')));
      for (const [name, value] of Object.entries(choices))
        assert.ok(small.choices[name].includes(value), `${name} = ${value}`);
    }
  });

  it('teaches every parameter in the last two lessons, and none in both', () => {
    for (const trunk of ['attention', 'shift'] as const) {
      const params = initJudge({ ...small, trunk }, RandomStream.of(1, 'init'));
      const [names, scene] = (['names', 'scene'] as const).map((l) => Object.keys(taughtIn(l, params)));
      assert.deepEqual([...names, ...scene].sort(), Object.keys(params).sort());
      assert.ok(Object.keys(taughtIn('stem', params)).every((name) => names.includes(name)));
      assert.ok(names.length > 6 && scene.length > 20);
      tf.dispose(params);
    }
  });

  it('learns names: the loss of fixed windows and of fixed pictures falls, for both bodies', () => {
    for (const trunk of ['attention', 'shift'] as const) {
      const shape = { ...small, trunk, featureScale: trunk === 'shift' ? [] : small.featureScale };
      const params = variablesOf(initJudge(shape, RandomStream.of(2, 'init')));
      const batch = stemBatch(shape, RandomStream.of(3, 'stem'), { pictures: 3, tier: 0 });
      const pictures = namePictures(RandomStream.of(4, 'names'), { pictures: 3, tier: 0 });
      const lessons = {
        stem: () => stemLoss(shape, params, batch).loss,
        names: () => nameLoss(shape, params, pictures).loss,
      };
      for (const [lesson, loss] of Object.entries(lessons)) {
        const taught = taughtIn(lesson as 'stem' | 'names', params);
        const [first, last] = fallOf(loss, taught, 25);
        assert.ok(last < 0.7 * first, `${trunk} ${lesson}: loss went from ${first} to ${last}`);
      }
      tf.dispose(params);
    }
  });

  it('scores every criterion of random scenes in [0, 1], and the same after save and load', async () => {
    const judge = new Judge(small, initJudge(small, RandomStream.of(1, 'init')));
    const specs = Array.from({ length: 12 }, (_, i) => randomScene(RandomStream.of(i, 'spec')));
    const images = specs.map((spec, i) => renderScene(spec, { seed: i }));
    const criteria = specs
      .map(criteriaOfScene)
      .map((c) => (c.answer.length > 0 ? c : { answer: c.details, details: [] }));
    const scores = await scorePictures({ images, criteria, scorer: judge });
    assert.equal(scores.length, 12);
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'judge-'));
    judge.save(dir);
    const loaded = Judge.fromPretrained(dir);
    const again = await scorePictures({ images, criteria, scorer: loaded });
    scores.forEach((s, i) => assert.ok(Math.abs(s.total - again[i].total) < 0.01));
    fs.rmSync(dir, { recursive: true });
    assert.throws(() => judge.read(images.slice(0, 1), [['unicorn mechanic']]), /not trained on concept/);
    assert.throws(() => judge.read(images.slice(0, 1))[0].counts(small.concepts[0]), /not asked for/);
  });

  it('learns the rest: the loss of a fixed batch falls', () => {
    const params = variablesOf(initJudge(small, RandomStream.of(2, 'init')));
    const rng = RandomStream.of(2, 'batch');
    const samples = Array.from({ length: 6 }, () => judgeSample(rng));
    const loss = (): tf.Scalar => tf.addN(Object.values(judgeLosses(small, params, samples))) as tf.Scalar;
    const [first, last] = fallOf(loss, taughtIn('scene', params), 25);
    assert.ok(last < 0.7 * first, `loss went from ${first} to ${last}`);
  });
});

function variablesOf(params: Params): Record<string, tf.Variable> {
  return Object.fromEntries(Object.entries(params).map(([name, x]) => [name, tf.variable(x)]));
}

/** First and last loss of `steps` steps on the same batch. */
function fallOf(loss: () => tf.Scalar, taught: Record<string, tf.Variable>, steps: number): [number, number] {
  const optimiser = new AdamW({ lr: 3e-3, weightDecay: 0 });
  const losses: number[] = [];
  for (let i = 0; i <= steps; i++) {
    const { value, grads } = valueAndGrads(loss, taught);
    optimiser.step(taught, grads);
    losses.push(value.dataSync()[0]);
    tf.dispose([value, grads] as tf.TensorContainer);
  }
  return [losses[0], losses[steps]];
}
