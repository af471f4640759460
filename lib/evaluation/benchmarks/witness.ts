/** Who answers about a picture: a reader of pixels, or the spec of a scene that is known, without any reading. */
import { scorePredicate } from '../../rewards';
import type { SceneReading } from '../../rewards';
import { LINE_LENGTH, specSatisfies } from '../../world';
import type { Predicate, SceneSpec } from '../../world';

export interface Witness {
  /** How well a predicate holds, in [0, 1]; all but same(rest). */
  score(predicate: Predicate): number;
  /** Share of the characters of these lines that stand where they should; blanks count, empty lines do not. */
  text(lines: string[]): number;
}

export function readingWitness(scene: SceneReading): Witness {
  return { score: (predicate) => scorePredicate(scene, predicate), text: (lines) => scene.text(lines) };
}

export function sceneWitness(spec: SceneSpec): Witness {
  const text = (lines: string[]): number => {
    let [right, all] = [0, 0];
    lines.forEach((line, i) => {
      const written = (spec.text?.[i] ?? '').padEnd(LINE_LENGTH);
      right += [...line].filter((character, column) => written[column] === character).length;
      all += line.length;
    });
    return all === 0 ? 0 : right / all;
  };
  return {
    score: (predicate) =>
      predicate.kind === 'text' ? text(predicate.lines) : specSatisfies(spec, predicate) ? 1 : 0,
    text,
  };
}
