// Rotary position embedding (Su et al. 2021), applied to queries and keys.
import { tf } from '../backend';
import { wantShape, wantTensor } from './check';
import { defineOp } from './dispatch';

export type RotaryLayout = 'half' | 'interleaved';

/**
 * Turns each pair of channels by its position's angle.
 * @param x [B, T, H, dh], dh even
 * @param cos [T, dh/2] or [B, T, dh/2], a constant: no gradient flows to it
 * @param sin like cos
 * @param layout which channels make a pair: 'half' = (i, i + dh/2), Qwen2's rotate_half;
 *   'interleaved' = (2i, 2i + 1), the complex pairs of Qwen-Image
 * @returns [B, T, H, dh]
 */
export const rotary = defineOp<[x: tf.Tensor, cos: tf.Tensor, sin: tf.Tensor, layout: RotaryLayout]>(
  'rotary',
  (x, cos, sin, layout) => {
    wantShape('rotary', 'x', x, [null, null, null, null]);
    const [B, T, , dh] = x.shape as number[];
    if (dh % 2 !== 0) throw new Error(`rotary: x is [${x.shape.join(', ')}], want an even last axis`);
    if (layout !== 'half' && layout !== 'interleaved') {
      throw new Error(`rotary: layout is ${JSON.stringify(layout)}, want "half" or "interleaved"`);
    }
    wantTensor('rotary', 'cos', cos);
    const wanted = cos.shape.length === 3 ? [B, T, dh / 2] : [T, dh / 2];
    wantShape('rotary', `cos (x is [${x.shape.join(', ')}])`, cos, wanted);
    wantShape('rotary', `sin (cos is [${cos.shape.join(', ')}])`, sin, cos.shape);
  },
  (x, cos, sin, layout) => {
    const [B, T, H, dh] = x.shape as number[];
    const half = dh / 2;
    const pairShape = layout === 'half' ? [B, T, H, 2, half] : [B, T, H, half, 2];
    const pairAxis = layout === 'half' ? 3 : 4;
    const angleShape = [cos.shape.length === 3 ? B : 1, T, 1, ...(layout === 'half' ? [1, half] : [half, 1])];
    const c = cos.reshape(angleShape);
    const s = sin.reshape(angleShape);
    const [a, b] = tf.split(x.reshape(pairShape), 2, pairAxis);
    const turned = [tf.sub(tf.mul(a, c), tf.mul(b, s)), tf.add(tf.mul(b, c), tf.mul(a, s))];
    return tf.concat(turned, pairAxis).reshape(x.shape);
  },
);
