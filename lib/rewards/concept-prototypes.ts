/**
 * First rows of a reader's concept head: what each concept looks like, as principal components of its sprites. From
 * random rows a network must learn 861 arbitrary directions before it can name anything; from these, things that look
 * alike start alike, and naming begins within a few hundred steps (measured; docs/LOG.md).
 */
import { tf, RandomStream } from '../tensor';
import { conceptOf, spriteOf } from '../world';

const SIDE = 16;
/** Rounds of subspace iteration; the leading directions settle in a few. */
const ROUNDS = 12;

/** Mean sprite of a concept over its training artists: premultiplied colour and alpha in [0, 1]. [16 * 16 * 4] */
function meanSprite(concept: string): Float32Array {
  const { artists } = conceptOf(concept);
  const mean = new Float32Array(SIDE * SIDE * 4);
  for (const artist of artists) {
    const sprite = spriteOf(concept, artist, SIDE);
    for (let i = 0; i < mean.length; i++) mean[i] += sprite[i] / 255 / artists.length;
  }
  return mean;
}

/**
 * Rows of length about 1 with the spread of the components half evened out. Same concepts and size, same rows.
 * @returns [concepts, size]
 */
export function conceptPrototypes(concepts: readonly string[], size: number): tf.Tensor2D {
  return tf.tidy(() => {
    const rows = tf.stack(concepts.map((name) => tf.tensor1d(meanSprite(name)))) as tf.Tensor2D; // [C, P]
    const centred = rows.sub(rows.mean(0)) as tf.Tensor2D;
    const k = Math.min(size, concepts.length, centred.shape[1]);
    let basis: tf.Tensor2D = RandomStream.of(0, 'prototypes').tensorNormal([
      centred.shape[1],
      k,
    ]) as tf.Tensor2D;
    for (let i = 0; i < ROUNDS; i++)
      basis = orthonormal(tf.matMul(centred, tf.matMul(centred, basis), true) as tf.Tensor2D);
    const scores = tf.matMul(centred, basis) as tf.Tensor2D; // [C, k]
    const spread = scores.square().mean(0).add(1e-9).pow(-0.25); // half-way to unit size
    const even = scores.mul(spread) as tf.Tensor2D;
    const unit = even.div(even.square().sum(1, true).add(1e-9).sqrt()) as tf.Tensor2D;
    return unit.pad([
      [0, 0],
      [0, size - k],
    ]) as tf.Tensor2D;
  });
}

/** Columns made orthonormal, first to last (Gram-Schmidt, twice for accuracy). */
function orthonormal(matrix: tf.Tensor2D): tf.Tensor2D {
  const [n, k] = matrix.shape;
  const values = matrix.dataSync() as Float32Array;
  const columns = Array.from({ length: k }, (_, j) =>
    Float64Array.from({ length: n }, (__, i) => values[i * k + j]),
  );
  columns.forEach((column, j) => {
    for (let pass = 0; pass < 2; pass++)
      for (let before = 0; before < j; before++) {
        let dot = 0;
        for (let i = 0; i < n; i++) dot += column[i] * columns[before][i];
        for (let i = 0; i < n; i++) column[i] -= dot * columns[before][i];
      }
    const length = Math.sqrt(column.reduce((sum, v) => sum + v * v, 0)) || 1;
    for (let i = 0; i < n; i++) column[i] /= length;
  });
  return tf.tensor2d(
    Float32Array.from({ length: n * k }, (_, at) => columns[at % k][Math.floor(at / k)]),
    [n, k],
  );
}
