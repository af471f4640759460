/** Edit pairs of RISE's four kinds: the pairs, their splits, criteria, rows for training, baselines and faults. */
export { EDIT_KINDS } from './types';
export type { EditDraft, EditKind, EditPair } from './types';
export { editsOf } from './pairs';
export { EDIT_PERCENT, EDIT_SPLITS, editsIn, editSplit, isUnseenTemplate, UNSEEN_TEMPLATES } from './splits';
export type { EditSplit } from './splits';
export { editDocuments, editPrompt, editPrompts, editRows, editThought, readEditPrompt } from './rows';
export type { EditPrompt, EditRow, EditRowOptions } from './rows';
export { commonEdit, commonResult, editAnswered, identityEdit, nearestEdit } from './baselines';
export type { EditBaseline } from './baselines';
export { sharedEditPrompts, sharedEditScenes } from './leakage';
export { editReport } from './report';
export { editCriteria, editScore } from './criteria';
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
