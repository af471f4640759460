/** The moon through its phases, the hours of the day over a landscape, the sun on its way across the sky. */
import type { Background, SceneSpec, Slot, TimeOfDay } from '../types';
import { EditDraft, slug } from './types';

/** Eight phases, about half a week apart. */
const PHASES = [
  'new moon',
  'waxing crescent moon',
  'first quarter moon',
  'waxing gibbous moon',
  'full moon',
  'waning gibbous moon',
  'last quarter moon',
  'waning crescent moon',
] as const;
const MOON_SPANS: readonly (readonly [number, string])[] = [
  [2, 'a week'],
  [4, 'two weeks'],
  [6, 'three weeks'],
];

function moons(): EditDraft[] {
  return PHASES.flatMap((phase, i) =>
    MOON_SPANS.flatMap(([steps, span], s): EditDraft[] => {
      const to = PHASES[(i + steps) % PHASES.length];
      const places: readonly Background[] = [
        (['sky', 'sea', 'desert'] as const)[(i + s) % 3],
        ...(s === 0 ? (['space'] as const) : []),
      ];
      return places.map((background) => {
        const scene = (concept: string): SceneSpec => ({
          background,
          ...(background !== 'space' && { time: 'night' }),
          objects: [{ concept, size: 'large' }],
        });
        return {
          template: 'moon',
          change: slug(`${phase} ${span}`),
          setting: background,
          before: scene(phase),
          instructions: [
            `Show the moon ${span} later.`,
            `Let ${span} go by.`,
            `What does the moon look like in ${span}?`,
          ],
          reasons: [
            `From new moon to new moon it is about four weeks; ${span} after the ${phase} comes the ${to}.`,
            `The ${phase} is followed by the ${to} ${span} later.`,
          ],
          after: scene(to),
        };
      });
    }),
  );
}

interface Hour {
  from: TimeOfDay;
  to: TimeOfDay;
  asks: string[];
  why: string[];
}
const HOURS: readonly Hour[] = [
  {
    from: 'day',
    to: 'night',
    asks: [
      'It is noon; twelve hours pass.',
      'Show the same place twelve hours after noon.',
      'The clock strikes twelve, and not for lunch.',
    ],
    why: [
      'Twelve hours after noon it is midnight.',
      'The other twelve of the day is midnight, when it is dark.',
    ],
  },
  {
    from: 'sunrise',
    to: 'sunset',
    asks: [
      'The sun is about to go down on the same day.',
      'Show the same place at the other end of the day.',
      'It is the day when day and night are equal; twelve hours pass.',
    ],
    why: ['The day that begins with sunrise ends with sunset.', 'At the other end of the day the sun sets.'],
  },
  {
    from: 'night',
    to: 'sunrise',
    asks: [
      'The roosters begin to crow as the dark ends.',
      'The first light of the morning comes.',
      'Show the moment when the dark is over.',
    ],
    why: ['The dark ends with sunrise.', 'In the morning the sun comes up.'],
  },
  {
    from: 'sunset',
    to: 'night',
    asks: [
      'Four hours pass, and the stars come out.',
      'Show the same place when everybody is asleep.',
      'The last light goes, and owls wake up.',
    ],
    why: ['After sunset it gets dark: it is night.', 'When the sun has gone, night falls.'],
  },
  {
    from: 'sunrise',
    to: 'day',
    asks: [
      'Six hours pass, until lunch.',
      'Show the same place at the time of the shortest shadows.',
      'The sun climbs as high as it can.',
    ],
    why: [
      'Some hours after sunrise it is broad day.',
      'The sun stands high at noon, in the middle of the day.',
    ],
  },
];
const SIGHTS: readonly (readonly [string, Background])[] = [
  ['house', 'meadow'],
  ['castle', 'lake'],
  ['sailboat', 'sea'],
  ['tent', 'forest'],
  ['camel', 'desert'],
  ['office building', 'city'],
  ['palm tree', 'beach'],
  ['hut', 'snow'],
];

/** Every transition over four of the eight sights. */
function daytime(): EditDraft[] {
  return HOURS.flatMap(({ from, to, asks, why }, h) =>
    SIGHTS.filter((_, i) => (i + h) % 2 === 0).map(([concept, background]): EditDraft => {
      const scene = (time: TimeOfDay): SceneSpec => ({
        background,
        time,
        objects: [{ concept, size: 'large' }],
      });
      return {
        template: 'daytime',
        change: `${from}-${to}`,
        setting: `${slug(concept)}-${background}`,
        before: scene(from),
        instructions: asks,
        reasons: why,
        after: scene(to),
      };
    }),
  );
}

/** Where the sun stands when one looks south in the north, or north in the south. */
const WAYS = {
  Europe: { look: 'south', slots: ['left', 'top', 'right'] },
  Australia: { look: 'north', slots: ['right', 'top', 'left'] },
} as const;
const SUN_TIMES: readonly TimeOfDay[] = ['sunrise', 'day', 'sunset'];
const SUN_NAMES = ['sunrise', 'noon', 'sunset'] as const;
const SUN_STEPS: readonly (readonly [number, number, string])[] = [
  [0, 1, 'six hours'],
  [1, 2, 'six hours'],
  [0, 2, 'twelve hours'],
];

function sunPath(): EditDraft[] {
  const places: readonly Background[] = ['meadow', 'sea', 'desert', 'snow', 'city', 'lake'];
  return (Object.keys(WAYS) as (keyof typeof WAYS)[]).flatMap((land, l) =>
    SUN_STEPS.flatMap(([a, b, span], s) =>
      places
        .filter((_, i) => (i + s + l) % 2 === 0)
        .map((background): EditDraft => {
          const { look, slots } = WAYS[land];
          const scene = (i: number): SceneSpec => ({
            background,
            time: SUN_TIMES[i],
            objects: [{ concept: 'sun', size: 'small', slot: slots[i] as Slot }],
          });
          return {
            template: 'sun-path',
            change: slug(`${land} ${SUN_NAMES[a]} ${SUN_NAMES[b]}`),
            setting: background,
            before: scene(a),
            instructions: [
              `We look ${look} in ${land}, in March; ${span} pass.`,
              `This is the view to the ${look} in ${land}, in March: show it ${span} later.`,
              `In ${land}, looking ${look} in March: where is the sun in ${span}?`,
            ],
            reasons: [
              `The sun rises in the east, on the ${slots[0]} when one looks ${look}; ${span} after ${SUN_NAMES[a]} it is ${SUN_NAMES[b]}.`,
              `Looking ${look}, east is on the ${slots[0]} and west on the ${slots[2]}, and ${SUN_NAMES[b]} comes ${span} after ${SUN_NAMES[a]}.`,
            ],
            after: scene(b),
          };
        }),
    ),
  );
}

export function skyDrafts(): EditDraft[] {
  return [...moons(), ...daytime(), ...sunPath()];
}
