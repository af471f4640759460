/**
 * WiScore, the number that WISE reports (paper, Table 1): how well a picture of a knowledge prompt is right, real
 * and good to look at. The 2026 "verified" variant is binary with other weights and not comparable.
 */

export const WISE_CATEGORIES = ['cultural', 'time', 'space', 'biology', 'physics', 'chemistry'] as const;
export type WiseCategory = (typeof WISE_CATEGORIES)[number];

/** Shares of the categories in the overall score: 400, 167, 133 and 3 x 100 of 1,000 prompts. */
export const WISE_WEIGHTS: Record<WiseCategory, number> = {
  cultural: 0.4,
  time: 0.167,
  space: 0.133,
  biology: 0.1,
  physics: 0.1,
  chemistry: 0.1,
};

/**
 * `(0.7 consistency + 0.2 realism + 0.1 aesthetic) / 2`, each mark in [0, 2]; the result is in [0, 1].
 * @throws RangeError for a mark outside [0, 2]
 */
export function wiScore(consistency: number, realism: number, aesthetic: number): number {
  for (const [name, mark] of Object.entries({ consistency, realism, aesthetic }))
    if (!(mark >= 0 && mark <= 2))
      throw new RangeError(`WiScore: ${name} is ${mark}, want a number from 0 to 2`);
  return (7 * consistency + 2 * realism + aesthetic) / 20; // in whole numbers, so that full marks give exactly 1
}

/** A score in [0, 1] as a mark of 0, 1 or 2, so that machine scores can be reported in WISE's terms. */
export function markOf(score: number): 0 | 1 | 2 {
  if (!(score >= 0 && score <= 1)) throw new RangeError(`score is ${score}, want a number from 0 to 1`);
  return score >= 0.8 ? 2 : score >= 0.4 ? 1 : 0;
}

/**
 * The overall WiScore from the categories' means; categories that are absent leave their weight to the others.
 * @throws when no category is given
 */
export function overallWiScore(means: Partial<Record<WiseCategory, number>>): number {
  let [sum, weight] = [0, 0];
  for (const category of WISE_CATEGORIES) {
    const value = means[category];
    if (value === undefined) continue;
    sum += WISE_WEIGHTS[category] * value;
    weight += WISE_WEIGHTS[category];
  }
  if (weight === 0) throw new Error('WiScore: no category has a score, want at least one');
  return sum / weight;
}

/** The category of a fact's family name, `wise-cultural` -> cultural. */
export function wiseCategoryOf(family: string): WiseCategory | undefined {
  return WISE_CATEGORIES.find((category) => family === `wise-${category}`);
}
