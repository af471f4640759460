/** Random scenes with a figure, with four panels or with a turned object: an opt-in supplement to random-scene.ts. */
import type { RandomStream } from '../tensor';
import { hasTime } from './backgrounds';
import { conceptNames, conceptOf, DEFAULT_TIER } from './concepts';
import { GRID_BACKGROUNDS } from './figure-problems';
import { randomBoard, randomMaze, randomSudoku } from './random-grids';
import { artistsOf, sceneProblems } from './scene';
import {
  Artist,
  ARTISTS,
  Background,
  BACKGROUNDS,
  COLOURS,
  SceneObject,
  SceneSpec,
  Tier,
  TIMES,
  TURNS,
} from './types';

/** How often each kind comes; need not sum to one. */
export interface FigureSceneWeights {
  clock: number;
  sign: number;
  'tic-tac-toe': number;
  sudoku: number;
  maze: number;
  panels: number;
  /** One object, turned by a quarter or a half. */
  turn: number;
}
export const DEFAULT_FIGURE_WEIGHTS: FigureSceneWeights = {
  clock: 0.25,
  sign: 0.15,
  'tic-tac-toe': 0.15,
  sudoku: 0.1,
  maze: 0.1,
  panels: 0.15,
  turn: 0.1,
};

interface Draw {
  rng: RandomStream;
  concepts: readonly string[];
}

/** A valid random scene of these kinds, with a style. */
export function randomFigureScene(
  rng: RandomStream,
  {
    weights = {},
    tier = DEFAULT_TIER,
    artists = ARTISTS,
    concepts = conceptNames(tier),
  }: {
    weights?: Partial<FigureSceneWeights>;
    tier?: Tier;
    artists?: readonly Artist[];
    concepts?: readonly string[];
  } = {},
): SceneSpec {
  const all = { ...DEFAULT_FIGURE_WEIGHTS, ...weights };
  const kinds = Object.keys(DEFAULT_FIGURE_WEIGHTS) as (keyof FigureSceneWeights)[];
  const total = kinds.reduce((sum, kind) => sum + all[kind], 0);
  for (let attempt = 0; attempt < 100; attempt++) {
    let left = rng.uniform() * total;
    const kind = kinds.find((each) => (left -= all[each]) < 0) ?? 'clock';
    const spec = MAKERS[kind]({ rng, concepts });
    const able = artistsOf(spec).filter((artist) => artists.includes(artist));
    if (able.length === 0) continue;
    spec.style = rng.pick(able);
    if (sceneProblems(spec).length === 0) return spec;
  }
  throw new Error(`randomFigureScene: no scene in 100 attempts with artists ${artists.join(', ')}`);
}

function place(rng: RandomStream, background: Background): Pick<SceneSpec, 'background' | 'time'> {
  return hasTime(background) && rng.uniform() < 0.6 ? { background, time: rng.pick(TIMES) } : { background };
}

function thing({ rng, concepts }: Draw): SceneObject {
  const tint = rng.uniform() < 0.1;
  return { concept: rng.pick(concepts), ...(tint && { tint: rng.pick(COLOURS) }) };
}

const OUTDOORS = BACKGROUNDS.filter((background) => background !== 'board' && background !== 'paper');
const WORDS =
  'STOP GO EXIT BUS TAXI CAFE OPEN SALE ZOO BEACH PARK HOTEL SCHOOL BANK TEA ICE YES NO HELP'.split(' ');
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

function word(rng: RandomStream, most: number): string {
  if (rng.uniform() < 0.5) return rng.pick(WORDS.filter((each) => each.length <= most));
  return Array.from({ length: 1 + rng.int(most) }, () => LETTERS[rng.int(LETTERS.length)]).join('');
}

function grid({ rng }: Draw, figure: SceneSpec['figure']): SceneSpec {
  const background = rng.uniform() < 0.5 ? 'board' : rng.pick(GRID_BACKGROUNDS);
  return { background, objects: [], figure };
}

function panel(draw: Draw): SceneSpec {
  const { rng } = draw;
  const object = thing(draw);
  const homes = conceptOf(object.concept).homes;
  const background = rng.uniform() < 0.7 && homes.length > 0 ? rng.pick(homes) : rng.pick(OUTDOORS);
  const where = place(rng, background);
  if (rng.uniform() < 0.06) return { ...where, objects: [], figure: clock(rng) };
  if (rng.uniform() < 0.08)
    return {
      ...where,
      objects: [],
      props: [
        rng.pick([
          { name: 'puddle' },
          { name: 'flame', colour: 'orange' },
          { name: 'bulb', on: true },
        ] as const),
      ],
    };
  const many = rng.uniform();
  if (many < 0.55) return { ...where, objects: [object] };
  return { ...where, objects: many < 0.65 ? [{ ...object, count: 2 }] : [object, thing(draw)] };
}

function clock(rng: RandomStream): SceneSpec['figure'] {
  return { name: 'clock', hour: 1 + rng.int(12), minute: 5 * rng.int(12) };
}

const MAKERS: Record<keyof FigureSceneWeights, (draw: Draw) => SceneSpec> = {
  clock: (draw) => {
    const { rng } = draw;
    const objects = rng.uniform() < 0.25 ? [thing(draw)] : [];
    return { ...place(rng, rng.pick(BACKGROUNDS)), objects, figure: clock(rng) };
  },
  sign: (draw) => {
    const { rng } = draw;
    const objects = rng.uniform() < 0.35 ? [thing(draw)] : [];
    const most = objects.length > 0 ? 4 : 6;
    const lines = Array.from({ length: 1 + rng.int(2) }, () => word(rng, most));
    const figure = { name: 'sign' as const, colour: rng.pick(COLOURS), lines };
    return { ...place(rng, rng.pick(OUTDOORS)), objects, figure };
  },
  'tic-tac-toe': (draw) => grid(draw, randomBoard(draw.rng, draw.rng.int(10))),
  sudoku: (draw) => grid(draw, randomSudoku(draw.rng, draw.rng.int(11))),
  maze: (draw) => grid(draw, randomMaze(draw.rng)),
  panels: (draw) => {
    const panels = Array.from({ length: 4 }, () => panel(draw));
    return { background: 'white', objects: [], panels };
  },
  turn: (draw) => {
    const object: SceneObject = { ...thing(draw), count: 1, size: 'large', turn: draw.rng.pick(TURNS) };
    return { ...place(draw.rng, draw.rng.pick(OUTDOORS)), objects: [object] };
  },
};
