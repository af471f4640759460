// Qwen2 against numbers of PyTorch + transformers, and its files.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { before, describe, it } from 'node:test';
import { loadSafetensors } from '../lib/checkpoint';
import { parseQwen2Config, Qwen2, qwen2Forward } from '../lib/encoder';
import { initBackend, tf, tokenLogProbs, valueAndGrads } from '../lib/tensor';

const dir = path.join(__dirname, 'fixtures', 'qwen2-tiny');
const TOLERANCE = 1e-4;

/** max |a - b| / max |b| over the entries that count. */
function relativeError(found: tf.Tensor, wanted: tf.Tensor, keep?: tf.Tensor): number {
  assert.deepEqual(found.shape, wanted.shape);
  return tf.tidy(() => {
    const weigh = (x: tf.Tensor) => (keep ? tf.mul(x, keep) : x);
    const error = tf.max(tf.abs(weigh(tf.sub(found, wanted)))).dataSync()[0];
    return error / Math.max(tf.max(tf.abs(weigh(wanted))).dataSync()[0], 1e-12);
  });
}

function assertClose(name: string, found: tf.Tensor, wanted: tf.Tensor, keep?: tf.Tensor): void {
  const error = relativeError(found, wanted, keep);
  assert.ok(error <= TOLERANCE, `${name}: relative error ${error}, want at most ${TOLERANCE}`);
}

