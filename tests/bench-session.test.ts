// The benchmark's own logic with engines that pretend: late, dying and failing ones; medians; checks; operation counts.
import assert from 'node:assert/strict';
import * as path from 'node:path';
import { after, test } from 'node:test';
import { spawnSync } from 'node:child_process';
import { mismatch, msOf, ratioOf, shareOfPeak } from '../scripts/bench/compare';
import { Engine, EngineError } from '../scripts/bench/engine';
import { ENGINES, enginesNamed } from '../scripts/bench/engines';
import { spread } from '../scripts/bench/fill';
import { parseLine, type WorkSpec } from '../scripts/bench/protocol';
import { growth, scalingFigure, scalingTable, sweeps } from '../scripts/bench/scaling';
import {
  measureMemory,
  runSession,
  type Adapt,
  type Plan,
  type Result,
  type Results,
} from '../scripts/bench/session';
import { ditTrain, flopsOf, GEMMS, lmTrain } from '../scripts/bench/sizes';
import { median, showMs, showSeconds, spreadOf } from '../scripts/bench/stats';

const FAKE = path.join(__dirname, 'fixtures', 'bench', 'fake-engine.cjs');
const START = 20_000; // generous: it only has to end
const limits = { prepareMs: 1500, timeMs: 1500, startMs: START };
const engines: Engine[] = [];

function fake(name: string, how = ''): Engine {
  const engine = new Engine({ name, command: process.execPath, args: [FAKE, how] });
  engines.push(engine);
  return engine;
}
async function started(name: string, how = ''): Promise<Engine> {
  const engine = fake(name, how);
  await engine.start(START);
  return engine;
}
const work = (name: string): WorkSpec => ({ name, kind: 'gemm', sizes: {} });
const planOf = (names: string[], rounds = 2): Plan => ({
  works: names.map(work),
  rounds,
  budgetMs: 10,
  totalMs: 600_000,
  limits,
  slowMs: 8000,
  log: () => undefined,
});
after(() => engines.forEach((engine) => engine.stop()));

test('medians, spreads and shown numbers', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.throws(() => median([]), /no values/);
  assert.equal(spreadOf([2, 1, 3]), 1);
  assert.equal(spreadOf([5]), 0);
  assert.deepEqual([0.41234, 4.1234, 41.234, 1158.4].map(showMs), [
    '0.412 ms',
    '4.12 ms',
    '41.2 ms',
    '1,158 ms',
  ]);
  assert.deepEqual([1000, 61_000].map(showSeconds), ['1 s', '1 min 1 s']);
});

test('lines that are no messages are passed over', () => {
  assert.equal(parseLine('warning: something'), null);
  assert.equal(parseLine('{not json'), null);
  assert.deepEqual(parseLine('{"id":3,"times":[1]}'), { id: 3, times: [1] });
});

test('a greeting that came long before anyone asked is not lost', async () => {
  const early = fake('early');
  const later = fake('later');
  const first = early.start(START);
  const second = later.start(START);
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal((await second).hello, 'fake');
  assert.equal((await first).hello, 'fake');
  assert.deepEqual((await early.ask({ op: 'time', work: 'a', budget: 1, steps: 1 }, START)).times, [3, 1, 2]);
});

test('an engine that does not greet is killed and says so; one that dies gives its last words', async () => {
  const mute = fake('mute', 'mute');
  await assert.rejects(mute.start(200), /did not start within 0.2 s/);
  assert.equal(mute.alive, false);
  await assert.rejects(
    fake('broken', 'broken').start(START),
    /ended with code 3: ImportError: no module named fake/,
  );
  const absent = new Engine({ name: 'absent', command: '/nowhere/python', args: [] });
  await assert.rejects(absent.start(START), /ENOENT/);
});

test('an error answer leaves the engine alive; a late one kills it', async () => {
  const engine = await started('fails', 'time');
  const failing = engine.ask({ op: 'time', work: 'fails', budget: 1, steps: 1 }, START);
  await assert.rejects(failing, (error: EngineError) => !error.died && /can not do this/.test(error.message));
  assert.equal(engine.alive, true);
  const hanging = engine.ask({ op: 'time', work: 'hangs', budget: 1, steps: 1 }, 200);
  await assert.rejects(
    hanging,
    (error: EngineError) => error.died && /no answer within 0.2 s/.test(error.message),
  );
  assert.equal(engine.alive, false);
  assert.equal(await engine.restart(START), true);
  engine.stop();
  assert.equal(await engine.restart(START), false, 'only once');
});

test('a session marks what an engine cannot do and goes on', async () => {
  const good = await started('good');
  const hangs = await started('hangs', 'time');
  const results = await runSession([good, hangs], planOf(['a', 'hangs', 'fails', 'slow', 'b']));
  const of = (engine: string, name: string) => results.get(engine)!.get(name)!;
  assert.deepEqual(of('good', 'a').rounds, [2, 2]);
  assert.deepEqual(of('good', 'hangs').rounds, [2, 2]);
  assert.equal(of('good', 'fails').missing, 'can not do this');
  assert.equal(of('good', 'slow').once, true);
  assert.equal(msOf(of('good', 'slow')), 60_000);
  // The late engine lost one work; restarted, it did the rest.
  assert.match(of('hangs', 'hangs').missing!, /no answer within 1.5 s/);
  assert.deepEqual(of('hangs', 'b').rounds, [2, 2]);
  assert.deepEqual(of('hangs', 'a').rounds, [2, 2]);
});

