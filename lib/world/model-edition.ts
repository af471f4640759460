/** Which body of facts a model folder was pretrained on, so that later stages go on with the same one. */
import { baseChain, madePart } from '../checkpoint';
import { type Edition, editionOf } from './editions';

/**
 * The edition that the text encoder of a model folder, or of the folder that it is based on, was pretrained on, as its
 * training.json says; `core` when none says so.
 * @throws when there is no such folder, or training.json names an unknown edition
 */
export function modelEdition(dir: string): Edition {
  for (const folder of baseChain(dir)) {
    const edition = madePart(folder, 'text_encoder')?.options.edition;
    if (edition !== undefined) return editionOf({ edition: edition as Edition });
  }
  return 'core';
}
