import { before, describe, it } from 'node:test';
import * as assert from 'node:assert/strict';
import sharp from 'sharp';
import {
  animation,
  chipsOf,
  denoisingFilm,
  evenly,
  figurePng,
  imageGrid,
  intervalBars,
  principalComponents,
  cosineMatrix,
  curvesFigure,
  tokensHtml,
  tokensText,
  wrapLabel,
} from '../lib/notebook';
import { bootstrapMean } from '../lib/evaluation';
import { ThinkThenGenerate } from '../lib/pipeline';
import { initBackend, RandomStream } from '../lib/tensor';
import { tinyLm, tinyPainter, tokenizer } from './grpo-tiny';
import { QwenImageTransformer } from '../lib/diffusion';
import type { tf } from '../lib/tensor';

before(async () => {
  await initBackend((process.env.T2G_BACKEND as 'auto' | undefined) ?? 'auto');
});

const SIDE = 64;
const noise = (seed: number): Uint8Array => {
  const rng = RandomStream.of(seed, 'pixels');
  return Uint8Array.from({ length: SIDE * SIDE * 3 }, () => rng.int(256));
};
const flat = (r: number, g: number, b: number): Uint8Array =>
  Uint8Array.from({ length: SIDE * SIDE * 3 }, (_, i) => [r, g, b][i % 3]);

async function pixelsOfPng(png: Buffer): Promise<{ data: Buffer; width: number; height: number }> {
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}

describe('picture grids', () => {
  it('decode to the pictures, each where it belongs, enlarged without smoothing', async () => {
    const colours = [flat(255, 0, 0), flat(0, 255, 0), flat(0, 0, 255)];
    const { data, width, height } = await pixelsOfPng(
      await imageGrid(colours, { columns: 2, scale: 2, gap: 4 }),
    );
    assert.deepEqual([width, height], [2 * 132 + 4, 2 * 132 + 4]);
    const at = (x: number, y: number): number[] => [
      ...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3),
    ];
    assert.deepEqual(at(4, 4), [255, 0, 0]);
    assert.deepEqual(at(4 + 127, 4 + 127), [255, 0, 0]);
    assert.deepEqual(at(4 + 132, 4), [0, 255, 0]);
    assert.deepEqual(at(4, 4 + 132), [0, 0, 255]);
    assert.deepEqual(at(4 + 132, 4 + 132), [255, 255, 255], 'an empty place stays white');
    assert.deepEqual(at(1, 1), [255, 255, 255], 'the gap stays white');
  });

  it('keep every pixel, however many colours there are', async () => {
    const picture = noise(4);
    const { data, width } = await pixelsOfPng(await imageGrid([picture], { scale: 1, gap: 0 }));
    assert.equal(width, SIDE);
    assert.deepEqual(new Uint8Array(data), picture);
  });

  it('draw labels in the room under a picture, and nowhere without labels', async () => {
    const plain = await pixelsOfPng(await imageGrid([flat(9, 9, 9)], { scale: 2 }));
    const named = await pixelsOfPng(
      await imageGrid([{ data: flat(9, 9, 9), label: 'a <b> & c' }], { scale: 2 }),
    );
    assert.equal(named.height - plain.height, 16);
    const below = named.data.subarray((named.height - 16) * named.width * 3);
    assert.ok(
      below.some((value) => value < 128),
      'the label has ink',
    );
  });

  it('refuse what is no picture', async () => {
    await assert.rejects(imageGrid([]), /no pictures/);
    await assert.rejects(imageGrid([new Uint8Array(5)]), /5 bytes, want 64 x 64 x 3/);
  });

  it('wrap labels at spaces and cut what is too long', () => {
    assert.deepEqual(wrapLabel('one large violin', 20, 2), ['one large violin']);
    assert.deepEqual(wrapLabel('one large violin', 10, 2), ['one large', 'violin']);
    assert.deepEqual(wrapLabel('one large violin on a table', 10, 2), ['one large', 'violin on…']);
    assert.deepEqual(wrapLabel('abcdefghijkl', 5, 2), ['abcde', 'fghi…']);
    assert.deepEqual(wrapLabel('R 0.5\none large violin', 12, 2), ['R 0.5', 'one large v…']);
    assert.deepEqual(wrapLabel('', 5, 2), []);
  });

  it('animate: as many frames as were given', async () => {
    const gif = await animation([noise(1), noise(2), noise(3)], { scale: 1 });
    const { pages, delay, format } = await sharp(gif, { animated: true }).metadata();
    assert.deepEqual([format, pages, delay], ['gif', 3, [120, 120, 1500]]);
  });
});

