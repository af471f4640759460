/** `npm run pretrain:dit`: teaches the painter literal captions, with the language model of the checkpoint frozen. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { oneOf, parseCli, RunFolder } from '../lib/checkpoint';
import * as diffusion from '../lib/diffusion';
import { encodeForDrawing, Qwen2, Tokenizer } from '../lib/encoder';
import { imageGrid } from '../lib/notebook';
import { initBackend, setMatmulPrecision } from '../lib/tensor';
import {
  type Artist,
  captionOf,
  DEFAULT_SAY,
  DEFAULT_TIER,
  randomScene,
  renderScene,
  type Tier,
  TIERS,
} from '../lib/world';

const DEFAULTS = {
  name: 'pretrain-dit',
  checkpoint: 'checkpoints/base',
  init: '',
  fresh: false,
  layers: diffusion.SMALL_QWEN_IMAGE.num_layers,
  heads: diffusion.SMALL_QWEN_IMAGE.num_attention_heads,
  precision: 'fp32',
  // One artist and few crowded scenes first: a painter of this size that has seen 200k pictures knows these well.
  artists: ['noto'] as Artist[],
  tier: DEFAULT_TIER as Tier,
  scenes: { single: 0.72, many: 0.06, pair: 0.07, trio: 0, slot: 0, prop: 0.13, text: 0.01, empty: 0.01 },
  sizes: { small: 0.05, medium: 0.1, large: 0.85 },
  atHome: 0.85,
  tint: 0.02,
  say: { ...DEFAULT_SAY, size: 0.75 },
  ...diffusion.DIT_TRAIN_DEFAULTS,
  captions: [
    'one large violin on a table',
    'one large apple on a white background',
    'two cats in a meadow',
    'one sailboat on the sea at night',
    'a green flame on a table',
    'one medium owl in a forest at night',
    'one large penguin in the snow',
    "a blackboard with the text '2X-4=10' on line 1",
  ],
};

async function main(): Promise<void> {
  const options = parseCli(DEFAULTS, {
    name: 'npm run pretrain:dit --',
    help: 'Trains the diffusion transformer on rendered scenes and literal captions; resumes where it stopped.',
    describe: {
      checkpoint: 'model folder: text_encoder/ and tokenizer/ are read, transformer/ and scheduler/ written',
      init: 'model folder whose transformer/ the weights start from; empty: fresh weights',
      fresh: 'begin anew, moving an earlier run of this name aside',
      sigmaMean: 'noise levels are sigmoid(normal(sigmaMean, sigmaStd))',
      captions: 'drawn every sampleEvery steps',
      tier: 'concepts up to this tier are drawn: 0 core, 1 what most facts ask for, 2 all',
    },
    checks: {
      precision: oneOf('fp32', 'bf16'),
      predictionType: oneOf('sample', 'velocity'),
      tier: oneOf(...TIERS),
    },
  });
  const backend = await initBackend();
  console.log(`backend: ${backend.name} (${backend.detail}), ${backend.threads} threads`);
  if (options.precision === 'bf16') setMatmulPrecision('bf16');

  const lm = await Qwen2.fromPretrained(path.join(options.checkpoint, 'text_encoder'));
  const tokenizer = Tokenizer.fromPretrained(path.join(options.checkpoint, 'tokenizer'));
  const { name, checkpoint, init, fresh, layers, heads, precision, captions, ...rest } = options;
  const { artists, tier, scenes, sizes, atHome, tint, say, ...config } = rest;
  const model: diffusion.QwenImageConfig = {
    ...diffusion.SMALL_QWEN_IMAGE,
    num_layers: layers,
    num_attention_heads: heads,
    joint_attention_dim: lm.config.hiddenSize,
  };
  const painter = init
    ? await diffusion.QwenImageTransformer.fromPretrained(path.join(init, 'transformer'))
    : diffusion.QwenImageTransformer.init(model, config.seed);
  const run = RunFolder.open(
    name,
    // Runs of the core keep the config they were begun with, from before there were tiers.
    {
      ...config,
      ...{ layers, heads, precision, init, artists, scenes, sizes, atHome, tint, say },
      ...(tier !== DEFAULT_TIER && { tier }),
    },
    { fresh, backend },
  );

  const { ema, step, interrupted } = await diffusion.trainDit({
    run,
    config,
    model: painter.config,
    params: painter.parameters(),
    picture: (stream) => {
      const spec = randomScene(stream.split('scene'), {
        artists,
        tier,
        weights: scenes,
        sizes,
        atHome,
        tint,
      });
      const caption = captionOf(spec, stream.split('caption'), { say });
      return { caption, pixels: renderScene(spec, { seed: stream.split('render').int(2 ** 31) }) };
    },
    encode: (texts) => encodeForDrawing(lm, tokenizer, texts),
    sampleCaptions: captions,
    onSamples: async (at, pictures, texts) => {
      const labelled = pictures.map((data, i) => ({ data, label: texts[i] }));
      fs.writeFileSync(run.samplePath(at, 'grid.png'), await imageGrid(labelled, { columns: 4 }));
    },
  });
  if (interrupted) return;
  const flow = { prediction_type: config.predictionType, shift: config.shift };
  diffusion.saveDenoiser(checkpoint, { config: painter.config, params: ema, flow });
  console.log(`${checkpoint}/transformer: averaged weights after ${step} steps`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
