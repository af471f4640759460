/** Sprites of every concept by every artist: read from the baked atlas, or drawn at run time for the held-out artist. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { conceptOf, WORLD_DATA } from './concepts';
import { iconSvg, rasterise } from './icons';
import { areaResample, fitToCell, Rgba } from './resample';
import { AnyArtist, Artist, HELD_OUT_ARTIST } from './types';

/** Sides of the baked sprites in pixels: those that layouts use, so that nothing is scaled at run time. */
export const SPRITE_SIZES = [16, 20, 26, 40] as const;
const SPRITE_BYTES = SPRITE_SIZES.reduce((sum, size) => sum + size * size * 4, 0);
const MAGIC = 'T2GATLAS1\n';

export const ATLAS_FILE = join(WORLD_DATA, 'atlas.bin.gz');

export interface AtlasEntry {
  artist: Artist;
  /** Concept code point. */
  id: string;
  /** One premultiplied RGBA picture for each of SPRITE_SIZES. */
  levels: Uint8Array[];
}

/** All levels of one icon, cropped and averaged down from its raster. */
export function levelsOf(raster: Rgba): Uint8Array[] {
  return SPRITE_SIZES.map((size) => fitToCell(raster, size).data);
}

/** Atlas bytes: magic, a JSON line of keys, then planes (all R, all G, ...) of each level; gzip. Same input, same bytes. */
export function packAtlas(entries: AtlasEntry[]): Buffer {
  const keys = JSON.stringify(entries.map((entry) => `${entry.artist}/${entry.id}`));
  const body = Buffer.alloc(entries.length * SPRITE_BYTES);
  let at = 0;
  for (const entry of entries)
    entry.levels.forEach((level, index) => {
      const pixels = SPRITE_SIZES[index] ** 2;
      for (let channel = 0; channel < 4; channel++)
        for (let i = 0; i < pixels; i++) body[at++] = level[i * 4 + channel];
    });
  return gzipSync(Buffer.concat([Buffer.from(`${MAGIC}${keys}\n`), body]), { level: 9 });
}

/** The inverse of `packAtlas`; throws when the bytes are not an atlas. */
export function unpackAtlas(bytes: Buffer, name = 'atlas'): Map<string, Uint8Array[]> {
  const raw = gunzipSync(bytes);
  if (raw.subarray(0, MAGIC.length).toString('latin1') !== MAGIC)
    throw new Error(`${name}: does not start with ${JSON.stringify(MAGIC)}; not an atlas of this version`);
  const end = raw.indexOf(10, MAGIC.length);
  const keys = JSON.parse(raw.subarray(MAGIC.length, end).toString('utf8')) as string[];
  let at = end + 1;
  const want = at + keys.length * SPRITE_BYTES;
  if (raw.length !== want) throw new Error(`${name}: has ${raw.length} bytes, want ${want}; truncated?`);
  const atlas = new Map<string, Uint8Array[]>();
  for (const key of keys)
    atlas.set(
      key,
      SPRITE_SIZES.map((size) => {
        const pixels = size * size;
        const level = new Uint8Array(pixels * 4);
        for (let channel = 0; channel < 4; channel++)
          for (let i = 0; i < pixels; i++) level[i * 4 + channel] = raw[at++];
        return level;
      }),
    );
  return atlas;
}

let loaded: Map<string, Uint8Array[]> | undefined;

function atlas(): Map<string, Uint8Array[]> {
  if (!loaded) {
    if (!existsSync(ATLAS_FILE))
      throw new Error(
        `${ATLAS_FILE} is missing; make it with: npx ts-node --transpile-only scripts/bake-atlas.ts`,
      );
    loaded = unpackAtlas(readFileSync(ATLAS_FILE), ATLAS_FILE);
  }
  return loaded;
}

const heldOutSprites = new Map<string, Uint8Array[]>();

/** The held-out artist's sprite, drawn now from the npm package; never part of the atlas. */
export function heldOutSprite(concept: string): Uint8Array[] {
  const known = heldOutSprites.get(concept);
  if (known) return known;
  const { id, heldOut: drawn } = conceptOf(concept);
  const svg = drawn ? iconSvg(HELD_OUT_ARTIST, id) : undefined;
  if (!svg) throw new Error(`concept "${concept}" is not drawn by ${HELD_OUT_ARTIST}`);
  const levels = levelsOf(rasterise(svg));
  heldOutSprites.set(concept, levels);
  return levels;
}

const scaled = new Map<string, Uint8Array>();

/**
 * A concept's sprite as premultiplied RGBA, [size, size, 4]. Do not write to it: it is shared.
 * Throws when the concept is unknown or the artist has not drawn it.
 */
export function spriteOf(concept: string, artist: AnyArtist, size: number): Uint8Array {
  const { id } = conceptOf(concept);
  const levels = artist === HELD_OUT_ARTIST ? heldOutSprite(concept) : atlas().get(`${artist}/${id}`);
  if (!levels) throw new Error(`concept "${concept}" is not drawn by ${artist}`);
  const level = SPRITE_SIZES.indexOf(size as (typeof SPRITE_SIZES)[number]);
  if (level >= 0) return levels[level];
  const key = `${artist}/${id}/${size}`;
  let sprite = scaled.get(key);
  if (!sprite) {
    const from = SPRITE_SIZES.findIndex((side) => side >= size);
    const index = from < 0 ? SPRITE_SIZES.length - 1 : from;
    const side = SPRITE_SIZES[index];
    const source = { width: side, height: side, data: levels[index] };
    sprite = areaResample(source, { x: 0, y: 0, width: side, height: side }, size, size).data;
    scaled.set(key, sprite);
  }
  return sprite;
}
