// Where token ids meet tensors: the embedding table on the way in, log-probabilities on the way out.
import { tf } from '../backend';
import { wantIds, wantShape, wantTensor } from './check';
import { defineOp } from './dispatch';

/**
 * Rows of a table. The gradient adds up the rows that an id was used for.
 * @param weight [V, D]
 * @param ids int32 [...], each in [0, V)
 * @returns [..., D]
 */
export const embedding = defineOp<[weight: tf.Tensor, ids: tf.Tensor]>(
  'embedding',
  (weight, ids) => {
    wantShape('embedding', 'weight', weight, [null, null]);
    wantTensor('embedding', 'ids', ids, 'int32');
    wantIds('embedding', ids, (weight.shape as number[])[0]);
  },
  (weight, ids) => {
    const shape = [...ids.shape, (weight.shape as number[])[1]];
    if (ids.size === 0) return tf.zeros(shape);
    return tf.gather(weight, ids.reshape([ids.size]) as tf.Tensor1D).reshape(shape);
  },
);

/**
 * The log-probability of each row's target under a softmax; its negative mean is the cross-entropy.
 * @param logits [N, V]
 * @param targets int32 [N], each in [0, V)
 * @returns [N], differentiable in the logits
 */
export const tokenLogProbs = defineOp<[logits: tf.Tensor, targets: tf.Tensor]>(
  'tokenLogProbs',
  (logits, targets) => {
    wantShape('tokenLogProbs', 'logits', logits, [null, null]);
    wantShape(
      'tokenLogProbs',
      `targets (logits is [${logits.shape.join(', ')}])`,
      targets,
      [logits.shape[0]],
      'int32',
    );
    wantIds('tokenLogProbs', targets, (logits.shape as number[])[1]);
  },
  (logits, targets) => {
    const [N, V] = logits.shape as number[];
    if (N === 0) return tf.zeros([0]);
    // Not a product with a one-hot matrix: logits of -Infinity (excluded tokens) would make NaN of its zeros.
    const isTarget = tf.equal(targets.reshape([N, 1]), tf.range(0, V, 1, 'int32').reshape([1, V]));
    const picked = tf.where(isTarget, logits, tf.zerosLike(logits)); // [N, V]
    return tf.sub(tf.sum(picked, -1), tf.logSumExp(logits, -1));
  },
);
