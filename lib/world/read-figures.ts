/** Exact readers of clocks and grids: each mark against its own template, nothing learned. For evaluation and tests. */
import { backgroundPixels, inkOf } from './backgrounds';
import { COLOUR_RGB, Rgb } from './canvas';
import { CLOCK_SIDE, clockPicture, platePlace } from './figure-picture';
import { BoardLine, CellPlace, GridFigure, LINES, MAZE_SIDE, MOVES } from './figures';
import { CELL, PATH, strikePicture } from './grid-picture';
import { readLine } from './read-glyphs';
import { renderScene } from './render';
import { Background, Colour, COLOURS } from './types';

const BYTES = 64 * 3;

/** Mean squared difference of a picture and a template inside a box. */
function distance(
  image: Uint8Array,
  template: Uint8Array,
  { x, y, width, height }: { x: number; y: number; width: number; height: number },
): number {
  let sum = 0;
  for (let row = y; row < y + height; row++)
    for (let at = row * BYTES + x * 3; at < row * BYTES + (x + width) * 3; at++)
      sum += (image[at] - template[at]) ** 2;
  return sum / (width * height * 3);
}

/** The time of a clock that stands where clocks stand, and how far the picture is from its template (0 = exact). */
export function readClock(
  image: Uint8Array,
  { beside = false } = {},
): { hour: number; minute: number; distance: number } {
  const side = beside ? CLOCK_SIDE.beside : CLOCK_SIDE.alone;
  const [left, top] = beside ? [33, 20] : [4, 4];
  let best = { hour: 12, minute: 0, distance: Infinity };
  for (let hour = 1; hour <= 12; hour++)
    for (let minute = 0; minute < 60; minute += 5) {
      const picture = clockPicture({ hour, minute }, side);
      let sum = 0;
      let count = 0;
      for (let y = 0; y < side; y++)
        for (let x = 0; x < side; x++) {
          const from = (y * side + x) * 4;
          if (picture[from + 3] < 255) continue;
          const to = ((top + y) * 64 + left + x) * 3;
          for (let c = 0; c < 3; c++) sum += (picture[from + c] - image[to + c]) ** 2;
          count += 3;
        }
      if (sum / count < best.distance) best = { hour, minute, distance: sum / count };
    }
  return best;
}

const MARKS = { 'tic-tac-toe': ['.', 'X', 'O'], sudoku: ['.', '1', '2', '3', '4'] } as const;

/** The rows of a tic-tac-toe board or sudoku on a background, cell by cell, marked or not. */
export function readGrid(
  image: Uint8Array,
  name: Exclude<GridFigure['name'], 'maze'>,
  background: Background,
): string[] {
  return readGridMarks(image, name, background).rows;
}

/** A board or sudoku with its marked cell and, on a board, the line through three of a kind; undefined where none is. */
export function readGridMarks(
  image: Uint8Array,
  name: Exclude<GridFigure['name'], 'maze'>,
  background: Background,
): { rows: string[]; marked?: CellPlace; line?: BoardLine } {
  const side = name === 'sudoku' ? 4 : 3;
  const [step, width] = name === 'sudoku' ? [16, 16] : [22, 20];
  const drawn = MARKS[name].flatMap((mark) =>
    [false, true].map((marked) => ({ mark, marked, image: filled(name, mark, { background, marked }) })),
  );
  let marked: CellPlace | undefined;
  const rows = Array.from({ length: side }, (_, r) =>
    Array.from({ length: side }, (__, c) => {
      const box = { x: c * step, y: r * step, width, height: width };
      const scores = drawn.map((each) => distance(image, each.image, box));
      const best = drawn[scores.indexOf(Math.min(...scores))];
      if (best.marked) marked = [r + 1, c + 1];
      return best.mark;
    }).join(''),
  );
  return { rows, marked, line: name === 'tic-tac-toe' ? readStrike(image) : undefined };
}

/** A strike is seen when its pixels are nearer to its colour than this (root mean square of a channel). */
const STRIKE_FROM = 60;

function readStrike(image: Uint8Array): BoardLine | undefined {
  let best: { line: BoardLine; off: number } | undefined;
  for (const line of LINES) {
    const picture = strikePicture(line);
    let [sum, n] = [0, 0];
    for (let i = 0; i < 64 * 64; i++)
      if (picture[i * 4 + 3] === 255) {
        n += 3;
        for (let c = 0; c < 3; c++) sum += (image[i * 3 + c] - picture[i * 4 + c]) ** 2;
      }
    const off = Math.sqrt(sum / n);
    if (!best || off < best.off) best = { line, off };
  }
  return best && best.off < STRIKE_FROM ? best.line : undefined;
}

/** Every way a sign of up to two lines can stand: the cells of its letters. */
function signLayouts(lines: readonly string[]): { row: number; column: number; length: number }[][] {
  return [false, true].map((beside) => {
    const { left, top, width } = platePlace(lines, beside);
    return lines.map(({ length }, i) => ({
      row: top + i,
      column: left + Math.floor((width - length) / 2),
      length,
    }));
  });
}

/**
 * How a sign with these lines would read: the share of its letters that stand where they should, and the colour of the
 * plate around them; the better of the two places (alone, beside an object).
 */
