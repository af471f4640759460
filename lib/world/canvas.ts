/** A small premultiplied RGBA canvas with antialiased shapes: backgrounds and props are drawn on it once, then cached. */
import { hypotenuse } from './trig';
import { Colour } from './types';

export type Rgb = readonly [number, number, number];

/** What each colour word looks like. */
export const COLOUR_RGB: Record<Colour, Rgb> = {
  red: [222, 48, 48],
  orange: [245, 135, 31],
  yellow: [250, 212, 50],
  green: [56, 168, 74],
  blue: [52, 104, 226],
  purple: [142, 68, 190],
  pink: [244, 128, 184],
  brown: [140, 86, 48],
  black: [36, 36, 40],
  white: [250, 250, 250],
  grey: [140, 146, 154],
};

export function mixRgb(a: Rgb, b: Rgb, t: number): Rgb {
  return [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t];
}

/** Each pixel is sampled SUB x SUB times; coordinates are in pixels, (0, 0) the top left corner. */
const SUB = 4;

export class Canvas {
  readonly data: Uint8Array; // [height, width, 4], premultiplied

  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.data = new Uint8Array(width * height * 4);
  }

  /** Paints where `inside(x, y)` holds, within the box, with antialiased edges. */
  fill(
    box: { x: number; y: number; width: number; height: number },
    inside: (x: number, y: number) => boolean,
    rgb: Rgb,
    alpha = 1,
  ): this {
    const left = Math.max(0, Math.floor(box.x));
    const right = Math.min(this.width, Math.ceil(box.x + box.width));
    const top = Math.max(0, Math.floor(box.y));
    const bottom = Math.min(this.height, Math.ceil(box.y + box.height));
    for (let y = top; y < bottom; y++)
      for (let x = left; x < right; x++) {
        let hits = 0;
        for (let j = 0; j < SUB; j++)
          for (let i = 0; i < SUB; i++) if (inside(x + (i + 0.5) / SUB, y + (j + 0.5) / SUB)) hits++;
        if (hits > 0) this.blend(x, y, rgb, (alpha * hits) / (SUB * SUB));
      }
    return this;
  }

  rect(x: number, y: number, width: number, height: number, rgb: Rgb, alpha = 1): this {
    return this.fill(
      { x, y, width, height },
      (px, py) => px >= x && px < x + width && py >= y && py < y + height,
      rgb,
      alpha,
    );
  }

  ellipse(cx: number, cy: number, rx: number, ry: number, rgb: Rgb, alpha = 1): this {
    return this.fill(
      { x: cx - rx, y: cy - ry, width: 2 * rx, height: 2 * ry },
      (x, y) => {
        const [u, v] = [(x - cx) / rx, (y - cy) / ry];
        return u * u + v * v <= 1;
      },
      rgb,
      alpha,
    );
  }

  /** A convex or concave polygon, by the even-odd rule. */
  polygon(points: readonly (readonly [number, number])[], rgb: Rgb, alpha = 1): this {
    const xs = points.map(([x]) => x);
    const ys = points.map(([, y]) => y);
    const x = Math.min(...xs);
    const y = Math.min(...ys);
    const inside = (px: number, py: number): boolean => {
      let odd = false;
      for (let i = 0, j = points.length - 1; i < points.length; j = i++) {
        const [ax, ay] = points[i];
        const [bx, by] = points[j];
        if (ay > py !== by > py && px < ((bx - ax) * (py - ay)) / (by - ay) + ax) odd = !odd;
      }
      return odd;
    };
    return this.fill({ x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y }, inside, rgb, alpha);
  }

  line(x1: number, y1: number, x2: number, y2: number, thickness: number, rgb: Rgb, alpha = 1): this {
    const length = hypotenuse(x2 - x1, y2 - y1) || 1;
    const nx = (-(y2 - y1) / length) * (thickness / 2);
    const ny = ((x2 - x1) / length) * (thickness / 2);
    return this.polygon(
      [
        [x1 + nx, y1 + ny],
        [x2 + nx, y2 + ny],
        [x2 - nx, y2 - ny],
        [x1 - nx, y1 - ny],
      ],
      rgb,
      alpha,
    );
  }

  /** Rows y0..y1 shaded from one colour to the next, evenly spaced stops. */
  gradient(y0: number, y1: number, stops: readonly Rgb[]): this {
    for (let y = y0; y < y1; y++) {
      const t = ((y - y0) / Math.max(1, y1 - y0 - 1)) * (stops.length - 1);
      const i = Math.min(stops.length - 2, Math.floor(t));
      const rgb = stops.length === 1 ? stops[0] : mixRgb(stops[i], stops[i + 1], t - i);
      for (let x = 0; x < this.width; x++) this.blend(x, y, rgb, 1);
    }
    return this;
  }

  private blend(x: number, y: number, rgb: Rgb, alpha: number): void {
    const at = (y * this.width + x) * 4;
    const keep = 1 - alpha;
    for (let c = 0; c < 3; c++) this.data[at + c] = Math.round(rgb[c] * alpha + this.data[at + c] * keep);
    this.data[at + 3] = Math.round(255 * alpha + this.data[at + 3] * keep);
  }
}
