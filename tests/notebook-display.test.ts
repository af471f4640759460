import { describe, it } from 'node:test';
import * as assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import type { TreeView } from '../lib/grpo';
import {
  escapeHtml,
  firstLog,
  formatDuration,
  formatTable,
  inNotebook,
  LiveCurves,
  requireCheckpoints,
  rolloutTreeHtml,
  rolloutTreeText,
} from '../lib/notebook';

const image = (advantage: number): TreeView['prompts'][0]['thoughts'][0]['images'][0] => ({
  side: 2,
  rgb: Buffer.from(new Uint8Array(12)).toString('base64'),
  scores: { total: 0.5, semantic: 0.25, aesthetic: 0.5, consistency: 0.75 },
  parts: {},
  reward: 0.4,
  advantage,
});
const tree: TreeView = {
  step: 3,
  beta: { llm: 0.5, dit: 0.5 },
  prompts: ['<script>alert(1)</script>', 'a second prompt'].map((prompt, i) => ({
    id: String(i),
    prompt,
    window: { start: 0, length: 2 },
    thoughts: [
      {
        thought: 'so <b>bold</b> & "quoted"',
        refinedPrompt: '<i>one cat</i>',
        fallback: false,
        truncated: false,
        tokens: 4,
        reward: 0.25,
        advantage: 1,
        images: [image(1), image(-1)],
      },
    ],
  })),
};

describe('rollout trees', () => {
  it('show what models wrote as text, never as markup', async () => {
    const html = await rolloutTreeHtml(tree);
    for (const tag of ['<script', '<b>bold', '<i>one']) assert.ok(!html.includes(tag), `${tag} got through`);
    assert.ok(html.includes('&lt;script&gt;') && html.includes('&lt;i&gt;one cat&lt;/i&gt;'));
    assert.equal(html.match(/data:image\/png;base64,/g)?.length, 4);
    assert.ok(html.includes('semantic 0.25'));
  });

  it('draw as many prompts as asked for, in HTML and in text', async () => {
    const html = await rolloutTreeHtml(tree, { prompts: 1 });
    assert.ok(!html.includes('a second prompt'));
    const lines = rolloutTreeText(tree).split('\n');
    assert.equal(lines.length, 6);
    assert.match(lines[1], /A \+1\.00 {2}R1 0\.25 {2}<i>one cat/);
    assert.match(lines[2], /0\.40 \(\+1\.00\) {2}0\.40 \(−1\.00\)/);
  });
});

describe('tables and times', () => {
  it('align columns in the order of the first row', () => {
    const text = formatTable([
      { name: 'a', value: 0.123456 },
      { name: 'long one', value: 12 },
    ]);
    assert.equal(text, 'name      value\na         0.1235\nlong one  12');
    assert.equal(formatTable([]), '(no rows)');
  });

  it('say durations as people do', () => {
    assert.deepEqual([4.4, 185, 3720].map(formatDuration), ['4 s', '3 m 05 s', '1 h 02 m']);
  });

  it('escape every character that HTML reads', () => {
    assert.equal(escapeHtml(`<a href="x">'&'</a>`), '&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;');
  });
});

describe('live curves', () => {
  it('keep every row and are silent about drawing outside a notebook', async () => {
    assert.equal(inNotebook(), false);
    const curves = new LiveCurves(['loss'], { everyMs: 0 });
    for (let step = 1; step <= 3; step++) curves.add({ step, loss: 1 / step });
    await curves.finish();
    assert.equal(curves.rows.length, 3);
  });
});

describe('what a notebook needs', () => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'needs-'));

  it('is told with the command that makes it, all at once', () => {
    const base = path.join(root, 'base');
    fs.mkdirSync(path.join(base, 'tokenizer'), { recursive: true });
    fs.writeFileSync(path.join(base, 'model_index.json'), '{}');
    assert.throws(
      () => requireCheckpoints({ dir: base, parts: ['tokenizer', 'text_encoder'] }, path.join(root, 'judge')),
      (error: Error) =>
        /base: has no text_encoder\/; `npm run pretrain:lm`/.test(error.message) &&
        /judge: not there; `npm run train:judge`/.test(error.message) &&
        !/no tokenizer/.test(error.message),
    );
    assert.throws(() => requireCheckpoints(path.join(root, 'sft')), /`npm run sft` makes it/);
    requireCheckpoints({ dir: base, parts: ['tokenizer'] });
  });

  it('names only commands that exist', () => {
    const { scripts } = JSON.parse(fs.readFileSync(path.join(__dirname, '..', 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const source = fs.readFileSync(path.join(__dirname, '..', 'lib', 'notebook', 'needs.ts'), 'utf8');
    const named = [...source.matchAll(/npm run ([\w:-]+)/g)].map((match) => match[1]);
    assert.ok(named.length > 5);
    for (const name of named) assert.ok(scripts[name], `npm run ${name} is no script of package.json`);
  });

  it('reads the first log that is there, without a line that is cut off', () => {
    const file = path.join(root, 'log.jsonl');
    fs.writeFileSync(file, '{"step":1,"reward":0.5}\n{"step":2,"rew');
    assert.deepEqual(firstLog(path.join(root, 'none.jsonl'), file), {
      file,
      rows: [{ step: 1, reward: 0.5 }],
    });
    assert.equal(firstLog(path.join(root, 'none.jsonl')), null);
  });
});
