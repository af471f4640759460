// Fused twins of the ops built on matrix products and tables: linear, embedding, token log-probs.
import { tf } from '../backend';
import type { Twins } from '../ops/dispatch';
import { wantsGradient } from '../tape';
import { gradientOf, kernel, type KernelCall, run, runAll } from './fused-kernel';

const sizeOf = (shape: number[]): number => shape.reduce((a, b) => a * b, 1);

function registerLinear(): void {
  const forward = (call: KernelCall): void => {
    const [O, I] = call.shape('weight');
    const leading = call.shape('x').slice(0, -1);
    const y = call.output([...leading, O]);
    const given = [call.values('x'), call.values('weight'), call.values('bias')];
    call.native('linear', ...given, sizeOf(leading), I, O, y);
  };
  kernel('T2GLinear', forward);
  kernel('T2GLinearBias', forward);
  kernel('T2GLinearGradX', (call) => {
    const [O, I] = call.shape('weight');
    const leading = call.shape('dy').slice(0, -1);
    const dx = call.output([...leading, I]);
    call.native('linearGradX', call.values('dy'), call.values('weight'), sizeOf(leading), I, O, dx);
  });
  for (const [name, biased] of [
    ['T2GLinearGradWeight', false],
    ['T2GLinearGradWeightBias', true],
  ] as const) {
    kernel(name, (call) => {
      const I = call.shape('x').slice(-1)[0];
      const O = call.shape('dy').slice(-1)[0];
      const rows = sizeOf(call.shape('x').slice(0, -1));
      const dweight = call.output([O, I]);
      const dbias = biased ? call.output([O]) : null;
      call.native('linearGradWeight', call.values('dy'), call.values('x'), rows, I, O, dweight, dbias);
    });
  }
  kernel('T2GColumnSums', (call) => {
    const O = call.shape('dy').slice(-1)[0];
    const out = call.output([O]);
    call.native('columnSums', call.values('dy'), sizeOf(call.shape('dy')) / O, O, out);
  });
  gradientOf('T2GLinear', { inputs: ['x', 'weight'] }, ({ dy, saved: [x, weight] }) => ({
    x: () => run('T2GLinearGradX', { dy, weight }),
    weight: () => run('T2GLinearGradWeight', { dy, x }),
  }));
  gradientOf('T2GLinearBias', { inputs: ['x', 'weight'] }, ({ dy, saved: [x, weight] }) => {
    // Both at once where both are wanted: the sums are taken from dy while it is packed.
    const both = wantsGradient('weight') && wantsGradient('bias');
    const [dweight, dbias] = both ? runAll('T2GLinearGradWeightBias', { dy, x }) : [];
    return {
      x: () => run('T2GLinearGradX', { dy, weight }),
      weight: () => dweight ?? run('T2GLinearGradWeight', { dy, x }),
      bias: () => dbias ?? run('T2GColumnSums', { dy }),
    };
  });
}

function registerTokens(): void {
  kernel('T2GEmbedding', (call) => {
    const [V, D] = call.shape('weight');
    const ids = call.shape('ids');
    const out = call.output([...ids, D]);
    call.native('embeddingRows', call.values('weight'), call.values('ids'), V, D, sizeOf(ids), out);
  });
  kernel('T2GEmbeddingGrad', (call) => {
    const V = call.number('rows');
    const D = call.shape('dy').slice(-1)[0];
    const dweight = call.output([V, D]);
    call.native(
      'embeddingGrad',
      call.values('ids'),
      call.values('dy'),
      V,
      D,
      sizeOf(call.shape('ids')),
      dweight,
    );
  });
  gradientOf('T2GEmbedding', { inputs: ['ids'] }, ({ dy, saved: [ids], attributes }) => ({
    weight: () => run('T2GEmbeddingGrad', { ids, dy }, { rows: attributes.rows }),
    ids: () => tf.zerosLike(ids),
  }));

  kernel('T2GTokenLogProbs', (call) => {
    const [N, V] = call.shape('logits');
    const out = call.output([N]);
    call.native('tokenLogProbs', call.values('logits'), call.values('targets'), N, V, out);
  });
  kernel('T2GTokenLogProbsGrad', (call) => {
    const [N, V] = call.shape('logits');
    const dlogits = call.output([N, V]);
    const given = [call.values('logits'), call.values('targets'), call.values('dy')];
    call.native('tokenLogProbsGrad', ...given, N, V, dlogits);
  });
  gradientOf('T2GTokenLogProbs', { inputs: ['logits', 'targets'] }, ({ dy, saved: [logits, targets] }) => ({
    logits: () => run('T2GTokenLogProbsGrad', { logits, targets, dy }),
    targets: () => tf.zerosLike(targets),
  }));
}

/** Registers the kernels and returns the twins. */
export function productTwins(): Twins {
  registerLinear();
  registerTokens();
  return {
    linear: (x: tf.Tensor, weight: tf.Tensor, bias?: tf.Tensor | null) =>
      bias ? run('T2GLinearBias', { x, weight, bias }) : run('T2GLinear', { x, weight }),
    embedding: (weight: tf.Tensor, ids: tf.Tensor) =>
      run('T2GEmbedding', { weight, ids }, { rows: weight.shape[0] as number }),
    tokenLogProbs: (logits: tf.Tensor, targets: tf.Tensor) => run('T2GTokenLogProbs', { logits, targets }),
  };
}
