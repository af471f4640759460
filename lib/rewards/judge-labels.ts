/**
 * What the judge is taught about a scene: the spec that drew a picture, turned into class numbers. The label
 * spaces (which values each head knows) live here too, so training and reading cannot drift apart.
 */
import {
  BACKGROUNDS,
  COLOURS,
  conceptNames,
  FIGURE_NAMES,
  GLYPHS,
  hasTime,
  layoutScene,
  lineRow,
  PANEL_SIDE,
  panelSprites,
  randomScene,
  renderScene,
  PROP_NAMES,
  SIZES,
  sizeOf,
  TIMES,
  TURNS,
} from '../world';
import type { Prop, SceneObject, SceneSpec } from '../world';
import { RandomStream } from '../tensor';
import { DEFAULT_JUDGE, halved, windowRows } from './judge-model';
import { featureScale } from './window-features';
import type { JudgeConfig } from './judge-model';

const NONE = 'none';
const withNone = [NONE, ...COLOURS];
const YES_NO = ['false', 'true'];

/** Every picture-wide head and its values. */
export const CHOICES: Record<string, string[]> = {
  background: [...BACKGROUNDS],
  time: [...TIMES],
  prop: [NONE, ...PROP_NAMES],
  figure: [NONE, ...FIGURE_NAMES, 'panels'],
  'beaker.liquid': ['clear', ...COLOURS],
  'beaker.layer': withNone,
  'beaker.precipitate': withNone,
  'beaker.strip': withNone,
  'beaker.bubbles': YES_NO,
  'flame.colour': [...COLOURS],
  'tank.floating': withNone,
  'tank.sinking': withNone,
  'bulb.on': YES_NO,
  'seesaw.down': ['left', 'right', 'level'],
  'glass.state': ['ice', 'water', 'steam'],
  'block.colour': [...COLOURS],
  'block.rust': YES_NO,
};

/** A reader of this world at the default size, for the concepts of the default tier; `overrides` changes both. */
export function judgeConfig(overrides: Partial<JudgeConfig> = {}): JudgeConfig {
  return {
    ...DEFAULT_JUDGE,
    concepts: [...conceptNames()],
    choices: CHOICES,
    tints: withNone,
    sizes: [...SIZES],
    turns: ['0', ...TURNS.map(String)],
    glyphs: [' ', ...GLYPHS.filter((glyph) => glyph !== ' ')],
    featureScale:
      overrides.trunk === 'shift'
        ? [] // it reads pixels
        : (overrides.featureScale ?? measuredScale(overrides.window ?? DEFAULT_JUDGE.window)),
    ...overrides,
  };
}

let measured: { window: number; scale: number[] } | undefined;

/** Sizes of the window features over a fixed sample of scenes. */
function measuredScale(window: number): number[] {
  if (measured?.window === window) return measured.scale;
  const images = Array.from({ length: 24 }, (_, i) => {
    const rng = RandomStream.of(0, 'feature-scale', i);
    return renderScene(randomScene(rng), { seed: i });
  });
  const { imageSize, cell } = DEFAULT_JUDGE;
  const fine = windowRows({ imageSize, cell, window }, images);
  const half = images.map((image) => halved(image, imageSize));
  const coarse = windowRows({ imageSize: imageSize / 2, cell: cell / 2, window }, half);
  const scale = [...featureScale(fine, window), ...featureScale(coarse, window)];
  measured = { window, scale };
  return scale;
}

export interface ObjectLabel {
  concept: string;
  count: number;
  tint: string;
  /** Undefined where sizes are not told apart (panels). */
  size?: string;
  turn: string;
}

export interface SceneLabels {
  objects: ObjectLabel[];
  /** Value of each picture-wide head; heads that do not apply (time of a plain wall) are left out. */
  choices: Record<string, string>;
  /** Cells of the 8x8 grid that lie well inside a sprite, and its concept. */
  cells: { cell: number; concept: string }[];
  /** Middles of the objects, in pixels; undefined where they are not known. */
  centres?: { x: number; y: number }[];
  /** Written lines with their row of cells; empty when nothing is written. */
  text: { line: string; row: number }[];
}