describe('figures', () => {
  it('are drawn without a browser and are not blank', async () => {
    const rows = Array.from({ length: 20 }, (_, step) => ({ step, loss: 1 / (step + 1) }));
    const line = await pixelsOfPng(await figurePng(curvesFigure(rows, ['loss'])));
    assert.deepEqual([line.width, line.height], [700, 400]);
    const ink = line.data.reduce((n, value) => n + (value < 200 ? 1 : 0), 0);
    assert.ok(ink > 2000, `only ${ink} dark values`);
    const layout = { width: 300, height: 300 };
    const map = await pixelsOfPng(await figurePng({ data: [{ type: 'heatmap', z: [[0, 1], [1, 0]] }], layout })); // prettier-ignore
    const colours = new Set(
      Array.from({ length: 300 }, (_, i) => map.data.readUIntBE((150 * 300 + i) * 3, 3)),
    );
    assert.ok(colours.size > 3, 'a heatmap has its cells');
  });

  it('smooth curves, and leave out rows without the number', () => {
    const rows = [{ step: 1, a: 1 }, { step: 2 }, { step: 3, a: 3 }];
    const { data } = curvesFigure(rows, ['a'], { smooth: 0.5 });
    assert.deepEqual(data[0].x, [1, 3]);
    assert.deepEqual(data[0].y, [1, 2]);
  });

  it('give every bar its own whiskers', () => {
    const summary = { score: bootstrapMean([0.2, 0.4, 0.6]) };
    const { data } = intervalBars([{ name: 'an arm', summary }], ['score']);
    const { array, arrayminus } = data[0].error_y as { array: number[]; arrayminus: number[] };
    assert.ok(Math.abs(0.4 + array[0] - summary.score.high) < 1e-12);
    assert.ok(Math.abs(0.4 - arrayminus[0] - summary.score.low) < 1e-12);
    assert.throws(() => intervalBars([{ name: 'an arm', summary }], ['other']), /"an arm" has no "other"/);
  });
});

describe('projections', () => {
  it('find the axes of a stretched cloud', () => {
    const rng = RandomStream.of(3, 'cloud');
    const rows = Array.from({ length: 400 }, () => {
      const [a, b] = [rng.normal() * 5, rng.normal() * 2];
      return [1 + (3 * a - 4 * b) / 5, 2 + (4 * a + 3 * b) / 5, rng.normal() * 0.1]; // axes (3, 4) / 5 and (-4, 3) / 5
    });
    const { points, explained } = principalComponents(rows, 2);
    const variance = (k: number): number => points.reduce((sum, p) => sum + p[k] ** 2, 0) / points.length;
    assert.ok(Math.abs(Math.sqrt(variance(0)) - 5) < 0.5);
    assert.ok(Math.abs(Math.sqrt(variance(1)) - 2) < 0.3);
    const mixed = points.reduce((sum, [x, y]) => sum + x * y, 0) / points.length;
    assert.ok(Math.abs(mixed) < 1e-6, 'components do not correlate');
    assert.ok(explained[0] > 0.8 && explained[0] + explained[1] > 0.99);
  });

  it('keep distances when no dimension is lost, and refuse ragged points', () => {
    const rows = [[0, 0], [3, 4], [6, -1]]; // prettier-ignore
    const { points } = principalComponents(rows, 2);
    const length = Math.hypot(points[0][0] - points[1][0], points[0][1] - points[1][1]);
    assert.ok(Math.abs(length - 5) < 1e-6);
    assert.throws(() => principalComponents([[1, 2], [1]]), /point 1 has 1 numbers, want 2/);
    assert.throws(() => principalComponents([[1, 2]]), /1 points/);
  });

  it('measure cosines', () => {
    const cosines = cosineMatrix([[1, 0], [1, 1], [0, 0]]); // prettier-ignore
    assert.ok(Math.abs(cosines[0][1] - Math.SQRT1_2) < 1e-12);
    assert.deepEqual(cosines[2], [0, 0, 0]);
  });
});

describe('token strips', () => {
  it('show spaces and line ends, and escape markup', () => {
    const chips = [{ text: '<b>', group: 'a' }, { text: ' x\n', value: 0.5 }]; // prettier-ignore
    const html = tokensHtml(chips);
    assert.ok(html.includes('&lt;b&gt;') && !html.includes('<b>'));
    assert.ok(html.includes('·x↵') && html.includes('0.50'));
    assert.equal(tokensText(chips), '<b>|·x↵ (0.50)');
  });

  it('split a text as the tokenizer does', () => {
    assert.deepEqual(chipsOf(tokenizer, tokenizer.encode('cat')).map(({ text }) => text), ['c', 'a', 't']); // prettier-ignore
  });
});

describe('denoising films', () => {
  it('end in the picture that draw gives, and begin in pure noise', async () => {
    const { config, params, flow } = tinyPainter();
    const painter = new QwenImageTransformer(config, params as Record<string, tf.Variable>);
    const model = new ThinkThenGenerate(tokenizer, tinyLm(), painter, flow, 4);
    const settings = { steps: 3, guidance: 2, seed: 5 };
    const film = await denoisingFilm(model, 'a cat', settings);
    const [picture] = await model.draw(['a cat'], settings);
    assert.equal(film.length, 3);
    assert.equal(film[0].sigma, 1);
    assert.deepEqual(film[2].foreseen, picture);
    assert.notDeepEqual(film[0].noisy, film[1].noisy);
    model.dispose();
  });

  it('pick frames evenly, the ends included', () => {
    assert.deepEqual(evenly([0, 1, 2, 3, 4, 5, 6], 3), [0, 3, 6]);
    assert.deepEqual(evenly([0, 1], 5), [0, 1]);
    assert.deepEqual(evenly([0, 1, 2], 1), [2]);
  });
});
