// Values and gradients of scalar functions of named parameters.
import { tf } from './backend';
import { backpropagate } from './tape';

/** Tensors by Hugging Face name. */
export type Params = Record<string, tf.Tensor>;

/**
 * Runs `f` and differentiates it in every parameter. A parameter that `f` does not use gets zeros.
 * The caller owns (and disposes) the value and the gradients; everything else is freed.
 * @throws when `f` does not return a scalar
 */
export function valueAndGrads(
  f: () => tf.Tensor,
  params: Record<string, tf.Variable>,
): { value: tf.Scalar; grads: Record<string, tf.Tensor> } {
  const names = Object.keys(params);
  const leaves = names.map((name) => params[name] as tf.Tensor);
  return tf.tidy(() => {
    const scalar = (): tf.Tensor => {
      const y = f();
      if (y.rank !== 0)
        throw new Error(`valueAndGrads: the function gave [${y.shape.join(', ')}], want a scalar`);
      return y;
    };
    const { value, grads } = backpropagate(scalar, leaves);
    const named: Record<string, tf.Tensor> = {};
    names.forEach((name, i) => (named[name] = grads[i] ?? tf.zerosLike(leaves[i])));
    return { value: value as tf.Scalar, grads: named };
  });
}
