/** All edit pairs, made from tables and templates: the same pairs in the same order every time. */
import { causalDrafts } from './causal';
import { editPairs } from './criteria';
import { logicalDrafts } from './logical';
import { spatialDrafts } from './spatial';
import { temporalDrafts } from './temporal';
import { EDIT_KINDS, EditKind, EditPair } from './types';

const DRAFTS = {
  temporal: temporalDrafts,
  causal: causalDrafts,
  spatial: spatialDrafts,
  logical: logicalDrafts,
};
const made = new Map<EditKind, readonly EditPair[]>();

/** All pairs of a kind, with their criteria; made at the first call. */
export function editsOf(kind: EditKind): readonly EditPair[] {
  if (!EDIT_KINDS.includes(kind))
    throw new Error(`edit kind is "${String(kind)}", want one of ${EDIT_KINDS.join(', ')}`);
  let pairs = made.get(kind);
  if (!pairs) made.set(kind, (pairs = editPairs(kind, DRAFTS[kind]())));
  return pairs;
}
