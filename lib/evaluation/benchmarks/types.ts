/** What a benchmark item is, whichever set it belongs to, and what a reader says of the picture drawn for it. */
import type { SceneReading } from '../../rewards';
import type { Predicate, SceneSpec } from '../../world';

/** Our own sets. The first three follow the categories and the formulae of a public benchmark, with our own prompts. */
export const BENCHMARKS = ['wise-like', 'reason-like', 'rise-like', 'maths', 'story'] as const;
export type BenchmarkName = (typeof BENCHMARKS)[number];

/** `reason`: what the thought had to find. `detail`: the rest of what is asked or kept. `quality`: the picture itself. */
export type Aspect = 'reason' | 'detail' | 'quality';

/** One question about a picture: a predicate of the world, or one of the two measures of quality. */
export type BenchmarkQuestion =
  | { aspect: 'reason' | 'detail'; question: string; predicate: Predicate }
  | { aspect: 'quality'; question: string; measure: 'soundness' | 'aesthetic' };

export interface BenchmarkItem {
  /** Unique in all sets: set/fact/phrasing from 1, or set/edit. */
  id: string;
  benchmark: BenchmarkName;
  category: string;
  subDomain: string;
  /** What the model is given. For an edit: what is seen before, then what is asked. */
  prompt: string;
  criteria: BenchmarkQuestion[];
  /** The fact or edit pair that it asks about; items of one fact are averaged before anything is resampled. */
  factId?: string;
  editId?: string;
  /** The reference picture; for an edit the picture after. Never shown to a model. */
  scene: SceneSpec;
  /** Edits: the picture before, and what is asked about it. */
  edit?: { before: SceneSpec; instruction: string };
}

/** A picture as a reader sees it; all numbers in [0, 1]. */
export interface PictureReading {
  scene: SceneReading;
  /** How much of the picture is whole and physically possible. */
  soundness: number;
  /** How good it is to look at; the soundness when the reader does not tell them apart. */
  aesthetic?: number;
}

/**
 * Reads pictures, one reading each, in order. Never the judge that training was rewarded by. `scene.text(lines)` must
 * count blanks as characters (a line padded with them asks that nothing stands behind it) and skip empty lines.
 */
export interface BenchmarkReader {
  name: string;
  read(images: Uint8Array[], items: BenchmarkItem[]): PictureReading[] | Promise<PictureReading[]>;
}

/** What becomes of one item (its pictures averaged): the metrics of its benchmark, each in [0, 1]. */
export interface ScoredItem {
  id: string;
  category: string;
  /** What is resampled: the fact, edit or public prompt. */
  cluster: string;
  metrics: Record<string, number>;
}
