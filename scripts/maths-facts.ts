/** Writes the computed maths rows to data/facts/full; with --check it only compares them with the files. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mathsRows, type MathsRow } from '../lib/world/maths';

const FOLDER = join(__dirname, '..', 'data', 'facts', 'full');
const rows = mathsRows();
const files: Record<string, MathsRow[]> = {
  'maths-blackboard.json': rows.filter((row) => row.scene.objects.length === 0),
  'maths-counted.json': rows.filter((row) => row.scene.objects.length > 0),
};

for (const [file, members] of Object.entries(files)) {
  const text = `[\n${members.map((row) => `  ${JSON.stringify(row)}`).join(',\n')}\n]\n`;
  const path = join(FOLDER, file);
  if (process.argv.includes('--check')) {
    if (readFileSync(path, 'utf8') !== text) {
      console.error(`data/facts/full/${file} differs from what scripts/maths-facts.ts writes`);
      process.exitCode = 1;
    }
  } else writeFileSync(path, text);
  console.log(`${file}: ${members.length} rows`);
}
