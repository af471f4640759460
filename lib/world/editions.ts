/** The two bodies of facts: the core that the first checkpoints were trained on, and the core with all later facts, as the committed ones were. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { DEFAULT_TIER } from './concepts';
import { parseJson } from './json-text';
import type { Tier } from './types';

export const EDITIONS = ['core', 'full'] as const;
export type Edition = (typeof EDITIONS)[number];

export interface EditionOptions {
  /** `core` (default): data/facts/*.json. `full`: these, unchanged, and data/facts/full/*.json. */
  edition?: Edition;
  /**
   * A folder of your own facts, which come after those of the edition: `<topic>.json` with rows, `relations-<topic>.json`
   * with the relations that they need beyond the edition's. See data/README.md.
   */
  dir?: string;
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
  return folderFiles(join(FACT_DATA, 'full'), kind);
}

/** The same of any folder; throws when it cannot be read. */
export function folderFiles(dir: string, kind: 'facts' | 'relations'): string[] {
  let names: string[];
  try {
    names = readdirSync(dir);
  } catch (error) {
    throw new Error(`${dir}: ${(error as Error).message}, want a folder of facts`, { cause: error });
  }
  return names
    .filter((name) => name.endsWith('.json') && name.startsWith('relations') === (kind === 'relations'))
    .sort()
    .map((name) => join(dir, name));
}

/** What errors call a file: its path from the root of the repository, or as it is when it lies elsewhere. */
export function fileLabel(file: string): string {
  const label = relative(join(FACT_DATA, '..', '..'), file).replaceAll('\\', '/');
  return label.startsWith('..') ? file : label;
}

/** Reads JSON; an error names the file and the line. */
export function readData(file: string): unknown {
  const label = fileLabel(file);
  const bytes = readFileSync(file);
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf)
    throw new Error(`${label}: begins with a byte order mark, want UTF-8 without one`);
  if (bytes.length > LARGEST)
    throw new Error(`${label}: has ${bytes.length} bytes, want at most ${LARGEST}; use several files`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new Error(`${label}: is not UTF-8, want JSON in UTF-8`, { cause: error });
  }
  try {
    return parseJson(text);
  } catch (error) {
    throw new Error(`${label}: ${(error as Error).message}`, { cause: error });
  }
}

/** Bytes of a file of facts; the largest here has 150,000. */
const LARGEST = 20_000_000;
