/** The painter against diffusers' numbers, and its folder. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { before, test } from 'node:test';
import { loadSafetensors } from '../lib/checkpoint';
import { parseQwenImageConfig, QwenImageTransformer, rotaryTables, type ImageGrid } from '../lib/diffusion';
import { initBackend, tf, valueAndGrads } from '../lib/tensor';

const DIR = path.join(__dirname, 'fixtures', 'qwen-image-tiny');
before(async () => {
  await initBackend();
});

/** Largest difference over the largest magnitude wanted. */
function relativeError(found: tf.Tensor, wanted: tf.Tensor): number {
  assert.deepEqual(found.shape, wanted.shape);
  const [a, b] = [found.dataSync(), wanted.dataSync()];
  let error = 0;
  let size = 1e-12;
  for (let i = 0; i < a.length; i++) {
    error = Math.max(error, Math.abs(a[i] - b[i]));
    size = Math.max(size, Math.abs(b[i]));
    assert.ok(Number.isFinite(a[i]));
  }
  return error / size;
}

async function fixture() {
  const model = await QwenImageTransformer.fromPretrained(DIR);
  const expected = loadSafetensors(path.join(DIR, 'expected.safetensors'));
  const grid = Array.from(expected.img_shape.dataSync()) as ImageGrid;
  const inputs = {
    hiddenStates: expected.hidden_states,
    encoderHiddenStates: expected.encoder_hidden_states,
    encoderHiddenStatesMask: expected.encoder_hidden_states_mask,
    timestep: expected.timestep,
    imgShapes: [[grid], [grid]],
  };
  return { model, expected, inputs };
}

test('output and gradients equal diffusers', async () => {
  const { model, expected, inputs } = await fixture();
  assert.ok(relativeError(model.forward(inputs), expected.output) <= 1e-4);
  const leaves = {
    ...model.parameters(),
    hidden_states: tf.variable(inputs.hiddenStates),
    encoder_hidden_states: tf.variable(inputs.encoderHiddenStates),
  };
  const { grads } = valueAndGrads(() => {
    const output = model.forward({
      ...inputs,
      hiddenStates: leaves.hidden_states,
      encoderHiddenStates: leaves.encoder_hidden_states,
    });
    return output.mul(expected.output_cotangent).sum();
  }, leaves);
  const wanted = Object.keys(expected).filter((name) => name.startsWith('grad.'));
  assert.ok(wanted.length > 40);
  for (const name of wanted) {
    const error = relativeError(grads[name.slice('grad.'.length)], expected[name]);
    assert.ok(error <= 1e-4, `${name}: relative error ${error}`);
  }
});

test('padding tokens and their content change nothing', async () => {
  const { model, expected, inputs } = await fixture();
  const mask = expected.encoder_hidden_states_mask.toFloat();
  const noise = tf.randomNormal(expected.encoder_hidden_states.shape, 0, 9);
  const dirty = expected.encoder_hidden_states.add(noise.mul(tf.sub(1, mask).expandDims(2)));
  const output = model.forward({ ...inputs, encoderHiddenStates: dirty });
  assert.ok(relativeError(output, expected.output) <= 1e-4);
  const shorter = model.forward({
    ...inputs,
    hiddenStates: inputs.hiddenStates.slice([1], [1]),
    encoderHiddenStates: inputs.encoderHiddenStates.slice([1, 0], [1, 7]),
    encoderHiddenStatesMask: undefined,
    timestep: inputs.timestep.slice([1], [1]),
    imgShapes: inputs.imgShapes.slice(1),
  });
  assert.ok(relativeError(shorter, expected.output.slice([1], [1])) <= 1e-4);
});

test('image positions are centred, text starts at the edge, a second grid has its own frame', () => {
  const { image, text } = rotaryTables([[1, 2, 2]], 1, [2, 2, 2]);
  const angle = (t: typeof image, row: number) =>
    [0, 1, 2].map((i) => Math.atan2(t.sin[row * 3 + i], t.cos[row * 3 + i]));
  const near = (found: number[], wanted: number[]) =>
    found.forEach((x, i) => assert.ok(Math.abs(x - wanted[i]) < 1e-6));
  near(angle(image, 0), [0, -1, -1]);
  near(angle(image, 3), [0, 0, 0]);
  near(angle(text, 0), [1, 1, 1]);
  const edit = rotaryTables(
    [
      [1, 2, 2],
      [1, 2, 2],
    ],
    1,
    [2, 2, 2],
  ).image;
  near(angle(edit, 4), [1, -1, -1]);
});

test('a saved folder reopens with the same numbers, and a new model starts at zero output', async () => {
  const { model, inputs } = await fixture();
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'dit-'));
  model.save(dir, { dtype: 'F32' });
  const again = await QwenImageTransformer.fromPretrained(dir);
  assert.equal(relativeError(again.forward(inputs), model.forward(inputs)), 0);
  const json = JSON.parse(fs.readFileSync(path.join(dir, 'config.json'), 'utf8')) as Record<string, unknown>;
  assert.equal(json._class_name, 'QwenImageTransformer2DModel');
  const fresh = QwenImageTransformer.init(model.config, 1);
  assert.deepEqual(Object.keys(fresh.parameters()).sort(), Object.keys(model.parameters()).sort());
  assert.equal(fresh.forward(inputs).abs().max().dataSync()[0], 0);
  fs.rmSync(dir, { recursive: true });
});

test('errors name the field or tensor', async () => {
  const { model, inputs } = await fixture();
  const good = JSON.parse(fs.readFileSync(path.join(DIR, 'config.json'), 'utf8')) as Record<string, unknown>;
  assert.throws(
    () => parseQwenImageConfig({ ...good, num_layers: 'six' }),
    /config.json: num_layers is "six", want a positive integer/,
  );
  assert.throws(() => parseQwenImageConfig({ ...good, zero_cond_t: true }), /zero_cond_t is true/);
  assert.throws(() => parseQwenImageConfig({ ...good, layers: 2 }), /unknown key "layers"/);
  assert.throws(() => parseQwenImageConfig({ ...good, axes_dims_rope: [4, 4, 4] }), /axes_dims_rope/);
  assert.throws(() => model.forward({ ...inputs, imgShapes: [[[1, 4, 4]]] }), /hiddenStates: shape is/);
});

test('nothing leaks in a forward pass', async () => {
  const { model, inputs } = await fixture();
  model.forward(inputs).dispose();
  const before = tf.memory().numTensors;
  model.forward(inputs).dispose();
  assert.equal(tf.memory().numTensors, before);
});
