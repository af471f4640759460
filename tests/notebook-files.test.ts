/** Every committed notebook: parses, is for our kernel, imports the public surface only, and keeps to its form. */
import { describe, it } from 'node:test';
import * as assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';

interface Cell {
  id?: string;
  cell_type: 'code' | 'markdown';
  source: string | string[];
  outputs?: { output_type: string; data?: Record<string, unknown> }[];
  execution_count?: number | null;
}
interface Notebook {
  nbformat: number;
  nbformat_minor: number;
  metadata: { kernelspec?: { name?: string } };
  cells: Cell[];
}

const MOST_LINES = 20;
const LARGEST_KB = 3000;
const FOLDER = path.join(__dirname, '..', 'notebooks');
const textOf = (cell: Cell): string => [cell.source].flat().join('');

const names = fs.readdirSync(FOLDER).filter((name) => name.endsWith('.ipynb'));
assert.ok(names.length >= 8, `${FOLDER}: ${names.length} notebooks, want the eight`);

for (const name of names)
  describe(name, () => {
    const raw = fs.readFileSync(path.join(FOLDER, name), 'utf8');
    const notebook = JSON.parse(raw) as Notebook;
    const code = notebook.cells.filter((cell) => cell.cell_type === 'code');

    it('is a notebook of format 4.5 for the tslab kernel, with cell ids', () => {
      assert.deepEqual([notebook.nbformat, notebook.nbformat_minor], [4, 5]);
      assert.equal(notebook.metadata.kernelspec?.name, 'tslab');
      const ids = notebook.cells.map((cell) => cell.id ?? '');
      for (const id of ids) assert.match(id, /^[a-zA-Z0-9_-]{1,64}$/);
      assert.equal(new Set(ids).size, ids.length, 'two cells share an id');
    });

    it('imports the public surface only (and what Node has)', () => {
      const modules = code.flatMap((cell) =>
        [
          ...textOf(cell).matchAll(/\bfrom\s+'([^']+)'|\bimport\s*\(?\s*'([^']+)'|\brequire\(\s*'([^']+)'/g),
        ].map((match) => match[1] ?? match[2] ?? match[3]),
      );
      assert.ok(modules.length > 0);
      for (const module of modules) assert.match(module, /^(think-then-generate|node:\w+)$/);
    });

    it('has one idea a cell and no top-level `for await`', () => {
      for (const cell of code) {
        const lines = textOf(cell).split('\n');
        assert.ok(lines.length <= MOST_LINES, `cell ${cell.id}: ${lines.length} lines`);
        assert.ok(
          !lines.some((line) => line.startsWith('for await')),
          `cell ${cell.id}: top-level for await`,
        );
      }
    });

    it('names no place on anybody’s machine', () => {
      const texts = notebook.cells.flatMap((cell) => [
        textOf(cell),
        ...(cell.outputs ?? []).map((output) =>
          JSON.stringify({ ...output, data: { ...output.data, 'image/png': '' } }),
        ),
      ]);
      for (const text of texts) {
        assert.doesNotMatch(text, /(^|[\s"'`(])\/(work|home|root|tmp|Users|usr|var)\//);
        assert.doesNotMatch(text, /[A-Z]:\\\\?Users/);
      }
    });

    it('says first what it is for, and can shrink', () => {
      const opening = textOf(notebook.cells[0]);
      for (const word of ['Goal', 'Time', 'Needs']) assert.ok(opening.includes(`**${word}.`), `no ${word}`);
      assert.ok(textOf(code[0]).includes('process.env.T2G_SMOKE'));
      assert.ok(textOf(code[0]).includes('requireCheckpoints('));
      const ending = textOf(notebook.cells[notebook.cells.length - 1]);
      const exercises = ending.match(/^\d+\. /gm)?.length ?? 0;
      assert.ok(exercises >= 3 && exercises <= 6, `${exercises} exercises`);
    });

    it('holds no failed cell, no counts, and stays small', () => {
      for (const cell of code) {
        assert.equal(cell.execution_count ?? null, null, `cell ${cell.id}: execution count`);
        for (const output of cell.outputs ?? [])
          assert.notEqual(output.output_type, 'error', `cell ${cell.id} failed`);
      }
      assert.ok(
        raw.length < LARGEST_KB * 1024,
        `${Math.round(raw.length / 1024)} KB, want under ${LARGEST_KB}`,
      );
    });
  });
