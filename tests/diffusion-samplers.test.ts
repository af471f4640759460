/** Stochastic steps against Flow-GRPO's numbers and closed forms; samplers and replays on a small painter. */
import assert from 'node:assert/strict';
import * as path from 'node:path';
import { before, test } from 'node:test';
import { loadSafetensors } from '../lib/checkpoint';
import * as d from '../lib/diffusion';
import { initBackend, RandomStream, tf, valueAndGrads, copyOf } from '../lib/tensor';

before(async () => {
  await initBackend();
});

const TINY: d.QwenImageConfig = {
  patch_size: 2,
  in_channels: 12,
  out_channels: 3,
  num_layers: 2,
  attention_head_dim: 8,
  num_attention_heads: 2,
  joint_attention_dim: 16,
  axes_dims_rope: [2, 2, 4],
};

/** A painter whose zero-initialised layers have been filled, so that it says something. */
function painter(seed = 3, prediction_type: d.PredictionType = 'sample'): d.Denoiser {
  const model = d.QwenImageTransformer.init(TINY, seed);
  const params = model.parameters();
  for (const [name, variable] of Object.entries(params)) {
    variable.assign(variable.add(RandomStream.of(seed, 'fill', name).tensorNormal(variable.shape).mul(0.1)));
  }
  return { config: TINY, params, flow: { prediction_type, shift: 1 } };
}

function texts(count: number, seed = 0): d.Conditioning {
  const row = (i: number) => RandomStream.of(seed, 'text', i).tensorNormal([1, 5, 16]);
  const mask = Array.from({ length: count }, (_, i) => [1, 1, 1, 1, i % 2]);
  return {
    embeds: tf.concat(
      Array.from({ length: count }, (_, i) => row(i)),
      0,
    ),
    mask: tf.tensor2d(mask),
  };
}

const numbers = (x: tf.Tensor): number[] => Array.from(x.dataSync());
function near(found: ArrayLike<number>, wanted: ArrayLike<number>, tolerance = 1e-5): void {
  assert.equal(found.length, wanted.length);
  for (let i = 0; i < found.length; i++) {
    const error = Math.abs(found[i] - wanted[i]);
    assert.ok(error <= tolerance * (1 + Math.abs(wanted[i])), `[${i}] is ${found[i]}, want ${wanted[i]}`);
  }
}

const common = { steps: 6, grid: [1, 3, 3] as d.ImageGrid, noiseLevel: 0.8, window: { start: 1, length: 2 } };

test('sdeStep gives the recorded Flow-GRPO steps', () => {
  const x = loadSafetensors(path.join(__dirname, 'fixtures', 'flow-sde', 'expected.safetensors'));
  const sigmas = numbers(x.sigmas);
  for (let i = 0; i < 5; i++) {
    const step = d.sdeStep({
      sample: x[`${i}.sample`],
      velocity: x[`${i}.velocity`],
      noise: x[`${i}.noise`],
      sigma: sigmas[i],
      sigmaNext: sigmas[i + 1],
      sigmaMax: sigmas[1],
      noiseLevel: x.noise_level.dataSync()[0],
    });
    near(numbers(step.mean), numbers(x[`${i}.mean`]));
    // The file's std holds the whole spread of the step, sqrt(-dt) included (its README says: before that factor).
    near([step.scale], numbers(x[`${i}.std`]));
    near([step.std * Math.sqrt(sigmas[i] - sigmas[i + 1])], [step.scale]);
    near(numbers(step.next), numbers(x[`${i}.next`]));
    near(numbers(step.logProb), numbers(x[`${i}.log_prob_mean`]));
  }
});

function stepInputs(noiseLevel: number, sigma = 0.6, sigmaNext = 0.4) {
  const [sample, velocity, noise] = ['a', 'b', 'c'].map((n) => RandomStream.of(1, n).tensorNormal([2, 3, 4]));
  return { sample, velocity, noise, sigma, sigmaNext, sigmaMax: 0.9, noiseLevel };
}

test('without noise both kernels are the Euler step', () => {
  const inputs = stepInputs(0);
  const euler = numbers(inputs.sample.add(inputs.velocity.mul(-0.2)));
  near(numbers(d.sdeStep(inputs).next), euler, 1e-6);
  near(numbers(d.cpsStep(inputs).next), euler, 1e-6);
});

