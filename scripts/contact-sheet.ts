/** Draws contact sheets of the picture world to data/cards/: backgrounds by hour, layouts, props, random scenes. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RandomStream } from '../lib/tensor/random';
import {
  BACKGROUNDS,
  captionOf,
  hasTime,
  Prop,
  randomScene,
  renderScene,
  savePngGrid,
  SceneSpec,
  TIMES,
} from '../lib/world';

const HELP = `usage: contact-sheet [--out DIR] [--seed N]
Writes PNG sheets of the picture world (default: data/cards). For concepts: concept-sheet.`;

function option(name: string, fallback: string): string {
  const at = process.argv.indexOf(`--${name}`);
  if (at < 0) return fallback;
  const value = process.argv[at + 1];
  if (!value || value.startsWith('--')) throw new Error(`--${name}: no value, want one`);
  return value;
}

const LAYOUTS: Omit<SceneSpec, 'background'>[] = [
  ...([1, 2, 3, 4, 5] as const).map((count) => ({ objects: [{ concept: 'apple', count }] })),
  ...([1, 2, 3, 4, 5] as const).map((count) => ({
    objects: [{ concept: 'apple', count, size: 'small' as const }],
  })),
  { objects: [{ concept: 'cat' }, { concept: 'dog' }] },
  {
    objects: [
      { concept: 'mouse', size: 'small' },
      { concept: 'elephant', size: 'large' },
    ],
  },
  { objects: [{ concept: 'cat' }, { concept: 'dog' }], relation: 'above' },
  {
    objects: [
      { concept: 'apple', count: 3 },
      { concept: 'banana', count: 5 },
    ],
  },
  { objects: [{ concept: 'apple' }, { concept: 'banana' }, { concept: 'lemon' }] },
  { objects: [{ concept: 'owl' }, { concept: 'crescent moon', slot: 'top-right' }] },
];

const PROPS: Prop[] = [
  { name: 'beaker', liquid: 'blue' },
  { name: 'beaker', liquid: 'clear', precipitate: 'yellow' },
  { name: 'beaker', liquid: 'clear', strip: 'grey', bubbles: true },
  { name: 'beaker', liquid: 'blue', layer: 'yellow' },
  { name: 'flame', colour: 'green' },
  { name: 'flame', colour: 'purple' },
  { name: 'tank', floating: 'brown', sinking: 'grey' },
  { name: 'bulb', on: true },
  { name: 'bulb', on: false },
  { name: 'glass', state: 'ice' },
  { name: 'glass', state: 'water' },
  { name: 'glass', state: 'steam' },
  { name: 'block', colour: 'grey' },
  { name: 'block', colour: 'grey', rust: true },
  { name: 'seesaw', down: 'left' },
  { name: 'puddle' },
];

function main(): void {
  const out = option('out', join(__dirname, '..', 'data', 'cards'));
  const seed = Number(option('seed', '1'));
  mkdirSync(out, { recursive: true });
  const save = (name: string, images: Uint8Array[], columns: number): void => {
    const file = join(out, `${name}.png`);
    savePngGrid(file, images, { columns });
    console.log(`${file}: ${images.length} pictures`);
  };
  const places = TIMES.flatMap((time) =>
    BACKGROUNDS.filter((background) => hasTime(background) || time === 'day').map((background) =>
      renderScene({ background, time: hasTime(background) ? time : undefined, objects: [] }),
    ),
  );
  save('backgrounds', places, 13);
  save(
    'layouts',
    LAYOUTS.map((layout) => renderScene({ background: 'meadow', ...layout })),
    8,
  );
  save(
    'props',
    PROPS.map((prop) => renderScene({ background: 'table', objects: [], props: [prop] })),
    8,
  );
  const rng = RandomStream.of(seed, 'contact-sheet');
  const scenes = Array.from({ length: 48 }, () => randomScene(rng));
  save(
    'scenes',
    scenes.map((scene) => renderScene(scene)),
    12,
  );
  const captions = scenes.map((scene, i) => `${i + 1}. ${captionOf(scene, rng)}`).join('\n');
  writeFileSync(join(out, 'scenes.txt'), `${captions}\n`);
}

if (process.argv.includes('--help')) console.log(HELP);
else main();
