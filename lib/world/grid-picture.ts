/** Tic-tac-toe boards, 4x4 sudoku and mazes over the whole 64x64 picture, in the ink of the background. */
import { inkOf } from './backgrounds';
import { Canvas, mixRgb, Rgb } from './canvas';
import { canMove, cellsOfLine, GridFigure, MAZE_SIDE, roomsOfPath } from './figures';
import { blit, drawBigGlyph, fillRect } from './pixels';
import { hypotenuse } from './trig';
import { Background } from './types';

const SIDE = 64;
/** Behind a marked cell. */
const HIGHLIGHT: Rgb = [255, 190, 40];
const STRIKE: Rgb = [236, 64, 48];
export const PATH: Rgb = [236, 64, 48];
const DOORS: readonly [Rgb, Rgb] = [
  [56, 168, 74],
  [52, 104, 226],
];

/** Cells of a board: 20 pixels, with lines of 2 pixels between them. */
const BOARD_STEP = 22;
/** Cells of a sudoku and rooms of a maze: two patches. */
export const CELL = 16;

/** Draws over `pixels`, the empty background. */
export function drawGrid(pixels: Uint8Array, figure: GridFigure, background: Background): void {
  const ink = inkOf(background) ?? [20, 20, 30];
  if (figure.name === 'tic-tac-toe') drawBoard(pixels, figure, ink);
  else if (figure.name === 'sudoku') drawSudoku(pixels, figure, ink);
  else drawMaze(pixels, figure, ink);
}

const marks = new Map<string, Uint8Array>();

/** An X or O of 20x20 pixels. */
function markPicture(mark: string, ink: Rgb): Uint8Array {
  const key = `${mark} ${ink.join()}`;
  let picture = marks.get(key);
  if (!picture) {
    const c = new Canvas(20, 20);
    if (mark === 'X') c.line(4, 4, 16, 16, 3, ink).line(16, 4, 4, 16, 3, ink);
    else
      c.fill(
        { x: 0, y: 0, width: 20, height: 20 },
        (x, y) => Math.abs(hypotenuse(x - 10, y - 10) - 6) <= 1.5,
        ink,
      );
    marks.set(key, (picture = c.data));
  }
  return picture;
}

const strikes = new Map<string, Uint8Array>();

/** The stroke through a line of a board: premultiplied RGBA, [64, 64, 4], shared. */
export function strikePicture(line: Parameters<typeof cellsOfLine>[0]): Uint8Array {
  let picture = strikes.get(line);
  if (!picture) {
    const cells = cellsOfLine(line);
    const middle = (n: number): number => n * BOARD_STEP + 10;
    const [y1, x1] = cells[0].map(middle);
    const [y2, x2] = cells[2].map(middle);
    const [dx, dy] = [Math.sign(x2 - x1) * 8, Math.sign(y2 - y1) * 8];
    picture = new Canvas(SIDE, SIDE).line(x1 - dx, y1 - dy, x2 + dx, y2 + dy, 3, STRIKE).data;
    strikes.set(line, picture);
  }
  return picture;
}

function drawBoard(
  pixels: Uint8Array,
  { rows, marked, line }: Extract<GridFigure, { name: 'tic-tac-toe' }>,
  ink: Rgb,
): void {
  if (marked) {
    const [row, column] = marked;
    fillRect(
      pixels,
      { x: (column - 1) * BOARD_STEP + 1, y: (row - 1) * BOARD_STEP + 1, width: 18, height: 18 },
      HIGHLIGHT,
      0.55,
    );
  }
  for (const at of [20, 42]) {
    fillRect(pixels, { x: at, y: 2, width: 2, height: 60 }, ink);
    fillRect(pixels, { x: 2, y: at, width: 60, height: 2 }, ink);
  }
  rows.forEach((row, r) =>
    [...row].forEach((mark, c) => {
      if (mark !== '.')
        blit(pixels, markPicture(mark, ink), { x: c * BOARD_STEP, y: r * BOARD_STEP, width: 20, height: 20 });
    }),
  );
  if (line) blit(pixels, strikePicture(line), { x: 0, y: 0, width: SIDE, height: SIDE });
}

function drawSudoku(
  pixels: Uint8Array,
  { rows, marked }: Extract<GridFigure, { name: 'sudoku' }>,
  ink: Rgb,
): void {
  if (marked) {
    const [row, column] = marked;
    const [x, y] = [(column - 1) * CELL + 1, (row - 1) * CELL + 1];
    fillRect(pixels, { x, y, width: CELL - 1, height: CELL - 1 }, HIGHLIGHT, 0.55);
  }
  for (const at of [0, 16, 32, 48, 63]) {
    const bold = at % 32 === 0 || at === 63;
    const [rgb, alpha] = [ink, bold ? 1 : 0.4] as const;
    fillRect(pixels, { x: at, y: 0, width: 1, height: SIDE }, rgb, alpha);
    fillRect(pixels, { x: 0, y: at, width: SIDE, height: 1 }, rgb, alpha);
  }
  rows.forEach((row, r) =>
    [...row].forEach((digit, c) => {
      if (digit !== '.') drawBigGlyph(pixels, digit, { x: c * CELL + 4, y: r * CELL + 2 }, ink);
    }),
  );
}

function drawMaze(pixels: Uint8Array, { rows, path }: Extract<GridFigure, { name: 'maze' }>, ink: Rgb): void {
  const end = (MAZE_SIDE - 1) * CELL;
  [0, end].forEach((at, i) =>
    fillRect(pixels, { x: at + 4, y: at + 4, width: 8, height: 8 }, mixRgb(DOORS[i], [255, 255, 255], 0.1)),
  );
  if (path !== undefined) {
    const rooms = roomsOfPath(path);
    rooms.forEach(([r, c], i) => {
      const [pr, pc] = rooms[Math.max(0, i - 1)];
      fillRect(
        pixels,
        {
          x: Math.min(c, pc) * CELL + 6,
          y: Math.min(r, pr) * CELL + 6,
          width: Math.abs(c - pc) * CELL + 4,
          height: Math.abs(r - pr) * CELL + 4,
        },
        PATH,
      );
    });
  }
  const wall = (x: number, y: number, width: number, height: number): void =>
    fillRect(pixels, { x, y, width, height }, ink);
  // Doors: the left side of the first room, the right side of the last.
  wall(0, 0, SIDE, 2);
  wall(0, SIDE - 2, SIDE, 2);
  wall(0, CELL, 2, SIDE - CELL);
  wall(SIDE - 2, 0, 2, SIDE - CELL);
  for (let r = 0; r < MAZE_SIDE; r++)
    for (let c = 0; c < MAZE_SIDE; c++) {
      if (c < MAZE_SIDE - 1 && !canMove(rows, r, c, 'R')) wall((c + 1) * CELL - 1, r * CELL, 2, CELL);
      if (r < MAZE_SIDE - 1 && !canMove(rows, r, c, 'D')) wall(c * CELL, (r + 1) * CELL - 1, CELL, 2);
    }
}
