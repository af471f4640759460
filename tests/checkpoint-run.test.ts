// Run folders: states that survive crashes, logs cut back on resume, configs that may not change silently.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { type Machine, readSessions, RunFolder, type RunOptions } from '../lib/checkpoint';
import { nodeFiles, type FileOps } from '../lib/checkpoint/files';
import { initBackend, tf } from '../lib/tensor';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'runs-'));
let warnings: string[] = [];
const config = { lr: 0.1, steps: 10, reward: { semantic: 1 } };
const open = (options: RunOptions = {}, cfg: object = config): RunFolder =>
  RunFolder.open('r', cfg, { root, warn: (m) => void warnings.push(m), ...options });
const stateDir = path.join(root, 'r', 'state');

before(async () => {
  await initBackend();
});
beforeEach(() => {
  fs.rmSync(root, { recursive: true, force: true });
  warnings = [];
});
after(() => fs.rmSync(root, { recursive: true, force: true }));

function save(run: RunFolder, step: number): void {
  const w = tf.tensor1d([step, 0.1 * step]);
  run.saveState({
    step,
    tensors: { w },
    json: { best: step / 3, rng: { key: [1, 2, 3, 4], position: step } },
  });
  w.dispose();
}

function loadedStep(run: RunFolder): number | undefined {
  const state = run.loadState();
  if (!state) return undefined;
  assert.deepEqual([...state.tensors.w.dataSync()], [state.step, Math.fround(0.1 * state.step)]);
  assert.equal((state.json as { best: number }).best, state.step / 3);
  tf.dispose(state.tensors);
  return state.step;
}

test('a state comes back exactly; the last two are kept', () => {
  const run = open();
  assert.equal(run.loadState(), null);
  for (const step of [1, 2, 3, 4]) save(run, step);
  assert.equal(loadedStep(open()), 4);
  assert.deepEqual(fs.readdirSync(stateDir).sort(), [
    'latest.json',
    'step-3.json',
    'step-3.safetensors',
    'step-4.json',
    'step-4.safetensors',
  ]);
  assert.deepEqual(warnings, []);
});

test('a damaged newest state is told and the one before it used, which the next save keeps', () => {
  for (const [end, damage] of [
    ['safetensors', (f: string) => fs.truncateSync(f, 40)],
    ['safetensors', (f: string) => fs.rmSync(f)],
    ['json', (f: string) => fs.truncateSync(f, 5)],
    ['safetensors', flipLastByte], // the right length, yet not what was saved
    ['json', flipLastByte],
  ] as const) {
    fs.rmSync(root, { recursive: true, force: true });
    warnings = [];
    let run = open();
    for (const step of [10, 20]) save(run, step);
    damage(path.join(stateDir, `step-20.${end}`));
    run = open();
    assert.equal(loadedStep(run), 10);
    assert.match(warnings.join(), /the state of step 20 is damaged .*using the state of step 10/);
    save(run, 15);
    fs.truncateSync(path.join(stateDir, 'step-15.safetensors'), 3);
    assert.equal(loadedStep(open()), 10, 'the intact one is still there');
    fs.truncateSync(path.join(stateDir, 'step-10.safetensors'), 3);
    assert.throws(() => open().loadState(), /no saved state is intact: .*step 15.*step 10/);
  }
});

function flipLastByte(file: string): void {
  const bytes = fs.readFileSync(file);
  bytes[bytes.length - 1] ^= 1;
  fs.writeFileSync(file, bytes);
}

test('a damaged or missing pointer costs nothing', () => {
  const run = open();
  for (const step of [9, 10]) save(run, step);
  fs.writeFileSync(path.join(stateDir, 'latest.json'), '{');
  assert.equal(loadedStep(open()), 10);
  assert.match(warnings.join(), /latest\.json: is not valid JSON/);
  fs.rmSync(path.join(stateDir, 'latest.json'));
  assert.equal(loadedStep(open()), 10);
});

