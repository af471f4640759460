/** The number checks of the method: advantages, the clipped objective, k3, schedulers, token averaging. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { initBackend, tf } from '../lib/tensor';
import { dualAdvantages, groupAdvantages } from '../lib/grpo/advantages';
import { clippedObjective, klK3, tokenWeights } from '../lib/grpo/objective';
import { betasAt } from '../lib/grpo/schedulers';

const close = (found: number, wanted: number, tolerance = 1e-4): void =>
  assert.ok(Math.abs(found - wanted) <= tolerance, `found ${found}, want ${wanted}`);
const R = [
  [0.2, 0.4, 0.6],
  [0.5, 0.5, 0.8],
];
const ONE = { semantic: 1, aesthetic: 0, consistency: 0 };

before(async () => {
  await initBackend((process.env.T2G_BACKEND ?? 'auto') as 'auto');
});

describe('group advantages', () => {
  it('sum to 0 and do not change when a constant is added', () => {
    const a = groupAdvantages(R);
    const b = groupAdvantages(R.map((row) => row.map((r) => r + 0.125)));
    a.forEach((row, j) => {
      close(
        row.reduce((x, y) => x + y, 0),
        0,
        1e-12,
      );
      row.forEach((x, k) => close(x, b[j][k], 1e-10));
    });
  });

  it('are exactly 0 for constant groups, whatever the rounding of their mean', () => {
    assert.deepEqual(groupAdvantages([[0.1, 0.1, 0.1], [0.7], [0, 0]]), [[0, 0, 0], [0], [0, 0]]);
  });

  it('honour ddof, clip and scale', () => {
    close(groupAdvantages([[0, 1]], { ddof: 1, eps: 0 })[0][1], 0.5 / Math.SQRT1_2);
    assert.equal(groupAdvantages([[...new Array<number>(99).fill(0), 1]], { clip: 5 })[0][99], 5);
    close(groupAdvantages(R, { scale: 'none' })[0][2], 0.2);
  });

  it('refuse a reward that is not a number', () => {
    assert.throws(() => groupAdvantages([[0.1, NaN]]), /rewards\[0\]\[1\] is NaN/);
  });
});

describe('dual advantages', () => {
  it('match the worked example', () => {
    const { llm, dit, beta } = dualAdvantages(
      { semantic: R, aesthetic: R, consistency: R },
      ONE,
      'balanced',
      0,
    );
    [-0.999, 0.999].forEach((want, j) => close(llm[j], want, 1e-3));
    [
      [-1.224, 0, 1.224],
      [-0.7066, -0.7066, 1.4132],
    ].forEach((row, j) => row.forEach((want, k) => close(dit[j][k], want, 1e-3)));
    assert.deepEqual(beta, { llm: 0.5, dit: 0.5 });
  });

  it('leave the idle module of a staged run at exactly 0', () => {
    const staged = { kind: 'staged' as const, switchStep: 3 };
    const early = dualAdvantages({ semantic: R }, ONE, staged, 2);
    assert.ok(early.dit.flat().every((a) => a === 0) && early.llm.some((a) => a !== 0));
    const late = dualAdvantages({ semantic: R }, ONE, staged, 3);
    assert.ok(late.llm.every((a) => a === 0) && late.dit.flat().some((a) => a !== 0));
    assert.deepEqual(late.beta, { llm: 0, dit: 1 });
  });

  it('refuse missing or misshapen scores', () => {
    assert.throws(
      () => dualAdvantages({ semantic: R }, { semantic: 1, aesthetic: 1 }),
      /scores.aesthetic is missing/,
    );
    assert.throws(() => dualAdvantages({ semantic: R, aesthetic: [[1]] }, ONE), /shaped/);
    assert.throws(() => dualAdvantages({ semantic: R }, { semantic: 0 }), /weights/);
  });

  it('knows its schedulers by name', () => {
    assert.throws(() => betasAt('stagd' as 'staged', 0), /"stagd".*balanced/);
    assert.throws(() => betasAt(() => ({ llm: -1, dit: 0 }), 0), /beta.llm is -1/);
  });
});

describe('objective', () => {
  it('is the PPO truth table', () => {
    const clip = { clipLow: 0.2, clipHigh: 0.2 };
    const table: [number, number, number][] = [
      [0.7, 1, 0.7],
      [1, 1, 1],
      [1.5, 1, 1.2],
      [0.7, -1, -0.8],
      [1, -1, -1],
      [1.5, -1, -1.5],
    ];
    for (const [ratio, advantage, want] of table) {
      close(clippedObjective(Math.log(ratio), advantage, clip), want, 1e-12);
      const tensor = clippedObjective(tf.tensor1d([Math.log(ratio)]), tf.tensor1d([advantage]), clip);
      close(tensor.dataSync()[0], want, 1e-6);
    }
  });

  it('has the gradient of r A inside the range and none past it', () => {
    const clip = { clipLow: 0.2, clipHigh: 0.2 };
    const logRatio = tf.tensor1d([0, Math.log(1.5), Math.log(0.7), Math.log(1.5)]);
    const advantage = tf.tensor1d([1, 1, -1, -1]);
    const g = tf
      .grad((x: tf.Tensor) => clippedObjective(x, advantage, clip).sum())(logRatio)
      .dataSync();
    [1, 0, 0, -1.5].forEach((want, i) => close(g[i], want, 1e-6));
  });

  it('k3 is never negative and 0 where the policies agree', () => {
    const k = klK3(tf.tensor1d([-1, -1, -1, -3]), tf.tensor1d([-1, -2, -0.5, -0.1])).dataSync();
    assert.equal(k[0], 0);
    [0, Math.exp(-1), Math.exp(0.5) - 1.5, Math.exp(2.9) - 3.9].forEach((want, i) => close(k[i], want, 1e-5));
    assert.ok([...k].every((x) => x >= 0));
    close(klK3(-1, -2), Math.exp(-1), 1e-12);
  });

  it('averages tokens as TRL names it', () => {
    const mask = [
      [1, 1, 0, 0],
      [1, 1, 1, 1],
    ];
    const sum = (type: 'grpo' | 'bnpo' | 'dapo' | 'dr_grpo'): number[] =>
      tokenWeights(mask, { lossType: type, maxCompletionLength: 8, totalTokens: 12 }).map((row) => row[0]);
    assert.deepEqual(sum('grpo'), [1 / 4, 1 / 8]);
    assert.deepEqual(sum('bnpo'), [1 / 6, 1 / 6]);
    assert.deepEqual(sum('dapo'), [1 / 12, 1 / 12]);
    assert.deepEqual(sum('dr_grpo'), [1 / 16, 1 / 16]);
  });
});
