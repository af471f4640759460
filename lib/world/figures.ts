/**
 * Figures: pictures within a picture whose marks can be read one by one: clocks, signs, tic-tac-toe boards, 4x4
 * sudoku, mazes. Opt-in: `randomScene` never draws one, see random-figures.ts.
 */
import { Colour } from './types';

/** An analogue clock; `minute` in steps of five. */
export interface ClockFigure {
  name: 'clock';
  /** 1..12 */
  hour: number;
  /** 0, 5, .. 55 */
  minute: number;
}
/** A plate on a post, with one or two lines of writing. */
export interface SignFigure {
  name: 'sign';
  colour: Colour;
  lines: string[];
}
/** Row and column of a cell, from 1, the top left. */
export type CellPlace = readonly [row: number, column: number];
export const LINES = [
  'row 1',
  'row 2',
  'row 3',
  'column 1',
  'column 2',
  'column 3',
  'diagonal down',
  'diagonal up',
] as const;
/** Three cells in a row; `diagonal down` runs from the top left. */
export type BoardLine = (typeof LINES)[number];

/** Three rows of three of X, O and '.'; `marked` is the move just made, `line` is struck through three of a kind. */
export interface TicTacToeFigure {
  name: 'tic-tac-toe';
  rows: string[];
  marked?: CellPlace;
  line?: BoardLine;
}
/** Four rows of four of 1-4 and '.'; `marked` is the number just written. */
export interface SudokuFigure {
  name: 'sudoku';
  rows: string[];
  marked?: CellPlace;
}
/**
 * Four rows of four rooms. A letter says where a room is open: R to the right, D downwards, B both, '.' neither
 * (what is open to the left and upwards, the neighbours say). In at the top left, out at the bottom right.
 * `path`: the moves L, R, U, D of the drawn way, 3 to 15 of them.
 */
export interface MazeFigure {
  name: 'maze';
  rows: string[];
  path?: string;
}
export type GridFigure = TicTacToeFigure | SudokuFigure | MazeFigure;
export type Figure = ClockFigure | SignFigure | GridFigure;
export type FigureName = Figure['name'];
export const FIGURE_NAMES: readonly FigureName[] = ['clock', 'sign', 'tic-tac-toe', 'sudoku', 'maze'];

export function isGrid(figure: Figure | undefined): figure is GridFigure {
  return figure?.name === 'tic-tac-toe' || figure?.name === 'sudoku' || figure?.name === 'maze';
}

/** The three cells of a line, as [row, column] from 0. */
export function cellsOfLine(line: BoardLine): [number, number][] {
  const [kind, which] = line.split(' ');
  return [0, 1, 2].map((i) =>
    kind === 'row'
      ? [Number(which) - 1, i]
      : kind === 'column'
        ? [i, Number(which) - 1]
        : [which === 'down' ? i : 2 - i, i],
  );
}

/** The first line of a board that holds three of one mark, or undefined. */
export function wonLine(rows: readonly string[]): BoardLine | undefined {
  return LINES.find((line) => {
    const marks = cellsOfLine(line).map(([r, c]) => rows[r][c]);
    return marks[0] !== '.' && marks.every((mark) => mark === marks[0]);
  });
}

/** Rows with one cell (from 0) rewritten. */
export function withCell(rows: readonly string[], row: number, column: number, value: string): string[] {
  return rows.map((line, r) => (r === row ? line.slice(0, column) + value + line.slice(column + 1) : line));
}

export const MAZE_SIDE = 4;
export const MOVES: Readonly<Record<string, readonly [dRow: number, dColumn: number]>> = {
  R: [0, 1],
  D: [1, 0],
  L: [0, -1],
  U: [-1, 0],
};

/** Whether a step from a room (from 0) is open. */
export function canMove(rows: readonly string[], row: number, column: number, move: string): boolean {
  const open = (r: number, c: number, way: 'R' | 'D'): boolean =>
    rows[r]?.[c] === way || rows[r]?.[c] === 'B';
  if (move === 'R') return column < MAZE_SIDE - 1 && open(row, column, 'R');
  if (move === 'D') return row < MAZE_SIDE - 1 && open(row, column, 'D');
  if (move === 'L') return column > 0 && open(row, column - 1, 'R');
  return row > 0 && open(row - 1, column, 'D');
}

/** The rooms of a path, the first included, as [row, column] from 0; walls are not looked at. */
export function roomsOfPath(path: string): [number, number][] {
  const rooms: [number, number][] = [[0, 0]];
  for (const move of path) {
    const [row, column] = rooms[rooms.length - 1];
    const [dr, dc] = MOVES[move] ?? [0, 0];
    rooms.push([row + dr, column + dc]);
  }
  return rooms;
}

/** The shortest ways out of a maze (two at most are looked for); empty when there is none. */
export function mazePaths(rows: readonly string[]): string[] {
  const found: string[] = [];
  const walk = (row: number, column: number, path: string, seen: ReadonlySet<number>): void => {
    if (found.length > 1) return;
    if (row === MAZE_SIDE - 1 && column === MAZE_SIDE - 1) {
      found.push(path);
      return;
    }
    for (const [move, [dr, dc]] of Object.entries(MOVES)) {
      const at = (row + dr) * MAZE_SIDE + column + dc;
      if (canMove(rows, row, column, move) && !seen.has(at))
        walk(row + dr, column + dc, path + move, new Set(seen).add(at));
    }
  };
  walk(0, 0, '', new Set([0]));
  return found.sort((a, b) => a.length - b.length);
}
