/** The benchmarks' formulae by hand-computed cases, intervals over strata, and the summary of a set. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  bootstrapMean,
  bootstrapStrata,
  riseScores,
  setTable,
  stepScores,
  summariseSet,
  t2iScores,
} from '../lib/evaluation';
import type { ScoredItem } from '../lib/evaluation';

const near = (found: number, wanted: number, what = ''): void =>
  assert.ok(Math.abs(found - wanted) < 1e-12, `${what} ${found}, want ${wanted}`);

describe('T2I-ReasonBench', () => {
  it('is the mean of the answers, with details where they count', () => {
    const answers = { reason: [1, 0.5, 0], detail: [1, 0], quality: [1, 0.5] };
    assert.deepEqual(t2iScores('idiom', answers), { accuracy: 0.5, quality: 0.75 });
    assert.deepEqual(t2iScores('textual-image-design', answers), { accuracy: 0.5, quality: 0.75 });
    const entity = t2iScores('entity', { reason: [1, 0.5], detail: [0.5], quality: [0] });
    near(entity.accuracy, 0.7 * 0.75 + 0.3 * 0.5); // 0.675
    assert.equal(entity.quality, 0);
    near(t2iScores('scientific', { reason: [0], detail: [1], quality: [1] }).accuracy, 0.3);
    assert.equal(t2iScores('scientific', { reason: [1, 1], detail: [1], quality: [1] }).accuracy, 1);
    assert.equal(t2iScores('entity', { reason: [0.5], detail: [], quality: [1] }).accuracy, 0.5);
  });

  it('refuses other answers', () => {
    assert.throws(
      () => t2iScores('idiom', { reason: [1, 0.7], detail: [], quality: [1] }),
      /reason answer 2 is 0.7, want 0, 0.5 or 1/,
    );
    assert.throws(() => t2iScores('idiom', { reason: [], detail: [], quality: [1] }), /no reason answers/);
    assert.throws(() => t2iScores('entity', { reason: [1], detail: [2], quality: [1] }), /detail answer 1/);
  });
});

describe('RISEBench', () => {
  it('weighs reasoning 0.5, consistency 0.3, plausibility 0.2', () => {
    // 0.5 x 4 + 0.3 x 3 + 0.2 x 5 = 3.9, and 25 x (3.9 - 1) = 72.5 %
    const some = riseScores('temporal', { reasoning: 4, consistency: 3, plausibility: 5 });
    near(some.score, 0.725);
    assert.deepEqual([some.accuracy, some.reasoning, some.consistency, some.plausibility], [0, 0.75, 0.5, 1]);
    const full = riseScores('causal', { reasoning: 5, consistency: 5, plausibility: 5 });
    assert.deepEqual([full.score, full.accuracy], [1, 1]);
    const almost = riseScores('spatial', { reasoning: 5, consistency: 5, plausibility: 4 });
    near(almost.score, 0.95);
    assert.equal(almost.accuracy, 0);
  });

  it('halves what comes without reasoning, down to 1', () => {
    // (0.5 x 1 + 0.3 x 5 + 0.2 x 5) / 2 = 1.5
    near(riseScores('causal', { reasoning: 1, consistency: 5, plausibility: 5 }).score, 0.125);
    assert.equal(riseScores('causal', { reasoning: 1, consistency: 1, plausibility: 1 }).score, 0);
    assert.equal(riseScores('causal', { reasoning: 1, consistency: 2, plausibility: 2 }).score, 0); // 0.75 -> 1
  });

  it('gives 0.8 and 0.2 where consistency is not asked for', () => {
    // 0.8 x 3 + 0.2 x 5 = 3.4
    const free = riseScores('spatial', { reasoning: 3, plausibility: 5 });
    near(free.score, 0.6);
    assert.equal(free.consistency, undefined);
    assert.equal(riseScores('spatial', { reasoning: 5, plausibility: 5 }).accuracy, 1);
  });

  it('judges logic with yes and no, 0.7 and 0.3', () => {
    assert.deepEqual(riseScores('logical', { reasoning: 1, consistency: 1 }), {
      score: 1,
      accuracy: 1,
      reasoning: 1,
      consistency: 1,
    });
    near(riseScores('logical', { reasoning: 1, consistency: 0 }).score, 0.7); // 0.7 x 5 + 0.3 = 3.8
    near(riseScores('logical', { reasoning: 0, consistency: 1 }).score, 0.025); // (0.7 + 1.5) / 2 = 1.1
    assert.equal(riseScores('logical', { reasoning: 0, consistency: 0 }).score, 0);
  });

  it('refuses grades out of range', () => {
    assert.throws(
      () => riseScores('causal', { reasoning: 6, consistency: 5, plausibility: 5 }),
      /RISEBench: reasoning is 6, want one of 1, 2, 3, 4, 5/,
    );
    assert.throws(() => riseScores('causal', { reasoning: 5, consistency: 5 }), /plausibility is undefined/);
    assert.throws(
      () => riseScores('logical', { reasoning: 5, consistency: 1 }),
      /reasoning is 5, want one of 0, 1/,
    );
    assert.throws(
      () => riseScores('logical', { reasoning: 1, consistency: 1, plausibility: 1 }),
      /want none/,
    );
    assert.throws(() => riseScores('moral' as 'causal', { reasoning: 1 }), /kind is "moral"/);
  });
});

describe('steps', () => {
  it('are right together or by share', () => {
    assert.deepEqual(stepScores([true, true]), { accuracy: 1, share: 1 });
    assert.deepEqual(stepScores([true, false, true, true]), { accuracy: 0, share: 0.75 });
    assert.throws(() => stepScores([]), /no steps/);
  });
});

describe('strata', () => {
  it('give a weighted mean of means and its interval', () => {
    const strata = [
      { values: [0, 1, 0, 1], weight: 3 },
      { values: [1, 1], weight: 1 },
    ];
    const { mean, low, high, n } = bootstrapStrata(strata);
    assert.deepEqual([mean, n], [0.625, 6]); // (3 x 0.5 + 1 x 1) / 4
    assert.deepEqual([low, high], [0.25, 1]); // the second never varies: 0.25 + 0.75 x [0, 1]
    assert.deepEqual(bootstrapStrata(strata), bootstrapStrata(strata));
  });

  it('with one stratum are the plain bootstrap, but for the draws', () => {
    const values = Array.from({ length: 200 }, (_, i) => (i % 5) / 4);
    const [one, plain] = [bootstrapStrata([{ values, weight: 2 }]), bootstrapMean(values)];
    near(one.mean, plain.mean);
    assert.ok(Math.abs(one.low - plain.low) < 0.01 && Math.abs(one.high - plain.high) < 0.01);
  });

  it('refuse what has no mean', () => {
    assert.throws(() => bootstrapStrata([]), /no strata/);
    assert.throws(() => bootstrapStrata([{ values: [], weight: 1 }]), /stratum 0 has no values/);
    assert.throws(() => bootstrapStrata([{ values: [NaN], weight: 1 }]), /not finite/);
    assert.throws(() => bootstrapStrata([{ values: [1], weight: -1 }]), /weight -1/);
    assert.throws(() => bootstrapStrata([{ values: [1], weight: 0 }]), /weights sum to 0/);
  });
});

describe('a summary', () => {
  const row = (
    id: string,
    [category, cluster]: [string, string],
    metrics: Record<string, number>,
  ): ScoredItem => ({ id, category, cluster, metrics });

  it('averages the prompts of a fact first and weighs categories as the benchmark does', () => {
    const wise = summariseSet(
      [
        row('1', ['cultural', 'a'], { wiScore: 1 }),
        row('2', ['cultural', 'a'], { wiScore: 0 }),
        row('3', ['cultural', 'b'], { wiScore: 1 }),
        row('4', ['time', 'c'], { wiScore: 0.2 }),
      ],
      { scheme: 'wise' },
    );
    near(wise.metrics.wiScore.categories.cultural.mean, 0.75);
    near(wise.metrics.wiScore.overall.mean, (0.4 * 0.75 + 0.167 * 0.2) / 0.567);
    assert.deepEqual([wise.items, wise.clusters], [4, 3]);
    assert.deepEqual(wise.missing, ['space', 'biology', 'physics', 'chemistry']);
    assert.deepEqual(Object.keys(wise.metrics), ['wiScore']);
  });

  it('takes dimensions of T2I-ReasonBench alike, and edits one by one', () => {
    const rows = [
      row('1', ['idiom', 'a'], { accuracy: 1, quality: 1 }),
      row('2', ['idiom', 'b'], { accuracy: 1, quality: 0 }),
      row('3', ['idiom', 'c'], { accuracy: 1, quality: 1 }),
      row('4', ['entity', 'd'], { accuracy: 0, quality: 1 }),
    ];
    const { metrics } = summariseSet(rows, { scheme: 't2i-reason' });
    near(metrics.accuracy.overall.mean, 0.5);
    near(metrics.quality.overall.mean, (2 / 3 + 1) / 2);
    const edits = [
      row('1', ['temporal', 'a'], { accuracy: 1, score: 1, plausibility: 1 }),
      row('2', ['temporal', 'b'], { accuracy: 1, score: 1, plausibility: 0.5 }),
      row('3', ['logical', 'c'], { accuracy: 0, score: 0.7 }),
    ];
    const rise = summariseSet(edits, { scheme: 'rise' });
    near(rise.metrics.accuracy.overall.mean, 2 / 3);
    near(rise.metrics.plausibility.overall.mean, 0.75); // not asked of logical edits
    assert.deepEqual(Object.keys(rise.metrics.plausibility.categories), ['temporal']);
  });

  it('is a table with an interval in every cell', () => {
    const rows = [0, 1, 1, 1].map((accuracy, i) =>
      row(`${i}`, [i < 2 ? 'algebra' : 'geometry', `${i}`], { accuracy, lines: 1 }),
    );
    const summary = summariseSet(rows, { scheme: 'maths' });
    assert.equal(
      setTable({ 'a|b': summary }, ['accuracy']),
      [
        '| system | metric | overall | algebra | geometry |',
        '|---|---|---|---|---|',
        '| a\\|b | accuracy | 0.750 [0.500, 1.000] | 0.500 [0.000, 1.000] | 1.000 [1.000, 1.000] |',
      ].join('\n'),
    );
    assert.equal(setTable({ x: summary, y: summary }).split('\n').length, 2 + 4);
    const story = summariseSet([row('1', ['life', 'a'], { accuracy: 1, panels: 1 })], { scheme: 'story' });
    assert.throws(() => setTable({ summary, story }), /maths, story, want of one benchmark/);
  });

  it('refuses what is no score', () => {
    assert.throws(() => summariseSet([], { scheme: 'story' }), /story: there are no scored items/);
    assert.throws(
      () => summariseSet([row('7', ['life', 'a'], { accuracy: 2 })], { scheme: 'story' }),
      /story: accuracy of 7 is 2, want a number from 0 to 1/,
    );
    assert.throws(
      () => summariseSet([row('7', ['life', 'a'], { lines: 1 })], { scheme: 'story' }),
      /7 has metric "lines", want one of accuracy, panels/,
    );
  });
});
