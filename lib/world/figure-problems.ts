/** What makes a figure possible, in words: clocks that show no time, full boards that no game reaches, walls in the way. */
import {
  BoardLine,
  CellPlace,
  cellsOfLine,
  Figure,
  FIGURE_NAMES,
  GridFigure,
  isGrid,
  LINES,
  canMove,
  MazeFigure,
  MAZE_SIDE,
  mazePaths,
  roomsOfPath,
  SignFigure,
  wonLine,
} from './figures';
import { GLYPHS } from './glyphs';
import { quote } from './shapes';
import { Background, COLOURS, SceneSpec } from './types';

/** Characters on one line of a sign: alone, and beside an object. */
export const SIGN_LENGTH = 6;
export const SIGN_LENGTH_BESIDE = 4;
export const SIGN_LINES = 2;
/** Where lines, marks, doors and paths all stand out. */
export const GRID_BACKGROUNDS: readonly Background[] = ['board', 'paper', 'white'];

const CELLS = { 'tic-tac-toe': 'XO.', sudoku: '1234.', maze: 'RDB.' } as const;
const SIDE = { 'tic-tac-toe': 3, sudoku: 4, maze: MAZE_SIDE } as const;

const FIELDS: Record<Figure['name'], string[]> = {
  clock: ['hour', 'minute'],
  sign: ['colour', 'lines'],
  'tic-tac-toe': ['rows', 'marked', 'line'],
  sudoku: ['rows', 'marked'],
  maze: ['rows', 'path'],
};

/** Everything wrong with the figure of a scene; empty when it can be drawn, or when there is none. */
export function figureProblems(spec: SceneSpec): string[] {
  const { figure } = spec;
  if (!figure) return [];
  if (!FIGURE_NAMES.includes(figure.name))
    return [`figure.name is ${quote((figure as Figure).name)}, want one of ${FIGURE_NAMES.join(', ')}`];
  const problems = Object.keys(figure)
    .filter((field) => field !== 'name' && !FIELDS[figure.name].includes(field))
    .map((field) => `figure.${field} is unknown, a ${figure.name} has ${FIELDS[figure.name].join(', ')}`);
  if (spec.props && spec.props.length > 0) problems.push(`a ${figure.name} and a prop, want one of them`);
  if (spec.text?.some((line) => line !== '')) problems.push(`a ${figure.name} and text, want one of them`);
  const slot = spec.objects.find((object) => object.slot)?.slot;
  if (slot) problems.push(`an object in slot "${slot}" with a ${figure.name}, want it beside`);
  if (isGrid(figure)) {
    if (spec.objects.length > 0)
      problems.push(
        `${spec.objects.length} kinds of objects with a ${figure.name}, want none: it fills the picture`,
      );
    if (!GRID_BACKGROUNDS.includes(spec.background))
      problems.push(
        `a ${figure.name} on background "${spec.background}", want ${GRID_BACKGROUNDS.join(', ')}`,
      );
    return [...problems, ...gridProblems(figure)];
  }
  if (figure.name === 'sign') return [...problems, ...signProblems(figure, spec)];
  const { hour, minute } = figure;
  if (!Number.isInteger(hour) || hour < 1 || hour > 12)
    problems.push(`figure.hour is ${hour}, want an integer from 1 to 12`);
  if (!Number.isInteger(minute) || minute < 0 || minute > 55 || minute % 5 !== 0)
    problems.push(`figure.minute is ${minute}, want 0, 5, .. 55`);
  return problems;
}

function signProblems({ colour, lines }: SignFigure, spec: SceneSpec): string[] {
  const problems: string[] = [];
  if (!COLOURS.includes(colour))
    problems.push(`figure.colour is ${quote(colour)}, want one of ${COLOURS.join(', ')}`);
  if (spec.background === 'board' || spec.background === 'paper')
    problems.push(
      `a sign on background "${spec.background}", want a place or a plain colour; write text there`,
    );
  if (!Array.isArray(lines) || lines.length < 1 || lines.length > SIGN_LINES)
    return [...problems, `figure.lines has ${lines?.length ?? 'no'} lines, want 1 to ${SIGN_LINES}`];
  const beside = spec.objects.some((object) => !object.slot);
  const most = beside ? SIGN_LENGTH_BESIDE : SIGN_LENGTH;
  lines.forEach((line, i) => {
    const where = `sign line ${i + 1} ${quote(line)}`;
    if (line === '' || line !== line.trim())
      problems.push(`${where} is empty, or begins or ends with a space, want letters first and last`);
    if (line.length > most)
      problems.push(
        `${where} has ${line.length} characters, want at most ${most}${beside ? ' beside an object' : ''}`,
      );
    const bad = [...line].find((character) => !GLYPHS.includes(character));
    if (bad !== undefined) problems.push(`${where} has ${JSON.stringify(bad)}, want A-Z 0-9 +-=*/().:?!$%`);
  });
  return problems;
}

