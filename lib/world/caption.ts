/**
 * Says a scene in the literal language that the painter is trained on:
 * `NUM [SIZE] [COLOUR] concept (and|beside|above|left of ...) on|in BACKGROUND [TIME] [with the text '...' on line 1 ...] [, S style]`.
 * Captions name what is seen and nothing else. parse.ts is the inverse.
 */
import type { RandomStream } from '../tensor';
import { BACKGROUND_WORDS, TIME_WORDS } from './backgrounds';
import { conceptOf } from './concepts';
import { freeObjects, standingProp } from './layout';
import { figureWords, PANEL_LEADS, TURN_WORDS } from './figure-words';
import { SceneObject, SceneSpec } from './types';
import {
  joinList,
  NUMBER_WORDS,
  propWords,
  RELATION_WORDS,
  SLOT_WORDS,
  STYLE_WORDS,
  withArticle,
} from './words';

/** How many ways a full caption can be put. */
export const PHRASINGS = 6;

/** Chances that an attribute of the spec is said; what is unsaid is left to the painter. */
export interface SayOptions {
  style?: number;
  background?: number;
  size?: number;
  /** Only for broad daylight: night, sunrise and sunset are always said. */
  day?: number;
}
export const DEFAULT_SAY: Required<SayOptions> = { style: 0.3, background: 0.97, size: 0.7, day: 0.5 };

export interface CaptionOptions {
  say?: SayOptions;
  /** 0..PHRASINGS-1; default: drawn. 0 is the canonical one. */
  phrasing?: number;
}

interface Saying {
  phrasing: number;
  style: boolean;
  background: boolean;
  size: boolean;
  day: boolean;
  /** Which synonym of a relation. */
  synonym: number;
}

/** A literal caption of the scene; attributes may be left unsaid (see DEFAULT_SAY). */
export function captionOf(
  spec: SceneSpec,
  rng: RandomStream,
  { say = {}, phrasing }: CaptionOptions = {},
): string {
  const chances = { ...DEFAULT_SAY, ...say };
  const saying: Saying = {
    phrasing: phrasing ?? rng.int(PHRASINGS),
    style: rng.uniform() < chances.style,
    background: rng.uniform() < chances.background,
    size: rng.uniform() < chances.size,
    day: rng.uniform() < chances.day,
    synonym: rng.int(2),
  };
  return sayScene(spec, saying);
}

/** The one plain caption that says everything the spec says: what refined prompts look like. */
export function canonicalCaption(spec: SceneSpec): string {
  return sayScene(spec, {
    phrasing: 0,
    style: true,
    background: true,
    size: true,
    day: true,
    synonym: 0,
  });
}

function sayObject(object: SceneObject, { size, phrasing }: Saying): string {
  const { name, plural } = conceptOf(object.concept);
  const count = object.count ?? 1;
  const words = [
    size ? object.size : undefined,
    object.tint,
    count === 1 ? name : plural,
    object.turn ? TURN_WORDS[object.turn] : undefined,
    object.slot ? SLOT_WORDS[object.slot] : undefined,
  ]
    .filter((word): word is string => word !== undefined)
    .join(' ');
  if (count === 1 && phrasing === 1) return withArticle(words);
  return `${NUMBER_WORDS[count]} ${words}`;
}

function sayItems(spec: SceneSpec, saying: Saying): string {
  const free = freeObjects(spec).map((object) => sayObject(object, saying));
  const standing = standingProp(spec);
  const parts: string[] = [];
  if (standing?.name === 'seesaw' && free.length > 0)
    parts.push(`${joinList(free)} on ${propWords(standing)}`);
  else {
    if (free.length === 2 && spec.relation) {
      const words = RELATION_WORDS[spec.relation];
      parts.push(`${free[0]} ${words[saying.synonym % words.length]} ${free[1]}`);
    } else parts.push(...free);
    if (standing) parts.push(propWords(standing));
    if (spec.figure) parts.push(figureWords(spec.figure));
  }
  parts.push(...spec.objects.filter((object) => object.slot).map((object) => sayObject(object, saying)));
  for (const prop of spec.props ?? []) if (prop.name === 'puddle') parts.push(propWords(prop));
  return joinList(parts);
}

function sayText(spec: SceneSpec): string {
  const lines = (spec.text ?? []).flatMap((line, i) => (line ? [`'${line}' on line ${i + 1}`] : []));
  return lines.length > 0 ? `with the text ${joinList(lines)}` : '';
}

/** Each panel as a scene of its own; phrasings beyond the leads say `picture of`. */
function sayPanels(panels: readonly SceneSpec[], style: string, saying: Saying): string {
  const { open, leads } = PANEL_LEADS[saying.phrasing % PANEL_LEADS.length];
  const said = panels.map(
    (panel, i) =>
      `${leads[i]} ${sayScene(panel, { ...saying, background: true, phrasing: i === 1 ? 1 : 0 })}`,
  );
  const story = [open, ...said].join(', ');
  if (saying.phrasing >= PANEL_LEADS.length) return `${picture(style)} of ${story}`;
  return style ? `${story}, ${style} style` : story;
}

function sayScene(spec: SceneSpec, saying: Saying): string {
  if (spec.panels)
    return sayPanels(spec.panels, spec.style && saying.style ? STYLE_WORDS[spec.style] : '', saying);
  const items = sayItems(spec, saying);
  const text = sayText(spec);
  const time = spec.time && (spec.time !== 'day' || saying.day) ? TIME_WORDS[spec.time] : '';
  const { where, noun } = BACKGROUND_WORDS[spec.background];
  const style = spec.style && saying.style ? STYLE_WORDS[spec.style] : '';
  // An hour or writing with no place to see it on would say nothing: the place is said then.
  const place = saying.background || time !== '' || text !== '';
  const end = style ? `, ${style} style` : '';
  const put = (...parts: string[]): string => parts.filter((part) => part !== '').join(' ');
  if (items === '') {
    const scene = put(noun, time, text);
    return saying.phrasing === 2 ? `${picture(style)} of ${scene}` : scene + end;
  }
  const plain = put(items, place ? where : '', time, text);
  switch (saying.phrasing) {
    case 2:
      return `${picture(style)} of ${plain}`;
    case 3:
      return place ? put(where, time) + ', ' + put(items, text) + end : plain + end;
    case 4:
      return place ? put(noun, time, 'with', items, text) + end : plain + end;
    case 5:
      return time ? `${time}, ${put(items, where, text)}${end}` : plain + end;
    default:
      return plain + end;
  }
}

function picture(style: string): string {
  return style ? `a ${style} picture` : 'a picture';
}
