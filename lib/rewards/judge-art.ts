/** Who draws the judge's training pictures: the training artists, and artists that only judges learn from. */
import type { RandomStream } from '../tensor';
import { artistsOf, renderScene, spriteOf } from '../world';
import type { Artist, SceneSpec } from '../world';
import { randomStyle, restyled, warped } from './sprite-changes';

/** An artist beside the training artists, as sprites. */
export interface ExtraArt {
  name: string;
  draws(concept: string): boolean;
  /** Premultiplied RGBA, [px, px, 4]. */
  sprite(concept: string, px: number): Uint8Array;
}

export interface ArtMix {
  extra?: readonly ExtraArt[];
  /** Chance that an extra artist draws a picture he can draw. */
  extraShare?: number;
  /** Chance that the sprites of a picture are changed. */
  changed?: number;
}

/** Every concept of a scene, those of its panels included. */
export function conceptsOf(spec: SceneSpec): string[] {
  return [...spec.objects.map((o) => o.concept), ...(spec.panels ?? []).flatMap(conceptsOf)];
}

/** Gives the picture of a concept: premultiplied RGBA, [px, px, 4]. */
export type SpriteSource = (concept: string, px: number) => Uint8Array;

/**
 * The hand that draws one picture: one of `artists` (training artists who can draw all of `names`) or an extra artist
 * who can, his sprites often changed (see sprite-changes).
 */
export function randomHand(
  names: readonly string[],
  artists: readonly Artist[],
  rng: RandomStream,
  mix: ArtMix = {},
): { artist: Artist; sprite: SpriteSource } {
  const { extra = [], extraShare = 0, changed = 0 } = mix;
  const artist = rng.pick(artists);
  const able =
    rng.uniform() < extraShare ? extra.filter((art) => names.every((name) => art.draws(name))) : [];
  const drawn = able.length > 0 ? rng.pick(able) : undefined;
  const plain: SpriteSource = drawn ? drawn.sprite : (concept, px) => spriteOf(concept, artist, px);
  if (rng.uniform() >= changed) return { artist, sprite: plain };
  const style = randomStyle(rng, 0.3 + 0.7 * rng.uniform());
  const warp = rng.uniform() < 0.6;
  return {
    artist,
    sprite: (concept, px) => {
      const sprite = plain(concept, px);
      return restyled(warp ? warped(sprite, px, rng) : sprite, px, style);
    },
  };
}

/** Draws a scene by a random hand. */
export function drawMixed(spec: SceneSpec, rng: RandomStream, mix: ArtMix = {}): Uint8Array {
  const { style: _, ...free } = spec;
  return renderScene(free, randomHand(conceptsOf(spec), artistsOf(free), rng, mix));
}
