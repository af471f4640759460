/**
 * Flow matching: noise a clean picture to a random level, predict, compare velocities.
 *
 * With prediction_type "sample" the network gives the clean picture and is judged by the velocity that follows from
 * it, (x - x0) / sigma, whose sigma is kept from 0 by a floor (JiT, arXiv 2511.13720, section 4).
 */
import { RandomStream, tf, type Params } from '../tensor';
import type { Conditioning } from './conditioning';
import type { QwenImageConfig } from './config';
import { gridOf } from './denoiser';
import { addNoise, type FlowConfig } from './flow';
import { withPositions } from './positions';
import { qwenImageForward } from './transformer';

/** How noise levels are drawn in training: sigmoid of a normal number, now and then uniform so that the ends are seen. */
export interface TimestepConfig {
  mean: number; // above 0 leans to noise
  std: number;
  uniform: number; // share of levels drawn uniformly
}

/** The p-quantile of the standard normal (Acklam's rational approximation, error below 1.2e-9). */
export function normalQuantile(p: number): number {
  if (!(p > 0 && p < 1)) throw new Error(`normalQuantile: p is ${p}, want a number in (0, 1)`);
  const poly = (c: number[], x: number) => c.reduce((sum, k) => sum * x + k, 0);
  const c = [
    -7.784894002430293e-3, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
    2.938163982698783,
  ];
  const d = [7.784695709041462e-3, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1];
  if (p < 0.02425 || p > 1 - 0.02425) {
    const q = Math.sqrt(-2 * Math.log(Math.min(p, 1 - p)));
    return (Math.sign(0.5 - p) * poly(c, q)) / poly(d, q);
  }
  const a = [
    -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716,
    2.506628277459239,
  ];
  const b = [
    -54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1,
  ];
  const q = p - 0.5;
  return (poly(a, q * q) * q) / poly(b, q * q);
}

/**
 * `count` noise levels in (0, 1). Their quantiles are spread evenly (one per 1/count of the distribution), so that
 * every batch covers easy and hard levels alike; the order is shuffled.
 */
export function drawSigmas(
  stream: RandomStream,
  count: number,
  { mean, std, uniform }: TimestepConfig,
): number[] {
  const offset = stream.uniform();
  const levels = Array.from({ length: count }, (_, i) => {
    const p = Math.min(1 - 1e-6, Math.max(1e-6, (i + offset) / count));
    if (p < uniform) return Math.min(1 - 1e-4, Math.max(1e-4, p / uniform));
    const rest = Math.min(1 - 1e-6, Math.max(1e-6, (p - uniform) / (1 - uniform)));
    return 1 / (1 + Math.exp(-(mean + std * normalQuantile(rest))));
  });
  return stream.shuffle(levels);
}

export interface FlowBatch {
  x0: tf.Tensor; // [B, T, C] clean patches
  noise: tf.Tensor; // [B, T, C] standard normal
  sigma: tf.Tensor; // [B]
  conditioning: Conditioning; // [B, S, D]
}

export interface FlowLossOptions {
  config: QwenImageConfig;
  params: Params;
  flow: FlowConfig;
  batch: FlowBatch;
  /** Floor of sigma in the loss of a clean-sample prediction. */
  minSigma?: number;
}

/**
 * Squared velocity error of each picture, mean over its numbers: [B]. Differentiable in the parameters.
 */
export function flowLosses({ config, params, flow, batch, minSigma = 0.05 }: FlowLossOptions): tf.Tensor {
  return tf.tidy(() => {
    const { x0, noise, sigma, conditioning } = batch;
    const [B, T] = x0.shape;
    const output = qwenImageForward(config, params, {
      hiddenStates: withPositions(config, addNoise(x0, noise, sigma), gridOf(T!)),
      encoderHiddenStates: conditioning.embeds,
      encoderHiddenStatesMask: conditioning.mask,
      timestep: sigma,
      imgShapes: [[gridOf(T!)]],
    });
    const target = flow.prediction_type === 'sample' ? x0 : noise.sub(x0);
    const error = output.sub(target).square().reshape([B!, -1]).mean(1); // [B]
    return flow.prediction_type === 'sample' ? error.div(sigma.maximum(minSigma).square()) : error;
  });
}
