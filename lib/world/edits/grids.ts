/** Puzzles on a grid: the winning or saving move, the missing number of a sudoku, the way out of a maze. */
import { RandomStream } from '../../tensor';
import { mazePaths, withCell, wonLine } from '../figures';
import { candidates, fullSudoku, randomBoard, randomMaze, winningCells } from '../random-grids';
import type { Background, SceneSpec } from '../types';
import { EditDraft, slug } from './types';

export const writing = (i: number): Background => (i % 2 === 0 ? 'board' : 'paper');

/** A draft whose change and setting follow from its figure and background. */
type GridDraft = Omit<EditDraft, 'change' | 'setting'>;

/** Draws until `count` drafts that differ are found; fixed by the name of the stream. */
export function collect(
  name: string,
  count: number,
  make: (rng: RandomStream, i: number) => GridDraft | undefined,
): EditDraft[] {
  const rng = RandomStream.of(1, 'edits', name);
  const found = new Map<string, GridDraft>();
  for (let attempt = 0; attempt < 20000 && found.size < count; attempt++) {
    const draft = make(rng, found.size);
    if (draft) found.set(JSON.stringify(draft.before.figure), draft);
  }
  return [...found.values()].map((draft) => ({
    ...draft,
    change: changeOf(draft.before),
    setting: draft.before.background,
  }));
}

/** The cells of a grid as one word: `XO./.X./O..` is `xo-nxnonn` with n for nothing. */
function changeOf({ figure }: SceneSpec): string {
  const rows = figure && 'rows' in figure ? figure.rows : [];
  return slug(rows.map((row) => row.replace(/\./g, 'n')).join('-'));
}

function sceneWith(i: number): (figure: SceneSpec['figure']) => SceneSpec {
  return (figure) => ({ background: writing(i), objects: [], figure });
}

/** Who is to move: X begins. */
function players(rows: readonly string[]): ['X' | 'O', 'X' | 'O'] {
  return rows.join('').replace(/\./g, '').length % 2 === 0 ? ['X', 'O'] : ['O', 'X'];
}

/** One cell wins at once, and there is only one. */
function wins(): EditDraft[] {
  return collect('wins', 24, (rng, i) => {
    const { rows } = randomBoard(rng, 4 + rng.int(4));
    const [mark] = players(rows);
    const cells = winningCells(rows, mark);
    if (wonLine(rows) || cells.length !== 1) return undefined;
    const [r, c] = cells[0];
    const after = withCell(rows, r, c, mark);
    const line = wonLine(after);
    const named = String(line).replace('diagonal', 'the diagonal');
    const scene = sceneWith(i);
    return {
      template: 'tic-tac-toe-win',
      before: scene({ name: 'tic-tac-toe', rows }),
      instructions: [
        `It is the turn of ${mark}: make the move that wins.`,
        `${mark} moves and wins.`,
        `Let ${mark} win at once.`,
      ],
      reasons: [
        `On row ${r + 1}, column ${c + 1} ${mark} completes ${named}.`,
        `${named.charAt(0).toUpperCase()}${named.slice(1)} lacks only row ${r + 1}, column ${c + 1}.`,
      ],
      after: scene({ name: 'tic-tac-toe', rows: after, marked: [r + 1, c + 1], line }),
      seen: `a marked ${mark} there and a line through ${line}`,
    };
  });
}

/** The other side threatens one cell, and the side to move cannot win. */
function blocks(): EditDraft[] {
  return collect('blocks', 18, (rng, i) => {
    const { rows } = randomBoard(rng, 3 + rng.int(3));
    const [mark, other] = players(rows);
    const threats = winningCells(rows, other);
    if (wonLine(rows) || winningCells(rows, mark).length > 0 || threats.length !== 1) return undefined;
    const [r, c] = threats[0];
    const scene = sceneWith(i);
    return {
      template: 'tic-tac-toe-block',
      before: scene({ name: 'tic-tac-toe', rows }),
      instructions: [
        `It is the turn of ${mark}: make the move without which ${other} wins next.`,
        `${mark} moves and keeps ${other} from winning: mark the cell.`,
        `Save ${mark} from losing with the next move.`,
      ],
      reasons: [
        `${other} threatens row ${r + 1}, column ${c + 1}.`,
        `With row ${r + 1}, column ${c + 1}, ${other} would have three in a row, so ${mark} goes there.`,
      ],
      after: scene({
        name: 'tic-tac-toe',
        rows: withCell(rows, r, c, mark),
        marked: [r + 1, c + 1],
      }),
      seen: `a marked ${mark} there`,
    };
  });
}

/** The last empty cell, or one of several that only one number fits. */
function sudoku(): EditDraft[] {
  return collect('sudoku', 28, (rng, i) => {
    const full = fullSudoku(rng);
    const cells = rng.shuffle(
      Array.from({ length: 16 }, (_, cell) => [Math.floor(cell / 4), cell % 4] as const),
    );
    const empty = cells.slice(0, 1 + (i % 4) * 2);
    const rows = empty.reduce((grid, [r, c]) => withCell(grid, r, c, '.'), full);
    const [r, c] = empty[0];
    if (candidates(rows, r, c).length !== 1) return undefined;
    const scene = sceneWith(i);
    return {
      template: 'sudoku',
      before: scene({ name: 'sudoku', rows }),
      instructions: [
        `Fill in the cell on row ${r + 1}, column ${c + 1}, and mark it.`,
        `Which number belongs on row ${r + 1}, column ${c + 1}? Write and mark it.`,
        `Complete row ${r + 1} at column ${c + 1}, with a mark on the number.`,
      ],
      reasons: [
        `Its row, column and box hold every number but ${full[r][c]}.`,
        `Only ${full[r][c]} is missing in its row, column and box together.`,
      ],
      after: scene({
        name: 'sudoku',
        rows: withCell(rows, r, c, full[r][c]),
        marked: [r + 1, c + 1],
      }),
      seen: `a marked ${full[r][c]} there`,
    };
  });
}

function mazes(): EditDraft[] {
  return collect('mazes', 24, (rng, i) => {
    const { rows } = randomMaze(rng, false);
    const path = mazePaths(rows)[0];
    if (path.length > 8) return undefined;
    const scene = sceneWith(i);
    return {
      template: 'maze',
      before: scene({ name: 'maze', rows }),
      instructions: [
        'Draw the way from the green to the blue door.',
        'Find the way through the maze and draw it.',
        'Connect the two doors by a path that crosses no wall.',
      ],
      reasons: ['Only one way crosses no wall.', 'Every other way ends in a dead end.'],
      after: scene({ name: 'maze', rows, path }),
      seen: `the path ${path}`,
    };
  });
}

export function gridDrafts(): EditDraft[] {
  return [...wins(), ...blocks(), ...sudoku(), ...mazes()];
}
