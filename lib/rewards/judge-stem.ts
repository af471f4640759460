/**
 * The first lesson of a scene reader: names, from single windows of collages. Only the stem and the concept head take
 * part, and only windows that lie on a thing, so a second teaches ten times as many things as the whole reader could:
 * with 861 names to learn, that is what decides (docs/LOG.md).
 */
import { linear, rmsNorm, RandomStream, tf, tokenLogProbs } from '../tensor';
import type { Params } from '../tensor';
import type { Tier } from '../world';
import { collage } from './collage';
import type { ArtMix } from './judge-art';
import { disturbed } from './judge-data';
import { windowPairs } from './judge-model';
import type { JudgeConfig } from './judge-model';
import { stemForward } from './judge-trunk';

/** Windows of one picture that are used, at most: neighbours of one thing are much alike. */
const PER_PICTURE = 24;

export interface StemBatch {
  /** [N, 2 * window * window * 3] */
  windows: Float32Array;
  /** Concept numbers. [N] */
  concepts: number[];
}

/** Windows on things of `pictures` random collages. */
export function stemBatch(
  config: JudgeConfig,
  rng: RandomStream,
  { pictures, tier, ...mix }: ArtMix & { pictures: number; tier: Tier },
): StemBatch {
  const index = new Map(config.concepts.map((name, i) => [name, i]));
  const samples = Array.from({ length: pictures }, () => {
    const { image, labels } = collage(rng, tier, mix);
    return { image: disturbed(image, rng), cells: rng.shuffle([...labels.cells]).slice(0, PER_PICTURE) };
  });
  const all = windowPairs(
    config,
    samples.map(({ image }) => image),
  );
  const width = 2 * config.window ** 2 * 3;
  const tokens = all.length / width / pictures;
  const concepts = samples.flatMap(({ cells }) => cells.map(({ concept }) => index.get(concept) as number));
  const windows = new Float32Array(concepts.length * width);
  let n = 0;
  samples.forEach(({ cells }, b) =>
    cells.forEach(({ cell }) => {
      const at = (b * tokens + cell) * width;
      windows.set(all.subarray(at, at + width), n++ * width);
    }),
  );
  return { windows, concepts };
}

/** Cross-entropy of the names, and the share that is right. Call inside a tidy. */
export function stemLoss(
  config: JudgeConfig,
  params: Params,
  { windows, concepts }: StemBatch,
): { loss: tf.Scalar; right: tf.Scalar } {
  const seen = tf.tensor2d(windows, [concepts.length, windows.length / concepts.length]);
  const tokens = rmsNorm(stemForward(config, params, seen), params['norm.weight'], 1e-6); // [N, D]
  const logits = linear(tokens, params['concept.weight'], params['concept.bias']) as tf.Tensor2D; // [N, C]
  const targets = tf.tensor1d(concepts, 'int32');
  return {
    loss: tokenLogProbs(logits, targets).mean().neg() as tf.Scalar,
    right: logits.argMax(1).equal(targets).mean() as tf.Scalar,
  };
}

/** The parameters that the first lesson teaches. */
export function stemParams<T>(params: Record<string, T>): Record<string, T> {
  return Object.fromEntries(
    Object.entries(params).filter(([name]) => /^(stem|concept)\.|^norm\./.test(name)),
  );
}
