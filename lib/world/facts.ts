/** Loads and checks the facts of data/facts: true statements (and invented ones) whose answers can be drawn. */
import { join } from 'node:path';
import { canonicalCaption } from './caption';
import {
  type Edition,
  type EditionOptions,
  FACT_DATA,
  editionOf,
  fileLabel,
  fullFiles,
  readData,
} from './editions';
import {
  FEWEST_STATEMENTS,
  SHOW_LINES,
  SHOW_PANELS,
  SHOW_SENTENCES,
  capitalise,
  fillTemplate,
  relationOf,
  relationTexts,
  textOf,
  unseenRelations,
} from './facts-text';
import { predicateProblems, specSatisfies } from './predicates';
import { sceneProblems } from './scene';
import { SPLITS, type Split, assignSplits } from './splits';
import type { Criteria, SceneSpec } from './types';

export const WISE_FAMILIES = [
  'wise-cultural',
  'wise-time',
  'wise-space',
  'wise-biology',
  'wise-physics',
  'wise-chemistry',
] as const;
/** The 16 families of prompts about the real world: WISE's six, T2I-ReasonBench's four, RISE's four edits, two of ours. */
export const PROMPT_FAMILIES = [
  ...WISE_FAMILIES,
  'idiom',
  'textual-image-design',
  'entity',
  'scientific',
  'edit-temporal',
  'edit-causal',
  'edit-spatial',
  'edit-logical',
  'maths',
  'story',
] as const;
export const FACT_FAMILIES = [...PROMPT_FAMILIES, 'invented'] as const;
export type FactFamily = (typeof FACT_FAMILIES)[number];
/** The families of the core edition, in the order of their files. */
export const CORE_FAMILIES = [...WISE_FAMILIES, 'invented'] as const;

/** One row of data/facts/<family>.json or data/facts/full/<topic>.json. */
export interface FactRow {
  id: string;
  family: FactFamily;
  subDomain: string;
  relation: string;
  subject: string;
  answer: string;
  scene: SceneSpec;
  criteria: Criteria;
  /** Where a reader can check the fact. */
  source: string;
  /** Noun phrases of this fact alone, besides those of its relation. */
  names?: string[];
  /** Pins the split. */
  split?: Split;
  /** 2 when the answer needs two facts. */
  hops?: number;
  /**
   * Two-hop facts that are said nowhere as a whole: the id of the second fact and its subject. The corpus says only
   * that `subject` leads to `bridge`, and of `via` that `bridge` leads to the answer; a thought joins both.
   */
  via?: string;
  bridge?: string;
  /** Time-zone facts: the hour at `here` and the zone of the scene, so that a test can compute the answer. */
  zone?: { there: string; here: string; hour: number };
}

export interface Fact extends FactRow {
  /** Raw conceptual prompts; they never hold the answer. */
  prompts: string[];
  /** Paraphrases for the corpus. */
  statements: string[];
  /** The reference thought: recalls the fact, then says what is seen. */
  thought: string;
  /** Canonical caption of the scene: the reference refined prompt. */
  refined: string;
}

const STRINGS = ['id', 'family', 'subDomain', 'relation', 'subject', 'answer', 'source'] as const;
const OTHERS = ['scene', 'criteria', 'names', 'split', 'hops', 'zone', 'via', 'bridge'];

/** Most characters of a field: a row of prompt, thought and refined prompt has to fit a context of 128 tokens. */
export const LONGEST = { id: 100, subDomain: 40, subject: 80, answer: 60, source: 200, name: 100 } as const;

