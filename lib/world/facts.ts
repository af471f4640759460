/** Loads and checks the facts of data/facts: true statements (and invented ones) whose answers can be drawn. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalCaption } from './caption';
import { predicateProblems, specSatisfies } from './predicates';
import {
  FACT_DATA,
  FEWEST_STATEMENTS,
  RELATION_TEXTS,
  SHOW_SENTENCES,
  capitalise,
  fillTemplate,
  textOf,
} from './facts-text';
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
export const FACT_FAMILIES = [...WISE_FAMILIES, 'invented'] as const;
export type FactFamily = (typeof FACT_FAMILIES)[number];

/** One row of data/facts/<family>.json. */
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
const OTHERS = ['scene', 'criteria', 'names', 'split', 'hops', 'zone'];

/** Everything wrong with one row, in words; empty when it is a fact. */
export function factProblems(row: FactRow): string[] {
  const problems: string[] = [];
  for (const field of STRINGS)
    if (typeof row[field] !== 'string' || row[field] === '')
      problems.push(`${field} is ${JSON.stringify(row[field])}, want a non-empty string`);
  for (const field of Object.keys(row))
    if (!OTHERS.includes(field) && !(STRINGS as readonly string[]).includes(field))
      problems.push(`field "${field}" is unknown`);
  if (!(FACT_FAMILIES as readonly string[]).includes(row.family))
    problems.push(`family is "${row.family}", want one of ${FACT_FAMILIES.join(', ')}`);
  if (!RELATION_TEXTS.has(row.relation))
    problems.push(`relation is "${row.relation}", want one of data/facts/relations.json`);
  if (row.split !== undefined && !SPLITS.includes(row.split))
    problems.push(`split is "${row.split}", want one of ${SPLITS.join(', ')}`);
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

/** Checks rows and puts them into words. `name` stands in errors. Throws on the first row that is no fact. */
export function buildFacts(rows: readonly FactRow[], name = 'facts'): Fact[] {
  const seen = new Set<string>();
  return rows.map((row, index) => {
    const where = `${name}: row ${index + 1} (${row.id})`;
    const problems = factProblems(row);
    if (seen.has(row.id)) problems.push('id appears twice');
    seen.add(row.id);
    if (problems.length > 0) throw new Error(`${where}: ${problems.join('; ')}`);
    const { prompts, statements } = textOf(row.relation, row);
    if (statements.length < FEWEST_STATEMENTS)
      throw new Error(`${where}: ${statements.length} statements, want at least ${FEWEST_STATEMENTS}`);
    const refined = canonicalCaption(row.scene);
    return { ...row, prompts, statements, refined, thought: thoughtOf(row, prompts[0], refined, 0) };
  });
}

/** How many different thoughts `thoughtOf` can give for a relation. */
export function thoughtCount(relation: string): number {
  return (RELATION_TEXTS.get(relation)?.thoughts.length ?? 0) * SHOW_SENTENCES.length;
}

/**
 * A thought of two short sentences: the fact in the words of the corpus, then what the picture shows.
 * `prompt` is the noun phrase asked for; `variant` counts through the relation's recall and show sentences.
 */
export function thoughtOf(row: FactRow, prompt: string, refined: string, variant: number): string {
  const recalls = textOf(row.relation, row).recalls;
  const recall = fillTemplate(recalls[variant % recalls.length], {
    S: row.subject,
    A: row.answer,
    N: prompt,
  });
  const show = SHOW_SENTENCES[Math.floor(variant / recalls.length) % SHOW_SENTENCES.length];
  return `${capitalise(recall)} ${show.replace('{V}', refined)}`;
}

let cached: { facts: Fact[]; splits: Map<string, Split> } | undefined;

function load(): { facts: Fact[]; splits: Map<string, Split> } {
  if (cached) return cached;
  const facts: Fact[] = [];
  const owner = new Map<string, string>();
  for (const family of FACT_FAMILIES) {
    const file = `${family.replace('wise-', '')}.json`;
    const rows = JSON.parse(readFileSync(join(FACT_DATA, file), 'utf8')) as FactRow[];
    for (const fact of buildFacts(rows, `data/facts/${file}`)) {
      if (fact.family !== family)
        throw new Error(`data/facts/${file}: ${fact.id} is of family ${fact.family}`);
      const other = owner.get(fact.id);
      if (other) throw new Error(`data/facts/${file}: id ${fact.id} is also in ${other}`);
      owner.set(fact.id, file);
      facts.push(fact);
    }
  }
  cached = { facts, splits: assignSplits(facts) };
  return cached;
}

/** All facts, checked. Throws with file, row and reason when a row is wrong. */
export function loadFacts(): Fact[] {
  return load().facts;
}

/** The split of a fact (or of its id). Throws on an unknown id. */
export function splitOf(fact: string | { id: string }): Split {
  const id = typeof fact === 'string' ? fact : fact.id;
  const split = load().splits.get(id);
  if (!split) throw new Error(`fact "${id}" is unknown`);
  return split;
}

export function factsOf(split: Split): Fact[] {
  return loadFacts().filter((fact) => splitOf(fact) === split);
}
