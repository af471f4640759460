/**
 * LoRA (arXiv 2106.09685): trains two thin matrices per chosen layer, W + scale * B A, over frozen weights.
 * Works on any parameter record with Hugging Face names; files are PEFT's, so Python opens them.
 */
import * as path from 'node:path';
import { loadSafetensors, readJsonObject, saveSafetensors, writeJson } from '../checkpoint';
import { RandomStream, tf, type Params } from '../tensor';

export interface LoraOptions {
  rank: number;
  /** The update is scaled by alpha / rank. */
  alpha: number;
  /** Names of layers: a module takes part when its name is one of these or ends with `.` and one of these. */
  targets: string[];
}

export interface Lora extends LoraOptions {
  /** `<module>.lora_A.weight` [rank, I] and `<module>.lora_B.weight` [O, rank]. */
  weights: Record<string, tf.Variable>;
}

/** The layers Flow-GRPO adapts in Qwen-Image: all attention projections and both feed-forwards. */
export const DIT_LORA_TARGETS = [
  ...['to_q', 'to_k', 'to_v', 'to_out.0', 'add_q_proj', 'add_k_proj', 'add_v_proj', 'to_add_out'],
  ...['img_mlp.net.0.proj', 'img_mlp.net.2', 'txt_mlp.net.0.proj', 'txt_mlp.net.2'],
];

const PREFIX = 'base_model.model.'; // PEFT's wrapping of the model
const WEIGHTS = 'adapter_model.safetensors';
const CONFIG = 'adapter_config.json';

function checkOptions({ rank, alpha, targets }: LoraOptions): void {
  if (!Number.isInteger(rank) || rank < 1) throw new Error(`LoRA: rank is ${rank}, want a positive integer`);
  if (!(alpha > 0)) throw new Error(`LoRA: alpha is ${alpha}, want a positive number`);
  if (!targets.length) throw new Error('LoRA: targets is empty, want at least one layer name');
}

/** The modules (without `.weight`) that the targets name. */
function modulesOf(params: Params, targets: string[]): string[] {
  const modules = Object.keys(params)
    .filter((name) => name.endsWith('.weight') && params[name].rank === 2)
    .map((name) => name.slice(0, -'.weight'.length));
  const matches = (module: string, target: string) => module === target || module.endsWith(`.${target}`);
  const idle = targets.find((target) => !modules.some((module) => matches(module, target)));
  if (idle) throw new Error(`LoRA: no layer is called "${idle}"`);
  return modules.filter((module) => targets.some((target) => matches(module, target)));
}

/**
 * New adapters: A uniform in +-1/sqrt(I) (PEFT's default), B zero, so that the model starts unchanged.
 * @throws when a target names no layer
 */
export function initLora(params: Params, options: LoraOptions, stream: RandomStream): Lora {
  checkOptions(options);
  const { rank } = options;
  const weights: Record<string, tf.Variable> = {};
  for (const module of modulesOf(params, options.targets)) {
    const [out, inputs] = params[`${module}.weight`].shape;
    const bound = 1 / Math.sqrt(inputs);
    const a = stream.split('lora', module).tensorUniform([rank, inputs], -bound, bound);
    weights[`${module}.lora_A.weight`] = variable(a);
    weights[`${module}.lora_B.weight`] = variable(tf.zeros([out, rank]));
  }
  return { ...options, weights };
}

function variable(tensor: tf.Tensor): tf.Variable {
  const result = tf.variable(tensor, true);
  tensor.dispose();
  return result;
}

/**
 * The parameters with the adapters added: W + scale * B A where there is one, the tensor itself elsewhere.
 * Differentiable in the adapters (and in params). Call it inside the tidy or loss that uses the result.
 * @param scale alpha / rank unless given; 0 switches the adapters off
 */
export function applyLora(params: Params, lora: Lora, scale = lora.alpha / lora.rank): Params {
  const merged: Params = { ...params };
  for (const [name, b] of Object.entries(lora.weights)) {
    if (!name.endsWith('.lora_B.weight')) continue;
    const module = name.slice(0, -'.lora_B.weight'.length);
    const weight = params[`${module}.weight`];
    if (!weight) throw new Error(`LoRA: the model has no layer "${module}"`);
    const a = lora.weights[`${module}.lora_A.weight`];
    merged[`${module}.weight`] = tf.tidy(() =>
      weight.add(tf.matMul(b as tf.Tensor2D, a as tf.Tensor2D).mul(scale)),
    );
  }
  return merged;
}

/** Adds the adapters into the model's own variables for good. */
export function mergeLora(params: Record<string, tf.Variable>, lora: Lora, scale?: number): void {
  tf.tidy(() => {
    const merged = applyLora(params, lora, scale);
    for (const [name, tensor] of Object.entries(merged))
      if (tensor !== params[name]) params[name].assign(tensor);
  });
}

/** Writes adapter_config.json and adapter_model.safetensors as PEFT does. */
export function saveLora(dir: string, lora: Lora, options: { dtype?: 'F32' | 'F16' | 'BF16' } = {}): void {
  const named = Object.entries(lora.weights).map(([name, tensor]) => [PREFIX + name, tensor] as const);
  saveSafetensors(path.join(dir, WEIGHTS), Object.fromEntries(named), {}, { dtype: options.dtype ?? 'F32' });
  writeJson(path.join(dir, CONFIG), {
    peft_type: 'LORA',
    task_type: null,
    base_model_name_or_path: null,
    r: lora.rank,
    lora_alpha: lora.alpha,
    target_modules: lora.targets,
    lora_dropout: 0,
    bias: 'none',
    fan_in_fan_out: false,
    use_rslora: false,
    use_dora: false,
    init_lora_weights: true,
    inference_mode: true,
  });
}

/**
 * Opens adapters saved by saveLora or by PEFT.
 * @throws when the config is of another kind or a matrix has no partner
 */
export function loadLora(dir: string): Lora {
  const where = path.join(path.basename(dir), CONFIG);
  const json = readJsonObject(path.join(dir, CONFIG));
  if (json.peft_type !== 'LORA')
    throw new Error(`${where}: peft_type is ${JSON.stringify(json.peft_type)}, want "LORA"`);
  for (const key of ['use_rslora', 'use_dora', 'fan_in_fan_out']) {
    if (json[key]) throw new Error(`${where}: ${key} is ${JSON.stringify(json[key])}, want false`);
  }
  const targets = json.target_modules;
  if (!Array.isArray(targets) || !targets.every((t) => typeof t === 'string')) {
    throw new Error(`${where}: target_modules is ${JSON.stringify(targets)}, want a list of names`);
  }
  const options = { rank: json.r as number, alpha: json.lora_alpha as number, targets: targets as string[] };
  checkOptions(options);
  const weights: Record<string, tf.Variable> = {};
  for (const [name, tensor] of Object.entries(loadSafetensors(path.join(dir, WEIGHTS)))) {
    weights[name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name] = variable(tensor);
  }
  for (const name of Object.keys(weights)) {
    const partner = name
      .replace('.lora_A.', '.lora_*.')
      .replace('.lora_B.', '.lora_A.')
      .replace('.lora_*.', '.lora_B.');
    if (!weights[partner] || partner === name)
      throw new Error(`${WEIGHTS}: "${name}" has no partner "${partner}"`);
  }
  return { ...options, weights };
}

export function disposeLora(lora: Lora): void {
  Object.values(lora.weights).forEach((weight) => weight.dispose());
}
