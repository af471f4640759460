/**
 * From a scene read back from pixels to the semantic score: predicates (what a fact's picture must show) are
 * scored one by one, answers first, details only as far as the answer holds. Every reader, learned or not,
 * speaks through `SceneReading`, so rewards and evaluation share this file and nothing else.
 */
import { SCENE_SIZE, SIZE_PX, slotPlace, SLOTS } from '../world';
import type { CellPlace, Criteria, Predicate, Slot } from '../world';

/** What a reader says about one picture; every number is in [0, 1]. */
export interface SceneReading {
  /** How likely the concept is in the picture. */
  has(concept: string): number;
  /** Given that it is there, how likely each count 1..n is (sums to 1). */
  counts(concept: string): number[];
  /** Given that it is there, how likely it is tinted with this colour. */
  tint(concept: string, colour: string): number;
  /** Given that it is there, how likely it is of this size. */
  size(concept: string, size: string): number;
  /** Centre of what looks like the concept, x to the right and y down, in [0, 1]. */
  place(concept: string): { x: number; y: number };
  /** How likely a picture-wide choice has this value: ('background', 'meadow'), ('prop', 'flame'), ('flame.colour', 'green'). */
  choice(name: string, value: string): number;
  /** Share of the characters of these lines that stand where they should. */
  text(lines: string[]): number;
  /** Given that it is there, how likely it is turned clockwise by so many degrees ('0', '90', '180', '270'). */
  turn?(concept: string, degrees: string): number;
  /** How well a clock, sign, board, sudoku or maze shows the values asked for. */
  figure?(predicate: Extract<Predicate, { kind: 'figure' }>): number;
  /** How likely a cell of a board or sudoku shows a mark. */
  cell?(at: CellPlace, value: string): number;
  /** One of four panels, 1..4, read as a picture of its own. */
  panel?(index: number): SceneReading;
}

export interface SemanticScore {
  semantic: number;
  answer: number;
  details: number;
  /** Score of each predicate under a readable key, e.g. `has(violin,1)`. */
  parts: Record<string, number>;
}

const ANSWER_SHARE = 0.7;
/** Nearly right writing is not right: the share of right characters counts by this power (7 of 8: 0.6). */
const TEXT_POWER = 4;

/** The readable key of a predicate. */
export function predicateKey(p: Predicate): string {
  switch (p.kind) {
    case 'has':
      return `has(${p.concept},${p.count ?? '>=1'})`;
    case 'absent':
      return `absent(${p.concept})`;
    case 'background':
    case 'time':
      return `${p.kind}(${p.value})`;
    case 'prop':
      return `prop(${[p.name, ...Object.entries(p.value ?? {}).map(([k, v]) => `${k}=${v}`)].join(',')})`;
    case 'text':
      return `text(${p.lines.join('/')})`;
    case 'tint':
    case 'size':
      return `${p.kind}(${p.concept},${p.value})`;
    case 'relation':
      return `${p.relation}(${p.first},${p.second})`;
    case 'slot':
      return `slot(${p.concept},${p.value})`;
    case 'turn':
      return `turn(${p.concept},${p.value})`;
    case 'figure':
      return `figure(${[p.name, ...Object.entries(p.value ?? {}).map(([k, v]) => `${k}=${String(v)}`)].join(',')})`;
    case 'cell':
      return `cell(${p.at.join(',')},${p.value})`;
    case 'panel_has':
      return `panel_has(${p.panel},${predicateKey(p.predicate)})`;
    case 'same':
      return `same(${p.what})`;
  }
}

/**
 * How well one predicate holds, in [0, 1].
 * @throws Error for a predicate kind it does not know: an unknown wish must not score 0 in silence.
 */
