// The language model as an object: a Hugging Face Qwen2 folder in memory, with its methods.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { loadSafetensors, readJsonObject, saveSafetensors, writeJson } from '../checkpoint';
import { type Params, tf } from '../tensor';
import { type GenerateOptions, type Generation, generateTokens } from './generate';
import {
  type Qwen2Config,
  qwen2Config,
  type Qwen2Sizes,
  readQwen2Config,
  toHuggingFace,
} from './qwen2-config';
import { qwen2Forward, type Qwen2Inputs, type Qwen2Outputs } from './qwen2-forward';
import { initQwen2, variablesOf } from './qwen2-params';

/** What the functions of this folder need of a model: LoRA or reference weights go in as another `params`. */
export interface LanguageModel {
  config: Qwen2Config;
  params: Params;
}

/** A causal language model whose folders transformers' Qwen2ForCausalLM opens and writes. */
export class Qwen2 implements LanguageModel {
  constructor(
    readonly config: Qwen2Config,
    readonly params: Record<string, tf.Variable>,
  ) {}

  /** A model with fresh weights, a function of the seed. */
  static init(sizes: Qwen2Sizes, seed: number): Qwen2 {
    const config = qwen2Config(sizes);
    return new Qwen2(config, initQwen2(config, seed));
  }

  /** Opens config.json and model.safetensors (or its sharded form); errors name the file and the field. */
  static async fromPretrained(dir: string): Promise<Qwen2> {
    const config = readQwen2Config(dir);
    const generationFile = path.join(dir, 'generation_config.json');
    if (config.eosTokenId === null && fs.existsSync(generationFile)) {
      const eos = readJsonObject(generationFile).eos_token_id;
      const first: unknown = Array.isArray(eos) ? eos[0] : eos;
      if (typeof first === 'number') config.eosTokenId = first;
    }
    const indexFile = path.join(dir, 'model.safetensors.index.json');
    const files = fs.existsSync(indexFile)
      ? [...new Set(Object.values(readJsonObject(indexFile).weight_map as Record<string, string>))]
      : ['model.safetensors'];
    const tensors: Params = Object.assign({}, ...files.map((file) => loadSafetensors(path.join(dir, file))));
    return new Qwen2(config, variablesOf(config, tensors, path.join(dir, files[0])));
  }

  /**
   * All logits [B, T, V] and all hidden states ([embeddings, after layer 1, ..., after the last layer and final
   * norm], each [B, T, D]). Synchronous; the caller disposes both. See `qwen2Forward` for less work.
   */
  forward(
    inputs: Pick<Qwen2Inputs, 'inputIds' | 'attentionMask' | 'positionIds'>,
  ): Qwen2Outputs & { logits: tf.Tensor } {
    const { inputIds, attentionMask, positionIds } = inputs;
    const out = qwen2Forward(this.config, this.params, { inputIds, attentionMask, positionIds });
    return { ...out, logits: out.logits as tf.Tensor };
  }

  /** Batched sampling with a key-value cache; see `generateTokens`. Temperature 0 is greedy. */
  generate(options: GenerateOptions): Promise<Generation> {
    return generateTokens(this, options);
  }

  /** The trainable parameters by Hugging Face name (live, not copies). */
  parameters(): Record<string, tf.Variable> {
    return this.params;
  }

  get parameterCount(): number {
    return Object.values(this.params).reduce((sum, p) => sum + p.size, 0);
  }

  /** Writes config.json, generation_config.json and model.safetensors. */
  save(dir: string, { dtype = 'F32' }: { dtype?: 'F32' | 'F16' | 'BF16' } = {}): void {
    const { eosTokenId, padTokenId } = this.config;
    const name = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' }[dtype];
    writeJson(path.join(dir, 'config.json'), toHuggingFace(this.config, name));
    writeJson(path.join(dir, 'generation_config.json'), {
      _from_model_config: true,
      eos_token_id: eosTokenId,
      pad_token_id: padTokenId,
    });
    saveSafetensors(path.join(dir, 'model.safetensors'), this.params, {}, { dtype });
  }

  /** Frees the weights. */
  dispose(): void {
    tf.dispose(this.params);
  }
}
