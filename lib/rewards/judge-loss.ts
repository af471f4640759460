/**
 * The third lesson's loss on one batch, everything but names: where things are and how sure it is of them, attributes
 * of the objects that are there, picture-wide choices, glyphs, and the two quality scores.
 */
import { tf, tokenLogProbs } from '../tensor';
import type { Params } from '../tensor';
import type { JudgeSample } from './judge-data';
import { judgeForward, windowsOf } from './judge-model';
import { readObjects } from './judge-objects';
import type { JudgeConfig, JudgeOutputs } from './judge-model';

/** Parts of the loss by name; their sum is what is minimised. */
export type JudgeLosses = Record<string, tf.Scalar>;

/** Losses of a batch under `params`. Call inside a tidy (or valueAndGrads). */
export function judgeLosses(config: JudgeConfig, params: Params, samples: JudgeSample[]): JudgeLosses {
  const outputs = judgeForward(
    config,
    params,
    windowsOf(
      config,
      samples.map((s) => s.image),
    ),
  );
  return {
    ...presenceLosses(config, outputs, samples),
    things: thingLoss(outputs, samples),
    centres: centreLoss(config, outputs, samples),
    ...objectLosses(config, params, { outputs, samples }),
    ...choiceLosses(config, outputs, samples),
    ...qualityLosses(outputs, samples),
    ...(outputs.glyphs ? glyphLosses(config, outputs, samples) : {}),
  };
}

/** Softplus(-|x|) form of the binary cross-entropy; soft targets allowed. Elementwise. */
function binaryCrossEntropy(logits: tf.Tensor, targets: tf.Tensor): tf.Tensor {
  return tf.relu(logits).sub(logits.mul(targets)).add(tf.softplus(logits.abs().neg()));
}

function presenceLosses(config: JudgeConfig, outputs: JudgeOutputs, samples: JudgeSample[]): JudgeLosses {
  const C = config.concepts.length;
  const index = new Map(config.concepts.map((name, i) => [name, i]));
  const targets = new Float32Array(samples.length * C);
  const taught = samples.map((s) => (s.labels ? 1 : 0));
  samples.forEach((s, b) =>
    s.labels?.objects.forEach(({ concept }) => {
      const at = index.get(concept);
      if (at === undefined)
        throw new Error(`judge training: concept "${concept}" is not in the judge's config`);
      targets[b * C + at] = 1;
    }),
  );
  const n = Math.max(
    1,
    taught.reduce<number>((a, b) => a + b, 0),
  );
  const target = tf.tensor2d(targets, [samples.length, C]);
  const mask = tf.tensor2d(taught, [samples.length, 1]);
  const binary = binaryCrossEntropy(outputs.presence, target).mul(mask).sum().div(n) as tf.Scalar;
  return { presence: binary };
}

/** Whether each cell lies on a thing. */
function thingLoss(outputs: JudgeOutputs, samples: JudgeSample[]): tf.Scalar {
  const [B, T] = outputs.things.shape;
  const targets = new Float32Array(B * T);
  const taught = samples.map((s) => (s.labels?.centres ? 1 : 0));
  samples.forEach((s, b) => s.labels?.cells.forEach(({ cell }) => (targets[b * T + cell] = 1)));
  const losses = binaryCrossEntropy(outputs.things, tf.tensor2d(targets, [B, T]));
  const n = Math.max(1, taught.filter(Boolean).length);
  return losses
    .mul(tf.tensor2d(taught, [B, 1]))
    .sum()
    .mul(0.1 / n) as tf.Scalar;
}

/** Share of an object's middle in each cell, spread over the four nearest, so that the sum is the number of objects. */
function centreLoss(config: JudgeConfig, outputs: JudgeOutputs, samples: JudgeSample[]): tf.Scalar {
  const [B, T] = outputs.centres.shape;
  const side = Math.sqrt(T);
  const targets = new Float32Array(B * T);
  const taught = samples.map((s) => (s.labels?.centres ? 1 : 0));
  samples.forEach((s, b) =>
    s.labels?.centres?.forEach(({ x, y }) => {
      const [fx, fy] = [x / config.cell - 0.5, y / config.cell - 0.5];
      const [x0, y0] = [Math.floor(fx), Math.floor(fy)];
      for (const [cx, cy] of [
        [x0, y0],
        [x0 + 1, y0],
        [x0, y0 + 1],
        [x0 + 1, y0 + 1],
      ]) {
        if (cx < 0 || cy < 0 || cx >= side || cy >= side) continue;
        const share = (1 - Math.abs(fx - cx)) * (1 - Math.abs(fy - cy));
        targets[b * T + cy * side + cx] = Math.min(1, targets[b * T + cy * side + cx] + share);
      }
    }),
  );
  const n = Math.max(1, taught.filter(Boolean).length);
  const losses = binaryCrossEntropy(outputs.centres, tf.tensor2d(targets, [B, T]));
  return losses
    .mul(tf.tensor2d(taught, [B, 1]))
    .sum()
    .mul(0.2 / n) as tf.Scalar;
}

