/**
 * Edits written as data: data/edits/<kind>.json holds templates, each with rows. Scenes are written in the language of
 * captions ("one large banana"), with {slots} that a row fills; every row is drawn in each of its places.
 */
import { join } from 'node:path';
import { BACKGROUND_WORDS, TIME_WORDS } from '../backgrounds';
import { conceptOf } from '../concepts';
import { FACT_DATA, readData } from '../editions';
import { capitalise } from '../facts-text';
import { parseCaption } from '../parse';
import { Background, BACKGROUNDS, SceneSpec, TimeOfDay, TIMES } from '../types';
import { withArticle } from '../words';
import { EditDraft, EditKind, slug } from './types';

export const EDIT_DATA = join(FACT_DATA, '..', 'edits');

type Words = string | readonly string[];

/** Fields that a row, a form and a template can give; the row's come first. All others are slots. */
interface Fields {
  /** The scene before and after, without the place: a caption's beginning. */
  from?: string;
  to?: string;
  /** Places, each `background [time]`, or `before > after` where the place itself changes. */
  in?: readonly string[];
  /** The name of a list of phrasings in the file's `asks`, or phrasings. */
  asks?: Words;
  /** Reasons. */
  why?: Words;
  seen?: string;
}
type Slots = Readonly<Record<string, string>>;
type TableRow = Fields & Readonly<Record<string, unknown>>;
interface TableTemplate extends Fields {
  /** Scenes that differ from row to row by turns, or, with `every`, that each row is drawn in. */
  forms?: readonly TableRow[];
  every?: boolean;
  rows: readonly TableRow[];
}
export interface EditTable {
  asks?: Record<string, readonly string[]>;
  templates: Record<string, TableTemplate>;
}

const FIELDS = ['from', 'to', 'in', 'asks', 'why', 'seen'];
/** `{x}`, `{a x}`, `{s x}`. */
const SLOT = /\{([as] )?(\w+)\}/g;
/** Slots that give a row its key, said or not. */
const LOOSE = ['key', 'x'];

/**
 * `{x}` is the slot, `{a x}` has an article, `{s x}` is the plural of a concept; a sentence begins with a capital.
 * Throws on unknown slots.
 */
export function fillSlots(template: string, slots: Slots, { sentence = false } = {}): string {
  return template.replace(SLOT, (_, how: string | undefined, name: string, at: number) => {
    const value = slots[name];
    if (value === undefined) throw new Error(`"${template}": slot {${name}} has no value`);
    const words = how === 'a ' ? withArticle(value) : how === 's ' ? conceptOf(value).plural : value;
    return sentence && (at === 0 || /[.!?] $/.test(template.slice(0, at))) ? capitalise(words) : words;
  });
}

function placeWords(place: string): string {
  const [background, time, ...more] = place.trim().split(' ');
  if (!BACKGROUNDS.includes(background as Background) || more.length > 0)
    throw new Error(`place "${place}", want a background (${BACKGROUNDS.join(', ')}) and perhaps a time`);
  if (time !== undefined && !TIMES.includes(time as TimeOfDay))
    throw new Error(`place "${place}" has the time "${time}", want one of ${TIMES.join(', ')}`);
  const { where } = BACKGROUND_WORDS[background as Background];
  return time ? `${where} ${TIME_WORDS[time as TimeOfDay]}` : where;
}

/** The scene of a caption; throws when it cannot be read or drawn. */
export function sceneOf(caption: string): SceneSpec {
  const scene = parseCaption(caption);
  if (!scene) throw new Error(`"${caption}" is no caption of a scene that can be drawn`);
  return scene;
}

function listOf(words: Words | undefined, name: string): readonly string[] {
  if (words === undefined || words.length === 0) throw new Error(`${name} is missing`);
  return typeof words === 'string' ? [words] : words;
}

function field<K extends keyof Fields>(name: K, ...levels: (Fields | undefined)[]): Fields[K] {
  return levels.find((level) => level?.[name] !== undefined)?.[name];
}

