/** The painter's training distribution: random scenes that can be drawn, mostly single objects where they are at home. */
import type { RandomStream } from '../tensor';
import { hasTime } from './backgrounds';
import { conceptNames, conceptOf, DEFAULT_TIER } from './concepts';
import { artistsOf, sceneProblems } from './scene';
import {
  Artist,
  ARTISTS,
  Background,
  BACKGROUNDS,
  Colour,
  COLOURS,
  Count,
  Prop,
  RELATIONS,
  SceneObject,
  SceneSpec,
  Size,
  SLOTS,
  Tier,
  TIERS,
  TimeOfDay,
  TIMES,
} from './types';

/** How often each kind of scene comes; need not sum to one. */
export interface SceneWeights {
  /** One object. */
  single: number;
  /** Two to five of one concept. */
  many: number;
  /** Two concepts in a relation. */
  pair: number;
  /** Three concepts in a row. */
  trio: number;
  /** An object in a slot, alone or with a large one. */
  slot: number;
  /** A beaker, flame, tank, ... alone or beside an object. */
  prop: number;
  /** Writing, alone or with an object. */
  text: number;
  /** A place with nothing in it. */
  empty: number;
}
export const DEFAULT_WEIGHTS: SceneWeights = {
  single: 0.57,
  many: 0.18,
  pair: 0.13,
  trio: 0.015,
  slot: 0.035,
  prop: 0.05,
  text: 0.015,
  empty: 0.005,
};

export interface RandomSceneOptions {
  /** Who may draw (default: all training artists). */
  artists?: readonly Artist[];
  /** Concepts up to this tier may appear (default: DEFAULT_TIER, the core). */
  tier?: Tier;
  /** Caption nouns that may appear (default: those of the tier). */
  concepts?: readonly string[];
  weights?: Partial<SceneWeights>;
  /** Chance of a background where the first object is at home; else any (default 0.7). */
  atHome?: number;
  /** Chance that an object has another colour than its own (default 0.1). */
  tint?: number;
  /** How often an object alone has each size. */
  sizes?: Partial<Record<Size, number>>;
}

/** Sizes of an object alone when nothing else is said. */
export const DEFAULT_SIZES: Record<Size, number> = { small: 0.13, medium: 0.27, large: 0.6 };

interface Draw {
  sizes: Record<Size, number>;
  rng: RandomStream;
  concepts: readonly string[];
  artists: readonly Artist[];
  atHome: number;
  tint: number;
}

const KINDS = Object.keys(DEFAULT_WEIGHTS) as (keyof SceneWeights)[];

/**
 * One scene of the training distribution, with its artist as `style`; valid, and a function of the stream alone.
 * Throws when an option names an unknown concept, or no allowed artist has drawn any allowed concept.
 */
export function randomScene(rng: RandomStream, options: RandomSceneOptions = {}): SceneSpec {
  const { artists = ARTISTS, tier = DEFAULT_TIER, weights = {}, atHome = 0.7, tint = 0.1 } = options;
  const concepts = options.concepts ?? NAMES[tier];
  const sizes = { ...DEFAULT_SIZES, ...options.sizes };
  const all = { ...DEFAULT_WEIGHTS, ...weights };
  const draw: Draw = { rng, concepts, artists, atHome, tint, sizes };
  for (let attempt = 0; attempt < 100; attempt++) {
    const kind =
      KINDS[
        pickWeighted(
          rng,
          KINDS.map((key) => all[key]),
        )
      ];
    const spec = MAKERS[kind](draw);
    const able = artistsOf(spec).filter((artist) => artists.includes(artist));
    if (able.length === 0) continue;
    spec.style = rng.pick(able);
    if (sceneProblems(spec).length === 0) return spec;
  }
  throw new Error(
    `randomScene: no scene in 100 attempts with artists ${artists.join(', ')} and ${concepts.length} concepts`,
  );
}

const NAMES: readonly (readonly string[])[] = TIERS.map(conceptNames);

