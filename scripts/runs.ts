/**
 * `npm run runs`: lists the runs; with names (or parts of names) writes story.html and story.md into their folders;
 * with --compare lays them side by side.
 */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { parseArgs } from 'node:util';
import { writeAtomic } from '../lib/checkpoint';
import {
  compareRuns,
  figurePng,
  formatTable,
  listRuns,
  runStory,
  storyFacts,
  type RunSummary,
} from '../lib/notebook';

const HELP = `npm run runs -- [name ...]

Lists the runs in runs/: steps, time, how they ended. With names, or words that names hold, writes
runs/<name>/story.html (one file) and story.md: config, curves, samples, machine and sessions.

npm run runs -- --compare name ... [--metric loss]

In what the runs' options differ, how far each came, the means of its last 50 logged losses; one curve each of the
metric in out/compare.png. For an experiment, train under several names:
  npm run pretrain:dit -- --size tiny --run arms/muon  --out checkpoints/my-muon
  npm run pretrain:dit -- --size tiny --run arms/adamw --out checkpoints/my-adamw --optimiser adamw --lr 0.0013
  npm run runs -- --compare arms`;

function list(runs: RunSummary[]): void {
  const rows = runs.map((run) => [
    run.name,
    ...storyFacts(run).map(([key, value]) =>
      ['steps', 'time', 'ended'].includes(key) ? value : `${key} ${value}`,
    ),
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column].length)));
  for (const row of rows)
    console.log(
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    );
}

/** The runs that a name means: the one called so, else all whose names hold it. */
function chosen(runs: RunSummary[], name: string): RunSummary[] {
  const exact = runs.filter((run) => run.name === name);
  const found = exact.length > 0 ? exact : runs.filter((run) => run.name.includes(name));
  if (found.length === 0)
    throw new Error(
      `runs/: no run is called like "${name}"; there are ${runs.map((run) => run.name).join(', ')}`,
    );
  return found;
}

async function compare(runs: RunSummary[], names: string[], metric: string): Promise<void> {
  const dirs = [...new Set(names.flatMap((name) => chosen(runs, name)).map(({ dir }) => dir))];
  const { rows, figure, over } = compareRuns(dirs, { metric });
  console.log(formatTable(rows));
  writeAtomic('out/compare.png', await figurePng(figure));
  console.log(`\nout/compare.png: ${metric} over ${over}`);
}

async function main(): Promise<void> {
  const { values, positionals: names } = parseArgs({
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h' },
      compare: { type: 'boolean' },
      metric: { type: 'string', default: 'loss' },
    },
  });
  if (values.help) return console.log(HELP);
  const runs = listRuns();
  if (runs.length === 0)
    throw new Error('runs/: holds no run yet; npm run pretrain -- --size tiny makes two');
  if (values.compare) return compare(runs, names, values.metric);
  if (names.length === 0) return list(runs);
  for (const { dir } of names.flatMap((name) => chosen(runs, name))) {
    const { markdown, html, files } = await runStory(dir);
    fs.rmSync(path.join(dir, 'story'), { recursive: true, force: true });
    for (const [file, text] of Object.entries(files)) writeAtomic(path.join(dir, file), text);
    writeAtomic(path.join(dir, 'story.md'), markdown);
    writeAtomic(path.join(dir, 'story.html'), html);
    console.log(`${dir}/story.html`);
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? `${error.message}; npm run runs -- --help` : error);
  process.exitCode = 1;
});
