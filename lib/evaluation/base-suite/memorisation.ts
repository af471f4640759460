/**
 * Does the painter compose, or give back what it was shown? A drawn picture of a held-out caption is compared with that
 * caption's own true render, which no training has seen, and with renders that training may have shown: many at random,
 * many of the same concepts, and all that differ from the caption in one thing. A painter that composes is nearest to the
 * first; one that memorises is nearest to one of the others.
 */
import { RandomStream } from '../../tensor';
import {
  artistsOf,
  BACKGROUNDS,
  hasTime,
  isHeldOutScene,
  normaliseScene,
  parsePartial,
  renderScene,
  sceneProblems,
  SIZES,
  TIMES,
} from '../../world';
import type { Artist, SceneSpec } from '../../world';
import type { Interval } from '../bootstrap';
import { shareOf } from '../wilson';
import { pixelDistance } from './nearest-render';
import { featureDistance } from './features';
import { trainingScene } from './model-world';
import type { PainterWorld } from './model-world';
import type { SuiteScene } from './scenes';
import { markdownTable, percent, rangeText } from './targets';

/** Whether the caption says all that its scene holds, but for the artist: only then is there one right picture. */
export function saysAll({ caption, spec }: Pick<SuiteScene, 'caption' | 'spec'>): boolean {
  const read = parsePartial(caption);
  if (!read?.background) return false;
  const plain = (scene: SceneSpec): string => {
    const { style: _, relation, ...rest } = normaliseScene(scene);
    // Daylight need not be said, and "beside" is what "and" means.
    const time = rest.time === 'day' ? undefined : rest.time;
    return JSON.stringify({ ...rest, time, relation: relation === 'beside' ? undefined : relation });
  };
  return plain({ ...read, background: read.background }) === plain(spec);
}

/** The scenes that differ from this one in its background, hour, size, colour or number, and are not held out. */
export function neighboursOf(spec: SceneSpec): SceneSpec[] {
  const [object] = spec.objects;
  const { time, ...timeless } = spec;
  const changed: SceneSpec[] = BACKGROUNDS.filter((value) => value !== spec.background).map((background) => ({
    ...(hasTime(background) && time ? { ...timeless, time } : timeless),
    background,
  }));
  if (hasTime(spec.background))
    changed.push(
      ...TIMES.filter((value) => value !== (time ?? 'day')).map((value) => ({ ...spec, time: value })),
    );
  if (object) {
    const rest = spec.objects.slice(1);
    const { tint, ...plain } = object;
    changed.push(
      ...SIZES.filter((size) => size !== object.size).map((size) => ({
        ...spec,
        objects: [{ ...object, size }, ...rest],
      })),
      ...([1, 2, 3, 4] as const)
        .filter((count) => count !== (object.count ?? 1))
        .map((count) => ({ ...spec, objects: [{ ...object, count }, ...rest] })),
      ...(tint ? [{ ...spec, objects: [plain, ...rest] }] : []),
    );
  }
  return changed.filter((scene) => sceneProblems(scene).length === 0 && !isHeldOutScene(scene));
}

/** Pictures that training may have shown, for one held-out scene: its neighbours by every artist, and `count` random scenes of its concepts. */
export function nearTraining(
  spec: SceneSpec,
  world: PainterWorld,
  { count, rng }: { count: number; rng: RandomStream },
): Uint8Array[] {
  const near = neighboursOf(spec).flatMap((scene) => ownRenders(scene, world.artists));
  const concepts = [...new Set(spec.objects.map(({ concept }) => concept))];
  const random = Array.from({ length: concepts.length > 0 ? count : 0 }, () =>
    renderScene(trainingScene(rng, sameKinds(world), concepts)),
  );
  return [...near, ...random];
}

/** The true renders of a scene: by its artist and the others who could have drawn it. */
export function ownRenders(spec: SceneSpec, artists: readonly Artist[]): Uint8Array[] {
  return artistsOf(spec)
    .filter((artist) => artists.includes(artist))
    .map((artist) => renderScene(spec, { artist }));
}

/** Only kinds of scenes that a concept is in: no writing or places without it. */
const sameKinds = (world: PainterWorld): PainterWorld => ({
  ...world,
  scenes: { single: 0.6, many: 0.2, pair: 0.12, slot: 0.05, trio: 0, prop: 0.03, text: 0, empty: 0 },
});

/** The `count` pictures that are nearest to one in pixels, nearest first, and the others. */
export function nearestFirst(
  from: Uint8Array,
  pictures: readonly Uint8Array[],
  count: number,
): [near: Uint8Array[], others: Uint8Array[]] {
  const ranked = pictures
    .map((image) => ({ image, distance: pixelDistance(from, image) }))
    .sort((a, b) => a.distance - b.distance)
    .map(({ image }) => image);
  return [ranked.slice(0, count), ranked.slice(count)];
}

