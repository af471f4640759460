/** Props drawn from shapes: beakers, flames, tanks, bulbs, seesaws, glasses, blocks, puddles. */
import { Canvas, COLOUR_RGB, mixRgb, Rgb } from './canvas';
import { cosine, sine } from './trig';
import { Colour, Prop, SeesawProp } from './types';

const GLASS: Rgb = [96, 112, 132];
const CLEAR: Rgb = [214, 232, 242];
const WATER: Rgb = [104, 178, 236];
const RUST: Rgb = [172, 74, 30];

function liquidRgb(liquid: Colour | 'clear'): Rgb {
  return liquid === 'clear' ? CLEAR : mixRgb(COLOUR_RGB[liquid], [255, 255, 255], 0.12);
}

/** Two sides, a floor and a rim round the box. */
function vessel(c: Canvas, x: number, y: number, w: number, h: number, wall = 2): void {
  c.rect(x, y, wall, h, GLASS)
    .rect(x + w - wall, y, wall, h, GLASS)
    .rect(x, y + h - wall, w, wall, GLASS)
    .rect(x - 1, y, wall + 2, wall, GLASS)
    .rect(x + w - wall - 1, y, wall + 2, wall, GLASS);
}

function bubbles(c: Canvas, x: number, y: number, w: number, h: number): void {
  for (const [u, v] of [
    [0.2, 0.75],
    [0.35, 0.35],
    [0.5, 0.6],
    [0.65, 0.2],
    [0.8, 0.7],
    [0.3, 0.12],
    [0.75, 0.45],
    [0.55, 0.88],
  ])
    c.ellipse(x + u * w, y + v * h, 1.6, 1.6, [255, 255, 255], 0.95);
}

