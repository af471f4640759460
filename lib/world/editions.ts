/** The two bodies of facts: the core that the committed checkpoints were trained on, and the core with all later facts. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { DEFAULT_TIER } from './concepts';
import type { Tier } from './types';

export const EDITIONS = ['core', 'full'] as const;
export type Edition = (typeof EDITIONS)[number];

export interface EditionOptions {
  /** `core` (default): data/facts/*.json. `full`: these, unchanged, and data/facts/full/*.json. */
  edition?: Edition;
}

/** Checks an edition's name; left out it is the core. Throws on any other word. */
export function editionOf({ edition = 'core' }: EditionOptions = {}): Edition {
  if (!EDITIONS.includes(edition))
    throw new Error(`edition is "${String(edition)}", want one of ${EDITIONS.join(', ')}`);
  return edition;
}

/** Concepts that an edition's corpus describes and draws when no tier is asked for: the full facts use them all. */
export function tierOf(edition: Edition): Tier {
  return edition === 'full' ? 2 : DEFAULT_TIER;
}

export const FACT_DATA = join(__dirname, '..', '..', 'data', 'facts');

/** The JSON files of data/facts/full in the order of their names: `facts`, or the `relations` that these speak of. */
export function fullFiles(kind: 'facts' | 'relations'): string[] {
  return readdirSync(join(FACT_DATA, 'full'))
    .filter((name) => name.endsWith('.json') && name.startsWith('relations-') === (kind === 'relations'))
    .sort()
    .map((name) => join(FACT_DATA, 'full', name));
}

/** What errors call a file: its path from the root of the repository. */
export function fileLabel(file: string): string {
  return relative(join(FACT_DATA, '..', '..'), file).replaceAll('\\', '/');
}

/** Reads JSON; an error names the file. */
export function readData(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as unknown;
  } catch (error) {
    throw new Error(`${fileLabel(file)}: ${(error as Error).message}`, { cause: error });
  }
}
