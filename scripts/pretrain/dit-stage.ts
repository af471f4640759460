/** The third stage of pretraining: the painter learns literal captions, with the language model frozen. */
import * as path from 'node:path';
import {
  fileDigest,
  isMade,
  type ModelSize,
  recordMade,
  RunFolder,
  siCount,
  writeAtomic,
} from '../../lib/checkpoint';
import * as diffusion from '../../lib/diffusion';
import { encodeForDrawing, lmSize, Qwen2, Tokenizer } from '../../lib/encoder';
import { imageGrid } from '../../lib/notebook';
import type { BackendInfo, RandomStream } from '../../lib/tensor';
import {
  type Artist,
  ARTISTS,
  captionOf,
  DEFAULT_SAY,
  type Edition,
  isHeldOutScene,
  randomFigureScene,
  randomScene,
  renderScene,
  type SceneSpec,
  type Tier,
} from '../../lib/world';
import { changesOf, type Keeping, lastOf, machineLine, secondsOf, tierOfChoice } from './common';

/** All numbers of the painter at a size, and what it is shown, as options of the command line. */
export function ditDefaults(size: ModelSize) {
  const { model, config } = diffusion.ditSize(size, lmSize(size).model.hiddenSize);
  return {
    dtype: 'BF16' as 'F32' | 'F16' | 'BF16',
    /** Model folder whose transformer/ the weights start from; empty: fresh weights. */
    init: '',
    layers: model.num_layers,
    heads: model.num_attention_heads,
    /** One artist: a caption then has one picture. Twemoji has drawn 855 of the 861 concepts, and the plainest. */
    artists: ['twemoji'] as Artist[],
    /** Share of pictures by the other artists, whose style is then always said; a caption without style is ours. */
    guestShare: 0,
    scenes: {
      single: 0.45,
      many: 0.17,
      pair: 0.14,
      trio: 0.015,
      slot: 0.035,
      prop: 0.08,
      text: 0.1,
      empty: 0.01,
    },
    /** Share of pictures with a clock, sign, board, sudoku, maze, four panels or a turned object. */
    figures: 0.08,
    sizes: { small: 0.13, medium: 0.27, large: 0.6 },
    atHome: 0.7,
    tint: 0.1,
    say: { ...DEFAULT_SAY },
    spikeFactor: 10,
    ...config,
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
}

export type DitStageOptions = ReturnType<typeof ditDefaults> &
  Keeping & {
    run: string;
    /** Model folder: text_encoder/ and tokenizer/ are read, transformer/ and scheduler/ written. */
    out: string;
    edition: Edition;
    tier: Tier | null;
    precision: 'fp32' | 'bf16';
  };

/** The training distribution: a scene that is not held out, with its caption and picture; a function of the stream alone. */
export function pictureMaker(
  options: Pick<
    DitStageOptions,
    'artists' | 'guestShare' | 'scenes' | 'sizes' | 'atHome' | 'tint' | 'say' | 'figures'
  >,
  tier: Tier,
): (stream: RandomStream) => diffusion.Picture {
  const { guestShare, scenes: weights, sizes, atHome, tint, figures } = options;
  const guests = ARTISTS.filter((artist) => !options.artists.includes(artist));
  return (stream) => {
    const scene = stream.split('scene');
    const guest = guests.length > 0 && guestShare > 0 && stream.split('guest').uniform() < guestShare;
    const artists = guest ? guests : options.artists;
    const say = guest ? { ...options.say, style: 1 } : options.say;
    const figure = figures > 0 && stream.split('figure').uniform() < figures;
    const draw = (): SceneSpec =>
      figure
        ? randomFigureScene(scene, { artists, tier })
        : randomScene(scene, { artists, tier, weights, sizes, atHome, tint });
    let spec = draw();
    while (isHeldOutScene(spec)) spec = draw();
    const caption = captionOf(spec, stream.split('caption'), { say });
    return { caption, pixels: renderScene(spec, { seed: stream.split('render').int(2 ** 31) }) };
  };
}

/** What may change from session to session: a curriculum. The run's sessions and training.json say what did. */
const MAY_CHANGE = ['lr', 'decay', 'guestShare', 'scenes', 'figures', 'sizes', 'atHome', 'tint', 'say'];

/** Trains `out`/transformer, unless it is there. Returns whether it is now. */
export async function ditStage(options: DitStageOptions, backend: BackendInfo): Promise<boolean> {
  const { run: name, out, fresh, overwrite, dtype, captions, spikeFactor, ...rest } = options;
  const tier = tierOfChoice(options);
  const encoderFile = path.join(out, 'text_encoder', 'model.safetensors');
  const lm = await Qwen2.fromPretrained(path.dirname(encoderFile));
  const tokenizer = Tokenizer.fromPretrained(path.join(out, 'tokenizer'));
  const config = { ...rest, tier, encoder: fileDigest(encoderFile) };
  if (isMade(out, 'transformer', config, { fresh, overwrite })) {
    console.log(`${out}/transformer: done already`);
    return true;
  }
  const painter = rest.init
    ? await diffusion.QwenImageTransformer.fromPretrained(path.join(rest.init, 'transformer'))
    : diffusion.QwenImageTransformer.init(
        {
          ...diffusion.SMALL_QWEN_IMAGE,
          num_layers: rest.layers,
          num_attention_heads: rest.heads,
          joint_attention_dim: lm.config.hiddenSize,
        },
        rest.seed,
      );
  const pictures = rest.steps * rest.batchSize;
  const parameters = diffusion.ditParameterCount(painter.config);
  const flops = diffusion.ditTrainFlops(painter.config) * pictures;
  console.log(
    `painter: ${siCount(parameters)} parameters; ${rest.steps} steps of ${rest.batchSize} pictures = ${siCount(pictures)}; ` +
      `${siCount(flops / rest.steps)}FLOP a step, ${siCount(flops)}FLOP in all`,
  );
  const run = RunFolder.open(name, config, { fresh, backend, free: MAY_CHANGE });
  const { ema, step, interrupted, log } = await diffusion.trainDit({
    run,
    config: rest,
    model: painter.config,
    params: painter.parameters(),
    picture: pictureMaker(rest, tier),
    captionLength: (caption) => tokenizer.encode(caption).length,
    encode: (texts) => encodeForDrawing(lm, tokenizer, texts),
    sampleCaptions: captions,
    onSamples: async (at, drawn, texts) => {
      const file = run.samplePath(at, 'grid.png');
      const labelled = drawn.map((data, i) => ({ data, label: texts[i] }));
      writeAtomic(file, await imageGrid(labelled, { columns: 4 }));
      console.log(`  draws: ${file}`);
    },
    ...(spikeFactor > 0 && { spike: { factor: spikeFactor } }),
  });
  if (interrupted) return false;
  const flow = { prediction_type: rest.predictionType, shift: rest.shift };
  diffusion.saveDenoiser(out, { config: painter.config, params: ema, flow }, dtype);
  recordMade(out, 'transformer', {
    options: config,
    result: {
      ...{
        run: name,
        parameters,
        steps: step,
        pictures,
        flops,
        seconds: secondsOf(run),
        machine: machineLine(backend),
      },
      evalLoss: lastOf(log, 'eval_loss'),
      changes: changesOf(run),
      digest: fileDigest(path.join(out, 'transformer', 'diffusion_pytorch_model.safetensors')),
    },
  });
  console.log(`${out}/transformer: averaged weights after ${step} steps`);
  return true;
}
