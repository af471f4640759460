/**
 * The evaluation reader: reads a scene back from pixels by template matching alone, so that no score in a table
 * comes from the judge that training was rewarded by. Slower than the judge (about half a second a picture).
 */
import {
  ARTISTS,
  backgroundPixels,
  BACKGROUNDS,
  COLOURS,
  conceptOf,
  DEFAULT_TIER,
  hasTime,
  SIZE_PX,
  spriteOf,
  textAgreement,
  TIMES,
  tintSprite,
} from '../world';
import type { Background, Criteria, Tier, TimeOfDay } from '../world';
import { conceptsAsked, semanticScore } from '../rewards';
import type { SceneReading, SemanticScore } from '../rewards';
import { matchProp } from './prop-templates';
import type { PropMatch } from './prop-templates';
import { allPlaces, makeTemplate, matchesAt, matchScore, residualAt } from './templates';
import type { Match, Place, Residual } from './templates';

/** A match this good counts as seen; set between right and wrong sprites on clean and blurred renders. */
export const SEEN = 0.62;
/** Places whose mean difference from the background is below this are empty. */
const EMPTY = 9;
const MAX_COUNT = 5;

export interface SceneFound {
  background: Background;
  time?: TimeOfDay;
  /** Objects accepted, best first; no two overlap much. */
  objects: Match[];
  prop?: PropMatch;
}

let places: Place[] | undefined;

/** Background and time whose every pixel is known: the pair that the most of the picture agrees with. */
export function readBackground(image: Uint8Array): {
  background: Background;
  time?: TimeOfDay;
  agreement: number;
} {
  let best: { background: Background; time?: TimeOfDay; agreement: number } | undefined;
  for (const background of BACKGROUNDS)
    for (const time of hasTime(background) ? TIMES : [undefined]) {
      const agreement = agreementOf(image, backgroundPixels(background, time));
      if (!best || agreement > best.agreement) best = { background, time, agreement };
    }
  return best!;
}

/** Mean over pixels of exp(-difference / 16): objects cover pixels, so large differences must not count more. */
function agreementOf(image: Uint8Array, background: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < image.length; i += 3) {
    const d =
      Math.abs(image[i] - background[i]) +
      Math.abs(image[i + 1] - background[i + 1]) +
      Math.abs(image[i + 2] - background[i + 2]);
    sum += Math.exp(-d / 48);
  }
  return sum / (image.length / 3);
}

/** Everything the reader finds in a picture, among the concepts up to `tier` (a larger tier takes longer). */
export function findScene(image: Uint8Array, tier: Tier = DEFAULT_TIER): SceneFound {
  const { background, time } = readBackground(image);
  const canvas = backgroundPixels(background, time);
  places ??= allPlaces();
  const candidates: Match[] = [];
  for (const place of places) {
    const at = residualAt(image, canvas, place);
    if (at.strength < EMPTY) continue;
    candidates.push(
      ...matchesAt(at, tier)
        .slice(0, 2)
        .filter((m) => m.score >= SEEN),
    );
  }
  candidates.sort((a, b) => rankOf(b) - rankOf(a));
  const objects: Match[] = [];
  for (const match of candidates) if (!objects.some((o) => overlap(o, match) > 0.2)) objects.push(match);
  return { background, time, objects, prop: matchProp(image, canvas) };
}

/** A small sprite can fit inside a larger thing by chance, so size counts a little beside the score. */
const rankOf = ({ score, px }: { score: number; px: number }): number => score * px ** 0.15;

/** Shared area over the smaller square. */
function overlap(a: Place, b: Place): number {
  const w = Math.min(a.x + a.px, b.x + b.px) - Math.max(a.x, b.x);
  const h = Math.min(a.y + a.px, b.y + b.px) - Math.max(a.y, b.y);
  return w <= 0 || h <= 0 ? 0 : (w * h) / Math.min(a.px, b.px) ** 2;
}

/** A hard reading (every answer 0 or 1, but for text) of one picture. */
export function readTemplate(image: Uint8Array, found: SceneFound = findScene(image)): SceneReading {
  const canvas = backgroundPixels(found.background, found.time);
  /** Places of a concept; when none is seen plain, its tinted sprites are tried. */
  const matches = (concept: string): Match[] => {
    const plain = found.objects.filter((o) => o.concept === concept);
    return plain.length > 0 ? plain : tinted(concept).map(({ match }) => match);
  };
  const tintedFound = new Map<string, { match: Match; tint: string }[]>();
  const tinted = (concept: string): { match: Match; tint: string }[] => {
    let list = tintedFound.get(concept);
    if (!list)
      tintedFound.set(concept, (list = findTinted(image, canvas, { concept, taken: found.objects })));
    return list;
  };
  return {
    has: (concept) => (matches(concept).length > 0 ? 1 : 0),
    counts: (concept) => {
      const n = Math.min(MAX_COUNT, matches(concept).length);
      return Array.from({ length: MAX_COUNT }, (_, i) => (i + 1 === n ? 1 : 0));
    },
    tint: (concept, colour) => {
      const plain = found.objects.some((o) => o.concept === concept);
      if (colour === 'none') return plain ? 1 : 0;
      return bestTint(image, canvas, matches(concept)) === colour ? 1 : 0;
    },
    size: (concept, size) => {
      const px = matches(concept)[0]?.px ?? 0;
      const nearest = Object.entries(SIZE_PX).sort((a, b) => Math.abs(a[1] - px) - Math.abs(b[1] - px))[0][0];
      return nearest === size ? 1 : 0;
    },
    place: (concept) => {
      const all = matches(concept);
      const middle = (axis: 'x' | 'y'): number =>
        all.length === 0 ? 0.5 : all.reduce((sum, m) => sum + m[axis] + m.px / 2, 0) / all.length / 64;
      return { x: middle('x'), y: middle('y') };
    },
    choice: (name, value) => {
      if (name === 'background') return found.background === value ? 1 : 0;
      if (name === 'time') return (found.time ?? 'day') === value ? 1 : 0;
      if (name === 'prop') return (found.prop?.name ?? 'none') === value ? 1 : 0;
      const [prop, field] = name.split('.');
      if (found.prop?.name !== prop) return 0;
      // A field that is left out is off: none for a colour, false for a flag.
      return String(found.prop.fields[field] ?? (value === 'none' ? 'none' : false)) === value ? 1 : 0;
    },
    text: (lines) => textAgreement(image, lines),
  };
}