export function scorePredicate(reading: SceneReading, p: Predicate): number {
  switch (p.kind) {
    case 'has': {
      const present = reading.has(p.concept);
      if (p.count === undefined || p.count === '>=1') return present;
      const counts = reading.counts(p.concept);
      if (p.count < 1 || p.count > counts.length)
        throw new RangeError(`predicate ${predicateKey(p)}: count is ${p.count}, want 1..${counts.length}`);
      return present * counts[p.count - 1];
    }
    case 'absent':
      return 1 - reading.has(p.concept);
    case 'background':
      return reading.choice('background', p.value);
    case 'time':
      return reading.choice('time', p.value);
    case 'prop':
      return Object.entries(p.value ?? {}).reduce(
        (score, [field, value]) => score * reading.choice(`${p.name}.${field}`, String(value)),
        reading.choice('prop', p.name),
      );
    case 'text':
      return reading.text(p.lines) ** TEXT_POWER;
    case 'tint':
      return reading.has(p.concept) * reading.tint(p.concept, p.value);
    case 'size':
      return reading.has(p.concept) * reading.size(p.concept, p.value);
    case 'relation':
      return reading.has(p.first) * reading.has(p.second) * relationScore(reading, p);
    case 'slot':
      return reading.has(p.concept) * slotScore(reading.place(p.concept), p.value);
    case 'turn':
      return reading.has(p.concept) * able(reading, p).turn(p.concept, String(p.value));
    case 'figure':
      return able(reading, p).figure(p);
    case 'cell':
      return able(reading, p).cell(p.at, p.value);
    case 'panel_has':
      return scorePredicate(able(reading, p).panel(p.panel), p.predicate);
    case 'same':
      throw new Error(
        'same(rest) compares two pictures: not one with its criteria: measure it with sameRest',
      );
    default:
      throw new Error(
        `predicate kind is ${JSON.stringify((p as { kind: unknown }).kind)}, which no scorer knows`,
      );
  }
}

/** The reading, when it can tell what this predicate asks. */
function able(reading: SceneReading, p: Predicate): Required<SceneReading> {
  const need = p.kind === 'panel_has' ? 'panel' : (p.kind as 'turn' | 'figure' | 'cell');
  if (!reading[need]) throw new Error(`predicate ${predicateKey(p)}: this reader cannot tell "${need}"`);
  return reading as Required<SceneReading>;
}

/** Middles of the nine slots, in [0, 1], as small things stand there. */
const SLOT_PLACES = Object.fromEntries(
  SLOTS.map((slot) => [
    slot,
    slotPlace(slot, 'small').map((corner) => (corner + SIZE_PX.small / 2) / SCENE_SIZE),
  ]),
) as Record<Slot, [x: number, y: number]>;

/** Soft choice among the nine slots by distance. */
function slotScore(place: { x: number; y: number }, slot: Slot): number {
  const near = ([x, y]: [number, number]): number =>
    Math.exp(-40 * ((place.x - x) ** 2 + (place.y - y) ** 2));
  const all = Object.values(SLOT_PLACES).reduce((sum, at) => sum + near(at), 0);
  return near(SLOT_PLACES[slot]) / Math.max(all, 1e-12);
}

/** Soft comparison of the two centres: 0.5 where they coincide, near 1 from a sixth of the picture apart. */
function relationScore(reading: SceneReading, p: Extract<Predicate, { kind: 'relation' }>): number {
  const a = reading.place(p.first);
  const b = reading.place(p.second);
  const sure = (distance: number): number => 1 / (1 + Math.exp(-18 * distance));
  switch (p.relation) {
    case 'left of':
    case 'beside': // the first stands on the left, as the grammar draws it; the other way round is also beside
      return p.relation === 'beside' ? Math.max(sure(b.x - a.x), sure(a.x - b.x)) : sure(b.x - a.x);
    case 'right of':
      return sure(a.x - b.x);
    case 'above':
      return sure(b.y - a.y);
    case 'below':
      return sure(a.y - b.y);
  }
}

/**
 * `answer * (0.7 + 0.3 * details)`: all answer predicates must hold (geometric mean, so one miss sinks the
 * rest), details count by their mean and only as far as the answer holds (gating).
 * @throws Error when there is no answer predicate.
 */
export function semanticScore(reading: SceneReading, criteria: Criteria): SemanticScore {
  if (criteria.answer.length === 0) throw new Error('criteria.answer is empty, want at least one predicate');
  const parts: Record<string, number> = {};
  const scoreAll = (predicates: Predicate[]): number[] =>
    predicates.map((p) => (parts[predicateKey(p)] = scorePredicate(reading, p)));
  const answers = scoreAll(criteria.answer);
  const answer = Math.pow(
    answers.reduce((a, b) => a * b, 1),
    1 / answers.length,
  );
  const extras = scoreAll(criteria.details);
  const details = extras.length === 0 ? 1 : extras.reduce((a, b) => a + b, 0) / extras.length;
  return { semantic: answer * (ANSWER_SHARE + (1 - ANSWER_SHARE) * details), answer, details, parts };
}

/** Concepts the predicates ask about, those of panels included. */
export function conceptsAsked(criteria: Criteria): string[] {
  return [...new Set([...criteria.answer, ...criteria.details].flatMap(conceptsIn))];
}

function conceptsIn(p: Predicate): string[] {
  if (p.kind === 'relation') return [p.first, p.second];
  if (p.kind === 'panel_has') return conceptsIn(p.predicate);
  return 'concept' in p ? [p.concept] : [];
}
