/** The table of things that can be drawn: code point, caption noun, plural, domain, artists, natural backgrounds. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConceptInfo, Tier } from './types';

/** Where the world's tables and atlas lie, from the sources (lib/world) and from a build (dist/world) alike. */
export const WORLD_DATA = join(__dirname, '..', '..', 'data', 'world');

/** Every concept of every tier, the core first. What can be named, parsed and drawn; not what is drawn by default. */
export const CONCEPTS: readonly ConceptInfo[] = JSON.parse(
  readFileSync(join(WORLD_DATA, 'concepts.json'), 'utf8'),
) as ConceptInfo[];

/**
 * The tier that random scenes, the corpus and new judges stop at when nothing else is said: 0, the core of 133
 * concepts, so that what was trained and tested on it stays as it is. Larger worlds are asked for by tier.
 */
export const DEFAULT_TIER: Tier = 0;

/** The concepts of a tier and of those before it; the default tier's rows are a prefix of every larger tier's. */
export function conceptsUpTo(tier: Tier = DEFAULT_TIER): readonly ConceptInfo[] {
  return CONCEPTS.filter((concept) => concept.tier <= tier);
}

/** Their caption nouns. */
export function conceptNames(tier: Tier = DEFAULT_TIER): readonly string[] {
  return conceptsUpTo(tier).map(({ name }) => name);
}

const byName = new Map(CONCEPTS.map((concept) => [concept.name, concept]));

export function hasConcept(name: string): boolean {
  return byName.has(name);
}

/** The concept with a caption noun; throws with the nearest names when there is none. */
export function conceptOf(name: string): ConceptInfo {
  const concept = byName.get(name);
  if (!concept)
    throw new Error(
      `unknown concept "${name}", nearest: ${nearestNames(name)
        .map((near) => `"${near}"`)
        .join(', ')}`,
    );
  return concept;
}

/** The `count` concept names with the smallest edit distance to `name`. */
export function nearestNames(name: string, count = 3): string[] {
  const wanted = name.slice(0, 60).toLowerCase();
  return CONCEPTS.map((concept) => ({
    name: concept.name,
    distance: Math.min(editDistance(wanted, concept.name), editDistance(wanted, concept.plural)),
  }))
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, count)
    .map((near) => near.name);
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    row = next;
  }
  return row[b.length];
}
