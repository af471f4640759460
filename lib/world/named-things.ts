/**
 * Things named the way an answer names them ("the lion", "three bells", "6X=12, X=2", "egg, duck, star, swan"), with
 * the scene that shows them. They hold no fact: what they teach is the way from a name to its picture, which the
 * worked examples of facts can show for their own answers only.
 */
import type { RandomStream } from '../tensor';
import { BACKGROUND_WORDS, TIME_WORDS, hasTime } from './backgrounds';
import { nounPhrase } from './concept-text';
import { conceptNames, conceptOf } from './concepts';
import { pickWeighted, randomLine } from './random-scene';
import { sceneProblems } from './scene';
import {
  type Background,
  BACKGROUNDS,
  COLOURS,
  type Count,
  type SceneObject,
  type SceneSpec,
  type Tier,
  TIMES,
} from './types';
import { NUMBER_WORDS, withArticle } from './words';

export interface Named {
  /** A noun phrase. */
  said: string;
  scene: SceneSpec;
}

interface Draw {
  rng: RandomStream;
  concepts: readonly string[];
}

/** How often each kind comes; need not sum to one. */
const WEIGHTS = {
  object: 0.5,
  many: 0.09,
  tinted: 0.09,
  writing: 0.1,
  lines: 0.09,
  panels: 0.08,
  place: 0.05,
};

/** A random thing of concepts up to the tier; a function of the stream alone. Throws when no try can be drawn. */
export function randomNamed(rng: RandomStream, { tier }: { tier: Tier }): Named {
  const draw = { rng, concepts: conceptNames(tier) };
  const kinds = Object.keys(WEIGHTS) as (keyof typeof WEIGHTS)[];
  for (let attempt = 0; attempt < 100; attempt++) {
    const named = MAKERS[kinds[pickWeighted(rng, Object.values(WEIGHTS))]](draw);
    if (sceneProblems(named.scene).length === 0) return named;
  }
  throw new Error('randomNamed: no scene in 100 attempts');
}

/** Where a concept is shown when nothing else is said. */
function homeOf(concept: string): Background {
  return conceptOf(concept).homes[0] ?? 'white';
}

function alone(object: SceneObject): SceneSpec {
  return { background: homeOf(object.concept), objects: [object] };
}

/** "the lion", "a lion", "lion"; a proper noun of a flag as it is written: "the flag of Kenya". */
function naming(rng: RandomStream, name: string): string {
  const [, flag, land] = /^(flag of (?:the )?)(.+)$/.exec(name) ?? [];
  const written =
    flag && rng.uniform() < 0.8
      ? flag + land.replace(/\b(?!and\b|of\b|the\b)[a-z]/g, (c) => c.toUpperCase())
      : name;
  return rng.pick([`the ${written}`, `the ${written}`, nounPhrase(written), written]);
}

const MAKERS: Record<keyof typeof WEIGHTS, (draw: Draw) => Named> = {
  object: ({ rng, concepts }) => {
    const concept = rng.pick(concepts);
    return { said: naming(rng, concept), scene: alone({ concept }) };
  },
  many: ({ rng, concepts }) => {
    const concept = rng.pick(concepts);
    const count = (2 + rng.int(4)) as Count;
    const { plural } = conceptOf(concept);
    const said = rng.pick([`${NUMBER_WORDS[count]} ${plural}`, `${count} ${plural}`]);
    return { said, scene: alone({ concept, count }) };
  },
  tinted: ({ rng, concepts }) => {
    const concept = rng.pick(concepts);
    const tint = rng.pick(COLOURS);
    const said = rng.pick([
      `the ${tint} ${concept}`,
      withArticle(`${tint} ${concept}`),
      `the ${concept} that is ${tint}`,
    ]);
    return { said, scene: alone({ concept, tint }) };
  },
  writing: ({ rng }) => {
    const line = rng.pick([
      String(rng.int(3000)),
      `${1 + rng.int(12)} ${rng.pick(['AM', 'PM'])}`,
      randomLine(rng),
    ]);
    const background = rng.pick(['board', 'board', 'paper'] as const);
    const where = BACKGROUND_WORDS[background].where;
    const said = rng.pick([`the text ${line}`, `${line}, written down`, line]);
    return { said: `${said} ${where}`, scene: { background, objects: [], text: [line] } };
  },
  lines: ({ rng }) => {
    const text = Array.from({ length: 2 + rng.int(2) }, () => randomLine(rng));
    return { said: text.join(', '), scene: { background: 'board', objects: [], text } };
  },
  panels: ({ rng, concepts }) => {
    const shown = Array.from({ length: 4 }, () => rng.pick(concepts));
    // A story keeps to one or two places.
    const places = [homeOf(shown[0]), homeOf(shown[3])];
    const panels = shown.map((concept) => ({
      background: conceptOf(concept).homes.find((home) => places.includes(home)) ?? homeOf(concept),
      objects: [{ concept }],
    }));
    return { said: shown.join(', '), scene: { background: 'white', objects: [], panels } };
  },
  place: ({ rng }) => {
    const background = rng.pick(BACKGROUNDS.filter(hasTime));
    const time = rng.pick(TIMES);
    return {
      said: `${BACKGROUND_WORDS[background].noun} ${TIME_WORDS[time]}`,
      scene: { background, time, objects: [] },
    };
  },
};
