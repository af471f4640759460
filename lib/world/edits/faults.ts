/** Ways in which an edit goes wrong: nothing is done, too much is done, something else is done. */
import type { RandomStream } from '../../tensor';
import { hasTime, inkOf } from '../backgrounds';
import { sceneProblems } from '../scene';
import { Background, BACKGROUNDS, SceneSpec } from '../types';
import { editArtists } from './rest';
import type { EditPair } from './types';

export const EDIT_FAULTS = ['unchanged', 'overdone', 'other'] as const;
export type EditFault = (typeof EDIT_FAULTS)[number];

/** The same scene elsewhere: all of the rest changes. Undefined for stories, which have no place of their own. */
function elsewhere(spec: SceneSpec, rng: RandomStream): SceneSpec | undefined {
  const fits = (background: Background): boolean =>
    background !== spec.background &&
    (!inkOf(spec.background) || inkOf(background) !== undefined) &&
    (!spec.time || hasTime(background));
  const scenes = BACKGROUNDS.filter(fits)
    .map((background) => ({ ...spec, background }))
    .filter((scene) => sceneProblems(scene).length === 0);
  return scenes.length > 0 ? rng.pick(scenes) : undefined;
}

/**
 * The scene that a faulty edit ends in. `unchanged`: the picture before; `overdone`: the right change, in another
 * place; `other`: the result of another pair of the same template. Undefined where there is none.
 */
export function faultyEdit(
  pair: EditPair,
  fault: EditFault,
  { rng, pairs }: { rng: RandomStream; pairs: readonly EditPair[] },
): SceneSpec | undefined {
  if (fault === 'unchanged') return pair.before;
  if (fault === 'overdone') return elsewhere(pair.after, rng);
  const artists = editArtists(pair);
  const others = pairs.filter(
    (other) =>
      other.kind === pair.kind &&
      other.template === pair.template &&
      JSON.stringify(other.after) !== JSON.stringify(pair.after) &&
      editArtists(other).some((artist) => artists.includes(artist)),
  );
  return others.length > 0 ? rng.pick(others).after : undefined;
}