test('closed-form coefficients, and the level that replaces sigma = 1', () => {
  const inputs = stepInputs(0.7);
  const { mean, std } = d.sdeStep(inputs);
  const s2 = (0.49 * 0.6) / 0.4;
  near([std], [Math.sqrt(s2)]);
  const [x, v] = [numbers(inputs.sample), numbers(inputs.velocity)];
  const [cx, cv] = [1 + (s2 / 1.2) * -0.2, (1 + (s2 * 0.4) / 1.2) * -0.2];
  near(
    numbers(mean),
    x.map((xi, i) => cx * xi + cv * v[i]),
  );
  near([d.sdeStep(stepInputs(0.7, 1, 0.9)).std], [0.7 * Math.sqrt(1 / 0.1)]);

  const cps = d.cpsStep(inputs);
  const sd = 0.4 * Math.sin(0.35 * Math.PI);
  const kept = Math.sqrt(0.16 - sd * sd);
  near([cps.std], [sd]);
  near(
    numbers(cps.mean),
    x.map((xi, i) => 0.6 * (xi - 0.6 * v[i]) + kept * (xi + 0.4 * v[i])),
  );
});

test('log-prob identity, and its gradient pulls the mean towards the sample', () => {
  const inputs = stepInputs(0.7);
  const { logProb, std, next } = d.sdeStep(inputs);
  const z = numbers(inputs.noise.square().reshape([2, -1]).mean(1));
  const scale = std * Math.sqrt(0.2);
  near(
    numbers(logProb),
    z.map((q) => -q / 2 - Math.log(scale) - Math.log(2 * Math.PI) / 2),
    1e-4,
  );
  const mean = tf.variable(next.add(1));
  const { grads } = valueAndGrads(() => d.gaussianLogProb(next, mean, scale).sum() as tf.Scalar, { mean });
  near(numbers(grads.mean), new Array<number>(24).fill(-1 / (12 * scale * scale)), 1e-4);
});

test('conversions and schedule', () => {
  near(d.flowSigmas(4), [1, 0.75, 0.5, 0.25, 0]);
  near(d.flowSigmas(2, 3), [1, 0.75, 0]);
  const { sample, velocity } = stepInputs(0);
  near(numbers(d.velocityOf(sample, d.sampleOf(sample, velocity, 0.3), 0.3)), numbers(velocity), 1e-4);
  assert.throws(() => d.flowSigmas(0), /steps is 0/);
});

test('guidance 1 is the conditional prediction; other guidance is linear in the pair', () => {
  for (const type of ['sample', 'velocity'] as const) {
    const denoiser = painter(3, type);
    const latents = RandomStream.of(5, 'x').tensorNormal([2, 9, 12]);
    const [conditioning, negative] = [texts(2), texts(1, 9)];
    const at = (extra: object) =>
      d.predict(denoiser, { latents, sigma: 0.7, conditioning, negative, ...extra });
    const conditional = numbers(at({}).velocity);
    assert.deepEqual(numbers(at({ guidance: 1 }).velocity), conditional);
    const both = texts(2, 9);
    const alone = d.predict(denoiser, {
      latents,
      sigma: 0.7,
      conditioning: d.selectConditioning({ embeds: both.embeds, mask: both.mask }, [0, 0]),
    });
    const away = numbers(alone.velocity);
    near(
      numbers(at({ guidance: 4 }).velocity),
      away.map((n, i) => n + 4 * (conditional[i] - n)),
      1e-3,
    );
    assert.throws(() => at({ guidance: 2, negative: undefined }), /negative/);
  }
});