function slotsOf(...levels: (TableRow | undefined)[]): Slots {
  const entries = levels.flatMap((level) => Object.entries(level ?? {}));
  return Object.fromEntries(
    entries.filter(([key]) => !FIELDS.includes(key)).map(([key, value]) => [key, String(value)]),
  );
}

/** Throws when a row has a slot that none of the texts has: a field that was spelt wrong is one. */
function checkSlots(row: TableRow, texts: readonly string[]): void {
  const said = new Set(texts.flatMap((text) => [...text.matchAll(SLOT)].map(([, , name]) => name)));
  for (const name of Object.keys(row))
    if (!FIELDS.includes(name) && !LOOSE.includes(name) && !said.has(name))
      throw new Error(`slot "${name}" is in no text, want ${FIELDS.join(', ')} or a slot that one has`);
}

interface RowPlace {
  template: string;
  entry: TableTemplate;
  row: TableRow;
  form?: TableRow;
  /** Added to the setting when a row is drawn in several forms. */
  variant: string;
  asks: Record<string, readonly string[]>;
}

function draftsOf({ template, entry, row, form, variant, asks }: RowPlace): EditDraft[] {
  const slots = slotsOf(form, row);
  const get = <K extends keyof Fields>(name: K): Fields[K] => field(name, row, form, entry);
  const [from, to] = [get('from'), get('to')];
  if (from === undefined || to === undefined) throw new Error('from or to is missing');
  const asked = get('asks');
  const instructions = listOf(typeof asked === 'string' ? asks[asked] : asked, 'asks');
  const reasons = listOf(get('why'), 'why');
  const seen = get('seen');
  // By turns, a form may leave a slot out that the next one has.
  const forms = (entry.forms ?? []).flatMap((each) => [each.from, each.to].flatMap((text) => text ?? []));
  checkSlots(row, [from, to, ...instructions, ...reasons, seen ?? '', ...forms]);
  const change = slug(slots.key ?? slots.x ?? `${from} ${to}`);
  // Rows that share a key differ by their things.
  const thing = slots.key !== undefined && slots.x !== undefined ? slots.x : '';
  return [...listOf(get('in'), 'in')].map((place): EditDraft => {
    const places = place.split('>').map(placeWords);
    const [here, there] = [places[0], places[places.length - 1]];
    return {
      template,
      change,
      setting: slug(`${thing} ${place} ${variant}`),
      before: sceneOf(`${fillSlots(from, slots)} ${here}`),
      instructions: instructions.map((words) => fillSlots(words, slots, { sentence: true })),
      reasons: reasons.map((words) => fillSlots(words, slots, { sentence: true })),
      after: sceneOf(`${fillSlots(to, slots)} ${there}`),
      ...(seen !== undefined && { seen: fillSlots(seen, slots) }),
    };
  });
}

/** The drafts of a table in its order; `label` names it in errors, with template and row. */
export function draftsOfTable({ asks = {}, templates }: EditTable, label: string): EditDraft[] {
  return Object.entries(templates).flatMap(([template, entry]) =>
    entry.rows.flatMap((row, i) => {
      const { forms = [undefined], every = false } = entry;
      const used = every ? forms : [forms[i % forms.length]];
      try {
        return used.flatMap((form, f) =>
          draftsOf({ template, entry, row, form, variant: every && f > 0 ? String(f + 1) : '', asks }),
        );
      } catch (error) {
        throw new Error(`${label}: ${template}, row ${i + 1}: ${(error as Error).message}`, { cause: error });
      }
    }),
  );
}

/** The drafts of data/edits/<kind>.json. Throws with file, template and row when one is wrong. */
export function tableDrafts(kind: EditKind): EditDraft[] {
  return draftsOfTable(readData(join(EDIT_DATA, `${kind}.json`)) as EditTable, `data/edits/${kind}.json`);
}
