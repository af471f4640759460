/** What can be had on the test edits without understanding them: doing nothing, copying a common edit or a near one. */
import { wordsOf } from '../facts-baselines';
import { specSatisfies } from '../predicates';
import { sceneProblems } from '../scene';
import type { SceneSpec } from '../types';
import { editPrompt } from './rows';
import { editsIn } from './splits';
import { EDIT_KINDS, EditKind, EditPair } from './types';

export interface EditBaseline {
  /** Share of test pairs whose answer criteria all hold of the guess, 0..1. */
  share: number;
  byKind: Record<EditKind, number>;
  /** By pair id. */
  byPair: Map<string, boolean>;
}

/** Whether all answer criteria of a pair hold of a scene. */
export function editAnswered({ criteria }: EditPair, result: SceneSpec | undefined): boolean {
  return result !== undefined && criteria.answer.every((predicate) => specSatisfies(result, predicate));
}

function score(guess: (pair: EditPair) => SceneSpec | undefined): EditBaseline {
  const test = editsIn('test');
  const byPair = new Map(test.map((pair) => [pair.id, editAnswered(pair, guess(pair))]));
  const shareOf = (pairs: readonly EditPair[]): number =>
    pairs.filter(({ id }) => byPair.get(id)).length / pairs.length;
  const byKind = Object.fromEntries(
    EDIT_KINDS.map((kind) => [kind, shareOf(test.filter((pair) => pair.kind === kind))]),
  ) as Record<EditKind, number>;
  return { share: shareOf(test), byKind, byPair };
}

/** Do nothing. Right for no pair: answers are false of the picture before. */
export function identityEdit(): EditBaseline {
  return score(({ before }) => before);
}

type Leaves = Record<string, unknown>;

/** A scene as paths and values: `objects.0.tint` -> `brown`. */
function leavesOf(value: unknown, path = '', leaves: Leaves = {}): Leaves {
  if (typeof value !== 'object' || value === null) leaves[path] = value;
  else for (const [key, each] of Object.entries(value)) leavesOf(each, path ? `${path}.${key}` : key, leaves);
  return leaves;
}

/** The inverse; numbers in a path are places in a list. */
function sceneOfLeaves(leaves: Leaves): SceneSpec {
  const root: Leaves = { objects: [] };
  for (const [path, value] of Object.entries(leaves)) {
    const keys = path.split('.');
    let at = root as Record<string, Leaves>;
    keys.slice(0, -1).forEach((key, i) => {
      at[key] ??= (/^\d+$/.test(keys[i + 1]) ? [] : {}) as Leaves;
      at = at[key] as Record<string, Leaves>;
    });
    at[keys[keys.length - 1]] = value as Leaves;
  }
  return root as unknown as SceneSpec;
}

/** What an edit sets and what it takes away (null), by path. */
function changesOf({ before, after }: EditPair): Leaves {
  const [from, to] = [leavesOf(before), leavesOf(after)];
  const set = Object.entries(to).filter(([path, value]) => from[path] !== value);
  const gone = Object.keys(from).filter((path) => !(path in to));
  return Object.fromEntries([...set, ...gone.map((path) => [path, null])]);
}

/** The scene with the changes made; undefined when that cannot be drawn. */
function applied(changes: Leaves, before: SceneSpec): SceneSpec | undefined {
  const leaves = { ...leavesOf(before), ...changes };
  const kept = Object.fromEntries(Object.entries(leaves).filter(([, value]) => value !== null));
  const scene = sceneOfLeaves(kept);
  // A list with a hole, or an object without a name, is no scene.
  const whole = scene.objects.every((object) => object?.concept !== undefined);
  return whole && sceneProblems(scene).length === 0 ? scene : undefined;
}

/** The most common value of `keyOf` among the SFT pairs of each template; the first of equals. */
function commonest(keyOf: (pair: EditPair) => string): Map<string, EditPair> {
  const groups = new Map<string, Map<string, EditPair[]>>();
  for (const pair of editsIn('sft')) {
    const template = `${pair.kind}/${pair.template}`;
    const group = groups.get(template) ?? new Map<string, EditPair[]>();
    groups.set(template, group.set(keyOf(pair), [...(group.get(keyOf(pair)) ?? []), pair]));
  }
  return new Map(
    [...groups].map(([template, group]) => [
      template,
      [...group.values()].reduce((best, each) => (each.length > best.length ? each : best))[0],
    ]),
  );
}

/** Make the change that is most common for the template in SFT (the same fields get the same values). */
export function commonEdit(): EditBaseline {
  const common = commonest((pair) => JSON.stringify(changesOf(pair)));
  return score((pair) => {
    const model = common.get(`${pair.kind}/${pair.template}`);
    return model && applied(changesOf(model), pair.before);
  });
}

/** Draw the picture that is most common after edits of the template in SFT. */
export function commonResult(): EditBaseline {
  const common = commonest(({ after }) => JSON.stringify(after));
  return score((pair) => common.get(`${pair.kind}/${pair.template}`)?.after);
}

/** Make the change of the SFT pair whose prompt shares the largest part of its words (Jaccard; the first of equals). */
export function nearestEdit(): EditBaseline {
  const rows = editsIn('sft').flatMap((pair) =>
    pair.instructions.map((_, phrasing) => ({
      pair,
      words: new Set(wordsOf(editPrompt(pair, phrasing))),
    })),
  );
  return score((pair) => {
    const words = new Set(wordsOf(editPrompt(pair)));
    let best: EditPair | undefined;
    let most = 0;
    for (const row of rows) {
      let shared = 0;
      for (const word of row.words) if (words.has(word)) shared++;
      const overlap = shared / (words.size + row.words.size - shared);
      if (overlap > most) [best, most] = [row.pair, overlap];
    }
    return best && applied(changesOf(best), pair.before);
  });
}
