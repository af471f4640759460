/** Training rows and prompts made from the splits: thoughts for SFT, prompts alone for RL and evaluation. */
import { join } from 'node:path';
import { RandomStream } from '../tensor';
import { canonicalCaption, captionOf } from './caption';
import { type EditionOptions, editionOf, FACT_DATA, readData, tierOf } from './editions';
import { type Fact, WISE_FAMILIES, factsOf, loadFacts, splitOf, thoughtCount, thoughtOf } from './facts';
import { capitalise } from './facts-text';
import { randomNamed } from './named-things';
import { randomFigureScene } from './random-figures';
import { randomScene } from './random-scene';
import type { Split } from './splits';
import { namedThought, recallTemplates, variedThought } from './thoughts';
import type { Criteria, SceneSpec, Tier } from './types';

export interface SftRow {
  prompt: string;
  thought: string;
  refined: string;
  /** Absent for prompts that are literal captions already. */
  factId?: string;
}

/** A raw prompt with what its picture is marked by. */
export interface FactPrompt {
  prompt: string;
  factId: string;
  family: string;
  scene: SceneSpec;
  criteria: Criteria;
  /** Reference texts; for baselines and display, never shown to a model in evaluation. */
  thought: string;
  refined: string;
}

export interface SftOptions extends EditionOptions {
  seed?: number;
  /** Most rows of a fact (10). */
  rowsPerFact?: number;
  /**
   * Rows in all, literal ones included (core: no limit, full: 3,000; Infinity gives all). Every fact has one row before
   * any has two, and then the families with the fewest rows get more. The rows of a smaller limit are among those of a
   * larger one.
   */
  limit?: number;
  /** Share of rows whose prompt is a literal caption (0.15). */
  literal?: number;
  /**
   * Share of the facts' thoughts that begin by repeating what is asked (full edition; 0). A small model that does not
   * repeat it takes up another subject. Facts of two hops are left out: their thoughts name both.
   */
  restate?: number;
  /** Rows whose prompt names a thing in common words, and whose thought leads to its picture; beside the others (0). */
  named?: number;
  /** Concepts of the literal captions (default: the core's, all of them in the full edition). */
  tier?: Tier;
}

/** Rows of the full edition when nothing else is said. */
export const SFT_LIMIT = 3000;

/** How a raw prompt is asked for: as it stands, or in a request. */
const ASKS = ['{n}', '{n}', '{n}', 'a picture of {n}', 'show {n}', '{N}'];
const MORE_ASKS = [...ASKS, '{n}', 'draw {n}', 'an image of {n}', 'please show {n}'];
/** Words before a raw prompt in training. */
export const ASK_WORDS = [...new Set(MORE_ASKS.map((ask) => ask.replace(/\{[nN]\}/, '')))];

const LITERAL_THOUGHTS = [
  'The prompt already says what to draw. Keep it.',
  'This is a plain description. Nothing needs to be worked out.',
  'Everything is named already. Draw it as it is.',
];
const MORE_LITERAL_THOUGHTS = [
  ...LITERAL_THOUGHTS,
  'No riddle here: the words are the picture. They stay.',
  'There is nothing to recall. The description can be drawn.',
  'All that the picture needs is said. I repeat it.',
  'Things, place and style are given. I change nothing.',
  'It is said plainly what is seen. Draw just that.',
];

/** Panels and mazes take half a context, and a literal row says its caption twice. */
const SHORT_FIGURES = { panels: 0, maze: 0 };

/**
 * SFT rows of the sft split and of literal captions; deterministic. The core's rows have the three recall sentences of
 * their relation and are all given; those of the full edition have more forms of thought (see thoughts.ts).
 * Throws when an option is out of range.
 */
export function sftRows(options: SftOptions = {}): SftRow[] {
  const edition = editionOf(options);
  const full = edition === 'full';
  const {
    seed = 0,
    rowsPerFact = 10,
    literal = 0.15,
    restate = 0,
    named = 0,
    tier = tierOf(edition),
  } = options;
  const { limit = full ? SFT_LIMIT : Infinity } = options;
  if (!(limit >= 1)) throw new Error(`sftRows: limit is ${limit}, want at least 1 row`);
  if (!(literal >= 0 && literal < 1))
    throw new Error(`sftRows: literal is ${literal}, want 0 or more and less than 1`);
  if (!(restate >= 0 && restate <= 1)) throw new Error(`sftRows: restate is ${restate}, want 0 to 1`);
  if (restate > 0 && !full)
    throw new Error('sftRows: the rows of the core stay as they are, restate must be 0');
  if (!(Number.isInteger(named) && named >= 0))
    throw new Error(`sftRows: named is ${named}, want an integer of 0 or more`);
  const facts = factsOf('sft', options);
  const counts = allotRows(facts, Math.round(limit * (1 - literal)), rowsPerFact);
  const rows = facts.flatMap((fact) =>
    rowsOf(fact, counts.get(fact.id)!, { rng: RandomStream.of(seed, 'sft', fact.id), full, restate }),
  );
  const rng = RandomStream.of(seed, 'sft', 'literal');
  const extra = Math.round((rows.length * literal) / (1 - literal));
  for (let i = 0; i < extra; i++) {
    const scene =
      full && i % 4 === 3
        ? randomFigureScene(rng, { tier, weights: SHORT_FIGURES })
        : randomScene(rng, { tier });
    const caption = captionOf(scene, rng);
    const thought = rng.pick(full ? MORE_LITERAL_THOUGHTS : LITERAL_THOUGHTS);
    rows.push({ prompt: caption, thought, refined: caption });
  }
  rows.push(...namedRows(named, { rng: RandomStream.of(seed, 'sft', 'named'), tier }));
  return RandomStream.of(seed, 'sft', 'order').shuffle(rows);
}

