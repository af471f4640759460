// What runs and model folders say of themselves: the list and story of runs, and training.json of a checkpoint.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { isMade, madePart, recordMade, RunFolder } from '../lib/checkpoint';
import { compareRuns, imageGrid, listRuns, runStory } from '../lib/notebook';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'story-'));
beforeEach(() => fs.rmSync(root, { recursive: true, force: true }));
after(() => fs.rmSync(root, { recursive: true, force: true }));

async function exampleRun(name: string): Promise<RunFolder> {
  const run = RunFolder.open(name, { steps: 40, lr: 0.1, note: '<b>' }, { root, warn: () => undefined });
  for (let step = 1; step <= 30; step++)
    run.log(step, {
      loss: 3 / step,
      eval_loss: step % 10 ? undefined : 2 / step,
      grad_norm: 1,
      tokens: 100 * step,
    });
  for (const step of [10, 20, 30]) {
    fs.writeFileSync(
      run.samplePath(step, 'grid.png'),
      await imageGrid([new Uint8Array(64 * 64 * 3).fill(step)]),
    );
    fs.writeFileSync(run.samplePath(step, 'texts.txt'), `text <${step}>\n`);
  }
  await new Promise((resolve) => setTimeout(resolve, 120)); // a session of no time has no speed
  run.endSession('stopped (SIGINT)', 30);
  return run;
}

test('runs are listed wherever they lie, with steps, time, ending, loss and speed', async () => {
  assert.deepEqual(listRuns(root), []);
  await exampleRun('a/lm');
  RunFolder.open('b', { steps: 5 }, { root, warn: () => undefined });
  const [lm, b] = listRuns(root);
  assert.deepEqual([lm.name, lm.steps, lm.wanted, lm.reason], ['a/lm', 30, 40, 'stopped (SIGINT)']);
  assert.deepEqual(lm.last, { key: 'loss', value: 0.1 });
  assert.equal(lm.speed?.unit, 'tokens');
  assert.ok(Math.abs(lm.speed.value * lm.seconds - 3000) < 1e-6);
  assert.deepEqual([b.name, b.steps, b.reason, b.last], ['b', 0, 'running', undefined]);
});

test('a story has config, curves, pictures, texts, sessions and machine; markup in them is text', async () => {
  const { dir } = await exampleRun('lm');
  const { markdown, html, files } = await runStory(dir, root);
  assert.deepEqual(Object.keys(files).sort(), ['story/grad-norm.svg', 'story/losses.svg']);
  assert.match(files['story/losses.svg'], /^<svg[^]*eval_loss/);
  for (const file of Object.keys(files)) assert.ok(markdown.includes(`](${file})`));
  for (const step of [10, 20, 30]) {
    assert.ok(markdown.includes(`](samples/0000${step}-grid.png)`));
    assert.ok(html.includes(`text &lt;${step}&gt;`));
  }
  assert.equal(html.match(/data:image\/png;base64,/g)?.length, 3);
  assert.match(html, /stopped \(SIGINT\)/);
  assert.ok(!html.includes('"<b>"') && html.includes('&lt;b&gt;'));
  assert.match(markdown, new RegExp(`"node": "${process.version}"`));
});

test('training.json: done is skipped, more steps go on, other options and foreign parts are refused', () => {
  const part = path.join(root, 'm', 'text_encoder');
  const dir = path.dirname(part);
  const options = { steps: 10, lr: 0.1, saveEvery: 5, model: { width: 8 } };
  assert.equal(isMade(dir, 'text_encoder', options), false);
  fs.mkdirSync(part, { recursive: true });
  assert.throws(() => isMade(dir, 'text_encoder', options), /text_encoder: is there already, .*--overwrite/);
  assert.throws(() => isMade(dir, 'text_encoder', options, { fresh: true }), /is there already/);
  assert.equal(isMade(dir, 'text_encoder', options, { overwrite: true }), false);

  recordMade(dir, 'tokenizer', { options: {}, result: {} });
  recordMade(dir, 'text_encoder', { options, result: { steps: 10 } });
  assert.deepEqual(madePart(dir, 'tokenizer'), { options: {}, result: {} });
  assert.equal(isMade(dir, 'text_encoder', { ...options, saveEvery: 50 }), true);
  assert.equal(isMade(dir, 'text_encoder', { ...options, steps: 20 }), false);
  assert.throws(() => isMade(dir, 'text_encoder', { ...options, steps: 5 }), /steps: 10 -> 5/);
  const wider = { ...options, model: { width: 16 } };
  assert.throws(
    () => isMade(dir, 'text_encoder', wider),
    /made with other options:\n {2}model\.width: 8 -> 16\n/,
  );
  assert.equal(isMade(dir, 'text_encoder', wider, { overwrite: true }), false);
  assert.equal(isMade(dir, 'text_encoder', options, { fresh: true }), false);
});

test('the committed base is not overwritten unless asked', () => {
  for (const part of ['tokenizer', 'text_encoder', 'transformer'])
    assert.throws(() => isMade('checkpoints/base', part, { steps: -1 }), /--overwrite to replace it/);
});

test('runs side by side: what differs, the means of their losses, one curve each', () => {
  for (const [name, lr] of [
    ['a', 0.1],
    ['b', 0.2],
  ] as const) {
    const run = RunFolder.open(name, { steps: 40, lr, batch: 8 }, { root, warn: () => undefined });
    for (let step = 1; step <= 30; step++)
      run.log(step, { loss: lr * step, images: 8 * step, ...(name === 'a' && { tokens: step }) });
    run.endSession('finished', 30);
  }
  const dirs = ['a', 'b'].map((name) => path.join(root, name));
  const { rows, figure, over } = compareRuns(dirs, { root, window: 2 });
  assert.equal(over, 'images'); // both count them; tokens only one
  assert.deepEqual(Object.keys(rows[0]), ['run', 'lr', 'images', 'seconds', 'loss']);
  assert.deepEqual([rows[1].run, rows[1].lr, rows[1].images], ['b', '0.2', 240]);
  assert.ok(Math.abs((rows[0].loss as number) - 0.1 * 29.5) < 1e-9);
  assert.deepEqual(
    figure.data.map(({ name, x }) => [name, (x as number[]).length]),
    [
      ['a', 30],
      ['b', 30],
    ],
  );
  assert.throws(() => compareRuns(dirs.slice(1), { root }), /1 run given, want at least two/);
  assert.throws(
    () => compareRuns(dirs, { root, metric: 'los' }),
    /log has no "los", it has step, loss, images/,
  );
});
