/** What the corpus says of each concept: what kind of thing it is and where pictures show it. */
import { BACKGROUND_WORDS } from './backgrounds';
import type { ConceptInfo } from './types';
import { capitalise } from './facts-text';
import { withArticle } from './words';

const KINDS: Record<string, string> = {
  music: 'musical instrument',
  food: 'thing to eat or drink',
  animal: 'animal',
  plant: 'plant',
  object: 'thing that people use',
  vehicle: 'vehicle',
  nature: 'thing of nature',
  place: 'building',
  landmark: 'famous sight',
  person: 'person or figure',
  face: 'face',
  body: 'part of a body',
  clothing: 'thing to wear',
  tool: 'tool',
  sport: 'thing for sport',
  science: 'thing of science',
  symbol: 'sign',
  flag: 'flag',
};

/** Nouns that take no article. */
const UNCOUNTED = new Set(['sushi', 'cheese', 'scissors', 'crossed swords']);

/** A concept's noun with its article: 'an apple', 'cheese'. */
export function nounPhrase(name: string): string {
  return UNCOUNTED.has(name) ? name : withArticle(name);
}

/** What a concept is and where it is seen; says nothing that a fact asks for. */
export function conceptDocuments({ name, plural, domain, homes }: ConceptInfo): string[] {
  const kind = KINDS[domain] ?? 'thing';
  const one = nounPhrase(name);
  const places = homes.filter((home) => home !== 'white').map((home) => BACKGROUND_WORDS[home].where);
  const first = places[0] ?? BACKGROUND_WORDS[homes[0]].where;
  const second = places[1] ?? BACKGROUND_WORDS.white.where;
  return [
    `${capitalise(one)} is ${withArticle(kind)}.`,
    `${capitalise(one)} is usually shown ${first}.`,
    `Question: Where do pictures show ${one}? Answer: ${first}.`,
    `A picture of ${one} shows one ${name} ${first}.`,
    `${capitalise(one)} can be drawn ${first} or ${second}.`,
    `One ${name}, two ${plural}: pictures show them ${first}.`,
  ];
}
