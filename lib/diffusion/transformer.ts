/**
 * The painter: Qwen-Image's two-stream diffusion transformer (MMDiT) as a pure function over named parameters.
 * Text and image tokens have their own weights and meet in one joint attention per block; the time step modulates
 * both streams. Same maths and same names as diffusers' QwenImageTransformer2DModel.
 */
import {
  gatedResidual,
  geluMlp,
  jointAttention,
  layerNormModulate,
  linear,
  rmsNorm,
  silu,
  tf,
  type AttentionStream,
  type Params,
} from '../tensor';
import type { QwenImageConfig } from './config';
import { rotaryTables, type ImageGrid } from './rope';

export const EPS = 1e-6;

export interface QwenImageInputs {
  hiddenStates: tf.Tensor; // [B, T, in_channels] noisy patches
  encoderHiddenStates: tf.Tensor; // [B, S, joint_attention_dim] text states
  encoderHiddenStatesMask?: tf.Tensor; // [B, S] 1 = real token, 0 = padding; absent = all real
  timestep: tf.Tensor; // [B] noise level in [0, 1]
  imgShapes: (ImageGrid | ImageGrid[])[]; // per sample, a list of token grids; all samples alike
}

/** The linear layer `name` (its weight and bias) on x. */
export function linearOf(params: Params, name: string, x: tf.Tensor): tf.Tensor {
  return linear(x, need(params, `${name}.weight`), need(params, `${name}.bias`));
}

export function need(params: Params, name: string): tf.Tensor {
  const tensor = params[name];
  if (!tensor) throw new Error(`transformer: parameter "${name}" is missing`);
  return tensor;
}

/** Sinusoidal features of 1000 * timestep, cosines first. [B] -> [B, 256] */
export function timestepFeatures(timestep: tf.Tensor): tf.Tensor {
  const half = 128;
  const frequencies = Float32Array.from({ length: half }, (_, i) => Math.exp((-Math.log(10000) * i) / half));
  const angles = timestep
    .reshape([-1, 1])
    .mul(tf.tensor2d(frequencies, [1, half]))
    .mul(1000); // [B, 128]
  return tf.concat([angles.cos(), angles.sin()], 1); // [B, 256]
}

/** Cuts [B, n * D] into n pieces of [B, D]. */
function chunks(x: tf.Tensor, n: number): tf.Tensor[] {
  return tf.split(x, n, 1);
}

interface Rotary {
  cos: tf.Tensor;
  sin: tf.Tensor;
}

/** One projection of one stream, cut into heads. */
function heads(params: Params, name: string, x: tf.Tensor, headDim: number): tf.Tensor {
  const [B, T] = x.shape;
  const y = linearOf(params, name, x);
  return y.reshape([B, T, y.shape[2]! / headDim, headDim]); // [B, T, H, dh]
}

/** The names that Qwen-Image gives a stream's layers of the attention. */
const IMAGE_NAMES = { q: 'to_q', k: 'to_k', v: 'to_v', qNorm: 'norm_q', kNorm: 'norm_k' };
const TEXT_NAMES = {
  q: 'add_q_proj',
  k: 'add_k_proj',
  v: 'add_v_proj',
  qNorm: 'norm_added_q',
  kNorm: 'norm_added_k',
};

/** A stream x as the attention wants it: projected, with its norms and places; without queries unless `asks`. */
function attentionStream(
  params: Params,
  attn: string,
  names: typeof IMAGE_NAMES,
  x: tf.Tensor,
  { headDim, at, asks }: { headDim: number; at: Rotary; asks: boolean },
): AttentionStream {
  const project = (name: string) => heads(params, `${attn}.${name}`, x, headDim); // [B, T, H, dh]
  const weight = (name: string) => need(params, `${attn}.${name}.weight`);
  return {
    q: asks ? project(names.q) : null,
    k: project(names.k),
    v: project(names.v),
    norm: { q: weight(names.qNorm), k: weight(names.kNorm), eps: EPS },
    rotary: { ...at, layout: 'interleaved' },
  };
}

function feedForward(params: Params, name: string, x: tf.Tensor): tf.Tensor {
  return geluMlp(x, {
    up: need(params, `${name}.net.0.proj.weight`),
    upBias: need(params, `${name}.net.0.proj.bias`),
    down: need(params, `${name}.net.2.weight`),
    downBias: need(params, `${name}.net.2.bias`),
  });
}

interface BlockInputs {
  image: tf.Tensor; // [B, T, D]
  text: tf.Tensor; // [B, S, D]
  time: tf.Tensor; // [B, D], silu already applied
  keyMask?: tf.Tensor; // [B, S + T]
  textRotary: Rotary;
  imageRotary: Rotary;
  headDim: number;
  last: boolean; // the text leaving the last block is never read, so it is not computed
}

