// The end of `npm run setup:tensorflow`: a matrix product and a gradient on the new backend, against numbers known
// beforehand. Prints one line; fails with a reason.
import assert from 'node:assert/strict';
import { initBackend, tf, valueAndGrads } from '../../lib/tensor';

async function main(): Promise<void> {
  const began = performance.now();
  const { name, detail, threads } = await initBackend('tensorflow');
  assert.equal(tf.getBackend(), 'tensorflow');
  const [a, b] = [tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]), tf.tensor2d([1, 0, 2, -1, 0, 3], [3, 2])];
  assert.deepEqual([...tf.matMul(a, b).dataSync()], [5, 7, 14, 13]);
  const w = tf.variable(b);
  const { value, grads } = valueAndGrads(() => tf.sum(tf.square(tf.matMul(a, w))).asScalar(), { w });
  assert.equal(value.dataSync()[0], 25 + 49 + 196 + 169);
  assert.deepEqual([...grads.w.dataSync()], [122, 118, 160, 158, 198, 198]); // 2 aᵀ(a w)
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(
    `backend ${name} (${detail}, ${threads} threads): product and gradient are right, ${seconds} s.`,
  );
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
