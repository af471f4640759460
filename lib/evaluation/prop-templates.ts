/**
 * Which prop stands in a picture, by comparing it with drawings of props: the name first, then its fields one by
 * one, each taking the value whose drawing fits best.
 */
import { COLOURS, propPicture } from '../world';
import type { Prop, PropName } from '../world';

export interface PropMatch {
  name: PropName;
  /** Fields that the best drawing has; optional ones that are absent are left out. */
  fields: Record<string, string | boolean | undefined>;
  /** How much of what stands out the drawing explains: 1 all, 0 nothing. */
  score: number;
}

/** Below this no prop is seen; objects that happen to stand in the box explain less. */
const SEEN = 0.55;
const SIDE = 64;

interface PropBox {
  x: number;
  y: number;
  width: number;
  height: number;
}

const BOXES: Record<'standing' | 'seesaw' | 'puddle', PropBox[]> = {
  standing: [
    { x: 12, y: 12, width: 40, height: 44 },
    { x: 34, y: 16, width: 29, height: 38 },
  ],
  seesaw: [{ x: 1, y: 22, width: 62, height: 38 }],
  puddle: [{ x: 6, y: 46, width: 52, height: 15 }],
};

type Values = readonly (string | boolean | undefined)[];
const OPTIONAL: Values = [undefined, ...COLOURS];

/** Starting drawings and the values of each field, in the order they are settled. */
const FORMS: { start: Prop; fields: Record<string, Values> }[] = [
  {
    start: { name: 'beaker', liquid: 'clear' },
    fields: {
      liquid: ['clear', ...COLOURS],
      layer: OPTIONAL,
      precipitate: OPTIONAL,
      strip: OPTIONAL,
      bubbles: [false, true],
    },
  },
  { start: { name: 'flame', colour: 'orange' }, fields: { colour: COLOURS } },
  { start: { name: 'tank', floating: 'brown' }, fields: { floating: OPTIONAL, sinking: OPTIONAL } },
  { start: { name: 'bulb', on: true }, fields: { on: [true, false] } },
  { start: { name: 'seesaw', down: 'level' }, fields: { down: ['left', 'right', 'level'] } },
  { start: { name: 'glass', state: 'water' }, fields: { state: ['ice', 'water', 'steam'] } },
  { start: { name: 'block', colour: 'grey' }, fields: { colour: COLOURS, rust: [false, true] } },
  { start: { name: 'puddle' }, fields: {} },
];

/** The prop that explains the picture best, or undefined when none does. */
export function matchProp(image: Uint8Array, background: Uint8Array): PropMatch | undefined {
  let best: PropMatch | undefined;
  for (const { start, fields } of FORMS) {
    const boxes = start.name === 'seesaw' || start.name === 'puddle' ? BOXES[start.name] : BOXES.standing;
    for (const box of boxes) {
      const match = settle({ image, background, box }, start, fields);
      if (match.score >= SEEN && (!best || match.score > best.score)) best = match;
    }
  }
  return best;
}

interface Scene {
  image: Uint8Array;
  background: Uint8Array;
  box: PropBox;
}

/** Two rounds of choosing each field's best value with the others held. */
function settle(scene: Scene, start: Prop, fields: Record<string, Values>): PropMatch {
  let prop: Record<string, unknown> = { ...start };
  let score = explained(scene, prop);
  for (let round = 0; round < 2; round++)
    for (const [field, values] of Object.entries(fields))
      for (const value of values) {
        const candidate = { ...prop, [field]: value };
        const s = explained(scene, candidate);
        if (s > score + 1e-6) [prop, score] = [candidate, s];
      }
  const { name, ...rest } = prop;
  return { name: name as PropName, fields: rest as PropMatch['fields'], score };
}

/**
 * 1 - error of the drawing / error of the bare background, over the pixels that the drawing covers and those
 * beside it in the box that stand out.
 */
function explained({ image, background, box }: Scene, prop: Record<string, unknown>): number {
  const picture = propPicture(prop as unknown as Prop, box.width, box.height).data;
  let [error, bare] = [0, 0];
  for (let y = 0; y < box.height; y++)
    for (let x = 0; x < box.width; x++) {
      const from = (y * box.width + x) * 4;
      const at = ((box.y + y) * SIDE + box.x + x) * 3;
      const keep = 1 - picture[from + 3] / 255;
      if (prop.name === 'seesaw' && keep === 1) continue; // its riders stand in the box and are not part of it
      for (let c = 0; c < 3; c++) {
        const drawn = picture[from + c] + background[at + c] * keep;
        error += Math.min(80, Math.abs(image[at + c] - drawn));
        bare += Math.min(80, Math.abs(image[at + c] - background[at + c]));
      }
    }
  return bare < 1 ? 0 : 1 - error / bare;
}
