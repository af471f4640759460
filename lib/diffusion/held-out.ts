/** The painter's loss on pictures it is not trained on, the same ones with the same noise every time. */
import { RandomStream, tf, type Params } from '../tensor';
import { disposeConditioning, type Conditioning } from './conditioning';
import type { QwenImageConfig } from './config';
import type { FlowConfig } from './flow';
import { drawSigmas, flowLosses } from './loss';
import { patchesOf, type Picture } from './pictures';

export interface HeldOutFlow {
  config: { seed: number; sigmaMean: number; sigmaStd: number; sigmaUniform: number; minSigma: number };
  model: QwenImageConfig;
  params: Params;
  flow: FlowConfig;
  picture: (stream: RandomStream) => Picture;
  encode: (captions: string[]) => Conditioning;
  /** How many, drawn from a stream that training never uses (64). */
  pictures?: number;
  batch?: number;
}

/** Mean flow loss over the pictures, without caption dropout; noise levels have the distribution of training. */
export function heldOutFlowLoss(options: HeldOutFlow): number {
  const { config, model, params, flow, pictures = 64, batch = 32 } = options;
  const { sigmaMean: mean, sigmaStd: std, sigmaUniform: uniform, minSigma } = config;
  const stream = RandomStream.of(config.seed, 'dit-held-out');
  const levels = drawSigmas(stream.split('sigma'), pictures, { mean, std, uniform });
  let sum = 0;
  for (let first = 0; first < pictures; first += batch) {
    const sigmas = levels.slice(first, first + batch);
    const shown = sigmas.map((_, b) => options.picture(stream.split('picture', first + b)));
    const { embeds, mask } = options.encode(shown.map(({ caption }) => caption));
    sum += tf.tidy(() => {
      const x0 = patchesOf(shown, model.patch_size);
      const noise = stream.split('noise', first).tensorNormal(x0.shape);
      const each = { x0, noise, sigma: tf.tensor1d(sigmas), conditioning: { embeds, mask } };
      return flowLosses({ config: model, params, flow, batch: each, minSigma }).sum().dataSync()[0];
    });
    disposeConditioning({ embeds, mask });
  }
  return sum / pictures;
}
