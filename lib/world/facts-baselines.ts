/** What can be had on the test facts without knowing them: the most common scene among SFT facts. */
import { type Fact, factsOf } from './facts';
import { specSatisfies } from './predicates';

export interface Baseline {
  /** Share of test facts whose answer criteria the guess satisfies. */
  share: number;
  correct: string[];
}

/** Guess the scene that is most common for the fact's relation in the sft split; none when the relation is not there. */
export function relationMajority(): Baseline {
  return majority((fact) => fact.relation);
}

/** The same with the family in place of the relation. */
export function familyMajority(): Baseline {
  return majority((fact) => fact.family);
}

function majority(keyOf: (fact: Fact) => string): Baseline {
  const groups = new Map<string, Map<string, { fact: Fact; count: number }>>();
  for (const fact of factsOf('sft')) {
    const scenes = groups.get(keyOf(fact)) ?? new Map<string, { fact: Fact; count: number }>();
    const entry = scenes.get(fact.refined) ?? { fact, count: 0 };
    scenes.set(fact.refined, { fact: entry.fact, count: entry.count + 1 });
    groups.set(keyOf(fact), scenes);
  }
  const test = factsOf('test');
  const correct = test.filter((fact) => {
    const scenes = [...(groups.get(keyOf(fact))?.values() ?? [])];
    if (scenes.length === 0) return false;
    const guess = scenes.reduce((best, scene) => (scene.count > best.count ? scene : best)).fact.scene;
    return fact.criteria.answer.every((predicate) => specSatisfies(guess, predicate));
  });
  return { share: correct.length / test.length, correct: correct.map((fact) => fact.id) };
}
