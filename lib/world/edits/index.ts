/** Edit pairs of RISE's four kinds, made from templates: the same pairs in the same order every time. */
import { causalDrafts } from './causal';
import { editPairs } from './criteria';
import { logicalDrafts } from './logical';
import { spatialDrafts } from './spatial';
import { temporalDrafts } from './temporal';
import { EditKind, EditPair } from './types';

const DRAFTS = {
  temporal: temporalDrafts,
  causal: causalDrafts,
  spatial: spatialDrafts,
  logical: logicalDrafts,
};
const made = new Map<EditKind, readonly EditPair[]>();

/** All pairs of a kind, with their criteria; made at the first call. */
export function editsOf(kind: EditKind): readonly EditPair[] {
  let pairs = made.get(kind);
  if (!pairs) made.set(kind, (pairs = editPairs(kind, DRAFTS[kind]())));
  return pairs;
}

export { EDIT_KINDS } from './types';
export type { EditDraft, EditKind, EditPair } from './types';
export { editCriteria, editPrompt, editScore } from './criteria';
export type { EditScore } from './criteria';
export {
  editArtists,
  editPictures,
  LEAST_REST,
  restMask,
  restShare,
  SAME_FROM,
  sameRest,
  TOLERANCE,
} from './rest';
export { EDIT_FAULTS, faultyEdit } from './faults';
export type { EditFault } from './faults';
