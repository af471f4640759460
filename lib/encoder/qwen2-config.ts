// The Qwen2 configuration: Hugging Face's config.json, checked, in the names the code uses.
import * as path from 'node:path';
import { readJsonObject } from '../checkpoint';

export interface Qwen2Config {
  vocabSize: number;
  hiddenSize: number;
  intermediateSize: number;
  numHiddenLayers: number;
  numAttentionHeads: number;
  numKeyValueHeads: number;
  headDim: number;
  maxPositionEmbeddings: number;
  ropeTheta: number;
  rmsNormEps: number;
  initializerRange: number;
  tieWordEmbeddings: boolean;
  eosTokenId: number | null;
  padTokenId: number | null;
  /**
   * Which hidden states condition the painter: 0 = embeddings, numHiddenLayers = after the final norm (the default,
   * and Qwen-Image's choice). In a model of four layers the last states are all about the next token; the middle
   * ones still say what was read (docs/LOG.md has the probe). Kept in config.json as `conditioning_layer`.
   */
  conditioningLayer: number;
}

/** What makes a new model; the rest has Qwen2's defaults. */
export type Qwen2Sizes = Partial<Qwen2Config> &
  Pick<
    Qwen2Config,
    'vocabSize' | 'hiddenSize' | 'intermediateSize' | 'numHiddenLayers' | 'numAttentionHeads'
  >;

/** The language model that trains on a laptop: 3.5M parameters. */
export const DEFAULT_LM: Qwen2Sizes = {
  vocabSize: 2048,
  hiddenSize: 256,
  intermediateSize: 704,
  numHiddenLayers: 4,
  numAttentionHeads: 4,
  numKeyValueHeads: 2,
  maxPositionEmbeddings: 128,
  conditioningLayer: 2,
};

/** Fills in defaults and checks that the sizes fit together. */
export function qwen2Config(sizes: Qwen2Sizes, where = 'Qwen2 config'): Qwen2Config {
  const config: Qwen2Config = {
    numKeyValueHeads: sizes.numAttentionHeads,
    headDim: sizes.hiddenSize / sizes.numAttentionHeads,
    maxPositionEmbeddings: 128,
    ropeTheta: 10000,
    rmsNormEps: 1e-6,
    initializerRange: 0.02,
    tieWordEmbeddings: true,
    eosTokenId: null,
    padTokenId: null,
    conditioningLayer: sizes.numHiddenLayers,
    ...sizes,
  };
  const counts = [
    'vocabSize',
    'hiddenSize',
    'intermediateSize',
    'numHiddenLayers',
    'numAttentionHeads',
    'numKeyValueHeads',
    'headDim',
    'maxPositionEmbeddings',
  ] as const;
  for (const name of counts) {
    if (!Number.isInteger(config[name]) || config[name] <= 0) {
      throw new Error(`${where}: ${snake(name)} is ${show(config[name])}, want a positive integer`);
    }
  }
  const { conditioningLayer: layer, numHiddenLayers } = config;
  if (!Number.isInteger(layer) || layer < 0 || layer > numHiddenLayers) {
    throw new Error(
      `${where}: conditioning_layer is ${show(layer)}, want an integer from 0 to ${numHiddenLayers}`,
    );
  }
  if (config.headDim % 2) throw new Error(`${where}: head_dim is ${config.headDim}, want an even number`);
  if (config.numAttentionHeads % config.numKeyValueHeads) {
    throw new Error(
      `${where}: num_key_value_heads is ${config.numKeyValueHeads}, want a divisor of num_attention_heads (${config.numAttentionHeads})`,
    );
  }
  return config;
}

const show = (value: unknown) => JSON.stringify(value) ?? 'missing';
const snake = (name: string) => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);

/** Reads and checks `<dir>/config.json`; features of Qwen2 that this code lacks are refused by name. */
export function readQwen2Config(dir: string): Qwen2Config {
  const file = path.join(dir, 'config.json');
  return parseQwen2Config(readJsonObject(file), file);
}

