// What `npm run check:webgpu` compares: every op with its gradients, and the models' work at two sizes.
import { performance } from 'node:perf_hooks';
import { QwenImageTransformer, SMALL_QWEN_IMAGE } from '../../lib/diffusion';
import { Qwen2 } from '../../lib/encoder';
import * as T from '../../lib/tensor';
import { tf } from '../../lib/tensor';

type Numbers = ArrayLike<number>;

export interface Result {
  /** What must agree between backends. */
  numbers: Numbers[];
  /** Median milliseconds of one run, or null when only the numbers matter. */
  ms: number | null;
  /** Work in one run for a rate, in GFLOP. */
  gflop?: number;
}

export interface Work {
  name: string;
  /** Largest difference allowed, relative to the largest number of each list. */
  tolerance: number;
  run(): Promise<Result>;
}

const rng = (name: string): T.RandomStream => T.RandomStream.of(11, 'check', name);
const normal = (shape: number[], name = 'x'): tf.Tensor =>
  rng(`${name} ${shape.join(' ')}`).tensorNormal(shape);
const ids = (shape: number[], below: number): tf.Tensor => {
  const from = rng(`ids ${shape.join(' ')}`);
  return tf.tensor(
    Int32Array.from({ length: tf.util.sizeFromShape(shape) }, () => from.int(below)),
    shape,
    'int32',
  );
};

/** A work that gives f's output and the gradients of a weighted sum of it, in the tensors that `inputs` makes. */
function op(
  name: string,
  inputs: () => tf.Tensor[],
  f: (xs: tf.Tensor[]) => tf.Tensor,
  withGradients = true,
): Work {
  const run = async (): Promise<Result> => {
    const all = tf.tidy(() => {
      const xs = inputs();
      const y = f(xs);
      if (!withGradients) return [tf.mul(y, 1)];
      const weights = normal(y.shape, 'cotangent');
      const loss = (): tf.Scalar => tf.sum(tf.mul(f(xs), weights));
      const { grads } = tf.engine().gradients(loss, xs, undefined, true);
      return [y, ...grads].map((x) => tf.mul(x, 1));
    });
    const numbers = await Promise.all(all.map((x) => x.data()));
    tf.dispose(all);
    return { numbers, ms: null };
  };
  return { name, tolerance: 2e-4, run };
}

/** Every op of lib/tensor, and the tfjs kernels that lib/tensor/webgpu-kernels.ts replaces, at odd sizes. */
export function opWorks(): Work[] {
  const heads = (H: number, N = 33): tf.Tensor => normal([2, N, H, 16], `heads ${H}`);
  const mask = (): tf.Tensor =>
    tf.tensor2d(
      Int32Array.from({ length: 66 }, (_, i) => +(i % 5 !== 2)),
      [2, 33],
    );
  const angles = (): tf.Tensor => normal([33, 8], 'angles');
  return [
    op(
      'linear',
      () => [normal([7, 33]), normal([65, 33]), normal([65])],
      ([x, w, b]) => T.linear(x, w, b),
    ),
    op(
      'rmsNorm',
      () => [normal([7, 65]), normal([65])],
      ([x, w]) => T.rmsNorm(x, w, 1e-6),
    ),
    op(
      'layerNorm',
      () => [normal([7, 65])],
      ([x]) => T.layerNorm(x, 1e-6),
    ),
    op(
      'layerNormModulate',
      () => [normal([2, 7, 65]), normal([2, 65]), normal([2, 65], 'scale')],
      ([x, shift, scale]) => T.layerNormModulate(x, shift, scale, 1e-6),
    ),
    op(
      'gatedResidual',
      () => [normal([2, 7, 65]), normal([2, 65]), normal([2, 7, 65], 'y')],
      ([x, gate, y]) => T.gatedResidual(x, gate, y),
    ),
    op(
      'silu',
      () => [normal([777])],
      ([x]) => T.silu(x),
    ),
    op(
      'gelu',
      () => [normal([777])],
      ([x]) => T.gelu(x),
    ),
    op(
      'swiglu',
      () => [normal([777]), normal([777], 'up')],
      ([x, y]) => T.swiglu(x, y),
    ),
    ...(['half', 'interleaved'] as const).map((layout) =>
      op(
        `rotary ${layout}`,
        () => [heads(3)],
        ([x]) => T.rotary(x, tf.cos(angles()), tf.sin(angles()), layout),
      ),
    ),
    op(
      'attention',
      () => [heads(4), heads(2), heads(2)],
      ([q, k, v]) => T.attention({ q, k, v, causal: true, keyMask: mask() }),
    ),
    op(
      'embedding',
      () => [normal([33, 17])],
      ([w]) => T.embedding(w, ids([5, 40], 33)),
    ),
    op(
      'tokenLogProbs',
      () => [normal([40, 97])],
      ([l]) => T.tokenLogProbs(l, ids([40], 97)),
    ),
    op(
      'addN of 20',
      () => [normal([1001])],
      ([x]) => tf.addN(Array<tf.Tensor>(20).fill(x)),
    ),
    op(
      'matMul, batches broadcast (forward)', // tfjs has no gradient for it, on any backend
      () => [normal([3, 1, 17, 9]), normal([1, 2, 9, 5])],
      ([a, b]) => tf.matMul(a, b),
      false,
    ),
    op(
      'sin and cos of large angles',
      () => [tf.mul(normal([1001]), 1000)],
      ([x]) => tf.add(tf.sin(x), tf.cos(x)),
    ),
  ];
}

