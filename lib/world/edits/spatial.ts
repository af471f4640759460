/** What moves: the rows of data/edits/spatial.json, boards that are turned and mirrored, a clock in a mirror. */
import { boardDrafts } from './boards';
import { mirrorClockDrafts } from './clocks';
import { tableDrafts } from './table';
import type { EditDraft } from './types';

export function spatialDrafts(): EditDraft[] {
  return [...tableDrafts('spatial'), ...boardDrafts(), ...mirrorClockDrafts()];
}
