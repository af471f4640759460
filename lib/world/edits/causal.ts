/** What causes do: things fall, break, melt, freeze, burn, float, tip; liquids change colour. */
import type { Background, SceneObject, SceneSpec } from '../types';
import { propDrafts } from './causal-props';
import { EditDraft, things } from './types';

const large = (concept: string): SceneObject => ({ concept, size: 'large' });

type ObjectChange = readonly [
  from: string,
  to: string,
  places: readonly Background[],
  asked: string,
  reason: string,
];

const OBJECTS: Record<string, readonly ObjectChange[]> = {
  cooking: [
    [
      'egg',
      'fried egg',
      ['table', 'room'],
      'It is broken into a hot pan.',
      'A broken egg fries in a hot pan.',
    ],
    [
      'ear of corn',
      'box of popcorn',
      ['table', 'room'],
      'Its dry grains are heated until they burst.',
      'Heated corn bursts into popcorn.',
    ],
    [
      'potato',
      'box of fries',
      ['table', 'room'],
      'It is cut into sticks and put in hot oil.',
      'Potato sticks in hot oil become fries.',
    ],
    [
      'bunch of grapes',
      'glass of wine',
      ['table', 'white'],
      'They are pressed, and the juice ferments.',
      'Fermented grape juice is wine.',
    ],
    [
      'glass of milk',
      'cheese',
      ['table', 'white'],
      'It curdles, is pressed and ripens.',
      'Curdled and ripened milk is cheese.',
    ],
    [
      'sheaf of rice',
      'bowl of rice',
      ['table', 'white'],
      'Its grains are threshed and boiled.',
      'Boiled rice grains fill a bowl.',
    ],
  ],
  fire: [
    ['log', 'fire', ['meadow', 'forest', 'beach'], 'Somebody sets it alight.', 'Wood burns.'],
    [
      'firecracker',
      'explosion',
      ['city', 'meadow'],
      'Its fuse burns to the end.',
      'A lit firecracker explodes.',
    ],
    ['bomb', 'explosion', ['desert', 'sea'], 'Its fuse burns to the end.', 'A lit bomb explodes.'],
  ],
  weather: [
    [
      'closed umbrella',
      'umbrella',
      ['city', 'meadow', 'beach'],
      'It begins to rain, and its owner stays dry.',
      'An umbrella is opened in the rain.',
    ],
  ],
  feelings: [
    [
      'thinking face',
      'crying face',
      ['white', 'room'],
      'Very sad news arrives.',
      'Sad news makes people cry.',
    ],
    [
      'thinking face',
      'laughing face',
      ['white', 'room'],
      'Somebody tells a very funny joke.',
      'A funny joke makes people laugh.',
    ],
    [
      'grinning face',
      'freezing face',
      ['snow', 'white'],
      'It stays out in the frost for hours.',
      'Frost makes one freeze.',
    ],
    [
      'grinning face',
      'hot face',
      ['desert', 'beach'],
      'It stays in the blazing sun for hours.',
      'Blazing sun makes one hot.',
    ],
    [
      'yawning face',
      'sleeping face',
      ['room', 'white'],
      'The light goes out, and nothing disturbs it.',
      'A tired person falls asleep.',
    ],
  ],
};

function changed(): EditDraft[] {
  return Object.entries(OBJECTS).flatMap(([template, rows]) =>
    rows.flatMap(([from, to, places, instruction, reason]) =>
      places.map((background) => ({
        template,
        before: { background, objects: [large(from)] },
        instruction,
        reason,
        after: { background, objects: [large(to)] },
      })),
    ),
  );
}

function seesaws(): EditDraft[] {
  const pairs = [
    ['elephant', 'mouse'],
    ['cow', 'chick'],
    ['car', 'balloon'],
    ['bear', 'rabbit'],
    ['horse', 'frog'],
  ] as const;
  return pairs.flatMap(([heavy, light]) =>
    ([true, false] as const).map((left): EditDraft => {
      const objects = left ? things(heavy, light) : things(light, heavy);
      const scene = (down: 'level' | 'left' | 'right'): SceneSpec => ({
        background: 'meadow',
        objects,
        props: [{ name: 'seesaw', down }],
      });
      return {
        template: 'seesaw',
        before: scene('level'),
        instruction: 'The brake that holds the seesaw is let go.',
        reason: `The ${heavy} is heavier than the ${light}.`,
        after: scene(left ? 'left' : 'right'),
      };
    }),
  );
}

function snowfall(): EditDraft[] {
  return ['house', 'pine tree', 'car', 'church', 'tent'].map((concept) => ({
    template: 'snowfall',
    before: { background: 'meadow', time: 'day', objects: [large(concept)] },
    instruction: 'It snows for hours, and the ground turns white.',
    reason: 'Fresh snow covers the meadow.',
    after: { background: 'snow', time: 'day', objects: [large(concept)] },
  }));
}

function lifting(): EditDraft[] {
  const rows = [
    ['balloon', 'The string that holds the helium balloon is cut.', 'Helium is lighter than air.'],
    ['rocket', 'The engine is fired.', 'The engine lifts the rocket.'],
    ['helicopter', 'Its rotor turns fast.', 'The rotor lifts the helicopter.'],
  ] as const;
  return rows.flatMap(([concept, instruction, reason]) =>
    (['meadow', 'desert'] as const).map((background): EditDraft => {
      const scene = (slot: 'top' | 'bottom'): SceneSpec => ({
        background,
        objects: [{ concept, size: 'medium', slot }],
      });
      return { template: 'lifting', before: scene('bottom'), instruction, reason, after: scene('top') };
    }),
  );
}

export function causalDrafts(): EditDraft[] {
  return [...changed(), ...propDrafts(), ...seesaws(), ...snowfall(), ...lifting()];
}