/** An index, as often as its weight says. */
export function pickWeighted(rng: RandomStream, weights: readonly number[]): number {
  let left = rng.uniform() * weights.reduce((sum, weight) => sum + weight, 0);
  for (let i = 0; i < weights.length; i++) if ((left -= weights[i]) < 0) return i;
  return weights.length - 1;
}

function place({ rng, atHome }: Draw, concept?: string): Pick<SceneSpec, 'background' | 'time'> {
  const homes = concept ? conceptOf(concept).homes : [];
  const background: Background =
    homes.length > 0 && rng.uniform() < atHome ? rng.pick(homes) : rng.pick(BACKGROUNDS);
  return hasTime(background) ? { background, time: randomTime(rng) } : { background };
}

function randomTime(rng: RandomStream): TimeOfDay {
  return TIMES[pickWeighted(rng, [0.55, 0.21, 0.12, 0.12])];
}

function thing({ rng, concepts, tint }: Draw, size?: Size, count: Count = 1): SceneObject {
  const colour: Colour | undefined = rng.uniform() < tint ? rng.pick(COLOURS) : undefined;
  return { concept: rng.pick(concepts), count, ...(size && { size }), ...(colour && { tint: colour }) };
}

/** A second object of another concept than the first, when there is another. */
function other(draw: Draw, first: SceneObject, size: Size, count: Count = 1): SceneObject {
  let object = thing(draw, size, count);
  for (let i = 0; i < 8 && object.concept === first.concept; i++) object = thing(draw, size, count);
  return object;
}

function pairSizes(rng: RandomStream): [Size, Size] {
  const at = pickWeighted(rng, [0.6, 0.14, 0.14, 0.06, 0.06]);
  return (
    [
      ['medium', 'medium'],
      ['large', 'small'],
      ['small', 'large'],
      ['small', 'small'],
      ['medium', 'small'],
    ] as [Size, Size][]
  )[at];
}

function randomProp(rng: RandomStream): Prop {
  const colour = (): Colour => rng.pick(COLOURS);
  const some = (chance: number): boolean => rng.uniform() < chance;
  switch (pickWeighted(rng, [0.4, 0.16, 0.12, 0.09, 0.09, 0.09, 0.05])) {
    case 0: {
      const prop: Extract<Prop, { name: 'beaker' }> = {
        name: 'beaker',
        liquid: some(0.3) ? 'clear' : colour(),
      };
      if (some(0.15)) prop.layer = colour();
      if (some(0.25)) prop.precipitate = colour();
      if (some(0.15)) prop.strip = colour();
      if (some(0.25)) prop.bubbles = some(0.85);
      return prop;
    }
    case 1:
      return { name: 'flame', colour: colour() };
    case 2:
      return {
        name: 'tank',
        ...(some(0.8)
          ? { floating: colour(), ...(some(0.75) && { sinking: colour() }) }
          : { sinking: colour() }),
      };
    case 3:
      return { name: 'bulb', on: some(0.5) };
    case 4:
      return { name: 'glass', state: rng.pick(['ice', 'water', 'steam'] as const) };
    case 5:
      return { name: 'block', colour: colour(), ...(some(0.5) && { rust: true }) };
    default:
      return { name: 'seesaw', down: rng.pick(['left', 'right', 'level'] as const) };
  }
}

const WORDS = 'ICE TEA STOP GOAL OPEN EXIT SALE MENU MILK HELP TAXI ZOO BUS CAFE DEC MAY NO YES'.split(' ');

/** Equations, words and numbers; characters in all positions are met in the long run. */
export function randomLine(rng: RandomStream): string {
  const a = rng.int(10);
  const b = rng.int(10);
  switch (rng.int(6)) {
    case 0:
      return `${a}+${b}=${a + b}`;
    case 1:
      return `${Math.max(a, b)}-${Math.min(a, b)}=${Math.abs(a - b)}`;
    case 2:
      return `${1 + rng.int(9)}X${rng.pick(['+', '-'])}${b}=${rng.int(30)}`;
    case 3:
      return `X=${rng.int(30)}`;
    case 4:
      return rng.pick(WORDS);
    default: {
      const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
      return Array.from({ length: 2 + rng.int(5) }, () => letters[rng.int(letters.length)]).join('');
    }
  }
}

