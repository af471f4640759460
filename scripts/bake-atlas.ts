/**
 * Bakes data/world/atlas.bin.br: every concept by every training artist, drawn once from the npm icon packages.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { ATLAS_FILE, AtlasEntry, packAtlas } from '../lib/world/atlas';
import { CONCEPTS } from '../lib/world/concepts';
import { AnyArtist, Artist, HELD_OUT_ARTIST, Tier } from '../lib/world/types';
import { drawIcons } from './world/draw-icons';

interface Job {
  artist: AnyArtist;
  id: string;
  name: string;
  tier: Tier;
}

const HELP = `usage: bake-atlas [--check] [--help]
Draws all concepts of data/world/concepts.json and writes data/world/atlas.bin.br (2 to 3 minutes).
--check  compares with the atlas that is there and writes nothing.
The held-out artist (${HELD_OUT_ARTIST}) is drawn as a check, and not written.`;

async function main(): Promise<void> {
  const jobs: Job[] = CONCEPTS.flatMap(({ id, name, tier, artists, heldOut }) =>
    [...artists, ...(heldOut ? [HELD_OUT_ARTIST] : [])].map((artist) => ({
      artist: artist as AnyArtist,
      id,
      name,
      tier,
    })),
  );
  const replies = await drawIcons(jobs);
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

if (process.argv.includes('--help')) console.log(HELP);
else
  main().catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
