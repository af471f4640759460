/**
 * Bakes data/world/atlas.bin.gz: every concept by every training artist, drawn once from the npm icon packages.
 * Icons are drawn in a child process, because the rasteriser aborts on a few: the parent notes the icon and goes on.
 */
import { ChildProcess, fork } from 'node:child_process';
import { renameSync, writeFileSync } from 'node:fs';
import { ATLAS_FILE, AtlasEntry, levelsOf, packAtlas } from '../lib/world/atlas';
import { CONCEPTS } from '../lib/world/concepts';
import { iconSvg, rasterise } from '../lib/world/icons';
import { AnyArtist, Artist, HELD_OUT_ARTIST } from '../lib/world/types';

interface Job {
  artist: AnyArtist;
  id: string;
  name: string;
}
interface Reply {
  index: number;
  levels?: string[]; // base64
  error?: string;
}

const HELP = `usage: bake-atlas [--help]
Draws all concepts of data/world/concepts.json and writes data/world/atlas.bin.gz.
The held-out artist (${HELD_OUT_ARTIST}) is drawn as a check, and not written.`;

/** Child: draws the jobs in order, one message each. */
function drawJobs(): void {
  process.on('message', (jobs: { index: number; job: Job }[]) => {
    for (const { index, job } of jobs) {
      const reply: Reply = { index };
      try {
        const svg = iconSvg(job.artist, job.id);
        if (!svg) throw new Error('no such icon');
        reply.levels = levelsOf(rasterise(svg)).map((level) => Buffer.from(level).toString('base64'));
      } catch (error) {
        reply.error = (error as Error).message;
      }
      process.send?.(reply);
    }
    process.disconnect();
  });
}

/** Parent: runs children until every job has an answer; a job that kills its child counts as failed. */
async function drawAll(jobs: Job[]): Promise<Reply[]> {
  const replies: Reply[] = [];
  while (replies.length < jobs.length) {
    const child: ChildProcess = fork(__filename, ['--child'], { execArgv: process.execArgv });
    const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
    child.on('message', (reply: Reply) => replies.push(reply));
    const from = replies.length;
    child.send(jobs.map((job, index) => ({ index, job })).slice(from));
    const code = await ended;
    if (replies.length < jobs.length)
      replies.push({ index: replies.length, error: `the rasteriser ended with ${code}` });
  }
  return replies;
}

async function main(): Promise<void> {
  const jobs: Job[] = CONCEPTS.flatMap(({ id, name, artists, heldOut }) =>
    [...artists, ...(heldOut ? [HELD_OUT_ARTIST] : [])].map((artist) => ({
      artist: artist as AnyArtist,
      id,
      name,
    })),
  );
  const replies = await drawAll(jobs);
  const failed = replies.filter((reply) => reply.error);
  for (const { index, error } of failed)
    console.error(`${jobs[index].artist} "${jobs[index].name}" (${jobs[index].id}): ${error}`);
  if (failed.length > 0)
    throw new Error(`${failed.length} of ${jobs.length} icons failed; atlas not written`);
  const entries: AtlasEntry[] = replies.flatMap(({ index, levels }) =>
    jobs[index].artist === HELD_OUT_ARTIST
      ? []
      : [
          {
            artist: jobs[index].artist as Artist,
            id: jobs[index].id,
            levels: levels!.map((level) => new Uint8Array(Buffer.from(level, 'base64'))),
          },
        ],
  );
  const bytes = packAtlas(entries);
  writeFileSync(`${ATLAS_FILE}.part`, bytes);
  renameSync(`${ATLAS_FILE}.part`, ATLAS_FILE);
  console.log(`${ATLAS_FILE}: ${entries.length} sprites, ${(bytes.length / 1e6).toFixed(2)} MB`);
}

if (process.argv.includes('--child')) drawJobs();
else if (process.argv.includes('--help')) console.log(HELP);
else
  main().catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
