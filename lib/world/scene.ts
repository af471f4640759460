/** What makes a scene spec valid, and how two specs compare. */
import { hasTime, inkOf } from './backgrounds';
import { conceptOf, hasConcept, nearestNames } from './concepts';
import { Figure } from './figures';
import { figureProblems } from './figure-problems';
import { GLYPHS, LINE_LENGTH, MAX_LINES, MAX_LINES_WITH_OBJECTS } from './glyphs';
import { freeObjects, isVertical, maxCount, sizeOf, standingThing } from './layout';
import { panelProblems } from './panels';
import { sceneShapeProblems } from './scene-shape';
import { quote } from './shapes';
import {
  Artist,
  ARTISTS,
  BACKGROUNDS,
  COLOURS,
  Prop,
  PROP_NAMES,
  RELATIONS,
  SceneObject,
  SceneSpec,
  SIZES,
  SLOTS,
  TIMES,
  TURNS,
} from './types';

function oneOf(
  problems: string[],
  where: string,
  value: string | undefined,
  allowed: readonly string[],
): void {
  if (value !== undefined && !allowed.includes(value))
    problems.push(`${where} is ${quote(value)}, want one of ${allowed.join(', ')}`);
}

function objectProblems(spec: SceneSpec, object: SceneObject, index: number): string[] {
  const problems: string[] = [];
  const where = `objects[${index}]`;
  if (!hasConcept(object.concept))
    return [
      `${where}.concept ${quote(object.concept)} is unknown, nearest: ${nearestNames(object.concept).join(', ')}`,
    ];
  oneOf(problems, `${where}.size`, object.size, SIZES);
  oneOf(problems, `${where}.tint`, object.tint, COLOURS);
  oneOf(problems, `${where}.slot`, object.slot, SLOTS);
  if (object.turn !== undefined && !TURNS.includes(object.turn))
    problems.push(`${where}.turn is ${String(object.turn)}, want one of ${TURNS.join(', ')}`);
  const count = object.count ?? 1;
  if (!Number.isInteger(count) || count < 1 || count > 5)
    problems.push(`${where}.count is ${count}, want an integer from 1 to 5`);
  if (problems.length > 0) return problems;
  const free = freeObjects(spec);
  const standing = standingThing(spec);
  const size = sizeOf(spec, object);
  if (object.slot) {
    if (count > 1)
      problems.push(`${where}: ${count} ${object.concept} in slot "${object.slot}", want at most 1`);
    if (object.slot.includes('-') && size === 'large')
      problems.push(`${where}: a large object in slot "${object.slot}", want small or medium in a corner`);
  } else if (standing?.name === 'seesaw') {
    if (size !== 'small' && object.size)
      problems.push(`${where}: a ${size} object on a seesaw, want small (or leave it out)`);
    if (count > 1) problems.push(`${where}: ${count} ${object.concept} on one end of a seesaw, want 1`);
  } else {
    const company = standing
      ? 'beside'
      : free.length === 1
        ? 'alone'
        : free.length === 2
          ? isVertical(spec.relation)
            ? 'stacked'
            : 'beside'
          : 'trio';
    const most = standing && size === 'large' ? 0 : maxCount(size, company);
    if (count > most)
      problems.push(
        `${where}: ${count} ${size} ${object.concept} do not fit (${company}), want at most ${most}; smaller objects leave more room`,
      );
  }
  return problems;
}

const PROP_FIELDS: Record<string, { colours: string[]; flags: string[] }> = {
  beaker: { colours: ['liquid', 'layer', 'precipitate', 'strip'], flags: ['bubbles'] },
  flame: { colours: ['colour'], flags: [] },
  tank: { colours: ['floating', 'sinking'], flags: [] },
  bulb: { colours: [], flags: ['on'] },
  seesaw: { colours: ['down'], flags: [] },
  glass: { colours: ['state'], flags: [] },
  block: { colours: ['colour'], flags: ['rust'] },
  puddle: { colours: [], flags: [] },
};
const REQUIRED: Record<string, string[]> = {
  beaker: ['liquid'],
  flame: ['colour'],
  bulb: ['on'],
  seesaw: ['down'],
  glass: ['state'],
  block: ['colour'],
};
const SPECIAL: Record<string, readonly string[]> = {
  'beaker.liquid': [...COLOURS, 'clear'],
  'seesaw.down': ['left', 'right', 'level'],
  'glass.state': ['ice', 'water', 'steam'],
};

