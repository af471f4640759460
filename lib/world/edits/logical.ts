/** What follows: the winning or saving move, the missing number of a sudoku, the way out, the next step or member. */
import { RandomStream } from '../../tensor';
import { mazePaths, withCell, wonLine } from '../figures';
import { candidates, fullSudoku, randomBoard, randomMaze, winningCells } from '../random-grids';
import type { Background, SceneSpec } from '../types';
import { EditDraft } from './types';

const writing = (i: number): Background => (i % 2 === 0 ? 'board' : 'paper');

/** Draws until `count` drafts that differ are found; fixed by the name of the stream. */
function collect(
  name: string,
  count: number,
  make: (rng: RandomStream, i: number) => EditDraft | undefined,
): EditDraft[] {
  const rng = RandomStream.of(1, 'edits', name);
  const found = new Map<string, EditDraft>();
  for (let attempt = 0; attempt < 5000 && found.size < count; attempt++) {
    const draft = make(rng, found.size);
    if (draft) found.set(JSON.stringify(draft.before.figure), draft);
  }
  return [...found.values()];
}

/** One cell wins at once, and there is only one. */
function wins(): EditDraft[] {
  return collect('wins', 14, (rng, i) => {
    const { rows } = randomBoard(rng, 4 + rng.int(4));
    const marks = rows.join('').replace(/\./g, '');
    const mark = marks.length % 2 === 0 ? 'X' : 'O';
    const cells = winningCells(rows, mark);
    if (wonLine(rows) || cells.length !== 1) return undefined;
    const [r, c] = cells[0];
    const after = withCell(rows, r, c, mark);
    const scene = { background: writing(i), objects: [] };
    return {
      template: 'tic-tac-toe-win',
      before: { ...scene, figure: { name: 'tic-tac-toe', rows } },
      instruction: `It is the turn of ${mark}: make the move that wins.`,
      reason: `${mark} has three in ${wonLine(after)?.replace('diagonal', 'the diagonal')} then.`,
      after: {
        ...scene,
        figure: { name: 'tic-tac-toe', rows: after, marked: [r + 1, c + 1], line: wonLine(after) },
      },
    };
  });
}

/** The other side threatens one cell, and the side to move cannot win. */
function blocks(): EditDraft[] {
  return collect('blocks', 10, (rng, i) => {
    const { rows } = randomBoard(rng, 3 + rng.int(3));
    const marks = rows.join('').replace(/\./g, '');
    const [mark, other] = marks.length % 2 === 0 ? ['X', 'O'] : ['O', 'X'];
    const threats = winningCells(rows, other);
    if (wonLine(rows) || winningCells(rows, mark).length > 0 || threats.length !== 1) return undefined;
    const [r, c] = threats[0];
    const scene = { background: writing(i), objects: [] };
    return {
      template: 'tic-tac-toe-block',
      before: { ...scene, figure: { name: 'tic-tac-toe', rows } },
      instruction: `It is the turn of ${mark}: make the move without which ${other} wins next.`,
      reason: `${other} threatens row ${r + 1}, column ${c + 1}.`,
      after: {
        ...scene,
        figure: { name: 'tic-tac-toe', rows: withCell(rows, r, c, mark), marked: [r + 1, c + 1] },
      },
    };
  });
}

/** The last empty cell, or one of several that only one number fits. */
function sudoku(): EditDraft[] {
  return collect('sudoku', 14, (rng, i) => {
    const full = fullSudoku(rng);
    const cells = rng.shuffle(
      Array.from({ length: 16 }, (_, cell) => [Math.floor(cell / 4), cell % 4] as const),
    );
    const empty = cells.slice(0, 1 + (i % 4) * 2);
    const rows = empty.reduce((grid, [r, c]) => withCell(grid, r, c, '.'), full);
    const [r, c] = empty[0];
    if (candidates(rows, r, c).length !== 1) return undefined;
    const scene = { background: writing(i), objects: [] };
    return {
      template: 'sudoku',
      before: { ...scene, figure: { name: 'sudoku', rows } },
      instruction: `Fill in the cell on row ${r + 1}, column ${c + 1}, and mark it.`,
      reason: `Its row, column and box hold every number but ${full[r][c]}.`,
      after: {
        ...scene,
        figure: { name: 'sudoku', rows: withCell(rows, r, c, full[r][c]), marked: [r + 1, c + 1] },
      },
    };
  });
}

