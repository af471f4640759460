/** The vocabulary of the embedded picture world: what a scene is made of, before anything is drawn or said. */
import type { CellPlace, Figure, FigureName } from './figures';

/** Artists whose pictures are used for training; `style` in a caption names one of them. */
export const ARTISTS = ['noto', 'fluent', 'twemoji', 'emojione'] as const;
export type Artist = (typeof ARTISTS)[number];

/** Never in the atlas and never in training: rendered at run time, for evaluation only. */
export const HELD_OUT_ARTIST = 'openmoji';
export type AnyArtist = Artist | typeof HELD_OUT_ARTIST;

export const PLAIN_BACKGROUNDS = ['white', 'red', 'blue', 'yellow', 'green'] as const;
export const WRITING_BACKGROUNDS = ['board', 'paper'] as const;
export const BACKGROUNDS = [
  ...PLAIN_BACKGROUNDS,
  'meadow',
  'snow',
  'desert',
  'sea',
  'beach',
  'table',
  'room',
  'city',
  'space',
  'lake',
  'forest',
  'sky',
  ...WRITING_BACKGROUNDS,
] as const;
export type Background = (typeof BACKGROUNDS)[number];

export const TIMES = ['day', 'night', 'sunrise', 'sunset'] as const;
export type TimeOfDay = (typeof TIMES)[number];

export const SIZES = ['small', 'medium', 'large'] as const;
export type Size = (typeof SIZES)[number];

/** Colours an object can be tinted with, and that props can have. */
export const COLOURS = [
  'red',
  'orange',
  'yellow',
  'green',
  'blue',
  'purple',
  'pink',
  'brown',
  'black',
  'white',
  'grey',
] as const;
export type Colour = (typeof COLOURS)[number];

export const SLOTS = [
  'centre',
  'left',
  'right',
  'top',
  'bottom',
  'top-left',
  'top-right',
  'bottom-left',
  'bottom-right',
] as const;
export type Slot = (typeof SLOTS)[number];

/** How the first object stands to the second; `beside` is the default, and puts the first on the left. */
export const RELATIONS = ['beside', 'above', 'below', 'left of', 'right of'] as const;
export type Relation = (typeof RELATIONS)[number];

export const TURNS = [90, 180, 270] as const;
export type Turn = (typeof TURNS)[number];

export type Count = 1 | 2 | 3 | 4 | 5;

export interface SceneObject {
  /** Caption noun, the `name` of a concept. */
  concept: string;
  /** 1 when left out. Large objects come alone, medium up to 4, small up to 5 (fewer in company). */
  count?: Count;
  /** Left out: large for one object alone, else the largest size that fits. */
  size?: Size;
  tint?: Colour;
  /** Only for objects that stand apart from the side-by-side layout, such as a sun at the top right. */
  slot?: Slot;
  /** Mirrored left to right; never said in a caption. */
  flip?: boolean;
  /** Turned clockwise by so many degrees; `randomScene` never does. */
  turn?: Turn;
}

/** A beaker of liquid. `layer`: a second liquid on top; `precipitate`: grains at the bottom; `strip`: a piece of metal in it. */
export interface BeakerProp {
  name: 'beaker';
  liquid: Colour | 'clear';
  layer?: Colour;
  precipitate?: Colour;
  strip?: Colour;
  bubbles?: boolean;
}
/** A flame of one colour over a burner. */
export interface FlameProp {
  name: 'flame';
  colour: Colour;
}
/** A tank of water with a block on the surface and/or one at the bottom. */
export interface TankProp {
  name: 'tank';
  floating?: Colour;
  sinking?: Colour;
}
/** An electric bulb wired to a battery. */
export interface BulbProp {
  name: 'bulb';
  on: boolean;
}
/** A seesaw that carries the scene's two objects (first left, second right), or nothing. */
export interface SeesawProp {
  name: 'seesaw';
  down: 'left' | 'right' | 'level';
}
/** A glass of water, as ice, water, or boiling with steam. */
export interface GlassProp {
  name: 'glass';
  state: 'ice' | 'water' | 'steam';
}
/** A block of metal or wood, clean or covered with rust. */
export interface BlockProp {
  name: 'block';
  colour: Colour;
  rust?: boolean;
}
/** A puddle of water on the ground. */
export interface PuddleProp {
  name: 'puddle';
}
export type Prop =
  BeakerProp | FlameProp | TankProp | BulbProp | SeesawProp | GlassProp | BlockProp | PuddleProp;
