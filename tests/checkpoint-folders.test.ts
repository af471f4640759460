// Model folders: parts here, parts of the base, and errors that say what to do.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { findPart, readModelIndex, resolvePart } from '../lib/checkpoint';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'folders-'));
const at = (...parts: string[]): string => path.join(root, ...parts);

function model(name: string, index: object, parts: string[]): string {
  fs.mkdirSync(at(name), { recursive: true });
  for (const part of parts) fs.mkdirSync(at(name, part));
  fs.writeFileSync(at(name, 'model_index.json'), JSON.stringify(index));
  return at(name);
}

beforeEach(() => {
  fs.rmSync(root, { recursive: true, force: true });
});
after(() => fs.rmSync(root, { recursive: true, force: true }));

test('a part is taken from the folder, or else from its base, and the base of that', () => {
  model('base', {}, ['text_encoder', 'transformer', 'scheduler']);
  model('sft', { base: '../base' }, ['text_encoder']);
  const grpo = model('grpo', { base: '../sft' }, ['transformer']);
  assert.equal(resolvePart(grpo, 'transformer'), at('grpo', 'transformer'));
  assert.equal(resolvePart(grpo, 'text_encoder'), at('sft', 'text_encoder'));
  assert.equal(resolvePart(grpo, 'scheduler'), at('base', 'scheduler'));
  assert.equal(findPart(grpo, 'vae'), undefined);
});

test('what is missing is named, with the command that makes it', () => {
  assert.throws(() => readModelIndex(at('sft')), /sft: there is no such folder; .*`npm run sft`/);
  fs.mkdirSync(at('base'), { recursive: true });
  assert.throws(() => readModelIndex(at('base')), /base: has no model_index.json; .*`npm run pretrain`/);
  const sft = model('sft', { base: '../dual-grpo' }, []);
  assert.throws(() => resolvePart(sft, 'vae'), /dual-grpo: there is no such folder; .*`npm run dual-grpo`/);
  model('dual-grpo', {}, []);
  assert.throws(() => resolvePart(sft, 'vae'), /sft: no vae\/ here or in .*dual-grpo; /);
  assert.throws(() => resolvePart(sft, '../secrets'), /model part is "..\/secrets"/);
});

test('circles and a base that is no path are errors', () => {
  const a = model('a', { base: '../b' }, []);
  model('b', { base: '../a' }, []);
  assert.throws(() => resolvePart(a, 'vae'), /go in a circle: .*a -> .*b -> .*a/);
  assert.throws(
    () => readModelIndex(model('c', { base: 3 }, [])),
    /model_index.json: base is 3, want the path/,
  );
});
