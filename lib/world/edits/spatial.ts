/** What moves: things change places, are turned, mirrored, made bigger, added and taken away; boards are turned. */
import { LINES, TicTacToeFigure, cellsOfLine, BoardLine } from '../figures';
import { NUMBER_WORDS, SLOT_WORDS } from '../words';
import { conceptOf } from '../concepts';
import type { Background, Count, Relation, SceneObject, SceneSpec, Slot, Turn } from '../types';
import { EditDraft, things } from './types';

function moves(): EditDraft[] {
  const rows: readonly (readonly [string, Background, Slot, Slot])[] = [
    ['car', 'city', 'left', 'right'],
    ['sailboat', 'sea', 'right', 'left'],
    ['bee', 'meadow', 'bottom-left', 'top-right'],
    ['balloon', 'sky', 'bottom', 'top'],
    ['star', 'space', 'top-left', 'bottom-right'],
    ['key', 'table', 'left', 'right'],
    ['apple', 'white', 'top-right', 'bottom-left'],
    ['owl', 'forest', 'top', 'bottom'],
    ['penguin', 'snow', 'bottom-right', 'bottom-left'],
    ['frog', 'lake', 'bottom-left', 'bottom-right'],
  ];
  return rows.map(([concept, background, from, to]) => {
    const scene = (slot: Slot): SceneSpec => ({ background, objects: [{ concept, size: 'small', slot }] });
    const opposite = to.includes('-') && from.split('-').every((part) => !to.split('-').includes(part));
    return {
      template: 'move',
      before: scene(from),
      instruction: opposite
        ? `Move the ${concept} to the opposite corner.`
        : `Move the ${concept} straight to the other side of the picture.`,
      reason: `The ${concept} goes from ${SLOT_WORDS[from]} to ${SLOT_WORDS[to]}.`,
      after: scene(to),
    };
  });
}

const PAIRS: readonly (readonly [string, string, Background])[] = [
  ['cat', 'dog', 'meadow'],
  ['apple', 'banana', 'table'],
  ['house', 'castle', 'meadow'],
  ['car', 'bicycle', 'city'],
  ['violin', 'trumpet', 'room'],
  ['fish', 'octopus', 'blue'],
];

function swaps(): EditDraft[] {
  return PAIRS.flatMap(([a, b, background]): EditDraft[] => [
    {
      template: 'swap',
      before: { background, objects: things(a, b), relation: 'beside' },
      instruction: 'Let the two change places.',
      reason: `The ${b} stands on the left now, the ${a} on the right.`,
      after: { background, objects: things(b, a), relation: 'beside' },
    },
    {
      template: 'stack',
      before: { background, objects: things(a, b), relation: 'beside' },
      instruction: `Put the one on the right on top of the other.`,
      reason: `The ${b} is on the right, so it goes above the ${a}.`,
      after: { background, objects: things(b, a), relation: 'above' },
    },
  ]);
}

/** Relations read left to right, so that a swap is seen by a criterion. */
function ordered(spec: SceneSpec): SceneSpec {
  return spec.relation === 'beside' ? { ...spec, relation: 'left of' } : spec;
}

function turns(): EditDraft[] {
  // drawn upright by every artist, so that their top can be spoken of
  const names = ['house', 'umbrella', 'glass of wine', 'castle', 'tulip', 'pine tree', 'cactus', 'snowman'];
  const said: Record<Turn, string> = {
    90: 'a quarter turn clockwise',
    180: 'half a turn',
    270: 'a quarter turn anticlockwise',
  };
  return names.flatMap((concept, i): EditDraft[] => {
    const background = (['white', 'table', 'yellow', 'meadow'] as const)[i % 4];
    const scene = (turn?: Turn): SceneSpec => ({
      background,
      objects: [{ concept, size: 'large', ...(turn && { turn }) }],
    });
    const turn = ([90, 180, 270] as const)[i % 3];
    return [
      {
        template: 'rotate',
        before: scene(),
        instruction: `Give the ${concept} ${said[turn]}.`,
        reason: `The top of the ${concept} points ${turn === 180 ? 'down' : turn === 90 ? 'right' : 'left'} then.`,
        after: scene(turn),
      },
      {
        template: 'rotate-back',
        before: scene(90),
        instruction: `Give the ${concept} ${said[90]}.`,
        reason: `Two quarter turns are half a turn.`,
        after: scene(180),
      },
    ];
  });
}

function mirrored(slot: Slot): Slot {
  const swap: Record<string, string> = { left: 'right', right: 'left' };
  return slot
    .split('-')
    .map((part) => swap[part] ?? part)
    .join('-') as Slot;
}

function mirrors(): EditDraft[] {
  const rows: readonly (readonly [string, string, Slot, Background])[] = [
    ['house', 'sun', 'top-left', 'meadow'],
    ['sailboat', 'crescent moon', 'top-right', 'sea'],
    ['castle', 'star', 'top-left', 'snow'],
    ['camel', 'sun', 'top-right', 'desert'],
    ['palm tree', 'rain cloud', 'top-left', 'beach'],
    ['tower', 'full moon', 'top-right', 'city'],
  ];
  return rows.map(([concept, sky, slot, background]) => {
    const scene = (place: Slot): SceneSpec => ({
      background,
      objects: [
        { concept, size: 'large' },
        { concept: sky, size: 'small', slot: place },
      ],
    });
    return {
      template: 'mirror',
      before: scene(slot),
      instruction: 'Mirror where things stand, left for right.',
      reason: `The ${sky} goes to the other upper corner, and the ${concept} in the middle stays.`,
      after: scene(mirrored(slot)),
    };
  });
}

