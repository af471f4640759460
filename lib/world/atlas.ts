/** Sprites of every concept by every artist: read from the baked atlas, or drawn at run time for the held-out artist. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import { conceptOf, WORLD_DATA } from './concepts';
import { iconSvg, rasterise } from './icons';
import { areaResample, fitToCell, Rgba } from './resample';
import { AnyArtist, Artist, ARTISTS, HELD_OUT_ARTIST } from './types';

/**
 * Sides of sprites in pixels: those that layouts use. The core's are all baked from the art; for the other tiers
 * only the largest is, and the smaller ones are averaged from it when first asked for (mean difference 2 to 3 of
 * 255, not to be seen), which halves the file.
 */
export const SPRITE_SIZES = [16, 20, 26, 40] as const;
const TOP = SPRITE_SIZES.length - 1;
const bytesOf = (levels: number): number =>
  SPRITE_SIZES.slice(SPRITE_SIZES.length - levels).reduce((sum, size) => sum + size * size * 4, 0);
const MAGIC = 'T2GATLAS2\n';

export const ATLAS_FILE = join(WORLD_DATA, 'atlas.bin.br');

export interface AtlasEntry {
  artist: Artist;
  /** Concept code point. */
  id: string;
  /** Premultiplied RGBA pictures: one for each of SPRITE_SIZES, or the largest alone. */
  levels: Uint8Array[];
}

/** All levels of one icon, cropped and averaged down from its raster. */
export function levelsOf(raster: Rgba): Uint8Array[] {
  return SPRITE_SIZES.map((size) => fitToCell(raster, size).data);
}

/**
 * Atlas bytes: magic, a JSON line of [key, number of levels], then the pixels; brotli. Artist by artist, and with
 * colours divided by alpha, so that a flat shape is one colour up to its edge: a quarter smaller than as it is.
 * Same input, same bytes.
 */
export function packAtlas(entries: AtlasEntry[]): Buffer {
  const sorted = ARTISTS.flatMap((artist) => entries.filter((entry) => entry.artist === artist));
  const keys = sorted.map(({ artist, id, levels }) => [`${artist}/${id}`, levels.length]);
  const body = sorted.flatMap(({ levels }) => levels.map(divideByAlpha));
  const raw = Buffer.concat([Buffer.from(`${MAGIC}${JSON.stringify(keys)}\n`), ...body]);
  return brotliCompressSync(raw, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_LGWIN]: 24,
      [constants.BROTLI_PARAM_SIZE_HINT]: raw.length,
    },
  });
}

function divideByAlpha(pixels: Uint8Array): Uint8Array {
  const out = new Uint8Array(pixels); // a copy: slice() of a Buffer would be a view
  for (let i = 0; i < out.length; i += 4) {
    const alpha = out[i + 3];
    if (alpha > 0 && alpha < 255)
      for (let c = i; c < i + 3; c++) out[c] = Math.min(255, Math.round((out[c] * 255) / alpha));
  }
  return out;
}

/** The exact inverse of `divideByAlpha`: half a step of a colour is less than half a step once multiplied. */
function multiplyByAlpha(pixels: Uint8Array): Uint8Array {
  const out = new Uint8Array(pixels); // a copy: slice() of a Buffer would be a view
  for (let i = 0; i < out.length; i += 4) {
    const alpha = out[i + 3];
    if (alpha < 255) for (let c = i; c < i + 3; c++) out[c] = Math.round((out[c] * alpha) / 255);
  }
  return out;
}

/** An opened atlas: pixels are unpacked when a sprite is first asked for. */
export interface Atlas {
  /** 'artist/code point' of every sprite. */
  keys: string[];
  /** The levels of a sprite as they were packed, or undefined when there is no such key. */
  levels(key: string): Uint8Array[] | undefined;
}

/** Opens what `packAtlas` made; throws when the bytes are not an atlas. */
export function unpackAtlas(bytes: Buffer, name = 'atlas'): Atlas {
  let raw: Buffer;
  try {
    raw = brotliDecompressSync(bytes);
  } catch (error) {
    throw new Error(`${name}: cannot be decompressed; truncated?`, { cause: error });
  }
  if (raw.subarray(0, MAGIC.length).toString('latin1') !== MAGIC)
    throw new Error(`${name}: does not start with ${JSON.stringify(MAGIC)}; not an atlas of this version`);
  const end = raw.indexOf(10, MAGIC.length);
  const index = new Map<string, { at: number; levels: number }>();
  let at = end + 1;
  for (const [key, levels] of JSON.parse(raw.subarray(MAGIC.length, end).toString('utf8')) as [
    string,
    number,
  ][]) {
    index.set(key, { at, levels });
    at += bytesOf(levels);
  }
  if (raw.length !== at) throw new Error(`${name}: has ${raw.length} bytes, want ${at}; truncated?`);
  return {
    keys: [...index.keys()],
    levels: (key) => {
      const found = index.get(key);
      if (!found) return undefined;
      let from = found.at;
      return SPRITE_SIZES.slice(SPRITE_SIZES.length - found.levels).map((size) => {
        const level = multiplyByAlpha(raw.subarray(from, from + size * size * 4));
        from += size * size * 4;
        return level;
      });
    },
  };
}

let loaded: Atlas | undefined;

/** The committed atlas; read once. */
export function atlas(): Atlas {
  if (!loaded) {
    if (!existsSync(ATLAS_FILE))
      throw new Error(
        `${ATLAS_FILE} is missing; make it with: npx ts-node --transpile-only scripts/bake-atlas.ts`,
      );
    loaded = unpackAtlas(readFileSync(ATLAS_FILE), ATLAS_FILE);
  }
  return loaded;
}

const unpacked = new Map<string, Uint8Array[]>();

/** All levels of a baked sprite; those that are not baked are averaged from the largest. */
function bakedSprite(key: string): Uint8Array[] | undefined {
  let levels = unpacked.get(key);
  if (!levels) {
    const found = atlas().levels(key);
    if (!found) return undefined;
    const side = SPRITE_SIZES[TOP];
    const top = { width: side, height: side, data: found[found.length - 1] };
    const missing = SPRITE_SIZES.slice(0, SPRITE_SIZES.length - found.length);
    levels = [...missing.map((size) => fitToCell(top, size).data), ...found];
    unpacked.set(key, levels);
  }
  return levels;
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
  const levels = artist === HELD_OUT_ARTIST ? heldOutSprite(concept) : bakedSprite(`${artist}/${id}`);
  if (!levels) throw new Error(`concept "${concept}" is not drawn by ${artist}`);
  const level = SPRITE_SIZES.indexOf(size as (typeof SPRITE_SIZES)[number]);
  if (level >= 0) return levels[level];
  const key = `${artist}/${id}/${size}`;
  let sprite = scaled.get(key);
  if (!sprite) {
    const from = SPRITE_SIZES.findIndex((side) => side >= size);
    const index = from < 0 ? TOP : from;
    const side = SPRITE_SIZES[index];
    const source = { width: side, height: side, data: levels[index] };
    sprite = areaResample(source, { x: 0, y: 0, width: side, height: side }, size, size).data;
    scaled.set(key, sprite);
  }
  return sprite;
}
