/** What can be had on the test facts without knowing them: common scenes, copied SFT rows, the prompt's own nouns. */
import { conceptOf, CONCEPTS } from './concepts';
import type { EditionOptions } from './editions';
import { type Fact, factsOf } from './facts';
import { holdsHeldOut } from './maths';
import { specSatisfies } from './predicates';
import { sceneProblems } from './scene';
import { promptsOf } from './sft-rows';
import type { SceneSpec } from './types';

export interface Baseline {
  /** Share of test facts whose answer criteria the guess satisfies (mean over a fact's prompts where these differ). */
  share: number;
  /** Facts that are right more often than not. */
  correct: string[];
  /** Share of each test fact, by id. */
  byFact: Map<string, number>;
}

/** Scores a guess for every test fact; `guess` gives the chance (0 to 1) of being right. */
function score(options: EditionOptions, guess: (fact: Fact) => number): Baseline {
  const test = factsOf('test', options);
  const byFact = new Map(test.map((fact) => [fact.id, guess(fact)]));
  const share = [...byFact.values()].reduce((sum, value) => sum + value, 0) / test.length;
  const correct = test.filter(({ id }) => byFact.get(id)! > 0.5).map(({ id }) => id);
  return { share, correct, byFact };
}

function meets(scene: SceneSpec | undefined, { criteria }: Fact): boolean {
  return scene !== undefined && criteria.answer.every((predicate) => specSatisfies(scene, predicate));
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

/** Guess the scene that is most common for the fact's relation in the sft split; none when the relation is not there. */
export function relationMajority(options: EditionOptions = {}): Baseline {
  return majority(options, (fact) => fact.relation);
}

/** The same with the family in place of the relation. */
export function familyMajority(options: EditionOptions = {}): Baseline {
  return majority(options, (fact) => fact.family);
}

function majority(options: EditionOptions, keyOf: (fact: Fact) => string): Baseline {
  const groups = groupBy(factsOf('sft', options), keyOf);
  const guesses = new Map<string, SceneSpec>();
  for (const [key, facts] of groups) {
    const scenes = [...groupBy(facts, (fact) => fact.refined).values()];
    guesses.set(key, scenes.reduce((best, same) => (same.length > best.length ? same : best))[0].scene);
  }
  return score(options, (fact) => (meets(guesses.get(keyOf(fact)), fact) ? 1 : 0));
}

/** Copy the scene of a random SFT fact that is asked with the same templates: the chance of being right. */
export function templateEcho(options: EditionOptions = {}): Baseline {
  const groups = groupBy(factsOf('sft', options), (fact) => fact.relation);
  return score(options, (fact) => {
    const rows = groups.get(fact.relation) ?? [];
    return rows.length === 0 ? 0 : rows.filter(({ scene }) => meets(scene, fact)).length / rows.length;
  });
}

/** Lower-case words (letters with apostrophes, or digits) of a text. */
export function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}']+|\d+/gu) ?? [];
}

/**
 * Copy the scene of the SFT prompt that shares the largest part of its words with the test prompt (Jaccard; the first
 * of equals), for each prompt of a fact.
 */
export function nearestRow(options: EditionOptions = {}): Baseline {
  const rows = promptsOf('sft', options).map(({ prompt, scene }) => ({
    words: new Set(wordsOf(prompt)),
    scene,
  }));
  const index = new Map<string, number[]>();
  rows.forEach(({ words }, row) => {
    for (const word of words) index.set(word, [...(index.get(word) ?? []), row]);
  });
  const nearest = (prompt: string): SceneSpec | undefined => {
    const words = new Set(wordsOf(prompt));
    const shared = new Uint16Array(rows.length);
    for (const word of words) for (const row of index.get(word) ?? []) shared[row]++;
    let best = -1;
    let most = 0;
    for (let row = 0; row < rows.length; row++) {
      const overlap = shared[row] / (words.size + rows[row].words.size - shared[row]);
      if (overlap > most) [best, most] = [row, overlap];
    }
    return rows[best]?.scene;
  };
  return score(
    options,
    (fact) => fact.prompts.filter((prompt) => meets(nearest(prompt), fact)).length / fact.prompts.length,
  );
}

/** Draw the things that the prompt itself names, at most three, where the first is at home: what no thinking gives. */
export function promptEcho(options: EditionOptions = {}): Baseline {
  const names = CONCEPTS.flatMap(({ name, plural }) =>
    [name, plural].map((phrase) => ({ name, phrase })),
  ).sort((a, b) => b.phrase.length - a.phrase.length);
  const echo = (prompt: string): SceneSpec | undefined => {
    let rest = ` ${wordsOf(prompt).join(' ')} `;
    const found: string[] = [];
    for (const { name, phrase } of names)
      if (rest.includes(` ${phrase} `)) {
        rest = rest.replaceAll(` ${phrase} `, ' | ');
        if (!found.includes(name)) found.push(name);
      }
    for (const many of [found.slice(0, 3), found.slice(0, 1)]) {
      if (many.length === 0) return undefined;
      const scene: SceneSpec = {
        background: conceptOf(many[0]).homes[0],
        objects: many.map((concept) => ({ concept })),
      };
      if (sceneProblems(scene).length === 0) return scene;
    }
    return undefined;
  };
  return score(
    options,
    (fact) => fact.prompts.filter((prompt) => meets(echo(prompt), fact)).length / fact.prompts.length,
  );
}

export const TEST_SLICES = [
  'answer seen',
  'answer unseen',
  'relation unseen',
  'two hops',
  'held-out numbers',
  'seen numbers',
] as const;
export type TestSlice = (typeof TEST_SLICES)[number];

/**
 * The slices of the test split that a score is read by: whether the scene is that of some SFT fact, whether SFT has the
 * relation at all, whether two facts have to be joined, and for maths of a relation that SFT has whether it holds a
 * number that no training fact of the relation holds. By fact id; a fact is in one slice or more.
 */
export function testSlices(options: EditionOptions = {}): Map<string, TestSlice[]> {
  const sft = factsOf('sft', options);
  const scenes = new Set(sft.map((fact) => fact.refined));
  const relations = new Set(sft.map((fact) => fact.relation));
  return new Map(
    factsOf('test', options).map((fact) => {
      const slices: TestSlice[] = [scenes.has(fact.refined) ? 'answer seen' : 'answer unseen'];
      if (!relations.has(fact.relation)) slices.push('relation unseen');
      else if (fact.family === 'maths') slices.push(holdsHeldOut(fact) ? 'held-out numbers' : 'seen numbers');
      if (fact.hops === 2) slices.push('two hops');
      return [fact.id, slices];
    }),
  );
}
