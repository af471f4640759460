// The power law of loss against compute: recovers a known law, foresees, refuses what has no answer.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitPowerLaw, foresight, lossAt } from '../lib/evaluation';

const law = (a: number, b: number, c: number) => (flops: number) => ({ flops, loss: a * flops ** -b + c });
const close = (x: number, y: number, share: number): void =>
  assert.ok(Math.abs(x / y - 1) < share, `${x} is not within ${share} of ${y}`);

test('a known law comes back, with and without a floor', () => {
  const pure = fitPowerLaw([1e12, 1e13, 1e15].map(law(40, 0.08, 0)));
  close(pure.a, 40, 1e-6);
  close(pure.b, 0.08, 1e-6);
  assert.equal(pure.c, 0);
  assert.ok(pure.error < 1e-9);

  const floored = [1e11, 1e12, 1e13, 1e14, 1e15].map(law(900, 0.25, 1.2));
  const fit = fitPowerLaw(floored);
  close(fit.c, 1.2, 0.02);
  close(fit.b, 0.25, 0.05);
  close(lossAt(fit, 1e17), 900 * 1e17 ** -0.25 + 1.2, 0.01);
  const flat = fitPowerLaw(floored.slice(0, 3));
  assert.equal(flat.c, 0, 'three points cannot show a floor');
});

test('foresight leaves the biggest point out and says how far off the law is', () => {
  const points = [1e14, 1e12, 1e13].map(law(40, 0.08, 0));
  const seen = foresight(points)!;
  close(seen.predicted, seen.measured, 1e-6);
  const bent = foresight([...points.slice(1), { flops: 1e14, loss: 10 }])!;
  assert.equal(bent.measured, 10);
  close(bent.predicted, 40 * 1e14 ** -0.08, 1e-6);
  close(bent.error, bent.predicted / 10 - 1, 1e-9);
  assert.equal(foresight(points.slice(1)), undefined);
});

test('points that have no law are refused', () => {
  assert.throws(() => fitPowerLaw([{ flops: 1, loss: 1 }]), /got 1 points, want at least 2/);
  assert.throws(() => fitPowerLaw([1, 2].map((flops) => ({ flops, loss: NaN }))), /want positive numbers/);
  assert.throws(() => fitPowerLaw([1, 1].map((flops) => ({ flops, loss: 1 }))), /same compute/);
});
