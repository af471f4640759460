/** Which scenes no painter is trained on: one in twenty combinations of what, how many, which colour, how large and where. */
import { RandomStream } from '../tensor';
import { canonicalCaption } from './caption';
import type { SceneSpec } from './types';

/** One scene in so many is held out. */
export const HELD_OUT_ONE_IN = 20;

/**
 * Whether the scene is kept from training, so that its caption is new to a painter that knows all of its parts. Decided
 * by a hash of the plain caption: the artist and the phrasing do not matter, so no paraphrase or restyling of a
 * held-out scene is trained on. Flips, which captions do not say, do not matter either.
 */
export function isHeldOutScene(spec: SceneSpec): boolean {
  const { style: _, ...plain } = spec;
  return RandomStream.of(0, 'held-out-scene', canonicalCaption(plain)).int(HELD_OUT_ONE_IN) === 0;
}
