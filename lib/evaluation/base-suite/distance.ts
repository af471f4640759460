/**
 * How far the drawn pictures as a whole are from true renders: the Frechet distance of examiner features, between two
 * rulers. The least that can be: true renders of other captions, drawn alike. What is plainly bad: renders with faults.
 */
import { PIXEL_FAULTS, pixelFault, STRUCTURE_FAULTS, visibleFault } from '../../rewards';
import { RandomStream } from '../../tensor';
import { frechetDistance, gaussianOf } from './frechet';
import { markdownTable } from './targets';

type Vectors = readonly ArrayLike<number>[];

export interface DistanceRow {
  pictures: string;
  /** To the true renders of the same captions; absent where these are the pictures. */
  same?: Estimate;
  /** To the true renders of other captions of the same kinds. */
  other: Estimate;
}

export interface Estimate {
  value: number;
  /** Standard error by leaving out a tenth of both sets in turn (delete-a-group jackknife). */
  error: number;
}

export interface DistanceReport {
  features: number;
  /** Pictures in each set. */
  n: number;
  rows: DistanceRow[];
  /** Said when the pictures are too few for the features. */
  warning?: string;
}

/** Fewer pictures than this many times the features give covariances that are mostly noise. */
const ENOUGH = 3;
const GROUPS = 10;

/** A distance with its standard error; sets are cut into groups in the order given, so pairs stay together. */
export function distanceOf(a: Vectors, b: Vectors, groups = GROUPS): Estimate {
  const value = frechetDistance(gaussianOf(a), gaussianOf(b));
  if (Math.min(a.length, b.length) < 2 * groups) return { value, error: NaN };
  const without = (rows: Vectors, g: number): Vectors => rows.filter((_, i) => i % groups !== g);
  const left = Array.from({ length: groups }, (_, g) =>
    frechetDistance(gaussianOf(without(a, g)), gaussianOf(without(b, g))),
  );
  const mean = left.reduce((sum, x) => sum + x, 0) / groups;
  const spread = left.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return { value, error: Math.sqrt(((groups - 1) / groups) * spread) };
}

/** Renders with faults that an unfinished painter makes, half of them of pixels, half of structure. */
export function faultyPictures(
  images: readonly Uint8Array[],
  { severity, seed }: { severity: number; seed: number },
): Uint8Array[] {
  return images.map((image, i) => {
    const rng = RandomStream.of(seed, 'base-suite', 'faults', i);
    const other = images[(i + 1) % images.length];
    const broken =
      i % 2 === 0 ? undefined : visibleFault(image, rng.pick(STRUCTURE_FAULTS), { severity, rng, other });
    return broken ?? pixelFault(image, rng.pick(PIXEL_FAULTS), severity, rng);
  });
}

/** Distances of the drawn pictures and of the faulty renders, with the floor between two sets of true renders. */
export function distanceReport(
  sets: { drawn: Vectors; same: Vectors; other: Vectors; faulty: Record<string, Vectors> },
  onProgress?: (done: number, total: number) => void,
): DistanceReport {
  const { drawn, same, other, faulty } = sets;
  const [n, features] = [drawn.length, drawn[0].length];
  const total = 3 + 2 * Object.keys(faulty).length;
  let done = 0;
  const measured = (a: Vectors, b: Vectors): Estimate => {
    const estimate = distanceOf(a, b);
    onProgress?.(++done, total);
    return estimate;
  };
  const rows: DistanceRow[] = [
    { pictures: 'true renders', other: measured(same, other) },
    { pictures: 'drawn', same: measured(drawn, same), other: measured(drawn, other) },
    ...Object.entries(faulty).map(([name, vectors]) => ({
      pictures: `true renders, ${name} faults`,
      same: measured(vectors, same),
      other: measured(vectors, other),
    })),
  ];
  const warning =
    n < ENOUGH * features
      ? `${n} pictures for ${features} features, want at least ${ENOUGH * features}: distances are too large, and only their order can be trusted`
      : undefined;
  return { features, n, rows, ...(warning && { warning }) };
}

/** One row a set of pictures. */
export function distanceTable({ rows }: DistanceReport): string {
  const cell = (estimate?: Estimate): string =>
    estimate
      ? `${estimate.value.toFixed(3)}${Number.isFinite(estimate.error) ? ` +- ${estimate.error.toFixed(3)}` : ''}`
      : '';
  return markdownTable(
    ['pictures', 'to true renders of the same captions', 'to true renders of other captions'],
    rows.map(({ pictures, same, other }) => [pictures, cell(same), cell(other)]),
  );
}
