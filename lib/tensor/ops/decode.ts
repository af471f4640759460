// What a backend may offer for writing text: a session that keeps a Qwen2 model's weights, keys and values in its own
// layout and reads one token a row in one call. The definition is the model's forward pass over a key-value cache
// (lib/encoder/decoder.ts); a session gives the same logits up to rounding.
import { tf } from '../backend';
import type { DrawnToken, SamplingRules } from './sampling';

/** Weights in the layout of torch.nn.Linear, [out, in]. */
export interface DecodeLayer {
  inputNorm: tf.Tensor; // [D]
  q: tf.Tensor; // [H * dh, D]
  qBias?: tf.Tensor;
  k: tf.Tensor; // [Hkv * dh, D]
  kBias?: tf.Tensor;
  v: tf.Tensor;
  vBias?: tf.Tensor;
  o: tf.Tensor; // [D, H * dh]
  postNorm: tf.Tensor; // [D]
  gate: tf.Tensor; // [F, D]
  up: tf.Tensor; // [F, D]
  down: tf.Tensor; // [D, F]
}

export interface DecodeModel {
  heads: number;
  keyHeads: number;
  headDim: number;
  eps: number;
  embedding: tf.Tensor; // [V, D]
  layers: DecodeLayer[];
  norm: tf.Tensor; // [D]
  head: tf.Tensor; // [V, D]
  /** [positions, dh / 2], for each position a token may have */
  cos: Float32Array;
  sin: Float32Array;
}

/** What the prompts left behind. */
export interface DecodePrefix {
  /** A layer each, [B, P, Hkv, dh], rotated */
  keys: tf.Tensor[];
  values: tf.Tensor[];
  /** Places of padding before each prompt's first token, [B] */
  skip: number[];
  /** [B, V], the logits after each prompt */
  logits: tf.Tensor;
}

export interface DecodeOptions {
  model: DecodeModel;
  prefix: DecodePrefix;
  /** J rows a prompt, prompt-major; they read its keys and values where they are, stored once. */
  samplesPerPrompt: number;
  /** The most tokens that a row will read after its prompt. */
  capacity: number;
}

/** Rows of text in the making; B * J of them at first. */
export interface DecodeSession {
  /** Live rows. */
  readonly rows: number;
  /**
   * The next token of each live row, from its uniform number.
   * @returns one entry a row, null where the logits are not finite
   */
  draw(rules: SamplingRules, uniforms: number[]): (DrawnToken | null)[] | Promise<(DrawnToken | null)[]>;
  /** Reads one token a live row; the logits are then those of the token after it. */
  read(tokens: number[]): void;
  /** Keeps only these of the live rows (indices among them), in this order. */
  keep(rows: number[]): void;
  /** A copy of the live rows' logits, [rows, V]; for tests. */
  logits(): tf.Tensor;
  dispose(): void;
}

export type StartDecoding = (options: DecodeOptions) => DecodeSession;

const providers = new Map<string, () => StartDecoding>();

/** Says how a backend starts its sessions. */
export function provideDecoding(backend: string, provide: () => StartDecoding): void {
  providers.set(backend, provide);
}

/** The sessions of the backend in use, or null when it has none. */
export function fusedDecoding(): StartDecoding | null {
  return providers.get(tf.getBackend())?.() ?? null;
}