/** Painters draw in a w x h box with (0, 0) at its top left. */
function draw(prop: Exclude<Prop, SeesawProp>, w: number, h: number): Canvas {
  const c = new Canvas(w, h);
  switch (prop.name) {
    case 'beaker': {
      const left = w * 0.12;
      const width = w * 0.76;
      const top = h * 0.32;
      const depth = h - top - 2;
      c.rect(left, top, width, depth, liquidRgb(prop.liquid));
      if (prop.layer) c.rect(left, top, width, depth * 0.42, liquidRgb(prop.layer));
      if (prop.strip) c.rect(w * 0.46, h * 0.02, w * 0.14, h * 0.8, COLOUR_RGB[prop.strip]);
      if (prop.precipitate)
        for (let i = 0; i < 9; i++) {
          const u = left + 3 + ((width - 6) * i) / 8;
          c.ellipse(u, h - 4 - (i % 2) * 2.2, 2.4, 2.4, COLOUR_RGB[prop.precipitate]);
        }
      if (prop.bubbles) bubbles(c, left + 2, top + 2, width - 4, depth - 6);
      vessel(c, left, h * 0.16, width, h * 0.84);
      return c;
    }
    case 'flame': {
      const rgb = COLOUR_RGB[prop.colour];
      const tongue = (size: number): [number, number][] =>
        Array.from({ length: 24 }, (_, i) => {
          const a = (i / 24) * 2 * Math.PI;
          const up = Math.max(0, -sine(a));
          return [
            w / 2 + cosine(a) * w * 0.3 * size * (1 - 0.55 * up * up),
            h * 0.62 + sine(a) * (sine(a) < 0 ? h * 0.6 : h * 0.24) * size,
          ];
        });
      c.polygon(tongue(1), rgb).polygon(
        tongue(0.5).map(([x, y]): [number, number] => [x, y + h * 0.08]),
        mixRgb(rgb, [255, 255, 255], 0.65),
      );
      c.rect(w * 0.24, h * 0.87, w * 0.52, h * 0.13, [110, 112, 120]);
      return c;
    }
    case 'tank': {
      c.rect(1, h * 0.3, w - 2, h * 0.7 - 2, WATER);
      const side = Math.round(Math.min(w, h) * 0.26);
      if (prop.floating) c.rect(w * 0.16, h * 0.3 - side * 0.6, side, side, COLOUR_RGB[prop.floating]);
      if (prop.sinking) c.rect(w * 0.56, h - 2 - side, side, side, COLOUR_RGB[prop.sinking]);
      vessel(c, 1, h * 0.12, w - 2, h * 0.88);
      return c;
    }
    case 'bulb': {
      const r = w * 0.24;
      const cy = h * 0.36;
      if (prop.on) c.ellipse(w * 0.6, cy, r * 1.6, r * 1.6, [255, 240, 130], 0.55);
      c.ellipse(w * 0.6, cy, r, r, prop.on ? [255, 214, 40] : [112, 116, 124]);
      if (!prop.on) c.ellipse(w * 0.52, cy - r * 0.35, r * 0.25, r * 0.25, [168, 172, 180]);
      c.rect(w * 0.6 - r * 0.45, cy + r * 0.85, r * 0.9, h * 0.12, [150, 156, 166]);
      const wire: Rgb = prop.on ? [196, 110, 50] : [40, 40, 44];
      const foot = cy + r * 0.85 + h * 0.12;
      c.rect(w * 0.6 - 1, foot, 2, h * 0.9 - foot, wire).rect(w * 0.2, h * 0.88, w * 0.4 + 1, 2, wire);
      c.rect(w * 0.04, h * 0.66, w * 0.2, h * 0.34, [88, 170, 84]).rect(
        w * 0.09,
        h * 0.61,
        w * 0.1,
        h * 0.05,
        GLASS,
      );
      return c;
    }
    case 'glass': {
      const left = w * 0.22;
      const width = w * 0.56;
      const top = h * 0.36;
      const ice = prop.state === 'ice';
      c.rect(left, top, width, h - top - 2, ice ? [206, 236, 252] : WATER);
      if (ice) {
        c.line(left + 3, h * 0.5, left + width - 4, h * 0.68, 1.4, [255, 255, 255]);
        c.line(left + width * 0.4, h * 0.45, left + width * 0.25, h * 0.9, 1.4, [255, 255, 255]);
        c.line(left + width * 0.7, h * 0.62, left + width * 0.75, h * 0.92, 1.4, [255, 255, 255]);
      }
      if (prop.state === 'steam') {
        bubbles(c, left + 2, top + 2, width - 4, h - top - 6);
        for (const u of [0.3, 0.5, 0.7])
          for (let i = 0; i < 3; i++)
            c.ellipse(w * u + (i % 2 ? 1.5 : -1.5), h * (0.26 - 0.1 * i), 2.6, 2.2, [250, 250, 255], 0.9);
      }
      vessel(c, left, h * 0.3, width, h * 0.7);
      return c;
    }
    case 'block': {
      const rgb = COLOUR_RGB[prop.colour];
      c.rect(w * 0.1, h * 0.36, w * 0.8, h * 0.64, rgb);
      c.rect(w * 0.1, h * 0.36, w * 0.8, h * 0.1, mixRgb(rgb, [255, 255, 255], 0.3));
      if (prop.rust)
        for (const [u, v] of [
          [0.24, 0.52],
          [0.46, 0.46],
          [0.7, 0.56],
          [0.34, 0.74],
          [0.58, 0.78],
          [0.8, 0.84],
          [0.2, 0.9],
        ])
          c.ellipse(w * u, h * v, w * 0.1, h * 0.07, RUST);
      return c;
    }
    case 'puddle':
      return c
        .ellipse(w / 2, h / 2, w / 2, h / 2, WATER)
        .ellipse(w * 0.4, h * 0.4, w * 0.2, h * 0.12, [176, 220, 250]);
  }
}

/** How far each end of the seesaw's beam is below level, in pixels. */
export function seesawDrop(down: SeesawProp['down']): { left: number; right: number } {
  return down === 'level'
    ? { left: 0, right: 0 }
    : down === 'left'
      ? { left: 7, right: -7 }
      : { left: -7, right: 7 };
}

function drawSeesaw(prop: SeesawProp, w: number, h: number): Canvas {
  const c = new Canvas(w, h);
  const middle = h - 14;
  const { left, right } = seesawDrop(prop.down);
  c.polygon(
    [
      [w / 2, middle],
      [w / 2 + 8, h],
      [w / 2 - 8, h],
    ],
    [110, 70, 44],
  );
  return c.line(1, middle + left, w - 1, middle + right, 3, [196, 120, 60]);
}

const cache = new Map<string, Canvas>();

/** A prop in a box of `width` x `height` pixels: premultiplied RGBA, shared. */
export function propPicture(prop: Prop, width: number, height: number): Canvas {
  const key = JSON.stringify([prop, width, height]);
  let picture = cache.get(key);
  if (!picture) {
    picture = prop.name === 'seesaw' ? drawSeesaw(prop, width, height) : draw(prop, width, height);
    cache.set(key, picture);
  }
  return picture;
}