function objectLosses(
  config: JudgeConfig,
  params: Params,
  { outputs, samples }: { outputs: JudgeOutputs; samples: JudgeSample[] },
): JudgeLosses {
  const index = new Map(config.concepts.map((name, i) => [name, i]));
  const objects = samples.flatMap((s, row) => (s.labels?.objects ?? []).map((object) => ({ row, object })));
  if (objects.length === 0) return {};
  const read = readObjects(params, outputs, {
    rows: objects.map((o) => o.row),
    columns: objects.map((o) => index.get(o.object.concept) as number),
  });
  const count = objects.map(({ object }) => Math.min(object.count, config.maxCount) - 1);
  const tint = objects.map(({ object }) => config.tints.indexOf(object.tint));
  const size = objects.map(({ object }) => (object.size ? config.sizes.indexOf(object.size) : -1));
  const turn = objects.map(({ object }) => config.turns.indexOf(object.turn));
  return {
    count: crossEntropy(read.count, count),
    tint: crossEntropy(read.tint, tint),
    size: crossEntropy(read.size, size),
    turn: crossEntropy(read.turn, turn),
  };
}

function choiceLosses(config: JudgeConfig, outputs: JudgeOutputs, samples: JudgeSample[]): JudgeLosses {
  const losses: JudgeLosses = {};
  for (const [name, values] of Object.entries(config.choices)) {
    const targets = samples.map((s) => {
      const value = s.labels?.choices[name];
      if (value === undefined) return -1;
      const at = values.indexOf(value);
      if (at < 0) throw new Error(`judge training: ${name} is "${value}", want one of ${values.join(', ')}`);
      return at;
    });
    // Few pictures have a given prop: a floor under the count keeps one of them from outweighing the batch.
    losses[name] = crossEntropy(outputs.choices[name], targets, samples.length / 4);
  }
  return losses;
}

function qualityLosses(outputs: JudgeOutputs, samples: JudgeSample[]): JudgeLosses {
  const targets = samples.map((s) => [s.aesthetic ?? 0, s.consistency ?? 0]);
  const mask = samples.map((s) => [s.aesthetic === undefined ? 0 : 1, s.consistency === undefined ? 0 : 1]);
  const losses = binaryCrossEntropy(outputs.quality, tf.tensor2d(targets)).mul(tf.tensor2d(mask)); // [B, 2]
  const n = Math.max(
    1,
    mask.flat().reduce((a, b) => a + b, 0),
  );
  return { quality: losses.sum().mul(4 / n) as tf.Scalar };
}

function glyphLosses(config: JudgeConfig, outputs: JudgeOutputs, samples: JudgeSample[]): JudgeLosses {
  const side = config.imageSize / config.cell;
  const logits = outputs.glyphs as tf.Tensor3D;
  const [B, T, G] = logits.shape;
  const targets = new Array<number>(B * T).fill(-1);
  samples.forEach((s, b) => {
    if (!s.labels || s.labels.text.length === 0) return;
    s.labels.text.forEach(({ line, row }) => {
      for (let column = 0; column < side; column++)
        targets[b * T + row * side + column] = config.glyphs.indexOf(line[column] ?? ' ');
    });
  });
  return { glyphs: crossEntropy(logits.reshape([B * T, G]) as tf.Tensor2D, targets) };
}

/** Cross-entropy over the rows whose target is >= 0, their sum divided by max(their number, floor). */
function crossEntropy(logits: tf.Tensor2D, targets: number[], floor = 1): tf.Scalar {
  const n = targets.filter((t) => t >= 0).length;
  if (n === 0) return logits.sum().mul(0) as tf.Scalar;
  const mask = tf.tensor1d(targets.map((t) => (t >= 0 ? 1 / Math.max(n, floor) : 0)));
  const picked = tokenLogProbs(
    logits,
    tf.tensor1d(
      targets.map((t) => Math.max(0, t)),
      'int32',
    ),
  );
  return picked.mul(mask).sum().neg() as tf.Scalar;
}