test('a process killed at any file operation of a save resumes from a whole state', () => {
  class Killed extends Error {}
  // A kill does no clearing up: from the n-th operation on, nothing works.
  const killedAt = (n: number): FileOps => {
    let count = 0;
    const mortal =
      <A extends unknown[], R>(f: (...args: A) => R) =>
      (...args: A): R => {
        if (++count > n) throw new Killed();
        return f(...args);
      };
    return {
      openSync: mortal(nodeFiles.openSync),
      writeSync: mortal(nodeFiles.writeSync),
      fsyncSync: mortal(nodeFiles.fsyncSync),
      closeSync: mortal(nodeFiles.closeSync),
      renameSync: mortal(nodeFiles.renameSync),
      unlinkSync: mortal(nodeFiles.unlinkSync),
    };
  };
  let survived = 0;
  for (let n = 0; survived === 0; n++) {
    fs.rmSync(root, { recursive: true, force: true });
    for (const step of [1, 2]) save(open(), step);
    const run = open(); // opened while the disk works
    Object.assign(run, { ops: killedAt(n) });
    Object.assign((run as unknown as { slots: object }).slots, { ops: killedAt(n) });
    try {
      save(run, 3);
      survived = n;
    } catch {
      // killed
    }
    const step = loadedStep(open());
    assert.ok(step === 2 || step === 3, `killed at operation ${n}: step ${step}`);
    save(open(), 4);
    assert.equal(loadedStep(open()), 4);
    assert.ok(!fs.readdirSync(stateDir).some((name) => name.endsWith('.tmp')), 'left-overs are swept');
  }
  assert.ok(survived > 15, `${survived} operations`);
});

test('saving the same step again never overwrites what the pointer names', () => {
  const run = open();
  for (const step of [5, 5, 5]) save(run, step);
  assert.equal(loadedStep(open()), 5);
  const stems = fs.readdirSync(stateDir).filter((name) => name.endsWith('.safetensors'));
  assert.equal(stems.length, 2);
});