export type PropName = Prop['name'];
export const PROP_NAMES: readonly PropName[] = [
  'beaker',
  'flame',
  'tank',
  'bulb',
  'seesaw',
  'glass',
  'block',
  'puddle',
];

/** Everything that decides the pixels of a scene, except for the artist when `style` is left out. */
export interface SceneSpec {
  style?: Artist;
  background: Background;
  /** Only for backgrounds that have light (not plain colours, board, paper, space). Left out: day. */
  time?: TimeOfDay;
  /** At most 3; may be empty when there is a prop or text, or for an empty landscape. */
  objects: SceneObject[];
  /** At most one. */
  props?: Prop[];
  /** At most 4 lines of 8 characters (2 lines when there are objects), on board, paper or plain colours. */
  text?: string[];
  /** Between the first two objects without a slot. */
  relation?: Relation;
  /** A clock or sign, alone or in the place of a prop, or a board, sudoku or maze that fills the picture. */
  figure?: Figure;
  /**
   * A story in four pictures, read by rows: then background is white and there is nothing else. A panel holds
   * one or two things: objects (no sizes, slots or relation), a prop or a clock.
   */
  panels?: SceneSpec[];
}

/** How concepts are staged: 0 the core that everything here was first trained on, 1 what most facts ask for, 2 the rest. */
export const TIERS = [0, 1, 2] as const;
export type Tier = (typeof TIERS)[number];

export interface ConceptInfo {
  /** Code points in hex joined by '-', without fe0f. */
  id: string;
  /** The caption noun. */
  name: string;
  plural: string;
  domain: string;
  tier: Tier;
  /** Training artists that have drawn it. */
  artists: Artist[];
  /** False where the held-out artist draws something else under this code point. */
  heldOut: boolean;
  /** Backgrounds where it is at home, most natural first. */
  homes: Background[];
}

/** A criterion on a picture. Fields of `value` for a prop must all match. */
export type Predicate =
  | { kind: 'has'; concept: string; count?: number | '>=1' }
  | { kind: 'absent'; concept: string }
  | { kind: 'background'; value: Background }
  | { kind: 'time'; value: TimeOfDay }
  | { kind: 'prop'; name: PropName; value?: Record<string, string | boolean> }
  | { kind: 'text'; lines: string[] }
  | { kind: 'tint'; concept: string; value: Colour }
  | { kind: 'size'; concept: string; value: Size }
  | { kind: 'relation'; relation: Relation; first: string; second: string }
  /** In one of the nine places of the picture, for an object that has one. */
  | { kind: 'slot'; concept: string; value: Slot }
  | { kind: 'turn'; concept: string; value: Turn }
  /** Fields of `value` must all match, as for props: { name: 'clock', value: { hour: 3, minute: 30 } }. */
  | { kind: 'figure'; name: FigureName; value?: Record<string, unknown> }
  /** What stands in one cell of a board or sudoku. */
  | { kind: 'cell'; at: CellPlace; value: string }
  /** A criterion on one of four panels, 1..4. */
  | { kind: 'panel_has'; panel: number; predicate: Predicate }
  /** Only for edits: what the edit does not touch is as it was, measured in pixels (see edits/rest.ts). */
  | { kind: 'same'; what: 'rest' };

/** What a picture is marked by: the answer gates, the details refine. */
export interface Criteria {
  answer: Predicate[];
  details: Predicate[];
}
