/** `npm run runs`: lists the runs; with names (or parts of names) writes story.html and story.md into their folders. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { writeAtomic } from '../lib/checkpoint';
import { listRuns, runStory, storyFacts, type RunSummary } from '../lib/notebook';

const HELP = `npm run runs -- [name ...]

Lists the runs in runs/: steps, time, how they ended. With names, or words that names hold, writes
runs/<name>/story.html (one file) and story.md: config, curves, samples, machine and sessions.`;

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

async function main(): Promise<void> {
  const names = process.argv.slice(2);
  if (names.some((name) => name.startsWith('-'))) {
    console.log(HELP);
    process.exitCode = names.some((name) => name === '--help' || name === '-h') ? 0 : 2;
    return;
  }
  const runs = listRuns();
  if (runs.length === 0)
    throw new Error('runs/: holds no run yet; npm run pretrain -- --size tiny makes two');
  if (names.length === 0) return list(runs);
  for (const name of names) {
    const exact = runs.filter((run) => run.name === name);
    const chosen = exact.length > 0 ? exact : runs.filter((run) => run.name.includes(name));
    if (chosen.length === 0)
      throw new Error(
        `runs/: no run is called like "${name}"; there are ${runs.map((run) => run.name).join(', ')}`,
      );
    for (const { dir } of chosen) {
      const { markdown, html, files } = await runStory(dir);
      fs.rmSync(path.join(dir, 'story'), { recursive: true, force: true });
      for (const [file, text] of Object.entries(files)) writeAtomic(path.join(dir, file), text);
      writeAtomic(path.join(dir, 'story.md'), markdown);
      writeAtomic(path.join(dir, 'story.html'), html);
      console.log(`${dir}/story.html`);
    }
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