test('a full disk while saving leaves the last state', () => {
  save(open(), 1);
  const full: FileOps = {
    ...nodeFiles,
    writeSync: () => {
      throw Object.assign(new Error('write'), { code: 'ENOSPC' });
    },
  };
  const run = open();
  Object.assign((run as unknown as { slots: object }).slots, { ops: full });
  assert.throws(() => save(run, 2), /step-2\.safetensors: could not be written \(ENOSPC: no space left/);
  assert.equal(loadedStep(open()), 1);
  assert.deepEqual(fs.readdirSync(stateDir).sort(), ['latest.json', 'step-1.json', 'step-1.safetensors']);
});

test('json that would not come back the same is refused', () => {
  const run = open();
  const saveJson = (json: unknown): void => run.saveState({ step: 1, tensors: {}, json });
  assert.throws(() => saveJson({ best: Infinity }), /json\.best is Infinity, which JSON cannot hold/);
  assert.throws(
    () => saveJson({ a: [new Float32Array(2)] }),
    /json\.a\[0\] is \[object Float32Array\], want plain JSON/,
  );
  assert.throws(() => saveJson({ when: new Date(0) }), /json\.when is \[object Date\]/);
  saveJson({ zero: -0, small: 5e-324, none: undefined, list: [1, 'x', null, true] });
  assert.deepEqual(open().loadState()?.json, { zero: -0, small: 5e-324, list: [1, 'x', null, true] });
});

test('the log is one line a step and is cut back to the restored step', () => {
  let run = open();
  for (const step of [1, 2, 3]) run.log(step, { loss: 1 / step, bad: NaN });
  fs.appendFileSync(path.join(run.dir, 'log.jsonl'), '{"step": 4, "lo'); // killed while writing
  run = open();
  assert.deepEqual(
    run.readLog().map((r) => r.step),
    [1, 2, 3],
  );
  assert.equal(run.truncateLog(2), 2);
  run.log(3, { loss: 9 });
  assert.deepEqual(run.readLog(), [
    { step: 1, loss: 1, bad: null },
    { step: 2, loss: 0.5, bad: null },
    { step: 3, loss: 9 },
  ]);
  assert.equal(run.truncateLog(3), 0);
});

test('a changed config is refused with every difference, but for free keys', () => {
  const run = open();
  open({}, { lr: 0.5 }); // nothing saved yet: nothing to protect
  open();
  save(run, 1);
  assert.throws(
    () => open({}, { lr: 0.2, steps: 99, reward: { semantic: 2 }, more: true }),
    (error: Error) => {
      for (const line of ['lr: 0.1 -> 0.2', 'reward.semantic: 1 -> 2', 'more: (absent) -> true'])
        assert.ok(error.message.includes(line), line);
      assert.ok(!error.message.includes('steps'));
      return true;
    },
  );
  open({ free: ['lr', 'reward'] }, { lr: 0.2, steps: 20, reward: { semantic: 2 } });
  assert.deepEqual(JSON.parse(fs.readFileSync(path.join(root, 'r', 'config.json'), 'utf8')), {
    lr: 0.2,
    steps: 20,
    reward: { semantic: 2 },
  });
});

test('a fresh start moves the old run aside', () => {
  save(open(), 1);
  const fresh = open({ fresh: true });
  assert.equal(fresh.loadState(), null);
  assert.ok(fs.existsSync(path.join(root, 'r.1', 'state', 'latest.json')));
  assert.match(warnings.join(), /r: the run that was here is now .*r\.1/);
  assert.match(fresh.samplePath(7, 'grid.png'), /samples.000007-grid\.png$/);
});

test('machine.json and sessions.jsonl tell on what, when and why it ended, and nothing private', () => {
  const backend = { name: 'cpu', detail: 'test', threads: 1 };
  const first = open({ backend });
  save(first, 3);
  const killed = readSessions(first.dir);
  assert.equal(killed.length, 1);
  assert.deepEqual([killed[0].reason, killed[0].toStep, killed[0].steps], ['running', 3, 3]);
  const second = open({ backend, free: ['lr'] }, { ...config, lr: 0.05 });
  assert.equal(loadedStep(second), 3);
  save(second, 5);
  second.endSession('finished', 5);
  second.endSession('error: a second end changes nothing');
  const sessions = readSessions(second.dir);
  assert.deepEqual(
    sessions.map(({ reason, fromStep, toStep, steps }) => [reason, fromStep, toStep, steps]),
    [
      ['killed', 0, 3, 3],
      ['finished', 3, 5, 2],
    ],
  );
  assert.deepEqual(sessions[1].changes, ['lr: 0.1 -> 0.05']);
  assert.deepEqual(sessions[1].backend, backend);
  fs.appendFileSync(path.join(second.dir, 'sessions.jsonl'), '{"started": "cut');
  assert.equal(readSessions(second.dir).length, 2);

  const text = fs.readFileSync(path.join(second.dir, 'machine.json'), 'utf8');
  const machine = JSON.parse(text) as Machine;
  assert.equal(machine.node, process.version);
  assert.ok(machine.cores > 0 && machine.memoryGiB > 0 && machine.packages['@tensorflow/tfjs']);
  if (fs.existsSync('.git')) assert.match(machine.commit ?? '', /^[0-9a-f]{40}\+?$/);
  for (const secret of [os.hostname(), os.homedir(), process.cwd()])
    if (secret.length > 3) assert.ok(!text.includes(secret), secret);
});

test('run names stay inside the root', () => {
  for (const name of ['', '..', '../x', '/abs', 'a//b', 'a/../b', 'a b'])
    assert.throws(() => RunFolder.open(name, {}, { root }), /run name is/, name);
  RunFolder.open('ablation/seed-1', {}, { root });
});
