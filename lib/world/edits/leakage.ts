/** Ways in which a test edit could have been seen in training; all of them are empty lists (tests and report). */
import { canonicalCaption } from '../caption';
import { editPrompt } from './rows';
import { editsIn } from './splits';
import type { EditPair } from './types';

function trained(): EditPair[] {
  return [...editsIn('sft'), ...editsIn('rl')];
}

/** Test pairs with a prompt, in any phrasing, that SFT or RL has too. */
export function sharedEditPrompts(): string[] {
  const promptsOf = (pair: EditPair): string[] =>
    pair.instructions.map((_, phrasing) => editPrompt(pair, phrasing).toLowerCase());
  const seen = new Set(trained().flatMap(promptsOf));
  return editsIn('test')
    .filter((pair) => promptsOf(pair).some((prompt) => seen.has(prompt)))
    .map(({ id }) => id);
}

/** Test pairs whose two pictures SFT or RL has too, whatever the words. */
export function sharedEditScenes(): string[] {
  const scenesOf = ({ before, after }: EditPair): string =>
    `${canonicalCaption(before)} > ${canonicalCaption(after)}`;
  const seen = new Set(trained().map(scenesOf));
  return editsIn('test')
    .filter((pair) => seen.has(scenesOf(pair)))
    .map(({ id }) => id);
}
