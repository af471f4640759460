/** What comes next in a series, a line put in order, Roman numbers. */
import { EditDraft, slug } from './types';
import { written } from './written';

type Member = number | string;

/** First members and the one that follows; every rule is named. */
const SEQUENCES: readonly (readonly [readonly [Member, Member, Member, Member], string])[] = [
  [[2, 4, 6, 8], 'Each number is two more'],
  [[8, 4, 2, 1], 'Each number is half of the one before'],
  [[9, 7, 5, 3], 'Each number is two less'],
  [[1, 4, 7, 10], 'Each number is three more'],
  [[1, 3, 9, 27], 'Each number is three times the one before'],
  [[1, 4, 9, 16], 'They are the square numbers'],
  [[5, 7, 9, 11], 'Each number is two more'],
  [[5, 10, 15, 20], 'Each number is five more'],
  [[3, 6, 12, 24], 'Each number is twice the one before'],
  [[20, 17, 14, 11], 'Each number is three less'],
  [[6, 12, 18, 24], 'Each number is six more'],
  [[40, 30, 20, 10], 'Each number is ten less'],
  [[2, 4, 7, 11], 'The step grows by one each time'],
  [[32, 16, 8, 4], 'Each number is half of the one before'],
  [[7, 14, 21, 28], 'Each number is seven more'],
  [[10, 8, 6, 4], 'Each number is two less'],
  [[4, 8, 12, 16], 'Each number is four more'],
  [[1, 8, 27, 64], 'They are the cubes'],
  [['A', 'C', 'E', 'G'], 'It is every second letter'],
  [['Z', 'Y', 'X', 'W'], 'It is the alphabet backwards'],
  [['A', 'D', 'G', 'J'], 'It is every third letter'],
  [['K', 'L', 'M', 'N'], 'It is the alphabet'],
  [['Z', 'X', 'V', 'T'], 'It is every second letter backwards'],
  [['A1', 'B2', 'C3', 'D4'], 'Letter and number go on by one'],
];

function sequences(): EditDraft[] {
  return SEQUENCES.map(([members, rule], i) => {
    const head = members.slice(0, 3).join(' ');
    // Eight characters on a line: long members stand on two.
    const line = (last: Member): string[] =>
      `${head} ${last}`.length <= 8 && `${head} ${members[3]}`.length <= 8
        ? [`${head} ${last}`]
        : [head, String(last)];
    return written({
      template: 'sequence',
      change: slug(head),
      before: line('?'),
      after: line(members[3]),
      asks: [
        'Put the next member in the place of the question mark.',
        'How does it go on? Replace the question mark.',
        'Find the rule and write what comes next.',
      ],
      why: [`${rule}, so ${members[3]} is next.`, `${rule}. After ${members[2]} comes ${members[3]}.`],
      i,
    });
  });
}

/** Numbers and letters put in order. */
function sorting(): EditDraft[] {
  const rows = [
    '7 3 9',
    '5 1 8 2',
    '6 4 0',
    '9 2 7 3',
    '21 12 5',
    '8 6 7 5',
    'C A B',
    'M Z K',
    'D B A C',
    'T R S',
  ];
  return rows.map((row, i) => {
    const members = row.split(' ');
    const letters = /[A-Z]/.test(row);
    const sorted = [...members].sort((a, b) => (letters ? (a < b ? -1 : 1) : Number(a) - Number(b)));
    return written({
      template: 'sort-line',
      before: [row],
      after: [sorted.join(' ')],
      asks: letters
        ? [
            'Put the letters in the order of the alphabet.',
            'Sort the line alphabetically.',
            'Write the same letters from A towards Z.',
          ]
        : [
            'Put the numbers in order, the smallest first.',
            'Sort the line from small to large.',
            'Write the same numbers in rising order.',
          ],
      why: [
        `In order they are ${sorted.join(', ')}.`,
        `First comes ${sorted[0]}, and ${sorted[sorted.length - 1]} is last.`,
      ],
      i,
    });
  });
}

const ROMAN: readonly (readonly [string, number])[] = [
  ['IV', 4],
  ['XII', 12],
  ['IX', 9],
  ['XL', 40],
  ['XVI', 16],
  ['LV', 55],
  ['XC', 90],
  ['VII', 7],
  ['CX', 110],
  ['XXI', 21],
];

function romans(): EditDraft[] {
  return ROMAN.map(([roman, value], i) =>
    written({
      template: 'roman',
      before: [roman],
      after: [String(value)],
      asks: [
        'Write this Roman number with the digits of today.',
        'What number is that? Write it as we do now.',
        'Replace the Roman number by an ordinary one.',
      ],
      why: [`${roman} is ${value}.`, `The Romans wrote ${value} as ${roman}.`],
      i,
    }),
  );
}

export function seriesDrafts(): EditDraft[] {
  return [...sequences(), ...sorting(), ...romans()];
}
