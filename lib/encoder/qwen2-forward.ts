// Qwen2 (Yang et al. 2024, arXiv 2407.10671) as a function over a record of parameters with Hugging Face names.
import { attention, embedding, linear, type Params, rmsNorm, rotary, swigluMlp, tf } from '../tensor';
import type { Qwen2Config } from './qwen2-config';
import { tidy } from './tidy';

/** Rotated keys and values of earlier tokens, one [B, P, Hkv, dh] pair a layer. */
export interface KeyValueCache {
  keys: tf.Tensor[];
  values: tf.Tensor[];
}

export interface Qwen2Inputs {
  /** int32 [B, T] */
  inputIds: tf.Tensor;
  /** [B, P + T], 1 = token, 0 = padding (any side); P = tokens in the cache. Without it nothing is padding. */
  attentionMask?: tf.Tensor;
  /** int32 [B, T]; by default each row counts its unmasked tokens, so left padding does not shift it. */
  positionIds?: tf.Tensor;
  /** Keys and values of the P tokens before `inputIds`. */
  cache?: KeyValueCache;
  /** Return a cache that includes these tokens (default false). */
  useCache?: boolean;
  /** Which positions get logits (default 'all'); 'none' saves the largest product when only states are wanted. */
  logits?: 'all' | 'last' | 'none';
  /** int32 [N]: logits only at these rows of the flattened [B * T] positions, as [N, V]. Overrides `logits`. */
  logitsAt?: tf.Tensor;
  /** Stop after so many layers, for their hidden states alone: no logits, no final norm (default: all layers). */
  layers?: number;
}

export interface Qwen2Outputs {
  /** [B, T, V], [B, 1, V] for 'last', [N, V] for `logitsAt`, null for 'none' */
  logits: tf.Tensor | null;
  /** [embeddings, after layer 1, ..., after the last layer and the final norm], each [B, T, D]; cut short by `layers` */
  hiddenStates: tf.Tensor[];
  /** Only with `useCache`; the caller disposes it. */
  cache?: KeyValueCache;
}

/**
 * Runs the model; differentiable in `params`. The caller disposes what is returned.
 * @throws when shapes disagree or the sequence is longer than the config's max_position_embeddings
 */
export function qwen2Forward(config: Qwen2Config, params: Params, inputs: Qwen2Inputs): Qwen2Outputs {
  const { cache, useCache = false, layers = config.numHiddenLayers } = inputs;
  checkInputs(config, inputs);
  const whole = layers === config.numHiddenLayers;
  return tidy(() => {
    const ids = inputs.inputIds.dtype === 'int32' ? inputs.inputIds : tf.cast(inputs.inputIds, 'int32');
    const angles = ropeAngles(config, inputs);
    let x = embedding(params['model.embed_tokens.weight'], ids); // [B, T, D]
    const hiddenStates = [x];
    const next: KeyValueCache = { keys: [], values: [] };
    for (let i = 0; i < layers; i++) {
      const past = cache && { key: cache.keys[i], value: cache.values[i] };
      const out = decoderLayer({
        config,
        params,
        layer: i,
        x,
        angles,
        keyMask: inputs.attentionMask,
        past,
        useCache,
      });
      x = out.x;
      if (useCache) {
        next.keys.push(out.key);
        next.values.push(out.value);
      } else tf.dispose([out.key, out.value]);
      if (i < config.numHiddenLayers - 1) hiddenStates.push(x);
    }
    if (!whole) return { logits: null, hiddenStates, ...(useCache ? { cache: next } : {}) };
    x = rmsNorm(x, params['model.norm.weight'], config.rmsNormEps); // [B, T, D]
    hiddenStates.push(x);
    return {
      logits: headLogits(config, params, x, inputs),
      hiddenStates,
      ...(useCache ? { cache: next } : {}),
    };
  });
}

interface Angles {
  cos: tf.Tensor; // [T, dh/2] or [B, T, dh/2]
  sin: tf.Tensor;
}

interface LayerInputs {
  config: Qwen2Config;
  params: Params;
  layer: number;
  x: tf.Tensor; // [B, T, D]
  angles: Angles;
  keyMask?: tf.Tensor; // [B, S]
  past?: { key: tf.Tensor; value: tf.Tensor }; // [B, P, Hkv, dh]
  useCache: boolean; // the keys and values returned are for a cache
}

function decoderLayer({ config, params, layer, x, angles, keyMask, past, useCache }: LayerInputs) {
  return tidy(() => {
    const [B, T] = x.shape;
    const { numAttentionHeads: H, numKeyValueHeads: Hkv, headDim: dh, rmsNormEps: eps } = config;
    const at = (name: string) => params[`model.layers.${layer}.${name}`];
    const project = (name: string, h: tf.Tensor) =>
      linear(h, at(`self_attn.${name}.weight`), at(`self_attn.${name}.bias`));

    const h = rmsNorm(x, at('input_layernorm.weight'), eps); // [B, T, D]
    let q: tf.Tensor = project('q_proj', h).reshape([B, T, H, dh]);
    let key: tf.Tensor = project('k_proj', h).reshape([B, T, Hkv, dh]);
    let value: tf.Tensor = project('v_proj', h).reshape([B, T, Hkv, dh]);
    // A cache holds keys that have been turned to their places; without one attention turns them itself.
    const cached = past !== undefined || useCache;
    if (cached) {
      q = rotary(q, angles.cos, angles.sin, 'half');
      key = rotary(key, angles.cos, angles.sin, 'half');
    }
    if (past) {
      key = tf.concat([past.key, key], 1); // [B, P + T, Hkv, dh]
      value = tf.concat([past.value, value], 1);
    }
    const turning = cached ? undefined : { ...angles, layout: 'half' as const };
    const mixed = attention({ q, k: key, v: value, rotary: turning, causal: true, keyMask }); // [B, T, H, dh]
    const attended = tf.add(x, linear(mixed.reshape([B, T, H * dh]), at('self_attn.o_proj.weight')));

    const g = rmsNorm(attended, at('post_attention_layernorm.weight'), eps);
    const [gate, up, down] = ['gate', 'up', 'down'].map((name) => at(`mlp.${name}_proj.weight`));
    const out: tf.Tensor = tf.add(attended, swigluMlp(g, { gate, up, down })); // [B, T, D]
    return { x: out, key, value };
  });
}

