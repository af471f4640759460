/** What time does: fruit rots, seedlings become trees, candles burn down, the moon wanes, clocks go on. */
import type { Background, Colour, SceneObject, SceneSpec } from '../types';
import { hourDrafts } from './temporal-hours';
import { EditDraft } from './types';

/** Before, after, where, how long, why. */
type Change = readonly [
  from: SceneObject,
  to: SceneObject,
  places: readonly Background[],
  asked: string,
  reason: string,
];

const one = (concept: string, more: Partial<SceneObject> = {}): SceneObject => ({ concept, ...more });
const large = (concept: string, tint?: Colour): SceneObject =>
  one(concept, { size: 'large', ...(tint && { tint }) });
const grown = (from: string, to: string): [SceneObject, SceneObject] => [
  one(from, { size: 'small' }),
  large(to),
];

const CHANGES: Record<string, readonly Change[]> = {
  growth: [
    [
      ...grown('seedling', 'leafy tree'),
      ['meadow', 'forest', 'lake'],
      'Thirty years pass.',
      'A seedling grows into a tall tree.',
    ],
    [
      ...grown('chick', 'hen'),
      ['meadow', 'room'],
      'A year passes, and it lays eggs now.',
      'A female chick grows into a hen.',
    ],
    [
      ...grown('caterpillar', 'butterfly'),
      ['meadow', 'forest'],
      'Its metamorphosis ends.',
      'A caterpillar turns into a butterfly.',
    ],
    [
      large('egg'),
      one('chick', { size: 'medium' }),
      ['meadow', 'table'],
      'It is kept warm for three weeks.',
      'A chick hatches from a warm egg.',
    ],
    [
      large('boy'),
      large('old man'),
      ['room', 'meadow', 'white'],
      'Seventy years pass.',
      'A boy is an old man after seventy years.',
    ],
    [
      large('girl'),
      large('old woman'),
      ['room', 'meadow', 'white'],
      'Seventy years pass.',
      'A girl is an old woman after seventy years.',
    ],
    [
      large('boy'),
      large('man'),
      ['beach', 'city'],
      'Twenty-five years pass.',
      'A boy is a grown man after twenty-five years.',
    ],
    [
      large('girl'),
      large('woman'),
      ['beach', 'city'],
      'Twenty-five years pass.',
      'A girl is a grown woman after twenty-five years.',
    ],
    [
      large('cherry blossom'),
      large('bunch of cherries'),
      ['meadow', 'white'],
      'Two months pass.',
      'Cherry blossom becomes cherries in summer.',
    ],
  ],
  rot: ['banana', 'apple', 'pear', 'peach', 'lettuce', 'mango', 'strawberry', 'avocado'].map(
    (fruit): Change => [
      large(fruit),
      large(fruit, 'brown'),
      ['table', 'white'],
      'It lies there for three weeks.',
      'Fruit and vegetables turn brown as they rot.',
    ],
  ),
  ripening: (
    [
      ['banana', 'yellow'],
      ['tomato', 'red'],
      ['strawberry', 'red'],
      ['lemon', 'yellow'],
      ['orange', 'orange'],
      ['bell pepper', 'red'],
    ] as const
  ).map(([fruit, ripe]): Change => [
    large(fruit, 'green'),
    large(fruit, ripe),
    ['table', 'meadow'],
    'It ripens in the sun.',
    `A ripe ${fruit} is ${ripe}.`,
  ]),
  autumn: [
    [
      large('maple leaf', 'green'),
      large('maple leaf', 'red'),
      ['meadow', 'forest', 'lake'],
      'October comes to the maple.',
      'Maple leaves turn red in autumn.',
    ],
    [
      large('leafy tree'),
      large('leafy tree', 'orange'),
      ['meadow', 'lake', 'forest'],
      'Half a year passes after April.',
      'Leaves turn orange in autumn.',
    ],
  ],
  wear: [
    [
      large('rose'),
      large('wilted rose'),
      ['table', 'room', 'white'],
      'Nobody waters it for two weeks.',
      'A cut rose wilts.',
    ],
    [
      large('house'),
      large('derelict house'),
      ['meadow', 'forest', 'city'],
      'Nobody lives in it for a hundred years.',
      'An empty house falls into ruin.',
    ],
    [
      large('brontosaurus'),
      large('bone'),
      ['desert', 'meadow'],
      'A hundred and fifty million years pass.',
      'Only bones remain of a dinosaur.',
    ],
    [
      large('candle'),
      one('candle', { size: 'small' }),
      ['table', 'room', 'white'],
      'It burns for five hours.',
      'A candle becomes short as it burns.',
    ],
    [
      large('pencil'),
      one('pencil', { size: 'small' }),
      ['table', 'paper', 'white'],
      'It is used and sharpened every day for a year.',
      'A pencil becomes short as it is sharpened.',
    ],
    [
      large('bar of soap'),
      one('bar of soap', { size: 'small' }),
      ['table', 'white'],
      'Somebody washes with it for a month.',
      'Soap is used up little by little.',
    ],
  ],
  moon: [
    [
      large('new moon'),
      large('full moon'),
      ['sky', 'space', 'sea'],
      'Two weeks pass.',
      'Two weeks after new moon the moon is full.',
    ],
    [
      large('full moon'),
      large('new moon'),
      ['sky', 'space', 'sea'],
      'Two weeks pass.',
      'Two weeks after full moon the moon is new.',
    ],
    [
      large('first quarter moon'),
      large('full moon'),
      ['sky', 'desert'],
      'A week passes.',
      'A week after the first quarter the moon is full.',
    ],
    [
      large('full moon'),
      large('last quarter moon'),
      ['sky', 'desert'],
      'A week passes.',
      'A week after full moon comes the last quarter.',
    ],
    [
      large('new moon'),
      large('first quarter moon'),
      ['sky', 'snow'],
      'A week passes.',
      'A week after new moon comes the first quarter.',
    ],
  ],
};

function lives(background: Background, object: SceneObject): SceneSpec {
  const night =
    background === 'sky' || background === 'sea' || background === 'desert' || background === 'snow';
  const moon = object.concept.endsWith('moon') && night;
  return { background, ...(moon && { time: 'night' as const }), objects: [object] };
}

export function temporalDrafts(): EditDraft[] {
  const changes = Object.entries(CHANGES).flatMap(([template, rows]) =>
    rows.flatMap(([from, to, places, instruction, reason]) =>
      places.map((background): EditDraft => ({
        template,
        before: lives(background, from),
        instruction,
        reason,
        after: lives(background, to),
      })),
    ),
  );
  return [...changes, ...hourDrafts()];
}
