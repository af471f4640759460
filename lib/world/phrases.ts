/** The phrase tables that captions are read with: words in order, and what they mean. */
import { BACKGROUND_WORDS, TIME_WORDS } from './backgrounds';
import { CONCEPTS } from './concepts';
import { TURN_WORDS } from './figure-words';
import {
  Artist,
  Background,
  Colour,
  COLOURS,
  Count,
  Prop,
  Relation,
  Size,
  SIZES,
  Slot,
  TimeOfDay,
  Turn,
  TURNS,
} from './types';
import { NUMBER_WORDS, RELATION_WORDS, SLOT_WORDS, STYLE_WORDS } from './words';

export type Table<T> = readonly (readonly [words: string[], value: T])[];

/** Longest phrases first, so that 'at the top left' is tried before 'at the top'. */
function table<T>(entries: readonly (readonly [string, T])[]): Table<T> {
  return entries
    .map(([phrase, value]) => [phrase.split(' '), value] as const)
    .sort((a, b) => b[0].length - a[0].length);
}

function inverse<K extends string>(words: Record<K, string>): [string, K][] {
  return (Object.keys(words) as K[]).map((key) => [words[key], key]);
}

export const NUMBERS = table<Count>([
  ...([1, 2, 3, 4, 5] as const).map((n): [string, Count] => [NUMBER_WORDS[n], n]),
  ['a', 1],
  ['an', 1],
]);
export const SIZE = table<Size>(SIZES.map((size) => [size, size]));
export const COLOUR = table<Colour>(COLOURS.map((colour) => [colour, colour]));
export const SLOT = table<Slot>(inverse(SLOT_WORDS));
export const TURN = table<Turn>(TURNS.map((turn) => [TURN_WORDS[turn], turn]));
export const TIME = table<TimeOfDay>(inverse(TIME_WORDS));
export const STYLE = table<Artist>(inverse(STYLE_WORDS));
export const RELATION = table<Relation>(
  (Object.keys(RELATION_WORDS) as Relation[]).flatMap((relation) =>
    RELATION_WORDS[relation].map((words): [string, Relation] => [words, relation]),
  ),
);
const places = Object.keys(BACKGROUND_WORDS) as Background[];
export const WHERE = table<Background>(places.map((place) => [BACKGROUND_WORDS[place].where, place]));
export const NOUN = table<Background>(places.map((place) => [BACKGROUND_WORDS[place].noun, place]));

/** Concept phrases by their first word: the only table long enough to need it. */
export const NOUNS_BY_FIRST_WORD = new Map<string, { words: string[]; concept: string; plural: boolean }[]>();
for (const { name, plural } of CONCEPTS)
  for (const [phrase, isPlural] of [
    [name, false],
    [plural, true],
  ] as const) {
    const words = phrase.split(' ');
    NOUNS_BY_FIRST_WORD.set(words[0], [
      ...(NOUNS_BY_FIRST_WORD.get(words[0]) ?? []),
      { words, concept: name, plural: isPlural },
    ]);
  }

// The longest first: 'bowl of ice cream' before 'bowl'.
for (const nouns of NOUNS_BY_FIRST_WORD.values()) nouns.sort((a, b) => b.words.length - a.words.length);

/** Props whose phrase has no part that varies. */
export const PLAIN_PROPS: readonly (readonly [string[], Prop])[] = (
  [
    ['a glowing bulb wired to a battery', { name: 'bulb', on: true }],
    ['a dark bulb wired to a battery', { name: 'bulb', on: false }],
    ['a level seesaw', { name: 'seesaw', down: 'level' }],
    ['a seesaw tilted down on the left', { name: 'seesaw', down: 'left' }],
    ['a seesaw tilted down on the right', { name: 'seesaw', down: 'right' }],
    ['a glass of boiling water with steam', { name: 'glass', state: 'steam' }],
    ['a glass of ice', { name: 'glass', state: 'ice' }],
    ['a glass of water', { name: 'glass', state: 'water' }],
    ['a puddle of water', { name: 'puddle' }],
  ] as [string, Prop][]
).map(([phrase, prop]) => [phrase.split(' '), prop] as const);
