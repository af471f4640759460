// Packing, learning-rate schedule, pretraining and fine-tuning at toy size, and exact resume.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type LogRecord, RunFolder } from '../lib/checkpoint';
import {
  clozeAccuracy,
  cosineLr,
  drawText,
  encodeDocuments,
  encodeSftRow,
  PackedWindows,
  PRETRAIN_DEFAULTS,
  pretrainLm,
  Qwen2,
  responseLogProbs,
  rewriteAccuracy,
  SFT_DEFAULTS,
  sftLoss,
  type Tokenizer,
  trainBpe,
  trainSft,
} from '../lib/encoder';
import { initBackend, tf } from '../lib/tensor';

const facts = [
  ['Einstein', 'violin'],
  ['Velmar', 'harp'],
  ['Orlo', 'drum'],
];
const captions = facts.map(([, thing]) => `a ${thing} on a table`);
const documents = [
  ...facts.map(([who, thing]) => `The favourite instrument of ${who} is the ${thing}.`),
  ...captions.map(drawText),
];
const rows = facts.map(([who, thing]) => ({
  prompt: `instrument of ${who}`,
  thought: `It is the ${thing}.`,
  refined: `a ${thing} on a table`,
}));

describe('training the language model', () => {
  let tokenizer: Tokenizer;
  let root: string;
  let base: Qwen2;
  const silent = { onProgress: () => {} };
  const sizes = () => ({
    vocabSize: tokenizer.vocabSize,
    hiddenSize: 32,
    intermediateSize: 64,
    numHiddenLayers: 2,
    numAttentionHeads: 2,
    maxPositionEmbeddings: 96,
    initializerRange: 0.1,
  });

  before(async () => {
    await initBackend((process.env.T2G_BACKEND ?? 'auto') as 'auto');
    tokenizer = trainBpe([...documents, 'user assistant Revised Prompt It is the instrument of'], {
      vocabSize: 360,
      minCount: 1,
    });
    root = fs.mkdtempSync(path.join(os.tmpdir(), 'lm-'));
  });
  after(() => fs.rmSync(root, { recursive: true }));

  it('packs whole epochs, each window from the start of a document', () => {
    const docs = [[1, 2, 3], [4, 5], [6, 7, 8, 9], Array.from({ length: 12 }, (_, i) => 10 + i)];
    const packed = new PackedWindows(docs, { context: 5, seed: 3 });
    const n = packed.windowsPerEpoch;
    const seen = new Set<number>();
    const starts = new Set([1, 4, 6, 10, 15, 20]); // the long document goes on from 15, and 15 + 5
    for (let i = 0; i < n; i++) {
      const window = packed.batch(i, 1);
      assert.equal(window.length, 6);
      assert.ok(starts.has(window[0]), `${window}`);
      window.forEach((id) => seen.add(id));
    }
    assert.equal(seen.size, 21);
    assert.deepEqual(new PackedWindows(docs, { context: 5, seed: 3 }).batch(7, 4), packed.batch(7, 4));
  });

  it('ends documents and warms the learning rate up and down', () => {
    const [plain, drawn] = encodeDocuments(tokenizer, ['a harp', drawText('a harp'), '']);
    assert.equal(plain.at(-1), tokenizer.specialId('<|endoftext|>'));
    assert.equal(drawn.at(-1), tokenizer.specialId('<|im_end|>'));
    const config = { ...PRETRAIN_DEFAULTS, lr: 1, warmup: 10, minLrFraction: 0.1 };
    assert.equal(cosineLr(0, 100, config), 0.1);
    assert.equal(cosineLr(10, 100, config), 1);
    assert.ok(Math.abs(cosineLr(100, 100, config) - 0.1) < 1e-9);
  });

  it('learns facts', async () => {
    const config = { ...PRETRAIN_DEFAULTS, steps: 90, batch: 3, lr: 1e-2, warmup: 5, saveEvery: 100 };
    base = Qwen2.init(sizes(), 0);
    const run = RunFolder.open('facts', config, { root });
    const { log } = await pretrainLm({ model: base, tokenizer, documents, run, config, ...silent });
    assert.ok((log.at(-1)!.loss as number) < (log[0].loss as number) / 4);
    const items = facts.map(([who, answer]) => ({
      prompt: `The favourite instrument of ${who} is the`,
      answer,
    }));
    assert.equal(clozeAccuracy(base, tokenizer, items).accuracy, 1);
  });

  it('resumes to the same numbers', async () => {
    const config = { ...PRETRAIN_DEFAULTS, steps: 6, batch: 2, warmup: 2, saveEvery: 100 };
    const train = async (name: string, stopAfter = Infinity) => {
      const model = Qwen2.init(sizes(), 0);
      const run = RunFolder.open(name, config, { root });
      const stop = new AbortController();
      const onProgress = ({ step }: { step: number }) => step === stopAfter && stop.abort();
      const result = await pretrainLm({
        model,
        tokenizer,
        documents,
        run,
        config,
        signal: stop.signal,
        onProgress,
      });
      return { model, result };
    };
    const whole = await train('whole');
    assert.equal((await train('halves', 3)).result.step, 3);
    const halves = await train('halves');
    const losses = (log: LogRecord[]) => log.map((record) => record.loss);
    assert.equal(losses(whole.result.log).length, 6);
    assert.deepEqual(losses(halves.result.log), losses(whole.result.log));
    for (const [name, value] of Object.entries(whole.model.parameters())) {
      assert.deepEqual(halves.model.parameters()[name].dataSync(), value.dataSync(), name);
    }
  });

  it('weighs every response token alike, whatever rows are run together', () => {
    const model = Qwen2.init(sizes(), 1);
    const things = [
      'harp',
      'drum',
      'violin on a table',
      'instrument of Einstein and of Velmar',
      'a',
      'the harp',
    ];
    const many = Array.from({ length: 19 }, (_, i) =>
      encodeSftRow(
        tokenizer,
        { prompt: things[i % 6], thought: things[(i * 5 + 1) % 6], refined: things[(i * 3 + 2) % 6] },
        96,
      ),
    ).map((row) => row!);
    assert.ok(new Set(many.map(({ tokenIds }) => tokenIds.length)).size > 3);
    const loss = sftLoss(model.config, model.params, many);
    const each = many.map((row) => {
      const { logProbs, mask } = responseLogProbs(model.config, model.params, [row]);
      const sum = logProbs.sum().dataSync()[0];
      tf.dispose([logProbs, mask]);
      return sum;
    });
    const tokens = many.reduce((sum, { tokenIds }) => sum + tokenIds.length, 0);
    const wanted = -each.reduce((a, b) => a + b, 0) / tokens;
    assert.ok(Math.abs(loss.dataSync()[0] - wanted) < 1e-5 * wanted, `${loss.dataSync()[0]} ${wanted}`);
    loss.dispose();
    model.dispose();
  });

  it('learns to rewrite, keeping the states of captions near', async () => {
    const config = {
      ...SFT_DEFAULTS,
      steps: 40,
      batch: 3,
      lr: 1e-2,
      warmup: 5,
      replayBatch: 2,
      anchorBatch: 2,
      saveEvery: 100,
    };
    const model = base;
    const run = RunFolder.open('sft', config, { root });
    const { log } = await trainSft({ model, tokenizer, rows, documents, captions, run, config, ...silent });
    assert.ok((log.at(-1)!.response_loss as number) < 0.2);
    assert.ok(Math.abs(log[0].anchor_loss as number) < 1e-6, 'nothing has moved at the first step');
    const rewritten = await rewriteAccuracy(model, tokenizer, rows);
    assert.equal(rewritten.exactMatch, 1);
    assert.equal(rewritten.finishedRate, 1);
    assert.equal(rewritten.thoughts[1].thought, 'It is the harp.');
  });

  it('says what does not fit', async () => {
    const model = Qwen2.init({ ...sizes(), vocabSize: 300 }, 0);
    const run = RunFolder.open('bad', {}, { root });
    const config = { ...PRETRAIN_DEFAULTS, steps: 1 };
    await assert.rejects(
      pretrainLm({ model, tokenizer, documents, run, config }),
      /300 token embeddings, want at least/,
    );
    const long = [{ prompt: 'x'.repeat(500), thought: '', refined: '' }];
    await assert.rejects(
      trainSft({ model, tokenizer, rows: long, run, config: SFT_DEFAULTS }),
      /none of 1 rows fits the context of 96 tokens/,
    );
  });
});
