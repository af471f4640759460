/** The one place that says which edit pairs are for testing. */
import { EDIT_KINDS, editsOf } from '../../world';
import type { EditPair } from '../../world';

/** The edit pairs of the RISE-like set, by kind in the order of `EDIT_KINDS`. */
export function testEdits(): EditPair[] {
  return EDIT_KINDS.flatMap((kind) => [...editsOf(kind)]);
}
