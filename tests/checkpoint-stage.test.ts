// The stage loop: N + N steps equal 2N bit for bit, stops save, NaN stops and keeps what was good.
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import {
  readSessions,
  RunFolder,
  runStage,
  SpikeGuard,
  type StageOptions,
  type StageResult,
} from '../lib/checkpoint';
import { drawProgress, duration, progressLine } from '../lib/checkpoint/progress';
import { AdamW, initBackend, RandomStream, tf, valueAndGrads } from '../lib/tensor';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'stage-'));
before(async () => {
  await initBackend();
});
beforeEach(() => fs.rmSync(root, { recursive: true, force: true }));
after(() => fs.rmSync(root, { recursive: true, force: true }));

/** A tiny regression trained by AdamW on noise from a stream that is part of the state. */
function tinyStage(
  name: string,
  steps: number,
  more: Partial<StageOptions> = {},
): { go: () => Promise<StageResult>; w: () => number[]; free: () => void } {
  const params = {
    w: tf.tidy(() => tf.variable(RandomStream.of(0, 'init').tensorNormal([4, 3]))),
    b: tf.tidy(() => tf.variable(tf.zeros([3]))),
  };
  const optimiser = new AdamW({ lr: 0.05 });
  const rng = RandomStream.of(0, 'data');
  const step = (): Record<string, number> =>
    tf.tidy(() => {
      const x = rng.tensorNormal([8, 4]);
      const loss = (): tf.Scalar =>
        tf.mean(
          tf.square(tf.sub(tf.add(tf.matMul(x as tf.Tensor2D, params.w as tf.Tensor2D), params.b), 1)),
        ) as tf.Scalar;
      const { value, grads } = valueAndGrads(loss, params);
      optimiser.step(params, grads);
      return { loss: value.dataSync()[0], lr: optimiser.lr };
    });
  const go = (): Promise<StageResult> =>
    runStage({
      run: RunFolder.open(name, { lr: 0.05 }, { root, warn: () => undefined }),
      steps,
      saveEvery: 4,
      step,
      state: () => {
        const { step: count, tensors } = optimiser.state();
        return { tensors: { ...params, ...tensors }, json: { count, rng: rng.state() } };
      },
      restore: ({ tensors: { w, b, ...moments }, json }) => {
        const { count, rng: where } = json as { count: number; rng: ReturnType<RandomStream['state']> };
        params.w.assign(w);
        params.b.assign(b);
        optimiser.loadState({ step: count, tensors: moments });
        rng.restore(where);
      },
      onProgress: () => undefined,
      ...more,
    });
  const free = (): void => {
    tf.dispose(params);
    optimiser.dispose();
  };
  return { go, w: () => [...params.w.dataSync(), ...params.b.dataSync()], free };
}

const losses = (result: StageResult): unknown[] => result.log.map((r) => [r.step, r.loss]);

test('N + N steps through a resume are 2N steps, bit for bit, and leak nothing', async () => {
  const start = tf.memory().numTensors;
  const whole = tinyStage('whole', 10);
  const all = await whole.go();
  assert.equal(all.step, 10);
  assert.equal(all.log.length, 10);
  assert.ok((all.log[9].loss as number) < (all.log[0].loss as number));

  const first = tinyStage('halves', 5);
  await first.go();
  const second = tinyStage('halves', 10);
  const both = await second.go();
  assert.deepEqual(losses(both), losses(all));
  assert.deepEqual(second.w(), whole.w());
  const again = await tinyStageFreed('halves', 10);
  assert.deepEqual(losses(again), losses(all), 'a finished run returns its log at once');
  for (const s of [whole, first, second]) s.free();
  assert.equal(tf.memory().numTensors, start);
});

async function tinyStageFreed(
  name: string,
  steps: number,
  more: Partial<StageOptions> = {},
): Promise<StageResult> {
  const stage = tinyStage(name, steps, more);
  try {
    return await stage.go();
  } finally {
    stage.free();
  }
}

test('a run that died between saves repeats the lost steps to the same numbers', async () => {
  const all = await tinyStageFreed('whole', 10);
  const dying = tinyStage('dies', 10, {
    onSample: (step) => {
      if (step === 7) throw new Error('killed');
    },
    sampleEvery: 1,
  });
  await assert.rejects(dying.go(), /killed/);
  assert.equal(
    RunFolder.open('dies', { lr: 0.05 }, { root }).readLog().length,
    7,
    'logged beyond the state of step 4',
  );
  assert.deepEqual(losses(await tinyStageFreed('dies', 10)), losses(all));
});

