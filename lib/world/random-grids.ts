/** Random boards, sudoku and mazes: games that could have been played, puzzles with one solution, mazes with one way. */
import type { RandomStream } from '../tensor';
import {
  MAZE_SIDE,
  MazeFigure,
  mazePaths,
  SudokuFigure,
  TicTacToeFigure,
  withCell,
  wonLine,
} from './figures';
import { SUDOKU_UNITS } from './figure-problems';

/** A game of tic-tac-toe after `moves` moves (X begins), which nobody has won before; it ends when someone wins. */
export function randomBoard(rng: RandomStream, moves: number): TicTacToeFigure {
  let rows = ['...', '...', '...'];
  let last: readonly [number, number] = [0, 0];
  const order = rng.shuffle([0, 1, 2, 3, 4, 5, 6, 7, 8]).slice(0, moves);
  for (const [i, cell] of order.entries()) {
    last = [Math.floor(cell / 3), cell % 3];
    rows = withCell(rows, last[0], last[1], i % 2 === 0 ? 'X' : 'O');
    const line = wonLine(rows);
    if (line) return { name: 'tic-tac-toe', rows, marked: [last[0] + 1, last[1] + 1], line };
  }
  return moves === 0
    ? { name: 'tic-tac-toe', rows }
    : { name: 'tic-tac-toe', rows, marked: [last[0] + 1, last[1] + 1] };
}

/** The cells where `mark` wins at once, as [row, column] from 0. */
export function winningCells(rows: readonly string[], mark: string): [number, number][] {
  return [0, 1, 2].flatMap((r) =>
    [0, 1, 2].flatMap((c): [number, number][] =>
      rows[r][c] === '.' && wonLine(withCell(rows, r, c, mark)) ? [[r, c]] : [],
    ),
  );
}

/** The numbers that a cell of a sudoku (from 0) can still hold. */
export function candidates(rows: readonly string[], row: number, column: number): string[] {
  const seen = SUDOKU_UNITS.filter(({ cells }) => cells.some(([r, c]) => r === row && c === column)).flatMap(
    ({ cells }) => cells.map(([r, c]) => rows[r][c]),
  );
  return ['1', '2', '3', '4'].filter((number) => !seen.includes(number));
}

/** A full 4x4 sudoku: one grid with its numbers, rows in a band, columns in a stack and bands shuffled. */
export function fullSudoku(rng: RandomStream): string[] {
  const digits = rng.shuffle(['1', '2', '3', '4']);
  const order = (): number[] =>
    rng.shuffle([0, 1]).flatMap((band) => rng.shuffle([0, 1]).map((i) => band * 2 + i));
  const [rows, columns] = [order(), order()];
  const base = ['0123', '2301', '1032', '3210'];
  return rows.map((r) => columns.map((c) => digits[Number(base[r][c])]).join(''));
}

/** A sudoku with `empty` cells rubbed out; `marked` is one of those left. */
export function randomSudoku(rng: RandomStream, empty: number): SudokuFigure {
  let rows = fullSudoku(rng);
  const order = rng.shuffle(Array.from({ length: 16 }, (_, i) => i));
  for (const cell of order.slice(0, empty)) rows = withCell(rows, Math.floor(cell / 4), cell % 4, '.');
  const marked = order[15];
  return {
    name: 'sudoku',
    rows,
    ...(empty < 16 &&
      rng.uniform() < 0.4 && { marked: [Math.floor(marked / 4) + 1, (marked % 4) + 1] as const }),
  };
}

/** A maze in which every room can be reached in one way only: a random spanning tree of the rooms. */
export function randomMaze(rng: RandomStream, withPath = rng.uniform() < 0.5): MazeFigure {
  const n = MAZE_SIDE;
  const right = new Set<number>();
  const down = new Set<number>();
  const seen = new Set([0]);
  const stack = [0];
  while (stack.length > 0) {
    const at = stack[stack.length - 1];
    const [row, column] = [Math.floor(at / n), at % n];
    const next = [
      column < n - 1 ? at + 1 : -1,
      column > 0 ? at - 1 : -1,
      row < n - 1 ? at + n : -1,
      row > 0 ? at - n : -1,
    ].filter((room) => room >= 0 && !seen.has(room));
    if (next.length === 0) {
      stack.pop();
      continue;
    }
    const to = rng.pick(next);
    seen.add(to);
    (Math.abs(to - at) === 1 ? right : down).add(Math.min(at, to));
    stack.push(to);
  }
  const rows = Array.from({ length: n }, (_, r) =>
    Array.from({ length: n }, (__, c) => {
      const at = r * n + c;
      return right.has(at) ? (down.has(at) ? 'B' : 'R') : down.has(at) ? 'D' : '.';
    }).join(''),
  );
  return { name: 'maze', rows, ...(withPath && { path: mazePaths(rows)[0] }) };
}
