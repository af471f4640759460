/**
 * The predictions of a whole sampling run. What does not change from step to step is computed once: the text as it
 * enters the first block, the modulations of all steps (a batch shares its schedule), rotary angles. In this
 * architecture nothing more can be kept: from the first block on the text stream is modulated by the time step.
 * On backends that cannot pack a painter every step is `predict`.
 */
import {
  fusedPainting,
  rmsNorm,
  silu,
  tf,
  type PackedPainter,
  type PainterModel,
  type PainterRun,
  type PainterSession,
  type PainterText,
  type Params,
} from '../tensor';
import type { Conditioning } from './conditioning';
import type { QwenImageConfig } from './config';
import { fromOutput, gridOf, predict, type Denoiser, type Guided } from './denoiser';
import { positionWaves, POSITION_CHANNELS } from './positions';
import { rotaryTables, type ImageGrid } from './rope';
import { EPS, linearOf, need, timestepFeatures } from './transformer';

export interface PredictorOptions extends Guided {
  denoiser: Denoiser;
  /** The noise levels of all steps. */
  sigmas: number[];
  latents: { rows: number; tokens: number; channels: number };
  grid?: ImageGrid;
  /** Weights packed before (see packPainter), which stay the caller's. */
  packed?: PackedPainter | null;
}

export interface Predictor {
  /** Velocity and clean picture at sigmas[step], each [B, T, C], the caller's. No gradients. */
  at(step: number, latents: tf.Tensor): { velocity: tf.Tensor; x0: tf.Tensor };
  dispose(): void;
}

/**
 * Packs a painter's weights for the backend in use, to share them between runs; null where that is not offered.
 * Updates of the parameters do not reach them. The caller disposes them.
 */
export function packPainter(denoiser: Denoiser): PackedPainter | null {
  return fusedPainting()?.(painterModel(denoiser)) ?? null;
}

/** @throws when guidance is not 1 and `negative` is absent */
export function openPredictor(options: PredictorOptions): Predictor {
  const { denoiser, sigmas, guidance = 1, negative } = options;
  if (guidance !== 1 && !negative)
    throw new Error(`guidance is ${guidance} without a negative conditioning; want 1, or give one`);
  const packed = options.packed ?? packPainter(denoiser);
  if (!packed) {
    return {
      at: (step, latents) => predict(denoiser, { ...options, latents, sigma: sigmas[step] }),
      dispose: () => undefined,
    };
  }
  const free = (): void => {
    if (packed !== options.packed) packed.dispose();
  };
  try {
    let session!: PainterSession;
    tf.tidy(() => void (session = packed.open(painterRun(options)))); // not returned: a tidy keeps what it returns
    return {
      at: (step, latents) =>
        tf.tidy(() =>
          fromOutput(denoiser.flow, session.predict(step, latents), {
            latents,
            sigma: sigmas[step],
            guidance,
          }),
        ),
      dispose: () => {
        session.dispose();
        free();
      },
    };
  } catch (error) {
    free();
    throw error;
  }
}

function painterModel({ config, params }: Denoiser): PainterModel {
  const affine = (name: string) => ({
    weight: need(params, `${name}.weight`),
    bias: need(params, `${name}.bias`),
  });
  const layers = Array.from({ length: config.num_layers }, (_, i) => {
    const block = `transformer_blocks.${i}`;
    const stream = (names: { q: string; k: string; v: string; out: string; norm: string; mlp: string }) => ({
      normQ: need(params, `${block}.attn.norm_${names.norm}q.weight`),
      normK: need(params, `${block}.attn.norm_${names.norm}k.weight`),
      q: affine(`${block}.attn.${names.q}`),
      k: affine(`${block}.attn.${names.k}`),
      v: affine(`${block}.attn.${names.v}`),
      out: affine(`${block}.attn.${names.out}`),
      up: affine(`${block}.${names.mlp}.net.0.proj`),
      down: affine(`${block}.${names.mlp}.net.2`),
    });
    return {
      image: stream({ q: 'to_q', k: 'to_k', v: 'to_v', out: 'to_out.0', norm: '', mlp: 'img_mlp' }),
      text: stream({
        q: 'add_q_proj',
        k: 'add_k_proj',
        v: 'add_v_proj',
        out: 'to_add_out',
        norm: 'added_',
        mlp: 'txt_mlp',
      }),
    };
  });
  return { heads: config.num_attention_heads, imgIn: affine('img_in'), projOut: affine('proj_out'), layers };
}

