/** What follows: the rows of data/edits/logical.json, moves on grids, steps and numbers on a board, missing panels. */
import { gridDrafts } from './grids';
import { numberDrafts } from './numbers';
import { panelDrafts } from './panel-edits';
import { tableDrafts } from './table';
import type { EditDraft } from './types';

export function logicalDrafts(): EditDraft[] {
  return [...tableDrafts('logical'), ...gridDrafts(), ...numberDrafts(), ...panelDrafts()];
}
