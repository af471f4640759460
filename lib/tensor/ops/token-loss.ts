// The language model's head and its loss in one op: log-probabilities of tokens straight from hidden states. The fused
// twins hold logits for a few hundred rows at a time; the definitions hold them all.
import { tf } from '../backend';
import { wantIds, wantShape } from './check';
import { defineOp } from './dispatch';
import { linear } from './linear';
import { tokenLogProbs } from './tokens';

function wantHead(op: string, hidden: tf.Tensor, weight: tf.Tensor, temperature: number): void {
  wantShape(op, 'hidden', hidden, [null, null]);
  wantShape(op, `weight (hidden is [${hidden.shape.join(', ')}])`, weight, [null, hidden.shape[1] as number]);
  if (!(temperature > 0)) throw new Error(`${op}: temperature is ${temperature}, want a number > 0`);
}

function scaledLogits(hidden: tf.Tensor, weight: tf.Tensor, temperature: number): tf.Tensor {
  const logits = linear(hidden, weight); // [N, V]
  return temperature === 1 ? logits : tf.div(logits, temperature);
}

/**
 * The log-probability of each row's target under `softmax(hidden @ weight^T / temperature)`.
 * @param hidden [N, D]
 * @param weight [V, D], the head, or the embedding table where they are tied
 * @param targets int32 [N], each in [0, V)
 * @param temperature > 0; 1 unless given
 * @returns [N], differentiable in hidden and weight
 */
export const tokenLogProbsFromHidden = defineOp<
  [hidden: tf.Tensor, weight: tf.Tensor, targets: tf.Tensor, temperature?: number]
>(
  'tokenLogProbsFromHidden',
  (hidden, weight, targets, temperature = 1) => {
    wantHead('tokenLogProbsFromHidden', hidden, weight, temperature);
    const named = `targets (hidden is [${hidden.shape.join(', ')}])`;
    wantShape('tokenLogProbsFromHidden', named, targets, [hidden.shape[0]], 'int32');
    wantIds('tokenLogProbsFromHidden', targets, weight.shape[0] as number);
  },
  (hidden, weight, targets, temperature = 1) =>
    tokenLogProbs(scaledLogits(hidden, weight, temperature), targets),
);

/**
 * The weighted cross-entropy of a language model, `-sum(rowWeights * tokenLogProbsFromHidden(...))`, a scalar. While
 * gradients are recorded, the fused twin computes them with the loss, so logits are not computed twice.
 * @param rowWeights [N]: 1 / N for the mean, 0 for a row that does not count; differentiable like the others
 */
export const crossEntropyFromHidden = defineOp<
  [hidden: tf.Tensor, weight: tf.Tensor, targets: tf.Tensor, rowWeights: tf.Tensor, temperature?: number]
>(
  'crossEntropyFromHidden',
  (hidden, weight, targets, rowWeights, temperature = 1) => {
    wantHead('crossEntropyFromHidden', hidden, weight, temperature);
    const [N] = hidden.shape;
    const given = `(hidden is [${hidden.shape.join(', ')}])`;
    wantShape('crossEntropyFromHidden', `targets ${given}`, targets, [N], 'int32');
    wantShape('crossEntropyFromHidden', `rowWeights ${given}`, rowWeights, [N]);
    wantIds('crossEntropyFromHidden', targets, weight.shape[0] as number);
  },
  (hidden, weight, targets, rowWeights, temperature = 1) => {
    if (hidden.shape[0] === 0) return tf.scalar(0); // wasm's sum of nothing is not 0
    const logProbs = tokenLogProbs(scaledLogits(hidden, weight, temperature), targets);
    return tf.neg(tf.sum(tf.mul(rowWeights, logProbs)));
  },
);

/**
 * Entropy in nats of each row's `softmax(hidden @ weight^T / temperature)`, for logs: no gradient on fused backends.
 * @returns [N]
 */
export const tokenEntropyFromHidden = defineOp<[hidden: tf.Tensor, weight: tf.Tensor, temperature?: number]>(
  'tokenEntropyFromHidden',
  (hidden, weight, temperature = 1) => wantHead('tokenEntropyFromHidden', hidden, weight, temperature),
  (hidden, weight, temperature = 1) => {
    const logProbs = tf.logSoftmax(scaledLogits(hidden, weight, temperature));
    return tf.neg(tf.sum(tf.mul(tf.exp(logProbs), logProbs), -1));
  },
);
