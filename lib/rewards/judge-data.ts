/**
 * Training pictures for the judge, made online: random scenes of the training artists, some clean, some gently
 * disturbed (so that it can read painted pictures), some with a pixel fault or a broken structure, a few junk.
 */
import { RandomStream } from '../tensor';
import { DEFAULT_TIER, randomFigureScene, randomScene } from '../world';
import type { SceneSpec, Tier } from '../world';
import {
  addNoise,
  boxBlur,
  jitter,
  mix,
  PIXEL_FAULTS,
  pixelFault,
  SIDE,
  STRUCTURE_FAULTS,
  visibleFault,
} from './corruptions';
import { collage } from './collage';
import { drawMixed } from './judge-art';
import type { ArtMix } from './judge-art';
import { labelsOf, panelLabels } from './judge-labels';
import { panelPicture } from './panel-picture';
import type { SceneLabels } from './judge-labels';

export type SampleKind = 'clean' | 'gentle' | 'pixel-fault' | 'structure-fault' | 'junk';

export interface JudgeSample {
  kind: SampleKind;
  image: Uint8Array;
  /** What is in the picture; undefined where a fault is so strong that it is not taught. */
  labels?: SceneLabels;
  /** Targets in [0, 1]; undefined where the question makes no sense. */
  aesthetic?: number;
  consistency?: number;
}

/** Shares of the kinds in a batch. */
const SHARES: [SampleKind, number][] = [
  ['clean', 0.37],
  ['gentle', 0.34],
  ['pixel-fault', 0.15],
  ['structure-fault', 0.12],
  ['junk', 0.02],
];

/** Props, writing, pairs and empty places come more often than the painter sees them: many facts turn on them. */
const WEIGHTS = {
  single: 0.42,
  many: 0.18,
  pair: 0.14,
  trio: 0.03,
  slot: 0.03,
  prop: 0.3,
  text: 0.04,
  empty: 0.02,
};
/** Things stand anywhere, so that a judge does not take a meadow for a cow. */
const AT_HOME = 0.4;
const TINTED = 0.22;
const COLLAGES = 0.4;
/** Of the other pictures: chances of one with a figure or a turned object, and of one with four panels. */
const FIGURES = 0.08;
const PANELS = 0.18;
const FIGURE_WEIGHTS = {
  clock: 0.2,
  sign: 0.25,
  'tic-tac-toe': 0.1,
  sudoku: 0.1,
  maze: 0.1,
  turn: 0.25,
  panels: 0,
};
const ONLY_PANELS = { clock: 0, sign: 0, 'tic-tac-toe': 0, sudoku: 0, maze: 0, turn: 0, panels: 1 };
/** Share of scenes of panels that are shown whole; of the others one panel is shown, enlarged. */
const WHOLE = 0.15;

export interface JudgeDataOptions extends ArtMix {
  /** Concepts up to this tier appear. */
  tier?: Tier;
}

export interface Shown {
  image: Uint8Array;
  labels: SceneLabels;
}

/** A random scene of the training artists, drawn; concepts up to `tier`. */
export function drawnScene(
  rng: RandomStream,
  tier: Tier = DEFAULT_TIER,
): { spec: SceneSpec; image: Uint8Array } {
  const spec = randomScene(rng, { weights: WEIGHTS, atHome: AT_HOME, tint: TINTED, tier });
  return { spec, image: drawMixed(spec, rng) };
}

/** A picture with its labels, as drawn. */
export function shown(rng: RandomStream, { tier = DEFAULT_TIER, ...mix }: JudgeDataOptions): Shown {
  if (rng.uniform() < COLLAGES) return collage(rng, tier, mix);
  const kind = rng.uniform();
  if (kind < PANELS) {
    const spec = randomFigureScene(rng, { tier, weights: ONLY_PANELS });
    const image = drawMixed(spec, rng, mix);
    if (rng.uniform() < WHOLE) return { image, labels: labelsOf(spec) };
    const panel = rng.int(4);
    return { image: panelPicture(image, panel), labels: panelLabels(spec.panels![panel]) };
  }
  const spec =
    kind < PANELS + FIGURES
      ? randomFigureScene(rng, { tier, weights: FIGURE_WEIGHTS })
      : randomScene(rng, { weights: WEIGHTS, atHome: AT_HOME, tint: TINTED, tier });
  return { image: drawMixed(spec, rng, mix), labels: labelsOf(spec) };
}

