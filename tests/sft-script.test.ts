// `npm run sft` as a user runs it: a model folder comes out, and a run goes on only from the weights it began with.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, test } from 'node:test';
import { lmSize, loadEncoder, Qwen2, saveEncoder, trainBpe } from '../lib/encoder';
import { initBackend } from '../lib/tensor';

const repo = path.join(__dirname, '..');
let dir: string;

before(async () => {
  await initBackend((process.env.T2G_BACKEND ?? 'auto') as 'auto');
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'sft-script-'));
  const tokenizer = trainBpe(['one violin on a table. Revised Prompt: the instrument of Einstein'], {
    vocabSize: 300,
    minCount: 1,
  });
  const { model } = lmSize('nano');
  const lm = Qwen2.init({ ...model, vocabSize: tokenizer.vocabSize }, 0);
  saveEncoder(path.join(dir, 'base'), { model: lm, tokenizer }, { dtype: 'F32' });
  lm.dispose();
});
after(() => fs.rmSync(dir, { recursive: true, force: true }));

function sft(...options: string[]): { status: number | null; text: string } {
  const script = path.join(repo, 'scripts', 'sft.ts');
  const fixed = ['--base', 'base', '--out', 'out', '--run', 'x', '--edition', 'core', '--rows', '40'];
  const short = ['--captions', '4', '--batch', '4', '--replay-batch', '1', '--anchor-batch', '2'];
  const args = ['--require', 'ts-node/register/transpile-only', script, ...fixed, ...short, ...options];
  const env = { ...process.env, TS_NODE_PROJECT: path.join(repo, 'tsconfig.json'), NODE_PATH: '' };
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    args.map((arg) => (arg.startsWith('ts-node/') ? require.resolve(arg) : arg)),
    { cwd: dir, env, encoding: 'utf8', timeout: 300_000 },
  );
  return { status, text: stdout + stderr };
}

test('a model folder comes out that opens, and other weights are refused', async () => {
  const first = sft('--steps', '2');
  assert.equal(first.status, 0, first.text);
  assert.match(first.text, /core edition: 40 rows, \d+ validation prompts/);
  assert.match(first.text, /test: refined prompt exactly right \d+\.\d% of 371/);
  const { model } = await loadEncoder(path.join(dir, 'out'));
  model.dispose();
  const weights = (folder: string): string => path.join(dir, folder, 'text_encoder', 'model.safetensors');
  fs.copyFileSync(weights('out'), weights('base'));
  const second = sft('--steps', '3');
  assert.equal(second.status, 1, second.text);
  assert.match(second.text, /begun with another config:\n {2}encoder: "[0-9a-f]+" -> "[0-9a-f]+"/);
});

test('an option that is out of range is refused by name', () => {
  const { status, text } = sft('--restate', '2');
  assert.equal(status, 2);
  assert.match(text, /restate.*null or 0 to 1/);
});
