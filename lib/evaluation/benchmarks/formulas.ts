/**
 * The formulae of the benchmarks, from grades to scores. Whoever grades (our reader, a user's model), these are the
 * same. WiScore is in ../wiscore.ts.
 */
import { EDIT_KINDS } from '../../world';
import type { EditKind } from '../../world';

export const T2I_DIMENSIONS = ['idiom', 'textual-image-design', 'entity', 'scientific'] as const;
export type T2iDimension = (typeof T2I_DIMENSIONS)[number];

/** Grades that a question of T2I-ReasonBench can have: no, partially, yes. */
export const T2I_GRADES = [0, 0.5, 1] as const;

/** Answers to the questions about one picture, each 0, 0.5 or 1. */
export interface T2iAnswers {
  /** What had to be reasoned: `reason_evaluation`, `entity_evaluation` or `scientific_evaluation`. */
  reason: readonly number[];
  /** `other_details_evaluation`; only Entity and Scientific count it. */
  detail: readonly number[];
  /** `quality_evaluation` */
  quality: readonly number[];
}

/**
 * T2I-ReasonBench (arXiv 2508.17472; evaluation/Qwen2.5-VL/eval_*.py of its repository), per picture: accuracy is the
 * mean answer of the reasoning questions, for Entity and Scientific 0.7 of that + 0.3 of the mean answer about other
 * details; quality is the mean answer about quality. A dimension's score is the mean over its prompts, x 100 in its
 * tables; the overall score is the mean of the four. Without details [ours] the reasoning counts alone.
 * @returns both in [0, 1]
 * @throws when there is no reasoning or no quality answer, or one is not 0, 0.5 or 1
 */
export function t2iScores(
  dimension: T2iDimension,
  { reason, detail, quality }: T2iAnswers,
): { accuracy: number; quality: number } {
  const reasoned = meanAnswer('reason', reason);
  const details = detail.length > 0 ? meanAnswer('detail', detail) : undefined;
  const counts = (dimension === 'entity' || dimension === 'scientific') && details !== undefined;
  return {
    accuracy: counts ? (7 * reasoned + 3 * details) / 10 : reasoned, // whole numbers: full marks give exactly 1
    quality: meanAnswer('quality', quality),
  };
}

function meanAnswer(what: string, answers: readonly number[]): number {
  if (answers.length === 0) throw new Error(`T2I-ReasonBench: no ${what} answers, want at least one`);
  for (const [i, answer] of answers.entries())
    if (!(T2I_GRADES as readonly number[]).includes(answer))
      throw new RangeError(`T2I-ReasonBench: ${what} answer ${i + 1} is ${answer}, want 0, 0.5 or 1`);
  return answers.reduce((a, b) => a + b, 0) / answers.length;
}

/** Grades of one edited picture: 1..5, for logical edits 0 or 1 and no plausibility, as RISEBench's judge gives them. */
export interface RiseGrades {
  /** Instruction reasoning. */
  reasoning: number;
  /** Appearance consistency; left out where RISEBench does not ask for it (`consistency_free`). */
  consistency?: number;
  /** Visual plausibility; not of logical edits. */
  plausibility?: number;
}

export interface RiseScores {
  /** Weighted grade of 1..5 as a share, (grade - 1) / 4: RISEBench's Score-Percentage / 100. */
  score: number;
  /** 1 when every grade is full, else 0: RISEBench's Accuracy, the number of its leaderboard. */
  accuracy: number;
  /** Each grade of 1..5 as a share of the same kind; those that are not asked for are left out. */
  reasoning: number;
  consistency?: number;
  plausibility?: number;
}

/**
 * RISEBench (arXiv 2504.02826; calculate_score and calculate_completion of gpt_eval.py of its repository).
 * Temporal, causal, spatial: 0.5 reasoning + 0.3 consistency + 0.2 plausibility, each 1..5; without consistency
 * 0.8 reasoning + 0.2 plausibility. Logical: 0.7 reasoning + 0.3 consistency, each 0 or 1 and taken as 1 or 5. A
 * reasoning of 1 halves the sum, down to 1 at the lowest. Accuracy: all grades full, so for logical edits two of two.
 * Two things that its versions do differently: a picture without consistency was never accurate in the first (it
 * compared a missing grade with 5), and is on reasoning and plausibility in RISEBench++, as here; and the first gave
 * the weights 0.8 and 0.2 to every row of a file in which any row was `consistency_free` (a missing flag reads as
 * true), which is not done here.
 * @throws for an unknown kind and for a grade that is missing, or out of its range
 */
export function riseScores(kind: EditKind, grades: RiseGrades): RiseScores {
  if (!EDIT_KINDS.includes(kind))
    throw new Error(`RISEBench: kind is "${String(kind)}", want one of ${EDIT_KINDS.join(', ')}`);
  return kind === 'logical' ? logicalScores(grades) : gradedScores(grades);
}

function gradedScores({ reasoning, consistency, plausibility }: RiseGrades): RiseScores {
  const r = grade('reasoning', reasoning, FIVE);
  const p = grade('plausibility', plausibility, FIVE);
  const c = consistency === undefined ? undefined : grade('consistency', consistency, FIVE);
  const sum = c === undefined ? (8 * r + 2 * p) / 10 : (5 * r + 3 * c + 2 * p) / 10;
  return {
    score: shareOf(penalised(sum, r)),
    accuracy: r === 5 && p === 5 && (c === undefined || c === 5) ? 1 : 0,
    reasoning: shareOf(r),
    ...(c !== undefined && { consistency: shareOf(c) }),
    plausibility: shareOf(p),
  };
}

function logicalScores({ reasoning, consistency, plausibility }: RiseGrades): RiseScores {
  if (plausibility !== undefined)
    throw new RangeError(`RISEBench: plausibility of a logical edit is ${plausibility}, want none`);
  const r = 4 * grade('reasoning', reasoning, YES_NO) + 1;
  const c = 4 * grade('consistency', consistency, YES_NO) + 1;
  return {
    score: shareOf(penalised((7 * r + 3 * c) / 10, r)),
    accuracy: r === 5 && c === 5 ? 1 : 0,
    reasoning: shareOf(r),
    consistency: shareOf(c),
  };
}

/** Grades of RISEBench's judge for temporal, causal and spatial edits, and for logical ones. */
export const FIVE = [1, 2, 3, 4, 5] as const;
export const YES_NO = [0, 1] as const;

function grade(name: string, value: number | undefined, allowed: readonly number[]): number {
  if (value === undefined || !allowed.includes(value))
    throw new RangeError(`RISEBench: ${name} is ${String(value)}, want one of ${allowed.join(', ')}`);
  return value;
}

const penalised = (sum: number, reasoning: number): number => (reasoning === 1 ? Math.max(1, sum / 2) : sum);
const shareOf = (mark: number): number => (mark - 1) / 4;

/**
 * Maths and stories [ours]: a solution is right when all its steps are, a story when all its panels are.
 * @param right whether each step or panel is right, at least one
 * @returns accuracy 0 or 1, and the share of right ones
 */
export function stepScores(right: readonly boolean[]): { accuracy: number; share: number } {
  if (right.length === 0) throw new Error('there are no steps, want at least one');
  const share = right.filter(Boolean).length / right.length;
  return { accuracy: share === 1 ? 1 : 0, share };
}
