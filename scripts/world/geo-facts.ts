/**
 * Writes data/facts/full/geo-flags.json and geo-sky.json: the rows about flags, hours, light, moon and seasons that are
 * derived from npm data and computed. Run once, output committed: `npx ts-node --transpile-only scripts/world/geo-facts.ts`.
 * geo-places.json and geo-history.json beside them are written by hand.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FactRow } from '../../lib/world';
import { flagFacts } from './geo-flags';
import { skyFacts } from './geo-sky';

const FULL = join(__dirname, '..', '..', 'data', 'facts', 'full');

/** The files and what belongs into them. */
export const GEO_FILES: Record<string, () => FactRow[]> = {
  'geo-flags.json': flagFacts,
  'geo-sky.json': skyFacts,
};

/** One row a line, as all fact files have it. */
export function rowsText(rows: readonly FactRow[]): string {
  const line = (row: FactRow): string =>
    JSON.stringify(row, null, 1)
      .replace(/\n\s*/g, ' ')
      .replace(/([{[]) /g, '$1')
      .replace(/ ([}\]])/g, '$1');
  return `[\n${rows.map((row) => `  ${line(row)}`).join(',\n')}\n]\n`;
}

if (require.main === module)
  for (const [file, rows] of Object.entries(GEO_FILES)) {
    writeFileSync(join(FULL, file), rowsText(rows()));
    console.log(`${file}: ${rows().length} rows`);
  }