/** Distances of one drawn picture, by one measure. */
export interface Nearness {
  /** Drawn to the nearest of its own true renders. */
  own: number;
  /** Drawn to the nearest training render. */
  training: number;
  /** The nearest own render to the training render nearest to it: how near training comes at all. */
  ownToTraining: number;
}

export interface MemoryCase {
  caption: string;
  drawn: Uint8Array;
  /** The own render nearest in pixels. */
  own: Uint8Array;
  /** The training render nearest in pixels. */
  nearest: Uint8Array;
  candidates: number;
  pixels: Nearness;
  features: Nearness;
}

export interface Candidate {
  image: Uint8Array;
  /** Candidates without are compared in pixels only. */
  features?: ArrayLike<number>;
}

/** Compares one drawn picture with its own renders and with the training renders. */
export function memoryCase(
  caption: string,
  drawn: Candidate,
  {
    own,
    training,
    spread,
  }: { own: readonly Candidate[]; training: readonly Candidate[]; spread: ArrayLike<number> },
): MemoryCase {
  if (own.length === 0 || training.length === 0)
    throw new Error(
      `memorisation: ${own.length} own and ${training.length} training renders, want some of both`,
    );
  const pixels = nearness(drawn, { own, training }, (a, b) => pixelDistance(a.image, b.image));
  const read = (all: readonly Candidate[]): Candidate[] => all.filter((one) => one.features !== undefined);
  const features = nearness(drawn, { own: read(own), training: read(training) }, (a, b) =>
    featureDistance(a.features!, b.features!, spread),
  );
  return {
    ...{ caption, drawn: drawn.image, own: pixels.ownNearest.image, nearest: pixels.trainingNearest.image },
    ...{ candidates: training.length, pixels: pixels.distances, features: features.distances },
  };
}

function nearness(
  drawn: Candidate,
  { own, training }: { own: readonly Candidate[]; training: readonly Candidate[] },
  distance: (a: Candidate, b: Candidate) => number,
): { distances: Nearness; ownNearest: Candidate; trainingNearest: Candidate } {
  const [ownNearest, toOwn] = nearestTo(drawn, own, distance);
  const [trainingNearest, toTraining] = nearestTo(drawn, training, distance);
  const [, ownToTraining] = nearestTo(ownNearest, training, distance);
  return { distances: { own: toOwn, training: toTraining, ownToTraining }, ownNearest, trainingNearest };
}

function nearestTo(
  from: Candidate,
  candidates: readonly Candidate[],
  distance: (a: Candidate, b: Candidate) => number,
): [Candidate, number] {
  let best = candidates[0];
  let least = Infinity;
  for (const candidate of candidates) {
    const d = distance(from, candidate);
    if (d < least) [best, least] = [candidate, d];
  }
  return [best, least];
}

export interface MemorySummary {
  measure: 'pixels' | 'features';
  /** Share of the drawn pictures that are nearer to their own render than to any training render. */
  own: Interval;
  /** Medians over the pictures. */
  medianOwn: number;
  medianTraining: number;
  medianOwnToTraining: number;
  /** Training renders that each picture was compared with in pixels, on average. */
  candidates: number;
}

export function summariseMemory(cases: readonly MemoryCase[]): MemorySummary[] {
  return (['pixels', 'features'] as const).map((measure) => {
    const all = cases.map((one) => one[measure]);
    return {
      measure,
      own: shareOf(all.map(({ own, training }) => own < training)),
      medianOwn: median(all.map(({ own }) => own)),
      medianTraining: median(all.map(({ training }) => training)),
      medianOwnToTraining: median(all.map(({ ownToTraining }) => ownToTraining)),
      candidates: cases.reduce((sum, { candidates }) => sum + candidates, 0) / cases.length,
    };
  });
}

/** The cases that look most like copies first: nearest to training measured by the distance to their own render. */
export function closestCases(cases: readonly MemoryCase[]): MemoryCase[] {
  const ratio = ({ pixels: { own, training } }: MemoryCase): number => training / Math.max(own, 1e-9);
  return [...cases].sort((a, b) => ratio(a) - ratio(b));
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** One row a measure. */
export function memoryTable(summaries: readonly MemorySummary[]): string {
  return markdownTable(
    [
      ...['distance by', 'n', 'training renders each', 'nearest is its own render', 'interval'],
      ...['median to own', 'median to nearest training', 'own to nearest training'],
    ],
    summaries.map(({ measure, own, candidates, ...medians }) => [
      ...[measure, String(own.n), candidates.toFixed(0), percent(own.mean), rangeText(own)],
      ...[medians.medianOwn, medians.medianTraining, medians.medianOwnToTraining].map((x) => x.toFixed(2)),
    ]),
  );
}
