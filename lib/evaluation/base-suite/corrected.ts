/** The share of right pictures behind a marker that errs: from its yeses on drawn pictures, true renders and wrong ones. */
import { RandomStream } from '../../tensor';
import type { Interval } from '../bootstrap';

/** Marks of one picture: as drawn, its true render, and a render that is wrong in what was asked. */
export interface MarkedTriple {
  drawn: boolean;
  right: boolean;
  wrong: boolean;
}

const RESAMPLES = 2000;

/**
 * (yes of drawn - yes of wrong) / (yes of right - yes of wrong), cut to [0, 1] (Rogan and Gladen 1978): right if the
 * marker treats drawn pictures as it does renders. Percentile bootstrap over pictures, 95 %. Undefined where the marker
 * does not tell right from wrong.
 */
export function correctedShare(triples: readonly MarkedTriple[], seed = 0): Interval | undefined {
  const n = triples.length;
  const estimate = (at: (i: number) => number): number | undefined => {
    let [drawn, right, wrong] = [0, 0, 0];
    for (let i = 0; i < n; i++) {
      const triple = triples[at(i)];
      drawn += Number(triple.drawn);
      right += Number(triple.right);
      wrong += Number(triple.wrong);
    }
    return right > wrong ? Math.min(1, Math.max(0, (drawn - wrong) / (right - wrong))) : undefined;
  };
  const mean = estimate((i) => i);
  if (mean === undefined) return undefined;
  const rng = RandomStream.of(seed, 'corrected', n);
  const drawn = Array.from({ length: RESAMPLES }, () => estimate(() => rng.int(n)))
    .filter((share): share is number => share !== undefined)
    .sort((a, b) => a - b);
  const at = (p: number): number => drawn[Math.round(p * (drawn.length - 1))];
  return { mean, low: at(0.025), high: at(0.975), n };
}
