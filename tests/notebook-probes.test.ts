/** What notebooks 02 and 03 look through: layer views, recall, the concept probe, the small world, copies, live helpers. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { before, describe, it } from 'node:test';
import sharp from 'sharp';
import { RunFolder } from '../lib/checkpoint';
import {
  captionStates,
  clozeAccuracy,
  continueText,
  encodeForDrawing,
  IM_END,
  logitLens,
  Qwen2,
  type Tokenizer,
  trainBpe,
} from '../lib/encoder';
import {
  conceptCaptions,
  conceptsByLayer,
  factRecall,
  nearestMeanAccuracy,
  nearestPicture,
  saidAnswers,
} from '../lib/evaluation';
import { keepStrip, LiveTraining, smallMultiples, stripSheet } from '../lib/notebook';
import { initBackend, RandomStream, tf } from '../lib/tensor';
import { clozeOf, factsOf, fewPictures, fewScenes, parseCaption, renderScene } from '../lib/world';

let tokenizer: Tokenizer;
let model: Qwen2;

before(async () => {
  await initBackend((process.env.T2G_BACKEND ?? 'auto') as 'auto');
  tokenizer = trainBpe(['one large red apple on a table, the cat is here'], { vocabSize: 300 });
  const eosTokenId = tokenizer.specialId(IM_END);
  const sizes = { hiddenSize: 32, intermediateSize: 48, numHiddenLayers: 3, numAttentionHeads: 2 };
  model = Qwen2.init(
    { ...sizes, vocabSize: tokenizer.vocabSize, numKeyValueHeads: 1, initializerRange: 0.3, eosTokenId },
    1,
  );
});

describe('layer views', () => {
  it('the lens of the last layer is what the model says; earlier layers say something else', () => {
    const text = 'the cat is';
    const lens = logitLens(model, tokenizer, text, { top: 5, answer: ' apple' });
    assert.equal(lens.length, 4);
    const ids = tokenizer.encode(text);
    const said = tf.tidy(() => {
      const { logits } = model.forward({ inputIds: tf.tensor2d(ids, [1, ids.length], 'int32') });
      return tf.softmax(tf.slice(logits, [0, ids.length - 1, 0], [1, 1, -1]).reshape([-1])).dataSync();
    });
    const best = said.indexOf(Math.max(...said));
    assert.equal(lens[3].top[0].text, tokenizer.decode([best]));
    assert.ok(Math.abs(lens[3].top[0].probability - said[best]) < 1e-4);
    const wanted = tokenizer.encode(' apple')[0];
    assert.equal(lens[3].rank, said.filter((p) => p > said[wanted]).length);
    // Tied weights: the embedding of a token is most like itself.
    assert.equal(lens[0].top[0].text, tokenizer.decode([ids[ids.length - 1]]));
    assert.throws(() => logitLens(model, tokenizer, ''), /empty/);
  });

  it('a caption’s states are the means of what the painter would be given', () => {
    const captions = ['one red apple', 'one large cat on a table'];
    const layers = captionStates(model, tokenizer, captions, { batch: 1 });
    assert.equal(layers.length, 4);
    const { conditioningLayer } = model.config;
    const { embeds, mask } = encodeForDrawing(model, tokenizer, captions);
    const want = tf.tidy(() => embeds.sum(1).div(mask.sum(1, true)).arraySync()) as number[][];
    want.forEach((row, b) =>
      row.forEach((x, d) => assert.ok(Math.abs(layers[conditioningLayer][b][d] - x) < 1e-4)),
    );
    assert.notDeepEqual(layers[0], layers[1]);
  });

  it('a text goes on the same way each time, and as the cloze says', async () => {
    const options = { maxNewTokens: 6 };
    const text = await continueText(model, tokenizer, 'the cat is', options);
    assert.equal(text, await continueText(model, tokenizer, 'the cat is', options));
    const ids = tokenizer.encode(text);
    assert.ok(ids.length >= 1);
    await assert.rejects(continueText(model, tokenizer, ''), /0 tokens/);
    await assert.rejects(continueText(model, tokenizer, 'a'.repeat(5000)), /want 1 to/);
  });
});

describe('what a model knows', () => {
  it('recall is the cloze over each split, and what is missed is what the corpus states', () => {
    const { bySplit, missed } = factRecall(model, tokenizer, { splits: ['validation', 'absent'] });
    const facts = factsOf('validation');
    const { accuracy, correct } = clozeAccuracy(
      model,
      tokenizer,
      facts.map((fact) => clozeOf(fact)),
    );
    assert.equal(bySplit.validation.mean, accuracy);
    assert.equal(bySplit.validation.n, facts.length);
    assert.equal(bySplit.absent.n, factsOf('absent').length);
    assert.deepEqual(
      missed.map(({ id }) => id),
      facts.filter((_, i) => !correct[i]).map(({ id }) => id),
    );
  });

  it('answers stand beside the right one and the most common of their relation', async () => {
    const [fact] = factsOf('test');
    const [row] = await saidAnswers(model, tokenizer, [fact], { maxNewTokens: 4 });
    assert.equal(row.prompt, clozeOf(fact).prompt);
    assert.equal(row.answer, fact.answer);
    const same = (['sft', 'rl', 'validation', 'test'] as const)
      .flatMap((split) => factsOf(split))
      .filter(({ relation }) => relation === fact.relation);
    assert.equal(row.relationFacts, same.length);
    assert.equal(row.majorityFacts, same.filter(({ answer }) => answer === row.majority).length);
    for (const { answer } of same)
      assert.ok(same.filter((other) => other.answer === answer).length <= row.majorityFacts);
    assert.doesNotMatch(row.said, /[.\n]/);
  });

  it('the probe is right where classes lie apart and guesses where they do not', () => {
    const fit = { rows: [[0, 0], [0, 2], [10, 0], [10, 2]], labels: [0, 0, 1, 1] }; // prettier-ignore
    assert.equal(nearestMeanAccuracy(fit, { rows: [[1, 1], [9, 1], [6, 1]], labels: [0, 1, 0] }), 2 / 3); // prettier-ignore
    assert.throws(() => nearestMeanAccuracy(fit, { rows: [[1, 1]], labels: [2] }), /class 2/);
    assert.throws(() => nearestMeanAccuracy(fit, { rows: [], labels: [] }), /0 to test/);
  });

  it('its captions name their concept, and each layer is measured', () => {
    const concepts = ['apple', 'violin', 'cat'];
    conceptCaptions(concepts, 4).forEach((captions, i) => {
      assert.equal(captions.length, 4);
      for (const caption of captions) assert.equal(parseCaption(caption)!.objects[0].concept, concepts[i]);
    });
    const plain = conceptCaptions(concepts, 20).flat();
    for (const caption of plain) assert.match(caption, /^one /, 'the canonical order of words');
    const any = conceptCaptions(concepts, 20, { phrasing: 'any' }).flat();
    assert.ok(any.some((caption) => !caption.startsWith('one ')));
    const layers = conceptsByLayer(model, tokenizer, { concepts, fit: 3, test: 2 });
    assert.deepEqual(
      layers.map(({ layer }) => layer),
      [0, 1, 2, 3],
    );
    for (const { accuracy } of layers) assert.ok(accuracy >= 0 && accuracy <= 1);
    // Words that differ are seen apart already in the embeddings, even untrained.
    assert.ok(layers[0].accuracy > 1 / 3);
  });
});

describe('the small world', () => {
  const options = {
    concepts: ['apple', 'violin'],
    heldOut: [{ concept: 'apple', background: 'blue' as const }],
  };

  it('has every pair both ways round but those held out, which its pictures never show', () => {
    const { seen, held } = fewScenes(options);
    assert.deepEqual([seen.length, held.length], [2 * 5 * 2 - 2, 2]);
    const make = fewPictures(options);
    const captions = Array.from({ length: 200 }, (_, i) => make(RandomStream.of(0, 'few', i)));
    for (const { caption, pixels } of captions) {
      const { background, objects } = parseCaption(caption)!;
      assert.ok(!(background === 'blue' && objects[0].concept === 'apple'));
      assert.equal(pixels.length, 64 * 64 * 3);
    }
    assert.ok(new Set(captions.map(({ caption }) => caption)).size > 20);
    assert.deepEqual(make(RandomStream.of(0, 'few', 1)), captions[1]);
  });

  it('refuses what cannot be drawn', () => {
    assert.throws(() => fewScenes({ concepts: ['no such thing'] }), /no such thing/);
    const all = { concepts: ['apple'], backgrounds: ['blue' as const], heldOut: options.heldOut };
    assert.throws(() => fewScenes(all), /no scene is left/);
  });

  it('a copy of a picture is found, and how far another is', () => {
    const pictures = fewScenes(options).seen.map((scene) => renderScene(scene));
    assert.deepEqual(nearestPicture(pictures[3], pictures), { index: 3, rmse: 0 });
    const flat = (value: number) => new Uint8Array(12).fill(value);
    assert.deepEqual(nearestPicture(flat(10), [flat(30), flat(7)]), { index: 1, rmse: 3 });
    assert.throws(() => nearestPicture(flat(1), []), /no others/);
    assert.throws(() => nearestPicture(flat(1), [new Uint8Array(3)]), /has 3 bytes/);
  });
});

describe('live training', () => {
  const progress = (step: number) => ({ step, steps: 4, seconds: 1, left: 1, record: { loss: step / 2 } });

  it('goes on after the log of earlier sessions, and steps done again replace theirs', () => {
    const earlier = [1, 2, 3].map((step) => ({ step, loss: 9 }));
    const live = new LiveTraining(['loss'], earlier);
    for (const step of [2, 3, 4]) live.onProgress(progress(step));
    assert.deepEqual(live.curves.rows, [
      { step: 1, loss: 9 },
      { step: 2, loss: 1 },
      { step: 3, loss: 1.5 },
      { step: 4, loss: 2 },
    ]);
  });

  it('strips of a run are kept and stacked in the order of their steps', async () => {
    const root = fs.mkdtempSync(path.join(os.tmpdir(), 'strips-'));
    const run = RunFolder.open('few', {}, { root });
    assert.equal(await stripSheet(run.dir), null);
    const flat = (value: number) => new Uint8Array(64 * 64 * 3).fill(value);
    for (const step of [5, 10, 20, 100]) await keepStrip(run, step, [flat(step), flat(step)]);
    const png = await stripSheet(run.dir, { rows: 2 });
    const { data, info } = await sharp(png!).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    const at = (x: number, y: number): number => data[(y * info.width + x) * 3];
    assert.ok(Math.abs(at(70, 10) - 5) < 4, 'the first step above');
    assert.ok(Math.abs(at(70, info.height - 20) - 100) < 4, 'the last below');
    fs.rmSync(root, { recursive: true });
  });

  it('panels share a legend, a colour a name, and have axes of their own', () => {
    const trace = (name: string) => ({ type: 'scatter', name, x: [1], y: [2] });
    const figure = { data: [trace('a'), trace('b')] };
    const { data, layout } = smallMultiples([
      { title: 'one', figure },
      { title: 'two', figure },
    ]);
    assert.deepEqual(
      data.map(({ xaxis }) => xaxis),
      ['x', 'x', 'x2', 'x2'],
    );
    assert.deepEqual(
      data.map(({ showlegend }) => showlegend),
      [true, true, false, false],
    );
    assert.deepEqual(data[0].marker, data[2].marker);
    assert.notDeepEqual(data[0].marker, data[1].marker);
    assert.deepEqual((layout!.xaxis2 as { title: object }).title, { text: 'two' });
    assert.throws(() => smallMultiples([]), /no panels/);
  });
});
