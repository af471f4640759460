// Decoding with a key-value cache, one token a row and step: in plain ops, which is the definition and what most
// backends run, or as a session of the backend's own (same numbers up to rounding) where it has one.
import {
  drawToken,
  type DecodeModel,
  type DecodePrefix,
  type DecodeSession,
  type DrawnToken,
  fusedDecoding,
  type SamplingRules,
  tf,
} from '../tensor';
import type { LanguageModel } from './qwen2';
import { type KeyValueCache, qwen2Forward, ropeTable } from './qwen2-forward';
import { tidy } from './tidy';

export interface Prompts {
  /** int32 [B, T], padded on the left */
  inputIds: tf.Tensor;
  /** [B, T], 0 at padding */
  attentionMask?: tf.Tensor;
  /** Padding of each prompt, [B] */
  skip: number[];
  /** J rows a prompt, prompt-major; the prompt is read once */
  samplesPerPrompt: number;
  /** The most tokens that a row will read after its prompt. */
  capacity: number;
}

export interface Decoding extends DecodeSession {
  /** Call keep() once this share of the rows is still wanted, or less: leaving costs a copy of the cache, or nothing. */
  readonly keepAt: number;
}

/** Reads the prompts; the session's logits are then those of each row's first new token. The caller disposes it. */
export function startDecoding(lm: LanguageModel, prompts: Prompts): Decoding {
  return startFused(lm, prompts) ?? new PlainDecoding(lm, prompts);
}

function startFused(lm: LanguageModel, prompts: Prompts): Decoding | null {
  const start = fusedDecoding();
  if (!start) return null;
  const { skip, samplesPerPrompt, capacity } = prompts;
  const { keys, values, logits } = readPrompts(lm, prompts);
  try {
    const prefix = { keys, values, logits, skip };
    return withKeepAt(start({ model: decodeModel(lm), prefix, samplesPerPrompt, capacity }), 1);
  } finally {
    tf.dispose([logits, keys, values]);
  }
}

const withKeepAt = (session: DecodeSession, keepAt: number): Decoding => Object.assign(session, { keepAt });

/** The weights by the names that a session knows them by. */
function decodeModel({ config, params }: LanguageModel): DecodeModel {
  const layers = Array.from({ length: config.numHiddenLayers }, (_, layer) => {
    const at = (name: string): tf.Tensor => params[`model.layers.${layer}.${name}`];
    return {
      inputNorm: at('input_layernorm.weight'),
      q: at('self_attn.q_proj.weight'),
      qBias: at('self_attn.q_proj.bias'),
      k: at('self_attn.k_proj.weight'),
      kBias: at('self_attn.k_proj.bias'),
      v: at('self_attn.v_proj.weight'),
      vBias: at('self_attn.v_proj.bias'),
      o: at('self_attn.o_proj.weight'),
      postNorm: at('post_attention_layernorm.weight'),
      gate: at('mlp.gate_proj.weight'),
      up: at('mlp.up_proj.weight'),
      down: at('mlp.down_proj.weight'),
    };
  });
  const embedding = params['model.embed_tokens.weight'];
  return {
    heads: config.numAttentionHeads,
    keyHeads: config.numKeyValueHeads,
    headDim: config.headDim,
    eps: config.rmsNormEps,
    embedding,
    layers,
    norm: params['model.norm.weight'],
    head: config.tieWordEmbeddings ? embedding : params['lm_head.weight'],
    ...ropeTable(config),
  };
}

interface Decoded extends KeyValueCache {
  logits: tf.Tensor; // [rows, V]
}

function readPrompts(lm: LanguageModel, { inputIds, attentionMask }: Prompts): Omit<DecodePrefix, 'skip'> {
  return forward(lm, { inputIds, attentionMask });
}

function forward(lm: LanguageModel, inputs: Parameters<typeof qwen2Forward>[2]): Decoded {
  return tidy(() => {
    const { logits, cache } = qwen2Forward(lm.config, lm.params, {
      ...inputs,
      logits: 'last',
      useCache: true,
    });
    const [B, , V] = (logits as tf.Tensor).shape;
    return { logits: (logits as tf.Tensor).reshape([B, V]), ...(cache as KeyValueCache) };
  });
}

/** The definition: the forward pass with a cache that grows by concatenation. */
export class PlainDecoding implements Decoding {
  readonly keepAt = 0.5;
  private state: Decoded;
  private padding: number[]; // of each live row
  private length: number; // places in the cache

  constructor(
    private readonly lm: LanguageModel,
    prompts: Prompts,
  ) {
    const { inputIds, skip, samplesPerPrompt: J } = prompts;
    const [B, T] = inputIds.shape;
    const promptOf = Array.from({ length: B * J }, (_, r) => Math.floor(r / J));
    this.state = readPrompts(lm, prompts);
    this.padding = skip;
    this.length = T;
    if (J > 1) this.keep(promptOf); // each prompt's row, J times
  }

  get rows(): number {
    return this.padding.length;
  }

  async draw(rules: SamplingRules, uniforms: number[]): Promise<(DrawnToken | null)[]> {
    const V = this.lm.config.vocabSize;
    const logits = (await this.state.logits.data()) as Float32Array;
    return uniforms.map((uniform, r) => drawToken(logits.subarray(r * V, (r + 1) * V), rules, uniform));
  }

  read(tokens: number[]): void {
    const { padding, length } = this;
    const M = padding.length;
    const { logits, keys, values } = this.state;
    const padded = padding.some((n) => n > 0);
    const mask = (n: number) => Array.from({ length: length + 1 }, (_, t) => (t < n ? 0 : 1));
    this.state = tidy(() =>
      forward(this.lm, {
        inputIds: tf.tensor2d(tokens, [M, 1], 'int32'),
        positionIds: tf.tensor2d(
          padding.map((n) => length - n),
          [M, 1],
          'int32',
        ),
        attentionMask: padded ? tf.tensor2d(padding.map(mask)) : undefined,
        cache: { keys, values },
      }),
    );
    tf.dispose([logits, keys, values]);
    this.length++;
  }

  keep(rows: number[]): void {
    const { logits, keys, values } = this.state;
    this.state = tidy(() => {
      const at = tf.tensor1d(rows, 'int32');
      const pick = (x: tf.Tensor) => tf.gather(x, at);
      return { logits: pick(logits), keys: keys.map(pick), values: values.map(pick) };
    });
    this.padding = rows.map((r) => this.padding[r]);
    tf.dispose([logits, keys, values]);
  }

  logits(): tf.Tensor {
    return this.state.logits.clone();
  }

  dispose(): void {
    tf.dispose([this.state.logits, this.state.keys, this.state.values]);
  }
}
