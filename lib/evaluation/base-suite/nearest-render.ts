/** Marks by pixels alone: of the renders that a picture could be, which is nearest? For what the examiner is blind to. */
import { RandomStream } from '../../tensor';
import { artistsOf, COLOURS, conceptNames, conceptOf, renderScene, sceneProblems } from '../../world';
import type { Artist, SceneSpec } from '../../world';

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

/**
 * Whether a picture of one tinted object is nearer to a render of it than to any of the same scene with it in another
 * colour or its own, or with one of twelve other things in the colour asked for, whoever of the artists draws.
 */
export function isNearestTint(image: Uint8Array, spec: SceneSpec, artists: readonly Artist[]): boolean {
  const [object] = spec.objects;
  const { tint: asked, ...plain } = object;
  const rng = RandomStream.of(0, 'base-suite', 'decoys', object.concept, String(asked));
  const others = conceptNames(conceptOf(object.concept).tier).filter((name) => name !== object.concept);
  const changed = [
    plain,
    ...COLOURS.filter((tint) => tint !== asked).map((tint) => ({ ...object, tint })),
    ...Array.from({ length: DECOYS }, () => ({ ...object, concept: rng.pick(others) })),
  ].map(({ ...one }): SceneSpec => {
    const { style: _, ...scene } = spec;
    return { ...scene, objects: [one] };
  });
  const { style: _, ...own } = spec;
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
