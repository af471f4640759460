/** What hours and weather do: things melt and rust, night falls, clocks go on. */
import { EditDraft } from './types';

function melting(): EditDraft[] {
  const rows = [
    ['snowman', 'meadow', 'A warm week passes.', 'A snowman melts into a puddle.'],
    ['ice cube', 'table', 'An hour passes in a warm room.', 'Ice melts into water.'],
    ['ice cube', 'beach', 'An hour passes in the sun.', 'Ice melts into water.'],
    ['ice cream cone', 'beach', 'An hour passes in the sun.', 'Ice cream melts in the sun.'],
  ] as const;
  return rows.map(([concept, background, instruction, reason]) => ({
    template: 'melting',
    before: { background, objects: [{ concept, size: 'large' }] },
    instruction,
    reason,
    after: { background, objects: [], props: [{ name: 'puddle' }] },
  }));
}

function rusting(): EditDraft[] {
  const places = ['meadow', 'beach', 'city', 'sea'] as const;
  return places.map((background) => ({
    template: 'rust',
    before: { background, objects: [], props: [{ name: 'block', colour: 'grey' }] },
    instruction: 'The iron block stands in the rain for a year.',
    reason: 'Wet iron rusts.',
    after: { background, objects: [], props: [{ name: 'block', colour: 'grey', rust: true }] },
  }));
}

function daytime(): EditDraft[] {
  const rows = [
    ['house', 'meadow'],
    ['castle', 'lake'],
    ['sailboat', 'sea'],
    ['tent', 'forest'],
    ['camel', 'desert'],
  ] as const;
  return rows.flatMap(([concept, background]): EditDraft[] => [
    {
      template: 'daytime',
      before: { background, time: 'day', objects: [{ concept, size: 'large' }] },
      instruction: 'It is noon; twelve hours pass.',
      reason: 'Twelve hours after noon it is midnight.',
      after: { background, time: 'night', objects: [{ concept, size: 'large' }] },
    },
    {
      template: 'daytime',
      before: { background, time: 'sunrise', objects: [{ concept, size: 'large' }] },
      instruction: 'The sun is about to go down on the same day.',
      reason: 'The day that begins with sunrise ends with sunset.',
      after: { background, time: 'sunset', objects: [{ concept, size: 'large' }] },
    },
  ]);
}

function clocks(): EditDraft[] {
  const rows = [
    [3, 0, 30, 'Half an hour passes.'],
    [9, 15, 45, 'Forty-five minutes pass.'],
    [11, 30, 60, 'An hour passes.'],
    [12, 0, 180, 'Three hours pass.'],
    [6, 50, 20, 'Twenty minutes pass.'],
    [1, 40, 95, 'An hour and thirty-five minutes pass.'],
    [8, 5, 360, 'Six hours pass.'],
    [4, 20, 5, 'Five minutes pass.'],
    [10, 10, 150, 'Two and a half hours pass.'],
    [2, 35, 25, 'Twenty-five minutes pass.'],
  ] as const;
  return rows.map(([hour, minute, passed, instruction], i) => {
    const total = ((hour % 12) * 60 + minute + passed) % 720;
    const later = { hour: Math.floor(total / 60) || 12, minute: total % 60 };
    const background = (['room', 'white', 'city'] as const)[i % 3];
    return {
      template: 'clock',
      before: { background, objects: [], figure: { name: 'clock', hour, minute } },
      instruction,
      reason: `${passed} minutes after ${hour}:${String(minute).padStart(2, '0')} it is ${later.hour}:${String(later.minute).padStart(2, '0')}.`,
      after: { background, objects: [], figure: { name: 'clock', ...later } },
    };
  });
}

export function hourDrafts(): EditDraft[] {
  return [...melting(), ...rusting(), ...daytime(), ...clocks()];
}
