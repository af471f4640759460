// Batches of pictures whose captions are about as long: the same pictures, less padding, any step by itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Picture, PictureBatches, type PictureBatchesOptions } from '../lib/diffusion';
import type { RandomStream } from '../lib/tensor';

/** A caption of 1 to 40 words with a name of its own. */
const picture = (stream: RandomStream): Picture => ({
  caption: `${Array.from({ length: 1 + stream.int(40) }, () => 'word').join(' ')} ${stream.int(2 ** 30)}`,
  pixels: new Uint8Array(3),
});
const batches = (options: Partial<PictureBatchesOptions> = {}) =>
  new PictureBatches({ seed: 5, batchSize: 6, pool: 4, picture, ...options });
const captions = (from: PictureBatches, steps: number[]): string[] =>
  steps.flatMap((step) => from.at(step).map(({ caption }) => caption));

/** Characters after padding every batch of 24 steps to its longest caption. */
function padded(from: PictureBatches): number {
  const steps = Array.from({ length: 24 }, (_, i) => captions(from, [i]));
  return steps.reduce((sum, texts) => sum + texts.length * Math.max(...texts.map((t) => t.length)), 0);
}

test('a pool deals out exactly the pictures of its steps', () => {
  const steps = [0, 1, 2, 3, 4, 5, 6, 7];
  const [sorted, plain] = [batches(), batches({ pool: 1 })].map((from) => captions(from, steps));
  assert.equal(new Set(sorted).size, 48);
  assert.deepEqual(new Set(sorted.slice(0, 24)), new Set(plain.slice(0, 24)));
  assert.deepEqual(new Set(sorted.slice(24)), new Set(plain.slice(24)));
});

test('padding shrinks, and long captions do not always come last', () => {
  assert.ok(padded(batches()) < 0.75 * padded(batches({ pool: 1 })));
  const longest = Array.from({ length: 12 }, (_, p) => {
    const lengths = [0, 1, 2, 3].map((k) =>
      Math.max(...captions(batches(), [4 * p + k]).map((t) => t.length)),
    );
    return lengths.indexOf(Math.max(...lengths));
  });
  assert.ok(new Set(longest).size > 2, longest.join());
});

test('a step is the same whatever was asked before, as after a resume', () => {
  const straight = batches();
  captions(straight, [0, 1, 2, 3, 4]);
  assert.deepEqual(straight.at(5), batches().at(5));
});

test('a pool must be a positive integer', () => {
  assert.throws(() => batches({ pool: 0 }), /lengthPool is 0, want a positive integer/);
});
