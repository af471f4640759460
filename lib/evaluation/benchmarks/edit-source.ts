/** The one place that says which edit pairs are for testing. */
import { EDIT_KINDS, editsIn } from '../../world';
import type { EditPair } from '../../world';

/** The test pairs, by kind in the order of `EDIT_KINDS`. */
export function testEdits(): EditPair[] {
  return EDIT_KINDS.flatMap((kind) => [...editsIn('test', kind)]);
}
