/**
 * Rectified flow: x_s = (1 - s) * x0 + s * noise, with s = sigma from 1 (noise) to 0 (picture), and velocity
 * v = noise - x0. What the network predicts (clean sample or velocity) and the schedule's shift live in
 * scheduler/scheduler_config.json, which diffusers' FlowMatchEulerDiscreteScheduler opens too.
 */
import * as path from 'node:path';
import { readJsonObject, writeJson } from '../checkpoint';
import { tf } from '../tensor';

export type PredictionType = 'sample' | 'velocity';

export interface FlowConfig {
  prediction_type: PredictionType;
  /** Moves the schedule towards noise: s' = shift * s / (1 + (shift - 1) * s); 1 leaves it even. */
  shift: number;
}

export const DEFAULT_FLOW: FlowConfig = { prediction_type: 'sample', shift: 1 };

/**
 * The noise levels of an N-step sampler: N + 1 numbers from 1 down to 0.
 * @throws when steps is not a positive integer
 */
export function flowSigmas(steps: number, shift = 1): number[] {
  if (!Number.isInteger(steps) || steps < 1) throw new Error(`steps is ${steps}, want a positive integer`);
  if (!(shift > 0)) throw new Error(`shift is ${shift}, want a positive number`);
  const sigmas = Array.from({ length: steps }, (_, i) => {
    const s = 1 - i / steps;
    return (shift * s) / (1 + (shift - 1) * s);
  });
  return [...sigmas, 0];
}

/** (1 - s) * x0 + s * noise with one sigma per sample. x0, noise [B, T, C]; sigma [B] */
export function addNoise(x0: tf.Tensor, noise: tf.Tensor, sigma: tf.Tensor): tf.Tensor {
  return tf.tidy(() => {
    const s = sigma.reshape([-1, ...x0.shape.slice(1).map(() => 1)]);
    return x0.add(noise.sub(x0).mul(s));
  });
}

/** Velocity from a clean-sample prediction: (x - x0) / sigma. */
export function velocityOf(x: tf.Tensor, x0: tf.Tensor, sigma: number): tf.Tensor {
  if (!(sigma > 0)) throw new Error(`velocityOf: sigma is ${sigma}, want a positive number`);
  return tf.tidy(() => x.sub(x0).div(sigma));
}

/** Clean sample from a velocity: x - sigma * v. */
export function sampleOf(x: tf.Tensor, velocity: tf.Tensor, sigma: number): tf.Tensor {
  return tf.tidy(() => x.sub(velocity.mul(sigma)));
}

/** Reads `<dir>/scheduler_config.json`. A folder written by diffusers has no prediction_type: Qwen-Image's is velocity. */
export function loadFlow(dir: string): FlowConfig {
  const json = readJsonObject(path.join(dir, 'scheduler_config.json'));
  const where = path.join(path.basename(dir), 'scheduler_config.json');
  const prediction = json.prediction_type ?? 'velocity';
  if (prediction !== 'sample' && prediction !== 'velocity') {
    throw new Error(
      `${where}: prediction_type is ${JSON.stringify(prediction)}, want "sample" or "velocity"`,
    );
  }
  const shift = json.shift ?? 1;
  if (typeof shift !== 'number' || !(shift > 0)) {
    throw new Error(`${where}: shift is ${JSON.stringify(shift)}, want a positive number`);
  }
  if (json.use_dynamic_shifting === true) {
    throw new Error(`${where}: use_dynamic_shifting is true, want false (a fixed shift)`);
  }
  return { prediction_type: prediction, shift };
}

/** Writes `<dir>/scheduler_config.json`. */
export function saveFlow(dir: string, flow: FlowConfig): void {
  writeJson(path.join(dir, 'scheduler_config.json'), {
    _class_name: 'FlowMatchEulerDiscreteScheduler',
    _diffusers_version: '0.36.0',
    num_train_timesteps: 1000,
    shift: flow.shift,
    use_dynamic_shifting: false,
    prediction_type: flow.prediction_type,
  });
}