type CellMap = (row: number, column: number) => [number, number];
const TURNED: CellMap = (r, c) => [c, 2 - r];
const FLIPPED: CellMap = (r, c) => [r, 2 - c];

/** A board with its cells, mark and line moved. */
function moved(board: TicTacToeFigure, to: CellMap): TicTacToeFigure {
  const cells = [
    ['', '', ''],
    ['', '', ''],
    ['', '', ''],
  ];
  board.rows.forEach((row, r) =>
    [...row].forEach((mark, c) => {
      const [nr, nc] = to(r, c);
      cells[nr][nc] = mark;
    }),
  );
  const sorted = (line: BoardLine): string => cellsOfLine(line).map(String).sort().join(' ');
  const line =
    board.line &&
    cellsOfLine(board.line)
      .map(([r, c]) => String(to(r, c)))
      .sort()
      .join(' ');
  const marked = board.marked && to(board.marked[0] - 1, board.marked[1] - 1);
  return {
    name: 'tic-tac-toe',
    rows: cells.map((row) => row.join('')),
    ...(marked && { marked: [marked[0] + 1, marked[1] + 1] as const }),
    ...(line && { line: LINES.find((each) => sorted(each) === line) }),
  };
}

function boards(): EditDraft[] {
  const rows = [
    ['X..', 'O..', '...'],
    ['XO.', '.X.', '...'],
    ['XXO', 'O..', '...'],
    ['X.O', '.X.', 'O..'],
    ['.XO', 'X..', '.O.'],
  ];
  return rows.flatMap((row, i): EditDraft[] => {
    const board: TicTacToeFigure = { name: 'tic-tac-toe', rows: row };
    const background = i % 2 === 0 ? 'board' : 'paper';
    const scene = (figure: TicTacToeFigure): SceneSpec => ({ background, objects: [], figure });
    return [
      {
        template: 'rotate-board',
        before: scene(board),
        instruction: 'Turn the board a quarter turn clockwise.',
        reason: 'The left column becomes the top row.',
        after: scene(moved(board, TURNED)),
      },
      {
        template: 'mirror-board',
        before: scene(board),
        instruction: 'Mirror the board, left for right.',
        reason: 'The left and the right column change places.',
        after: scene(moved(board, FLIPPED)),
      },
    ];
  });
}

function sizes(): EditDraft[] {
  const rows: readonly (readonly [string, string, Background])[] = [
    ['cat', 'mouse', 'room'],
    ['apple', 'lemon', 'table'],
    ['dog', 'rabbit', 'meadow'],
    ['star', 'full moon', 'space'],
  ];
  return rows.map(([a, b, background]) => {
    const scene = (first: 'large' | 'small'): SceneSpec => ({
      background,
      objects: [
        { concept: a, size: first },
        { concept: b, size: first === 'large' ? 'small' : 'large' },
      ],
    });
    return {
      template: 'size',
      before: scene('large'),
      instruction: 'Exchange the sizes of the two, but not their places.',
      reason: `The ${a} becomes small and the ${b} large.`,
      after: scene('small'),
    };
  });
}

function counts(): EditDraft[] {
  const rows: readonly (readonly [string, Background, Count, Count, string])[] = [
    ['apple', 'table', 2, 3, 'Add one more.'],
    ['banana', 'table', 2, 4, 'Double their number.'],
    ['star', 'sky', 4, 2, 'Take half of them away.'],
    ['fish', 'sea', 5, 4, 'Take one of them away.'],
    ['book', 'room', 3, 1, 'Take two of them away.'],
    ['duck', 'lake', 1, 4, 'Three more of its kind join it.'],
  ];
  return rows.map(([concept, background, from, to, instruction]) => {
    const scene = (count: Count): SceneSpec => {
      const object: SceneObject = { concept, count, size: 'small' };
      return { background, objects: [object] };
    };
    const { name, plural } = conceptOf(concept);
    return {
      template: 'count',
      before: scene(from),
      instruction,
      reason: `Then there ${to === 1 ? 'is' : 'are'} ${NUMBER_WORDS[to]} ${to === 1 ? name : plural}.`,
      after: scene(to),
    };
  });
}

function relations(): EditDraft[] {
  const opposite: Partial<Record<Relation, Relation>> = { above: 'below', 'left of': 'right of' };
  return PAIRS.flatMap(([a, b, background]) =>
    (['above', 'left of'] as const).map((relation): EditDraft => {
      const scene = (which: Relation): SceneSpec => ({ background, objects: things(a, b), relation: which });
      return {
        template: 'turn-arrangement',
        before: scene(relation),
        instruction: 'Turn the arrangement by half a turn; each thing stays upright.',
        reason: `The ${a} is ${opposite[relation]} the ${b} after half a turn.`,
        after: scene(opposite[relation] as Relation),
      };
    }),
  );
}

export function spatialDrafts(): EditDraft[] {
  const drafts = [
    ...moves(),
    ...swaps(),
    ...turns(),
    ...mirrors(),
    ...boards(),
    ...sizes(),
    ...counts(),
    ...relations(),
  ];
  return drafts.map((draft) => ({ ...draft, before: ordered(draft.before), after: ordered(draft.after) }));
}
