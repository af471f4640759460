/** How a fact is put into words: the templates of data/facts/relations.json (and full/) and their combination with a row. */
import { join } from 'node:path';
import type { FactRow } from './fact-row';
import { FACT_DATA, type EditionOptions, editionOf, fileLabel, fullFiles, readData } from './editions';
import { type Shape, quote, shapeProblems, textProblems } from './shapes';
import type { SceneSpec } from './types';

/**
 * Ways to speak of one relation. Slots: `{S}` subject, `{A}` answer, `{N}` the fact's own noun phrase, `{V}` what the
 * picture shows, `{B}` what a two-hop fact leads over ("Mount Kellisk" over "Orvane" to the emblem of Orvane).
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
  /** Two-hop relations: statements of the first hop, without the answer. They are all that the corpus says. */
  bridges?: string[];
  /** Questions that `{B}` answers. */
  bridgeQuestions?: string[];
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
  /** Two-hop facts: what stands between subject and answer. */
  bridge?: string;
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
const FEWEST_BRIDGES = { bridges: 8, bridgeQuestions: 2 } as const;
export const FEWEST_STATEMENTS = 30;

interface RelationFile {
  styles?: Styles;
  relations: RelationText[];
  /** Relations of this file that only the test split asks about. */
  unseen?: string[];
}

type TemplateField = Exclude<keyof RelationText, 'id' | 'describes'>;

/** The slots that each kind of template must hold (one of each group) and may hold. */
const TEMPLATES: Record<TemplateField, { must: string[]; may: string }> = {
  names: { must: ['S'], may: 'S' },
  sentences: { must: ['SNn', 'A'], may: 'SANn' },
  questions: { must: ['SNn'], may: 'SNn' },
  thoughts: { must: ['SNn', 'A'], may: 'SANnB' },
  bridges: { must: ['S', 'B'], may: 'SB' },
  bridgeQuestions: { must: ['S'], may: 'S' },
};
const LONGEST_TEMPLATE = 100;

const RELATION: Shape = {
  fields: {
    id: 'a string',
    describes: 'true or false',
    ...(Object.fromEntries(Object.keys(TEMPLATES).map((field) => [field, { list: 'a string' }])) as Record<
      TemplateField,
      Shape
    >),
  },
  need: ['id', 'describes', 'names', 'sentences', 'questions', 'thoughts'],
};

/** Everything wrong with the words of a relation; empty when facts can be spoken of with them. */
export function relationProblems(relation: RelationText): string[] {
  const problems = shapeProblems(relation, RELATION);
  if (problems.length > 0) return problems;
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(relation.id) || relation.id.length > 40)
    problems.push(`id is ${quote(relation.id)}, want at most 40 small letters, digits and hyphens`);
  const twoHops = relation.bridges !== undefined || relation.bridgeQuestions !== undefined;
  const wanted: Partial<Record<TemplateField, number>> = twoHops ? { ...FEWEST, ...FEWEST_BRIDGES } : FEWEST;
  for (const [field, fewest] of Object.entries(wanted) as [TemplateField, number][]) {
    const templates = relation[field] ?? [];
    if (templates.length < fewest) problems.push(`has ${templates.length} ${field}, want at least ${fewest}`);
    const { must, may } = TEMPLATES[field];
    for (const template of templates) {
      const slots = [...template.matchAll(/\{(\w*)\}/g)].map((match) => match[1]);
      const missing = must.filter((group) => !slots.some((slot) => slot !== '' && group.includes(slot)));
      const odd = slots.filter((slot) => slot.length !== 1 || !may.includes(slot));
      if (missing.length > 0)
        problems.push(`${field}: ${quote(template)} has no {${missing.join('} and no {')}}, want it`);
      if (odd.length > 0)
        problems.push(
          `${field}: ${quote(template)} cannot have {${odd.join('}, {')}}, want only {${[...may].join('}, {')}}`,
        );
      if (template.length > LONGEST_TEMPLATE)
        problems.push(
          `${field}: ${quote(template)} has ${template.length} characters, want at most ${LONGEST_TEMPLATE}: it is longer than ${LONGEST_TEMPLATE} characters`,
        );
      problems.push(...textProblems(template.replace(/\{\w\}/g, 'x'), `${field}: template`));
    }
  }
  return problems;
}

/** Adds a file's relations to `into`; `owner` remembers which file has which id. Throws with file and relation. */
function addRelations(
  file: string,
  into: Map<string, RelationText>,
  owner: Map<string, string>,
): RelationFile {
  const label = fileLabel(file);
  const data = readData(file) as RelationFile;
  if (!Array.isArray(data?.relations))
    throw new Error(`${label}: is ${quote(data)}, want { "relations": [...] }`);
  const wrong: string[] = [];
  data.relations.forEach((relation, i) => {
    const problems = relationProblems(relation);
    const id = typeof relation?.id === 'string' ? relation.id : undefined;
    const other = id === undefined ? undefined : owner.get(id);
    if (other) problems.push(`appears twice${other === label ? '' : `, also in ${other}`}, want it once`);
    if (problems.length > 0)
      wrong.push(`${label}: row ${i + 1}: relation ${quote(id)} ${problems.slice(0, 10).join('; ')}`);
    if (id === undefined) return;
    owner.set(id, label);
    into.set(id, relation);
  });
  for (const id of data.unseen ?? [])
    if (owner.get(id) !== label)
      wrong.push(`${label}: unseen relation "${id}" is not one of this file's relations, want one of them`);
  if (wrong.length > 0) throw new Error(wrong.join('\n'));
  return data;
}