function painterRun(options: PredictorOptions): PainterRun {
  const { denoiser, sigmas, conditioning, negative, guidance = 1, latents } = options;
  const { config, params } = denoiser;
  const { rows, tokens, channels } = latents;
  const grid = gridOf(tokens, options.grid);
  const told = [{ conditioning, rows }];
  if (guidance !== 1) told.push({ conditioning: negative!, rows });
  const texts = told.map((part) => textOf(params, part.conditioning, part.rows));
  const places = Math.max(...told.map((part) => part.conditioning.embeds.shape[1]!));
  const angles = rotaryTables([grid], places, config.axes_dims_rope);
  const waves = config.in_channels - channels;
  if (waves !== 0 && waves !== POSITION_CHANNELS) {
    throw new Error(
      `transformer/config.json: in_channels is ${config.in_channels}, want ${channels} or ${channels + POSITION_CHANNELS}`,
    );
  }
  return {
    samples: rows * told.length,
    latentRows: rows,
    tokens,
    channels,
    waves: waves > 0 ? positionWaves(grid) : undefined,
    text: joinTexts(texts),
    textAngles: angles.text,
    imageAngles: angles.image,
    modulations: modulationsOf(config, params, sigmas),
  };
}

/** The modulations of every block at every noise level, [steps, 6 D] each. */
function modulationsOf(config: QwenImageConfig, params: Params, sigmas: number[]): PainterRun['modulations'] {
  const embedder = 'time_text_embed.timestep_embedder';
  const features = linearOf(params, `${embedder}.linear_1`, timestepFeatures(tf.tensor1d(sigmas)));
  const time = silu(linearOf(params, `${embedder}.linear_2`, silu(features))); // [steps, D]
  const layers = Array.from({ length: config.num_layers }, (_, i) => ({
    image: linearOf(params, `transformer_blocks.${i}.img_mod.1`, time),
    text: linearOf(params, `transformer_blocks.${i}.txt_mod.1`, time),
  }));
  return { layers, final: linearOf(params, 'norm_out.linear', time) };
}

/** The text of `rows` samples as it enters the first block; one row of conditioning stands for all. */
function textOf(params: Params, { embeds, mask }: Conditioning, rows: number): PainterText {
  const [given, S] = embeds.shape;
  if (given !== rows && given !== 1)
    throw new Error(`conditioning: embeds is [${embeds.shape.join(', ')}], want ${rows} rows or one`);
  const states = linearOf(params, 'txt_in', rmsNorm(embeds, need(params, 'txt_norm.weight'), EPS)); // [given, S, D]
  const D = states.shape[2]!;
  const [values, kept] = [states.dataSync<'float32'>(), mask.dataSync()];
  const chosen: number[] = []; // rows of `values`
  const starts = [0];
  for (let b = 0; b < rows; b++) {
    const row = given === 1 ? 0 : b;
    for (let t = 0; t < S!; t++) if (kept[row * S! + t] !== 0) chosen.push(row * S! + t);
    starts.push(chosen.length);
  }
  const packed = new Float32Array(chosen.length * D);
  chosen.forEach((from, to) => packed.set(values.subarray(from * D, (from + 1) * D), to * D));
  return {
    states: packed,
    starts: Int32Array.from(starts),
    places: Int32Array.from(chosen, (i) => i % S!),
  };
}

function joinTexts(parts: PainterText[]): PainterText {
  if (parts.length === 1) return parts[0];
  const [a, b] = parts;
  const offset = a.places.length;
  return {
    states: Float32Array.from([...a.states, ...b.states]),
    starts: Int32Array.from([...a.starts, ...Array.from(b.starts.subarray(1), (start) => start + offset)]),
    places: Int32Array.from([...a.places, ...b.places]),
  };
}