const MAKERS: Record<keyof SceneWeights, (draw: Draw) => SceneSpec> = {
  single: (draw) => {
    const { large, medium, small } = draw.sizes;
    const size = (['large', 'medium', 'small'] as const)[pickWeighted(draw.rng, [large, medium, small])];
    const object = thing(draw, size);
    return { ...place(draw, object.concept), objects: [object] };
  },
  many: (draw) => {
    const count = (2 + pickWeighted(draw.rng, [0.4, 0.3, 0.15, 0.15])) as Count;
    const object = thing(draw, count === 5 || draw.rng.uniform() < 0.3 ? 'small' : 'medium', count);
    return { ...place(draw, object.concept), objects: [object] };
  },
  pair: (draw) => {
    const { rng } = draw;
    const crowd = rng.uniform() < 0.2;
    const [one, two] = crowd ? (['small', 'small'] as const) : pairSizes(rng);
    const first = thing(draw, one, crowd ? ((1 + rng.int(3)) as Count) : 1);
    const second = other(draw, first, two, crowd ? ((1 + rng.int(3)) as Count) : 1);
    const relation = [undefined, ...RELATIONS][pickWeighted(rng, [0.35, 0.2, 0.15, 0.1, 0.1, 0.1])];
    return { ...place(draw, first.concept), objects: [first, second], ...(relation && { relation }) };
  },
  trio: (draw) => {
    const first = thing(draw, 'small');
    const second = other(draw, first, 'small');
    const third = other(draw, first, 'small');
    return { ...place(draw, first.concept), objects: [first, second, third] };
  },
  slot: (draw) => {
    const { rng } = draw;
    if (rng.uniform() < 0.4) {
      const slot = rng.pick(SLOTS);
      const object = thing(draw, slot.includes('-') || rng.uniform() < 0.4 ? 'small' : 'medium');
      return { ...place(draw, object.concept), objects: [{ ...object, slot }] };
    }
    const first = thing(draw, 'large');
    const second = { ...other(draw, first, 'small'), slot: rng.pick(['top-right', 'top-left'] as const) };
    return { ...place(draw, first.concept), objects: [first, second] };
  },
  prop: (draw) => {
    const { rng } = draw;
    const where: Pick<SceneSpec, 'background' | 'time'> =
      rng.uniform() < 0.7 ? { background: rng.pick(['table', 'white', 'room'] as const) } : place(draw);
    if (hasTime(where.background) && !where.time) where.time = rng.uniform() < 0.75 ? 'day' : 'night';
    if (rng.uniform() < 0.06) {
      const object = thing(draw, 'large');
      return { ...place(draw, object.concept), objects: [object], props: [{ name: 'puddle' }] };
    }
    const prop = randomProp(rng);
    const first = thing(draw, 'small');
    const objects =
      prop.name === 'seesaw'
        ? rng.uniform() < 0.8
          ? [first, other(draw, first, 'small')]
          : []
        : rng.uniform() < 0.15
          ? [{ ...first, size: 'medium' as const }]
          : [];
    return { ...where, objects, props: [prop] };
  },
  text: (draw) => {
    const { rng } = draw;
    const background = (['board', 'paper', 'white', 'red', 'blue', 'green', 'yellow'] as const)[
      pickWeighted(rng, [0.5, 0.2, 0.06, 0.06, 0.06, 0.06, 0.06])
    ];
    const withObject = rng.uniform() < 0.25;
    const lines = 1 + rng.int(withObject ? 1 : 4);
    const text = Array.from({ length: lines }, () => randomLine(rng));
    return { background, objects: withObject ? [thing(draw, 'large')] : [], text };
  },
  empty: (draw) => ({ ...place(draw), objects: [] }),
};
