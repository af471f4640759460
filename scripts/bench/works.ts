/** The benchmark's works on the library's own public functions; torch/works.py has the same in PyTorch. */
import {
  DEFAULT_FLOW,
  QwenImageTransformer,
  imageSeeds,
  sample,
  type Conditioning,
} from '../../lib/diffusion';
import { lmLoss, Qwen2 } from '../../lib/encoder';
import { AdamW, clipGradNorm, tf, valueAndGrads } from '../../lib/tensor';
import { fill, numbers, parameterCount, textMask, tokenIds } from './fill';
import { makeGrpo } from './grpo-work';
import type { Check, WorkSpec } from './protocol';
import type { DitSizes, LmSizes } from './sizes';

export interface Work {
  run: () => void | Promise<void>;
  check: Check;
  dispose: () => void;
}

type Sizes = Record<string, number>;

/** Builds a work; train steps take their first step here, for the check. */
export async function makeWork(kind: WorkSpec['kind'], sizes: WorkSpec['sizes']): Promise<Work> {
  switch (kind) {
    case 'gemm':
      return gemm(sizes as Sizes);
    case 'lm_train':
      return lmTrain(sizes as Sizes, sizes.config as LmSizes);
    case 'lm_decode':
      return lmDecode(sizes as Sizes, sizes.config as LmSizes);
    case 'dit_train':
      return ditTrain(sizes as Sizes, sizes.config as DitSizes);
    case 'dit_sample':
      return ditSample(sizes as Sizes, sizes.config as DitSizes);
    case 'grpo':
      return makeGrpo(sizes as Sizes);
  }
}

function gemm({ m, k, n, transposeA }: Sizes): Work {
  const transposed = Boolean(transposeA);
  const a = numbers(transposed ? [k, m] : [m, k], 1) as tf.Tensor2D;
  const b = numbers([k, n], 2) as tf.Tensor2D;
  return {
    run: () => tf.dispose(tf.matMul(a, b, transposed)),
    check: {},
    dispose: () => tf.dispose([a, b]),
  };
}

/** Forward, backward, clip at norm 1, AdamW: the step of every training stage. */
async function trainStep(
  params: Record<string, tf.Variable>,
  loss: () => tf.Scalar,
): Promise<Omit<Work, 'dispose'> & { optimiser: AdamW }> {
  const optimiser = new AdamW({ lr: 1e-4, betas: [0.9, 0.99], eps: 1e-8, weightDecay: 0.01 });
  const step = (): { value: tf.Scalar; gradNorm: number } => {
    const { value, grads } = valueAndGrads(loss, params);
    const gradNorm = clipGradNorm(grads, 1);
    optimiser.step(params, grads);
    tf.dispose(grads);
    return { value, gradNorm };
  };
  const { value, gradNorm } = step();
  const first = (await value.data())[0];
  value.dispose();
  return {
    run: () => step().value.dispose(),
    check: { parameters: parameterCount(params), loss: first, gradNorm },
    optimiser,
  };
}

const lmOf = (c: LmSizes): Qwen2 => {
  const lm = Qwen2.init(
    {
      vocabSize: c.vocab,
      hiddenSize: c.hidden,
      intermediateSize: c.inner,
      numHiddenLayers: c.layers,
      numAttentionHeads: c.heads,
      numKeyValueHeads: c.kv,
      maxPositionEmbeddings: c.context,
    },
    0,
  );
  fill(lm.parameters());
  return lm;
};

async function lmTrain({ batch, tokens }: Sizes, config: LmSizes): Promise<Work> {
  const lm = lmOf(config);
  const ids = tokenIds([batch, tokens + 1], config.vocab, 3);
  const { optimiser, ...work } = await trainStep(lm.parameters(), () => lmLoss(lm.config, lm.params, ids));
  const dispose = (): void => {
    lm.dispose();
    optimiser.dispose();
    ids.dispose();
  };
  return { ...work, dispose };
}

async function lmDecode({ batch, prompt, new: fresh }: Sizes, config: LmSizes): Promise<Work> {
  const lm = lmOf(config);
  const inputIds = tokenIds([batch, prompt], config.vocab, 6);
  const decode = async (): Promise<number[]> => {
    const out = await lm.generate({ inputIds, maxNewTokens: fresh, temperature: 0, eosTokenId: null });
    tf.dispose([out.sequences, out.logProbs]);
    return out.tokenIds.flat();
  };
  const tokens = await decode();
  return {
    run: async () => void (await decode()),
    check: { parameters: lm.parameterCount, newTokens: tokens.length, tokens: tokens.slice(0, 512) },
    dispose: () => {
      lm.dispose();
      inputIds.dispose();
    },
  };
}

function ditOf(c: DitSizes): QwenImageTransformer {
  const model = QwenImageTransformer.init(
    {
      patch_size: Math.sqrt(c.out / 3),
      in_channels: c.channels,
      out_channels: 3,
      num_layers: c.layers,
      attention_head_dim: c.hidden / c.heads,
      num_attention_heads: c.heads,
      joint_attention_dim: c.text_dim,
      axes_dims_rope: c.axes,
    },
    0,
  );
  fill(model.parameters());
  return model;
}

function ditInputs({ batch, image, text }: Sizes, c: DitSizes): { x: tf.Tensor; conditioning: Conditioning } {
  const conditioning = { embeds: numbers([batch, text, c.text_dim], 5), mask: textMask(batch, text) };
  return { x: numbers([batch, image, c.channels], 4), conditioning: conditioning as Conditioning };
}

const freeDit = (model: QwenImageTransformer, { x, conditioning }: ReturnType<typeof ditInputs>): void => {
  model.dispose();
  tf.dispose([x, conditioning.embeds, conditioning.mask]);
};

async function ditTrain(sizes: Sizes, config: DitSizes): Promise<Work> {
  const model = ditOf(config);
  const inputs = ditInputs(sizes, config);
  const { batch: B, image: T } = sizes;
  const timestep = tf.tensor1d(Float32Array.from({ length: B }, (_, b) => (b + 0.5) / B));
  const side = Math.sqrt(T);
  const { optimiser, ...work } = await trainStep(model.parameters(), () =>
    tf.tidy(() => {
      const predicted = model.forward({
        hiddenStates: inputs.x,
        encoderHiddenStates: inputs.conditioning.embeds,
        encoderHiddenStatesMask: inputs.conditioning.mask,
        timestep,
        imgShapes: [[[1, side, side]]],
      });
      return predicted.sub(inputs.x).square().mean().asScalar();
    }),
  );
  const dispose = (): void => {
    freeDit(model, inputs);
    optimiser.dispose();
    timestep.dispose();
  };
  return { ...work, dispose };
}

async function ditSample(sizes: Sizes, config: DitSizes): Promise<Work> {
  const model = ditOf(config);
  const inputs = ditInputs(sizes, config);
  const draw = (): Promise<tf.Tensor> =>
    sample({
      denoiser: { config: model.config, params: model.parameters(), flow: DEFAULT_FLOW },
      conditioning: inputs.conditioning,
      images: imageSeeds(0, sizes.batch, 'bench'),
      latents: inputs.x,
      steps: sizes.steps,
    });
  const first = await draw();
  const mean = tf.tidy(() => first.abs().mean().dataSync()[0]);
  first.dispose();
  return {
    run: async () => {
      const pictures = await draw();
      await pictures.data();
      pictures.dispose();
    },
    check: { parameters: parameterCount(model.parameters()), mean },
    dispose: () => freeDit(model, inputs),
  };
}
