/** Sheets of cards: pictures where they belong, words below them, and an even choice of what is shown. */
import { describe, it } from 'node:test';
import * as assert from 'node:assert/strict';
import sharp from 'sharp';
import { cardSheet, spreadOver } from '../lib/notebook';

const flat = (r: number, g: number, b: number): Uint8Array =>
  Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => [r, g, b][i % 3]);

async function pixelsOf(png: Buffer): Promise<{ at: (x: number, y: number) => number[]; size: number[] }> {
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number): number[] => [
    ...data.subarray((y * info.width + x) * 3, (y * info.width + x) * 3 + 3),
  ];
  return { at, size: [info.width, info.height] };
}

describe('cards', () => {
  it('show their pictures side by side, enlarged, with words below', async () => {
    const card = {
      pictures: [flat(255, 0, 0), flat(0, 0, 255)],
      title: 'what is asked',
      text: 'what is seen',
    };
    const { at, size } = await pixelsOf(await cardSheet([card, card], { columns: 2, scale: 1, width: 150 }));
    assert.equal(size[0], 8 + 2 * (150 + 8));
    assert.deepEqual(at(8, 8), [255, 0, 0]);
    assert.deepEqual(at(8 + 63, 8 + 63), [255, 0, 0]);
    assert.deepEqual(at(8 + 64 + 16, 8), [0, 0, 255], 'the after picture, past the arrow');
    assert.deepEqual(at(8 + 158, 8), [255, 0, 0], 'the second card');
    const inked = (from: number, to: number): boolean => {
      for (let y = from; y < to; y++)
        for (let x = 8; x < 158; x++) if (at(x, y).some((value) => value < 200)) return true;
      return false;
    };
    assert.ok(inked(72, 86) && inked(86, 98), 'a title and a text');
    assert.ok(!inked(100, size[1]), 'nothing below them');
  });

  it('give a row the height of its longest words', async () => {
    const picture = { pictures: [flat(0, 0, 0)], title: 'short' };
    const one = await pixelsOf(await cardSheet([picture]));
    const more = await pixelsOf(await cardSheet([picture, { ...picture, text: 'many words '.repeat(6) }]));
    assert.ok(more.size[1] > one.size[1]);
    await assert.rejects(cardSheet([]), /no cards given, want at least one/);
    await assert.rejects(cardSheet([{ pictures: [new Uint8Array(5)], title: '' }]), /5 bytes, want 64 x 64/);
  });
});

describe('an even choice', () => {
  const items = ['a', 'b', 'c'].flatMap((group, g) =>
    Array.from({ length: [10, 2, 5][g] }, (_, i) => `${group}${i}`),
  );
  const groupOf = (item: string): string => item[0];

  it('takes from all groups in turn, and never one item twice', () => {
    const chosen = spreadOver(items, 9, groupOf);
    const counts = ['a', 'b', 'c'].map((group) => chosen.filter((item) => item[0] === group).length);
    assert.deepEqual(counts, [4, 2, 3]);
    assert.equal(new Set(chosen).size, 9);
    assert.deepEqual(spreadOver(items, 100, groupOf), items, 'all when there are no more');
  });

  it('takes every so many groups when there are more groups than places', () => {
    const many = Array.from({ length: 12 }, (_, i) => `${String.fromCharCode(97 + i)}0`);
    assert.deepEqual(spreadOver(many, 3, groupOf), ['c0', 'g0', 'k0']);
    assert.deepEqual(spreadOver(many, 0, groupOf), []);
  });
});