function propProblems(prop: Prop, index: number): string[] {
  const where = `props[${index}]`;
  if (!PROP_NAMES.includes(prop.name))
    return [`${where}.name is ${quote(prop.name)}, want one of ${PROP_NAMES.join(', ')}`];
  const problems: string[] = [];
  const { colours, flags } = PROP_FIELDS[prop.name];
  for (const [field, value] of Object.entries(prop)) {
    if (field === 'name' || value === undefined) continue;
    if (colours.includes(field))
      oneOf(problems, `${where}.${field}`, String(value), SPECIAL[`${prop.name}.${field}`] ?? COLOURS);
    else if (!flags.includes(field))
      problems.push(
        `${where}.${field} is unknown, a ${prop.name} has ${[...colours, ...flags].join(', ') || 'no fields'}`,
      );
    else if (typeof value !== 'boolean')
      problems.push(`${where}.${field} is ${JSON.stringify(value)}, want true or false`);
  }
  for (const field of REQUIRED[prop.name] ?? [])
    if ((prop as unknown as Record<string, unknown>)[field] === undefined)
      problems.push(`${where}.${field} is missing, a ${prop.name} needs it`);
  if (prop.name === 'tank' && !prop.floating && !prop.sinking)
    problems.push(`${where}: a tank with no block, want floating or sinking`);
  return problems;
}

function textProblems(spec: SceneSpec): string[] {
  if (!spec.text?.some((line) => line !== '')) return [];
  const problems: string[] = [];
  const crowded = spec.objects.length > 0 || (spec.props?.length ?? 0) > 0;
  const most = crowded ? MAX_LINES_WITH_OBJECTS : MAX_LINES;
  if (spec.text.length > most)
    problems.push(
      `text has ${spec.text.length} lines, want at most ${most}${crowded ? ' with objects' : ''}`,
    );
  if (!inkOf(spec.background))
    problems.push(
      `text on background "${spec.background}", want ${BACKGROUNDS.filter((b) => inkOf(b)).join(', ')}`,
    );
  spec.text.forEach((line, i) => {
    if (line.length > LINE_LENGTH)
      problems.push(
        `text line ${i + 1} ${quote(line)} has ${line.length} characters, want at most ${LINE_LENGTH}`,
      );
    const bad = [...line].filter((character) => !GLYPHS.includes(character));
    if (bad.length > 0)
      problems.push(
        `text line ${i + 1} ${quote(line)} has ${JSON.stringify(bad[0])}, want A-Z 0-9 +-=*/().:?!$%`,
      );
    if (line !== line.trim())
      problems.push(`text line ${i + 1} ${quote(line)} begins or ends with a space, want none there`);
  });
  return problems;
}