/** The labels of a scene. */
export function labelsOf(spec: SceneSpec): SceneLabels {
  if (spec.panels) return { objects: [], choices: { figure: 'panels' }, cells: [], text: [] };
  const { sprites } = layoutScene(spec);
  const crowded = spec.objects.length > 0 || (spec.props?.length ?? 0) > 0;
  const text = (spec.text ?? []).map((line, i) => ({ line, row: lineRow(i, crowded) }));
  return {
    objects: objectsOf(spec, (object) => sizeOf(spec, object)),
    choices: choicesOf(spec),
    cells: cellsOf(sprites),
    centres: middlesOf(sprites),
    text,
  };
}

/** The labels of one panel, cut out and enlarged to a picture of its own (see `panelPicture`). */
export function panelLabels(panel: SceneSpec): SceneLabels {
  const scale = 64 / PANEL_SIDE;
  const sprites = panelSprites(panel).map(({ concept, x, y, px }) => ({
    concept,
    x: x * scale,
    y: y * scale,
    px: px * scale,
  }));
  return {
    objects: objectsOf(panel, () => undefined),
    choices: choicesOf(panel),
    cells: cellsOf(sprites),
    centres: middlesOf(sprites),
    text: [],
  };
}

function choicesOf(spec: SceneSpec): Record<string, string> {
  const choices: Record<string, string> = { background: spec.background };
  if (hasTime(spec.background)) choices.time = spec.time ?? 'day';
  const prop = spec.props?.[0];
  choices.prop = prop?.name ?? NONE;
  if (prop) Object.assign(choices, fieldsOf(prop));
  choices.figure = spec.figure?.name ?? NONE;
  return choices;
}

function objectsOf(spec: SceneSpec, size: (object: SceneObject) => string | undefined): ObjectLabel[] {
  const objects = new Map<string, ObjectLabel>();
  for (const object of spec.objects) {
    const { concept, count = 1, tint, turn = 0 } = object;
    const known = objects.get(concept);
    if (known) known.count += count;
    else
      objects.set(concept, {
        concept,
        count,
        tint: tint ?? NONE,
        size: size(object),
        turn: String(turn),
      });
  }
  return [...objects.values()];
}

/** A concept's sprite in the picture. */
export interface Square {
  concept: string;
  x: number;
  y: number;
  px: number;
}

export const middlesOf = (sprites: readonly Square[]): { x: number; y: number }[] =>
  sprites.map(({ x, y, px }) => ({ x: x + px / 2, y: y + px / 2 }));

/** Cells whose middle lies inside a sprite by a margin; where sprites overlap, the one drawn last. */
export function cellsOf(sprites: readonly Square[]): { cell: number; concept: string }[] {
  const taken = new Map<number, string>();
  for (const { concept, x, y, px } of sprites) {
    const margin = px * 0.15;
    for (let cell = 0; cell < 64; cell++) {
      const cx = (cell % 8) * 8 + 4;
      const cy = Math.floor(cell / 8) * 8 + 4;
      if (cx >= x + margin && cx <= x + px - margin && cy >= y + margin && cy <= y + px - margin)
        taken.set(cell, concept);
    }
  }
  return [...taken].map(([cell, concept]) => ({ cell, concept }));
}

/** Fields of a prop as `name.field` -> value; optional ones that are left out become none or false. */
function fieldsOf(prop: Prop): Record<string, string> {
  const fields: Record<string, string> = {};
  const given = prop as unknown as Record<string, string | boolean | undefined>;
  for (const [head, values] of Object.entries(CHOICES)) {
    if (!head.startsWith(`${prop.name}.`)) continue;
    const fallback = values.includes(NONE) ? NONE : 'false';
    fields[head] = String(given[head.slice(prop.name.length + 1)] ?? fallback);
  }
  return fields;
}
