// The dial of pretraining: counts, shapes that fit the kernels, one derivation for all sizes, errors.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import {
  ConfigError,
  MODEL_SIZES,
  modelSize,
  type ModelSize,
  oneOf,
  parseSizedCli,
  siCount,
} from '../lib/checkpoint';
import {
  ditParameterCount,
  ditSize,
  ditTrainFlops,
  latentChannels,
  parseQwenImageConfig,
  QwenImageTransformer,
  toDiffusersConfig,
} from '../lib/diffusion';
import { LM_CONTEXT, lmParameterCount, lmSize, lmTrainFlops, Qwen2, qwen2Config } from '../lib/encoder';
import { initBackend, RandomStream } from '../lib/tensor';
import { isHeldOutScene, parseCaption } from '../lib/world';
import { ditDefaults, pictureMaker } from '../scripts/pretrain/dit-stage';

const lmOf = (size: ModelSize) => qwen2Config(lmSize(size).model, size);
const ditOf = (size: ModelSize) => ditSize(size, lmOf(size).hiddenSize).model;

before(async () => {
  await initBackend();
});

test('counts: what is counted is what is made, and the sizes are what they are called', () => {
  for (const size of ['nano', 'tiny', 'small'] as const) {
    const lm = Qwen2.init(lmSize(size).model, 0);
    assert.equal(lmParameterCount(lm.config), lm.parameterCount, size);
    lm.dispose();
    const painter = QwenImageTransformer.init(ditOf(size), 0);
    const made = Object.values(painter.parameters()).reduce((sum, p) => sum + p.size, 0);
    assert.equal(ditParameterCount(painter.config), made, size);
    painter.dispose();
  }
  const base = lmParameterCount(lmOf('base'));
  assert.ok(base >= 4e6 && base <= 6e6, `base LM ${base}`);
  assert.ok(2 * ditParameterCount(ditOf('base')) <= 20e6, 'a bf16 file of at most 20 MB');
  for (const count of [lmParameterCount(lmOf('300m')), ditParameterCount(ditOf('300m'))])
    assert.ok(count > 250e6 && count < 350e6, String(count));
});

test('every size: heads divide, widths are multiples of 16, the files parse back, budgets grow', () => {
  let before = [0, 0, 0, 0];
  for (const size of MODEL_SIZES) {
    const lm = lmOf(size);
    assert.equal(lm.headDim * lm.numAttentionHeads, lm.hiddenSize);
    assert.equal(lm.numAttentionHeads % lm.numKeyValueHeads, 0);
    assert.ok(lm.maxPositionEmbeddings >= 165, 'worked examples fit');
    for (const width of [lm.hiddenSize, lm.intermediateSize, lm.headDim, lm.vocabSize])
      assert.equal(width % 16, 0, `${size}: ${width}`);
    const dit = ditOf(size);
    assert.deepEqual(parseQwenImageConfig(toDiffusersConfig(dit)), dit);
    assert.equal(dit.joint_attention_dim, lm.hiddenSize);
    assert.equal(latentChannels(dit), 192);
    for (const width of [dit.attention_head_dim, dit.in_channels]) assert.equal(width % 16, 0);

    const { config } = lmSize(size);
    const painting = ditSize(size, lm.hiddenSize).config;
    for (const c of [config, painting]) {
      assert.ok(c.warmup < c.steps / 2 && c.saveEvery <= c.steps, `${size}: ${JSON.stringify(c)}`);
      assert.ok(c.lr > 1e-4 && c.lr <= 4e-3);
    }
    const now = [
      lmParameterCount(lm),
      ditParameterCount(dit),
      config.steps * config.batch * LM_CONTEXT,
      painting.steps * painting.batchSize,
    ];
    now.forEach((value, i) => assert.ok(value > before[i], `${size}: ${value} after ${before[i]}`));
    before = now;
  }
});

