/** The pipeline on a tiny model folder: deterministic pictures, literal mode, adapters, bad prompts. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { writeJson } from '../lib/checkpoint';
import { DIT_LORA_TARGETS, initLora, QwenImageTransformer, saveFlow, saveLora } from '../lib/diffusion';
import { saveEncoder } from '../lib/encoder';
import { ThinkThenGenerate } from '../lib/pipeline';
import { initBackend, RandomStream, tf } from '../lib/tensor';
import { tinyLm, tokenizer } from './grpo-tiny';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'pipeline-'));
const base = path.join(root, 'base');
const tuned = path.join(root, 'tuned');
const prompt = 'a red cat';
const fast = { steps: 2, maxNewTokens: 8 };

before(async () => {
  await initBackend((process.env.T2G_BACKEND ?? 'auto') as 'auto');
  const transformer = QwenImageTransformer.init(
    {
      patch_size: 8,
      in_channels: 192,
      out_channels: 3,
      num_layers: 1,
      attention_head_dim: 16,
      num_attention_heads: 2,
      joint_attention_dim: 32,
      axes_dims_rope: [4, 6, 6],
    },
    3,
  );
  tf.tidy(() => {
    for (const [name, v] of Object.entries(transformer.parameters()))
      if (v.rank === 2) v.assign(RandomStream.of(1, name).tensorNormal(v.shape).mul(0.15));
  });
  saveEncoder(base, { model: tinyLm(), tokenizer });
  transformer.save(path.join(base, 'transformer'));
  saveFlow(path.join(base, 'scheduler'), { prediction_type: 'sample', shift: 1 });
  fs.mkdirSync(tuned);
  writeJson(path.join(tuned, 'model_index.json'), { base: '../base' });
  const lora = initLora(
    transformer.parameters(),
    { rank: 2, alpha: 4, targets: DIT_LORA_TARGETS },
    RandomStream.of(1, 'lora'),
  );
  tf.tidy(() => {
    for (const [name, v] of Object.entries(lora.weights))
      v.assign(RandomStream.of(2, name).tensorNormal(v.shape));
  });
  saveLora(path.join(tuned, 'transformer_lora'), lora);
});
after(() => fs.rmSync(root, { recursive: true, force: true }));

describe('generate', () => {
  it('draws the same picture for the same seed and another for another', async () => {
    const model = await ThinkThenGenerate.fromPretrained(base);
    const a = await model.generate(prompt, { ...fast, seed: 1 });
    const b = await model.generate(prompt, { ...fast, seed: 1 });
    const c = await model.generate(prompt, { ...fast, seed: 2 });
    assert.equal(a.image.length, 64 * 64 * 3);
    assert.deepEqual(a.image, b.image);
    assert.notDeepEqual(a.image, c.image);
    assert.ok(a.timings.total >= a.timings.draw && a.refinedPrompt.length > 0);
    const [alone] = await model.draw([a.refinedPrompt], { ...fast, seed: 1 });
    assert.deepEqual(alone, a.image);
    model.dispose();
  });

  it('draws the prompt itself without thinking, and tells every step', async () => {
    const model = await ThinkThenGenerate.fromPretrained(base);
    const steps: number[] = [];
    const literal = await model.generate(prompt, {
      ...fast,
      steps: 3,
      think: false,
      onStep: async ({ step, preview }) => {
        assert.equal((await preview()).length, 64 * 64 * 3);
        steps.push(step);
      },
    });
    assert.deepEqual([literal.thought, literal.refinedPrompt, steps], ['', prompt, [1, 2, 3]]);
  });

  it('merges adapters over the base folder', async () => {
    const [plain, adapted] = [
      await ThinkThenGenerate.fromPretrained(base),
      await ThinkThenGenerate.fromPretrained(tuned),
    ];
    const options = { ...fast, think: false };
    assert.notDeepEqual(
      (await plain.generate(prompt, options)).image,
      (await adapted.generate(prompt, options)).image,
    );
  });

  it('leaves no tensors behind', async () => {
    const model = await ThinkThenGenerate.fromPretrained(base);
    await model.generate(prompt, fast);
    const held = tf.memory().numTensors;
    await model.generate(prompt, fast);
    assert.equal(tf.memory().numTensors, held);
  });
});

describe('bad input', () => {
  it('says what is wrong', async () => {
    const model = await ThinkThenGenerate.fromPretrained(base);
    await assert.rejects(model.generate('   '), /prompt is empty/);
    await assert.rejects(model.generate('x'.repeat(10_000)), /10000 characters, want at most 2000/);
    await assert.rejects(
      model.generate(undefined as unknown as string),
      /prompt is undefined, want a string/,
    );
    await assert.rejects(model.generate(prompt, { ...fast, steps: 0 }), /steps is 0/);
    await assert.rejects(model.generate(prompt, { ...fast, guidance: NaN }), /guidance is NaN/);
    await assert.rejects(
      ThinkThenGenerate.fromPretrained(path.join(root, 'nowhere')),
      /nowhere: there is no such folder/,
    );
  });

  it('draws emoji and Chinese, which the tokenizer reads as bytes', async () => {
    const model = await ThinkThenGenerate.fromPretrained(base);
    for (const text of ['🐈🌊', '海边的猫'])
      assert.equal((await model.generate(text, fast)).image.length, 64 * 64 * 3);
  });
});
