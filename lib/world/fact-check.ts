/** Checks rows of facts together: forms, what is taken twice, splits that relations demand, hops that lead somewhere. */
import { canonicalCaption } from './caption';
import { type Fact, type FactRow, LONGEST, factProblems } from './fact-row';
import { FEWEST_STATEMENTS, textOf, thoughtOf, unseenRelations } from './facts-text';
import { quote } from './shapes';

/** Of the problems of one row, so many are named. */
const MOST_OF_A_ROW = 10;

/** Where rows of several files meet: ids, subjects with relations, and prompts, each with its owner. */
export interface Taken {
  ids: Map<string, string>;
  asked: Map<string, string>;
  prompts: Map<string, string>;
}

export interface CheckedRows {
  facts: Fact[];
  /** `<file>: row <n> (<id>): <reasons>`. */
  problems: string[];
}

/** Checks the rows of a file and puts the good ones into words. */
export function checkRows(rows: readonly FactRow[], name: string, taken: Taken): CheckedRows {
  const facts: Fact[] = [];
  const problems: string[] = [];
  rows.forEach((row, index) => {
    const id: unknown = row?.id;
    const named =
      typeof id === 'string' && id.length <= LONGEST.id ? id : id === undefined ? 'no id' : quote(id);
    const where = `${name}: row ${index + 1} (${named})`;
    const wrong = factProblems(row);
    if (wrong.length === 0) {
      const { prompts, statements } = textOf(row.relation, row);
      if (statements.length < FEWEST_STATEMENTS)
        wrong.push(`${statements.length} statements, want at least ${FEWEST_STATEMENTS}`);
      const refined = canonicalCaption(row.scene);
      facts.push({ ...row, prompts, statements, refined, thought: thoughtOf(row, prompts[0], refined, 0) });
      for (const prompt of prompts) wrong.push(...claim(taken.prompts, prompt, row.id, `prompt "${prompt}"`));
    }
    if (typeof id === 'string') {
      wrong.push(...claim(taken.ids, id, name, 'id'));
      const asked = `${String(row.subject)}\n${String(row.relation)}`.toLowerCase();
      wrong.push(...claim(taken.asked, asked, id, 'subject with this relation'));
    }
    if (wrong.length > 0)
      problems.push(
        `${where}: ${wrong.slice(0, MOST_OF_A_ROW).join('; ')}` +
          (wrong.length > MOST_OF_A_ROW ? `; and ${wrong.length - MOST_OF_A_ROW} more` : ''),
      );
  });
  return { facts, problems };
}

/** Takes `key` for `owner`; a problem when it is taken. */
export function claim(owners: Map<string, string>, key: string, owner: string, what: string): string[] {
  const id = key.toLowerCase();
  const other = owners.get(id);
  if (other !== undefined) return [`${what} appears twice, also in ${other}, want it once (${quote(key)})`];
  owners.set(id, owner);
  return [];
}

export const nothingTaken = (): Taken => ({ ids: new Map(), asked: new Map(), prompts: new Map() });

/** Checks rows and puts them into words. `name` stands in errors. Throws on the first row that is no fact. */
export function buildFacts(rows: readonly FactRow[], name = 'facts'): Fact[] {
  const { facts, problems } = checkRows(rows, name, nothingTaken());
  if (problems.length > 0) throw new Error(problems[0]);
  return facts;
}

/** Takes what a fact of an earlier edition has. */
export function checkTaken(fact: Fact, { ids, asked, prompts }: Taken): void {
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
    if (target.via !== undefined) return [`${id}: via ${via} has two hops itself, want a fact of one hop`];
    if (target.subject !== bridge) return [`${id}: bridge is "${bridge}", want "${target.subject}"`];
    if (target.answer !== answer)
      return [`${id}: answer is "${answer}", but ${via} says "${target.answer}", want the same`];
    return [];
  });
}
