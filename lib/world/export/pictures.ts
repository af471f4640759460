/** A fixed set of pictures that shows every way of drawing: what two machines must agree on, byte for byte. */
import { RandomStream } from '../../tensor';
import { hasTime } from '../backgrounds';
import { CONCEPTS } from '../concepts';
import { editArtists, EDIT_KINDS, editsOf } from '../edits';
import { randomFigureScene } from '../random-figures';
import { randomScene } from '../random-scene';
import { renderScene } from '../render';
import { type Artist, BACKGROUNDS, type SceneSpec, TIMES } from '../types';

export const PICTURE_GROUPS = [
  'concepts',
  'backgrounds',
  'scenes',
  'props',
  'writing',
  'clocks',
  'figures',
  'edits',
] as const;
export type PictureGroup = (typeof PICTURE_GROUPS)[number];

/** One picture to be drawn. */
export interface WorldPicture {
  /** Within its group; no two are alike. */
  name: string;
  scene: SceneSpec;
  artist?: Artist;
}

const MANY = { scenes: 600, props: 200, writing: 100, figures: 500 } as const;
const only = (kind: 'prop' | 'text'): Record<string, number> => ({
  ...{ single: 0, many: 0, pair: 0, trio: 0, slot: 0, prop: 0, text: 0, empty: 0 },
  [kind]: 1,
});

/** The pictures of a group, always the same and in the same order. */
export function* picturesOf(group: PictureGroup): Generator<WorldPicture> {
  if (group === 'concepts') yield* concepts();
  else if (group === 'backgrounds') yield* backgrounds();
  else if (group === 'clocks') yield* clocks();
  else if (group === 'edits') yield* edits();
  else {
    const rng = RandomStream.of(0, 'manifest', group);
    for (let i = 0; i < MANY[group]; i++) yield { name: String(i + 1), scene: drawn(group, rng) };
  }
}

function drawn(group: keyof typeof MANY, rng: RandomStream): SceneSpec {
  if (group === 'figures') return randomFigureScene(rng, { tier: 2 });
  if (group === 'scenes') return randomScene(rng, { tier: 2 });
  return randomScene(rng, { tier: 2, weights: only(group === 'props' ? 'prop' : 'text') });
}

/** Every concept by every training artist that draws it, each on its own. */
function* concepts(): Generator<WorldPicture> {
  for (const { name, artists } of CONCEPTS)
    for (const artist of artists)
      yield {
        name: `${name} by ${artist}`,
        scene: { background: 'white', objects: [{ concept: name }] },
        artist,
      };
}

function* backgrounds(): Generator<WorldPicture> {
  for (const background of BACKGROUNDS)
    for (const time of hasTime(background) ? TIMES : [undefined])
      yield {
        name: [background, ...(time ? [time] : [])].join(' by '),
        scene: { background, objects: [], ...(time && { time }) },
      };
}

/** Every time that a clock can show, alone and beside an object. */
function* clocks(): Generator<WorldPicture> {
  for (let hour = 1; hour <= 12; hour++)
    for (let minute = 0; minute < 60; minute += 5) {
      const figure = { name: 'clock', hour, minute } as const;
      yield { name: `${hour}:${minute} alone`, scene: { background: 'room', objects: [], figure } };
      yield {
        name: `${hour}:${minute} beside`,
        scene: { background: 'room', objects: [{ concept: 'cat' }], figure },
      };
    }
}

/** Both sides of every edit pair. */
function* edits(): Generator<WorldPicture> {
  for (const kind of EDIT_KINDS)
    for (const pair of editsOf(kind)) {
      const [artist] = editArtists(pair);
      yield { name: `${pair.id} before`, scene: pair.before, artist };
      yield { name: `${pair.id} after`, scene: pair.after, artist };
    }
}

/** RGB bytes of a picture, [64, 64, 3]. */
export function drawPicture({ scene, artist }: WorldPicture): Uint8Array {
  return renderScene(scene, { artist });
}
