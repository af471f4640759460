/** A 5x7 pixel font on the 8x8 patch grid: one character to a patch, so a character is one image token. */
import { Rgb } from './canvas';

// Seven rows of five bits, most significant bit left.
const FONT: Record<string, readonly number[]> = {
  '0': [14, 17, 19, 21, 25, 17, 14],
  '1': [4, 12, 4, 4, 4, 4, 14],
  '2': [14, 17, 1, 2, 4, 8, 31],
  '3': [31, 2, 4, 2, 1, 17, 14],
  '4': [2, 6, 10, 18, 31, 2, 2],
  '5': [31, 16, 30, 1, 1, 17, 14],
  '6': [6, 8, 16, 30, 17, 17, 14],
  '7': [31, 1, 2, 4, 8, 8, 8],
  '8': [14, 17, 17, 14, 17, 17, 14],
  '9': [14, 17, 17, 15, 1, 2, 12],
  A: [14, 17, 17, 31, 17, 17, 17],
  B: [30, 17, 17, 30, 17, 17, 30],
  C: [14, 17, 16, 16, 16, 17, 14],
  D: [28, 18, 17, 17, 17, 18, 28],
  E: [31, 16, 16, 30, 16, 16, 31],
  F: [31, 16, 16, 30, 16, 16, 16],
  G: [14, 17, 16, 23, 17, 17, 15],
  H: [17, 17, 17, 31, 17, 17, 17],
  I: [14, 4, 4, 4, 4, 4, 14],
  J: [7, 2, 2, 2, 2, 18, 12],
  K: [17, 18, 20, 24, 20, 18, 17],
  L: [16, 16, 16, 16, 16, 16, 31],
  M: [17, 27, 21, 21, 17, 17, 17],
  N: [17, 17, 25, 21, 19, 17, 17],
  O: [14, 17, 17, 17, 17, 17, 14],
  P: [30, 17, 17, 30, 16, 16, 16],
  Q: [14, 17, 17, 17, 21, 18, 13],
  R: [30, 17, 17, 30, 20, 18, 17],
  S: [15, 16, 16, 14, 1, 1, 30],
  T: [31, 4, 4, 4, 4, 4, 4],
  U: [17, 17, 17, 17, 17, 17, 14],
  V: [17, 17, 17, 17, 17, 10, 4],
  W: [17, 17, 17, 21, 21, 21, 10],
  X: [17, 17, 10, 4, 10, 17, 17],
  Y: [17, 17, 17, 10, 4, 4, 4],
  Z: [31, 1, 2, 4, 8, 16, 31],
  '+': [0, 4, 4, 31, 4, 4, 0],
  '-': [0, 0, 0, 31, 0, 0, 0],
  '=': [0, 0, 31, 0, 31, 0, 0],
  '*': [0, 4, 21, 14, 21, 4, 0],
  '/': [0, 1, 2, 4, 8, 16, 0],
  '(': [2, 4, 8, 8, 8, 4, 2],
  ')': [8, 4, 2, 2, 2, 4, 8],
  '.': [0, 0, 0, 0, 0, 12, 12],
  ':': [0, 12, 12, 0, 12, 12, 0],
  '?': [14, 17, 1, 2, 4, 0, 4],
  '!': [4, 4, 4, 4, 4, 0, 4],
  $: [4, 15, 20, 14, 5, 30, 4],
  '%': [24, 25, 2, 4, 8, 19, 3],
  ' ': [0, 0, 0, 0, 0, 0, 0],
};

/** Every character that can be written. */
export const GLYPHS: readonly string[] = Object.keys(FONT);
export const GLYPH_CELL = 8;
export const LINE_LENGTH = 8;
export const MAX_LINES = 4;
/** Lines that fit above and below an object. */
export const MAX_LINES_WITH_OBJECTS = 2;

/** The patch row (0..7) of each line: every other row alone, the first and last row around objects. */
export function lineRow(line: number, withObjects: boolean): number {
  return withObjects ? [0, 7][line] : line * 2;
}

/** Writes a line into RGB pixels [64, 64, 3]; character i fills patch column i. */
export function drawLine(pixels: Uint8Array, line: string, row: number, ink: Rgb): void {
  drawLineAt(pixels, line, { row, column: 0 }, ink);
}

/** Writes a line from a patch row and column (0..7) on. */
export function drawLineAt(
  pixels: Uint8Array,
  line: string,
  { row, column: start }: { row: number; column: number },
  ink: Rgb,
): void {
  for (let i = 0; i < line.length; i++) {
    const glyph = FONT[line[i]];
    if (!glyph) throw new Error(`text "${line}": cannot write ${JSON.stringify(line[i])}`);
    for (let y = 0; y < 7; y++)
      for (let x = 0; x < 5; x++)
        if ((glyph[y] >> (4 - x)) & 1) {
          const at = ((row * GLYPH_CELL + 1 + y) * 64 + (start + i) * GLYPH_CELL + 1 + x) * 3;
          for (let c = 0; c < 3; c++) pixels[at + c] = ink[c];
        }
  }
}

/** The 5x7 bitmap of a character, for exact glyph reading: rows of five bits. */
export function glyphRows(character: string): readonly number[] {
  const glyph = FONT[character];
  if (!glyph) throw new Error(`no glyph for ${JSON.stringify(character)}`);
  return glyph;
}
