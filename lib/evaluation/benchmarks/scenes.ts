/** Scores of scenes that are known, without drawing or reading: the upper bound of a set, and what guessing gets. */
import { factsOf, loadFacts } from '../../world';
import type { SceneSpec } from '../../world';
import { markEvidence } from './metrics';
import type { Marked } from './metrics';
import { restKeptByScene } from './rest-kept';
import type { BenchmarkItem, ScoredItem } from './types';
import { sceneWitness } from './witness';

/** Marks a scene as a perfect reader would mark a clean picture of it. */
export function markScene(item: BenchmarkItem, scene: SceneSpec): Marked {
  const same = item.edit && restKeptByScene(item, scene);
  return markEvidence(item, { witness: sceneWitness(scene), soundness: 1, aesthetic: 1, same });
}

/**
 * `reference`: the scene of the item, full marks. `common`: the scene that is most common for the fact's relation in
 * the sft split. `unchanged`: for edits, the picture before.
 */
export const SCENE_BASELINES = ['reference', 'common', 'unchanged'] as const;
export type SceneBaseline = (typeof SCENE_BASELINES)[number];

/** Drawn where there is nothing to guess from. */
const BLANK: SceneSpec = { background: 'white', objects: [] };

/** Scores a baseline on items; none (empty) where it makes no sense: `common` of edits, `unchanged` of the others. */
export function baselineOf(items: readonly BenchmarkItem[], baseline: SceneBaseline): ScoredItem[] {
  const common = baseline === 'common' ? commonScenes() : undefined;
  return items.flatMap((item) => {
    if ((baseline === 'common' && item.edit) || (baseline === 'unchanged' && !item.edit)) return [];
    const scene =
      baseline === 'reference'
        ? item.scene
        : baseline === 'unchanged'
          ? item.edit!.before
          : (common!.get(item.factId!) ?? BLANK);
    const { metrics } = markScene(item, scene);
    return [{ id: item.id, category: item.category, cluster: item.factId ?? item.editId!, metrics }];
  });
}

/** By fact id, for the facts of the test split whose relation the sft split has. */
function commonScenes(): Map<string, SceneSpec> {
  const counts = new Map<string, Map<string, { scene: SceneSpec; n: number }>>();
  for (const { relation, refined, scene } of factsOf('sft', { edition: 'full' })) {
    const scenes = counts.get(relation) ?? new Map<string, { scene: SceneSpec; n: number }>();
    counts.set(relation, scenes.set(refined, { scene, n: (scenes.get(refined)?.n ?? 0) + 1 }));
  }
  const found = new Map<string, SceneSpec>();
  for (const { id, relation } of loadFacts({ edition: 'full' })) {
    const scenes = [...(counts.get(relation)?.values() ?? [])];
    if (scenes.length > 0) found.set(id, scenes.reduce((best, one) => (one.n > best.n ? one : best)).scene);
  }
  return found;
}