/** Everything wrong with one row, in words; empty when it is a fact. */
export function factProblems(row: FactRow): string[] {
  const problems: string[] = [];
  for (const field of STRINGS)
    if (typeof row[field] !== 'string' || row[field] === '')
      problems.push(`${field} is ${JSON.stringify(row[field])}, want a non-empty string`);
  for (const field of ['id', 'subDomain', 'subject', 'answer', 'source'] as const)
    if (row[field]?.length > LONGEST[field])
      problems.push(`${field} has ${row[field].length} characters, want at most ${LONGEST[field]}`);
  for (const name of row.names ?? [])
    if (name.length > LONGEST.name)
      problems.push(`name "${name}" has ${name.length} characters, want at most ${LONGEST.name}`);
  for (const field of Object.keys(row))
    if (!OTHERS.includes(field) && !(STRINGS as readonly string[]).includes(field))
      problems.push(`field "${field}" is unknown`);
  if (!(FACT_FAMILIES as readonly string[]).includes(row.family))
    problems.push(`family is "${row.family}", want one of ${FACT_FAMILIES.join(', ')}`);
  const relation = relationOf(row.relation);
  if (!relation)
    problems.push(
      `relation is "${row.relation}", want one of data/facts/relations.json or data/facts/full/relations-*.json`,
    );
  if (row.split !== undefined && !SPLITS.includes(row.split))
    problems.push(`split is "${row.split}", want one of ${SPLITS.join(', ')}`);
  if (row.hops !== undefined && row.hops !== 1 && row.hops !== 2)
    problems.push(`hops is ${JSON.stringify(row.hops)}, want 1 or 2`);
  const parts = [row.via, row.bridge].filter((part) => part !== undefined).length;
  if (parts === 1) problems.push('via and bridge go together');
  if (relation && parts > 0 !== (relation.bridges !== undefined))
    problems.push(
      parts > 0
        ? `relation "${relation.id}" has no bridges`
        : `relation "${relation.id}" needs via and bridge`,
    );
  if (parts > 0 && row.hops !== 2) problems.push('a fact with via has hops 2');
  if (parts > 0 && row.split)
    problems.push('a fact with via goes where the fact is that it leads to: no split');
  if (!row.scene || typeof row.scene !== 'object') return [...problems, 'scene is missing'];
  const impossible = sceneProblems(row.scene);
  problems.push(...impossible.map((problem) => `scene: ${problem}`));
  const { answer, details } = row.criteria ?? {};
  if (!Array.isArray(answer) || answer.length === 0 || !Array.isArray(details))
    return [...problems, 'criteria is not { answer: [at least one], details: [...] }'];
  const malformed = [...answer, ...details].flatMap(predicateProblems);
  problems.push(...malformed.map((problem) => `criterion ${problem}`));
  if (impossible.length === 0 && malformed.length === 0)
    for (const predicate of [...answer, ...details])
      if (!specSatisfies(row.scene, predicate))
        problems.push(`criterion ${JSON.stringify(predicate)} does not hold for the row's own scene`);
  return problems;
}

/** Where rows of several files meet: ids, subjects with relations, and prompts, each with its owner. */
interface Taken {
  ids: Map<string, string>;
  asked: Map<string, string>;
  prompts: Map<string, string>;
}

interface CheckedRows {
  facts: Fact[];
  /** `<file>: row <n> (<id>): <reasons>`. */
  problems: string[];
}

function checkRows(rows: readonly FactRow[], name: string, taken: Taken): CheckedRows {
  const facts: Fact[] = [];
  const problems: string[] = [];
  rows.forEach((row, index) => {
    const where = `${name}: row ${index + 1} (${row?.id})`;
    const wrong = row && typeof row === 'object' ? factProblems(row) : ['want an object'];
    if (wrong.length === 0) {
      const { prompts, statements } = textOf(row.relation, row);
      if (statements.length < FEWEST_STATEMENTS)
        wrong.push(`${statements.length} statements, want at least ${FEWEST_STATEMENTS}`);
      const refined = canonicalCaption(row.scene);
      facts.push({ ...row, prompts, statements, refined, thought: thoughtOf(row, prompts[0], refined, 0) });
      for (const prompt of prompts) wrong.push(...claim(taken.prompts, prompt, row.id, `prompt "${prompt}"`));
    }
    if (row?.id !== undefined) {
      wrong.push(...claim(taken.ids, row.id, name, 'id'));
      const asked = `${row.subject}\n${row.relation}`.toLowerCase();
      wrong.push(...claim(taken.asked, asked, row.id, 'subject with this relation'));
    }
    if (wrong.length > 0) problems.push(`${where}: ${wrong.join('; ')}`);
  });
  return { facts, problems };
}

/** Takes `key` for `owner`; a problem when it is taken. */
function claim(owners: Map<string, string>, key: string, owner: string, what: string): string[] {
  const id = key.toLowerCase();
  const other = owners.get(id);
  if (other !== undefined) return [`${what} appears twice, also in ${other}`];
  owners.set(id, owner);
  return [];
}

const nothingTaken = (): Taken => ({ ids: new Map(), asked: new Map(), prompts: new Map() });

/** Checks rows and puts them into words. `name` stands in errors. Throws on the first row that is no fact. */
export function buildFacts(rows: readonly FactRow[], name = 'facts'): Fact[] {
  const { facts, problems } = checkRows(rows, name, nothingTaken());
  if (problems.length > 0) throw new Error(problems[0]);
  return facts;
}

/** The sentences that can end a fact's thought; all three lists are of one length. */
function showsOf({ panels, text = [] }: SceneSpec): readonly string[] {
  if (panels) return SHOW_PANELS;
  return text.length > 1 ? SHOW_LINES : SHOW_SENTENCES;
}

/** How many different thoughts `thoughtOf` can give for a relation. */
export function thoughtCount(relation: string): number {
  return (relationOf(relation)?.thoughts.length ?? 0) * SHOW_SENTENCES.length;
}