/** Checks a Hugging Face config. Errors name the field, the value found and the value wanted. */
export function parseQwen2Config(json: Record<string, unknown>, where = 'config.json'): Qwen2Config {
  want(json.model_type === 'qwen2', where, 'model_type', json.model_type, '"qwen2"');
  want(
    json.hidden_act === undefined || json.hidden_act === 'silu',
    where,
    'hidden_act',
    json.hidden_act,
    '"silu"',
  );
  want(
    json.use_sliding_window !== true,
    where,
    'use_sliding_window',
    true,
    'false (sliding windows are not built)',
  );
  const rope = (json.rope_parameters ?? json.rope_scaling ?? {}) as Record<string, unknown>;
  const ropeType = rope.rope_type ?? rope.type ?? 'default';
  want(ropeType === 'default', where, 'rope_parameters.rope_type', ropeType, '"default"');

  const number = (name: string, fallback?: number): number => {
    const value = json[name] ?? fallback;
    want(
      typeof value === 'number' && Number.isFinite(value) && value > 0,
      where,
      name,
      value,
      'a positive number',
    );
    return value as number;
  };
  const token = (name: string): number | null => {
    const value = Array.isArray(json[name]) ? (json[name] as unknown[])[0] : json[name];
    want(
      value == null || (Number.isInteger(value) && (value as number) >= 0),
      where,
      name,
      value,
      'a token id or null',
    );
    return (value as number | undefined) ?? null;
  };
  const heads = number('num_attention_heads');
  return qwen2Config(
    {
      vocabSize: number('vocab_size'),
      hiddenSize: number('hidden_size'),
      intermediateSize: number('intermediate_size'),
      numHiddenLayers: number('num_hidden_layers'),
      numAttentionHeads: heads,
      numKeyValueHeads: number('num_key_value_heads', heads),
      headDim: number('head_dim', number('hidden_size') / heads),
      maxPositionEmbeddings: number('max_position_embeddings', 32768),
      ropeTheta: typeof rope.rope_theta === 'number' ? rope.rope_theta : number('rope_theta', 10000),
      rmsNormEps: number('rms_norm_eps', 1e-6),
      initializerRange: number('initializer_range', 0.02),
      tieWordEmbeddings: json.tie_word_embeddings === true,
      eosTokenId: token('eos_token_id'),
      padTokenId: token('pad_token_id'),
      conditioningLayer: (json.conditioning_layer ?? json.num_hidden_layers) as number,
    },
    where,
  );
}

function want(ok: boolean, where: string, name: string, found: unknown, wanted: string): void {
  if (!ok) throw new Error(`${where}: ${name} is ${show(found)}, want ${wanted}`);
}

/** The config as transformers writes it (both spellings of the rope fields, for its versions 4 and 5). */
export function toHuggingFace(config: Qwen2Config, dtype: string): Record<string, unknown> {
  return {
    architectures: ['Qwen2ForCausalLM'],
    model_type: 'qwen2',
    attention_dropout: 0,
    bos_token_id: null,
    conditioning_layer: config.conditioningLayer,
    eos_token_id: config.eosTokenId,
    pad_token_id: config.padTokenId,
    dtype,
    head_dim: config.headDim,
    hidden_act: 'silu',
    hidden_size: config.hiddenSize,
    initializer_range: config.initializerRange,
    intermediate_size: config.intermediateSize,
    max_position_embeddings: config.maxPositionEmbeddings,
    num_attention_heads: config.numAttentionHeads,
    num_hidden_layers: config.numHiddenLayers,
    num_key_value_heads: config.numKeyValueHeads,
    rms_norm_eps: config.rmsNormEps,
    rope_parameters: { rope_theta: config.ropeTheta, rope_type: 'default' },
    rope_theta: config.ropeTheta,
    sliding_window: null,
    tie_word_embeddings: config.tieWordEmbeddings,
    use_cache: true,
    use_sliding_window: false,
    vocab_size: config.vocabSize,
  };
}
