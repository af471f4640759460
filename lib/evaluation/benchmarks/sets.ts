/**
 * Our own benchmark sets, built from the test split of the full edition and from the edit pairs for testing: the same
 * items in the same order every time.
 */
import { RandomStream } from '../../tensor';
import { editPrompt, factsOf } from '../../world';
import type { Fact } from '../../world';
import { WISE_CATEGORIES, wiseCategoryOf } from '../wiscore';
import { testEdits } from './edit-source';
import { T2I_DIMENSIONS } from './formulas';
import { questionsOf } from './questions';
import { BENCHMARKS } from './types';
import type { BenchmarkItem, BenchmarkName } from './types';

export interface ItemOptions {
  /** Most items; an even spread over categories and, within them, over sub-domains. Default all. */
  limit?: number;
  /** Which items a limit takes. It does not change the set. Default 0. */
  seed?: number;
}

/** How a set is made of facts. */
interface FactPlan {
  /** The category of a fact, or undefined when it is not of the set. */
  categoryOf(fact: Fact): string | undefined;
  subDomainOf(fact: Fact): string;
  /** The order of the categories; others follow by name. */
  order: readonly string[];
  /** A category asks about every fact once, then in other words until it has so many prompts. */
  atLeast: number;
}

const PLANS: Record<Exclude<BenchmarkName, 'rise-like'>, FactPlan> = {
  'wise-like': {
    categoryOf: ({ family }) => wiseCategoryOf(family),
    subDomainOf: ({ subDomain }) => subDomain,
    order: WISE_CATEGORIES,
    atLeast: 100,
  },
  'reason-like': {
    categoryOf: ({ family }) => T2I_DIMENSIONS.find((dimension) => dimension === family),
    subDomainOf: ({ subDomain }) => subDomain,
    order: T2I_DIMENSIONS,
    atLeast: 120,
  },
  // All prompts there are: one family each, told apart by sub-domain and relation.
  maths: {
    categoryOf: ({ family, subDomain }) => (family === 'maths' ? subDomain : undefined),
    subDomainOf: ({ relation }) => relation,
    order: [],
    atLeast: Infinity,
  },
  story: {
    categoryOf: ({ family, subDomain }) => (family === 'story' ? subDomain : undefined),
    subDomainOf: ({ relation }) => relation,
    order: [],
    atLeast: Infinity,
  },
};

/**
 * The items of a set.
 * @throws for an unknown name, and for a limit that is not a positive integer
 */
export function benchmarkItems(name: BenchmarkName, options: ItemOptions = {}): BenchmarkItem[] {
  const { limit, seed = 0 } = options;
  if (!BENCHMARKS.includes(name))
    throw new Error(`benchmark is "${String(name)}", want one of ${BENCHMARKS.join(', ')}`);
  if (limit !== undefined && !(Number.isInteger(limit) && limit > 0))
    throw new RangeError(`benchmark ${name}: limit is ${limit}, want a positive integer`);
  const items = name === 'rise-like' ? editItems() : factItems(name, factsOf('test', { edition: 'full' }));
  return limit === undefined ? items : spread(items, limit, seed);
}

/** The items of a set that is made of facts; every fact is asked about once before any is asked about twice. */
export function factItems(
  benchmark: Exclude<BenchmarkName, 'rise-like'>,
  facts: readonly Fact[],
): BenchmarkItem[] {
  const plan = PLANS[benchmark];
  const byCategory = new Map<string, Fact[]>(plan.order.map((category) => [category, []]));
  const named = facts.map((fact) => ({ fact, category: plan.categoryOf(fact) }));
  const others = named.flatMap(({ category }) => (category && !byCategory.has(category) ? [category] : []));
  for (const category of [...new Set(others)].sort()) byCategory.set(category, []);
  for (const { fact, category } of named) if (category) byCategory.get(category)!.push(fact);
  return [...byCategory].flatMap(([category, members]) => {
    const items: BenchmarkItem[] = [];
    const turns = Math.max(0, ...members.map(({ prompts }) => prompts.length));
    for (let turn = 0; turn < turns; turn++)
      for (const fact of members)
        if (turn === 0 || (turn < fact.prompts.length && items.length < plan.atLeast))
          items.push({
            id: `${benchmark}/${fact.id}/${turn + 1}`,
            benchmark,
            category,
            subDomain: plan.subDomainOf(fact),
            prompt: promptAt(fact, turn),
            criteria: questionsOf(fact.criteria),
            factId: fact.id,
            scene: fact.scene,
          });
    return items;
  });
}

/** Facts of a relation share their templates, so each begins with another of them. */
function promptAt({ id, prompts }: Fact, turn: number): string {
  const first = RandomStream.of(0, 'benchmark', id).int(prompts.length);
  return prompts[(first + turn) % prompts.length];
}

function editItems(): BenchmarkItem[] {
  return testEdits().map(({ id, kind, template, before, instructions, after, criteria }) => ({
    id: `rise-like/${id}`,
    benchmark: 'rise-like',
    category: kind,
    subDomain: template,
    prompt: editPrompt({ before, instructions }),
    criteria: questionsOf(criteria),
    editId: id,
    scene: after,
    edit: { before, instruction: instructions[0] },
  }));
}

/**
 * `limit` items (all, when there are fewer) in the order of the set. Categories take turns; in a category first
 * phrasings come before second ones, and among these its sub-domains take turns.
 */
function spread(items: readonly BenchmarkItem[], limit: number, seed: number): BenchmarkItem[] {
  const places = RandomStream.of(seed, 'benchmark', 'limit').shuffle(items.map((_, place) => place));
  const turnOf = new Map<string, number>();
  const asked = new Map<string, number>();
  for (const { id, factId, editId } of items) {
    const cluster = factId ?? editId ?? id;
    turnOf.set(id, asked.get(cluster) ?? 0);
    asked.set(cluster, (asked.get(cluster) ?? 0) + 1);
  }
  const byTurn = (some: readonly number[]): number[] =>
    [...some].sort((a, b) => turnOf.get(items[a].id)! - turnOf.get(items[b].id)!);
  const bySubDomain = ranked(byTurn(places), (p) => `${items[p].category}\n${items[p].subDomain}`);
  return ranked(byTurn(bySubDomain), (place) => items[place].category)
    .slice(0, limit)
    .sort((a, b) => a - b)
    .map((place) => items[place]);
}

/** The firsts of all groups, then the seconds, and so on; within these the given order. */
function ranked(places: readonly number[], groupOf: (place: number) => string): number[] {
  const seen = new Map<string, number>();
  const rank = new Map<number, number>();
  for (const place of places) {
    const group = groupOf(place);
    rank.set(place, seen.get(group) ?? 0);
    seen.set(group, (seen.get(group) ?? 0) + 1);
  }
  return [...places].sort((a, b) => rank.get(a)! - rank.get(b)!);
}

/** How many items, and facts or edits, every category of a set has; the sub-domains by name. */
export function countItems(
  items: readonly BenchmarkItem[],
): { category: string; items: number; clusters: number; subDomains: string[] }[] {
  return [...new Set(items.map(({ category }) => category))].map((category) => {
    const own = items.filter((item) => item.category === category);
    return {
      category,
      items: own.length,
      clusters: new Set(own.map(({ factId, editId }) => factId ?? editId)).size,
      subDomains: [...new Set(own.map(({ subDomain }) => subDomain))].sort(),
    };
  });
}
