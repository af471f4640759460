/** Which layer of the language model tells things apart? A nearest-class-mean probe of the concept of a caption. */
import { captionStates, type LanguageModel, type Tokenizer } from '../encoder';
import { RandomStream } from '../tensor';
import { captionOf, randomScene, TIERS } from '../world';

const ONE_OBJECT = { single: 1, many: 0, pair: 0, trio: 0, slot: 0, prop: 0, text: 0, empty: 0 };

export interface Labelled {
  /** One point a row, all of the same length. */
  rows: readonly (readonly number[])[];
  /** Its class, 0 .. classes - 1. */
  labels: readonly number[];
}

/**
 * Share of test points whose nearest class mean of the fitted points (Euclidean) is that of their own class.
 * @throws when either set is empty or a class of the test set was not fitted
 */
export function nearestMeanAccuracy(fit: Labelled, test: Labelled): number {
  if (fit.rows.length === 0 || test.rows.length === 0)
    throw new Error(
      `nearestMeanAccuracy: ${fit.rows.length} points to fit and ${test.rows.length} to test, want some of both`,
    );
  const means = new Map<number, { sum: Float64Array; n: number }>();
  fit.rows.forEach((row, i) => {
    const mean = means.get(fit.labels[i]) ?? { sum: new Float64Array(row.length), n: 0 };
    row.forEach((x, d) => (mean.sum[d] += x));
    mean.n++;
    means.set(fit.labels[i], mean);
  });
  const lost = test.labels.find((label) => !means.has(label));
  if (lost !== undefined) throw new Error(`nearestMeanAccuracy: class ${lost} has no fitted point`);
  let right = 0;
  test.rows.forEach((row, i) => {
    let [best, least] = [-1, Infinity];
    for (const [label, { sum, n }] of means) {
      let distance = 0;
      for (let d = 0; d < row.length; d++) distance += (row[d] - sum[d] / n) ** 2;
      if (distance < least) [best, least] = [label, distance];
    }
    if (best === test.labels[i]) right++;
  });
  return right / test.rows.length;
}

export interface ProbeOptions {
  /** Caption nouns: the classes. */
  concepts: readonly string[];
  /** Captions of each concept that make its mean (6), and that test it (2). */
  fit?: number;
  test?: number;
  seed?: number;
  /** How captions are put (see `captionOf`): 0, the default, as refined prompts are; `any`: in all orders of words. */
  phrasing?: number | 'any';
}

/** Captions of one object each, of any size, colour and background. [concepts][count] */
export function conceptCaptions(
  concepts: readonly string[],
  count: number,
  { seed = 0, phrasing = 0 }: Pick<ProbeOptions, 'seed' | 'phrasing'> = {},
): string[][] {
  return concepts.map((concept) => {
    const stream = RandomStream.of(seed, 'concept-probe', concept);
    return Array.from({ length: count }, () => {
      const options = { concepts: [concept], weights: ONE_OBJECT, tier: TIERS[TIERS.length - 1] };
      return captionOf(randomScene(stream, options), stream, phrasing === 'any' ? {} : { phrasing });
    });
  });
}

/** Accuracy of the probe on the mean state of a caption, for each layer; guessing would be 1 / concepts. */
export function conceptsByLayer(
  lm: LanguageModel,
  tokenizer: Tokenizer,
  { concepts, fit = 6, test = 2, seed = 0, phrasing = 0 }: ProbeOptions,
): { layer: number; accuracy: number }[] {
  const captions = conceptCaptions(concepts, fit + test, { seed, phrasing });
  const labels = captions.flatMap((own, label) => own.map(() => label));
  const isFit = labels.map((_, i) => i % (fit + test) < fit);
  return captionStates(lm, tokenizer, captions.flat()).map((rows, layer) => {
    const part = (wanted: boolean): Labelled => ({
      rows: rows.filter((_, i) => isFit[i] === wanted),
      labels: labels.filter((_, i) => isFit[i] === wanted),
    });
    return { layer, accuracy: nearestMeanAccuracy(part(true), part(false)) };
  });
}
