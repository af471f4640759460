/** The shape of a Qwen-Image transformer, as its config.json says it (diffusers' names), checked field by field. */

export interface QwenImageConfig {
  patch_size: number;
  in_channels: number;
  out_channels: number;
  num_layers: number;
  attention_head_dim: number;
  num_attention_heads: number;
  joint_attention_dim: number;
  axes_dims_rope: [number, number, number];
}

/** The first base model: 64x64 pixels in 8x8 patches of 192 numbers and 16 of their place, no autoencoder. */
export const SMALL_QWEN_IMAGE: QwenImageConfig = {
  patch_size: 8,
  in_channels: 208,
  out_channels: 3,
  num_layers: 6,
  attention_head_dim: 64,
  num_attention_heads: 4,
  joint_attention_dim: 256,
  axes_dims_rope: [16, 24, 24],
};

const SIZES = [
  'patch_size',
  'in_channels',
  'out_channels',
  'num_layers',
  'attention_head_dim',
  'num_attention_heads',
  'joint_attention_dim',
] as const;

/** Switches of later Qwen-Image variants: they change the computation, so only `false` is accepted. */
const VARIANTS = ['guidance_embeds', 'zero_cond_t', 'use_additional_t_cond', 'use_layer3d_rope'];
/** Fields of older configs that diffusers itself ignores. */
const IGNORED = ['pooled_projection_dim'];

/**
 * Checks a parsed config.json.
 * @param where how errors name the file, such as `transformer/config.json`
 * @throws on a missing, unknown or wrongly typed field, naming it, what it holds and what was wanted
 */
export function parseQwenImageConfig(json: unknown, where = 'transformer/config.json'): QwenImageConfig {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new Error(`${where}: is ${JSON.stringify(json)}, want an object`);
  }
  const record = json as Record<string, unknown>;
  for (const key of Object.keys(record)) {
    if (key.startsWith('_') || key === 'axes_dims_rope' || IGNORED.includes(key)) continue;
    if ((SIZES as readonly string[]).includes(key)) continue;
    if (!VARIANTS.includes(key)) throw new Error(`${where}: unknown key "${key}"`);
    if (record[key] !== false) {
      throw new Error(
        `${where}: ${key} is ${JSON.stringify(record[key])}, want false (variant not supported)`,
      );
    }
  }
  const config = {} as QwenImageConfig;
  for (const key of SIZES) {
    const value = record[key];
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 1) {
      throw new Error(`${where}: ${key} is ${JSON.stringify(value)}, want a positive integer`);
    }
    config[key] = value;
  }
  const axes = record.axes_dims_rope;
  const even =
    Array.isArray(axes) &&
    axes.length === 3 &&
    axes.every((a) => Number.isInteger(a) && a >= 0 && a % 2 === 0);
  if (!even || (axes as number[]).reduce((a, b) => a + b) !== config.attention_head_dim) {
    throw new Error(
      `${where}: axes_dims_rope is ${JSON.stringify(axes)}, want three even integers with sum attention_head_dim = ${config.attention_head_dim}`,
    );
  }
  config.axes_dims_rope = [...(axes as number[])] as [number, number, number];
  return config;
}

/** The config.json that diffusers' QwenImageTransformer2DModel.from_pretrained opens. */
export function toDiffusersConfig(config: QwenImageConfig): Record<string, unknown> {
  return {
    _class_name: 'QwenImageTransformer2DModel',
    _diffusers_version: '0.36.0',
    ...config,
    guidance_embeds: false,
  };
}

/** Every parameter name with its shape, in the layout of the weight file. */
export function parameterShapes(config: QwenImageConfig): Record<string, number[]> {
  const headDim = config.attention_head_dim;
  const D = config.num_attention_heads * headDim;
  const shapes: Record<string, number[]> = {};
  const linear = (name: string, out: number, inputs: number) => {
    shapes[`${name}.weight`] = [out, inputs];
    shapes[`${name}.bias`] = [out];
  };
  linear('img_in', D, config.in_channels);
  linear('txt_in', D, config.joint_attention_dim);
  shapes['txt_norm.weight'] = [config.joint_attention_dim];
  linear('time_text_embed.timestep_embedder.linear_1', D, 256);
  linear('time_text_embed.timestep_embedder.linear_2', D, D);
  for (let i = 0; i < config.num_layers; i++) {
    const block = `transformer_blocks.${i}`;
    for (const proj of [
      'to_q',
      'to_k',
      'to_v',
      'to_out.0',
      'add_q_proj',
      'add_k_proj',
      'add_v_proj',
      'to_add_out',
    ]) {
      linear(`${block}.attn.${proj}`, D, D);
    }
    for (const norm of ['norm_q', 'norm_k', 'norm_added_q', 'norm_added_k']) {
      shapes[`${block}.attn.${norm}.weight`] = [headDim];
    }
    for (const stream of ['img', 'txt']) {
      linear(`${block}.${stream}_mod.1`, 6 * D, D);
      linear(`${block}.${stream}_mlp.net.0.proj`, 4 * D, D);
      linear(`${block}.${stream}_mlp.net.2`, D, 4 * D);
    }
  }
  linear('norm_out.linear', 2 * D, D);
  linear('proj_out', config.patch_size ** 2 * config.out_channels, D);
  return shapes;
}