/** Everything wrong with a spec, in words; empty when it can be drawn. */
export function sceneProblems(spec: SceneSpec): string[] {
  const problems = sceneShapeProblems(spec);
  if (problems.length > 0) return problems;
  oneOf(problems, 'background', String(spec.background), BACKGROUNDS);
  oneOf(problems, 'time', spec.time, TIMES);
  oneOf(problems, 'style', spec.style, ARTISTS);
  oneOf(problems, 'relation', spec.relation, RELATIONS);
  if (problems.length > 0) return problems;
  if (spec.time && !hasTime(spec.background))
    problems.push(
      `time is "${spec.time}", but background "${spec.background}" has no time of day, want none`,
    );
  const free = freeObjects(spec);
  const props = spec.props ?? [];
  if (spec.objects.length > 3) problems.push(`objects has ${spec.objects.length} kinds, want at most 3`);
  if (props.length > 1) problems.push(`props has ${props.length}, want at most 1`);
  props.forEach((prop, i) => problems.push(...propProblems(prop, i)));
  const standing = standingThing(spec);
  if (standing && standing.name !== 'seesaw' && free.length > 1)
    problems.push(`${free.length} kinds of objects beside a ${standing.name}, want at most 1`);
  if (standing?.name === 'seesaw' && free.length !== 0 && free.length !== 2)
    problems.push(`${free.length} kinds of objects on a seesaw, want 2 or none`);
  if (spec.relation && (free.length !== 2 || standing))
    problems.push(`relation "${spec.relation}" wants exactly two objects without a slot and no prop`);
  const slots = spec.objects.flatMap((object) => (object.slot ? [object.slot] : []));
  if (new Set(slots).size < slots.length)
    problems.push(`two objects in one slot: ${slots.join(', ')}, want each slot once`);
  const large = standing ? [] : free.filter((object) => sizeOf(spec, object) === 'large');
  if (free.length === 2 && large.length === 2)
    problems.push('two large objects do not fit, want one of them small or medium');
  if (free.length === 2 && large.length === 1 && free.some((object) => (object.count ?? 1) > 1))
    problems.push('a large object leaves room for one other object only, want count 1');
  spec.objects.forEach((object, i) => problems.push(...objectProblems(spec, object, i)));
  problems.push(...textProblems(spec), ...figureProblems(spec), ...panelProblems(spec));
  spec.panels?.forEach((panel, i) =>
    problems.push(...sceneProblems(panel).map((problem) => `panels[${i}]: ${problem}`)),
  );
  if (problems.length === 0 && spec.style && !artistsOf(spec).includes(spec.style))
    problems.push(
      `style is "${spec.style}", but that artist has not drawn ${objectsIn(spec)
        .map((o) => o.concept)
        .join(', ')}; want one of ${artistsOf(spec).join(', ')}`,
    );
  return problems;
}

/** Throws with every problem of a spec when it cannot be drawn; gives the spec back. */
export function validateScene(spec: SceneSpec): SceneSpec {
  const problems = sceneProblems(spec);
  if (problems.length > 0) throw new Error(`scene: ${problems.join('; ')}`);
  return spec;
}

/** The objects of a scene and of its panels. */
export function objectsIn(spec: SceneSpec): SceneObject[] {
  return [...spec.objects, ...(spec.panels ?? []).flatMap(objectsIn)];
}

/** The training artists that have drawn every object of a scene. */
export function artistsOf(spec: SceneSpec): Artist[] {
  return ARTISTS.filter((artist) =>
    objectsIn(spec).every(({ concept }) => conceptOf(concept).artists.includes(artist)),
  );
}

/** A spec with counts written out, and without flips, empty lists and undefined fields: two specs that look alike become equal. */
export function normaliseScene(spec: SceneSpec): SceneSpec {
  const text = [...(spec.text ?? [])];
  while (text.length > 0 && text[text.length - 1] === '') text.pop();
  // Objects in slots are said last, so they come last.
  const objects = [...freeObjects(spec), ...spec.objects.filter((object) => object.slot)];
  return {
    ...(spec.style && { style: spec.style }),
    background: spec.background,
    ...(spec.time && { time: spec.time }),
    objects: objects.map(({ concept, count = 1, size, tint, slot, turn }) => ({
      concept,
      count,
      ...(size && { size }),
      ...(tint && { tint }),
      ...(slot && { slot }),
      ...(turn && { turn }),
    })),
    ...(spec.props && spec.props.length > 0 && { props: spec.props.map(definedFields) }),
    ...(text.length > 0 && { text }),
    ...(spec.relation && { relation: spec.relation }),
    ...(spec.figure && { figure: definedFields(spec.figure) }),
    ...(spec.panels && { panels: spec.panels.map(normaliseScene) }),
  };
}

function definedFields<T extends Prop | Figure>(prop: T): T {
  return Object.fromEntries(
    Object.entries(prop).filter(
      ([key, value]) => value !== undefined && !(key === 'rust' && value === false),
    ),
  ) as unknown as T;
}