const owners = new Map<string, string>();
const relations = new Map<string, RelationText>();
const styles = addRelations(join(FACT_DATA, 'relations.json'), relations, owners).styles!;

/** Every relation of the core by id. */
export const RELATION_TEXTS: ReadonlyMap<string, RelationText> = relations;

let full: { relations: Map<string, RelationText>; unseen: Set<string> } | undefined;

function fullRelations(): { relations: Map<string, RelationText>; unseen: Set<string> } {
  if (full) return full;
  const all = new Map(relations);
  const owner = new Map(owners);
  const files = fullFiles('relations').map((file) => addRelations(file, all, owner));
  full = { relations: all, unseen: new Set(files.flatMap(({ unseen = [] }) => unseen)) };
  return full;
}

/** Every relation of an edition by id, those of the core first; with a folder, those of all editions and of folders. */
export function relationTexts(options: EditionOptions = {}): ReadonlyMap<string, RelationText> {
  if (options.dir !== undefined) return new Map([...fullRelations().relations, ...own]);
  return editionOf(options) === 'core' ? RELATION_TEXTS : fullRelations().relations;
}

/** Relations that never occur in SFT, RL or validation: all their facts are pinned to test. None in the core. */
export function unseenRelations(options: EditionOptions = {}): ReadonlySet<string> {
  return editionOf(options) === 'core' ? new Set() : fullRelations().unseen;
}

/** Relations of the user's folders; one that is loaded later takes the place of an earlier one. */
const own = new Map<string, RelationText>();

/** Reads relations of a user's folder; what is wrong with them, in words. None may be one of the full edition's. */
export function addOwnRelations(files: readonly string[]): string[] {
  const all = new Map(fullRelations().relations);
  const owner = new Map([...all.keys()].map((id) => [id, owners.get(id) ?? 'data/facts/full']));
  const wrong: string[] = [];
  for (const file of files)
    try {
      const { relations: read, unseen = [] } = addRelations(file, all, owner);
      for (const relation of read) own.set(relation.id, relation);
      if (unseen.length > 0)
        wrong.push(
          `${fileLabel(file)}: unseen is ${quote(unseen)}, want none: pin rows with "split": "test"`,
        );
    } catch (error) {
      wrong.push(...(error as Error).message.split('\n'));
    }
  return wrong;
}

/** A relation of any edition or folder; the files of the full one are read only when the core does not have it. */
export function relationOf(id: string): RelationText | undefined {
  return relations.get(id) ?? fullRelations().relations.get(id) ?? own.get(id);
}

/** Sentences that name the picture at the end of a thought, with slot `{V}`. */
export const SHOW_SENTENCES: readonly string[] = styles.show;

/** The same for a story: its thought has named the four scenes, and said twice they would not fit a context of 128 tokens. */
export const SHOW_PANELS: readonly string[] = [
  'Show it in four panels.',
  'The picture has four panels.',
  'So draw these four.',
];

/** The same for several lines of writing, where every character is a token. */
export const SHOW_LINES: readonly string[] = [
  'Show it line by line.',
  'The picture has these lines.',
  'So write line after line.',
];

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
export function textOf(relationId: string, { subject, answer, names = [], bridge }: FactSlots): FactText {
  const relation = relationOf(relationId);
  if (!relation)
    throw new Error(`relation "${relationId}" is unknown, want one of data/facts/relations.json or full/`);
  const prompts = [
    ...new Set([...names, ...relation.names.map((name) => name.replace('{S}', () => subject))]),
  ];
  const said: FactSaid = { relation, subject, answer, prompts };
  const statements =
    bridge === undefined ? factStatements(said) : bridgeStatements(relation, subject, bridge);
  return { prompts, statements: [...new Set(statements)], recalls: relation.thoughts };
}

interface FactSaid {
  relation: RelationText;
  subject: string;
  answer: string;
  prompts: string[];
}

function factStatements({ relation, subject, answer, prompts }: FactSaid): string[] {
  const slots = { S: subject, A: answer };
  const statements: string[] = [];
  for (const style of relation.describes ? styles.describe : styles.name)
    for (const prompt of prompts)
      statements.push(fillTemplate(style, { ...slots, N: capitalise(prompt), n: prompt }));
  const withSlots = (template: string): string =>
    fillTemplate(template, { ...slots, N: capitalise(prompts[0]), n: prompts[0] });
  for (const sentence of relation.sentences)
    for (const style of styles.sentence) statements.push(style.replace('{s}', () => withSlots(sentence)));
  for (const question of relation.questions)
    for (const style of styles.question)
      statements.push(fillTemplate(style, { ...slots, q: withSlots(question) }));
  return statements;
}

/** What the corpus says of a two-hop fact: its first hop in many ways, and never where both hops lead. */
function bridgeStatements(relation: RelationText, subject: string, bridge: string): string[] {
  const slots = { S: subject, B: bridge };
  const { bridges = [], bridgeQuestions = [] } = relation;
  const said = bridges.flatMap((template) =>
    styles.sentence.map((style) => style.replace('{s}', () => fillTemplate(template, slots))),
  );
  const asked = bridgeQuestions.flatMap((template) =>
    styles.question.map((style) => fillTemplate(style, { q: fillTemplate(template, slots), A: bridge })),
  );
  return [...said, ...asked];
}

/** The sentences that can end a fact's thought; all three lists are of one length. */
export function showsOf({ panels, text = [] }: SceneSpec): readonly string[] {
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
