/**
 * The first two lessons of a scene reader: names. First from single windows of collages: only the stem and the concept
 * head take part, and only windows that lie on a thing, so a second teaches ten times as many things as the whole reader
 * could; with 861 names to learn, that is what decides (docs/LOG.md). Then from all cells of pictures, with the blocks of
 * the name tower. The third lesson, everything but names, is judge-loss.
 */
import { embedding, linear, rmsNorm, RandomStream, tf, tokenLogProbs } from '../tensor';
import type { Params } from '../tensor';
import type { Tier } from '../world';
import { collage } from './collage';
import type { ArtMix } from './judge-art';
import { disturbed, shown } from './judge-data';
import type { SceneLabels } from './judge-labels';
import { windowPairs, windowsOf } from './judge-model';
import type { JudgeConfig } from './judge-model';
import { nameForward, seenOf, stemForward } from './judge-trunk';

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
  const stem = stemForward(params, 'name', seenOf(config, seen));
  return namesLoss(params, rmsNorm(stem, params['name.norm.weight'], 1e-6) as tf.Tensor2D, concepts);
}

/** Pictures of the second lesson: two of three are collages, the others scenes as layouts make them. */
export function namePictures(
  rng: RandomStream,
  { pictures, tier, ...mix }: ArtMix & { pictures: number; tier: Tier },
): { image: Uint8Array; labels: SceneLabels }[] {
  return Array.from({ length: pictures }, () => {
    const { image, labels } = rng.uniform() < 0.3 ? collage(rng, tier, mix) : shown(rng, { tier, ...mix });
    return { image: disturbed(image, rng), labels };
  });
}

/** The second lesson: names of all cells that lie on things, now that windows know their neighbours. */
export function nameLoss(
  config: JudgeConfig,
  params: Params,
  pictures: readonly { image: Uint8Array; labels: SceneLabels }[],
): { loss: tf.Scalar; right: tf.Scalar } {
  const index = new Map(config.concepts.map((name, i) => [name, i]));
  const images = pictures.map(({ image }) => image);
  const names = nameForward(config, params, windowsOf(config, images));
  const [B, T, D] = names.shape;
  const cells = pictures.flatMap(({ labels }, b) =>
    labels.cells.map(({ cell, concept }) => ({ row: b * T + cell, concept: index.get(concept) as number })),
  );
  const rows = tf.tensor1d(
    cells.map(({ row }) => row),
    'int32',
  );
  const seen = embedding(names.reshape([B * T, D]), rows) as tf.Tensor2D;
  return namesLoss(
    params,
    seen,
    cells.map(({ concept }) => concept),
  );
}

function namesLoss(
  params: Params,
  tokens: tf.Tensor2D,
  concepts: number[],
): { loss: tf.Scalar; right: tf.Scalar } {
  const logits = linear(tokens, params['concept.weight'], params['concept.bias']) as tf.Tensor2D; // [N, C]
  const targets = tf.tensor1d(concepts, 'int32');
  return {
    loss: tokenLogProbs(logits, targets).mean().neg() as tf.Scalar,
    right: logits.argMax(1).equal(targets).mean() as tf.Scalar,
  };
}

/** What each lesson teaches: the stem and the names, then the whole name tower, then everything else. */
export const LESSONS = {
  stem: /^name\.(stem|norm)\.|^concept\./,
  names: /^(name|concept)\./,
  scene: /^(?!name\.|concept\.)/,
} as const;

/** The parameters that a lesson teaches. */
export function taughtIn<T>(lesson: keyof typeof LESSONS, params: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(params).filter(([name]) => LESSONS[lesson].test(name)));
}
