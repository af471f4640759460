// What a backend may offer for drawing: the Qwen-Image transformer's weights in a layout of its own, and sessions that
// predict one denoising step in one call, without gradients. The definition is qwenImageForward
// (lib/diffusion/transformer.ts); a session gives the same numbers up to rounding.
import { tf } from '../backend';

interface Affine {
  weight: tf.Tensor; // [out, in]
  bias: tf.Tensor; // [out]
}

/** One stream of one block. */
export interface PainterStream {
  normQ: tf.Tensor; // [dh]
  normK: tf.Tensor; // [dh]
  q: Affine; // D -> D
  k: Affine;
  v: Affine;
  out: Affine;
  up: Affine; // D -> F
  down: Affine; // F -> D
}

export interface PainterModel {
  heads: number;
  imgIn: Affine;
  projOut: Affine;
  layers: { image: PainterStream; text: PainterStream }[];
}

/** The text that some samples are told, padding left out. */
export interface PainterText {
  /** One after the other, [tokens, D]: what enters the first block */
  states: Float32Array;
  /** Where each sample's tokens start, [B + 1] */
  starts: Int32Array;
  /** Which row of the rotary table each token reads, [tokens] */
  places: Int32Array;
}

export interface Angles {
  cos: Float32Array; // [places, dh/2]
  sin: Float32Array;
}

/** All that does not change from step to step. */
export interface PainterRun {
  /** Samples; a multiple of the latents, sample b reads latents b % rows (a guidance pair shares its latents). */
  samples: number;
  latentRows: number;
  tokens: number; // T
  channels: number; // of the latents
  /** [T, waves], joined to every sample's latents; absent for none */
  waves?: Float32Array;
  text: PainterText;
  textAngles: Angles;
  imageAngles: Angles;
  /** Rows: steps. Each block's six vectors of each stream, [steps, 6 D], and the last norm's scale and shift. */
  modulations: { layers: { image: tf.Tensor; text: tf.Tensor }[]; final: tf.Tensor };
}

export interface PainterSession {
  /** The prediction of all samples at a step, from latents [rows, T, channels]: [samples, T, out]. */
  predict(step: number, latents: tf.Tensor): tf.Tensor;
  dispose(): void;
}

/** Weights as they were when packed: later updates of the parameters do not reach them. */
export interface PackedPainter {
  open(run: PainterRun): PainterSession;
  dispose(): void;
}

export type PackPainter = (model: PainterModel) => PackedPainter;

const providers = new Map<string, () => PackPainter>();

/** Says how a backend packs painters. */
export function providePainting(backend: string, provide: () => PackPainter): void {
  providers.set(backend, provide);
}

/** The packing of the backend in use, or null when it has none. */
export function fusedPainting(): PackPainter | null {
  return providers.get(tf.getBackend())?.() ?? null;
}
