/** What causes do: the rows of data/edits/causal.json. Things fall, burn, melt, float, tip; liquids change colour. */
import { tableDrafts } from './table';
import type { EditDraft } from './types';

export function causalDrafts(): EditDraft[] {
  return tableDrafts('causal');
}
