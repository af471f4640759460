/**
 * Bakes data/world/atlas.bin.br: every concept by every training artist, drawn once from the npm icon packages.
 * Icons are drawn in a child process, because the rasteriser aborts on a few: the parent notes the icon and goes on.
 */
import { ChildProcess, fork } from 'node:child_process';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { ATLAS_FILE, AtlasEntry, levelsOf, packAtlas } from '../lib/world/atlas';
import { CONCEPTS } from '../lib/world/concepts';
import { iconSvg, rasterise } from '../lib/world/icons';
import { AnyArtist, Artist, HELD_OUT_ARTIST, Tier } from '../lib/world/types';

interface Job {
  artist: AnyArtist;
  id: string;
  name: string;
  tier: Tier;
}
interface Reply {
  index: number;
  levels?: string[]; // base64
  error?: string;
}

const HELP = `usage: bake-atlas [--check] [--help]
Draws all concepts of data/world/concepts.json and writes data/world/atlas.bin.br (2 to 3 minutes).
--check  compares with the atlas that is there and writes nothing.
The held-out artist (${HELD_OUT_ARTIST}) is drawn as a check, and not written.`;

/** Child: draws the jobs in order, one message each. */
function drawJobs(): void {
  process.on('message', (jobs: { index: number; job: Job }[]) => {
    let unsent = jobs.length;
    for (const { index, job } of jobs) {
      const reply: Reply = { index };
      try {
        const svg = iconSvg(job.artist, job.id);
        if (!svg) throw new Error('no such icon');
        reply.levels = levelsOf(rasterise(svg)).map((level) => Buffer.from(level).toString('base64'));
      } catch (error) {
        reply.error = (error as Error).message;
      }
      process.send?.(reply, undefined, undefined, () => {
        if (--unsent === 0) process.disconnect();
      });
    }
  });
}

/** Parent: runs children until every job has an answer; a job that kills its child counts as failed. */
async function drawAll(jobs: Job[]): Promise<Reply[]> {
  const replies: Reply[] = [];
  while (replies.length < jobs.length) {
    const child: ChildProcess = fork(__filename, ['--child'], { execArgv: process.execArgv });
    const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
    // On a busy machine the last answers arrive after the exit, and before the channel is closed.
    const closed = new Promise<void>((resolve) => child.on('disconnect', resolve));
    child.on('message', (reply: Reply) => replies.push(reply));
    const from = replies.length;
    child.send(jobs.map((job, index) => ({ index, job })).slice(from));
    const code = await ended;
    await closed;
    if (replies.length < jobs.length)
      replies.push({ index: replies.length, error: `the rasteriser ended with ${code}` });
  }
  return replies;
}

async function main(): Promise<void> {
  const jobs: Job[] = CONCEPTS.flatMap(({ id, name, tier, artists, heldOut }) =>
    [...artists, ...(heldOut ? [HELD_OUT_ARTIST] : [])].map((artist) => ({
      artist: artist as AnyArtist,
      id,
      name,
      tier,
    })),
  );
  const replies = await drawAll(jobs);
  const failed = replies.filter((reply) => reply.error);
  for (const { index, error } of failed)
    console.error(`${jobs[index].artist} "${jobs[index].name}" (${jobs[index].id}): ${error}`);
  if (failed.length > 0)
    throw new Error(`${failed.length} of ${jobs.length} icons failed; atlas not written`);
  const entries: AtlasEntry[] = replies.flatMap(({ index, levels }) => {
    const { artist, id, tier } = jobs[index];
    if (artist === HELD_OUT_ARTIST) return [];
    const baked = tier === 0 ? levels! : levels!.slice(-1);
    return [
      {
        artist: artist as Artist,
        id,
        levels: baked.map((level) => new Uint8Array(Buffer.from(level, 'base64'))),
      },
    ];
  });
  const bytes = packAtlas(entries);
  if (process.argv.includes('--check')) {
    if (!bytes.equals(readFileSync(ATLAS_FILE)))
      throw new Error(`${ATLAS_FILE} is not what concepts.json and the installed packages give: bake it`);
    console.log(`${ATLAS_FILE}: ${entries.length} sprites, as they are drawn now, byte for byte`);
    return;
  }
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
