/** Patches, noise levels, flow-matching loss, scheduler file and LoRA. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { before, test } from 'node:test';
import { loadSafetensors } from '../lib/checkpoint';
import * as d from '../lib/diffusion';
import { AdamW, initBackend, RandomStream, tf, valueAndGrads } from '../lib/tensor';

let temp = '';
before(async () => {
  await initBackend();
  temp = fs.mkdtempSync(path.join(os.tmpdir(), 'diffusion-'));
});

const numbers = (x: tf.Tensor): number[] => Array.from(x.dataSync());

test('patches hold channel, row, column in that order and come back', () => {
  const images = tf.range(0, 2 * 4 * 6 * 3).reshape([2, 4, 6, 3]);
  const patches = d.patchify(images, 2);
  assert.deepEqual(patches.shape, [2, 6, 12]);
  const pixel = (b: number, y: number, x: number, c: number) => ((b * 4 + y) * 6 + x) * 3 + c;
  const first = numbers(patches.slice([1, 4, 0], [1, 1, 12])); // second row of patches, second column
  const wanted: number[] = [];
  for (let c = 0; c < 3; c++) for (const y of [2, 3]) for (const x of [2, 3]) wanted.push(pixel(1, y, x, c));
  assert.deepEqual(first, wanted);
  assert.deepEqual(numbers(d.unpatchify(patches, 2, [2, 3])), numbers(images));
  assert.throws(() => d.patchify(images, 4), /patchify/);
  assert.throws(() => d.unpatchify(patches, 2), /unpatchify/);
});

test('noise levels follow the logit-normal, spread over each batch', () => {
  const stream = RandomStream.of(1, 'sigmas');
  const config = { mean: 0.5, std: 0.8, uniform: 0 };
  const all = Array.from({ length: 400 }, () => d.drawSigmas(stream, 32, config)).flat();
  const logits = all.map((s) => Math.log(s / (1 - s)));
  const mean = logits.reduce((a, b) => a + b) / logits.length;
  const std = Math.sqrt(logits.reduce((a, b) => a + (b - mean) ** 2, 0) / logits.length);
  assert.ok(Math.abs(mean - 0.5) < 0.02 && Math.abs(std - 0.8) < 0.02, `${mean} ${std}`);
  const uniform = d.drawSigmas(stream, 10, { ...config, uniform: 1 }).sort();
  uniform.forEach((s, i) => assert.ok(s >= i / 10 - 1e-3 && s <= (i + 1) / 10 + 1e-3));
  assert.ok(
    Math.abs(d.normalQuantile(0.975) - 1.959964) < 1e-5 && Math.abs(d.normalQuantile(0.01) + 2.326348) < 1e-5,
  );
});

const TINY: d.QwenImageConfig = {
  patch_size: 2,
  in_channels: 12,
  out_channels: 3,
  num_layers: 1,
  attention_head_dim: 16,
  num_attention_heads: 2,
  joint_attention_dim: 8,
  axes_dims_rope: [4, 6, 6],
};

function batchOf(count: number): d.FlowBatch {
  const text = RandomStream.of(1, 'text').tensorNormal([count, 3, 8]);
  return {
    x0: RandomStream.of(1, 'x0').tensorNormal([count, 4, 12]).clipByValue(-1, 1),
    noise: RandomStream.of(1, 'noise').tensorNormal([count, 4, 12]),
    sigma: tf.tensor1d(Array.from({ length: count }, (_, i) => (i + 0.5) / count)),
    conditioning: { embeds: text, mask: tf.ones([count, 3]) },
  };
}

test('the loss of an untrained painter is the size of its target', () => {
  const { parameters } = { parameters: d.QwenImageTransformer.init(TINY, 1).parameters() };
  const batch = batchOf(4);
  const run = (prediction_type: d.PredictionType) =>
    numbers(d.flowLosses({ config: TINY, params: parameters, flow: { prediction_type, shift: 1 }, batch }));
  const size = (x: tf.Tensor) => numbers(x.square().reshape([4, -1]).mean(1));
  const velocity = size(batch.noise.sub(batch.x0));
  run('velocity').forEach((loss, i) => assert.ok(Math.abs(loss - velocity[i]) < 1e-4));
  const sigma = numbers(batch.sigma);
  const clean = size(batch.x0);
  run('sample').forEach((loss, i) => assert.ok(Math.abs(loss - clean[i] / sigma[i] ** 2) < 1e-3 * loss));
});

test('a few steps learn four pictures, in both prediction types', () => {
  for (const prediction_type of ['sample', 'velocity'] as const) {
    const params = d.QwenImageTransformer.init(TINY, 1).parameters();
    const optimiser = new AdamW({ lr: 3e-3 });
    const batch = batchOf(4);
    const losses: number[] = [];
    for (let i = 0; i < 40; i++) {
      const { value, grads } = valueAndGrads(
        () =>
          d
            .flowLosses({ config: TINY, params, flow: { prediction_type, shift: 1 }, batch })
            .mean() as tf.Scalar,
        params,
      );
      optimiser.step(params, grads);
      losses.push(value.dataSync()[0]);
      tf.dispose([value, ...Object.values(grads)]);
    }
    assert.ok(losses[39] < 0.5 * losses[0], `${prediction_type}: ${losses[0]} -> ${losses[39]}`);
  }
});

test('the scheduler file comes back, and wrong fields are named', () => {
  const dir = path.join(temp, 'scheduler');
  d.saveFlow(dir, { prediction_type: 'sample', shift: 1.5 });
  assert.deepEqual(d.loadFlow(dir), { prediction_type: 'sample', shift: 1.5 });
  fs.writeFileSync(path.join(dir, 'scheduler_config.json'), '{"prediction_type": "x"}');
  assert.throws(() => d.loadFlow(dir), /scheduler_config.json: prediction_type is "x"/);
});

test('LoRA starts as the identity, learns alone, merges and comes back from its file', () => {
  const model = d.QwenImageTransformer.init(TINY, 1);
  const params = model.parameters();
  for (const v of Object.values(params))
    v.assign(v.add(RandomStream.of(2, v.name).tensorNormal(v.shape).mul(0.05)));
  const lora = d.initLora(
    params,
    { rank: 2, alpha: 4, targets: ['to_q', 'to_out.0', 'img_mlp.net.2'] },
    RandomStream.of(3),
  );
  const modules = Object.keys(lora.weights).filter((n) => n.endsWith('lora_A.weight'));
  assert.deepEqual(modules.length, 3);
  const batch = batchOf(2);
  const losses = (p: typeof params | ReturnType<typeof d.applyLora>) =>
    d.flowLosses({ config: TINY, params: p, flow: d.DEFAULT_FLOW, batch });
  const plain = numbers(losses(params));
  assert.deepEqual(numbers(losses(d.applyLora(params, lora))), plain);
  const { grads } = valueAndGrads(() => losses(d.applyLora(params, lora)).mean() as tf.Scalar, lora.weights);
  const sizes = Object.entries(grads).map(([name, g]) => [
    name.includes('lora_B'),
    g.abs().max().dataSync()[0],
  ]);
  sizes.forEach(([isB, size]) => assert.equal((size as number) > 0, isB)); // B = 0 stops A's gradient at first
  new AdamW({ lr: 1e-2 }).step(lora.weights, grads);

  const trained = numbers(losses(d.applyLora(params, lora)));
  assert.notDeepEqual(trained, plain);
  assert.deepEqual(numbers(losses(d.applyLora(params, lora, 0))), plain);
  d.saveLora(path.join(temp, 'lora'), lora);
  const file = loadSafetensors(path.join(temp, 'lora', 'adapter_model.safetensors'));
  assert.ok('base_model.model.transformer_blocks.0.attn.to_q.lora_A.weight' in file);
  const again = d.loadLora(path.join(temp, 'lora'));
  assert.deepEqual(numbers(losses(d.applyLora(params, again))), trained);
  d.mergeLora(params, lora);
  assert.deepEqual(numbers(losses(params)), trained);
  assert.throws(
    () => d.initLora(params, { rank: 2, alpha: 4, targets: ['to_x'] }, RandomStream.of(3)),
    /"to_x"/,
  );
});
