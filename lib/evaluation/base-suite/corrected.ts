/** The share of right pictures behind a marker that errs: from its yeses on drawn pictures, true renders and wrong ones. */
import { RandomStream } from '../../tensor';
import type { Interval } from '../bootstrap';
import { shareOf } from '../wilson';

/** Marks of one picture: as drawn, its true render, and a render that is wrong in what was asked. */
export interface MarkedTriple {
  drawn: boolean;
  right: boolean;
  wrong: boolean;
}

const RESAMPLES = 2000;

/**
 * (yes of drawn - yes of wrong) / (yes of right - yes of wrong), cut to [0, 1] (Rogan and Gladen 1978): right if the
 * marker treats drawn pictures as it does renders. The interval holds the percentile bootstrap over pictures, and what the
 * Wilson interval of the drawn pictures comes to: few pictures of which all pass or fail say less than a bootstrap
 * believes. 95 %. Undefined where the marker does not tell right from wrong.
 */
export function correctedShare(triples: readonly MarkedTriple[], seed = 0): Interval | undefined {
  const n = triples.length;
  const clip = (share: number): number => Math.min(1, Math.max(0, share));
  const estimate = (at: (i: number) => number): number | undefined => {
    let [drawn, right, wrong] = [0, 0, 0];
    for (let i = 0; i < n; i++) {
      const triple = triples[at(i)];
      drawn += Number(triple.drawn);
      right += Number(triple.right);
      wrong += Number(triple.wrong);
    }
    return right > wrong ? clip((drawn - wrong) / (right - wrong)) : undefined;
  };
  const mean = estimate((i) => i);
  if (mean === undefined) return undefined;
  const rng = RandomStream.of(seed, 'corrected', n);
  const drawn = Array.from({ length: RESAMPLES }, () => estimate(() => rng.int(n)))
    .filter((share): share is number => share !== undefined)
    .sort((a, b) => a - b);
  const at = (p: number): number => drawn[Math.round(p * (drawn.length - 1))];
  const yes = shareOf(triples.map((triple) => triple.drawn));
  const [right, wrong] = (['right', 'wrong'] as const).map(
    (mark) => shareOf(triples.map((one) => one[mark])).mean,
  );
  const wilson = (share: number): number => clip((share - wrong) / (right - wrong));
  return { mean, low: Math.min(at(0.025), wilson(yes.low)), high: Math.max(at(0.975), wilson(yes.high)), n };
}