test('operations: six a parameter and token for the language model, with attention beside; a hand count for the painter', () => {
  const lm = lmOf('300m');
  const ratio = lmTrainFlops(lm, 1) / (6 * lmParameterCount(lm));
  assert.ok(ratio > 0.99 && ratio < 1.01, String(ratio));
  const attention = lmTrainFlops(lm, 192) - lmTrainFlops(lm, 1);
  assert.equal(attention, 6 * lm.numHiddenLayers * 191 * lm.hiddenSize);

  const dit = { ...ditOf('nano'), num_layers: 1 };
  const D = 64;
  const perImage = 208 * D + 12 * D * D + 192 * D;
  const perText = dit.joint_attention_dim * D + 12 * D * D;
  const once = 256 * D + D * D + 12 * D * D + 2 * D * D;
  const forward = 64 * perImage + 10 * perText + once + 2 * 74 ** 2 * D;
  assert.equal(ditTrainFlops(dit, { image: 64, text: 10 }), 6 * forward);
  assert.equal(siCount(5470000), '5.47M');
  assert.equal(siCount(999_700), '1.00M');
  assert.equal(siCount(42), '42');
});

test('an unknown size is refused with the sizes there are; --size sets the defaults, other options override them', () => {
  assert.throws(
    () => modelSize('medium'),
    (e) => e instanceof ConfigError && /size: is "medium", want one of nano .*300m/.test(e.message),
  );
  assert.throws(() => lmSize('huge' as ModelSize), /want one of nano/);
  assert.throws(() => ditSize('huge' as ModelSize, 64), /want one of nano/);

  const defaultsOf = (size: ModelSize) => ({ size, out: 'x', ...lmSize(size).config });
  const said: string[] = [];
  const parse = (...argv: string[]) =>
    parseSizedCli(defaultsOf, {
      name: 'npm run x --',
      argv,
      checks: { out: oneOf('x', 'y') },
      print: (text) => void said.push(text),
      exit: (code): never => {
        throw new Error(`exit ${code}`);
      },
    });
  assert.equal(parse().size, 'small');
  const tiny = parse('--lr', '0.5', '--size', 'tiny');
  assert.deepEqual(tiny, { ...defaultsOf('tiny'), lr: 0.5 });
  assert.equal(parse('--size=base').steps, lmSize('base').config.steps);
  assert.throws(() => parse('--size', 'smal'), /exit 2/);
  assert.match(said.join(), /command line: size is "smal", want one of "nano", "tiny", "small"/);
  assert.throws(() => parse('--size'), /exit 2/);
  said.length = 0;
  assert.throws(() => parse('--size', 'tiny', '--help'), /exit 0/);
  assert.match(said.join(), new RegExp(`--steps +${lmSize('tiny').config.steps}`));
});

test('the painter is never shown a held-out scene', () => {
  const say = { style: 1, background: 1, size: 1, day: 1 };
  const picture = pictureMaker({ ...ditDefaults('tiny'), say }, 2);
  const scenes = Array.from({ length: 300 }, (_, i) => {
    const { caption } = picture(RandomStream.of(11, 'shown', i));
    const spec = parseCaption(caption);
    assert.ok(spec, caption);
    return spec;
  });
  assert.deepEqual(scenes.filter(isHeldOutScene), []);
});

test('pictures by guests always say whose style they have, and none is when nothing is said', () => {
  const defaults = ditDefaults('tiny');
  const stylesOf = (guestShare: number): (string | undefined)[] => {
    const picture = pictureMaker({ ...defaults, guestShare, figures: 0 }, 2);
    return Array.from({ length: 60 }, (_, i) => {
      const { caption } = picture(RandomStream.of(12, 'guests', i));
      return parseCaption(caption)?.style;
    });
  };
  const guests = stylesOf(1);
  assert.ok(guests.every((style) => style !== undefined && !defaults.artists.includes(style as 'twemoji')));
  assert.ok(new Set(guests).size > 1);
  assert.ok(stylesOf(0).every((style) => style === undefined || style === 'twemoji'));
});