function gridProblems(figure: GridFigure): string[] {
  const side = SIDE[figure.name];
  const allowed = CELLS[figure.name];
  const { rows } = figure;
  if (!Array.isArray(rows) || rows.length !== side)
    return [`figure.rows of a ${figure.name} has ${rows?.length ?? 'no'} rows, want ${side}`];
  const problems = rows.flatMap((row, i) => {
    const bad = [...row].find((cell) => !allowed.includes(cell));
    if (row.length !== side) return [`figure.rows[${i}] ${quote(row)} has ${row.length} cells, want ${side}`];
    return bad === undefined
      ? []
      : [`figure.rows[${i}] "${row}" has "${bad}", want ${[...allowed].join(' ')}`];
  });
  if (problems.length > 0) return problems;
  if (figure.name === 'maze') return mazeProblems(figure);
  if (figure.marked) problems.push(...markProblems(figure.marked, rows, side));
  problems.push(...(figure.name === 'sudoku' ? sudokuProblems(rows) : boardProblems(rows, figure.line)));
  return problems;
}

function markProblems(marked: CellPlace, rows: readonly string[], side: number): string[] {
  const [row, column] = marked;
  const inside = [row, column].every((n) => Number.isInteger(n) && n >= 1 && n <= side);
  if (marked.length !== 2 || !inside)
    return [`figure.marked is [${marked.join(', ')}], want row and column from 1 to ${side}`];
  return rows[row - 1][column - 1] === '.'
    ? [`figure.marked is [${marked.join(', ')}], an empty cell, want one that holds something`]
    : [];
}

function boardProblems(rows: readonly string[], line: BoardLine | undefined): string[] {
  const problems: string[] = [];
  const count = (mark: string): number => [...rows.join('')].filter((cell) => cell === mark).length;
  if (Math.abs(count('X') - count('O')) > 1)
    problems.push(
      `tic-tac-toe has ${count('X')} X and ${count('O')} O, want numbers that differ by at most 1`,
    );
  const winners = new Set(
    LINES.map((each) =>
      cellsOfLine(each)
        .map(([r, c]) => rows[r][c])
        .join(''),
    ).filter((marks) => marks === 'XXX' || marks === 'OOO'),
  );
  if (winners.size > 1)
    problems.push('tic-tac-toe: both X and O have three in a row, want at most one of them');
  if (line !== undefined && !LINES.includes(line))
    problems.push(`figure.line is ${quote(line)}, want one of ${LINES.join(', ')}`);
  else if (line !== undefined) {
    const marks = cellsOfLine(line)
      .map(([r, c]) => rows[r][c])
      .join('');
    if (marks !== 'XXX' && marks !== 'OOO')
      problems.push(
        `figure.line is "${line}", which holds ${marks}, want three X or three O${wonLine(rows) ? ` (${wonLine(rows)})` : ''}`,
      );
  }
  return problems;
}

/** Rows, columns and 2x2 boxes of a 4x4 sudoku as lists of cells [row, column] from 0, each with its name. */
export const SUDOKU_UNITS: readonly { name: string; cells: readonly (readonly [number, number])[] }[] = [
  ...[0, 1, 2, 3].map((i) => ({ name: `row ${i + 1}`, cells: [0, 1, 2, 3].map((j) => [i, j] as const) })),
  ...[0, 1, 2, 3].map((i) => ({ name: `column ${i + 1}`, cells: [0, 1, 2, 3].map((j) => [j, i] as const) })),
  ...[0, 1, 2, 3].map((i) => ({
    name: `box ${i + 1}`,
    cells: [0, 1, 2, 3].map((j) => [2 * (i >> 1) + (j >> 1), 2 * (i % 2) + (j % 2)] as const),
  })),
];

function sudokuProblems(rows: readonly string[]): string[] {
  return SUDOKU_UNITS.flatMap(({ name, cells }) => {
    const numbers = cells.map(([r, c]) => rows[r][c]).filter((cell) => cell !== '.');
    const twice = numbers.find((number, i) => numbers.indexOf(number) < i);
    return twice === undefined ? [] : [`sudoku: ${twice} stands twice in ${name}, want each number once`];
  });
}

function mazeProblems({ rows, path }: MazeFigure): string[] {
  const problems: string[] = [];
  rows.forEach((row, r) => {
    const out = [...row].findIndex(
      (room, c) =>
        (c === MAZE_SIDE - 1 && 'RB'.includes(room)) || (r === MAZE_SIDE - 1 && 'DB'.includes(room)),
    );
    if (out >= 0) problems.push(`maze: room ${r + 1}, ${out + 1} is open to the outside, want a wall there`);
  });
  if (mazePaths(rows).length === 0)
    problems.push('maze: no way from the top left to the bottom right, want one');
  if (path === undefined) return problems;
  const bad = [...path].find((move) => !'LRUD'.includes(move));
  if (bad !== undefined) return [...problems, `figure.path ${quote(path)} has "${bad}", want L, R, U, D`];
  const rooms = roomsOfPath(path);
  for (let i = 0; i < path.length; i++)
    if (!canMove(rows, rooms[i][0], rooms[i][1], path[i]))
      return [
        ...problems,
        `figure.path "${path}": step ${i + 1} (${path[i]}) goes through a wall, want open rooms`,
      ];
  if (new Set(rooms.map(String)).size < rooms.length)
    problems.push(`figure.path "${path}" visits a room twice, want each once`);
  const end = rooms[rooms.length - 1];
  if (end.some((n) => n !== MAZE_SIDE - 1))
    problems.push(
      `figure.path "${path}" ends in room ${end[0] + 1}, ${end[1] + 1}, want ${MAZE_SIDE}, ${MAZE_SIDE}`,
    );
  return problems;
}