/** The rows that turn a hidden state into logits: the embedding table where it is tied. [V, D] */
export function headWeight(config: Qwen2Config, params: Params): tf.Tensor {
  return params[config.tieWordEmbeddings ? 'model.embed_tokens.weight' : 'lm_head.weight'];
}

function headLogits(
  config: Qwen2Config,
  params: Params,
  x: tf.Tensor,
  inputs: Qwen2Inputs,
): tf.Tensor | null {
  const { logits = 'all', logitsAt } = inputs;
  const head = headWeight(config, params); // [V, D]
  const [B, T, D] = x.shape;
  if (logitsAt) return linear(embedding(x.reshape([B * T, D]), logitsAt), head); // [N, V]
  if (logits === 'none') return null;
  return linear(logits === 'last' ? tf.slice(x, [0, T - 1, 0], [B, 1, D]) : x, head);
}

/** Cosines and sines of the rotary embedding at each token's position. */
function ropeAngles(
  config: Qwen2Config,
  { inputIds, attentionMask, positionIds, cache }: Qwen2Inputs,
): Angles {
  const [, T] = inputIds.shape;
  const past = cachedTokens(cache);
  const half = config.headDim / 2;
  const { cos, sin } = ropeTable(config);
  if (!attentionMask && !positionIds) {
    const rows = (table: Float32Array) =>
      tf.tensor2d(table.subarray(past * half, (past + T) * half), [T, half]);
    return { cos: rows(cos), sin: rows(sin) };
  }
  const positions = (positionIds ?? maskPositions(attentionMask as tf.Tensor, T)) as tf.Tensor2D; // [B, T]
  const ids = positions.dtype === 'int32' ? positions : tf.cast(positions, 'int32');
  const rows = (table: Float32Array) =>
    tf.gather(tf.tensor2d(table, [config.maxPositionEmbeddings, half]), ids);
  return { cos: rows(cos), sin: rows(sin) };
}

/** Positions of the last T tokens: how many unmasked tokens come before each (0 at padding before the first). */
function maskPositions(mask: tf.Tensor, T: number): tf.Tensor {
  const [B, S] = mask.shape;
  const counted = tf.sub(tf.cumsum(tf.cast(mask, 'float32'), 1), 1);
  return tf.cast(tf.slice(tf.relu(counted), [0, S - T], [B, T]), 'int32');
}

function cachedTokens(cache: KeyValueCache | undefined): number {
  return cache?.keys[0].shape[1] ?? 0;
}

const tables = new Map<string, { cos: Float32Array; sin: Float32Array }>();

/** Cosines and sines of every position, [max_position_embeddings, headDim / 2] each. */
export function ropeTable({ headDim, ropeTheta, maxPositionEmbeddings: length }: Qwen2Config) {
  const key = `${headDim} ${ropeTheta} ${length}`;
  let table = tables.get(key);
  if (!table) {
    const half = headDim / 2;
    table = { cos: new Float32Array(length * half), sin: new Float32Array(length * half) };
    for (let p = 0; p < length; p++) {
      for (let i = 0; i < half; i++) {
        // In float32 like PyTorch: at long positions the last bit of the frequency shows.
        const frequency = Math.fround(1 / Math.fround(ropeTheta ** ((2 * i) / headDim)));
        table.cos[p * half + i] = Math.cos(Math.fround(p * frequency));
        table.sin[p * half + i] = Math.sin(Math.fround(p * frequency));
      }
    }
    tables.set(key, table);
  }
  return table;
}

function checkInputs(
  config: Qwen2Config,
  { inputIds, attentionMask, positionIds, cache, layers = config.numHiddenLayers }: Qwen2Inputs,
): void {
  if (!Number.isInteger(layers) || layers < 0 || layers > config.numHiddenLayers)
    throw new Error(`qwen2: layers is ${layers}, want an integer from 0 to ${config.numHiddenLayers}`);
  const shown = (x: tf.Tensor) => `[${x.shape.join(', ')}]`;
  if (inputIds.rank !== 2 || inputIds.size === 0)
    throw new Error(`qwen2: inputIds has shape ${shown(inputIds)}, want [B, T] with B, T >= 1`);
  const [B, T] = inputIds.shape;
  const length = cachedTokens(cache) + T;
  if (length > config.maxPositionEmbeddings) {
    throw new Error(
      `qwen2: the sequence has ${length} tokens, want at most max_position_embeddings = ${config.maxPositionEmbeddings}`,
    );
  }
  if (attentionMask && attentionMask.shape.join() !== `${B},${length}`) {
    throw new Error(`qwen2: attentionMask has shape ${shown(attentionMask)}, want [${B}, ${length}]`);
  }
  if (positionIds && positionIds.shape.join() !== `${B},${T}`) {
    throw new Error(`qwen2: positionIds has shape ${shown(positionIds)}, want [${B}, ${T}]`);
  }
}
