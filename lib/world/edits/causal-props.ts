/** What causes do to props: glasses fall, ice melts, circuits close, liquids react, flames take colour, blocks float. */
import type { BeakerProp, Colour, Prop, SceneObject, SceneSpec } from '../types';
import { EditDraft } from './types';

type PropChange = readonly [
  template: string,
  from: Prop,
  to: Prop,
  asked: string,
  reason: string,
  objects?: string[],
];

const water: Prop = { name: 'glass', state: 'water' };
const ice: Prop = { name: 'glass', state: 'ice' };
const steam: Prop = { name: 'glass', state: 'steam' };
const lit: Prop = { name: 'bulb', on: true };
const dark: Prop = { name: 'bulb', on: false };
const puddle: Prop = { name: 'puddle' };
const clear = (more: Partial<BeakerProp> = {}): Prop => ({ name: 'beaker', liquid: 'clear', ...more });
const full = (liquid: Colour): Prop => ({ name: 'beaker', liquid });
const blueFlame: Prop = { name: 'flame', colour: 'blue' };

const PROPS: readonly PropChange[] = [
  ['glass-falls', water, puddle, 'The glass is knocked over.', 'Spilt water lies in a puddle.'],
  [
    'glass-falls',
    water,
    puddle,
    'The animal knocks the glass over.',
    'Spilt water lies in a puddle.',
    ['cat'],
  ],
  [
    'glass-falls',
    water,
    puddle,
    'The ball hits the glass.',
    'The ball knocks the glass over, and the water spills.',
    ['baseball'],
  ],
  ['ball-hits', lit, dark, 'The ball hits the bulb.', 'A broken bulb gives no light.', ['soccer ball']],
  ['ball-hits', lit, dark, 'The ball hits the bulb.', 'A broken bulb gives no light.', ['basketball']],
  ['states', ice, water, 'The room becomes warm.', 'Ice melts in the warmth.'],
  ['states', water, ice, 'It is left in a freezer overnight.', 'Water freezes below zero.'],
  ['states', water, steam, 'It is heated to a hundred degrees.', 'Water boils at a hundred degrees.'],
  ['circuit', dark, lit, 'The circuit is closed.', 'Current makes the bulb glow.'],
  ['circuit', lit, dark, 'The wire is cut.', 'Without current the bulb is dark.'],
  ['circuit', lit, dark, 'The scissors cut the wire.', 'Without current the bulb is dark.', ['scissors']],
  [
    'chemistry',
    clear(),
    clear({ precipitate: 'white' }),
    'Silver nitrate is dripped into the salt water.',
    'White silver chloride falls out.',
  ],
  [
    'chemistry',
    clear(),
    clear({ precipitate: 'yellow' }),
    'Lead nitrate meets the potassium iodide in it.',
    'Yellow lead iodide falls out.',
  ],
  [
    'chemistry',
    full('purple'),
    full('red'),
    'Vinegar is poured into the red cabbage juice.',
    'Acid turns red cabbage juice red.',
  ],
  [
    'chemistry',
    clear(),
    full('pink'),
    'Lye is poured into the phenolphthalein.',
    'Phenolphthalein is pink in a base.',
  ],
  [
    'chemistry',
    full('brown'),
    full('blue'),
    'Starch is stirred into the iodine solution.',
    'Starch and iodine are dark blue.',
  ],
  [
    'chemistry',
    clear({ strip: 'grey' }),
    clear({ strip: 'grey', bubbles: true }),
    'The water around the zinc becomes hydrochloric acid.',
    'Zinc in acid gives off hydrogen.',
  ],
  [
    'chemistry',
    clear(),
    clear({ layer: 'yellow' }),
    'Cooking oil is poured into the water.',
    'Oil floats on water.',
  ],
  [
    'chemistry',
    clear(),
    clear({ precipitate: 'brown' }),
    'A spoon of sand is poured into the water.',
    'Sand sinks to the bottom.',
  ],
  [
    'flame',
    blueFlame,
    { name: 'flame', colour: 'green' },
    'A copper salt is held in it.',
    'Copper colours a flame green.',
  ],
  [
    'flame',
    blueFlame,
    { name: 'flame', colour: 'yellow' },
    'Common salt is held in it.',
    'Sodium colours a flame yellow.',
  ],
  [
    'flame',
    blueFlame,
    { name: 'flame', colour: 'red' },
    'A lithium salt is held in it.',
    'Lithium colours a flame red.',
  ],
  [
    'flame',
    blueFlame,
    { name: 'flame', colour: 'purple' },
    'A potassium salt is held in it.',
    'Potassium colours a flame lilac.',
  ],
  [
    'tank',
    { name: 'tank', sinking: 'grey' },
    { name: 'tank', floating: 'brown', sinking: 'grey' },
    'A brown block of wood is dropped in.',
    'Wood floats.',
  ],
  [
    'tank',
    { name: 'tank', floating: 'brown' },
    { name: 'tank', floating: 'brown', sinking: 'grey' },
    'A grey block of iron is dropped in.',
    'Iron sinks.',
  ],
  [
    'tank',
    { name: 'tank', floating: 'brown' },
    { name: 'tank', floating: 'brown', sinking: 'yellow' },
    'A yellow block of gold is dropped in.',
    'Gold sinks.',
  ],
  [
    'tank',
    { name: 'tank', sinking: 'grey' },
    { name: 'tank', floating: 'white', sinking: 'grey' },
    'A white block of polystyrene foam is dropped in.',
    'Foam floats.',
  ],
];

/** What stands beside a glass that falls keeps its place: objects in slots do. */
function besideProp(concept: string, template: string): SceneObject {
  return template === 'glass-falls' ? { concept, size: 'small', slot: 'left' } : { concept, size: 'medium' };
}

/** Each change of a prop in two places. */
export function propDrafts(): EditDraft[] {
  return PROPS.flatMap(([template, from, to, instruction, reason, objects = []]) =>
    (['table', 'white'] as const).map((background): EditDraft => {
      const scene = (prop: Prop): SceneSpec => ({
        background,
        objects: objects.map((concept) => besideProp(concept, template)),
        props: [prop],
      });
      return { template, before: scene(from), instruction, reason, after: scene(to) };
    }),
  );
}
