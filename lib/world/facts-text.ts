/** How a fact is put into words: the templates of data/facts/relations.json and their combination with a row. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const FACT_DATA = join(__dirname, '..', '..', 'data', 'facts');

/**
 * Ways to speak of one relation. Slots: `{S}` subject, `{A}` answer, `{N}` the fact's own noun phrase, `{V}` what the
 * picture shows.
 */
export interface RelationText {
  id: string;
  /** The answer is a state ("dark, at night"), not a thing: "what is" and "A is N" would not be English. */
  describes: boolean;
  /** Noun phrases for the fact without its answer: the raw prompts. */
  names: string[];
  /** Statements, some with the subject first and some with the answer first. */
  sentences: string[];
  questions: string[];
  /** First sentences of a thought: the fact, as statements put it. */
  thoughts: string[];
}

/** Document styles around names, sentences and questions; shared by all relations. */
interface Styles {
  name: string[];
  describe: string[];
  sentence: string[];
  question: string[];
  show: string[];
}

export interface FactSlots {
  subject: string;
  answer: string;
  /** Noun phrases of this fact alone, before those of its relation. */
  names?: string[];
}

export interface FactText {
  /** Raw conceptual prompts: noun phrases that never hold the answer. */
  prompts: string[];
  /** Distinct paraphrases, at least 30. */
  statements: string[];
  /** Recall sentences that open a thought. */
  recalls: string[];
}

const FEWEST = { names: 3, sentences: 5, questions: 2, thoughts: 3 } as const;
export const FEWEST_STATEMENTS = 30;

function readRelations(): { styles: Styles; relations: Map<string, RelationText> } {
  const file = join(FACT_DATA, 'relations.json');
  const data = JSON.parse(readFileSync(file, 'utf8')) as { styles: Styles; relations: RelationText[] };
  const relations = new Map<string, RelationText>();
  for (const relation of data.relations) {
    if (relations.has(relation.id))
      throw new Error(`relations.json: relation "${relation.id}" appears twice`);
    for (const [field, fewest] of Object.entries(FEWEST) as [keyof typeof FEWEST, number][]) {
      const found = relation[field]?.length ?? 0;
      if (found < fewest)
        throw new Error(`relations.json: "${relation.id}" has ${found} ${field}, want at least ${fewest}`);
    }
    relations.set(relation.id, relation);
  }
  return { styles: data.styles, relations };
}

const { styles, relations } = readRelations();

/** Every relation by id. */
export const RELATION_TEXTS: ReadonlyMap<string, RelationText> = relations;

/** Sentences that name the picture at the end of a thought, with slot `{V}`. */
export const SHOW_SENTENCES: readonly string[] = styles.show;

export function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Replaces `{S}`-like slots; a slot at the start of a sentence gets a capital. Throws on a slot without value. */
export function fillTemplate(template: string, slots: Record<string, string>): string {
  return template.replace(/\{(\w+)\}/g, (_, slot: string, at: number) => {
    const value = slots[slot];
    if (value === undefined) throw new Error(`template "${template}": slot {${slot}} has no value`);
    return at === 0 || /[.!?] $/.test(template.slice(0, at)) ? capitalise(value) : value;
  });
}

/** All the words of a fact: raw prompts, statements, recall sentences. Throws when its relation is unknown. */
export function textOf(relationId: string, { subject, answer, names = [] }: FactSlots): FactText {
  const relation = relations.get(relationId);
  if (!relation)
    throw new Error(`relation "${relationId}" is unknown, want one of data/facts/relations.json`);
  const slots = { S: subject, A: answer };
  const lower = (template: string): string => template.replace('{S}', subject);
  const prompts = [...new Set([...names, ...relation.names.map(lower)])];
  const statements = new Set<string>();
  for (const style of relation.describes ? styles.describe : styles.name)
    for (const prompt of prompts)
      statements.add(fillTemplate(style, { ...slots, N: capitalise(prompt), n: prompt }));
  const withSlots = (template: string): string =>
    fillTemplate(template, { ...slots, N: capitalise(prompts[0]), n: prompts[0] });
  for (const sentence of relation.sentences)
    for (const style of styles.sentence) statements.add(style.replace('{s}', withSlots(sentence)));
  for (const question of relation.questions)
    for (const style of styles.question)
      statements.add(fillTemplate(style, { ...slots, q: withSlots(question) }));
  return { prompts, statements: [...statements], recalls: relation.thoughts };
}
