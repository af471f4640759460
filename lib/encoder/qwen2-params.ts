// The parameters of Qwen2 by their Hugging Face names: which there are, their shapes, fresh values.
import { copyOf, type Params, RandomStream, tf } from '../tensor';
import type { Qwen2Config } from './qwen2-config';

/** Every parameter's name and shape. A tied model has no `lm_head.weight`. */
export function qwen2Shapes(config: Qwen2Config): Record<string, number[]> {
  const { vocabSize: V, hiddenSize: D, intermediateSize: F, headDim: dh } = config;
  const [Q, KV] = [config.numAttentionHeads * dh, config.numKeyValueHeads * dh];
  const shapes: Record<string, number[]> = { 'model.embed_tokens.weight': [V, D] };
  for (let i = 0; i < config.numHiddenLayers; i++) {
    const at = `model.layers.${i}.`;
    shapes[`${at}self_attn.q_proj.weight`] = [Q, D];
    shapes[`${at}self_attn.q_proj.bias`] = [Q];
    shapes[`${at}self_attn.k_proj.weight`] = [KV, D];
    shapes[`${at}self_attn.k_proj.bias`] = [KV];
    shapes[`${at}self_attn.v_proj.weight`] = [KV, D];
    shapes[`${at}self_attn.v_proj.bias`] = [KV];
    shapes[`${at}self_attn.o_proj.weight`] = [D, Q];
    shapes[`${at}mlp.gate_proj.weight`] = [F, D];
    shapes[`${at}mlp.up_proj.weight`] = [F, D];
    shapes[`${at}mlp.down_proj.weight`] = [D, F];
    shapes[`${at}input_layernorm.weight`] = [D];
    shapes[`${at}post_attention_layernorm.weight`] = [D];
  }
  shapes['model.norm.weight'] = [D];
  if (!config.tieWordEmbeddings) shapes['lm_head.weight'] = [V, D];
  return shapes;
}

/**
 * Fresh parameters: normal(0, initializer_range), zero biases, norms at one. The two projections that write to
 * the residual stream are scaled by 1/sqrt(2 layers), as in GPT-2, so that depth does not raise its variance.
 */
export function initQwen2(config: Qwen2Config, seed: number): Record<string, tf.Variable> {
  const params: Record<string, tf.Variable> = {};
  for (const [name, shape] of Object.entries(qwen2Shapes(config))) {
    params[name] = tf.tidy(() => tf.variable(freshValue(config, seed, name, shape)));
  }
  return params;
}

function freshValue(config: Qwen2Config, seed: number, name: string, shape: number[]): tf.Tensor {
  if (name.endsWith('norm.weight')) return tf.ones(shape);
  if (name.endsWith('.bias')) return tf.zeros(shape);
  const residual = name.endsWith('o_proj.weight') || name.endsWith('down_proj.weight');
  const std = config.initializerRange / (residual ? Math.sqrt(2 * config.numHiddenLayers) : 1);
  return tf.mul(RandomStream.of(seed, 'init', name).tensorNormal(shape), std);
}

/**
 * Trainable variables from loaded tensors, names and shapes checked against the config; the tensors are
 * disposed. `where` names the file in errors.
 */
export function variablesOf(
  config: Qwen2Config,
  tensors: Params,
  where: string,
): Record<string, tf.Variable> {
  const shapes = qwen2Shapes(config);
  // A tied checkpoint may still carry a copy of the embeddings as its head.
  const known = (name: string) => name in shapes || (config.tieWordEmbeddings && name === 'lm_head.weight');
  for (const name of Object.keys(tensors)) {
    if (!known(name)) throw new Error(`${where}: holds ${name}, which this config does not have`);
  }
  const params: Record<string, tf.Variable> = {};
  for (const [name, shape] of Object.entries(shapes)) {
    const tensor = tensors[name];
    if (!tensor) throw new Error(`${where}: lacks ${name}, want a tensor of shape [${shape.join(', ')}]`);
    if (tensor.shape.join() !== shape.join()) {
      throw new Error(`${where}: ${name} has shape [${tensor.shape.join(', ')}], want [${shape.join(', ')}]`);
    }
    params[name] = tf.tidy(() =>
      tf.variable(copyOf(tensor.dtype === 'float32' ? tensor : tf.cast(tensor, 'float32'))),
    );
  }
  tf.dispose(tensors);
  return params;
}
