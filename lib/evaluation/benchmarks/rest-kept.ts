/** How much of what an edit should leave alone was left alone, whoever drew it. */
import { artistsOf, editArtists, editPictures, renderScene, sameRest } from '../../world';
import type { Artist, SceneSpec } from '../../world';
import type { BenchmarkItem } from './types';

/**
 * same(rest) of a picture that came of an edit, in [0, 1]: share of the pixels that should stay and did, by the artist
 * that suits best, since neither caption nor instruction names one.
 * @throws when the item is no edit
 */
export function restKept(item: BenchmarkItem, image: Uint8Array): number {
  return Math.max(...editArtists(pairOf(item)).map((artist) => keptBy(item, image, artist)));
}

/** The same for a scene, drawn by each artist that can draw it and both pictures of the edit; 0 when none can. */
export function restKeptByScene(item: BenchmarkItem, scene: SceneSpec): number {
  const able = artistsOf(scene);
  const artists = editArtists(pairOf(item)).filter((artist) => able.includes(artist));
  const drawn = (artist: Artist): Uint8Array => renderScene({ ...scene, style: undefined }, { artist });
  return Math.max(0, ...artists.map((artist) => keptBy(item, drawn(artist), artist)));
}

function keptBy(item: BenchmarkItem, image: Uint8Array, artist: Artist): number {
  const { before, rest } = editPictures(pairOf(item), artist);
  return sameRest(image, before, rest);
}

function pairOf({ id, edit, scene }: BenchmarkItem): { before: SceneSpec; after: SceneSpec } {
  if (!edit) throw new Error(`${id}: is no edit`);
  return { before: edit.before, after: scene };
}