/**
 * Draws what was found (background, plain sprites) and compares: exp(-mean absolute difference / 20). What the
 * reader could not name, and every blur and speck, lowers it.
 */
export function soundness(image: Uint8Array, found: SceneFound): number {
  const drawn = Float32Array.from(backgroundPixels(found.background, found.time));
  for (const { concept, artist, x, y, px } of found.objects) {
    const sprite = spriteOf(concept, artist, px);
    for (let i = 0; i < px * px; i++) {
      const at = ((y + Math.floor(i / px)) * 64 + x + (i % px)) * 3;
      const keep = 1 - sprite[i * 4 + 3] / 255;
      for (let c = 0; c < 3; c++) drawn[at + c] = sprite[i * 4 + c] + drawn[at + c] * keep;
    }
  }
  let sum = 0;
  for (let i = 0; i < image.length; i++) sum += Math.abs(image[i] - drawn[i]);
  return Math.exp(-sum / image.length / 20);
}

/** Finds tinted copies of one concept at places that nothing else explains better. */
function findTinted(
  image: Uint8Array,
  canvas: Uint8Array,
  { concept, taken }: { concept: string; taken: Match[] },
): { match: Match; tint: string }[] {
  const candidates: { match: Match; tint: string }[] = [];
  for (const place of places ?? allPlaces()) {
    const at = residualAt(image, canvas, place);
    if (at.strength < EMPTY) continue;
    const best = tintsAt(at, concept)[0];
    if (!best || best.score < SEEN) continue;
    const match: Match = { ...place, concept, artist: best.artist, score: best.score };
    if (taken.some((o) => overlap(o, place) > 0.2 && rankOf(o) >= rankOf(match))) continue;
    candidates.push({ match, tint: best.tint });
  }
  candidates.sort((a, b) => rankOf(b.match) - rankOf(a.match));
  const kept: { match: Match; tint: string }[] = [];
  for (const c of candidates) if (!kept.some((k) => overlap(k.match, c.match) > 0.2)) kept.push(c);
  return kept;
}

/** Scores of every tint (and none) of a concept at one place, best first. */
function tintsAt(at: Residual, concept: string): { tint: string; artist: Match['artist']; score: number }[] {
  const scores = ARTISTS.flatMap((artist) => {
    let sprite: Uint8Array;
    try {
      sprite = spriteOf(concept, artist, at.px);
    } catch {
      return []; // this artist has not drawn it
    }
    return ['none', ...COLOURS].map((tint) => {
      const picture =
        tint === 'none' ? sprite : tintSprite(sprite, tint as (typeof COLOURS)[number], concept);
      return { tint, artist, score: matchScore(at, makeTemplate(picture, at.px, { concept, artist })) };
    });
  });
  return scores.sort((a, b) => b.score - a.score);
}

function bestTint(image: Uint8Array, canvas: Uint8Array, matches: Match[]): string | undefined {
  if (matches.length === 0) return undefined;
  return tintsAt(residualAt(image, canvas, matches[0]), matches[0].concept)[0]?.tint;
}

/** What the evaluation reader says of a picture: all in [0, 1]; `answer` is how well the answer predicates hold. */
export interface ReaderScore extends SemanticScore {
  /** How much of the picture is exactly what the reader understood of it: 1 a clean render, near 0 a mess. */
  soundness: number;
}

/** The smallest tier that holds every concept that is asked about: pictures of the core are read as ever. */
function tierOf(criteria: Criteria): Tier {
  return conceptsAsked(criteria).reduce<Tier>((tier, concept) => {
    const own = conceptOf(concept).tier;
    return own > tier ? own : tier;
  }, DEFAULT_TIER);
}

/** Scores pictures against their criteria, one each. @throws when there are not as many of both */
export function readerScores(images: Uint8Array[], criteria: Criteria[]): ReaderScore[] {
  if (images.length !== criteria.length)
    throw new Error(`readerScores: ${images.length} images and ${criteria.length} criteria, want as many`);
  return images.map((image, i) => {
    const found = findScene(image, tierOf(criteria[i]));
    return { ...semanticScore(readTemplate(image, found), criteria[i]), soundness: soundness(image, found) };
  });
}