test('an engine that dies twice is lost for good, the others are not', async () => {
  const good = await started('good');
  const dies = await started('dies', 'prepare');
  const both: Plan = {
    ...planOf(['kills', 'a']),
    works: [work('a'), work('kills'), work('hangs'), work('b')],
  };
  const results = await runSession([dies, good], both);
  assert.match(results.get('dies')!.get('kills')!.missing!, /ended with code 9/);
  assert.match(results.get('dies')!.get('hangs')!.missing!, /no answer/);
  assert.equal(results.get('dies')!.get('b')!.missing, 'engine lost');
  assert.deepEqual(results.get('good')!.get('b')!.rounds, [2, 2]);
});

test('when the time is over, what is ready is timed once and the rest is marked', async () => {
  const engine = await started('good');
  let asked = 0;
  const plan: Plan = { ...planOf(['a', 'b'], 50), totalMs: 60_000 };
  const late: Adapt = (work) => {
    asked++;
    plan.totalMs = -1;
    return work;
  };
  const results = await runSession([engine], plan, late);
  assert.equal(asked, 1);
  assert.equal(results.get('good')!.get('a')!.rounds.length, 1);
  assert.match(results.get('good')!.get('b')!.missing!, /time was over/);
});

test('memory comes from a process of its own, or a reason', async () => {
  assert.deepEqual(await measureMemory(fake('memory'), work('a'), limits), { idle: 100, peak: 350 });
  assert.match(String(await measureMemory(fake('memory', 'broken'), work('a'), limits)), /ImportError/);
});

test('different work is not compared', () => {
  const check = { parameters: 10, loss: 8.56, gradNorm: 1.26 };
  assert.equal(mismatch(check, { ...check }, false), undefined);
  assert.match(mismatch(check, { ...check, parameters: 11 }, false)!, /parameters 10 against 11/);
  assert.match(mismatch(check, { ...check, loss: 8.7 }, false)!, /loss/);
  assert.equal(mismatch(check, { ...check, loss: 8.7 }, true), undefined, 'bf16 is looser');
  assert.match(mismatch({ newTokens: 64 }, { newTokens: 63 }, true)!, /newTokens/);
});

test('ratios are to torch of the same precision, shares to the own peak', () => {
  const step = lmTrain();
  const entry = (ms: number, parameters = 1): Result => ({ rounds: [ms], check: { parameters } });
  const square: Result = { rounds: [50] };
  const results: Results = new Map([
    [
      'native',
      new Map([
        [step.name, entry(400)],
        [GEMMS[0].name, square],
      ]),
    ],
    ['native bf16', new Map([[step.name, entry(200)]])],
    ['torch', new Map([[step.name, entry(800)]])],
    ['torch bf16', new Map([[step.name, entry(500, 2)]])],
  ]);
  const kind = (name: string) => ENGINES.find((engine) => engine.name === name)!;
  assert.equal(ratioOf(results, step, kind('native')).ratio, 2);
  assert.deepEqual(ratioOf(results, step, kind('torch')), {});
  assert.match(ratioOf(results, step, kind('native bf16')).refused!, /parameters 1 against 2/);
  const share = flopsOf(step)! / 400 / (flopsOf(GEMMS[0])! / 50);
  assert.ok(Math.abs(shareOfPeak(results, step, 'native')! - share) < 1e-12);
});

test('operations are counted from the shapes', () => {
  assert.equal(flopsOf(GEMMS[0]), 2 * 2048 ** 3);
  const rows = 32 * 96;
  const layer = 2 * rows * (256 * 256 * 2 + 256 * 128 * 2 + 3 * 256 * 704) + 4 * 32 * ((96 * 97) / 2) * 256;
  assert.equal(flopsOf(lmTrain()), 3 * (6 * layer + 2 * rows * 256 * 4096));
  // Every DiT term but attention is proportional to the batch, and so is attention.
  assert.equal(flopsOf(ditTrain(64)), 2 * flopsOf(ditTrain(32))!);
  assert.equal(growth([{ at: 2 }, { at: 8 }], [10, 40]), 'size^1.00');
  assert.equal(growth([{ at: 2 }, { at: 8 }], [10, null]), '-');
  const [sweep] = sweeps(true);
  const scaling = [{ sweep, ms: { native: [10, null, 160] } }];
  assert.match(scalingTable(scaling), /native +10\.0 ms +- +160 ms +size\^1\.00/);
  assert.equal(scalingFigure(scaling).data.length, 1);
});

test('fixed numbers stay in range and are the ones PyTorch makes', () => {
  const u = spread(200_000, 3);
  assert.ok(u.every((x) => x >= -0.5 && x < 0.5));
  // Worked out by hand from the formula: i = 2, key = 3 gives (4 * 31 + 14 + 29919) % 65521.
  assert.equal(u[2], Math.fround(30057 / 65521 - 0.5));
});

test('names of engines; --help ends at once', () => {
  assert.throws(() => enginesNamed('native,jax'), /"jax" is unknown/);
  assert.deepEqual(
    enginesNamed('torch,native').map(({ name }) => name),
    ['native', 'torch'],
  );
  assert.ok(!enginesNamed('all').some(({ name }) => name === 'webgpu'));
  const args = [
    '--require',
    'ts-node/register/transpile-only',
    path.join(__dirname, '..', 'scripts', 'bench.ts'),
    '--help',
  ];
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000 });
  assert.equal(status, 0);
  assert.match(stdout, /--scaling/);
});
