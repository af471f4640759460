/** A world small enough to learn in minutes: a few concepts by one artist, each large and alone on plain backgrounds. */
import type { RandomStream } from '../tensor';
import { captionOf } from './caption';
import { renderScene } from './render';
import { validateScene } from './scene';
import { type Artist, type Background, PLAIN_BACKGROUNDS, type SceneSpec } from './types';

export interface FewConcepts {
  /** Caption nouns. */
  concepts: readonly string[];
  /** Default: the five plain colours. */
  backgrounds?: readonly Background[];
  /** Default: noto. */
  artist?: Artist;
  /** Pairs that are never shown, though each concept and each background is: do the parts combine? */
  heldOut?: readonly { concept: string; background: Background }[];
}

/**
 * All scenes of the small world: `seen` in training, and those `held` out; each as it is and mirrored.
 * @throws when a concept is unknown or the artist has not drawn it, or nothing is left to be seen
 */
export function fewScenes(options: FewConcepts): { seen: SceneSpec[]; held: SceneSpec[] } {
  const { concepts, backgrounds = PLAIN_BACKGROUNDS, artist = 'noto', heldOut = [] } = options;
  const scenes = concepts.flatMap((concept) =>
    backgrounds.flatMap((background) =>
      [false, true].map((flip): SceneSpec => {
        const scene: SceneSpec = { style: artist, background, objects: [{ concept, size: 'large', flip }] };
        validateScene(scene);
        return scene;
      }),
    ),
  );
  const isHeld = ({ background, objects: [{ concept }] }: SceneSpec): boolean =>
    heldOut.some((pair) => pair.concept === concept && pair.background === background);
  const seen = scenes.filter((scene) => !isHeld(scene));
  if (seen.length === 0)
    throw new Error(
      `fewScenes: ${concepts.length} concepts on ${backgrounds.length} backgrounds, ${heldOut.length} pairs held out: no scene is left, want at least one`,
    );
  return { seen, held: scenes.filter(isHeld) };
}

/** Its training pictures with their captions, a function of the stream alone; the artist goes unsaid, the size half the time. */
export function fewPictures(
  options: FewConcepts,
): (stream: RandomStream) => { caption: string; pixels: Uint8Array } {
  const { seen } = fewScenes(options);
  const pixels = seen.map((scene) => renderScene(scene));
  const say = { style: 0, size: 0.5, background: 1 };
  return (stream) => {
    const at = stream.int(seen.length);
    return { caption: captionOf(seen[at], stream, { say }), pixels: pixels[at] };
  };
}
