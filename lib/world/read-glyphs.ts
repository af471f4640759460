/** Reads writing exactly: a cell's brightness against the bitmap of every character. Nothing learned. */
import { GLYPHS, glyphRows, LINE_LENGTH, lineRow } from './glyphs';

/** The character that a cell shows: the glyph whose ink correlates best with the cell's brightness. */
export function readGlyph(image: Uint8Array, row: number, column: number): string {
  const luma: number[] = [];
  for (let y = 0; y < 8; y++)
    for (let x = 0; x < 8; x++) {
      const at = ((row * 8 + y) * 64 + column * 8 + x) * 3;
      luma.push(0.3 * image[at] + 0.59 * image[at + 1] + 0.11 * image[at + 2]);
    }
  const centre = luma.reduce((a, b) => a + b, 0) / 64;
  const spread = Math.sqrt(luma.reduce((a, v) => a + (v - centre) ** 2, 0) / 64);
  if (spread < 12) return ' ';
  let best = { glyph: ' ', score: 0.5 };
  for (const glyph of GLYPHS) {
    if (glyph === ' ') continue;
    const rows = glyphRows(glyph);
    const ink = luma.map((_, i) => {
      const [y, x] = [Math.floor(i / 8) - 1, (i % 8) - 1];
      return y >= 0 && y < 7 && x >= 0 && x < 5 ? (rows[y] >> (4 - x)) & 1 : 0;
    });
    const inkCentre = ink.reduce((a: number, b) => a + b, 0) / 64;
    const inkSpread = Math.sqrt(ink.reduce((a: number, v) => a + (v - inkCentre) ** 2, 0) / 64);
    const dot = luma.reduce((a, v, i) => a + (v - centre) * (ink[i] - inkCentre), 0) / 64;
    const score = Math.abs(dot / (spread * inkSpread)); // chalk on a board is light, ink on paper dark
    if (score > best.score) best = { glyph, score };
  }
  return best.glyph;
}

/** The characters of a row of cells, from a column on. */
export function readLine(image: Uint8Array, row: number, length: number, column = 0): string {
  return Array.from({ length }, (_, i) => readGlyph(image, row, column + i)).join('');
}

/**
 * Share of the characters of these lines that stand in their cells, nothing written after them; the better of the two
 * layouts (alone, around an object) where both are possible. 0 for no lines.
 */
export function textAgreement(image: Uint8Array, lines: readonly string[]): number {
  const share = (crowded: boolean): number => {
    let [right, n] = [0, 0];
    lines.forEach((line, i) => {
      const row = lineRow(i, crowded);
      if (row === undefined) return;
      // What stands behind the line counts against it: 'X=1' is not written where 'X=14' is.
      const wanted = line.padEnd(Math.min(LINE_LENGTH, line.length + 1));
      const found = readLine(image, row, wanted.length);
      n += line.length;
      let same = 0;
      for (let c = 0; c < line.length; c++) if (found[c] === wanted[c]) same++;
      right += found.length > line.length && found[line.length] !== ' ' ? Math.max(0, same - 1) : same;
    });
    return n === 0 ? 0 : right / n;
  };
  return lines.length <= 2 ? Math.max(share(false), share(true)) : share(false);
}
