/** What time does: the rows of data/edits/temporal.json, and what can be counted: clocks, weekdays, months, moon, sun. */
import { clockDrafts } from './clocks';
import { calendarDrafts } from './calendar';
import { skyDrafts } from './sky';
import { tableDrafts } from './table';
import type { EditDraft } from './types';

export function temporalDrafts(): EditDraft[] {
  return [...tableDrafts('temporal'), ...skyDrafts(), ...clockDrafts(), ...calendarDrafts()];
}
