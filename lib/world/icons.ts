/** Finds a concept's SVG in the emoji packages, by code point, and rasterises it. Used for baking and for the held-out artist. */
import { Resvg } from '@resvg/resvg-js';
import { AnyArtist, ARTISTS, HELD_OUT_ARTIST } from './types';
import { Rgba } from './resample';

/**
 * Artists that only judges learn from, so that they name things and not brush strokes: older, plainer and black and
 * white drawings of the same signs. Neither the painter nor any test picture ever uses them.
 */
export const EXTRA_ARTISTS = [
  'noto-v1',
  'fluent-high-contrast',
  'fxemoji',
  'emojione-monotone',
  'streamline',
] as const;
export type ExtraArtist = (typeof EXTRA_ARTISTS)[number];

/** npm package of each artist (under @iconify-json). */
export const PACKAGES: Record<AnyArtist | ExtraArtist, string> = {
  noto: 'noto',
  fluent: 'fluent-emoji-flat',
  twemoji: 'twemoji',
  emojione: 'emojione',
  openmoji: 'openmoji',
  'noto-v1': 'noto-v1',
  'fluent-high-contrast': 'fluent-emoji-high-contrast',
  fxemoji: 'fxemoji',
  'emojione-monotone': 'emojione-monotone',
  streamline: 'streamline-emojis',
};

/** Icons are drawn at this many pixels before they are cropped and averaged down. */
export const RASTER_SIZE = 192;

interface IconFile {
  icons: Record<string, { body: string; width?: number; height?: number; left?: number; top?: number }>;
  aliases?: Record<string, { parent: string }>;
  width?: number;
  height?: number;
}

interface IconSet {
  file: IconFile;
  /** code point without fe0f -> icon name */
  names: Map<string, string>;
}

const sets = new Map<AnyArtist | ExtraArtist, IconSet>();

/** Code points in hex without the variation selector fe0f: what the sets agree on. */
export function plainCodePoint(code: string): string {
  return code
    .toLowerCase()
    .split('-')
    .filter((part) => part !== 'fe0f')
    .join('-');
}

function charsOf(artist: AnyArtist | ExtraArtist): Map<string, string> {
  const chars = require(`@iconify-json/${PACKAGES[artist]}/chars.json`) as Record<string, string>;
  return new Map(Object.entries(chars).map(([code, name]) => [plainCodePoint(code), name]));
}

function iconSet(artist: AnyArtist | ExtraArtist): IconSet {
  const known = sets.get(artist);
  if (known) return known;
  const file = require(`@iconify-json/${PACKAGES[artist]}/icons.json`) as IconFile;
  const names = charsOf(artist);
  // Some tables of code points are empty (EmojiTwo's, older sets'), but they name icons as the other sets do ('flag-for-japan' for 'flag-japan').
  if (names.size === 0)
    for (const other of [...ARTISTS, HELD_OUT_ARTIST] as AnyArtist[])
      if (other !== artist)
        for (const [code, name] of charsOf(other))
          for (const own of [name, name.replace(/^flag-/, 'flag-for-')])
            if (!names.has(code) && (file.icons[own] || file.aliases?.[own])) names.set(code, own);
  const set = { file, names };
  sets.set(artist, set);
  return set;
}

/** The SVG text of a code point by an artist, or undefined when the artist has not drawn it. */
export function iconSvg(artist: AnyArtist | ExtraArtist, id: string): string | undefined {
  const { file, names } = iconSet(artist);
  let name = names.get(plainCodePoint(id));
  for (let hops = 0; name && !file.icons[name] && hops < 4; hops++) name = file.aliases?.[name]?.parent;
  const icon = name ? file.icons[name] : undefined;
  if (!icon) return undefined;
  const width = icon.width ?? file.width ?? 16;
  const height = icon.height ?? file.height ?? 16;
  const view = `${icon.left ?? 0} ${icon.top ?? 0} ${width} ${height}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="${view}" width="${width}" height="${height}">${icon.body}</svg>`;
}

/**
 * Draws an SVG at `size` pixels wide; premultiplied RGBA.
 * resvg aborts the whole process on a few icons, so anything not known to be safe belongs in a child process.
 */
export function rasterise(svg: string, size = RASTER_SIZE): Rgba {
  const rendered = new Resvg(svg, {
    fitTo: { mode: 'width', value: size },
    font: { loadSystemFonts: false },
  }).render();
  const { width, height } = rendered;
  // `pixels` copies on every read: read it once
  return { width, height, data: new Uint8Array(rendered.pixels) };
}
