/** What a model folder's training.json says the parts were trained on, so that the suite asks about that and nothing else. */
import * as path from 'node:path';
import { ConfigError, findPart, madePart } from '../../checkpoint';
import { RandomStream } from '../../tensor';
import {
  ARTISTS,
  DEFAULT_SAY,
  DEFAULT_SIZES,
  DEFAULT_TIER,
  DEFAULT_WEIGHTS,
  isHeldOutScene,
  randomFigureScene,
  randomScene,
  TIERS,
} from '../../world';
import type { Artist, SayOptions, SceneSpec, SceneWeights, Size, Tier } from '../../world';
import type { SuiteWorld } from './scenes';

/** The training distribution of a painter. */
export interface PainterWorld extends SuiteWorld {
  say: SayOptions;
  scenes: Partial<SceneWeights>;
  /** Share of scenes with a clock, sign, board, sudoku, maze, panels or a turned object. */
  figures: number;
  sizes: Partial<Record<Size, number>>;
  atHome: number;
  tint: number;
  /** False for a folder that does not say how its painter was made: held-out scenes may have been trained on. */
  known: boolean;
}

/** What painters without a training.json were made with: the core, one artist. */
export const UNKNOWN_WORLD: PainterWorld = {
  tier: DEFAULT_TIER,
  artists: ['noto'],
  say: DEFAULT_SAY,
  scenes: DEFAULT_WEIGHTS,
  figures: 0,
  sizes: DEFAULT_SIZES,
  atHome: 0.7,
  tint: 0.1,
  known: false,
};

/**
 * The training distribution of the folder's painter; numbers that training.json does not have are those of
 * `UNKNOWN_WORLD`.
 * @throws ConfigError when a tier or an artist is none that this world has
 */
export function worldOfModel(dir: string): PainterWorld {
  const options = optionsOf(dir, 'transformer');
  if (!options) return UNKNOWN_WORLD;
  const { artists } = options as { artists?: unknown };
  if (
    artists !== undefined &&
    !(Array.isArray(artists) && artists.every((a) => ARTISTS.includes(a as Artist)))
  )
    throw new ConfigError(
      `${dir}/training.json: artists is ${JSON.stringify(artists)}, want a list of ${ARTISTS.join(', ')}`,
    );
  const { scenes, figures, sizes, atHome, tint, say } = options as Partial<PainterWorld>;
  const said = { scenes, figures, sizes, atHome, tint, say, artists: artists as Artist[] | undefined };
  return {
    ...UNKNOWN_WORLD,
    ...Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)),
    tier: oneOf<Tier>(options, 'tier', TIERS) ?? DEFAULT_TIER,
    known: true,
  };
}

/** One scene that the painter may have been trained on: never a held-out one. */
export function trainingScene(
  rng: RandomStream,
  world: PainterWorld,
  concepts?: readonly string[],
): SceneSpec {
  const { artists, tier, scenes: weights, figures, sizes, atHome, tint } = world;
  const figure = figures > 0 && concepts === undefined && rng.uniform() < figures;
  for (;;) {
    const spec = figure
      ? randomFigureScene(rng, { artists, tier })
      : randomScene(rng, { artists, tier, weights, sizes, atHome, tint, concepts });
    if (!isHeldOutScene(spec)) return spec;
  }
}

function optionsOf(dir: string, part: string): Record<string, unknown> | undefined {
  const found = findPart(dir, part);
  return found === undefined ? undefined : madePart(path.dirname(found), part)?.options;
}

function oneOf<T extends string | number>(
  options: Record<string, unknown> | undefined,
  key: string,
  allowed: readonly T[],
): T | undefined {
  const value = options?.[key];
  if (value === undefined || value === null) return undefined;
  if (!allowed.includes(value as T))
    throw new ConfigError(
      `training.json: ${key} is ${JSON.stringify(value)}, want one of ${allowed.join(', ')}`,
    );
  return value as T;
}
