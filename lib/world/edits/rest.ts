/** same(rest): how much of what an edit should leave alone was left alone, measured in pixels. */
import { artistsOf } from '../scene';
import { renderScene } from '../render';
import type { Artist, SceneSpec } from '../types';

const SIDE = 64;
const PIXELS = SIDE * SIDE;
/** Largest channel difference of one pixel that counts as the same in two exact renders. */
const EXACT = 8;
/** The same in a generated picture. */
export const TOLERANCE = 32;
/** same(rest) is asked where at least this share of the picture should stay. */
export const LEAST_REST = 0.1;
/** same(rest) holds from this score on. */
export const SAME_FROM = 0.95;

function difference(a: Uint8Array, b: Uint8Array, pixel: number): number {
  const at = pixel * 3;
  return Math.max(Math.abs(a[at] - b[at]), Math.abs(a[at + 1] - b[at + 1]), Math.abs(a[at + 2] - b[at + 2]));
}

/** 1 for each of 64x64 pixels that is equal in both pictures and has no changed neighbour. */
export function restMask(before: Uint8Array, after: Uint8Array): Uint8Array {
  const mask = new Uint8Array(PIXELS).fill(1);
  for (let pixel = 0; pixel < PIXELS; pixel++) {
    if (difference(before, after, pixel) <= EXACT) continue;
    const [x, y] = [pixel % SIDE, Math.floor(pixel / SIDE)];
    for (let dy = -1; dy <= 1; dy++)
      for (let dx = -1; dx <= 1; dx++)
        if (x + dx >= 0 && x + dx < SIDE && y + dy >= 0 && y + dy < SIDE) mask[pixel + dy * SIDE + dx] = 0;
  }
  return mask;
}

/** Share of the picture that is rest, 0..1. */
export function restShare(mask: Uint8Array): number {
  return mask.reduce((sum, bit) => sum + bit, 0) / PIXELS;
}

/** Share of the rest's pixels in `image` that are as `before` had them, 0..1; 1 when there is no rest. */
export function sameRest(image: Uint8Array, before: Uint8Array, mask: Uint8Array): number {
  let kept = 0;
  let all = 0;
  for (let pixel = 0; pixel < PIXELS; pixel++)
    if (mask[pixel]) {
      all++;
      if (difference(image, before, pixel) <= TOLERANCE) kept++;
    }
  return all === 0 ? 1 : kept / all;
}

/** Training artists that can draw both sides of an edit. */
export function editArtists({ before, after }: { before: SceneSpec; after: SceneSpec }): Artist[] {
  const able = artistsOf(after);
  return artistsOf(before).filter((artist) => able.includes(artist));
}

/** Both pictures by one artist, and what stays between them. */
export function editPictures(
  pair: { before: SceneSpec; after: SceneSpec },
  artist: Artist = editArtists(pair)[0],
): { before: Uint8Array; after: Uint8Array; rest: Uint8Array } {
  const before = renderScene(pair.before, { artist });
  const after = renderScene(pair.after, { artist });
  return { before, after, rest: restMask(before, after) };
}