export function readSign(image: Uint8Array, lines: readonly string[]): { share: number; colour: Colour } {
  let best = { share: -1, colour: 'white' as Colour };
  for (const layout of signLayouts(lines)) {
    let [right, n] = [0, 0];
    layout.forEach(({ row, column, length }, i) => {
      const found = readLine(image, row, length, column);
      for (let c = 0; c < length; c++) if (found[c] === lines[i][c]) right++;
      n += length;
    });
    if (right / n > best.share) best = { share: right / n, colour: plateColour(image, layout) };
  }
  return best;
}

/** The named colour nearest to the right edge of the letters' cells, where no glyph has ink. */
function plateColour(
  image: Uint8Array,
  layout: readonly { row: number; column: number; length: number }[],
): Colour {
  const mean = [0, 0, 0];
  let n = 0;
  for (const { row, column, length } of layout)
    for (let i = 0; i < length; i++)
      for (let y = 0; y < 8; y++, n++)
        for (let c = 0; c < 3; c++) mean[c] += image[((row * 8 + y) * 64 + (column + i) * 8 + 7) * 3 + c];
  const off = (colour: Colour): number =>
    COLOUR_RGB[colour].reduce((sum, v, c) => sum + (v - mean[c] / n) ** 2, 0);
  return COLOURS.reduce((best, colour) => (off(colour) < off(best) ? colour : best));
}

const templates = new Map<string, Uint8Array>();

/** A grid with one mark in every cell: impossible as a scene, and a template for each cell. */
function filled(
  name: 'tic-tac-toe' | 'sudoku',
  mark: string,
  { background, marked }: { background: Background; marked: boolean },
): Uint8Array {
  const key = [name, mark, background, marked].join();
  let image = templates.get(key);
  if (!image) {
    const side = name === 'sudoku' ? 4 : 3;
    const rows = Array.from({ length: side }, () => mark.repeat(side));
    image = renderScene({ background, objects: [], figure: { name, rows } }, { unchecked: true });
    if (marked)
      for (let r = 1; r <= side; r++)
        for (let c = 1; c <= side; c++) {
          const one = renderScene(
            { background, objects: [], figure: { name, rows, marked: [r, c] } },
            { unchecked: true },
          );
          const [step, width] = name === 'sudoku' ? [16, 16] : [22, 20];
          for (let y = (r - 1) * step; y < (r - 1) * step + width; y++) {
            const from = y * BYTES + (c - 1) * step * 3;
            image.set(one.subarray(from, from + width * 3), from);
          }
        }
    templates.set(key, image);
  }
  return image;
}

/** The rows of a maze by its walls, and the moves of the drawn way ('' when none is drawn). */
export function readMaze(image: Uint8Array, background: Background): { rows: string[]; path: string } {
  const ink = inkOf(background) ?? [20, 20, 30];
  const middle = 32 * BYTES + 32 * 3;
  const ground = [...backgroundPixels(background).subarray(middle, middle + 3)] as [number, number, number];
  const off = (x: number, y: number, rgb: Rgb): number =>
    [0, 1, 2].reduce((sum, c) => sum + (image[y * BYTES + x * 3 + c] - rgb[c]) ** 2, 0);
  const nearest = (points: readonly [number, number][], colours: readonly Rgb[]): number => {
    const sums = colours.map((rgb) => points.reduce((sum, [x, y]) => sum + off(x, y, rgb), 0));
    return sums.indexOf(Math.min(...sums));
  };
  // A wall is looked for beside the way, the way in the middle of the opening.
  const open = (r: number, c: number, move: 'R' | 'D'): boolean => {
    const along = [3, 4, 12, 13];
    return move === 'R'
      ? c < MAZE_SIDE - 1 &&
          nearest(
            along.map((y) => [(c + 1) * CELL, r * CELL + y]),
            [ink, ground],
          ) === 1
      : r < MAZE_SIDE - 1 &&
          nearest(
            along.map((x) => [c * CELL + x, (r + 1) * CELL]),
            [ink, ground],
          ) === 1;
  };
  const walked = (r: number, c: number, move: 'R' | 'D'): boolean => {
    const across = [7, 8];
    const points = across.map((n): [number, number] =>
      move === 'R' ? [(c + 1) * CELL, r * CELL + n] : [c * CELL + n, (r + 1) * CELL],
    );
    return nearest(points, [ink, ground, PATH]) === 2;
  };
  const rows = Array.from({ length: MAZE_SIDE }, (_, r) =>
    Array.from({ length: MAZE_SIDE }, (__, c) => {
      const right = open(r, c, 'R');
      return open(r, c, 'D') ? (right ? 'B' : 'D') : right ? 'R' : '.';
    }).join(''),
  );
  let path = '';
  let [row, column] = [0, 0];
  const seen = new Set([0]);
  for (;;) {
    const step = Object.entries(MOVES).find(([move, [dr, dc]]) => {
      const [r, c] = [row + dr, column + dc];
      if (r < 0 || c < 0 || r >= MAZE_SIDE || c >= MAZE_SIDE || seen.has(r * MAZE_SIDE + c)) return false;
      return walked(Math.min(row, r), Math.min(column, c), move === 'R' || move === 'L' ? 'R' : 'D');
    });
    if (!step) return { rows, path };
    path += step[0];
    row += step[1][0];
    column += step[1][1];
    seen.add(row * MAZE_SIDE + column);
  }
}
