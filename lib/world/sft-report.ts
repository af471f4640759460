/** What SFT rows are like: how varied their thoughts are, and whether each says what it must and nothing that it must not. */
import type { EditionOptions } from './editions';
import { FACT_FAMILIES, type Fact, type FactFamily, loadFacts, splitOf } from './facts';
import { SHOW_SENTENCES, showsOf } from './facts-text';
import { hasWords } from './leakage';
import { parseCaption } from './parse';
import { normaliseScene } from './scene';
import type { SftRow } from './sft-rows';

export interface SftReport {
  rows: number;
  literal: number;
  /** Facts with at least one row, and rows of each family. */
  facts: number;
  families: Partial<Record<FactFamily, number>>;
  /** Thoughts (of facts, not of literal captions) with so many sentences. */
  sentences: Record<number, number>;
  /** Different first three words of a thought. */
  openings: number;
  /** Different thoughts once subject, answer, prompt, bridge and refined prompt are slots, and how many are alike. */
  skeletons: number;
  /** Share of thoughts whose skeleton another row of the same relation has too. */
  sameSkeleton: number;
  /** Mean over relations: different skeletons by rows. */
  skeletonsPerRow: number;
  /** Share of thoughts that occur twice word for word. */
  sameThought: number;
}

const byLength = (a: string, b: string): number => b.length - a.length || (a < b ? -1 : 1);

/** A thought with what is its fact's own replaced by slots. */
export function thoughtSkeleton(fact: Fact, { thought, refined }: SftRow): string {
  const slots: [string, string][] = [
    [refined, '{V}'],
    ...[...fact.prompts].sort(byLength).map((prompt): [string, string] => [prompt, '{N}']),
    [fact.subject, '{S}'],
    ...(fact.bridge === undefined ? [] : [[fact.bridge, '{B}'] as [string, string]]),
    [fact.answer, '{A}'],
  ];
  let text = thought;
  for (const [words, slot] of slots) text = replaceWords(text, words, slot);
  // What is said of the place of a thing: its noun differs, the sentence does not.
  return text.replace(/(usually shown|Pictures show|usual place for|I put) .*?\. /, '$1 {place}. ');
}

function replaceWords(text: string, words: string, slot: string): string {
  const lower = words.toLowerCase();
  let out = text;
  for (
    let at = out.toLowerCase().indexOf(lower);
    at >= 0;
    at = out.toLowerCase().indexOf(lower, at + slot.length)
  )
    out = out.slice(0, at) + slot + out.slice(at + words.length);
  return out;
}

/** Counts rows and the variety of their thoughts. */
export function sftReport(rows: readonly SftRow[], options: EditionOptions = {}): SftReport {
  const byId = new Map(loadFacts(options).map((fact) => [fact.id, fact]));
  const own = rows.flatMap((row) => (row.factId === undefined ? [] : [{ row, fact: byId.get(row.factId)! }]));
  const families = Object.fromEntries(
    FACT_FAMILIES.map((family) => [family, own.filter(({ fact }) => fact.family === family).length]).filter(
      ([, count]) => count !== 0,
    ),
  ) as SftReport['families'];
  const sentences: Record<number, number> = {};
  for (const { row } of own) {
    const count = row.thought.split(/[.?!] (?=[A-Z])/).length;
    sentences[count] = (sentences[count] ?? 0) + 1;
  }
  const skeletons = own.map(({ row, fact }) => `${fact.relation}\n${thoughtSkeleton(fact, row)}`);
  const times = countEach(skeletons);
  const relations = new Map<string, string[]>();
  for (const key of skeletons) {
    const [relation] = key.split('\n');
    relations.set(relation, [...(relations.get(relation) ?? []), key]);
  }
  const shares = [...relations.values()].map((keys) => new Set(keys).size / keys.length);
  const thoughts = countEach(own.map(({ row }) => row.thought));
  return {
    rows: rows.length,
    literal: rows.length - own.length,
    facts: new Set(own.map(({ fact }) => fact.id)).size,
    families,
    sentences,
    openings: new Set(own.map(({ row }) => row.thought.split(' ').slice(0, 3).join(' '))).size,
    skeletons: new Set(skeletons.map((key) => key.split('\n')[1])).size,
    sameSkeleton: skeletons.filter((key) => times.get(key)! > 1).length / Math.max(1, own.length),
    skeletonsPerRow: shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length),
    sameThought: own.filter(({ row }) => thoughts.get(row.thought)! > 1).length / Math.max(1, own.length),
  };
}

