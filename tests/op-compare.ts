// Compares a fused op with its definition: values and gradients, through the project's own backward walk.
import assert from 'node:assert/strict';
import { tf, valueAndGrads } from '../lib/tensor';

export type Run = (xs: tf.Tensor[]) => tf.Tensor;

/** The output and the gradients of sum(output * cotangent) in xs, as plain arrays. */
export function outputAndGrads(run: Run, xs: tf.Tensor[]): Float32Array[] {
  return tf.tidy(() => {
    let output: Float32Array | undefined;
    const params = Object.fromEntries(xs.map((x, i) => [String(i), tf.variable(x)]));
    const { value, grads } = valueAndGrads(() => {
      const y = run(Object.values(params) as tf.Tensor[]);
      output = y.dataSync() as Float32Array;
      return tf.sum(tf.mul(y, tf.sin(tf.add(tf.range(0, y.size), 0.5)).reshape(y.shape)));
    }, params);
    const all = [output as Float32Array, ...xs.map((_, i) => grads[String(i)].dataSync() as Float32Array)];
    tf.dispose([value, grads, params]);
    return all as unknown as tf.Tensor[];
  }) as unknown as Float32Array[];
}

/** Asserts that a twin's output and gradients are the definition's, to 2e-5 of the largest (fp32 sums in another order). */
export function compare(name: string, twin: Run, definition: Run, xs: tf.Tensor[]): void {
  const wanted = outputAndGrads(definition, xs);
  outputAndGrads(twin, xs).forEach((found, i) => {
    const top = wanted[i].reduce((m, x) => Math.max(m, Math.abs(x)), 1e-6);
    assert.equal(found.length, wanted[i].length);
    found.forEach((x, at) =>
      assert.ok(
        Math.abs(x - wanted[i][at]) < 2e-5 * top,
        `${name}: ${i ? `gradient ${i - 1}` : 'value'}[${at}] is ${x}, want ${wanted[i][at]}`,
      ),
    );
  });
}
