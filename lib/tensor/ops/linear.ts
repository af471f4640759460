// The affine map of every projection in both models.
import { tf } from '../backend';
import { wantLastAxis, wantShape } from './check';
import { defineOp } from './dispatch';

type Linear = [x: tf.Tensor, weight: tf.Tensor, bias?: tf.Tensor | null];

/**
 * `x @ weight^T + bias`.
 * @param x [..., I]
 * @param weight [O, I], the layout of torch.nn.Linear
 * @param bias [O], optional
 * @returns [..., O]
 * @throws when the shapes do not agree
 */
export const linear = defineOp<Linear>(
  'linear',
  (x, weight, bias) => {
    const inputs = wantLastAxis('linear', 'x', x);
    wantShape('linear', `weight (x is [${x.shape.join(', ')}])`, weight, [null, inputs]);
    if (bias) wantShape('linear', `bias (weight is [${weight.shape.join(', ')}])`, bias, [weight.shape[0]]);
  },
  (x, weight, bias) => {
    const [O, I] = weight.shape as number[];
    const outShape = [...x.shape.slice(0, -1), O];
    const rows = x.shape.slice(0, -1).reduce((a, b) => a * b, 1);
    const product = tf.matMul(x.reshape([rows, I]) as tf.Tensor2D, weight as tf.Tensor2D, false, true); // [N, O]
    return (bias ? tf.add(product, bias) : product).reshape(outShape);
  },
);
