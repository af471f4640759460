/**
 * The one reward contract: pictures and what they should show go in, one number in [0, 1] per picture comes out,
 * with its named parts. A scorer that throws, returns NaN or leaves [0, 1] stops the run, with the cause named.
 */
import type { Criteria } from '../world';

/** Scores of one picture, each in [0, 1]. */
export interface PictureScore {
  /** Weighted mean of the three below. */
  total: number;
  semantic: number;
  aesthetic: number;
  consistency: number;
  /** Every predicate, and whatever else the scorer wants to show. */
  parts: Record<string, number>;
}

export interface ScoreRequest {
  /** B pictures, 64 * 64 * 3 RGB bytes each. */
  images: Uint8Array[];
  /** What each picture must show, B of them. */
  criteria: Criteria[];
}

/** Anything that can judge pictures: the learned judge, a rule, a test's stub. `total` is filled in by the caller. */
export interface Scorer {
  name: string;
  score(request: ScoreRequest): Promise<Omit<PictureScore, 'total'>[]> | Omit<PictureScore, 'total'>[];
}

export interface TotalWeights {
  semantic: number;
  aesthetic: number;
  consistency: number;
}

export const DEFAULT_TOTAL_WEIGHTS: TotalWeights = { semantic: 0.5, aesthetic: 0.25, consistency: 0.25 };

/** A scorer failed; the message says which one, on which picture and how. */
export class ScorerError extends Error {
  override name = 'ScorerError';
}

/**
 * Judges pictures and checks every number.
 * @throws ScorerError when the scorer throws, answers for another number of pictures, or gives a score that is
 *   not a number in [0, 1]. A failure is never a silent 0.
 */
export async function scorePictures(
  request: ScoreRequest & { scorer: Scorer; weights?: TotalWeights },
): Promise<PictureScore[]> {
  const { images, criteria, scorer, weights = DEFAULT_TOTAL_WEIGHTS } = request;
  if (images.length !== criteria.length)
    throw new Error(`scorePictures: ${images.length} images and ${criteria.length} criteria, want as many`);
  if (images.length === 0) return [];
  let scores: Omit<PictureScore, 'total'>[];
  try {
    scores = await scorer.score({ images, criteria });
  } catch (cause) {
    throw new ScorerError(
      `scorer "${scorer.name}" failed: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
      },
    );
  }
  if (!Array.isArray(scores) || scores.length !== images.length)
    throw new ScorerError(`scorer "${scorer.name}" gave ${scores?.length} scores, want ${images.length}`);
  return scores.map((score, i) => {
    for (const name of ['semantic', 'aesthetic', 'consistency'] as const)
      requireUnit(score?.[name], `scorer "${scorer.name}": ${name} of picture ${i}`);
    for (const [name, value] of Object.entries(score.parts ?? {}))
      requireUnit(value, `scorer "${scorer.name}": part ${name} of picture ${i}`);
    return { ...score, parts: score.parts ?? {}, total: totalScore(score, weights) };
  });
}

/** Weighted mean of the three scores. */
export function totalScore(score: Omit<PictureScore, 'total' | 'parts'>, weights: TotalWeights): number {
  const sum = weights.semantic + weights.aesthetic + weights.consistency;
  if (!(sum > 0)) throw new Error(`reward weights sum to ${sum}, want more than 0`);
  const { semantic, aesthetic, consistency } = score;
  return (
    (weights.semantic * semantic + weights.aesthetic * aesthetic + weights.consistency * consistency) / sum
  );
}

function requireUnit(value: unknown, what: string): void {
  // A hair of rounding is forgiven; anything else outside [0, 1] is a broken scorer.
  if (typeof value !== 'number' || !(value >= -1e-6 && value <= 1 + 1e-6))
    throw new ScorerError(`${what} is ${String(value)}, want a number in [0, 1]`);
}
