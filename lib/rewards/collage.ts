/**
 * Collages: many things anywhere on a background. No caption says one; they teach a scene reader several names a
 * picture instead of one or two, and not to lean on where layouts put things.
 */
import type { RandomStream } from '../tensor';
import {
  backgroundPixels,
  BACKGROUNDS,
  blit,
  COLOURS,
  conceptNames,
  conceptOf,
  hasTime,
  SCENE_SIZE,
  SPRITE_SIZES,
  TIMES,
  tintSprite,
} from '../world';
import type { Artist, Colour, Tier } from '../world';
import { ARTISTS } from '../world';
import { randomHand } from './judge-art';
import type { ArtMix } from './judge-art';
import { cellsOf, middlesOf } from './judge-labels';
import type { ObjectLabel, SceneLabels, Square } from './judge-labels';

/** How often each of SPRITE_SIZES comes. */
const SIZE_SHARES = [0.22, 0.36, 0.3, 0.12];
const SIZE_NAMES = ['small', 'small', 'medium', 'large'];
const MOST = 9;
/** Chance that a thing is one more of the thing before. */
const AGAIN = 0.2;
const TINTED = 0.2;
/** Largest share of the smaller square that another may cover. */
const OVERLAP = 0.08;

interface Placed extends Square {
  tint?: Colour;
  size: string;
}

/** A random collage of concepts up to `tier`, and its labels. */
export function collage(
  rng: RandomStream,
  tier: Tier,
  mix: ArtMix,
): { image: Uint8Array; labels: SceneLabels } {
  const things = randomThings(rng, tier);
  const background = rng.pick(BACKGROUNDS);
  const time = hasTime(background) ? rng.pick(TIMES) : undefined;
  const image = backgroundPixels(background, time).slice();
  const names = [...new Set(things.map(({ concept }) => concept))];
  const { sprite } = randomHand(names, artistsOfAll(names), rng, mix);
  for (const { concept, x, y, px, tint } of things) {
    const plain = sprite(concept, px);
    blit(image, tint ? tintSprite(plain, tint) : plain, { x, y, width: px, height: px });
  }
  const objects = new Map<string, ObjectLabel>();
  for (const { concept, tint, size } of things) {
    const known = objects.get(concept);
    if (known) known.count++;
    else objects.set(concept, { concept, count: 1, tint: tint ?? 'none', size, turn: '0' });
  }
  const choices: Record<string, string> = { background, prop: 'none', figure: 'none' };
  if (time) choices.time = time;
  return {
    image,
    labels: {
      objects: [...objects.values()],
      choices,
      cells: cellsOf(things),
      centres: middlesOf(things),
      text: [],
    },
  };
}

const artistsOfAll = (names: readonly string[]): Artist[] =>
  ARTISTS.filter((artist) => names.every((name) => conceptOf(name).artists.includes(artist)));

/** Two to nine things that do not hide each other and that one artist can draw. */
function randomThings(rng: RandomStream, tier: Tier): Placed[] {
  const names = conceptNames(tier);
  const things: Placed[] = [];
  const wanted = 2 + rng.int(MOST - 1);
  for (let attempt = 0; attempt < 60 && things.length < wanted; attempt++) {
    const level = pickLevel(rng);
    const px = SPRITE_SIZES[level];
    const last = things[things.length - 1];
    const again = last && rng.uniform() < AGAIN;
    const concept = again ? last.concept : rng.pick(names);
    const tint = again ? last.tint : rng.uniform() < TINTED ? rng.pick(COLOURS) : undefined;
    const place = { x: rng.int(SCENE_SIZE - px + 1), y: rng.int(SCENE_SIZE - px + 1), px };
    const same = things.filter((thing) => thing.concept === concept);
    if (same.some((thing) => thing.px !== px || thing.tint !== tint) || same.length >= 5) continue;
    if (things.some((thing) => overlap(thing, place) > OVERLAP)) continue;
    if (artistsOfAll([...things.map((thing) => thing.concept), concept]).length === 0) continue;
    things.push({ concept, ...place, size: SIZE_NAMES[level], ...(tint && { tint }) });
  }
  return things;
}

function pickLevel(rng: RandomStream): number {
  let rest = rng.uniform();
  for (let i = 0; i < SIZE_SHARES.length; i++) if ((rest -= SIZE_SHARES[i]) < 0) return i;
  return 0;
}

type Place = Pick<Square, 'x' | 'y' | 'px'>;

/** Shared area over the smaller square. */
function overlap(a: Place, b: Place): number {
  const w = Math.min(a.x + a.px, b.x + b.px) - Math.max(a.x, b.x);
  const h = Math.min(a.y + a.px, b.y + b.px) - Math.max(a.y, b.y);
  return w <= 0 || h <= 0 ? 0 : (w * h) / Math.min(a.px, b.px) ** 2;
}
