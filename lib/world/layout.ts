/**
 * Where things stand: a fixed place for every (size, count, company), never jittered, so that a picture is
 * decided by its spec and a painter has one answer to learn. Coordinates are pixels of the 64x64 scene.
 */
import { Figure } from './figures';
import { ALONE, Cell, HALF, ROW, SIZE_PX, SMALLEST } from './layout-cells';
import { seesawDrop } from './props';
import { Colour, Prop, Relation, SceneObject, SceneSpec, Size, Slot, Turn } from './types';

export interface PlacedSprite {
  concept: string;
  tint?: Colour;
  flip: boolean;
  turn?: Turn;
  x: number;
  y: number;
  /** Side of the sprite in pixels. */
  px: number;
}

export interface PlacedProp {
  prop: Prop;
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Layout {
  props: PlacedProp[];
  sprites: PlacedSprite[];
}

/** Most objects of a kind that a size allows. Company: other kinds of objects or a prop in the picture. */
export function maxCount(size: Size, company: 'alone' | 'beside' | 'stacked' | 'trio' | 'slot'): number {
  if (company === 'slot') return 1;
  if (company === 'trio') return size === 'small' ? 2 : 0;
  if (size === 'large') return 1;
  if (company === 'alone') return ALONE[size].length;
  return company === 'beside' ? HALF[size].length : ROW[size].length;
}

/** The size of an object whose spec leaves it out. */
export function defaultSize(object: SceneObject, freeObjects: number, hasProp: boolean): Size {
  const count = object.count ?? 1;
  if (object.slot || freeObjects > 2) return 'small';
  if (freeObjects === 2 || hasProp) return count === 1 ? 'medium' : 'small';
  return count === 1 ? 'large' : count <= 4 ? 'medium' : 'small';
}

export function isVertical(relation: Relation | undefined): boolean {
  return relation === 'above' || relation === 'below';
}

/** The prop that takes room beside or under the objects (a puddle lies under everything). */
export function standingProp(spec: SceneSpec): Prop | undefined {
  return spec.props?.find((prop) => prop.name !== 'puddle');
}

/** The prop, clock or sign that objects stand beside. */
export function standingThing(spec: SceneSpec): Prop | Figure | undefined {
  return standingProp(spec) ?? spec.figure;
}

/** Objects that take part in the side-by-side layout. */
export function freeObjects(spec: SceneSpec): SceneObject[] {
  return spec.objects.filter((object) => !object.slot);
}

export function sizeOf(spec: SceneSpec, object: SceneObject): Size {
  return object.size ?? defaultSize(object, freeObjects(spec).length, standingThing(spec) !== undefined);
}

export function slotPlace(slot: Slot, size: Size): Cell {
  const px = SIZE_PX[size];
  const [vertical, horizontal] = slot.includes('-')
    ? slot.split('-')
    : slot === 'top' || slot === 'bottom'
      ? [slot, 'centre']
      : ['centre', slot];
  const x = horizontal === 'left' ? 2 : horizontal === 'right' ? 62 - px : (64 - px) / 2;
  const y = vertical === 'top' ? 2 : vertical === 'bottom' ? 62 - px : (64 - px) / 2;
  return [x, y];
}

function place(object: SceneObject, cells: readonly Cell[], px: number): PlacedSprite[] {
  return cells.map(([x, y]) => ({
    concept: object.concept,
    tint: object.tint,
    flip: object.flip ?? false,
    ...(object.turn && { turn: object.turn }),
    x,
    y,
    px,
  }));
}

function placeHalf(object: SceneObject, size: Size, right: boolean): PlacedSprite[] {
  const { px, at } = HALF[size as 'medium' | 'small'][(object.count ?? 1) - 1];
  return place(
    object,
    at.map(([x, y]): Cell => [x + (right ? 32 : 0), y]),
    px,
  );
}

/** Two kinds side by side; `pair` from left to right. */
function sideBySide(pair: readonly { object: SceneObject; size: Size }[]): PlacedSprite[] {
  const large = pair.findIndex(({ size }) => size === 'large');
  if (large < 0) return pair.flatMap(({ object, size }, i) => placeHalf(object, size, i === 1));
  const other = pair[1 - large];
  const px = SIZE_PX[other.size];
  const largeX = other.size === 'small' ? 1 : 0;
  const otherX = 64 - px - largeX;
  return [
    ...place(pair[large].object, [[large === 0 ? largeX : 24 - largeX, 14]], 40),
    ...place(other.object, [[large === 0 ? otherX : largeX, 54 - px]], px),
  ];
}

/** Two kinds one above the other; `pair` from top to bottom. */
function stacked(pair: readonly { object: SceneObject; size: Size }[]): PlacedSprite[] {
  const large = pair.findIndex(({ size }) => size === 'large');
  if (large >= 0) {
    const other = pair[1 - large];
    const px = SIZE_PX[other.size];
    const top = other.size === 'small' ? 1 : 0;
    return [
      ...place(pair[large].object, [[12, large === 0 ? top : 24 - top]], 40),
      ...place(other.object, [[(64 - px) / 2, large === 0 ? 64 - px - top : top]], px),
    ];
  }
  return pair.flatMap(({ object, size }, i) => {
    const { px, xs } = ROW[size as 'medium' | 'small'][(object.count ?? 1) - 1];
    const middle = i === 0 ? 16 : 48;
    return place(
      object,
      xs.map((x): Cell => [x, middle - px / 2]),
      px,
    );
  });
}

function onSeesaw(spec: SceneSpec, free: SceneObject[], box: PlacedProp): PlacedSprite[] {
  const prop = box.prop;
  if (prop.name !== 'seesaw') return [];
  const drop = seesawDrop(prop.down);
  return free.flatMap((object, i) => {
    const px = SIZE_PX.small;
    const x = i === 0 ? box.x + 1 : box.x + box.width - 1 - px;
    const u = (x + px / 2 - box.x) / box.width;
    const beam = box.y + box.height - 14 + drop.left + (drop.right - drop.left) * u;
    return place(object, [[x, Math.round(beam - 1 - px)]], px);
  });
}

/** Places everything; the spec must be valid (see validateScene). */
export function layoutScene(spec: SceneSpec): Layout {
  const free = freeObjects(spec);
  const sized = free.map((object) => ({ object, size: sizeOf(spec, object) }));
  const standing = standingProp(spec);
  const props: PlacedProp[] = (spec.props ?? [])
    .filter((prop) => prop.name === 'puddle')
    .map((prop) => ({ prop, x: 6, y: 46, width: 52, height: 15 }));
  const sprites: PlacedSprite[] = [];
  if (standing?.name === 'seesaw') {
    const box = { prop: standing, x: 1, y: 22, width: 62, height: 38 };
    props.push(box);
    sprites.push(...onSeesaw(spec, free, box));
  } else if (standing) {
    if (sized.length === 0) props.push({ prop: standing, x: 12, y: 12, width: 40, height: 44 });
    else {
      props.push({ prop: standing, x: 34, y: 16, width: 29, height: 38 });
      sprites.push(...placeHalf(sized[0].object, sized[0].size, false));
    }
  } else if (spec.figure) {
    // The figure draws itself: in the right half beside an object, else in the middle.
    if (sized.length > 0) sprites.push(...placeHalf(sized[0].object, sized[0].size, false));
  } else if (sized.length === 1) {
    const [{ object, size }] = sized;
    sprites.push(...place(object, ALONE[size][(object.count ?? 1) - 1], SIZE_PX[size]));
  } else if (sized.length === 2) {
    const swapped = spec.relation === 'right of' || spec.relation === 'below';
    const pair = swapped ? [sized[1], sized[0]] : sized;
    sprites.push(...(isVertical(spec.relation) ? stacked(pair) : sideBySide(pair)));
  } else if (sized.length === 3) {
    sized.forEach(({ object }, i) => {
      const pairs = object.count === 2;
      const px = pairs ? SMALLEST : SIZE_PX.small;
      const x = [1, 22, 43][i] + (pairs ? 2 : 0);
      sprites.push(...place(object, pairs ? [[x, 12] as Cell, [x, 38] as Cell] : [[x, 30]], px));
    });
  }
  for (const object of spec.objects)
    if (object.slot) {
      const size = sizeOf(spec, object);
      sprites.push(...place(object, [slotPlace(object.slot, size)], SIZE_PX[size]));
    }
  return { props, sprites };
}