/**
 * A thought of two short sentences: the fact in the words of the corpus, then what the picture shows (of a story or of
 * several lines only that it is one: the fact has named what is in them).
 * `prompt` is the noun phrase asked for; `variant` counts through the relation's recall and show sentences.
 */
export function thoughtOf(row: FactRow, prompt: string, refined: string, variant: number): string {
  const recalls = textOf(row.relation, row).recalls;
  const recall = fillTemplate(recalls[variant % recalls.length], {
    S: row.subject,
    A: row.answer,
    N: prompt,
    ...(row.bridge !== undefined && { B: row.bridge }),
  });
  const shows = showsOf(row.scene);
  const show = shows[Math.floor(variant / recalls.length) % shows.length];
  return `${capitalise(recall)} ${show.replace('{V}', refined)}`;
}

interface Loaded {
  facts: Fact[];
  splits: Map<string, Split>;
  problems: string[];
}

const loaded = new Map<Edition, Loaded>();

function rowsOf(file: string): FactRow[] {
  const rows = readData(file);
  if (!Array.isArray(rows)) throw new Error(`${fileLabel(file)}: want an array of rows`);
  return rows as FactRow[];
}

/** Reads an edition once; problems are kept, so that all of them can be listed. */
function read(edition: Edition): Loaded {
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
  const core = read('core');
  try {
    relationTexts({ edition: 'full' });
  } catch (error) {
    return { ...core, problems: [...core.problems, ...(error as Error).message.split('\n')] };
  }
  const taken = nothingTaken();
  for (const fact of core.facts) checkTaken(fact, taken);
  const later: Fact[] = [];
  const problems = [...core.problems];
  for (const file of fullFiles('facts')) {
    const checked = checkRows(rowsOf(file), fileLabel(file), taken);
    problems.push(...checked.problems, ...pinUnseen(checked.facts, fileLabel(file)));
    later.push(...checked.facts);
  }
  const facts = [...core.facts, ...later];
  problems.push(...bridgeProblems(facts));
  const splits = problems.length > 0 ? new Map() : assignSplits(later, core.splits);
  return { facts, problems, splits: new Map([...core.splits, ...splits]) };
}

function checkTaken(fact: Fact, { ids, asked, prompts }: Taken): void {
  claim(ids, fact.id, `the core (${fact.family})`, 'id');
  claim(asked, `${fact.subject}\n${fact.relation}`, fact.id, 'subject');
  for (const prompt of fact.prompts) claim(prompts, prompt, fact.id, 'prompt');
}

/** Pins the facts of unseen relations to test; a problem when a row says otherwise. */
export function pinUnseen(facts: Fact[], name: string): string[] {
  const unseen = unseenRelations({ edition: 'full' });
  const problems: string[] = [];
  for (const fact of facts)
    if (unseen.has(fact.relation)) {
      if (fact.split !== undefined && fact.split !== 'test')
        problems.push(
          `${name}: ${fact.id} is pinned to ${fact.split}, but its relation is unseen: test only`,
        );
      if (fact.via !== undefined)
        problems.push(`${name}: ${fact.id} leads over ${fact.via}: its relation cannot be unseen`);
      fact.split = 'test';
    }
  return problems;
}

/** Two-hop facts must lead to a fact of one hop with the same answer, whose subject is their bridge. */
export function bridgeProblems(facts: readonly Fact[]): string[] {
  const byId = new Map(facts.map((fact) => [fact.id, fact]));
  return facts.flatMap(({ id, via, bridge, answer }) => {
    if (via === undefined) return [];
    const target = byId.get(via);
    if (!target) return [`${id}: via is "${via}", want the id of a fact`];
    if (target.via !== undefined) return [`${id}: via ${via} has two hops itself`];
    if (target.subject !== bridge) return [`${id}: bridge is "${bridge}", want "${target.subject}"`];
    if (target.answer !== answer) return [`${id}: answer is "${answer}", but ${via} says "${target.answer}"`];
    return [];
  });
}

const MOST_LISTED = 10;

/** Everything wrong with the files of an edition, each with file and row; empty when `loadFacts` can load it. */
export function editionProblems(options: EditionOptions = {}): string[] {
  return read(editionOf(options)).problems;
}

function load(edition: Edition): Loaded {
  const result = read(edition);
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
  return load(editionOf(options)).facts;
}

/** The split of a fact (or of its id), the same in every edition that has it. Throws on an unknown id. */
export function splitOf(fact: string | { id: string }): Split {
  const id = typeof fact === 'string' ? fact : fact.id;
  const split = load('core').splits.get(id) ?? load('full').splits.get(id);
  if (!split) throw new Error(`fact "${id}" is unknown`);
  return split;
}

export function factsOf(split: Split, options: EditionOptions = {}): Fact[] {
  return loadFacts(options).filter((fact) => splitOf(fact) === split);
}
