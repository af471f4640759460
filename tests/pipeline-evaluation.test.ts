/** Evaluation numbers: WiScore, bootstrap intervals, AUC, ablations, and that the template reader reads renders. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import {
  ablationTable,
  bootstrapDifference,
  bootstrapMean,
  markOf,
  overallWiScore,
  readBackground,
  readerScores,
  readTemplate,
  rocAuc,
  runAblation,
  textCorrect,
  WISE_WEIGHTS,
  wiScore,
} from '../lib/evaluation';
import { scorePredicate } from '../lib/rewards';
import { initBackend, RandomStream } from '../lib/tensor';
import { canonicalCaption, criteriaOfScene, renderScene } from '../lib/world';
import type { SceneSpec } from '../lib/world';

before(async () => {
  await initBackend((process.env.T2G_BACKEND ?? 'auto') as 'auto');
});

describe('WiScore', () => {
  it('is the paper formula', () => {
    assert.ok(Math.abs(wiScore(2, 1, 0) - 0.8) < 1e-12);
    assert.equal(wiScore(2, 2, 2), 1);
    assert.throws(() => wiScore(3, 0, 0), /consistency is 3/);
    assert.deepEqual([0.79, 0.8, 0.39].map(markOf), [1, 2, 0]);
  });

  it('weighs the categories as WISE counts them', () => {
    assert.ok(Math.abs(Object.values(WISE_WEIGHTS).reduce((a, b) => a + b) - 1) < 1e-12);
    const paper = { cultural: 0.8, time: 0.74, space: 0.83, biology: 0.81, physics: 0.85, chemistry: 0.66 };
    assert.ok(Math.abs(overallWiScore(paper) - 0.79) < 0.005); // Table 1, the paper's own row
    assert.equal(overallWiScore({ time: 0.5 }), 0.5);
  });
});

describe('intervals', () => {
  it('hold the mean, narrow with n, and repeat', () => {
    const rng = RandomStream.of(1, 'values');
    const values = Array.from({ length: 400 }, () => rng.uniform());
    const few = bootstrapMean(values.slice(0, 25));
    const many = bootstrapMean(values);
    assert.ok(few.low < few.mean && few.mean < few.high);
    assert.ok(many.high - many.low < (few.high - few.low) / 2);
    assert.ok(Math.abs(many.high - many.low - ((4 * 0.2887) / 20) * 0.98) < 0.012); // 2 x 1.96 x sd / sqrt(n)
    assert.deepEqual(bootstrapMean(values), many);
    assert.throws(() => bootstrapMean([1, NaN]), /value 1 is NaN/);
  });

  it('pairs are compared item by item', () => {
    const a = [0.1, 0.5, 0.9];
    const difference = bootstrapDifference(
      a.map((x) => x + 0.05),
      a,
    );
    assert.ok(Math.abs(difference.low - 0.05) < 1e-9 && Math.abs(difference.high - 0.05) < 1e-9);
  });

  it('AUC counts ties half', () => {
    assert.equal(rocAuc([2, 3], [0, 1]), 1);
    assert.equal(rocAuc([1, 1], [1, 1]), 0.5);
    assert.equal(rocAuc([0, 2], [1, 1]), 0.5);
  });
});

describe('ablation', () => {
  it('runs every arm with every seed and tables mean and interval', async () => {
    const results = await runAblation({
      arms: [
        { name: 'a', overrides: { x: 1 } },
        { name: 'b', overrides: { x: 2 } },
      ],
      seeds: [0, 1, 2],
      run: async ({ x }, { seed }) => ({ score: x + 0.1 * seed }),
    });
    assert.deepEqual(
      results.map((r) => r.summary.score.n),
      [3, 3],
    );
    assert.ok(Math.abs(results[1].summary.score.mean - 2.1) < 1e-9);
    assert.match(ablationTable(results), /\| b \| 2\.100 \[2\.\d+, 2\.\d+\] \|/);
  });
});

describe('template reader', () => {
  const specs: SceneSpec[] = [
    { background: 'meadow', time: 'sunset', objects: [{ concept: 'cat' }] },
    { background: 'beach', time: 'night', objects: [{ concept: 'violin', count: 3, size: 'medium' }] },
    { background: 'white', objects: [{ concept: 'cat' }, { concept: 'violin' }], relation: 'left of' },
    { background: 'table', time: 'day', objects: [], props: [{ name: 'flame', colour: 'green' }] },
    { background: 'board', objects: [], text: ['2X-4=10', '2X=14', 'X=7'] },
    { background: 'snow', time: 'day', objects: [{ concept: 'cat', tint: 'blue' }] },
  ];

  it('reads clean renders right, whoever drew them', () => {
    specs.forEach((spec, i) => {
      const image = renderScene(spec, { seed: i });
      const reading = readTemplate(image);
      const { answer, details } = criteriaOfScene(spec);
      for (const p of [...answer, ...details])
        assert.ok(scorePredicate(reading, p) > 0.9, `scene ${i}: ${JSON.stringify(p)}`);
      assert.equal(readBackground(image).background, spec.background);
    });
  });

  it('marks wrong pictures low and sound ones sound', () => {
    const images = specs.map((spec, i) => renderScene(spec, { seed: i }));
    const criteria = specs.map(criteriaOfScene);
    const [right, wrong] = [
      readerScores(images.slice(0, 2), criteria.slice(0, 2)),
      readerScores([images[1], images[0]], criteria.slice(0, 2)),
    ];
    assert.ok(right.every((s) => s.semantic === 1 && s.soundness > 0.9));
    assert.ok(wrong.every((s) => s.semantic === 0));
    const noise = Uint8Array.from(RandomStream.of(1, 'noise').normals(64 * 64 * 3), (x) =>
      Math.max(0, Math.min(255, 128 + 60 * x)),
    );
    const [junk] = readerScores([noise], [criteria[0]]);
    assert.ok(junk.semantic === 0 && junk.soundness < 0.3);
  });

  it('reads refined prompts as captions', () => {
    assert.equal(textCorrect(canonicalCaption(specs[0]), criteriaOfScene(specs[0])), 1);
    assert.equal(textCorrect(canonicalCaption(specs[1]), criteriaOfScene(specs[0])), 0);
    assert.equal(textCorrect('gibberish', criteriaOfScene(specs[0])), 0);
  });
});
