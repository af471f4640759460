/** Training rows and prompts made from the splits: thoughts for SFT, prompts alone for RL and evaluation. */
import { join } from 'node:path';
import { RandomStream } from '../tensor';
import { captionOf } from './caption';
import { type EditionOptions, editionOf, FACT_DATA, readData, tierOf } from './editions';
import { type Fact, WISE_FAMILIES, factsOf, loadFacts, splitOf, thoughtCount, thoughtOf } from './facts';
import { randomScene } from './random-scene';
import type { Split } from './splits';
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
  rowsPerFact?: number;
  /** Share of rows whose prompt is a literal caption. */
  literal?: number;
  /** Concepts of the literal captions (default: the core's, all of them in the full edition). */
  tier?: Tier;
}

const ASKS = ['{n}', '{n}', '{n}', 'a picture of {n}', 'show {n}', '{N}'];

const LITERAL_THOUGHTS = [
  'The prompt already says what to draw. Keep it.',
  'This is a plain description. Nothing needs to be worked out.',
  'Everything is named already. Draw it as it is.',
];

/** SFT rows of the sft split (several phrasings and thoughts a fact) and of literal captions; deterministic. */
export function sftRows(options: SftOptions = {}): SftRow[] {
  const edition = editionOf(options);
  const { seed = 0, rowsPerFact = 10, literal = 0.15, tier = tierOf(edition) } = options;
  const rows = factsOf('sft', { edition }).flatMap((fact) =>
    rowsOf(fact, rowsPerFact, RandomStream.of(seed, 'sft', fact.id)),
  );
  const rng = RandomStream.of(seed, 'sft', 'literal');
  const extra = Math.round((rows.length * literal) / (1 - literal));
  for (let i = 0; i < extra; i++) {
    const caption = captionOf(randomScene(rng, { tier }), rng);
    rows.push({ prompt: caption, thought: rng.pick(LITERAL_THOUGHTS), refined: caption });
  }
  return RandomStream.of(seed, 'sft', 'order').shuffle(rows);
}

function rowsOf(fact: Fact, count: number, rng: RandomStream): SftRow[] {
  const variants = rng.shuffle([...Array(thoughtCount(fact.relation)).keys()]);
  const first = rng.int(fact.prompts.length);
  const rows: SftRow[] = [];
  for (let i = 0; i < count; i++) {
    const name = fact.prompts[(first + i) % fact.prompts.length];
    // A name that is a picture already ("a view of ...") is not asked for as a picture of a view.
    const ask = /^(a|one) (picture|view|photo|close|example)/.test(name) ? '{n}' : rng.pick(ASKS);
    const prompt = ask.replace('{n}', name).replace('{N}', name.charAt(0).toUpperCase() + name.slice(1));
    const thought = thoughtOf(fact, name, fact.refined, variants[i % variants.length]);
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
