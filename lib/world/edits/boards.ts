/** Boards that are turned and mirrored, and mazes mirrored on the line between their doors. */
import { RandomStream } from '../../tensor';
import { BoardLine, cellsOfLine, LINES, TicTacToeFigure } from '../figures';
import { randomBoard, randomMaze } from '../random-grids';
import { collect, writing } from './grids';
import { EditDraft } from './types';

type CellMap = (row: number, column: number) => [number, number];

interface BoardTurn {
  to: CellMap;
  asks: string[];
  why: string[];
}
const TURNS: Record<string, BoardTurn> = {
  'rotate-board': {
    to: (r, c) => [c, 2 - r],
    asks: [
      'Turn the board a quarter turn clockwise.',
      'Rotate the board by 90 degrees clockwise.',
      'Let the left column become the top row, by a turn.',
    ],
    why: ['The left column becomes the top row.', 'The top row becomes the right column.'],
  },
  'rotate-board-back': {
    to: (r, c) => [2 - c, r],
    asks: [
      'Turn the board a quarter turn anticlockwise.',
      'Rotate the board by 90 degrees anticlockwise.',
      'Let the right column become the top row, by a turn.',
    ],
    why: ['The right column becomes the top row.', 'The top row becomes the left column.'],
  },
  'half-turn-board': {
    to: (r, c) => [2 - r, 2 - c],
    asks: [
      'Turn the board by half a turn.',
      'Rotate the board by 180 degrees.',
      'Show the board as it looks from the opposite side of the table.',
    ],
    why: ['Every mark goes to the opposite place.', 'The top row becomes the bottom row, read backwards.'],
  },
  'mirror-board': {
    to: (r, c) => [r, 2 - c],
    asks: [
      'Mirror the board, left for right.',
      'Flip the board from side to side.',
      'Show the board as a mirror beside it does.',
    ],
    why: ['The left and the right column change places.', 'Each row is read backwards.'],
  },
  'flip-board': {
    to: (r, c) => [2 - r, c],
    asks: [
      'Mirror the board, top for bottom.',
      'Flip the board upside down, as its image in still water.',
      'Let the top and the bottom row change places.',
    ],
    why: ['The top and the bottom row change places.', 'Each column is read from below.'],
  },
};

/** A board with its cells, mark and line moved. */
function moved(board: TicTacToeFigure, to: CellMap): TicTacToeFigure {
  const cells = [0, 1, 2].map(() => ['', '', '']);
  board.rows.forEach((row, r) =>
    [...row].forEach((mark, c) => {
      const [nr, nc] = to(r, c);
      cells[nr][nc] = mark;
    }),
  );
  const key = (line: BoardLine, map: CellMap = (r, c) => [r, c]): string =>
    cellsOfLine(line)
      .map(([r, c]) => String(map(r, c)))
      .sort()
      .join(' ');
  const { line } = board;
  const marked = board.marked && to(board.marked[0] - 1, board.marked[1] - 1);
  return {
    name: 'tic-tac-toe',
    rows: cells.map((row) => row.join('')),
    ...(marked && { marked: [marked[0] + 1, marked[1] + 1] as const }),
    ...(line && { line: LINES.find((each) => key(each) === key(line, to)) }),
  };
}

/** Seven boards a turn, none that looks the same afterwards. */
function boards(): EditDraft[] {
  return Object.entries(TURNS).flatMap(([template, { to, asks, why }]) =>
    collect(template, 7, (rng, i) => {
      const { rows } = randomBoard(rng, 2 + rng.int(4));
      const board: TicTacToeFigure = { name: 'tic-tac-toe', rows };
      const after = moved(board, to);
      if (after.rows.join() === rows.join()) return undefined;
      const scene = { background: writing(i), objects: [] };
      return {
        template,
        before: { ...scene, figure: board },
        instructions: asks,
        reasons: why,
        after: { ...scene, figure: after },
        seen: `the rows ${after.rows.join(', ')}`,
      };
    }),
  );
}

/** Rows and columns exchanged: what is open to the right becomes open downwards. The doors stay. */
function mazes(): EditDraft[] {
  return collect('mirror-maze', 8, (rng: RandomStream, i) => {
    const { rows } = randomMaze(rng, false);
    const across: Record<string, string> = { R: 'D', D: 'R', B: 'B', '.': '.' };
    const after = rows.map((_, r) => rows.map((row) => across[row[r]]).join(''));
    if (after.join() === rows.join()) return undefined;
    const scene = { background: writing(i), objects: [] };
    return {
      template: 'mirror-maze',
      before: { ...scene, figure: { name: 'maze', rows } },
      instructions: [
        'Mirror the maze on the line from door to door.',
        'Flip the maze over the diagonal between its two doors.',
        'Exchange rows and columns of the maze.',
      ],
      reasons: [
        'What was open to the right is open downwards now, and the doors stay.',
        'Each row becomes a column, so walls on the right become walls below.',
      ],
      after: { ...scene, figure: { name: 'maze', rows: after } },
      seen: 'the mirrored maze',
    };
  });
}

export function boardDrafts(): EditDraft[] {
  return [...boards(), ...mazes()];
}
