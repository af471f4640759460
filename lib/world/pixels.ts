/** Drawing straight into RGB bytes [64, 64, 3]: sprites and props put over them, plain rectangles, big glyphs. */
import { Rgb } from './canvas';
import { glyphRows } from './glyphs';

const SIDE = 64;

export interface Target {
  x: number;
  y: number;
  width: number;
  height: number;
  flip?: boolean;
}

/** Puts a premultiplied RGBA picture over RGB pixels [64, 64, 3], clipped. */
export function blit(pixels: Uint8Array, source: Uint8Array, { x, y, width, height, flip }: Target): void {
  const x0 = Math.max(0, -x);
  const x1 = Math.min(width, SIDE - x);
  const y1 = Math.min(height, SIDE - y);
  for (let sy = Math.max(0, -y); sy < y1; sy++) {
    for (let sx = x0; sx < x1; sx++) {
      const from = (sy * width + (flip ? width - 1 - sx : sx)) * 4;
      const alpha = source[from + 3];
      if (alpha === 0) continue;
      const to = ((y + sy) * SIDE + x + sx) * 3;
      if (alpha === 255) {
        pixels[to] = source[from];
        pixels[to + 1] = source[from + 1];
        pixels[to + 2] = source[from + 2];
      } else {
        const keep = 255 - alpha;
        for (let c = 0; c < 3; c++) {
          const value = source[from + c] + pixels[to + c] * keep * (1 / 255);
          pixels[to + c] = value > 255 ? 255 : value + 0.5;
        }
      }
    }
  }
}

/** A square RGBA picture turned clockwise by 90, 180 or 270 degrees. */
export function turned(source: Uint8Array, side: number, degrees: number): Uint8Array {
  const out = new Uint8Array(source.length);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      const [sx, sy] =
        degrees === 90
          ? [y, side - 1 - x]
          : degrees === 180
            ? [side - 1 - x, side - 1 - y]
            : [side - 1 - y, x];
      const from = (sy * side + sx) * 4;
      out.set(source.subarray(from, from + 4), (y * side + x) * 4);
    }
  return out;
}

/** Paints whole pixels, clipped; `alpha` mixes with what is there. */
export function fillRect(pixels: Uint8Array, { x, y, width, height }: Target, rgb: Rgb, alpha = 1): void {
  for (let py = Math.max(0, y); py < Math.min(SIDE, y + height); py++)
    for (let px = Math.max(0, x); px < Math.min(SIDE, x + width); px++)
      for (let c = 0; c < 3; c++) {
        const at = (py * SIDE + px) * 3 + c;
        pixels[at] = Math.round(rgb[c] * alpha + pixels[at] * (1 - alpha));
      }
}

/** A glyph twice as wide and nearly twice as high (10x13): its middle row is drawn once. */
export function drawBigGlyph(
  pixels: Uint8Array,
  character: string,
  { x, y }: { x: number; y: number },
  ink: Rgb,
): void {
  glyphRows(character).forEach((bits, row) => {
    const top = y + row * 2 - (row > 3 ? 1 : 0);
    for (let column = 0; column < 5; column++)
      if ((bits >> (4 - column)) & 1)
        fillRect(pixels, { x: x + column * 2, y: top, width: 2, height: row === 3 ? 1 : 2 }, ink);
  });
}
