/** QwenImageTransformer: the painter with its weights, opened from and saved to a diffusers folder. */
import * as path from 'node:path';
import { loadSafetensors, readJson, saveSafetensors, writeJson } from '../checkpoint';
import { RandomStream, tf, type Params } from '../tensor';
import { parameterShapes, parseQwenImageConfig, toDiffusersConfig, type QwenImageConfig } from './config';
import { qwenImageForward, type QwenImageInputs } from './transformer';

const WEIGHTS = 'diffusion_pytorch_model.safetensors';

export class QwenImageTransformer {
  constructor(
    readonly config: QwenImageConfig,
    private readonly variables: Record<string, tf.Variable>,
  ) {}

  /**
   * Opens a `transformer/` folder: config.json and diffusion_pytorch_model.safetensors.
   * @throws naming the file and the field or tensor when something is missing, unknown or misshapen
   */
  static async fromPretrained(dir: string): Promise<QwenImageTransformer> {
    const where = path.join(path.basename(dir), 'config.json');
    const config = parseQwenImageConfig(readJson(path.join(dir, 'config.json')), where);
    return new QwenImageTransformer(
      config,
      variablesOf(config, loadSafetensors(path.join(dir, WEIGHTS)), WEIGHTS),
    );
  }

  /** A new painter. Modulations and the output start at zero, so every block begins as the identity (DiT's adaLN-Zero). */
  static init(config: QwenImageConfig, seed: number): QwenImageTransformer {
    const tensors: Params = {};
    for (const [name, shape] of Object.entries(parameterShapes(config))) {
      tensors[name] = initial(name, shape, RandomStream.of(seed, 'init', name));
    }
    return new QwenImageTransformer(config, variablesOf(config, tensors, 'init'));
  }

  /** Synchronous prediction; see qwenImageForward. */
  forward(inputs: QwenImageInputs): tf.Tensor {
    return qwenImageForward(this.config, this.variables, inputs);
  }

  /** The live weights by Hugging Face name; training updates them in place. */
  parameters(): Record<string, tf.Variable> {
    return this.variables;
  }

  /** Writes config.json and the weights, half precision by default to keep checkpoints small. */
  save(dir: string, options: { dtype?: 'F32' | 'F16' | 'BF16' } = {}): void {
    saveTransformer(dir, this.config, this.variables, options.dtype);
  }

  dispose(): void {
    for (const variable of Object.values(this.variables)) variable.dispose();
  }
}

/** Saves any parameter record (EMA or merged weights too) as a folder diffusers opens. */
export function saveTransformer(
  dir: string,
  config: QwenImageConfig,
  params: Params,
  dtype: 'F32' | 'F16' | 'BF16' = 'F16',
): void {
  saveSafetensors(path.join(dir, WEIGHTS), params, {}, { dtype });
  writeJson(path.join(dir, 'config.json'), toDiffusersConfig(config));
}

function initial(name: string, shape: number[], stream: RandomStream): tf.Tensor {
  const zero = name.endsWith('.bias') || /_mod\.1\.|^proj_out\.|^norm_out\./.test(name);
  if (zero) return tf.zeros(shape);
  if (shape.length === 1) return tf.ones(shape); // norms
  const [out, inputs] = shape;
  const std = name.startsWith('time_text_embed') ? 0.02 : Math.sqrt(2 / (out + inputs)); // Xavier, as DiT
  return tf.tidy(() => stream.tensorNormal(shape).mul(std));
}

/** Wraps loaded tensors in variables after checking names and shapes; the tensors are consumed. */
function variablesOf(config: QwenImageConfig, tensors: Params, where: string): Record<string, tf.Variable> {
  const shapes = parameterShapes(config);
  const unknown = Object.keys(tensors).filter((name) => !(name in shapes));
  if (unknown.length) throw new Error(`${where}: unknown tensor "${unknown[0]}" (${unknown.length} in all)`);
  const variables: Record<string, tf.Variable> = {};
  for (const [name, shape] of Object.entries(shapes)) {
    const tensor = tensors[name];
    if (!tensor) throw new Error(`${where}: tensor "${name}" is missing`);
    if (tensor.shape.join() !== shape.join()) {
      throw new Error(`${where}: "${name}" has shape [${tensor.shape}], want [${shape}]`);
    }
    variables[name] = tf.variable(tensor, true);
    tensor.dispose();
  }
  return variables;
}
