/**
 * Marks pictures of the base suite: the examiner answers the questions of the kind, writing is read exactly, and a style
 * is that of the artist whose render is nearest. The same marks are given to true renders: what the marker can see at all.
 */
import { conceptsAsked, predicateKey, scorePredicate } from '../../rewards';
import { textAgreement } from '../../world';
import type { Artist } from '../../world';
import type { Examiner } from '../examiner';
import { isBestAnswer } from './best-answer';
import { kindQuestions, PASS } from './kinds';
import { isNearestRender, nearestArtist } from './nearest-render';
import type { SuiteScene } from './scenes';

export interface Answer {
  /** Score in [0, 1] of every question, by a readable key. */
  scores: Record<string, number>;
  passed: boolean;
  /** Passed by the second way of marking: nothing else is likelier (see best-answer). */
  best: boolean;
}

/** Marks pictures against their scenes, one each. @throws when there are not as many of both */
export function answersOf(
  examiner: Examiner,
  images: readonly Uint8Array[],
  { scenes, artists }: { scenes: readonly SuiteScene[]; artists: readonly Artist[] },
): Answer[] {
  if (images.length !== scenes.length)
    throw new Error(`base suite: ${images.length} pictures and ${scenes.length} scenes, want as many`);
  const questions = scenes.map(({ kind, spec }) => kindQuestions(kind, spec));
  const readings = examiner.read(
    [...images],
    questions.map((answer) => conceptsAsked({ answer, details: [] })),
  );
  return scenes.map(({ kind, spec }, i) => {
    if (kind === 'text') {
      const share = textAgreement(images[i], spec.text ?? []);
      return { scores: { text: share }, passed: share === 1, best: share === 1 };
    }
    if (kind === 'style') {
      const nearest = nearestArtist(images[i], spec, artists);
      const passed = nearest === spec.style;
      return { scores: { [`style(${nearest})`]: 1 }, passed, best: passed };
    }
    const scores = Object.fromEntries(
      questions[i].map((question) => [predicateKey(question), scorePredicate(readings[i], question)]),
    );
    return {
      scores,
      passed: Object.values(scores).every((score) => score >= PASS),
      // Things in another colour the examiner hardly knows, and it counts badly: these are told by pixels.
      best:
        kind === 'colour' || kind === 'count'
          ? isNearestRender(images[i], spec, { what: kind === 'count' ? 'count' : 'tint', artists })
          : questions[i].every((question) => isBestAnswer(readings[i], question, examiner.config.choices)),
    };
  });
}