export interface Sizes {
  width: number;
  layers: number;
  batch: number;
  tokens: number;
  text: number;
  vocabulary: number;
  prefix: number;
  newTokens: number;
  gemm: number;
  rounds: number;
}
/** The sizes that the benchmark's targets are stated at, and ones that a software driver gets through. */
export const SIZES: Record<'gpu' | 'software', Sizes> = {
  // prettier-ignore
  gpu: { width: 256, layers: 6, batch: 32, tokens: 96, text: 40, vocabulary: 4096, prefix: 24, newTokens: 64, gemm: 2048, rounds: 5 },
  // prettier-ignore
  software: { width: 64, layers: 2, batch: 2, tokens: 24, text: 8, vocabulary: 256, prefix: 8, newTokens: 4, gemm: 256, rounds: 3 },
};

/** Median milliseconds of `rounds` runs, after one that compiles the shaders. */
async function timed(rounds: number, f: () => unknown): Promise<number> {
  await f();
  const times: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const start = performance.now();
    await f();
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[rounds >> 1];
}

/** AdamW steps on one batch; the losses must agree. */
async function training(
  params: Record<string, tf.Variable>,
  loss: () => tf.Scalar,
  rounds: number,
): Promise<Result> {
  const optimiser = new T.AdamW({ lr: 1e-3 });
  const losses: number[] = [];
  const ms = await timed(rounds, async () => {
    const { value, grads } = T.valueAndGrads(loss, params);
    T.clipGradNorm(grads, 1);
    optimiser.step(params, grads);
    losses.push((await value.data())[0]);
    tf.dispose([value, grads]);
  });
  optimiser.dispose();
  const last = losses.at(-1)!;
  if (!(last < losses[0])) throw new Error(`the loss went from ${losses[0]} to ${last}, want it to fall`);
  return { numbers: [losses], ms };
}

function languageModel(s: Sizes): Qwen2 {
  const heads = { numAttentionHeads: 4, numKeyValueHeads: 2, maxPositionEmbeddings: 128 };
  const width = { hiddenSize: s.width, intermediateSize: Math.round(2.75 * s.width) };
  return Qwen2.init({ ...heads, ...width, vocabSize: s.vocabulary, numHiddenLayers: s.layers }, 0);
}

function painter(s: Sizes): QwenImageTransformer {
  const headSize = s.width / 4;
  const config = {
    ...SMALL_QWEN_IMAGE,
    in_channels: 192,
    num_layers: s.layers,
    attention_head_dim: headSize,
    num_attention_heads: 4,
    joint_attention_dim: s.width,
    axes_dims_rope: [headSize / 4, (headSize * 3) / 8, (headSize * 3) / 8] as [number, number, number],
  };
  return QwenImageTransformer.init(config, 0);
}

/** Matrix product, training of both models, decoding. */
export function modelWorks(s: Sizes): Work[] {
  const { batch: B, tokens, vocabulary: V } = s;
  return [
    {
      name: `matMul ${s.gemm}^3`,
      tolerance: 1e-4,
      run: async () => {
        const [a, b] = [normal([s.gemm, s.gemm]), normal([s.gemm, s.gemm], 'b')];
        let corner: Numbers = [];
        const ms = await timed(s.rounds, async () => {
          const part = tf.tidy(() => tf.slice(tf.matMul(a, b), [0, 0], [8, 8]));
          corner = await part.data();
          part.dispose();
        });
        return { numbers: [corner], ms, gflop: (2 * s.gemm ** 3) / 1e9 };
      },
    },
    {
      name: `LM train step, ${s.layers} x ${s.width}, ${B} x ${tokens} tokens, vocabulary ${V}`,
      tolerance: 1e-3,
      run: () => {
        const model = languageModel(s);
        const inputIds = ids([B, tokens], V);
        const targets = ids([B * tokens], V) as tf.Tensor1D;
        const loss = (): tf.Scalar => {
          const { logits } = model.forward({ inputIds });
          return T.tokenLogProbs(logits.reshape([B * tokens, V]), targets)
            .mean()
            .neg()
            .asScalar();
        };
        return training(model.parameters(), loss, s.rounds);
      },
    },
    {
      name: `DiT train step, ${s.layers} x ${s.width}, ${B} x (64 + ${s.text}) tokens`,
      tolerance: 1e-3,
      run: () => {
        const model = painter(s);
        const inputs = {
          hiddenStates: normal([B, 64, 192]),
          encoderHiddenStates: normal([B, s.text, s.width]),
          encoderHiddenStatesMask: tf.ones([B, s.text]),
          timestep: tf.fill([B], 0.5),
          imgShapes: [[[1, 8, 8] as [number, number, number]]],
        };
        const loss = (): tf.Scalar =>
          model.forward(inputs).sub(inputs.hiddenStates).square().mean().asScalar();
        return training(model.parameters(), loss, s.rounds);
      },
    },
    {
      name: `LM decode, ${B} sequences, ${s.prefix} + ${s.newTokens} tokens`,
      tolerance: Infinity, // sampled from a flat, untrained model: near ties may fall either way
      run: async () => {
        const model = languageModel(s);
        const inputIds = ids([B, s.prefix], V);
        const ms = await timed(s.rounds, async () => {
          const out = await model.generate({ inputIds, maxNewTokens: s.newTokens, temperature: 1, seed: 1 });
          tf.dispose(Object.values(out).filter((x) => x instanceof tf.Tensor));
        });
        return { numbers: [], ms };
      },
    },
  ];
}