function namedRows(count: number, { rng, tier }: { rng: RandomStream; tier: Tier }): SftRow[] {
  return Array.from({ length: count }, () => {
    const { said, scene } = randomNamed(rng, { tier });
    const prompt = askFor(said, rng.pick(MORE_ASKS));
    const refined = canonicalCaption(scene);
    return { prompt, thought: namedThought({ said, prompt, scene, refined }, rng), refined };
  });
}

function askFor(name: string, ask: string): string {
  return ask.replace('{n}', () => name).replace('{N}', () => capitalise(name));
}

/** How many rows each fact has: one each if there are enough, the others to the families that have the fewest. */
function allotRows(facts: readonly Fact[], total: number, most: number): Map<string, number> {
  const counts = new Map(facts.map(({ id }) => [id, total >= facts.length * most ? most : 0]));
  if (total >= facts.length * most) return counts;
  const families = [...new Set(facts.map(({ family }) => family))].map((family) => {
    const ids = facts.filter((fact) => fact.family === family).map(({ id }) => id);
    return { ids, rows: 0 };
  });
  const give = (family: (typeof families)[number]): void => {
    const id = family.ids[family.rows % family.ids.length];
    counts.set(id, counts.get(id)! + 1);
    family.rows += 1;
  };
  let left = total;
  if (left >= facts.length) {
    for (const family of families) while (family.rows < family.ids.length) give(family);
    left -= facts.length;
  }
  for (; left > 0; left--) {
    const open = families.filter(({ ids, rows }) => rows < ids.length * most);
    give(open.reduce((least, family) => (family.rows < least.rows ? family : least)));
  }
  return counts;
}

function rowsOf(
  fact: Fact,
  count: number,
  { rng, full, restate }: { rng: RandomStream; full: boolean; restate: number },
): SftRow[] {
  const thoughts = full ? recallTemplates(fact).length : thoughtCount(fact.relation);
  const variants = rng.shuffle([...Array(thoughts).keys()]);
  const first = rng.int(fact.prompts.length);
  const rows: SftRow[] = [];
  for (let i = 0; i < count; i++) {
    const name = fact.prompts[(first + i) % fact.prompts.length];
    // A name that is a picture already ("a view of ...") is not asked for as a picture of a view.
    const ask = /^(a|one) (picture|view|photo|close|example)/.test(name)
      ? '{n}'
      : rng.pick(full ? MORE_ASKS : ASKS);
    const prompt = askFor(name, ask);
    const variant = variants[i % variants.length];
    const thought = full
      ? variedThought(fact, name, { variant, restate: restate > 0 && rng.uniform() < restate, rng })
      : thoughtOf(fact, name, fact.refined, variant);
    rows.push({ prompt, thought, refined: fact.refined, factId: fact.id });
  }
  return rows;
}

/** Every raw prompt of a split, with criteria. */
export function promptsOf(split: Split, options: EditionOptions = {}): FactPrompt[] {
  return factsOf(split, options).flatMap((fact) => fact.prompts.map((prompt) => toPrompt(fact, prompt)));
}

/** Prompts of the RL split: criteria but no thoughts to copy. */
export function rlPrompts(options: EditionOptions = {}): FactPrompt[] {
  return promptsOf('rl', options);
}

function toPrompt(fact: Fact, prompt: string): FactPrompt {
  const { id: factId, family, scene, criteria, thought, refined } = fact;
  return { prompt, factId, family, scene, criteria, thought, refined };
}

/** The six held-out prompts of the main job, one of each WISE family, as data/showcase.json lists them. */
export function pickShowcase(): FactPrompt[] {
  const file = join(FACT_DATA, '..', 'showcase.json');
  const wanted = readData(file) as { factId: string; prompt: string }[];
  const byId = new Map(loadFacts().map((fact) => [fact.id, fact]));
  const picked = wanted.map(({ factId, prompt }) => {
    const fact = byId.get(factId);
    if (!fact) throw new Error(`data/showcase.json: fact "${factId}" is unknown`);
    if (splitOf(fact) !== 'test')
      throw new Error(`data/showcase.json: ${factId} is in split ${splitOf(fact)}, want test`);
    if (!fact.prompts.includes(prompt))
      throw new Error(
        `data/showcase.json: "${prompt}" is no prompt of ${factId}, want one of ${fact.prompts.join(' | ')}`,
      );
    return toPrompt(fact, prompt);
  });
  const families = picked.map(({ family }) => family);
  for (const family of WISE_FAMILIES)
    if (families.filter((name) => name === family).length !== 1)
      throw new Error(`data/showcase.json: ${family} is not there exactly once`);
  return picked;
}