test('the Stop button of a notebook and an AbortSignal save and return; the run goes on later', async () => {
  const all = await tinyStageFreed('whole', 10);
  const abort = new AbortController();
  const stops = [
    {
      onProgress: ({ step }: { step: number }) =>
        void (step === 3 && (process as NodeJS.EventEmitter).emit('notebook-interrupt')),
    },
    { onProgress: ({ step }: { step: number }) => void (step === 6 && abort.abort()), signal: abort.signal },
  ];
  for (const [i, stop] of stops.entries()) {
    const stopped = await tinyStageFreed('stop', 10, stop);
    assert.deepEqual([stopped.interrupted, stopped.step], [true, 3 * (i + 1)]);
  }
  const done = await tinyStageFreed('stop', 10);
  assert.equal(done.interrupted, false);
  assert.deepEqual(losses(done), losses(all));
  assert.equal((process as NodeJS.EventEmitter).listenerCount('notebook-interrupt'), 0);
  assert.equal(process.listenerCount('SIGTERM'), 0);
});

test('a NaN loss stops with the step and the last good state, which is kept', async () => {
  let i = 0;
  const step = (): Record<string, number> => ({ loss: ++i === 6 ? NaN : 1, entropy: NaN });
  await assert.rejects(
    tinyStageFreed('nan', 10, { step }),
    /loss is NaN at step 6; the last good state, .*step-4, is kept/,
  );
  const run = RunFolder.open('nan', { lr: 0.05 }, { root });
  assert.equal(run.loadState()?.step, 4);
  assert.equal(run.readLog().length, 5);
  await assert.rejects(
    tinyStageFreed('first', 10, { step: () => ({ policy_loss: Infinity }) }),
    /Infinity at step 1; nothing was saved/,
  );
});

test('a spike that lasts stops the run, keeps the state before it and says what to do; a short one passes', async () => {
  const spike = { window: 20, patience: 6 };
  const loss = (i: number): number => 2 + 0.01 * Math.sin(i) + (i === 25 || i >= 30 ? 1 : 0);
  await assert.rejects(
    tinyStageFreed('spike', 60, { step: (i) => ({ loss: loss(i) }), spike }),
    /loss has been above 2\.\d+ for 6 steps and is 3\.\d+ at step 36, where 2\.00 is usual: a spike; the last good state, .*step-28, is kept\. Run again with a lower learning rate/,
  );
  const run = RunFolder.open('spike', { lr: 0.05 }, { root });
  assert.match(readSessions(run.dir)[0].reason, /^error: .*a spike/);
  assert.equal(run.loadState()?.step, 28, 'step 32 fell into the alarm and was not saved');
  const { step } = await tinyStageFreed('spike', 60, { step: () => ({ loss: 2 }), spike });
  assert.equal(step, 60, 'it goes on from there');
  const unguarded = await tinyStageFreed('unguarded', 60, { step: (i) => ({ loss: loss(i) }) });
  assert.equal(unguarded.step, 60);
});

test('the guard: noise and falling losses pass, a resumed run remembers, wrong options are refused', () => {
  const rng = RandomStream.of(0, 'spike');
  const guard = new SpikeGuard();
  for (let i = 0; i < 2000; i++)
    assert.equal(guard.watch({ loss: 5 / (1 + i / 100) + 0.2 * rng.normals(1)[0] ** 2 }), undefined);
  const fresh = new SpikeGuard({ window: 10, patience: 1 });
  assert.equal(fresh.watch({ loss: 1e9 }), undefined, 'nothing to judge by yet');
  const resumed = new SpikeGuard({ window: 10, patience: 1 });
  resumed.recall(Array.from({ length: 30 }, (_, step) => ({ step, loss: 1 })));
  assert.equal(resumed.watch({ loss: 1.05 }), undefined);
  assert.deepEqual(resumed.watch({ loss: 2 }), { key: 'loss', value: 2, bound: 1.1, median: 1, steps: 1 });
  assert.equal(resumed.watch({ other: 9 }), undefined);
  assert.throws(() => new SpikeGuard({ patience: 0 }), /patience is 0, want a positive number/);
});

