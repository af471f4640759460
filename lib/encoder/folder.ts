// The encoder's parts of a model folder: text_encoder/, tokenizer/ and their lines of model_index.json.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { type ModelIndex, readModelIndex, resolvePart, writeJson } from '../checkpoint';
import { Qwen2 } from './qwen2';
import { Tokenizer } from './tokenizer';

export interface EncoderParts {
  model: Qwen2;
  tokenizer: Tokenizer;
}

/** Opens the two parts of a model folder; those it lacks come from its base. */
export async function loadEncoder(dir: string): Promise<EncoderParts> {
  const tokenizer = Tokenizer.fromPretrained(resolvePart(dir, 'tokenizer'));
  return { tokenizer, model: await Qwen2.fromPretrained(resolvePart(dir, 'text_encoder')) };
}

/**
 * Writes text_encoder/ and tokenizer/ and enters them in model_index.json, keeping what it says of other parts.
 * `base` names the folder, relative to `dir`, that has the parts which are not here.
 */
export function saveEncoder(
  dir: string,
  { model, tokenizer }: EncoderParts,
  { dtype = 'F16', base }: { dtype?: 'F32' | 'F16' | 'BF16'; base?: string } = {},
): void {
  model.save(path.join(dir, 'text_encoder'), { dtype });
  tokenizer.save(path.join(dir, 'tokenizer'));
  const file = path.join(dir, 'model_index.json');
  const index: ModelIndex = fs.existsSync(file) ? readModelIndex(dir) : {};
  writeJson(file, {
    _class_name: 'QwenImagePipeline',
    ...index,
    ...(base === undefined ? {} : { base }),
    text_encoder: ['transformers', 'Qwen2ForCausalLM'],
    tokenizer: ['transformers', 'PreTrainedTokenizerFast'],
  });
}
