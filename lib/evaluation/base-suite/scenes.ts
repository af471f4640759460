/**
 * The captions of the base suite: scenes that no painter was trained on, of each kind, from a stream of the suite's own,
 * that go through the concepts of a tier in turn.
 */
import { RandomStream } from '../../tensor';
import {
  artistsOf,
  BACKGROUNDS,
  canonicalCaption,
  captionOf,
  conceptNames,
  conceptOf,
  DEFAULT_SAY,
  hasTime,
  isHeldOutScene,
  randomFigureScene,
  randomScene,
  sceneProblems,
  SIZES,
  TIMES,
} from '../../world';
import type { Artist, Count, SayOptions, SceneSpec, SceneWeights, Tier } from '../../world';
import { isFigureKind } from './kinds';
import type { SuiteKind } from './kinds';

/** What the painter was trained on: the suite asks about that and nothing else. */
export interface SuiteWorld {
  tier: Tier;
  artists: readonly Artist[];
  /** Chances that attributes are said (see DEFAULT_SAY); a kind always says what it asks about. */
  say?: SayOptions;
}

export interface SceneOrder extends SuiteWorld {
  kind: SuiteKind;
  seed: number;
  count: number;
  /** Where in the round of concepts this kind begins: kinds that go on where others ended visit more of them. */
  from?: number;
  /** Plain captions (see plainCaption) that must not come: those of another report. */
  without?: ReadonlySet<string>;
}

export interface SuiteScene {
  kind: SuiteKind;
  /** Number of objects, size, time of day or not: what the kind is split by in the tables. */
  part?: string;
  spec: SceneSpec;
  caption: string;
}

/** Scenes drawn for one concept before the next has its turn. */
const ATTEMPTS = 600;
const NONE: SceneWeights = { single: 0, many: 0, pair: 0, trio: 0, slot: 0, prop: 0, text: 0, empty: 0 };
const SAID: Partial<Record<SuiteKind, SayOptions>> = {
  // A colour is told by comparing renders, so all else has to be said.
  colour: { size: 1, background: 1, day: 1 },
  size: { size: 1 },
  background: { background: 1, day: 1 },
  style: { style: 1, size: 1, background: 1, day: 1 },
};

/** The caption that names a scene whoever draws it, as held-out scenes are told apart. */
export function plainCaption({ style: _, ...plain }: SceneSpec): string {
  return canonicalCaption(plain);
}

/** Concepts up to the tier that one of the artists has drawn (style: two of them), in an order of the seed. */
export function suiteConcepts({ tier, artists, seed }: SuiteWorld & { seed: number }, least = 1): string[] {
  const able = conceptNames(tier).filter(
    (name) => conceptOf(name).artists.filter((artist) => artists.includes(artist)).length >= least,
  );
  return RandomStream.of(seed, 'base-suite', 'concepts').shuffle(able);
}

/**
 * `count` scenes of one kind with their captions, every one held out; a function of the order alone. None for `style`
 * where the painter knows one artist only.
 * @throws when there are not as many held-out scenes of this kind
 */
export function suiteScenes(order: SceneOrder): SuiteScene[] {
  const { kind, seed, count, from = 0, say = DEFAULT_SAY, without } = order;
  const concepts = suiteConcepts(order, kind === 'style' ? 2 : 1);
  if (kind === 'style' && (order.artists.length < 2 || concepts.length === 0)) return [];
  const seen = new Set<string>();
  return Array.from({ length: count }, (_, i) => {
    const rng = RandomStream.of(seed, 'base-suite', kind, i);
    // A concept with no held-out scene of this kind leaves its turn to the next one.
    for (let turn = 0; turn < concepts.length; turn++) {
      const concept = concepts[(from + i + turn) % concepts.length];
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const scene = sceneOf(order, { rng, concept, concepts, i });
        if (!scene || !isHeldOutScene(scene.spec)) continue;
        const plain = plainCaption(scene.spec);
        if (without?.has(plain) || seen.has(plain)) continue;
        seen.add(plain);
        return { kind, ...scene, caption: captionOf(scene.spec, rng, { say: { ...say, ...SAID[kind] } }) };
      }
    }
    throw new Error(`base suite: no held-out scene of kind "${kind}" is left after ${i}, want ${count}`);
  });
}

