/** Builds a world whole: corpus, rows, prompts and pictures, written or only digested, and its manifest. */
import { createHash } from 'node:crypto';
import type { Edition } from '../editions';
import { worldFiles } from './files';
import { type Digest, type Manifest, manifestHead, sha256 } from './manifest';
import { drawPicture, PICTURE_GROUPS, picturesOf } from './pictures';

export interface BuildOptions {
  /** Default: both. */
  editions?: readonly Edition[];
  seed?: number;
  /** Whether the pictures are drawn (they are the same in every edition). */
  pictures?: boolean;
  /** Takes each file as it is made: `full/corpus.jsonl` and its text. */
  write?: (name: string, text: string) => void;
}

/** Where a build stands: `done` of `of` parts of work, and what was made last. */
export interface BuildProgress {
  done: number;
  of: number;
  made: string;
}

const PICTURE_COST = 4;

/** Makes everything, a step at a time; returns the manifest. The same options give the same bytes on every machine. */
export function* buildWorld({
  editions = ['core', 'full'],
  seed = 0,
  pictures = true,
  write = () => {},
}: BuildOptions = {}): Generator<BuildProgress, Manifest> {
  const files = editions.flatMap((edition) =>
    worldFiles(edition, seed).map((file) => ({ ...file, name: `${edition}/${file.name}` })),
  );
  const groups = pictures ? PICTURE_GROUPS : [];
  const of = files.reduce((sum, { cost }) => sum + cost, 0) + groups.length * PICTURE_COST;
  const manifest: Manifest = { ...manifestHead(editions, seed), files: {}, pictures: {} };
  let done = 0;
  for (const { name, cost, rows } of files) {
    const made = rows();
    const text = made.map((row) => `${JSON.stringify(row)}\n`).join('');
    write(name, text);
    manifest.files[name] = { count: made.length, bytes: Buffer.byteLength(text), sha256: sha256(text) };
    yield { done: (done += cost), of, made: name };
  }
  const list: string[] = [];
  for (const group of groups) {
    manifest.pictures[group] = drawGroup(group, list);
    yield { done: (done += PICTURE_COST), of, made: `pictures of ${group}` };
  }
  if (pictures) write('pictures.jsonl', list.join(''));
  write('manifest.json', `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

/** Draws a group: one digest of all its bytes, and a line for each picture, to find the one that differs. */
function drawGroup(group: (typeof PICTURE_GROUPS)[number], list: string[]): Digest {
  const hash = createHash('sha256');
  let count = 0;
  let bytes = 0;
  for (const picture of picturesOf(group)) {
    const pixels = drawPicture(picture);
    hash.update(pixels);
    count += 1;
    bytes += pixels.length;
    list.push(`${JSON.stringify({ group, name: picture.name, sha256: sha256(pixels) })}\n`);
  }
  return { count, bytes, sha256: hash.digest('hex') };
}

/** Builds without a stop between the steps. */
export function buildWorldNow(options: BuildOptions = {}): Manifest {
  const steps = buildWorld(options);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

export { worldFiles } from './files';
export type { WorldFile } from './files';
export { MANIFEST_FILE, manifestDifferences, readManifest } from './manifest';
export type { Digest, Manifest } from './manifest';
export { drawPicture, PICTURE_GROUPS, picturesOf } from './pictures';
export type { PictureGroup, WorldPicture } from './pictures';