function countEach(values: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/** `<fact or row>: <reason>` of each row that is wrong: see the reasons. Empty when all can be learnt from. */
export function sftProblems(rows: readonly SftRow[], options: EditionOptions = {}): string[] {
  const facts = loadFacts(options);
  const byId = new Map(facts.map((fact) => [fact.id, fact]));
  const heldOut = facts
    .filter((fact) => splitOf(fact) !== 'sft')
    .map(({ id, subject, answer }) => ({ id, subject: subject.toLowerCase(), answer: answer.toLowerCase() }));
  return rows.flatMap((row, i) => {
    const fact = row.factId === undefined ? undefined : byId.get(row.factId);
    const reasons = [...rowProblems(row, fact), ...(fact ? tellsOthers(row, fact, heldOut) : [])];
    return reasons.map((reason) => `row ${i + 1} (${row.factId ?? 'literal'}): ${reason}`);
  });
}

function rowProblems({ prompt, thought, refined, factId }: SftRow, fact: Fact | undefined): string[] {
  const problems: string[] = [];
  const scene = parseCaption(refined);
  if (!scene) problems.push(`refined prompt "${refined}" is not in the caption grammar`);
  for (const [name, text] of Object.entries({ prompt, thought, refined }))
    // Sayings with a gap and rows of boards, in quotes, have dots of their own.
    if (/[{}<>]|\s\s|^\s|\s$|[.?!,:]\.|\bundefined\b/.test(text.replace(/"[^"]*"|'[^'a-z]*'/g, "''")))
      problems.push(`${name} is "${text}"`);
  if (factId === undefined) {
    if (prompt !== refined) problems.push(`literal prompt "${prompt}" became "${refined}"`);
    return problems;
  }
  if (!fact) return [...problems, 'fact is unknown'];
  if (splitOf(fact) !== 'sft') problems.push(`fact is of split ${splitOf(fact)}, want sft`);
  if (scene && JSON.stringify(normaliseScene(scene)) !== JSON.stringify(normaliseScene(fact.scene)))
    problems.push(`refined prompt "${refined}" is not the fact's scene`);
  const said = thought.toLowerCase();
  const names = [fact.subject, ...fact.prompts].map((words) => words.toLowerCase());
  if (!names.some((words) => said.includes(words)))
    problems.push(`thought "${thought}" does not name "${fact.subject}"`);
  for (const words of [fact.answer, ...(fact.bridge === undefined ? [] : [fact.bridge])])
    if (!said.includes(words.toLowerCase())) problems.push(`thought "${thought}" does not name "${words}"`);
  const shows = showsOf(fact.scene);
  const form = shows !== SHOW_SENTENCES && shows.some((show) => thought.endsWith(show));
  if (!thought.endsWith(`${refined}.`) && !form)
    problems.push(`thought "${thought}" does not end with the refined prompt or the form of the picture`);
  if (!fact.prompts.some((name) => prompt.toLowerCase().endsWith(name.toLowerCase())))
    problems.push(`prompt "${prompt}" is none of the fact's`);
  return problems;
}

/** Facts of other splits that a thought tells: their subject and their answer (in lower case) stand in it. */
function tellsOthers(
  { thought, refined }: SftRow,
  fact: Fact,
  heldOut: readonly { id: string; subject: string; answer: string }[],
): string[] {
  const said = thought.replace(refined, '').toLowerCase();
  const own = fact.subject.toLowerCase();
  // Not what the prompt itself says: "someone active late at night" is an owl.
  const told = heldOut.filter(
    ({ subject, answer }) =>
      said.includes(subject) &&
      !own.includes(subject) &&
      hasWords(said, subject) &&
      hasWords(said, answer) &&
      !hasWords(own, answer),
  );
  return told.map(
    ({ id, subject, answer }) => `tells ${id} ("${subject}", "${answer}") of split ${splitOf(id)}`,
  );
}