function mazes(): EditDraft[] {
  return collect('mazes', 14, (rng, i) => {
    const { rows } = randomMaze(rng, false);
    const path = mazePaths(rows)[0];
    const scene = { background: writing(i), objects: [] };
    return {
      template: 'maze',
      before: { ...scene, figure: { name: 'maze', rows } },
      instruction: 'Draw the way from the green to the blue door.',
      reason: `The moves are ${[...path].join(', ')}.`,
      after: { ...scene, figure: { name: 'maze', rows, path } },
    };
  });
}

function written(
  template: string,
  before: string[],
  after: string[],
  words: { asked: string; reason: string; i: number },
): EditDraft {
  const scene = (text: string[]): SceneSpec => ({ background: writing(words.i), objects: [], text });
  return {
    template,
    before: scene(before),
    instruction: words.asked,
    reason: words.reason,
    after: scene(after),
  };
}

/** aX+b=c with whole solutions: one more step, or the solution. */
function equations(): EditDraft[] {
  const rows = [
    [2, -4, 3],
    [3, 5, 2],
    [4, 1, 5],
    [5, -5, 4],
    [2, 7, 6],
    [6, -2, 1],
    [3, -9, 7],
    [7, 2, 2],
  ] as const;
  return rows.flatMap(([a, b, x], i) => {
    const first = `${a}X${b < 0 ? '-' : '+'}${Math.abs(b)}=${a * x + b}`;
    const second = `${a}X=${a * x}`;
    const step = b < 0 ? `add ${-b} on both sides` : `take ${b} away on both sides`;
    return [
      written('equation', [first], [first, second], {
        asked: 'Write the next step on the next line: the number without X goes to the right.',
        reason: `We ${step}.`,
        i,
      }),
      written('equation', [first, second], [first, second, `X=${x}`], {
        asked: 'Write the last step on the next line.',
        reason: `We divide both sides by ${a}.`,
        i,
      }),
    ];
  });
}

function sequences(): EditDraft[] {
  const rows: readonly (readonly [readonly (number | string)[], string])[] = [
    [[2, 4, 6, 8], 'Each number is two more.'],
    [[8, 4, 2, 1], 'Each number is half of the one before.'],
    [[9, 7, 5, 3], 'Each number is two less.'],
    [[1, 4, 7, 10], 'Each number is three more.'],
    [[1, 3, 9, 27], 'Each number is three times the one before.'],
    [[1, 4, 9, 16], 'They are the square numbers.'],
    [[5, 7, 9, 11], 'Each number is two more.'],
    [['A', 'C', 'E', 'G'], 'Every second letter.'],
    [['Z', 'Y', 'X', 'W'], 'The alphabet backwards.'],
    [['A', 'B', 'A', 'B'], 'A and B by turns.'],
  ];
  return rows.map(([members, rule], i) => {
    const head = members.slice(0, 3).join(' ');
    return written('sequence', [`${head} ?`], [`${head} ${members[3]}`], {
      asked: 'Put the next member in the place of the question mark.',
      reason: `${rule} So ${members[3]} is next.`,
      i,
    });
  });
}

/** Stories of four stages with the last left out. */
function stories(): EditDraft[] {
  const rows: readonly (readonly [readonly [string, string, string, string], Background, string])[] = [
    [
      ['new moon', 'first quarter moon', 'full moon', 'last quarter moon'],
      'space',
      'The moon wanes after full moon.',
    ],
    [['baby', 'boy', 'man', 'old man'], 'room', 'A man grows old.'],
    [['baby', 'girl', 'woman', 'old woman'], 'room', 'A woman grows old.'],
    [
      ['cherry blossom', 'bunch of cherries', 'cherry blossom', 'bunch of cherries'],
      'meadow',
      'Cherries follow blossom every year.',
    ],
    [['sun', 'crescent moon', 'sun', 'crescent moon'], 'sky', 'The moon follows the sun every evening.'],
    [['house', 'car', 'house', 'car'], 'city', 'House and car come by turns.'],
  ];
  return rows.map(([stages, background, reason]) => {
    const panel = (concept?: string): SceneSpec => ({ background, objects: concept ? [{ concept }] : [] });
    const scene = (last?: string): SceneSpec => ({
      background: 'white',
      objects: [],
      panels: [...stages.slice(0, 3).map(panel), panel(last)],
    });
    return {
      template: 'story',
      before: scene(),
      instruction: 'Fill the empty panel so that the story goes on.',
      reason,
      after: scene(stages[3]),
    };
  });
}

export function logicalDrafts(): EditDraft[] {
  return [...wins(), ...blocks(), ...sudoku(), ...mazes(), ...equations(), ...sequences(), ...stories()];
}