interface Draw {
  rng: RandomStream;
  concept: string;
  concepts: readonly string[];
  i: number;
}

/** One scene of a kind with the concept, held out or not; undefined when this draw does not fit the kind. */
function sceneOf(order: SceneOrder, draw: Draw): Pick<SuiteScene, 'spec' | 'part'> | undefined {
  const { kind, artists, tier } = order;
  const { rng, concept, i } = draw;
  const random = (weights: Partial<SceneWeights>, more: Parameters<typeof randomScene>[1] = {}): SceneSpec =>
    randomScene(rng, {
      artists,
      tier,
      concepts: [concept],
      tint: 0,
      weights: { ...NONE, ...weights },
      ...more,
    });
  if (isFigureKind(kind)) {
    const weights = { ...NO_FIGURES, [kind]: 1 };
    // Panels and company come from all concepts: a story of four equal things would be a story of one.
    const concepts = kind === 'panels' ? draw.concepts : [concept];
    return { spec: randomFigureScene(rng, { artists, tier, concepts, weights }) };
  }
  switch (kind) {
    case 'single':
      return { spec: random({ single: 1 }) };
    case 'colour':
      return { spec: random({ single: 1 }, { tint: 1 }) };
    case 'size': {
      const size = SIZES[i % SIZES.length];
      return {
        spec: random({ single: 1 }, { sizes: { small: 0, medium: 0, large: 0, [size]: 1 } }),
        part: size,
      };
    }
    case 'count': {
      const count = (2 + (i % 3)) as Count;
      const spec = random({ many: 1 });
      spec.objects[0].count = count;
      return sceneProblems(spec).length === 0 ? { spec, part: String(count) } : undefined;
    }
    case 'two':
    case 'relation': {
      const other = rng.pick(draw.concepts);
      if (other === concept || !together([concept, other], artists)) return undefined;
      const spec = random({ pair: 1 }, { concepts: [concept, other] });
      const [first, second] = spec.objects;
      const plain = first.concept !== second.concept && first.count === 1 && second.count === 1;
      if (!plain || (kind === 'relation' && !spec.relation)) return undefined;
      return { spec, part: kind === 'relation' ? spec.relation : undefined };
    }
    case 'background': {
      const { time: _, ...spec } = random({ single: 1 });
      const background = rng.pick(BACKGROUNDS);
      const lit = hasTime(background);
      const part = lit ? 'with an hour' : 'without';
      return { spec: { ...spec, background, ...(lit && { time: rng.pick(TIMES) }) }, part };
    }
    case 'text': {
      const spec = random({ text: 1 });
      return spec.objects.length === 0 && spec.text?.length === 1 ? { spec } : undefined;
    }
    case 'prop':
      return { spec: random({ prop: 1 }) };
    case 'slot': {
      const spec = random({ slot: 1 }, { concepts: [concept, rng.pick(draw.concepts)] });
      const [first, second] = spec.objects;
      // Of two of one concept, nobody could say which one is in its place.
      return first.concept === second?.concept ? undefined : { spec };
    }
    case 'style': {
      const spec = random({ single: 1 });
      const able = artistsOf(spec).filter((artist) => artists.includes(artist));
      const style = able[i % able.length];
      return { spec: { ...spec, style }, part: style };
    }
  }
}

const NO_FIGURES = { clock: 0, sign: 0, 'tic-tac-toe': 0, sudoku: 0, maze: 0, panels: 0, turn: 0 };

function together(concepts: readonly string[], artists: readonly Artist[]): boolean {
  return artists.some((artist) => concepts.every((name) => conceptOf(name).artists.includes(artist)));
}
