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
  PIXEL_FAULTS,
  pixelFault,
  scorePictures,
  semanticScore,
  STRUCTURE_FAULTS,
  structureFault,
  windowsOf,
} from '../lib/rewards';
import type { SceneReading, Scorer } from '../lib/rewards';
import { AdamW, initBackend, RandomStream, tf, valueAndGrads } from '../lib/tensor';
import type { Params } from '../lib/tensor';
import { criteriaOfScene, randomScene, renderScene } from '../lib/world';
import type { Criteria } from '../lib/world';

before(async () => {
  await initBackend((process.env.T2G_BACKEND ?? 'auto') as 'auto');
});

const small = judgeConfig({ hiddenSize: 32, layers: 1, heads: 2 });
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
    const windows = windowsOf(small, [image]).reshape([64, 16, 16, 3]).arraySync() as number[][][][];
    assert.deepEqual([windows[0][0][0][0], windows[0][4][4][0], windows[0][15][15][2]], [0, 1, 1]);
    assert.equal(windows[63][12][12][0], 0);
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

  it('learns: the loss of a fixed batch falls', () => {
    const params: Record<string, tf.Variable> = {};
    for (const [name, x] of Object.entries(initJudge(small, RandomStream.of(2, 'init')) as Params))
      params[name] = tf.variable(x);
    const optimiser = new AdamW({ lr: 3e-3, weightDecay: 0 });
    const rng = RandomStream.of(2, 'batch');
    const samples = Array.from({ length: 6 }, () => judgeSample(rng));
    const step = (): number => {
      const { value, grads } = valueAndGrads(
        () => tf.addN(Object.values(judgeLosses(small, params, samples))) as tf.Scalar,
        params,
      );
      optimiser.step(params, grads);
      tf.dispose(grads);
      return value.dataSync()[0];
    };
    const first = step();
    let last = first;
    for (let i = 0; i < 25; i++) last = step();
    assert.ok(last < 0.7 * first, `loss went from ${first} to ${last}`);
  });
});
