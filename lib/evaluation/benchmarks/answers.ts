/** From a reading to answers: how well each question about a picture holds, as a number and as no, partially or yes. */
import { LINE_LENGTH, SAME_FROM } from '../../world';
import type { Predicate } from '../../world';
import { markOf } from '../wiscore';
import type { BenchmarkQuestion } from './types';
import type { Witness } from './witness';

export interface Answer {
  /** What the reader says, in [0, 1]. */
  score: number;
  /** 1 yes, 0.5 partially, 0 no. */
  answer: 0 | 0.5 | 1;
}

/** What is known of one picture; all numbers in [0, 1]. */
export interface Evidence {
  witness: Witness;
  soundness: number;
  aesthetic: number;
  /** Edits: share of the rest that is as before. */
  same?: number;
}

/** From this score on a predicate holds. */
const HOLDS = 0.5;
/** Figures can be read as shares of their cells: one wrong cell of sixteen must not pass. */
const FIGURE_HOLDS = 0.95;

/**
 * Answers one question. A predicate holds (1) from a score of 0.5, a figure from 0.95, writing when every character
 * is right and nothing stands behind a line, same(rest) from 0.95. It holds partially (0.5) when what it speaks of is
 * there without what it says of it: the object in another number, colour, size, place or turn, the prop or figure
 * with other values, both objects in another relation, half of the characters, half of the rest. Quality: 1 from 0.8,
 * 0.5 from 0.4, the thresholds of `markOf`.
 * @throws when the reader gives a number outside [0, 1], and for same(rest) of a picture that is no edit
 */
export function answerOf(evidence: Evidence, question: BenchmarkQuestion): Answer {
  if (question.aspect === 'quality') {
    const score = unit(evidence[question.measure], question.measure);
    return { score, answer: (markOf(score) / 2) as 0 | 0.5 | 1 };
  }
  const { witness } = evidence;
  const { predicate } = question;
  const score = unit(scoreOf(evidence, predicate), JSON.stringify(predicate));
  if (holds(witness, predicate, score)) return { score, answer: 1 };
  return { score, answer: partly(witness, predicate, score) ? 0.5 : 0 };
}

function scoreOf({ witness, same }: Evidence, predicate: Predicate): number {
  if (predicate.kind !== 'same') return witness.score(predicate);
  if (same === undefined) throw new Error('same(rest) was asked of a picture that is no edit');
  return same;
}

function holds(witness: Witness, predicate: Predicate, score: number): boolean {
  switch (predicate.kind) {
    case 'text':
      return predicate.lines.every((_, i) => lineHolds(witness, predicate.lines, i));
    case 'figure':
      return score >= FIGURE_HOLDS;
    case 'same':
      return score >= SAME_FROM;
    case 'panel_has':
      return score >= (predicate.predicate.kind === 'figure' ? FIGURE_HOLDS : HOLDS);
    default:
      return score >= HOLDS;
  }
}

/**
 * Whether one line of writing stands there exactly, with nothing behind it. A reader says which share of the
 * characters is right; half a character less than all is the bound.
 */
export function lineHolds(witness: Witness, lines: readonly string[], index: number): boolean {
  const line = lines[index];
  const alone = (text: string): string[] => lines.map((_, i) => (i === index ? text : ''));
  if (line === '') return true;
  if (witness.text(alone(line)) < 1 - 0.5 / line.length) return false;
  return witness.text(alone(line.padEnd(LINE_LENGTH))) >= 1 - 0.5 / LINE_LENGTH;
}

function partly(witness: Witness, predicate: Predicate, score: number): boolean {
  // The score of writing falls off faster than the share of its characters.
  if (predicate.kind === 'text') return witness.text(predicate.lines) >= HOLDS;
  if (predicate.kind === 'same') return score >= HOLDS;
  const weaker = weakerThan(predicate);
  return weaker.length > 0 && weaker.every((each) => witness.score(each) >= HOLDS);
}

/** What must be there for a predicate to hold partially; empty when it holds or does not. */
export function weakerThan(predicate: Predicate): Predicate[] {
  switch (predicate.kind) {
    case 'has':
      return typeof predicate.count === 'number' ? [{ kind: 'has', concept: predicate.concept }] : [];
    case 'tint':
    case 'size':
    case 'slot':
    case 'turn':
      return [{ kind: 'has', concept: predicate.concept }];
    case 'relation':
      return [
        { kind: 'has', concept: predicate.first },
        { kind: 'has', concept: predicate.second },
      ];
    case 'prop':
    case 'figure':
      return predicate.value ? [{ kind: predicate.kind, name: predicate.name } as Predicate] : [];
    case 'panel_has':
      return weakerThan(predicate.predicate).map((each) => ({ ...predicate, predicate: each }));
    default:
      return [];
  }
}

function unit(value: number, what: string): number {
  if (!(value >= -1e-6 && value <= 1 + 1e-6))
    throw new RangeError(`the reading of ${what} is ${value}, want a number from 0 to 1`);
  return Math.min(1, Math.max(0, value));
}
