// Fused twins of the losses that start from hidden states.
import { tf } from '../backend';
import type { Twins } from '../ops/dispatch';
import { gradientOf, kernel, type KernelCall, run, runAll } from './fused-kernel';
import type { NativeArgument } from './addon';

/** hidden, weight, targets, N, D, V, temperature: what every kernel of the head begins with. */
function headArguments(call: KernelCall): NativeArgument[] {
  const [N, D] = call.shape('hidden');
  const [V] = call.shape('weight');
  const given = [call.values('hidden'), call.values('weight'), call.values('targets')];
  return [...given, N, D, V, call.number('temperature')];
}

function registerLogProbs(): void {
  kernel('T2GHeadLogProbs', (call) => {
    const [N] = call.shape('hidden');
    const out = call.output([N]);
    const logSums = call.output([N]);
    call.native('headLogProbs', ...headArguments(call), out, logSums);
  });
  kernel('T2GHeadLogProbsGrad', (call) => {
    const dhidden = call.output(call.shape('hidden'));
    const dweight = call.output(call.shape('weight'));
    const given = [...headArguments(call), call.values('logSums'), call.values('dy')];
    call.native('headLogProbsGrad', ...given, dhidden, dweight);
  });
  gradientOf(
    'T2GHeadLogProbs',
    { inputs: ['hidden', 'weight', 'targets'], outputs: [false, true] },
    ({ dy, saved: [hidden, weight, targets, logSums], attributes }) => {
      const inputs = { hidden, weight, targets, logSums, dy };
      const [dhidden, dweight] = runAll('T2GHeadLogProbsGrad', inputs, attributes);
      return { hidden: () => dhidden, weight: () => dweight, targets: () => tf.zerosLike(targets) };
    },
  );

  kernel('T2GHeadEntropy', (call) => {
    const out = call.output([call.shape('hidden')[0]]);
    call.native('headEntropy', ...headArguments(call), out);
  });
  gradientOf('T2GHeadEntropy', { inputs: ['hidden', 'weight'] }, ({ saved: [hidden, weight] }) => ({
    hidden: () => tf.zerosLike(hidden),
    weight: () => tf.zerosLike(weight),
  }));
}

function registerCrossEntropy(): void {
  kernel('T2GHeadCrossEntropy', (call) => {
    const rowWeights = call.values('rowWeights') as Float32Array;
    const loss = call.output([]);
    const logProbs = call.output([rowWeights.length]);
    const dhidden = call.output(call.shape('hidden'));
    const dweight = call.output(call.shape('weight'));
    call.native('headCrossEntropy', ...headArguments(call), rowWeights, logProbs, dhidden, dweight);
    loss[0] = -logProbs.reduce((sum, x, n) => sum + x * rowWeights[n], 0);
  });
  gradientOf(
    'T2GHeadCrossEntropy',
    { inputs: ['targets'], outputs: [false, true, true, true], kept: [1, 2, 3] },
    ({ dy, saved: [targets, logProbs, dhidden, dweight] }) => ({
      hidden: () => tf.mul(dhidden, dy),
      weight: () => tf.mul(dweight, dy),
      targets: () => tf.zerosLike(targets),
      rowWeights: () => tf.mul(logProbs, tf.neg(dy)),
    }),
  );
}

/** Whether a gradient tape is open. */
const isRecording = (): boolean =>
  (tf.engine() as unknown as { state: { gradientDepth: number } }).state.gradientDepth > 0;

function logProbsOf(hidden: tf.Tensor, weight: tf.Tensor, targets: tf.Tensor, temperature = 1): tf.Tensor {
  const [logProbs, logSums] = runAll('T2GHeadLogProbs', { hidden, weight, targets }, { temperature });
  logSums.dispose(); // a tape keeps its own reference
  return logProbs;
}

/** Registers the kernels and returns the twins. */
export function headTwins(): Twins {
  registerLogProbs();
  registerCrossEntropy();
  return {
    tokenLogProbsFromHidden: logProbsOf,
    crossEntropyFromHidden: (
      hidden: tf.Tensor,
      weight: tf.Tensor,
      targets: tf.Tensor,
      rowWeights: tf.Tensor,
      temperature = 1,
    ) => {
      if (!isRecording())
        return tf.tidy(() =>
          tf.neg(tf.sum(tf.mul(rowWeights, logProbsOf(hidden, weight, targets, temperature)))),
        );
      const inputs = { hidden, weight, targets, rowWeights };
      const [loss, ...forGradients] = runAll('T2GHeadCrossEntropy', inputs, { temperature });
      tf.dispose(forGradients); // a tape keeps its own references
      return loss;
    },
    tokenEntropyFromHidden: (hidden: tf.Tensor, weight: tf.Tensor, temperature = 1) =>
      run('T2GHeadEntropy', { hidden, weight }, { temperature }),
  };
}
