/** From the answers about one picture to the metrics of its benchmark: how our readings become the published grades. */
import { SAME_FROM } from '../../world';
import type { EditKind } from '../../world';
import { markOf, wiScore } from '../wiscore';
import { answerOf, lineHolds } from './answers';
import type { Answer, Evidence } from './answers';
import { riseScores, stepScores, t2iScores } from './formulas';
import type { T2iDimension } from './formulas';
import type { Aspect, BenchmarkItem, PictureReading } from './types';
import { readingWitness } from './witness';

/** Share of the rest from which appearance consistency is graded 5, 4, 3, 2; else 1. */
const REST_GRADES = [SAME_FROM, 0.85, 0.7, 0.5] as const;

/** What one picture is marked by. */
export interface Marked {
  /** One for each question of the item. */
  answers: Answer[];
  /** Each in [0, 1]; names as in `metricNames`. */
  metrics: Record<string, number>;
}

/**
 * Marks one picture.
 *
 * WISE-like: consistency 2 when all answers and details hold, 1 when all answers do, else 0 (its protocol: 0 when key
 * elements are missing, 1 when some things are not right, 2 when everything is); realism and aesthetic quality from
 * the reader's soundness and aesthetic by `markOf`. Nothing here is a photograph: realism says that the picture is
 * whole, so these two are not to be compared with WISE's.
 *
 * reason-like: answers of 0, 0.5 and 1 as `answerOf` says.
 *
 * RISE-like: reasoning 1 + 4 x the share of what the edit changes that holds in full, rounded down, so that 5 needs
 * all of it and an unchanged picture gets 1; consistency from the share of the rest that is as before, 5 from 0.95, 4
 * from 0.85, 3 from 0.7, 2 from 0.5, one less for every detail that does not hold; plausibility 1 + 4 x soundness,
 * rounded. Logical: reasoning 1 when all of it holds, consistency 1 when the rest is as before and all details hold.
 *
 * Maths: a step is a line that stands there exactly, or another answer that holds; where the prompt gives the first
 * line, copying it is worth its share of the lines. Story: a panel is right when all that is asked of it holds; what
 * is asked of no panel counts as one more.
 *
 * @param same share of the rest that is as before; only for edits
 * @throws what `answerOf` throws, with the item named
 */
export function markPicture(item: BenchmarkItem, reading: PictureReading, same?: number): Marked {
  const { scene, soundness, aesthetic = soundness } = reading;
  return markEvidence(item, { witness: readingWitness(scene), soundness, aesthetic, same });
}

/** The same from any evidence. */
export function markEvidence(item: BenchmarkItem, evidence: Evidence): Marked {
  try {
    const answers = item.criteria.map((question) => answerOf(evidence, question));
    return { answers, metrics: metricsOf(item, { answers, evidence }) };
  } catch (cause) {
    throw new Error(`${item.id}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

interface Judged {
  answers: readonly Answer[];
  evidence: Evidence;
}

function metricsOf(item: BenchmarkItem, judged: Judged): Record<string, number> {
  switch (item.benchmark) {
    case 'wise-like':
      return wiseMetrics(item, judged);
    case 'reason-like':
      return {
        ...t2iScores(item.category as T2iDimension, {
          reason: answersOf(item, judged, 'reason'),
          detail: answersOf(item, judged, 'detail'),
          quality: answersOf(item, judged, 'quality'),
        }),
      };
    case 'rise-like':
      return { ...riseMetrics(item, judged) };
    case 'maths': {
      const { accuracy, share } = stepScores(stepsRight(item, judged));
      return { accuracy, lines: share };
    }
    case 'story': {
      const { accuracy, share } = stepScores(panelsRight(item, judged));
      return { accuracy, panels: share };
    }
  }
}

/** Answers of one aspect, without same(rest), which is graded by its share. */
function answersOf({ criteria }: BenchmarkItem, { answers }: Judged, aspect: Aspect): number[] {
  return criteria.flatMap((question, i) =>
    question.aspect !== aspect || (question.aspect !== 'quality' && question.predicate.kind === 'same')
      ? []
      : [answers[i].answer],
  );
}

const all = (answers: readonly number[]): boolean => answers.every((answer) => answer === 1);

function wiseMetrics(item: BenchmarkItem, judged: Judged): Record<string, number> {
  const [reason, detail] = [answersOf(item, judged, 'reason'), answersOf(item, judged, 'detail')];
  const { soundness, aesthetic } = judged.evidence;
  const consistency = !all(reason) ? 0 : all(detail) ? 2 : 1;
  const [realism, beauty] = [markOf(soundness), markOf(aesthetic)];
  return {
    wiScore: wiScore(consistency, realism, beauty),
    consistency: consistency / 2,
    realism: realism / 2,
    aesthetic: beauty / 2,
    answer: all(reason) ? 1 : 0,
  };
}

function riseMetrics(item: BenchmarkItem, judged: Judged): ReturnType<typeof riseScores> {
  const kind = item.category as EditKind;
  const [reason, detail] = [answersOf(item, judged, 'reason'), answersOf(item, judged, 'detail')];
  const restAsked = item.criteria.some((q) => q.aspect !== 'quality' && q.predicate.kind === 'same');
  const rest = restAsked ? judged.evidence.same! : 1;
  if (kind === 'logical')
    return riseScores(kind, {
      reasoning: all(reason) ? 1 : 0,
      consistency: rest >= SAME_FROM && all(detail) ? 1 : 0,
    });
  const done = reason.filter((answer) => answer === 1).length / reason.length;
  const missed = detail.filter((answer) => answer < 1).length;
  const restGrade = 5 - REST_GRADES.filter((least) => rest < least).length;
  return riseScores(kind, {
    reasoning: 1 + Math.floor(4 * done),
    consistency: Math.max(1, restGrade - missed),
    plausibility: 1 + Math.round(4 * judged.evidence.soundness),
  });
}

function stepsRight({ criteria }: BenchmarkItem, { answers, evidence }: Judged): boolean[] {
  return criteria.flatMap((question, i) => {
    if (question.aspect !== 'reason') return [];
    const { predicate } = question;
    if (predicate.kind !== 'text') return [answers[i].answer === 1];
    return predicate.lines.flatMap((line, at) =>
      line === '' ? [] : [lineHolds(evidence.witness, predicate.lines, at)],
    );
  });
}

function panelsRight({ criteria }: BenchmarkItem, { answers }: Judged): boolean[] {
  const right = new Map<number, boolean>();
  criteria.forEach((question, i) => {
    if (question.aspect !== 'reason') return;
    const panel = question.predicate.kind === 'panel_has' ? question.predicate.panel : 0;
    right.set(panel, (right.get(panel) ?? true) && answers[i].answer === 1);
  });
  return [...right.values()];
}
