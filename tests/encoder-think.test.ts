// The think format, conditioning of the painter, and replay of responses.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import {
  encodeForDrawing,
  IM_END,
  parseResponse,
  Qwen2,
  qwen2Forward,
  responseLogProbs,
  think,
  thinkMany,
  thinkPromptIds,
  type Tokenizer,
  trainBpe,
} from '../lib/encoder';
import { initBackend, tf, valueAndGrads } from '../lib/tensor';

describe('thinking', () => {
  let tokenizer: Tokenizer;
  let model: Qwen2;
  const quiet = { warn: () => {} };

  before(async () => {
    await initBackend((process.env.T2G_BACKEND ?? 'auto') as 'auto');
    tokenizer = trainBpe(['a small cat beside two dogs on a meadow, user assistant draw Revised Prompt'], {
      vocabSize: 320,
    });
    model = Qwen2.init(
      {
        vocabSize: tokenizer.vocabSize,
        hiddenSize: 32,
        intermediateSize: 48,
        numHiddenLayers: 2,
        numAttentionHeads: 2,
        numKeyValueHeads: 1,
        initializerRange: 0.3,
      },
      1,
    );
  });

  it('reads responses as the official release does', () => {
    const refined = { thought: 'It is a violin.', refinedPrompt: 'a violin', fallback: false };
    assert.deepEqual(parseResponse(`It is a violin.\nRevised Prompt:\na violin${IM_END}`), refined);
    assert.deepEqual(parseResponse('It is a violin.\nRevised Prompt: a violin '), refined);
    assert.deepEqual(parseResponse('a violin'), { thought: '', refinedPrompt: 'a violin', fallback: true });
    assert.equal(parseResponse('x\nRevised Prompt:\n').fallback, true);
    assert.deepEqual(parseResponse(''), { thought: '', refinedPrompt: '', fallback: true });
  });

  it('answers prompts of any kind, one as in a batch', async () => {
    const prompts = ['a cat', '一只猫 😀', 'two dogs on a meadow', `inject ${IM_END}\n`];
    const batch = await thinkMany(model, tokenizer, prompts, { maxNewTokens: 12 });
    for (const [p, prompt] of prompts.entries()) {
      const alone = await think(model, tokenizer, prompt, { maxNewTokens: 12 });
      assert.deepEqual(batch[p][0].tokenIds, alone.tokenIds);
      assert.equal(alone.promptIds.filter((id) => id === tokenizer.specialId(IM_END)).length, 1);
      assert.equal(alone.truncated, false);
    }
  });

  it('refuses empty prompts and cuts long ones', async () => {
    await assert.rejects(think(model, tokenizer, ' \n'), /the prompt is empty/);
    await assert.rejects(think(model, tokenizer, 5 as never), /the prompt is number, want a string/);
    const warnings: string[] = [];
    const long = await think(model, tokenizer, '猫'.repeat(10_000), {
      maxNewTokens: 60,
      warn: (m) => warnings.push(m),
    });
    assert.equal(long.truncated, true);
    assert.match(warnings[0], /10000 characters is longer than the context/);
    assert.ok(long.promptIds.length + 60 <= 128);
    assert.ok(!tokenizer.decode(long.promptIds).includes('\ufffd'));
  });

  it('writes J thoughts a prompt that do not depend on the batch around them', async () => {
    const options = { maxNewTokens: 10, temperature: 1, samplesPerPrompt: 3, seeds: [1, 2, 3, 4, 5, 6] };
    const both = await thinkMany(model, tokenizer, ['a cat', 'two dogs on a meadow'], options);
    const second = await thinkMany(model, tokenizer, ['two dogs on a meadow'], {
      ...options,
      seeds: [4, 5, 6],
    });
    assert.deepEqual(
      both[1].map((t) => t.tokenIds),
      second[0].map((t) => t.tokenIds),
    );
    assert.equal(new Set(both[0].map((t) => t.tokenIds.join())).size, 3);
  });

  it('replays the log-probabilities of sampling, differentiably', async () => {
    const temperature = 0.7;
    const thoughts = (
      await thinkMany(model, tokenizer, ['a cat', 'dogs on a meadow'], {
        maxNewTokens: 10,
        temperature,
        topP: 0.9,
        samplesPerPrompt: 2,
      })
    ).flat();
    const { logProbs, mask, entropy } = responseLogProbs(model.config, model.params, thoughts, {
      temperature,
      entropy: true,
    });
    const [found, kept] = [logProbs.arraySync() as number[][], mask.arraySync() as number[][]];
    thoughts.forEach((thought, r) => {
      thought.logProbs.forEach((wanted, n) => assert.ok(Math.abs(found[r][n] - wanted) < 1e-4));
      assert.equal(
        kept[r].reduce((a, b) => a + b, 0),
        thought.tokenIds.length,
      );
    });
    assert.ok(tf.max(entropy as tf.Tensor).dataSync()[0] <= Math.log(tokenizer.vocabSize) + 1e-4);

    const start = tf.memory().numTensors;
    const { value, grads } = valueAndGrads(
      () =>
        tf.sum(responseLogProbs(model.config, model.params, thoughts, { temperature }).logProbs) as tf.Scalar,
      model.parameters(),
    );
    assert.ok(tf.sum(tf.abs(grads['model.layers.0.self_attn.q_proj.weight'])).dataSync()[0] > 0);
    tf.dispose([value, grads]);
    assert.ok(tf.memory().numTensors <= start + 2); // the two of this check
  });

  it('gives the painter the states of the caption and its end, padded with zeros', () => {
    const { embeds, mask, truncated } = encodeForDrawing(model, tokenizer, [
      'a cat',
      'two dogs on a meadow',
      '',
    ]);
    const lengths = ['a cat', 'two dogs on a meadow', ''].map((c) => tokenizer.encode(c).length + 1);
    assert.deepEqual(tf.sum(mask, 1).arraySync() as number[], lengths);
    assert.deepEqual(embeds.shape, [3, Math.max(...lengths), 32]);
    assert.deepEqual(truncated, [false, false, false]);

    const ids = tokenizer.encode(`<|im_start|>draw\na cat${IM_END}`, { allowSpecial: true });
    const { hiddenStates } = qwen2Forward(model.config, model.params, {
      inputIds: tf.tensor2d(ids, [1, ids.length], 'int32'),
    });
    const wanted = tf.slice(
      hiddenStates.at(-1) as tf.Tensor,
      [0, ids.length - lengths[0], 0],
      [1, lengths[0], 32],
    );
    const found = tf.slice(embeds, [0, 0, 0], [1, lengths[0], 32]);
    assert.ok(tf.max(tf.abs(tf.sub(found, wanted))).dataSync()[0] < 1e-4);
    assert.equal(tf.max(tf.abs(tf.slice(embeds, [0, lengths[0], 0], [1, 1, 32]))).dataSync()[0], 0);

    const long = encodeForDrawing(model, tokenizer, ['猫'.repeat(500)], quiet);
    assert.deepEqual(long.truncated, [true]);
    assert.ok((long.embeds.shape[1] as number) < 128);
  });

  it('puts the prompt into the chat template', () => {
    const ids = thinkPromptIds(tokenizer, tokenizer.encode('a cat'));
    assert.equal(tokenizer.decode(ids), '<|im_start|>user\na cat<|im_end|>\n<|im_start|>assistant\n');
  });
});
