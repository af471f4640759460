/** The form of a scene and of a criterion as JSON; whether a scene can be drawn, scene.ts says. */
import { type Shape, quote, shapeProblems } from './shapes';

const STRING = 'a string';
const NUMBER = 'a number';

const OBJECT: Shape = {
  fields: {
    concept: STRING,
    count: NUMBER,
    size: STRING,
    tint: STRING,
    slot: STRING,
    flip: 'true or false',
    turn: NUMBER,
  },
  need: ['concept'],
};

const FIGURE: Shape = {
  fields: {
    name: STRING,
    hour: NUMBER,
    minute: NUMBER,
    colour: STRING,
    lines: { list: STRING },
    rows: { list: STRING },
    marked: { list: NUMBER },
    line: STRING,
    path: STRING,
  },
  need: ['name'],
};

const SCENE: Record<string, Shape> = {
  style: STRING,
  background: STRING,
  time: STRING,
  objects: { list: OBJECT },
  props: { list: 'an object' },
  text: { list: STRING },
  relation: STRING,
  figure: FIGURE,
};

const NEED = ['background', 'objects'];
const PANEL: Shape = { fields: SCENE, need: NEED };
const WHOLE: Shape = { fields: { ...SCENE, panels: { list: 'an object' } }, need: NEED };

/** Everything in a scene that has another type than it should, and every field that no scene has. */
export function sceneShapeProblems(spec: unknown): string[] {
  const panels = (spec as { panels?: unknown } | null)?.panels;
  const problems = shapeProblems(spec, WHOLE);
  if (problems.length > 0 || panels === undefined) return problems;
  // Only one level deep: panels have none of their own.
  return (panels as object[]).flatMap((panel, i) => {
    if (Object.hasOwn(panel, 'panels')) return [`panels[${i}]: panels in a panel, want a scene without`];
    return shapeProblems(panel, PANEL, `panels[${i}]`);
  });
}

const PREDICATES: Record<string, Record<string, Shape>> = {
  has: { concept: STRING },
  absent: { concept: STRING },
  background: { value: STRING },
  time: { value: STRING },
  prop: { name: STRING },
  text: { lines: { list: STRING } },
  tint: { concept: STRING, value: STRING },
  size: { concept: STRING, value: STRING },
  relation: { relation: STRING, first: STRING, second: STRING },
  slot: { concept: STRING, value: STRING },
  turn: { concept: STRING, value: NUMBER },
  figure: { name: STRING },
  cell: { at: { list: NUMBER }, value: STRING },
  panel_has: { panel: NUMBER, predicate: 'an object' },
  same: { what: STRING },
};

/** The same of a criterion. */
export function predicateShapeProblems(predicate: unknown): string[] {
  const isObject = shapeProblems(predicate, 'an object', 'criterion');
  if (isObject.length > 0) return isObject;
  const { kind, count } = predicate as { kind?: unknown; count?: unknown };
  if (typeof kind !== 'string' || !Object.hasOwn(PREDICATES, kind))
    return [`unknown predicate kind ${quote(kind)}, want one of ${Object.keys(PREDICATES).join(', ')}`];
  const need = PREDICATES[kind];
  const fields: Record<string, Shape> = { kind: STRING, ...need };
  if (kind === 'prop' || kind === 'figure') fields.value = 'an object';
  if (kind === 'has') fields.count = typeof count === 'string' ? STRING : NUMBER;
  return shapeProblems(predicate, { fields, need: Object.keys(need) }).map(
    (problem) => `${kind}: ${problem}`,
  );
}