test('the ODE sampler yields every step and ends on the last prediction; seeds belong to images, not batches', async () => {
  const denoiser = painter();
  const options = {
    denoiser,
    conditioning: texts(3),
    images: d.imageSeeds(7, 3),
    steps: 4,
    grid: common.grid,
  };
  const tensors = tf.memory().numTensors;
  const sigmas: number[] = [];
  for await (const step of d.odeSampler(options)) {
    sigmas.push(step.sigma);
    assert.deepEqual(step.latents.shape, [3, 9, 12]);
    if (step.sigmaNext === 0) assert.deepEqual(numbers(step.latents), numbers(step.x0Prediction));
  }
  assert.deepEqual(sigmas, [1, 0.75, 0.5, 0.25]);
  assert.equal(tf.memory().numTensors, tensors);
  const all = await d.sample(options);
  assert.deepEqual(numbers(await d.sample(options)), numbers(all));
  const alone = await d.sample({
    ...options,
    conditioning: d.selectConditioning(options.conditioning, [1]),
    images: options.images.slice(1, 2),
  });
  near(numbers(alone), numbers(all.slice([1], [1])), 1e-4);
});

test('a rollout keeps w + 1 states and w log-probs, and its replay at unchanged weights has ratio exactly 1', async () => {
  for (const kernel of ['sde', 'cps'] as const) {
    const denoiser = painter();
    const options = {
      ...common,
      kernel,
      denoiser,
      conditioning: texts(4),
      negative: texts(1, 9),
      guidance: 3,
      images: d.imageSeeds(2, 4),
    };
    const rollout = await d.rolloutSample(options);
    assert.equal(rollout.latents.length, 3);
    assert.deepEqual(
      rollout.logProbs.map((row) => row.length),
      [2, 2, 2, 2],
    );
    assert.deepEqual(numbers(d.replayLogProbs(denoiser, rollout)), rollout.logProbs.flat());
    const again = await d.rolloutSample(options);
    assert.deepEqual(numbers(again.final), numbers(rollout.final));

    const part = d.selectRollout(rollout, [2, 1]);
    near(
      numbers(d.replayLogProbs(denoiser, part)),
      [2, 1].flatMap((row) => rollout.logProbs[row]),
      1e-5,
    );
    const first = d.replayStep(denoiser, rollout, 0);
    assert.equal(Math.max(...numbers(d.transitionKl(first.mean, first.mean, first.std))), 0);
  }
});

test('a rollout without its window is the ODE, and windows are checked', async () => {
  const denoiser = painter();
  const images = d.imageSeeds(2, 2);
  const options = { ...common, denoiser, conditioning: texts(2), images };
  const rollout = d.rolloutSampler({ ...options, window: { start: 5, length: 1 } });
  const ode = d.odeSampler(options);
  for (let i = 0; i < 5; i++) {
    const [a, b] = [await rollout.next(), await ode.next()];
    assert.deepEqual(
      numbers((a.value as d.RolloutStep).latents),
      numbers((b.value as d.SamplerStep).latents),
    );
  }
  await assert.rejects(d.rolloutSample({ ...options, window: { start: 5, length: 2 } }), /SDE window/);
  const starts = new Set(
    Array.from(
      { length: 60 },
      (_, i) => d.drawWindow(RandomStream.of(1, i), { low: 0, high: 5, length: 2 }).start,
    ),
  );
  assert.deepEqual([...starts].sort(), [0, 1, 2, 3]);
});

test('the gradient of a replayed log-prob equals a finite difference', async () => {
  const denoiser = painter();
  const rollout = await d.rolloutSample({
    ...common,
    denoiser,
    conditioning: texts(2),
    images: d.imageSeeds(4, 2),
  });
  const name = 'transformer_blocks.0.attn.to_v.weight';
  const weight = denoiser.params[name] as tf.Variable;
  const total = () => d.replayLogProbs(denoiser, rollout).sum() as tf.Scalar;
  const { grads } = valueAndGrads(total, { [name]: weight });
  const direction = RandomStream.of(1, 'direction').tensorNormal(weight.shape);
  const slope = grads[name].mul(direction).sum().dataSync()[0];
  const start = copyOf(weight as tf.Tensor);
  const at = (h: number) => {
    weight.assign(start.add(direction.mul(h)));
    return total().dataSync()[0];
  };
  const h = 1e-2;
  const difference = (at(h) - at(-h)) / (2 * h);
  // float32 differences of a curved function: two digits are what the step size leaves.
  assert.ok(Math.abs(slope - difference) < 0.03 * Math.abs(slope) + 1e-3, `${slope} against ${difference}`);
});