function block(params: Params, name: string, inputs: BlockInputs): { image: tf.Tensor; text: tf.Tensor } {
  const { time, headDim, last } = inputs;
  let { image, text } = inputs;
  const [B, T, D] = image.shape;
  const S = text.shape[1]!;
  const [shift1, scale1, gate1, shift2, scale2, gate2] = chunks(
    linearOf(params, `${name}.img_mod.1`, time),
    6,
  );
  const [tShift1, tScale1, tGate1, tShift2, tScale2, tGate2] = chunks(
    linearOf(params, `${name}.txt_mod.1`, time),
    6,
  );
  const x = layerNormModulate(image, shift1, scale1, EPS); // [B, T, D]
  const c = layerNormModulate(text, tShift1, tScale1, EPS); // [B, S, D]

  const attn = `${name}.attn`;
  const ofText = { headDim, at: inputs.textRotary, asks: !last };
  const ofImage = { headDim, at: inputs.imageRotary, asks: true };
  const streams = [
    attentionStream(params, attn, TEXT_NAMES, c, ofText),
    attentionStream(params, attn, IMAGE_NAMES, x, ofImage),
  ];
  const mixed = jointAttention({ streams, keyMask: inputs.keyMask }); // [text [B, S, H, dh],] image [B, T, H, dh]
  const imageOut = mixed[mixed.length - 1].reshape([B, T, D]);

  image = gatedResidual(image, gate1, linearOf(params, `${attn}.to_out.0`, imageOut));
  image = gatedResidual(
    image,
    gate2,
    feedForward(params, `${name}.img_mlp`, layerNormModulate(image, shift2, scale2, EPS)),
  );
  if (last) return { image, text };
  text = gatedResidual(text, tGate1, linearOf(params, `${attn}.to_add_out`, mixed[0].reshape([B, S, D])));
  text = gatedResidual(
    text,
    tGate2,
    feedForward(params, `${name}.txt_mlp`, layerNormModulate(text, tShift2, tScale2, EPS)),
  );
  return { image, text };
}

/**
 * One prediction of the painter.
 *
 * What depends only on the text (txt_norm, txt_in) could be kept between denoising steps; it is one matrix product
 * of 2 + 24 * num_layers, so it is computed each time.
 * @returns [B, T, patch_size^2 * out_channels]: clean patches or velocity, as the scheduler's prediction_type says
 * @throws when a parameter is missing or the input shapes contradict each other
 */
export function qwenImageForward(
  config: QwenImageConfig,
  params: Params,
  inputs: QwenImageInputs,
): tf.Tensor {
  const { hiddenStates, encoderHiddenStates, encoderHiddenStatesMask: mask, timestep } = inputs;
  return tf.tidy(() => {
    const [B, T, C] = hiddenStates.shape;
    const S = encoderHiddenStates.shape[1]!;
    const grids = gridsOf(inputs.imgShapes);
    check('hiddenStates', hiddenStates.shape, [
      B,
      grids.reduce((n, [f, h, w]) => n + f * h * w, 0),
      config.in_channels,
    ]);
    check('encoderHiddenStates', encoderHiddenStates.shape, [B, S, config.joint_attention_dim]);
    check('timestep', timestep.shape, [B]);
    if (mask) check('encoderHiddenStatesMask', mask.shape, [B, S]);

    const { text, image } = rotaryTables(grids, S, config.axes_dims_rope);
    const half = config.attention_head_dim / 2;
    const textRotary = { cos: tf.tensor2d(text.cos, [S, half]), sin: tf.tensor2d(text.sin, [S, half]) };
    const imageRotary = { cos: tf.tensor2d(image.cos, [T, half]), sin: tf.tensor2d(image.sin, [T, half]) };
    const keyMask = mask ? tf.concat([mask.toFloat(), tf.ones([B, T])], 1) : undefined; // [B, S + T]

    const embedder = 'time_text_embed.timestep_embedder';
    const features = linearOf(params, `${embedder}.linear_1`, timestepFeatures(timestep));
    const time = silu(linearOf(params, `${embedder}.linear_2`, silu(features))); // [B, D], as every reader wants it

    let streams = {
      image: linearOf(params, 'img_in', hiddenStates), // [B, T, D]
      text: linearOf(params, 'txt_in', rmsNorm(encoderHiddenStates, need(params, 'txt_norm.weight'), EPS)), // [B, S, D]
    };
    for (let i = 0; i < config.num_layers; i++) {
      streams = block(params, `transformer_blocks.${i}`, {
        ...streams,
        time,
        keyMask,
        textRotary,
        imageRotary,
        headDim: config.attention_head_dim,
        last: i === config.num_layers - 1,
      });
    }
    const [scale, shift] = chunks(linearOf(params, 'norm_out.linear', time), 2); // scale comes first here
    return linearOf(params, 'proj_out', layerNormModulate(streams.image, shift, scale, EPS));
  });
}

function gridsOf(shapes: (ImageGrid | ImageGrid[])[]): ImageGrid[] {
  const lists = shapes.map((s) => (typeof s[0] === 'number' ? [s as ImageGrid] : (s as ImageGrid[])));
  const first = JSON.stringify(lists[0]);
  const odd = lists.find((list) => JSON.stringify(list) !== first);
  if (!lists.length || odd) {
    throw new Error(
      `imgShapes: a sample has ${JSON.stringify(odd)}, want the grids of the first sample ${first}`,
    );
  }
  return lists[0];
}

function check(name: string, found: readonly number[], wanted: readonly number[]): void {
  if (found.length !== wanted.length || found.some((n, i) => n !== wanted[i])) {
    throw new Error(`${name}: shape is [${found}], want [${wanted}]`);
  }
}
