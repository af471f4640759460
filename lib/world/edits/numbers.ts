/** Writing on a board: equations and their next step, sums with a gap, mistakes. */
import { seriesDrafts } from './series';
import { EditDraft } from './types';
import { written } from './written';

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
    [4, -3, 6],
    [5, 8, 3],
    [2, 9, 4],
    [8, -6, 2],
    [3, 4, 9],
    [9, 1, 3],
    [6, 5, 3],
    [2, -7, 8],
    [5, 3, 4],
    [4, -9, 5],
    [3, 8, 6],
    [7, -1, 3],
    [2, 5, 9],
    [9, -8, 2],
    [5, -2, 7],
    [6, 11, 4],
  ] as const;
  return rows.map(([a, b, x], i) => {
    const first = `${a}X${b < 0 ? '-' : '+'}${Math.abs(b)}=${a * x + b}`;
    const second = `${a}X=${a * x}`;
    const step = b < 0 ? `add ${-b} on both sides` : `take ${b} away on both sides`;
    // An equation is asked for one step only: the other would show the answer.
    if (i % 2 === 0)
      return written({
        template: 'equation-step',
        before: [first],
        after: [first, second],
        asks: [
          'Next step: bring the number without X to the right.',
          'Write the next line, without the number that stands alone.',
          'Leave only X with its factor on the left, one line below.',
        ],
        why: [`We ${step}.`, `To have X with its factor alone, ${step}.`],
        i: i / 2,
      });
    return written({
      template: 'equation-last',
      before: [first, second],
      after: [first, second, `X=${x}`],
      asks: ['Write the last step.', 'Finish the solution: what is X?', 'Divide both sides.'],
      why: [`We divide both sides by ${a}.`, `${a * x} divided by ${a} is ${x}.`],
      i: (i - 1) / 2,
    });
  });
}

type Sign = '+' | '-' | '*' | '/';
const SIGN_WORDS: Record<Sign, string> = { '+': 'and', '-': 'less', '*': 'times', '/': 'divided by' };

/** [a, sign, b, result], each with only one fitting sign. */
const SUMS: readonly (readonly [number, Sign, number, number])[] = [
  [7, '*', 8, 56],
  [9, '+', 6, 15],
  [17, '-', 9, 8],
  [36, '/', 4, 9],
  [12, '+', 29, 41],
  [6, '*', 9, 54],
  [50, '-', 23, 27],
  [72, '/', 8, 9],
  [8, '+', 7, 15],
  [4, '*', 12, 48],
  [31, '-', 15, 16],
  [45, '/', 9, 5],
  [3, '*', 13, 39],
  [64, '+', 18, 82],
  [25, '-', 17, 8],
  [56, '/', 7, 8],
  [13, '+', 19, 32],
  [7, '*', 6, 42],
  [40, '-', 12, 28],
  [63, '/', 9, 7],
  [27, '+', 16, 43],
  [8, '*', 4, 32],
  [19, '-', 6, 13],
  [48, '/', 6, 8],
  [35, '+', 37, 72],
  [5, '*', 11, 55],
  [90, '-', 44, 46],
  [81, '/', 9, 9],
  [16, '+', 5, 21],
  [3, '*', 15, 45],
  [22, '-', 8, 14],
  [54, '/', 6, 9],
];

const ASKED = [
  {
    template: 'arithmetic',
    hide: ([a, sign, b]: readonly [number, Sign, number, number]): string => `${a}${sign}${b}=?`,
    asks: [
      'Work it out and write the result in the place of the question mark.',
      'What is the result? Write it.',
      'Replace the question mark by the right number.',
    ],
  },
  {
    template: 'missing-number',
    hide: ([a, sign, , c]: readonly [number, Sign, number, number]): string => `${a}${sign}?=${c}`,
    asks: [
      'Which number is missing? Write it.',
      'Replace the question mark so that both sides are equal.',
      'Fill the gap with the number that makes it true.',
    ],
  },
  {
    template: 'missing-sign',
    hide: ([a, , b, c]: readonly [number, Sign, number, number]): string => `${a}?${b}=${c}`,
    asks: [
      'Which sign is missing? Write it.',
      'Replace the question mark by plus, minus, times or divided by.',
      'Fill the gap with the sign that makes it true.',
    ],
  },
] as const;

/** Each sum is asked for in one way, so that no other shows its answer. */
function sums(): EditDraft[] {
  return SUMS.map((sum, i) => {
    const [a, sign, b, c] = sum;
    // Two sums in four ask for the result; four signs come by turns, so each way meets them all.
    const turn = (i + Math.floor(i / 4)) % 4;
    const { template, hide, asks } = ASKED[turn === 3 ? 0 : turn];
    return written({
      template,
      before: [hide(sum)],
      after: [`${a}${sign}${b}=${c}`],
      asks: [...asks],
      why: [
        `${a} ${SIGN_WORDS[sign]} ${b} is ${c}.`,
        `The sum is right with ${a} ${SIGN_WORDS[sign]} ${b}, which is ${c}.`,
      ],
      i: Math.floor(i / 2),
    });
  });
}

function corrections(): EditDraft[] {
  const rows: readonly (readonly [string, string, string])[] = [
    ['2+2=5', '2+2=4', '2 and 2 make 4'],
    ['3*4=14', '3*4=12', '3 times 4 is 12'],
    ['9-4=6', '9-4=5', '9 less 4 is 5'],
    ['7+6=12', '7+6=13', '7 and 6 make 13'],
    ['5*5=20', '5*5=25', '5 times 5 is 25'],
    ['8/2=6', '8/2=4', '8 divided by 2 is 4'],
    ['15-7=9', '15-7=8', '15 less 7 is 8'],
    ['6*7=43', '6*7=42', '6 times 7 is 42'],
    ['20/5=5', '20/5=4', '20 divided by 5 is 4'],
    ['11+9=21', '11+9=20', '11 and 9 make 20'],
  ];
  return rows.map(([wrong, right, fact], i) =>
    written({
      template: 'correct-mistake',
      before: [wrong],
      after: [right],
      asks: [
        'The result is wrong: correct it.',
        'Find the mistake after the equals sign and put it right.',
        'Write the true result.',
      ],
      why: [`${fact}.`, `The left side is right, and ${fact}.`],
      i,
    }),
  );
}

export function numberDrafts(): EditDraft[] {
  return [...equations(), ...sums(), ...corrections(), ...seriesDrafts()];
}