test('weights that are not finite are never saved', async () => {
  const w = tf.variable(tf.tensor1d([1]));
  const stage = tinyStageFreed('bad', 8, {
    step: (i) => {
      if (i === 6) w.assign(tf.tensor1d([Infinity]));
      return { loss: 1 };
    },
    state: () => ({ tensors: { w }, json: null }),
  });
  await assert.rejects(stage, /w holds Infinity after step 8; the last good state, .*step-4, is kept/);
  w.dispose();
});

test('samples, log intervals and wrong options', async () => {
  const sampled: number[] = [];
  const { log } = await tinyStageFreed('s', 7, {
    sampleEvery: 3,
    onSample: (n) => void sampled.push(n),
    logEvery: 5,
  });
  assert.deepEqual(sampled, [3, 6]);
  assert.deepEqual(
    log.map((r) => r.step),
    [5, 7],
  );
  await assert.rejects(tinyStageFreed('s2', 7, { saveEvery: 0 }), /saveEvery is 0, want a positive integer/);
});

test('the progress line: bar, chief numbers, time left; in place on a terminal, rarely elsewhere', () => {
  const at = (step: number): Parameters<typeof progressLine>[1] => ({
    step,
    steps: 100,
    seconds: 10,
    left: 3725,
    record: { loss: 2.34567, lr: 3e-4, tokens: 4096, other: 1 },
  });
  assert.equal(
    progressLine('sft', at(50)),
    'sft  [############------------]  50/100  loss 2.346  lr 3.0e-4  tokens 4096  1 h 02 min left',
  );
  assert.match(progressLine('sft', at(100), ['other', 'absent']), /100\/100 {2}other 1 {2}done in 10 s$/);
  assert.equal(duration(65), '1 min 05 s');
  for (const [isTTY, writes] of [
    [true, 2],
    [false, 2],
  ] as const) {
    const out: string[] = [];
    const draw = drawProgress('sft', undefined, {
      isTTY,
      columns: 60,
      write: (text: string) => out.push(text),
    });
    for (const step of [1, 2, 3, 100]) draw(at(step));
    assert.equal(out.length, writes);
    assert.ok(isTTY ? out[0].startsWith('\r') && out[0].length < 70 : out[0].endsWith('\n'));
  }
});

// ---- signals, in a process of their own ----

const SCRIPT = `
const { RunFolder, runStage } = require(${JSON.stringify(path.resolve('lib/checkpoint'))});
const { initBackend, tf } = require(${JSON.stringify(path.resolve('lib/tensor'))});
initBackend('cpu').then(async () => {
  let sum = 0, mine = 0;
  const run = RunFolder.open('sig', {}, { root: process.argv[1] });
  const steps = Number(process.argv[2]);
  await runStage({
    run, steps, saveEvery: 1000,
    step: async (i) => { sum = Math.fround(sum * 0.99 + i); await new Promise((r) => setTimeout(r, 5)); if (++mine === 3) console.log('ready'); return { loss: sum }; },
    state: () => ({ tensors: { x: tf.scalar(sum) }, json: { sum } }),
    restore: ({ json }) => { sum = json.sum; },
  });
  console.log('after');
});
`;

function child(steps: number): ChildProcess {
  const args = ['--require', 'ts-node/register/transpile-only', '-e', SCRIPT, root, String(steps)];
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
}

test('SIGINT (told twice, as npm does) and SIGTERM finish the step, save and exit; the run goes on exactly', async () => {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    const p = child(100000);
    let out = '';
    p.stdout?.on('data', (chunk: Buffer) => {
      out += String(chunk);
      if (out.includes('ready')) {
        p.kill(signal);
        p.kill(signal);
      }
    });
    const ended = await new Promise((resolve) => p.on('close', resolve));
    assert.equal(ended, code);
    assert.ok(!out.includes('after'));
  }
  const run = RunFolder.open('sig', {}, { root });
  const state = run.loadState();
  let sum = 0;
  for (let i = 0; i < (state?.step ?? 0); i++) sum = Math.fround(sum * 0.99 + i);
  assert.ok(state && state.step > 3);
  assert.equal((state.json as { sum: number }).sum, sum);
  assert.equal(run.readLog().length, state.step);
});
