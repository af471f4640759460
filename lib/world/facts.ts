/** Loads the facts of data/facts, and of a folder of the user's: true statements (and invented ones) whose answers can be drawn. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Edition,
  type EditionOptions,
  FACT_DATA,
  editionOf,
  fileLabel,
  folderFiles,
  fullFiles,
  readData,
} from './editions';
import { bridgeProblems, checkRows, checkTaken, nothingTaken, pinUnseen } from './fact-check';
import { CORE_FAMILIES, type Fact, type FactRow } from './fact-row';
import { addOwnRelations, relationTexts } from './facts-text';
import { quote } from './shapes';
import { type Split, assignSplits } from './splits';

export { CORE_FAMILIES, FACT_FAMILIES, PROMPT_FAMILIES, WISE_FAMILIES, factProblems } from './fact-row';
export type { Fact, FactFamily, FactRow } from './fact-row';
export { bridgeProblems, buildFacts, pinUnseen } from './fact-check';
export { thoughtCount, thoughtOf } from './facts-text';

interface Loaded {
  facts: Fact[];
  splits: Map<string, Split>;
  problems: string[];
}

const loaded = new Map<Edition, Loaded>();
/** The user's folders, the one loaded last at the end. */
const folders = new Map<string, Loaded & { stamp: string }>();

function rowsOf(file: string): FactRow[] {
  const rows = readData(file);
  if (!Array.isArray(rows)) throw new Error(`${fileLabel(file)}: is ${quote(rows)}, want an array of rows`);
  return rows as FactRow[];
}

/** Reads an edition once; problems are kept, so that all of them can be listed. */
function read(options: EditionOptions): Loaded {
  const edition = editionOf(options);
  if (options.dir !== undefined) return readFolder(options.dir, edition);
  const known = loaded.get(edition);
  if (known) return known;
  const result = edition === 'core' ? readCore() : readFull();
  loaded.set(edition, result);
  return result;
}

function readCore(): Loaded {
  const taken = nothingTaken();
  const facts: Fact[] = [];
  const problems: string[] = [];
  for (const family of CORE_FAMILIES) {
    const file = join(FACT_DATA, `${family.replace('wise-', '')}.json`);
    const rows = rowsOf(file);
    const checked = checkRows(rows, fileLabel(file), taken);
    facts.push(...checked.facts);
    problems.push(...checked.problems);
    for (const fact of checked.facts) {
      if (fact.family !== family)
        problems.push(`${fileLabel(file)}: ${fact.id} is of family ${fact.family}, want ${family}`);
      if (!relationTexts().has(fact.relation))
        problems.push(`${fileLabel(file)}: ${fact.id} has relation "${fact.relation}" of the full edition`);
    }
  }
  return { facts, problems, splits: problems.length > 0 ? new Map() : assignSplits(facts) };
}

function readFull(): Loaded {
  const core = read({ edition: 'core' });
  try {
    relationTexts({ edition: 'full' });
  } catch (error) {
    return { ...core, problems: [...core.problems, ...(error as Error).message.split('\n')] };
  }
  return extend(core, fullFiles('facts'));
}

/** The facts of `base` and those of further files, whose splits are cut among themselves. */
function extend(base: Loaded, files: readonly string[]): Loaded {
  const taken = nothingTaken();
  for (const fact of base.facts) checkTaken(fact, taken);
  const later: Fact[] = [];
  const problems = [...base.problems];
  for (const file of files) {
    try {
      const checked = checkRows(rowsOf(file), fileLabel(file), taken);
      problems.push(...checked.problems, ...pinUnseen(checked.facts, fileLabel(file)));
      later.push(...checked.facts);
    } catch (error) {
      problems.push((error as Error).message);
    }
  }
  const facts = [...base.facts, ...later];
  problems.push(...bridgeProblems(facts));
  const splits = problems.length > 0 ? new Map<string, Split>() : assignSplits(later, base.splits);
  return { facts, problems, splits: new Map([...base.splits, ...splits]) };
}

/** An edition with a user's folder; read again when one of its files has changed. */
function readFolder(dir: string, edition: Edition): Loaded {
  const base = read({ edition });
  const key = `${edition}\n${dir}`;
  let stamp: string;
  let files: string[];
  try {
    files = folderFiles(dir, 'facts');
    const all = [...folderFiles(dir, 'relations'), ...files];
    stamp = all.map((file) => `${file} ${statSync(file).mtimeMs} ${statSync(file).size}`).join('\n');
  } catch (error) {
    return { ...base, problems: [(error as Error).message] };
  }
  const known = folders.get(key);
  if (known?.stamp === stamp) return known;
  const wrong = addOwnRelations(folderFiles(dir, 'relations'));
  if (files.length === 0) wrong.push(`${dir}: holds no facts, want at least one .json file with rows`);
  const result = wrong.length > 0 ? { ...base, problems: [...base.problems, ...wrong] } : extend(base, files);
  folders.delete(key);
  folders.set(key, { ...result, stamp });
  return result;
}

const MOST_LISTED = 10;

/** Everything wrong with the files of an edition, each with file and row; empty when `loadFacts` can load it. */
export function editionProblems(options: EditionOptions = {}): string[] {
  return read(options).problems;
}

function load(options: EditionOptions): Loaded {
  const result = read(options);
  const { problems } = result;
  if (problems.length > 0)
    throw new Error(
      problems.slice(0, MOST_LISTED).join('\n') +
        (problems.length > MOST_LISTED ? `\n... and ${problems.length - MOST_LISTED} more` : ''),
    );
  return result;
}

/** All facts of an edition, checked; those of the core first. Throws with file, row and reason when a row is wrong. */
export function loadFacts(options: EditionOptions = {}): Fact[] {
  return load(options).facts;
}

/**
 * The split of a fact (or of its id), the same in every edition that has it; of facts in two folders of a user's, that
 * of the folder loaded last. Throws on an unknown id.
 */
export function splitOf(fact: string | { id: string }): Split {
  const id = typeof fact === 'string' ? fact : fact.id;
  const split =
    load({ edition: 'core' }).splits.get(id) ??
    load({ edition: 'full' }).splits.get(id) ??
    [...folders.values()]
      .reverse()
      .find(({ splits }) => splits.has(id))
      ?.splits.get(id);
  if (!split) throw new Error(`fact "${id}" is unknown`);
  return split;
}

export function factsOf(split: Split, options: EditionOptions = {}): Fact[] {
  const { facts, splits } = load(options);
  return facts.filter(({ id }) => splits.get(id) === split);
}
