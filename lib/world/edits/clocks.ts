/** Clocks that go on, that show what they showed before, and that are seen in a mirror: times in steps of five minutes. */
import { clockText } from '../figure-words';
import type { Background, SceneSpec } from '../types';
import { EditDraft } from './types';

const HALF_DAY = 720;
const PLACES = ['room', 'white', 'city', 'table'] as const;

/** Minutes after twelve as a clock shows them. */
function shown(minutes: number): { hour: number; minute: number } {
  const total = ((minutes % HALF_DAY) + HALF_DAY) % HALF_DAY;
  return { hour: Math.floor(total / 60) || 12, minute: total % 60 };
}

function clockScene(minutes: number, background: Background): SceneSpec {
  return { background, objects: [], figure: { name: 'clock', ...shown(minutes) } };
}

export function timeText(minutes: number): string {
  const { hour, minute } = shown(minutes);
  return clockText(hour, minute);
}

/** Minutes and how they are said. */
const SPANS: readonly (readonly [number, string])[] = [
  [5, 'five minutes'],
  [10, 'ten minutes'],
  [15, 'a quarter of an hour'],
  [20, 'twenty minutes'],
  [25, 'twenty-five minutes'],
  [30, 'half an hour'],
  [45, 'forty-five minutes'],
  [60, 'an hour'],
  [75, 'an hour and a quarter'],
  [90, 'an hour and a half'],
  [120, 'two hours'],
  [150, 'two and a half hours'],
  [180, 'three hours'],
  [240, 'four hours'],
  [360, 'six hours'],
];

/** Start times: steps that reach every part of the dial. */
const start = (i: number): number => (i * 205 + 180) % HALF_DAY;

/** Each span twice, from another time. */
function later(): EditDraft[] {
  return Array.from({ length: 2 * SPANS.length }, (_, i) => {
    const [passed, words] = SPANS[i % SPANS.length];
    const from = start(i);
    return {
      template: 'clock',
      change: `${timeText(from)} +${passed}`.replace(':', '-').replace(' +', '-plus-'),
      setting: PLACES[i % PLACES.length],
      before: clockScene(from, PLACES[i % PLACES.length]),
      instructions: [
        `Let ${words} go by.`,
        `Show the clock ${words} later.`,
        `What does it show in ${words}?`,
        `Move the hands on by ${words}.`,
      ],
      reasons: [
        `${passed} minutes after ${timeText(from)} it is ${timeText(from + passed)}.`,
        `The clock shows ${timeText(from)}, and ${words} later ${timeText(from + passed)}.`,
      ],
      after: clockScene(from + passed, PLACES[i % PLACES.length]),
    };
  });
}

/** The same question backwards. */
function earlier(): EditDraft[] {
  return SPANS.map(([passed, words], i) => {
    const from = start(i + 2 * SPANS.length);
    const background = PLACES[i % PLACES.length];
    return {
      template: 'clock-before',
      change: `${timeText(from)}-minus-${passed}`.replace(':', '-'),
      setting: background,
      before: clockScene(from, background),
      instructions: [
        `Turn the clock back by ${words}.`,
        `What did it show ${words} ago?`,
        `Show the clock as it was ${words} before.`,
      ],
      reasons: [
        `${passed} minutes before ${timeText(from)} it was ${timeText(from - passed)}.`,
        `The clock shows ${timeText(from)}, and ${words} earlier ${timeText(from - passed)}.`,
      ],
      after: clockScene(from - passed, background),
    };
  });
}

export function clockDrafts(): EditDraft[] {
  return [...later(), ...earlier()];
}

/** A dial without numbers, left and right exchanged: `m` minutes after twelve look like `m` minutes before. */
export function mirrorClockDrafts(): EditDraft[] {
  return Array.from({ length: 14 }, (_, i): EditDraft => {
    const minutes = 35 + i * 50;
    const background = PLACES[i % PLACES.length];
    return {
      template: 'mirror-clock',
      change: timeText(minutes).replace(':', '-'),
      setting: background,
      before: clockScene(minutes, background),
      instructions: [
        'Show the dial as a mirror shows it.',
        'Mirror the clock, left for right.',
        'What time does it seem to be in a mirror?',
      ],
      reasons: [
        `In a mirror ${timeText(minutes)} looks like ${timeText(-minutes)}.`,
        `The hands change sides: ${timeText(minutes)} becomes ${timeText(-minutes)}.`,
      ],
      after: clockScene(-minutes, background),
    };
  }).filter(({ before, after }) => JSON.stringify(before) !== JSON.stringify(after));
}
