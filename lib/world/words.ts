/** The words of captions: numbers, sizes, slots, styles, and how props are said. Shared by the writer and the reader of captions. */
import { BACKGROUND_WORDS, TIME_WORDS } from './backgrounds';
import { conceptsUpTo, DEFAULT_TIER } from './concepts';
import { Artist, COLOURS, Count, Prop, Relation, SIZES, Slot, Tier } from './types';

export const NUMBER_WORDS: Record<Count, string> = { 1: 'one', 2: 'two', 3: 'three', 4: 'four', 5: 'five' };

/**
 * What an artist's hand is called: noto shades softly, fluent draws chunky round shapes, twemoji draws flat
 * shapes without outline, emojione (EmojiTwo) draws fine detail. The held-out artist has no word.
 */
export const STYLE_WORDS: Record<Artist, string> = {
  noto: 'soft',
  fluent: 'round',
  twemoji: 'flat',
  emojione: 'detailed',
};

export const SLOT_WORDS: Record<Slot, string> = {
  centre: 'in the middle',
  left: 'on the left',
  right: 'on the right',
  top: 'at the top',
  bottom: 'at the bottom',
  'top-left': 'at the top left',
  'top-right': 'at the top right',
  'bottom-left': 'at the bottom left',
  'bottom-right': 'at the bottom right',
};

/** The first is what the canonical caption says. */
export const RELATION_WORDS: Record<Relation, readonly string[]> = {
  beside: ['beside', 'next to'],
  above: ['above', 'over'],
  below: ['below', 'under'],
  'left of': ['left of'],
  'right of': ['right of'],
};

/** By sound: an hourglass, a unicorn, a euro note. */
export function withArticle(words: string): string {
  const vowel = /^(hour|[aeiou])/.test(words) && !/^(uni|eu|one)/.test(words);
  return `${vowel ? 'an' : 'a'} ${words}`;
}

/** 'a', 'a and b', 'a, b and c'. */
export function joinList(parts: readonly string[]): string {
  return parts.length < 2
    ? parts.join('')
    : `${parts.slice(0, -1).join(', ')} and ${parts[parts.length - 1]}`;
}

/** A prop as a noun phrase; parse.ts reads every phrase this can give. */
export function propWords(prop: Prop): string {
  switch (prop.name) {
    case 'beaker': {
      const extras = [
        prop.layer && `${withArticle(prop.layer)} layer on top`,
        prop.precipitate && `${prop.precipitate} solid at the bottom`,
        prop.strip && `${withArticle(prop.strip)} strip`,
        prop.bubbles === true && 'bubbles',
        prop.bubbles === false && 'no bubbles',
      ].filter((part): part is string => typeof part === 'string');
      const liquid = `a beaker of ${prop.liquid} liquid`;
      return extras.length > 0 ? `${liquid} with ${joinList(extras)}` : liquid;
    }
    case 'flame':
      return `${withArticle(prop.colour)} flame`;
    case 'tank': {
      const blocks = [
        prop.floating && `${withArticle(prop.floating)} block floating`,
        prop.sinking && `${withArticle(prop.sinking)} block at the bottom`,
      ].filter((part): part is string => typeof part === 'string');
      return `a tank of water with ${joinList(blocks)}`;
    }
    case 'bulb':
      return prop.on ? 'a glowing bulb wired to a battery' : 'a dark bulb wired to a battery';
    case 'seesaw':
      return prop.down === 'level' ? 'a level seesaw' : `a seesaw tilted down on the ${prop.down}`;
    case 'glass':
      return {
        ice: 'a glass of ice',
        water: 'a glass of water',
        steam: 'a glass of boiling water with steam',
      }[prop.state];
    case 'block':
      return prop.rust ? `${withArticle(prop.colour)} block with rust` : `${withArticle(prop.colour)} block`;
    case 'puddle':
      return 'a puddle of water';
  }
}

/** Every word a caption of a tier can have without figures, turns and panels, outside quoted text; sorted. Punctuation is the comma only. */
export function captionVocabulary(tier: Tier = DEFAULT_TIER): string[] {
  const phrases = [
    ...Object.values(NUMBER_WORDS),
    ...Object.values(STYLE_WORDS),
    ...Object.values(SLOT_WORDS),
    ...Object.values(RELATION_WORDS).flat(),
    ...Object.values(BACKGROUND_WORDS).flatMap(({ where, noun }) => [where, noun]),
    ...Object.values(TIME_WORDS),
    ...SIZES,
    ...COLOURS,
    ...conceptsUpTo(tier).flatMap(({ name, plural }) => [name, plural]),
    'a an and on with the text line style picture of',
    'beaker clear liquid layer on top solid at bottom strip bubbles no flame tank of water block floating',
    'glowing dark bulb wired to a battery level seesaw tilted down left right glass ice boiling steam rust puddle',
  ];
  return [...new Set(phrases.flatMap((phrase) => phrase.split(' ')))].sort();
}
