/** One row of the facts: its form, and everything that can be wrong with it by itself. */
import { relationOf } from './facts-text';
import { predicateProblems, specSatisfies } from './predicates';
import { sceneProblems } from './scene';
import { type Shape, quote, shapeProblems, textProblems } from './shapes';
import { SPLITS, type Split } from './splits';
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

const ROW: Extract<Shape, { fields: unknown }> = {
  fields: {
    id: 'a string',
    family: 'a string',
    subDomain: 'a string',
    relation: 'a string',
    subject: 'a string',
    answer: 'a string',
    scene: 'an object',
    criteria: {
      fields: { answer: { list: 'an object' }, details: { list: 'an object' } },
      need: ['answer', 'details'],
    },
    source: 'a string',
    names: { list: 'a string' },
    split: 'a string',
    hops: 'a number',
    via: 'a string',
    bridge: 'a string',
    zone: {
      fields: { there: 'a string', here: 'a string', hour: 'a number' },
      need: ['there', 'here', 'hour'],
    },
  },
  need: ['id', 'family', 'subDomain', 'relation', 'subject', 'answer', 'scene', 'criteria', 'source'],
};

/** Most characters of a field: a row of prompt, thought and refined prompt has to fit a context of 160 tokens. */
export const LONGEST = {
  id: 100,
  subDomain: 40,
  subject: 80,
  answer: 60,
  source: 200,
  bridge: 80,
  name: 100,
} as const;

/** Everything wrong with one row, in words; empty when it is a fact. */
export function factProblems(row: FactRow): string[] {
  const problems = shapeProblems(row, ROW);
  if (problems.length > 0) return problems;
  return [...wordProblems(row), ...placeProblems(row), ...sceneAndCriteria(row)];
}

/** What is wrong with the texts of a row. */
function wordProblems(row: FactRow): string[] {
  const problems: string[] = [];
  const text = (where: string, value: string, longest: number): void => {
    if (value === '') problems.push(`${where} is "", want a non-empty string`);
    else if (value.length > longest)
      problems.push(`${where} has ${value.length} characters, want at most ${longest}`);
    else problems.push(...textProblems(value, where));
  };
  for (const field of ['id', 'subDomain', 'subject', 'answer', 'source', 'bridge'] as const)
    if (row[field] !== undefined) text(field, String(row[field]), LONGEST[field]);
  for (const name of row.names ?? []) text(`name ${quote(name)}`, name, LONGEST.name);
  if (problems.length === 0 && !/^[a-z0-9][a-z0-9-]*$/.test(row.id))
    problems.push(`id is ${quote(row.id)}, want small letters, digits and hyphens`);
  return problems;
}

/** What is wrong with where a row belongs: family, relation, split, hops. */
function placeProblems(row: FactRow): string[] {
  const problems: string[] = [];
  if (!(FACT_FAMILIES as readonly string[]).includes(row.family))
    problems.push(`family is ${quote(row.family)}, want one of ${FACT_FAMILIES.join(', ')}`);
  const relation = relationOf(row.relation);
  if (!relation)
    problems.push(
      `relation is ${quote(row.relation)}, want one of data/facts/relations.json, data/facts/full/relations-*.json or the folder's own`,
    );
  if (row.split !== undefined && !SPLITS.includes(row.split))
    problems.push(`split is ${quote(row.split)}, want one of ${SPLITS.join(', ')}`);
  if (row.hops !== undefined && row.hops !== 1 && row.hops !== 2)
    problems.push(`hops is ${quote(row.hops)}, want 1 or 2`);
  const parts = [row.via, row.bridge].filter((part) => part !== undefined).length;
  if (parts === 1) problems.push('via and bridge go together: one is missing, want both or none');
  if (relation && parts > 0 !== (relation.bridges !== undefined))
    problems.push(
      parts > 0
        ? `relation "${relation.id}" has no bridges, want no via and no bridge`
        : `relation "${relation.id}" needs via and bridge, want both`,
    );
  if (parts > 0 && row.hops !== 2)
    problems.push(`hops is ${quote(row.hops)}, want 2: a fact with via has hops 2`);
  if (parts > 0 && row.split)
    problems.push(
      `split is "${row.split}", want no split: a fact with via goes where the fact is that it leads to`,
    );
  return problems;
}

function sceneAndCriteria({ scene, criteria: { answer, details } }: FactRow): string[] {
  const impossible = sceneProblems(scene);
  const problems = impossible.map((problem) => `scene: ${problem}`);
  if (answer.length === 0) problems.push('criteria.answer is [], want at least one criterion');
  const malformed = [...answer, ...details].flatMap(predicateProblems);
  problems.push(...malformed.map((problem) => `criterion ${problem}`));
  if (impossible.length === 0 && malformed.length === 0)
    for (const predicate of [...answer, ...details])
      if (predicate.kind === 'same')
        problems.push('criterion same(rest) is of edits, want one of a single scene');
      else if (!specSatisfies(scene, predicate))
        problems.push(
          `criterion ${JSON.stringify(predicate)} does not hold for the row's own scene, want one that does`,
        );
  return problems;
}