describe('Qwen2', () => {
  let model: Qwen2;
  let expected: Record<string, tf.Tensor>;
  let keep: tf.Tensor; // [B, T, 1]

  before(async () => {
    await initBackend((process.env.T2G_BACKEND ?? 'auto') as 'auto');
    model = await Qwen2.fromPretrained(dir);
    expected = loadSafetensors(path.join(dir, 'expected.safetensors'));
    keep = tf.expandDims(tf.cast(expected.attention_mask, 'float32'), 2);
  });

  it('gives the logits and hidden states of transformers', () => {
    const out = model.forward({ inputIds: expected.input_ids, attentionMask: expected.attention_mask });
    assert.equal(out.hiddenStates.length, model.config.numHiddenLayers + 1);
    assertClose('logits', out.logits, expected.logits, keep);
    assertClose('first layer', out.hiddenStates[1], expected.first_layer_output, keep);
    assertClose('last hidden state', out.hiddenStates.at(-1) as tf.Tensor, expected.last_hidden_state, keep);
  });

  it('gives the token log-probabilities, the loss and every gradient', () => {
    const [B, T] = expected.input_ids.shape;
    const V = model.config.vocabSize;
    const logProbs = () => {
      const out = model.forward({ inputIds: expected.input_ids, attentionMask: expected.attention_mask });
      const logits = tf.slice(out.logits, [0, 0, 0], [B, T - 1, V]).reshape([B * (T - 1), V]);
      const targets = tf.slice(expected.input_ids, [0, 1], [B, T - 1]).reshape([B * (T - 1)]);
      return tokenLogProbs(logits, targets).reshape([B, T - 1]);
    };
    const nextKept = tf.tidy(() => tf.slice(tf.cast(expected.attention_mask, 'float32'), [0, 0], [B, T - 1]));
    assertClose('token log-probs', tf.tidy(logProbs), expected.token_log_probs, nextKept);

    const lossMask = tf.cast(expected.loss_mask, 'float32');
    const { value, grads } = valueAndGrads(
      () => tf.neg(tf.div(tf.sum(tf.mul(logProbs(), lossMask)), tf.sum(lossMask))) as tf.Scalar,
      model.parameters(),
    );
    assertClose('loss', value, expected.loss.reshape([]));
    const recorded = Object.keys(expected).filter((name) => name.startsWith('grad.'));
    assert.ok(recorded.length > 10);
    for (const name of recorded) assertClose(name, grads[name.slice('grad.'.length)], expected[name]);
  });

  it('continues prompts greedily like transformers, alone and left-padded beside a longer one', async () => {
    const greedy = Array.from(expected.greedy_ids.dataSync());
    const length = greedy.length - 12;
    const prompt = greedy.slice(0, length);
    const alone = await model.generate({
      inputIds: tf.tensor2d(prompt, [1, length], 'int32'),
      maxNewTokens: 12,
    });
    assert.deepEqual(Array.from(alone.sequences.dataSync()), greedy);

    const inputIds = tf.tensor2d(
      [
        [0, 0, 0, ...prompt],
        [...prompt.slice(0, 3), ...prompt],
      ],
      undefined,
      'int32',
    );
    const attentionMask = tf.tensor2d([
      [0, 0, 0, ...prompt.map(() => 1)],
      [1, 1, 1, ...prompt.map(() => 1)],
    ]);
    const batch = await model.generate({ inputIds, attentionMask, maxNewTokens: 12 });
    assert.deepEqual(batch.tokenIds[0], greedy.slice(length));
  });

  it('computes only the logits that are asked for', () => {
    const { config, params } = model;
    const inputs = { inputIds: expected.input_ids, attentionMask: expected.attention_mask };
    const [B, T] = expected.input_ids.shape;
    const last = qwen2Forward(config, params, { ...inputs, logits: 'last' }).logits as tf.Tensor;
    assertClose('last', last, tf.slice(expected.logits, [0, T - 1, 0], [B, 1, config.vocabSize]));
    const rows = tf.tensor1d([T - 1, 2 * T - 2], 'int32');
    const some = qwen2Forward(config, params, { ...inputs, logitsAt: rows }).logits as tf.Tensor;
    assertClose('some', some, tf.gather(expected.logits.reshape([B * T, config.vocabSize]), rows));
    assert.equal(qwen2Forward(config, params, { ...inputs, logits: 'none' }).logits, null);
  });

  it('stops after the layers that are asked for', () => {
    const { config, params } = model;
    const inputs = { inputIds: expected.input_ids, attentionMask: expected.attention_mask };
    const some = qwen2Forward(config, params, { ...inputs, layers: 1 });
    assert.equal(some.logits, null);
    assert.equal(some.hiddenStates.length, 2);
    assertClose('first layer', some.hiddenStates[1], expected.first_layer_output, keep);
    assert.throws(
      () => qwen2Forward(config, params, { ...inputs, layers: config.numHiddenLayers + 1 }),
      /layers is \d+, want an integer from 0 to \d+/,
    );
  });

  it('samples by seed, one stream a row, with exact log-probabilities, and leaks nothing', async () => {
    const options = {
      inputIds: tf.tensor2d([[1, 2, 3]], undefined, 'int32'),
      maxNewTokens: 8,
      temperature: 0.8,
      topP: 0.9,
      samplesPerPrompt: 3,
    };
    const first = await model.generate({ ...options, seed: 5 });
    const start = tf.memory().numTensors;
    const again = await model.generate({ ...options, seed: 5 });
    assert.equal(tf.memory().numTensors, start + 2);
    const other = await model.generate({ ...options, seed: 6 });
    assert.deepEqual(again.tokenIds, first.tokenIds);
    assert.notDeepEqual(other.tokenIds, first.tokenIds);
    assert.notDeepEqual(first.tokenIds[0], first.tokenIds[1]);

    const logits = tf.div(model.forward({ inputIds: first.sequences }).logits, 0.8); // [3, 11, V]
    const all = tf.logSoftmax(logits as tf.Tensor3D).arraySync() as number[][][];
    first.tokenIds.forEach((ids, r) => {
      ids.forEach((id, n) => assert.ok(Math.abs(all[r][n + 2][id] - first.tokenLogProbs[r][n]) < 1e-4));
    });
  });

  it('stops rows at their end token and pads after it', async () => {
    const greedy = Array.from(expected.greedy_ids.dataSync());
    const prompt = greedy.slice(0, -12);
    const eosTokenId = greedy[prompt.length + 4];
    const stop = greedy.slice(prompt.length).indexOf(eosTokenId) + 1;
    const inputIds = tf.tensor2d(prompt, [1, prompt.length], 'int32');
    const out = await model.generate({ inputIds, maxNewTokens: 12, eosTokenId });
    assert.deepEqual(out.tokenIds[0], greedy.slice(prompt.length, prompt.length + stop));
    assert.equal(out.logProbs.shape[1], stop);
  });

  it('saves a folder that loads to the same numbers', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'qwen2-'));
    model.save(folder);
    const loaded = await Qwen2.fromPretrained(folder);
    for (const [name, value] of Object.entries(model.parameters())) {
      assert.deepEqual(loaded.parameters()[name].dataSync(), value.dataSync(), name);
    }
    model.save(folder, { dtype: 'BF16' });
    const rounded = await Qwen2.fromPretrained(folder);
    const error = relativeError(rounded.params['model.norm.weight'], model.params['model.norm.weight']);
    assert.ok(error < 0.01);
    fs.rmSync(folder, { recursive: true });
  });

  it('refuses what it cannot do, by name', () => {
    const json = JSON.parse(fs.readFileSync(path.join(dir, 'config.json'), 'utf8')) as Record<
      string,
      unknown
    >;
    assert.throws(
      () => parseQwen2Config({ ...json, model_type: 'llama' }),
      /model_type is "llama", want "qwen2"/,
    );
    assert.throws(
      () => parseQwen2Config({ ...json, hidden_size: 'six' }),
      /hidden_size is "six", want a positive number/,
    );
    assert.throws(() => parseQwen2Config({ ...json, num_key_value_heads: 3 }), /num_key_value_heads is 3/);
    assert.throws(() => parseQwen2Config({ ...json, use_sliding_window: true }), /sliding/);
    assert.throws(
      () => parseQwen2Config({ ...json, rope_parameters: { rope_type: 'yarn' } }),
      /rope_type is "yarn", want "default"/,
    );
    assert.throws(
      () => model.forward({ inputIds: tf.zeros([1, 129], 'int32') }),
      /129 tokens, want at most .* 128/,
    );
  });
});
