/** Figures and panels in words; parse-figures.ts and parse-panels.ts read every phrase that is written here. */
import { Figure } from './figures';
import { Turn } from './types';
import { joinList, withArticle } from './words';

export const TURN_WORDS: Record<Turn, string> = {
  90: 'turned to the right',
  180: 'upside down',
  270: 'turned to the left',
};

/** The rows of a grid from the top, as `'XO./.X./O..'`: short, since every character is a token. */
function rowWords(rows: readonly string[]): string {
  return `'${rows.join('/')}'`;
}

/** 3, 5 -> '3:05'. */
export function clockText(hour: number, minute: number): string {
  return `${hour}:${String(minute).padStart(2, '0')}`;
}

/** A figure as a noun phrase. */
export function figureWords(figure: Figure): string {
  switch (figure.name) {
    case 'clock':
      return `a clock showing '${clockText(figure.hour, figure.minute)}'`;
    case 'sign':
      return `${withArticle(figure.colour)} sign saying ${joinList(figure.lines.map((line) => `'${line}'`))}`;
    case 'maze': {
      const path = figure.path === undefined ? '' : ` with the path '${figure.path}'`;
      return `a maze of ${rowWords(figure.rows)}${path}`;
    }
    default: {
      const noun = figure.name === 'sudoku' ? 'a sudoku' : 'a tic tac toe board';
      const marked = figure.marked
        ? ` with a mark on row ${figure.marked[0]} column ${figure.marked[1]}`
        : '';
      const line =
        figure.name === 'tic-tac-toe' && figure.line
          ? `${marked ? ' and' : ' with'} a line through ${figure.line}`
          : '';
      return `${noun} of ${rowWords(figure.rows)}${marked}${line}`;
    }
  }
}

/** What stands before each panel's own caption: four ways to tell a story in four pictures. */
export const PANEL_LEADS: readonly { open: string; leads: readonly string[] }[] = [
  { open: 'four panels', leads: ['panel 1', 'panel 2', 'panel 3', 'panel 4'] },
  { open: 'a story in four panels', leads: ['first', 'then', 'next', 'finally'] },
  {
    open: 'four pictures',
    leads: ['in the first picture', 'in the second picture', 'in the third picture', 'in the last picture'],
  },
  {
    open: 'a comic',
    leads: [
      'in the top left panel',
      'in the top right panel',
      'in the bottom left panel',
      'in the bottom right panel',
    ],
  },
];

/** Words of figures, turns and panels, besides those of the captions without them. */
export const FIGURE_WORDS: readonly string[] = [
  ...new Set(
    [
      ...Object.values(TURN_WORDS),
      ...PANEL_LEADS.flatMap(({ open, leads }) => [open, ...leads]),
      'clock showing sign saying tic tac toe board sudoku maze of on row column with a mark and line through path diagonal down up',
    ].flatMap((phrase) => phrase.split(' ').filter((word) => /^[a-z]+$/.test(word))),
  ),
].sort();
