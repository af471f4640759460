/** What the benchmark times: works, their sizes, and how many floating-point operations each has. */
import type { WorkSpec } from './protocol';

export interface LmSizes {
  hidden: number;
  inner: number;
  heads: number;
  kv: number;
  layers: number;
  vocab: number;
  context: number;
}

export interface DitSizes {
  hidden: number;
  heads: number;
  layers: number;
  /** Numbers of a noisy patch and of a predicted one; both alike, so that one is the other's target. */
  channels: number;
  out: number;
  text_dim: number;
  axes: [number, number, number];
}

export const LM: LmSizes = { hidden: 256, inner: 704, heads: 4, kv: 2, layers: 6, vocab: 4096, context: 256 };
export const DIT: DitSizes = {
  hidden: 256,
  heads: 4,
  layers: 6,
  channels: 192,
  out: 192,
  text_dim: 256,
  axes: [16, 24, 24],
};

export const lmTrain = (batch = 32, tokens = 96): WorkSpec => ({
  name: `LM train ${batch} x ${tokens}`,
  kind: 'lm_train',
  sizes: { batch, tokens, config: LM },
});
export const ditTrain = (batch = 32, image = 64, text = 40): WorkSpec => ({
  name: `DiT train ${batch} x (${image} + ${text})`,
  kind: 'dit_train',
  sizes: { batch, image, text, config: DIT },
});
export const lmDecode = (batch = 32, prompt = 24, fresh = 64): WorkSpec => ({
  name: `LM decode ${batch} x (${prompt} + ${fresh})`,
  kind: 'lm_decode',
  sizes: { batch, prompt, new: fresh, config: LM },
});
export const ditSample = (batch = 32, steps = 10): WorkSpec => ({
  name: `DiT sample ${batch}, ${steps} steps`,
  kind: 'dit_sample',
  sizes: { batch, image: 64, text: 40, steps, config: DIT },
});
export const dualGrpo = (prompts = 2, J = 4, K = 4): WorkSpec => ({
  name: `Dual-GRPO ${prompts} x ${J} x ${K}`,
  kind: 'grpo',
  sizes: { prompts, J, K },
});
const gemm = (m: number, k: number, n: number, transposeA = false): WorkSpec => ({
  name: `${m} x ${k} x ${n}${transposeA ? ' (A transposed)' : ''}`,
  kind: 'gemm',
  sizes: { m, k, n, ...(transposeA ? { transposeA } : {}) },
});

/** A large square, then products of the two models: projection, gate, head, its weight gradient, the DiT's MLP. */
export const GEMMS: WorkSpec[] = [
  gemm(2048, 2048, 2048),
  gemm(3072, 256, 256),
  gemm(3072, 256, 704),
  gemm(3072, 256, 4096),
  gemm(256, 3072, 704, true),
  gemm(2048, 256, 1024),
  gemm(2048, 1024, 256),
];

export const STEPS: WorkSpec[] = [lmTrain(), ditTrain(), lmDecode(), ditSample(), dualGrpo()];

const linear = (rows: number, inputs: number, outputs: number): number => 2 * rows * inputs * outputs;

/**
 * Multiply-adds of a work, two operations each, of its matrix products and attention only: norms, activations,
 * softmax, embeddings and the optimiser count as nothing. Backward is twice forward (a gradient for each of the two
 * operands), less the input gradient that no one reads. Causal attention counts the pairs it needs, half of T^2.
 * @returns undefined for works whose operations depend on what is sampled
 */
export function flopsOf({ kind, sizes }: WorkSpec): number | undefined {
  const s = sizes as Record<string, number> & { config: unknown };
  if (kind === 'gemm') return 2 * s.m * s.k * s.n;
  if (kind === 'lm_train') return 3 * lmForward(s.config as LmSizes, s.batch, s.tokens);
  if (kind === 'dit_train') {
    const { forward, withoutInputGradient } = ditForward(s.config as DitSizes, s);
    return 3 * forward - withoutInputGradient;
  }
  if (kind === 'dit_sample') return s.steps * ditForward(s.config as DitSizes, s).forward;
  return undefined;
}

function lmForward(c: LmSizes, batch: number, T: number): number {
  const D = c.hidden;
  const kv = (D / c.heads) * c.kv;
  const rows = batch * T;
  const projections = linear(rows, D, 2 * D + 2 * kv); // q, o, k, v
  const pairs = (batch * T * (T + 1)) / 2;
  const attention = 2 * 2 * pairs * D; // scores, then their sum of values
  return c.layers * (projections + attention + 3 * linear(rows, D, c.inner)) + linear(rows, D, c.vocab);
}

function ditForward(
  c: DitSizes,
  { batch, image, text }: Record<string, number>,
): { forward: number; withoutInputGradient: number } {
  const D = c.hidden;
  const all = image + text;
  let forward = linear(batch * image, c.channels, D) + linear(batch * text, c.text_dim, D);
  const withoutInputGradient = linear(batch * image, c.channels, D) + linear(batch, 256, D);
  forward += linear(batch, 256, D) + linear(batch, D, D) + linear(batch, D, 2 * D);
  forward += linear(batch * image, D, c.out);
  for (let i = 0; i < c.layers; i++) {
    // The last block computes no text past its keys and values.
    const queries = i === c.layers - 1 ? image : all;
    forward += 2 * linear(batch, D, 6 * D); // modulations of both streams
    forward += linear(batch * all, D, 2 * D) + linear(batch * queries, D, 2 * D); // k, v; q, out
    forward += 2 * 2 * batch * queries * all * D;
    forward += 2 * linear(batch * queries, D, 4 * D);
  }
  return { forward, withoutInputGradient };
}
