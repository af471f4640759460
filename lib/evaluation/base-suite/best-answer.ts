/**
 * A second way to mark, for a reader that is sure of little: a question holds when nothing else that could be answered is
 * likelier (another number, colour, size, place), and what it is about is there at all.
 */
import { scorePredicate } from '../../rewards';
import type { JudgeReading, SceneReading } from '../../rewards';
import { BACKGROUNDS, COLOURS, PROP_NAMES, SIZES, SLOTS, TIMES, TURNS } from '../../world';
import type { Predicate } from '../../world';
import { PASS } from './kinds';

/**
 * A concept counts as there from this score on: the committed examiner is shy, and where it says 0.1 as many answers are
 * right as wrong (see `reliability` in checkpoints/examiner/calibration.json).
 */
export const THERE = 0.1;
/** Things of another colour or turned are rarely named by that score: for these, being among the first few of all names does. */
const FIRST_NAMES = 5;

const COUNTS = [1, 2, 3, 4, 5];
const SIDES = ['above', 'below', 'left of', 'right of'] as const;

/** The other answers that a question could have had; none for questions that have no such list. */
export function alternativesTo(question: Predicate, choices: Record<string, string[]>): Predicate[] {
  switch (question.kind) {
    case 'has':
      return typeof question.count === 'number' ? COUNTS.map((count) => ({ ...question, count })) : [];
    case 'tint':
      return COLOURS.map((value) => ({ ...question, value }));
    case 'size':
      return SIZES.map((value) => ({ ...question, value }));
    case 'slot':
      return SLOTS.map((value) => ({ ...question, value }));
    case 'turn':
      return TURNS.map((value) => ({ ...question, value }));
    case 'background':
      return BACKGROUNDS.map((value) => ({ ...question, value }));
    case 'time':
      return TIMES.map((value) => ({ ...question, value }));
    case 'relation':
      return SIDES.filter(
        (side) => question.relation !== 'beside' || side === 'above' || side === 'below',
      ).map((relation) => ({ ...question, relation }));
    case 'prop':
      return Object.keys(question.value ?? {}).flatMap((field) =>
        (choices[`${question.name}.${field}`] ?? []).map((value) => ({
          ...question,
          value: { ...question.value, [field]: value },
        })),
      );
    default:
      return [];
  }
}

/** Whether the question's own answer is the likeliest, and its concepts or prop are there. */
export function isBestAnswer(
  reading: Pick<JudgeReading, 'top'> & SceneReading,
  question: Predicate,
  choices: Record<string, string[]>,
): boolean {
  const concepts =
    question.kind === 'relation'
      ? [question.first, question.second]
      : 'concept' in question
        ? [question.concept]
        : [];
  const changed = question.kind === 'tint' || question.kind === 'turn';
  const named = changed ? reading.top(FIRST_NAMES).map(({ concept }) => concept) : [];
  if (concepts.some((concept) => reading.has(concept) < THERE && !named.includes(concept))) return false;
  const score = scorePredicate(reading, question);
  if (question.kind === 'prop') {
    const own = reading.choice('prop', question.name);
    if (PROP_NAMES.some((name) => reading.choice('prop', name) > own)) return false;
  } else if (question.kind === 'figure' || question.kind === 'panel_has' || question.kind === 'cell')
    return score >= PASS;
  // A tint must also be likelier than none at all.
  if (question.kind === 'tint') {
    const { concept, value } = question;
    if (reading.tint(concept, 'none') > reading.tint(concept, value)) return false;
  }
  return alternativesTo(question, choices).every((other) => scorePredicate(reading, other) <= score);
}