/** One training sample of a random kind. */
export function judgeSample(rng: RandomStream, options: JudgeDataOptions = {}): JudgeSample {
  const { image, labels } = shown(rng, options);
  const kind = pickKind(rng.uniform());
  switch (kind) {
    case 'clean':
      return { kind, image, labels, aesthetic: 1, consistency: 1 };
    case 'gentle':
      return gentle(image, labels, rng);
    case 'pixel-fault': {
      const severity = 0.1 + 0.9 * rng.uniform();
      const faulty = pixelFault(image, pick(PIXEL_FAULTS, rng), severity, rng);
      return {
        kind,
        image: faulty,
        labels: severity < 0.6 ? labels : undefined,
        aesthetic: 0.8 * (1 - severity),
        consistency: severity < 0.5 ? 1 : undefined,
      };
    }
    case 'structure-fault': {
      const severity = 0.1 + 0.9 * rng.uniform();
      const other = drawnScene(rng, options.tier).image;
      const fault = pick(STRUCTURE_FAULTS, rng);
      const faulty = visibleFault(image, fault, { severity, rng, other });
      return faulty
        ? { kind, image: faulty, consistency: 0.5 * (1 - severity) }
        : { kind: 'clean', image, labels, aesthetic: 1, consistency: 1 };
    }
    case 'junk':
      return {
        kind,
        image: junk(rng),
        labels: { objects: [], choices: { prop: 'none', figure: 'none' }, cells: [], centres: [], text: [] },
        aesthetic: 0,
        consistency: 0,
      };
  }
}

const pick = <T>(list: readonly T[], rng: RandomStream): T => list[rng.int(list.length)];

function pickKind(u: number): SampleKind {
  let rest = u;
  for (const [kind, share] of SHARES) if ((rest -= share) < 0) return kind;
  return 'clean';
}

/** Small noise, a touch of blur, a shift of a pixel or two: still a good picture, a little less than perfect. */
function gentle(image: Uint8Array, labels: SceneLabels, rng: RandomStream): JudgeSample {
  const sigma = 12 * rng.uniform();
  const blur = 0.5 * rng.uniform();
  // Text stands on a grid of cells; a shifted picture would teach the glyph head wrong places.
  const reach = labels.text.length > 0 ? 0 : 2;
  const [dy, dx] = [rng.int(2 * reach + 1) - reach, rng.int(2 * reach + 1) - reach];
  const moved = jitter(image, dy, dx);
  const soft = mix(moved, boxBlur(moved, 1), blur);
  return {
    kind: 'gentle',
    image: addNoise(soft, sigma, rng),
    labels: { ...labels, centres: labels.centres?.map(({ x, y }) => ({ x: x - dx, y: y - dy })) },
    aesthetic: 1 - 0.15 * (sigma / 12) - 0.2 * blur,
    consistency: 1,
  };
}

/** Half of the pictures as they are, half with some noise and blur. */
export function disturbed(image: Uint8Array, rng: RandomStream): Uint8Array {
  if (rng.uniform() < 0.5) return image;
  const soft = rng.uniform() < 0.5 ? mix(image, boxBlur(image, 1), 0.7 * rng.uniform()) : image;
  return addNoise(soft, 16 * rng.uniform(), rng);
}

/** Pictures of nothing: noise, flat colour, or a mosaic of flat cells. */
function junk(rng: RandomStream): Uint8Array {
  const colour = (): number[] => [rng.int(256), rng.int(256), rng.int(256)];
  const flat = colour();
  const form = rng.int(3);
  const cells = Array.from({ length: 64 }, () => (form === 2 ? colour() : flat));
  const image = new Uint8Array(SIDE * SIDE * 3);
  for (let y = 0; y < SIDE; y++)
    for (let x = 0; x < SIDE; x++)
      image.set(cells[Math.floor(y / 8) * 8 + Math.floor(x / 8)], (y * SIDE + x) * 3);
  return form === 0 ? addNoise(image, 60, rng) : addNoise(image, 8, rng);
}
