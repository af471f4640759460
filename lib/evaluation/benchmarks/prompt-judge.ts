/** Public benchmarks judged by a model of the user's: it grades, the published formulae do the rest. */
import type { EditKind } from '../../world';
import { wiScore } from '../wiscore';
import { riseScores, t2iScores } from './formulas';
import type { T2iDimension } from './formulas';
import type { PublicPrompt } from './public-prompt';
import type { ScoredItem } from './types';

export interface JudgeRequest<Picture> {
  prompt: PublicPrompt;
  picture: Picture;
}

/** A model that looks at a picture and grades it. `Picture` is whatever it takes: bytes, a file name. */
export interface PromptJudge<Picture = Uint8Array> {
  name: string;
  /** One grade for each of `prompt.questions`, in order, each one of the question's `grades`. */
  grade(request: JudgeRequest<Picture>): Promise<number[]>;
}

/**
 * Has every picture judged, one after the other, and scores the grades.
 * @returns for `summariseSet(scored, { scheme })`
 * @throws when the judge fails or gives a grade that is not allowed: a failure is never a silent 0
 */
export async function judgePictures<Picture>(
  requests: readonly JudgeRequest<Picture>[],
  options: { judge: PromptJudge<Picture>; onProgress?: (done: number, total: number) => void },
): Promise<ScoredItem[]> {
  const { judge, onProgress } = options;
  const scored: ScoredItem[] = [];
  for (const request of requests) {
    const { prompt } = request;
    try {
      scored.push(scoreGrades(prompt, await judge.grade(request)));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`judge "${judge.name}", prompt ${prompt.id}: ${reason}`, { cause });
    }
    onProgress?.(scored.length, requests.length);
  }
  return scored;
}

/**
 * The published scores of one picture from its grades, all as shares in [0, 1]: WISE's wiScore with consistency,
 * realism and aesthetic; T2I-ReasonBench's accuracy and quality; RISEBench's accuracy, score and grades.
 * @param grades one for each of `prompt.questions`, in order
 * @throws when there are not as many, or one is not allowed
 */
export function scoreGrades(prompt: PublicPrompt, grades: readonly number[]): ScoredItem {
  const { questions, id, category } = prompt;
  if (!Array.isArray(grades) || grades.length !== questions.length)
    throw new Error(`grades are ${JSON.stringify(grades)}, want ${questions.length} of them`);
  questions.forEach(({ aspect, grades: allowed }, i) => {
    if (!allowed.includes(grades[i]))
      throw new RangeError(
        `grade ${i + 1} (${aspect}) is ${JSON.stringify(grades[i])}, want one of ${allowed.join(', ')}`,
      );
  });
  return { id, category, cluster: id, metrics: metricsOf(prompt, grades) };
}

function metricsOf(
  { scheme, category, questions }: PublicPrompt,
  grades: readonly number[],
): Record<string, number> {
  const of = (aspect: string): number[] => grades.filter((_, i) => questions[i].aspect === aspect);
  switch (scheme) {
    case 'wise': {
      const [[consistency], [realism], [aesthetic]] = ['consistency', 'realism', 'aesthetic'].map(of);
      return {
        wiScore: wiScore(consistency, realism, aesthetic),
        consistency: consistency / 2,
        realism: realism / 2,
        aesthetic: aesthetic / 2,
      };
    }
    case 't2i-reason':
      return t2iScores(category as T2iDimension, {
        reason: of('reason'),
        detail: of('detail'),
        quality: of('quality'),
      });
    case 'rise': {
      const [[reasoning], [consistency], [plausibility]] = ['reasoning', 'consistency', 'plausibility'].map(
        of,
      );
      return { ...riseScores(category as EditKind, { reasoning, consistency, plausibility }) };
    }
  }
}
