/** Marks by pixels alone: of the renders that a picture could be, which is nearest? For what the examiner is blind to. */
import { RandomStream } from '../../tensor';
import { artistsOf, COLOURS, conceptNames, conceptOf, renderScene, sceneProblems } from '../../world';
import type { Artist, Count, SceneObject, SceneSpec } from '../../world';

/** Root mean squared difference of two pictures of the same size, in bytes (0 .. 255). */
export function pixelDistance(a: Uint8Array, b: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    const d = a[i] - b[i];
    sum += d * d;
  }
  return Math.sqrt(sum / a.length);
}

/** The artist whose render of the scene differs least from the picture, pixel by pixel. */
export function nearestArtist(image: Uint8Array, spec: SceneSpec, artists: readonly Artist[]): Artist {
  const able = artistsOf(spec).filter((artist) => artists.includes(artist));
  const distances = able.map((artist) => pixelDistance(image, renderScene(spec, { artist })));
  return able[distances.indexOf(Math.min(...distances))];
}

const DECOYS = 12;
const COUNTS: readonly Count[] = [1, 2, 3, 4, 5];

/**
 * Whether a picture of one kind of thing is nearer to the render that was asked for than to any of the same scene with the
 * thing changed in `what` ("tint": another colour or its own; "count": another number), or with one of twelve other
 * things in its place, whoever of the artists draws.
 */
export function isNearestRender(
  image: Uint8Array,
  spec: SceneSpec,
  { what, artists }: { what: 'tint' | 'count'; artists: readonly Artist[] },
): boolean {
  const { style: _, ...own } = spec;
  const [object] = spec.objects;
  const rng = RandomStream.of(0, 'base-suite', 'decoys', object.concept, String(object[what]));
  const others = conceptNames(conceptOf(object.concept).tier).filter((name) => name !== object.concept);
  const decoys = Array.from({ length: DECOYS }, () => ({ ...object, concept: rng.pick(others) }));
  const changed = [...alternatives(object, what), ...decoys].map((one): SceneSpec => ({
    ...own,
    objects: [one],
  }));
  const least = (scene: SceneSpec): number =>
    Math.min(
      Infinity,
      ...artistsOf(scene)
        .filter((artist) => artists.includes(artist))
        .map((artist) => pixelDistance(image, renderScene(scene, { artist }))),
    );
  const distance = least(own);
  return changed.every((scene) => sceneProblems(scene).length > 0 || least(scene) >= distance);
}

function alternatives(object: SceneObject, what: 'tint' | 'count'): SceneObject[] {
  if (what === 'count')
    return COUNTS.filter((count) => count !== object.count).map((count) => ({ ...object, count }));
  const { tint: asked, ...plain } = object;
  return [plain, ...COLOURS.filter((tint) => tint !== asked).map((tint) => ({ ...object, tint }))];
}
