// Log-probabilities of responses that were written before: the loss of SFT and the ratio of GRPO are made of them.
import { embedding, type Params, tf, tokenEntropyFromHidden, tokenLogProbsFromHidden } from '../tensor';
import type { Qwen2Config } from './qwen2-config';
import { headWeight, qwen2Forward } from './qwen2-forward';
import { tidy } from './tidy';

/** A prompt (with its template) and the response to it, as token ids. */
export interface ReplayRow {
  promptIds: readonly number[];
  tokenIds: readonly number[];
}

export interface ReplayLogProbs {
  /** [B, R], R = the longest response; 0 at padding; differentiable in the parameters */
  logProbs: tf.Tensor;
  /** float32 [B, R], 1 at response tokens */
  mask: tf.Tensor;
  /** [B, R] entropy of each token's distribution, 0 at padding; only when asked for */
  entropy?: tf.Tensor;
}

/**
 * Log-probability of every response token under softmax(logits / temperature), the distribution that
 * `generateTokens` reports. Logits are computed at response positions only.
 * @throws when a prompt or response is empty, or the two are longer than the context
 */
export function responseLogProbs(
  config: Qwen2Config,
  params: Params,
  rows: readonly ReplayRow[],
  { temperature = 1, entropy = false }: { temperature?: number; entropy?: boolean } = {},
): ReplayLogProbs {
  if (rows.length === 0) throw new Error('responseLogProbs: got no rows, want at least one');
  if (!(temperature > 0))
    throw new Error(`responseLogProbs: temperature is ${temperature}, want a number > 0`);
  rows.forEach(({ promptIds, tokenIds }, r) => {
    if (!promptIds.length || !tokenIds.length) {
      throw new Error(
        `responseLogProbs: row ${r} has ${promptIds.length} prompt and ${tokenIds.length} response tokens, want some of both`,
      );
    }
  });
  const B = rows.length;
  const R = Math.max(...rows.map((row) => row.tokenIds.length));
  // The last response token predicts nothing, so it need not be read.
  const S = Math.max(...rows.map((row) => row.promptIds.length + row.tokenIds.length - 1));
  const ids = new Int32Array(B * S);
  const kept = new Float32Array(B * R);
  const [at, targets]: [number[], number[]] = [[], []]; // of the tokens that are there, row by row
  const place = new Int32Array(B * R); // where in that list, 0 at padding
  rows.forEach(({ promptIds, tokenIds }, r) => {
    ids.set([...promptIds, ...tokenIds.slice(0, -1)], r * S);
    tokenIds.forEach((id, n) => {
      kept[r * R + n] = 1;
      place[r * R + n] = at.length;
      at.push(r * S + promptIds.length + n - 1);
      targets.push(id);
    });
  });
  return tidy(() => {
    const mask = tf.tensor2d(kept, [B, R]);
    const { hiddenStates } = qwen2Forward(config, params, {
      inputIds: tf.tensor2d(ids, [B, S], 'int32'),
      logits: 'none',
    });
    const states = hiddenStates[config.numHiddenLayers].reshape([B * S, config.hiddenSize]);
    const hidden = embedding(states, tf.tensor1d(at, 'int32')); // [N, D]
    const head = headWeight(config, params); // [V, D]
    const spread = (x: tf.Tensor): tf.Tensor => {
      const rectangle = embedding(x.reshape([at.length, 1]), tf.tensor1d(place, 'int32')).reshape([B, R]);
      return tf.mul(rectangle, mask);
    };
    const logProbs = spread(
      tokenLogProbsFromHidden(hidden, head, tf.tensor1d(targets, 'int32'), temperature),
    );
    return {
      logProbs,
      mask: mask as tf.Tensor,
      ...(entropy ? { entropy: spread(tokenEntropyFromHidden(hidden, head, temperature)) } : {}),
    };
  });
}
