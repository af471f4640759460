/** Draws figures into a scene: a clock or sign in its place, a grid over the whole picture. */
import { Canvas, COLOUR_RGB, Rgb } from './canvas';
import { ClockFigure, Figure, isGrid, SignFigure } from './figures';
import { drawLineAt } from './glyphs';
import { drawGrid } from './grid-picture';
import { blit } from './pixels';
import { cosine, sine } from './trig';
import { Background, Colour } from './types';

const RIM: Rgb = [52, 58, 70];
const FACE: Rgb = [252, 252, 250];
const HOUR_HAND: Rgb = [24, 24, 30];
const MINUTE_HAND: Rgb = [214, 44, 44];
const POST: Rgb = [120, 112, 104];

/** Sides in pixels: alone, and beside an object (the right half). */
export const CLOCK_SIDE = { alone: 56, beside: 30 } as const;

const clocks = new Map<string, Uint8Array>();

/** Angle from twelve, clockwise, in radians; the hour hand moves with the minutes. */
export function handAngles({ hour, minute }: Pick<ClockFigure, 'hour' | 'minute'>): {
  hour: number;
  minute: number;
} {
  return { hour: (((hour % 12) + minute / 60) / 12) * 2 * Math.PI, minute: (minute / 60) * 2 * Math.PI };
}

/** A clock of `side` x `side` pixels: premultiplied RGBA, shared. */
export function clockPicture(clock: Pick<ClockFigure, 'hour' | 'minute'>, side: number): Uint8Array {
  const key = `${clock.hour}:${clock.minute}/${side}`;
  let picture = clocks.get(key);
  if (picture) return picture;
  const c = new Canvas(side, side);
  const r = side / 2;
  const rim = Math.max(1.5, side * 0.06);
  c.ellipse(r, r, r, r, RIM).ellipse(r, r, r - rim, r - rim, FACE);
  for (let tick = 0; tick < 12; tick++) {
    const long = tick % 3 === 0;
    if (side < 40 && !long) continue;
    const a = (tick / 12) * 2 * Math.PI;
    const [from, to] = [r - rim - side * (long ? 0.07 : 0.04), r - rim];
    const point = (d: number): [number, number] => [r + sine(a) * d, r - cosine(a) * d];
    c.line(...point(from), ...point(to), long ? Math.max(1.4, side * 0.045) : 1.2, RIM);
  }
  const hand = (angle: number, length: number, thickness: number, rgb: Rgb): void => {
    const [sin, cos] = [sine(angle), cosine(angle)];
    c.line(r - sin * side * 0.03, r + cos * side * 0.03, r + sin * length, r - cos * length, thickness, rgb);
  };
  const angles = handAngles(clock);
  hand(angles.minute, side * 0.37, Math.max(1.8, side * 0.05), MINUTE_HAND);
  hand(angles.hour, side * 0.22, Math.max(2.6, side * 0.085), HOUR_HAND);
  c.ellipse(r, r, side * 0.045, side * 0.045, HOUR_HAND);
  clocks.set(key, (picture = c.data));
  return picture;
}

const LIGHT: readonly Colour[] = ['white', 'yellow', 'pink', 'orange'];

const plates = new Map<string, Canvas>();

/** Post and empty plate; `left`, `width` and `height` of the plate in patches. */
function platePicture(colour: Colour, left: number, width: number, lines: number, top: number): Canvas {
  const key = [colour, left, width, lines, top].join();
  let c = plates.get(key);
  if (c) return c;
  c = new Canvas(64, 64);
  const middle = (left + width / 2) * 8;
  const [x, y, w, h] = [left * 8 - 2, top * 8 - 3, width * 8 + 4, lines * 8 + 6];
  c.rect(middle - 2, y + h, 4, 60 - y - h, POST);
  c.rect(x, y, w, h, LIGHT.includes(colour) ? [40, 40, 46] : [250, 250, 250]);
  c.rect(x + 1, y + 1, w - 2, h - 2, COLOUR_RGB[colour]);
  plates.set(key, c);
  return c;
}

/** Where the plate of a sign stands, in patches. */
export function platePlace(
  lines: readonly string[],
  beside: boolean,
): { left: number; top: number; width: number } {
  const longest = Math.max(2, ...lines.map((line) => line.length));
  // An even number of patches, so that plate and letters keep to the patch grid.
  const width = longest + (longest % 2);
  return { left: (beside ? 6 : 4) - width / 2, top: lines.length === 1 ? 3 : 2, width };
}

function drawSign(pixels: Uint8Array, { colour, lines }: SignFigure, beside: boolean): void {
  const { left, top, width } = platePlace(lines, beside);
  blit(pixels, platePicture(colour, left, width, lines.length, top).data, {
    x: 0,
    y: 0,
    width: 64,
    height: 64,
  });
  const ink: Rgb = LIGHT.includes(colour) ? [20, 20, 30] : [255, 255, 255];
  lines.forEach((line, i) => {
    const column = left + Math.floor((width - line.length) / 2);
    drawLineAt(pixels, line, { row: top + i, column }, ink);
  });
}

/** Draws a figure over a background; `beside`: there is an object in the left half. */
export function drawFigure(
  pixels: Uint8Array,
  figure: Figure,
  { background, beside }: { background: Background; beside: boolean },
): void {
  if (isGrid(figure)) drawGrid(pixels, figure, background);
  else if (figure.name === 'sign') drawSign(pixels, figure, beside);
  else {
    const side = beside ? CLOCK_SIDE.beside : CLOCK_SIDE.alone;
    const [x, y] = beside ? [33, 20] : [4, 4];
    blit(pixels, clockPicture(figure, side), { x, y, width: side, height: side });
  }
}
