// kill -9 at any moment: a training that was killed again and again ends with the bits of one that never was.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, test } from 'node:test';
import { fileDigest, readSessions } from '../lib/checkpoint';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'kill-'));
after(() => fs.rmSync(root, { recursive: true, force: true }));

interface Death {
  /** Where the child kills itself, see kill-child.ts. */
  at?: string;
  /** Or: after this line of progress, and so many milliseconds. */
  line?: string;
  wait?: number;
}

/** Runs the child in `name` until it ends by itself or is killed. Returns the signal that ended it. */
function train(name: string, { at = '', line, wait = 0 }: Death = {}): Promise<NodeJS.Signals | null> {
  const args = [
    '--require',
    'ts-node/register/transpile-only',
    'tests/kill-child.ts',
    path.join(root, name),
    at,
  ];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  let lines = '';
  child.stderr.on('data', (chunk: Buffer) => void (errors += String(chunk)));
  child.stdout.on('data', (chunk: Buffer) => {
    const before = lines.includes(`${line}\n`);
    lines += String(chunk);
    if (line !== undefined && !before && lines.includes(`${line}\n`))
      setTimeout(() => child.kill('SIGKILL'), wait);
  });
  return new Promise((resolve, reject) => {
    child.on('close', (code, signal) => {
      if (code !== null && code !== 0) reject(new Error(`kill-child ${at}: exit ${code}\n${errors}`));
      else resolve(signal);
    });
  });
}

/** All that a run left: every logged number but speeds, and a digest of its last state. */
function outcome(name: string, stage: string): unknown {
  const dir = path.join(root, name, stage);
  const log = fs.readFileSync(path.join(dir, 'log.jsonl'), 'utf8').trim().split('\n');
  const numbers = log.map((line) => {
    const { images_per_second: _, ...record } = JSON.parse(line) as Record<string, number>;
    return record;
  });
  const { slots } = JSON.parse(fs.readFileSync(path.join(dir, 'state', 'latest.json'), 'utf8')) as {
    slots: { stem: string; step: number }[];
  };
  const state = fileDigest(path.join(dir, 'state', `${slots[0].stem}.safetensors`));
  return { numbers, step: slots[0].step, state };
}

test('killed in the middle of a write, before a rename and at random moments, both models end with the same bits', async () => {
  const random = (n: number): number => Math.floor(Math.random() * n);
  const deaths: Death[] = [
    { at: `lm-write:${2 + random(12)}` },
    { at: `lm-rename:${2 + random(6)}` },
    { line: `lm ${5 + random(4)}`, wait: random(10) },
    { at: `dit-write:${2 + random(12)}` },
    { at: `dit-rename:${2 + random(6)}` },
    { line: `dit ${5 + random(4)}`, wait: random(10) },
  ];
  assert.equal(await train('whole'), null);
  for (const death of deaths)
    assert.equal(await train('killed', death), 'SIGKILL', `${JSON.stringify(death)} killed nothing`);
  assert.equal(await train('killed'), null);
  for (const stage of ['lm', 'dit']) {
    assert.deepEqual(outcome('killed', stage), outcome('whole', stage), JSON.stringify(deaths));
    const reasons = readSessions(path.join(root, 'killed', stage)).map(({ reason }) => reason);
    // A run folder begins with config.json, machine.json and the session's line: from the fourth write on, a death is told.
    const told = deaths.filter(({ at = `${stage}-line:4`, line }) => {
      const [where, count] = at.split(':');
      return (line ?? where).startsWith(stage) && Number(count) > 3;
    });
    const killed = reasons.filter((reason) => reason === 'killed').length;
    assert.ok(killed >= told.length, `${killed} of ${told.length}: ${JSON.stringify(deaths)}`);
    assert.equal(reasons.at(-1), 'finished');
    const left = fs.readdirSync(path.join(root, 'killed', stage, 'state'));
    assert.ok(!left.some((file) => file.endsWith('.tmp')), left.join());
  }
});
