/** Four panels with the last one empty: stories that go on, and pairs that go together as the pair above does. */
import type { Background, SceneSpec } from '../types';
import { EditDraft, slug } from './types';

type Four = readonly [string, string, string, string];

interface Panels {
  template: string;
  stages: Four;
  background: Background;
  asks: readonly string[];
  why: readonly string[];
}

function panelDraft({ template, stages, background, asks, why }: Panels): EditDraft {
  const panel = (concept?: string): SceneSpec => ({ background, objects: concept ? [{ concept }] : [] });
  const scene = (last?: string): SceneSpec => ({
    background: 'white',
    objects: [],
    panels: [...stages.slice(0, 3).map(panel), panel(last)],
  });
  return {
    template,
    change: slug(stages.join(' ')),
    setting: background,
    before: scene(),
    instructions: asks,
    reasons: why,
    after: scene(stages[3]),
    seen: `one ${stages[3]} in panel 4`,
  };
}

const STORIES: readonly (readonly [Four, Background, string, string])[] = [
  [
    ['new moon', 'first quarter moon', 'full moon', 'last quarter moon'],
    'space',
    'The moon wanes after full moon.',
    'A week after full moon the other half is lit.',
  ],
  [['baby', 'boy', 'man', 'old man'], 'room', 'A man grows old.', 'The last stage of a man is old age.'],
  [
    ['baby', 'girl', 'woman', 'old woman'],
    'room',
    'A woman grows old.',
    'The last stage of a woman is old age.',
  ],
  [
    ['egg', 'hatching chick', 'chick', 'hen'],
    'meadow',
    'A chick that is grown is a hen.',
    'Out of the egg comes a chick, and it becomes a hen.',
  ],
  [
    ['cherry blossom', 'bunch of cherries', 'cherry blossom', 'bunch of cherries'],
    'meadow',
    'Cherries follow the blossom every year.',
    'After the blossom the cherries are ripe.',
  ],
  [
    ['sun', 'crescent moon', 'sun', 'crescent moon'],
    'sky',
    'The moon follows the sun every evening.',
    'By day the sun shines, and at night the moon.',
  ],
  [
    ['house', 'car', 'house', 'car'],
    'city',
    'House and car come by turns.',
    'After a house there is always a car.',
  ],
  [
    ['circle', 'square', 'circle', 'square'],
    'table',
    'Circle and square come by turns.',
    'After a circle there is always a square.',
  ],
  [
    ['apple', 'apple', 'banana', 'banana'],
    'table',
    'Each fruit comes twice.',
    'There are two apples, so there are two bananas.',
  ],
  [
    ['sheep', 'ball of yarn', 'sheep', 'ball of yarn'],
    'room',
    'Yarn follows the sheep each time.',
    'After a sheep there is always a ball of yarn.',
  ],
  [
    ['cloud', 'rain cloud', 'lightning cloud', 'rainbow'],
    'sky',
    'After the storm a rainbow stands in the sky.',
    'The sun in the last drops makes a rainbow.',
  ],
];

/** The fourth is to the third as the second is to the first. */
const ANALOGIES: readonly (readonly [Four, Background, string, string])[] = [
  [
    ['egg', 'chick', 'caterpillar', 'butterfly'],
    'meadow',
    'An egg becomes a chick, and a caterpillar a butterfly.',
    'On the right is what the left one grows into.',
  ],
  [
    ['boy', 'old man', 'girl', 'old woman'],
    'room',
    'A boy becomes an old man, and a girl an old woman.',
    'On the right is the same person, old.',
  ],
  [
    ['cow', 'glass of milk', 'bee', 'honey pot'],
    'meadow',
    'A cow gives milk, and a bee honey.',
    'On the right is the food that comes from the animal.',
  ],
  [
    ['bunch of grapes', 'glass of wine', 'ear of corn', 'box of popcorn'],
    'table',
    'Popcorn is made from corn.',
    'On the right is what is made from the plant.',
  ],
  [
    ['open hand', 'pair of gloves', 'foot', 'pair of socks'],
    'snow',
    'Hands wear gloves, and feet wear socks.',
    'On the right is what keeps that part warm.',
  ],
  [
    ['human ear', 'pair of headphones', 'eye', 'pair of glasses'],
    'room',
    'Ears wear headphones, and eyes glasses.',
    'On the right is what helps that sense.',
  ],
  [
    ['dog', 'bone', 'rabbit', 'carrot'],
    'meadow',
    'A dog gnaws a bone, and a rabbit a carrot.',
    'On the right is what the animal likes to gnaw.',
  ],
  [
    ['monkey', 'banana', 'mouse', 'cheese'],
    'table',
    'Mice are said to like cheese.',
    "On the right is the animal's well-known food.",
  ],
  [
    ['firefighter', 'fire engine', 'police officer', 'police car'],
    'city',
    'Both come in the vehicle of their job.',
    'On the right is the vehicle of the job.',
  ],
  [
    ['astronaut', 'rocket', 'pilot', 'airplane'],
    'sky',
    'An astronaut flies a rocket, and a pilot an airplane.',
    'On the right is what the person flies.',
  ],
  [
    ['scientist', 'microscope', 'singer', 'microphone'],
    'room',
    'A singer works with a microphone.',
    'On the right is the tool of the job.',
  ],
  [
    ['farmer', 'tractor', 'painter', 'paint palette'],
    'meadow',
    'A painter works with a palette.',
    'On the right is what the person works with.',
  ],
  [
    ['spider', 'spider web', 'bird', 'nest of eggs'],
    'forest',
    'A spider makes a web, and a bird a nest.',
    'On the right is what the animal builds.',
  ],
  [
    ['snowflake', 'snow cloud', 'water drop', 'rain cloud'],
    'sky',
    'Drops of water fall from a rain cloud.',
    'On the right is where it falls from.',
  ],
  [
    ['boy', 'girl', 'prince', 'princess'],
    'room',
    'A girl is to a boy as a princess is to a prince.',
    'On the right is the female one.',
  ],
  [
    ['man', 'woman', 'rooster', 'hen'],
    'meadow',
    'A woman is to a man as a hen is to a rooster.',
    'On the right is the female one.',
  ],
  [
    ['candle', 'light bulb', 'abacus', 'computer'],
    'table',
    'A computer replaced the abacus.',
    'On the right is the electric successor.',
  ],
  [
    ['padlock', 'key', 'steel bolt', 'wrench'],
    'table',
    'A key opens a padlock, and a wrench turns a bolt.',
    'On the right is what turns the left one.',
  ],
];

export function panelDrafts(): EditDraft[] {
  return [
    ...STORIES.map(([stages, background, ...why]) =>
      panelDraft({
        template: 'story',
        stages,
        background,
        asks: [
          'Fill panel 4 so that the story goes on.',
          'What comes last? Draw it in panel 4.',
          'Complete the series in panel 4.',
        ],
        why,
      }),
    ),
    ...ANALOGIES.map(([stages, background, ...why]) =>
      panelDraft({
        template: 'analogy',
        stages,
        background,
        asks: [
          'The lower two go together like the upper two.',
          'Complete the lower row like the upper one.',
          'Fill panel 4 by analogy.',
        ],
        why,
      }),
    ),
  ];
}
