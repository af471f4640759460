/**
 * What a scene reader says of chosen objects: how many, in which colour, of what size, how turned, and where. The
 * concept's own map attends over the cells and shared heads read what it gathers, so that a rare concept is counted as
 * well as a common one.
 */
import { tf, linear, gelu, embedding, RandomStream } from '../tensor';
import type { Params } from '../tensor';
import type { JudgeConfig, JudgeOutputs } from './judge-model';

/** Fresh parameters of the object heads. */
export function initObjects(config: JudgeConfig, rng: RandomStream): Params {
  const { hiddenSize: D } = config;
  const matrix = (out: number, inp: number, gain = 1): tf.Tensor =>
    tf.tidy(() => rng.tensorNormal([out, inp]).mul(gain / Math.sqrt(inp)));
  return {
    'object.weight': matrix(D, D + SHAPE + COUNTED),
    'object.bias': tf.zeros([D]),
    'count.weight': matrix(config.maxCount, D, 0.1),
    'count.bias': tf.zeros([config.maxCount]),
    'tint.weight': matrix(config.tints.length, D, 0.1),
    'tint.bias': tf.zeros([config.tints.length]),
    'size.weight': matrix(config.sizes.length, D, 0.1),
    'size.bias': tf.zeros([config.sizes.length]),
    'turn.weight': matrix(config.turns.length, D, 0.1),
    'turn.bias': tf.zeros([config.turns.length]),
  };
}

/** Which objects are asked about: picture `rows[i]`, concept `columns[i]`. */
export interface ObjectPairs {
  rows: number[];
  columns: number[];
}

/** Attributes of N asked objects. */
export interface ObjectOutputs {
  /** [N, maxCount] logits; class i means i + 1. */
  count: tf.Tensor2D;
  /** [N, tints] logits. */
  tint: tf.Tensor2D;
  /** [N, sizes] logits. */
  size: tf.Tensor2D;
  /** [N, turns] logits. */
  turn: tf.Tensor2D;
  /** [N, T] where the concept is, summing to 1 over the cells. */
  where: tf.Tensor2D;
}

/** Attributes of chosen (picture, concept) pairs. Call inside a tidy. */
export function readObjects(
  params: Params,
  outputs: JudgeOutputs,
  { rows, columns }: ObjectPairs,
): ObjectOutputs {
  const [B, T, D] = outputs.tokens.shape;
  const C = outputs.conceptMap.shape[2];
  const N = rows.length;
  const at = tf.tensor1d(rows, 'int32');
  const tokens = embedding(outputs.tokens.reshape([B, T * D]), at).reshape([N, T, D]); // [N, T, D]
  // The column of each asked concept: log-shares over the cells.
  const maps = outputs.conceptMap.transpose([0, 2, 1]).reshape([B * C, T]);
  const pairs = tf.tensor1d(
    rows.map((row, i) => row * C + columns[i]),
    'int32',
  );
  const map = embedding(maps, pairs); // [N, T]
  const onThings = embedding(tf.logSigmoid(outputs.things), at); // [N, T]
  const where = tf.softmax(map.add(onThings)) as tf.Tensor2D; // [N, T]
  const gathered = tf.matMul(where.reshape([N, 1, T]), tokens).reshape([N, D]); // [N, D]
  const middles = embedding(tf.sigmoid(outputs.centres), at); // [N, T]
  const seen = tf.concat([gathered, spreadOf(where), counted({ map, middles })], 1);
  const object = gelu(linear(seen, params['object.weight'], params['object.bias'])); // [N, D]
  const head = (name: string): tf.Tensor2D =>
    linear(object, params[`${name}.weight`], params[`${name}.bias`]) as tf.Tensor2D;
  return { count: head('count'), tint: head('tint'), size: head('size'), turn: head('turn'), where };
}

/** Numbers of `counted`: the two sums, and how near the first is to 1, 2, .. 6. */
const COUNTED = 8;

/**
 * Sums of the middles of objects: those of the concept and all of them. `map` is the log-share of the concept in each
 * cell, `middles` how much of an object's middle lies there. [N, T] each -> [N, COUNTED]
 */
function counted({ map, middles }: { map: tf.Tensor; middles: tf.Tensor }): tf.Tensor2D {
  const own = middles.mul(map.exp()).sum(1, true); // [N, 1]
  const near = [1, 2, 3, 4, 5, 6].map((n) => tf.relu(tf.scalar(1).sub(own.sub(n).abs())));
  return tf.concat([own, middles.sum(1, true), ...near], 1) as tf.Tensor2D;
}

/** Numbers that say how far a concept's cells spread: gathering alone forgets how many there were. */
const SHAPE = 5;

/** Centre, standard deviation and share of cells (exp of the entropy) of N distributions over cells. [N, T] -> [N, SHAPE] */
function spreadOf(where: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => {
    const T = where.shape[1];
    const side = Math.sqrt(T);
    const axis = (f: (t: number) => number): tf.Tensor2D =>
      tf.tensor2d(
        Array.from({ length: T }, (_, t) => f(t) / side),
        [T, 1],
      );
    const moment = (f: (t: number) => number): tf.Tensor2D => tf.matMul(where, axis(f)); // [N, 1]
    const [x, y] = [moment((t) => t % side), moment((t) => Math.floor(t / side))];
    const spread = (square: tf.Tensor2D, mean: tf.Tensor2D): tf.Tensor2D =>
      square.sub(mean.square()).relu().add(1e-4).sqrt() as tf.Tensor2D;
    const sx = spread(
      moment((t) => (t % side) ** 2 / side),
      x,
    );
    const sy = spread(
      moment((t) => Math.floor(t / side) ** 2 / side),
      y,
    );
    const cells = where.mul(where.add(1e-9).log()).sum(1, true).neg().exp().div(T) as tf.Tensor2D;
    return tf.concat([x, y, sx.mul(4), sy.mul(4), cells.mul(4)], 1) as tf.Tensor2D;
  });
}
