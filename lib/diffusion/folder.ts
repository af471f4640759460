/** The painter's parts of a model folder: transformer/, scheduler/ and their lines of model_index.json. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { readJsonObject, resolvePart, writeJson } from '../checkpoint';
import type { Params } from '../tensor';
import type { Denoiser } from './denoiser';
import { loadFlow, saveFlow } from './flow';
import { QwenImageTransformer, saveTransformer } from './model';

/** Opens transformer/ and scheduler/ of a model folder (or of the base that it names), ready for the samplers. */
export async function loadDenoiser(dir: string): Promise<Denoiser & { model: QwenImageTransformer }> {
  const model = await QwenImageTransformer.fromPretrained(resolvePart(dir, 'transformer'));
  return {
    model,
    config: model.config,
    params: model.parameters(),
    flow: loadFlow(resolvePart(dir, 'scheduler')),
  };
}

/** Writes transformer/ and scheduler/ and enters them in model_index.json, keeping what it says of other parts. */
export function saveDenoiser(
  dir: string,
  { config, params, flow }: Denoiser & { params: Params },
  dtype: 'F32' | 'F16' | 'BF16' = 'F16',
): void {
  saveTransformer(path.join(dir, 'transformer'), config, params, dtype);
  saveFlow(path.join(dir, 'scheduler'), flow);
  const file = path.join(dir, 'model_index.json');
  const index = fs.existsSync(file) ? readJsonObject(file) : {};
  writeJson(file, {
    ...index,
    _class_name: 'QwenImagePipeline',
    transformer: ['diffusers', 'QwenImageTransformer2DModel'],
    scheduler: ['diffusers', 'FlowMatchEulerDiscreteScheduler'],
  });
}
