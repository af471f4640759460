/** Signs that say a weekday, a month or a year, some time later. */
import type { Background, Colour, SceneSpec } from '../types';
import { EditDraft } from './types';

const DAYS = ['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN'] as const;
const DAY_NAMES = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] as const;
const MONTHS = 'JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC'.split(' ');
const MONTH_NAMES =
  'January February March April May June July August September October November December'.split(' ');

const PLACES: readonly Background[] = ['room', 'white', 'city', 'meadow'];
const COLOURS: readonly Colour[] = ['blue', 'red', 'yellow', 'green'];

interface Step {
  template: string;
  from: string;
  to: string;
  instructions: string[];
  reasons: string[];
  i: number;
}

function signDraft({ template, from, to, instructions, reasons, i }: Step): EditDraft {
  const background = PLACES[i % PLACES.length];
  const scene = (line: string): SceneSpec => ({
    background,
    objects: [],
    figure: { name: 'sign', colour: COLOURS[(i >> 1) % COLOURS.length], lines: [line] },
  });
  return {
    template,
    change: `${from}-${i + 1}`.toLowerCase(),
    setting: background,
    before: scene(from),
    instructions,
    reasons,
    after: scene(to),
  };
}

function asked(span: string): string[] {
  return [`The sign is turned on ${span} later.`, `Show the sign ${span} later.`, `Let ${span} go by.`];
}

function weekdays(): EditDraft[] {
  const spans: readonly (readonly [number, string])[] = [
    [1, 'a day'],
    [2, 'two days'],
    [3, 'three days'],
    [5, 'five days'],
    [10, 'ten days'],
    [8, 'eight days'],
    [-1, ''],
  ];
  return Array.from({ length: 14 }, (_, i) => {
    const [days, span] = spans[(i * 3 + (i < 7 ? 0 : 1)) % spans.length];
    const at = i % 7;
    const to = (at + days + 7) % 7;
    const past = days < 0;
    return signDraft({
      template: 'weekday',
      from: DAYS[at],
      to: DAYS[to],
      instructions: past
        ? ['What did it say yesterday?', 'Show the sign as it was a day ago.', 'Go back by a day.']
        : asked(span),
      reasons: past
        ? [
            `The day before ${DAY_NAMES[at]} is ${DAY_NAMES[to]}.`,
            `${DAY_NAMES[to]} comes just before ${DAY_NAMES[at]}.`,
          ]
        : [
            `${span} after ${DAY_NAMES[at]} it is ${DAY_NAMES[to]}.`,
            `It is ${DAY_NAMES[at]}, and ${span} later it will be ${DAY_NAMES[to]}.`,
          ],
      i,
    });
  });
}

function months(): EditDraft[] {
  const spans: readonly (readonly [number, string])[] = [
    [1, 'a month'],
    [2, 'two months'],
    [3, 'a quarter of a year'],
    [6, 'half a year'],
    [4, 'four months'],
  ];
  return Array.from({ length: 12 }, (_, i) => {
    const [count, span] = spans[i % spans.length];
    const at = (i * 5) % 12;
    const to = (at + count) % 12;
    return signDraft({
      template: 'month',
      from: MONTHS[at],
      to: MONTHS[to],
      instructions: asked(span),
      reasons: [
        `${span} after ${MONTH_NAMES[at]} it is ${MONTH_NAMES[to]}.`,
        `It is ${MONTH_NAMES[at]}, and ${span} later it will be ${MONTH_NAMES[to]}.`,
      ],
      i,
    });
  });
}

function years(): EditDraft[] {
  const rows: readonly (readonly [number, number, string])[] = [
    [1999, 1, 'a year'],
    [1945, 10, 'a decade'],
    [1914, 4, 'four years'],
    [1969, 50, 'half a century'],
    [1789, 100, 'a century'],
    [1896, 12, 'twelve years'],
    [1975, 25, 'a quarter of a century'],
    [2019, 3, 'three years'],
    [1492, 500, 'five centuries'],
    [1066, 1000, 'a thousand years'],
  ];
  return rows.map(([year, count, span], i) =>
    signDraft({
      template: 'year',
      from: String(year),
      to: String(year + count),
      instructions: asked(span),
      reasons: [`${year} and ${count} make ${year + count}.`, `${span} after ${year} comes ${year + count}.`],
      i,
    }),
  );
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function calendarDrafts(): EditDraft[] {
  return [...weekdays(), ...months(), ...years()].map((draft) => ({
    ...draft,
    reasons: draft.reasons.map(capital),
  }));
}
