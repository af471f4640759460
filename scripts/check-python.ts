/** `npm run check:python`: does a model folder open in its Python classes, unchanged, and do they give our numbers? */
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { parseCli, saveSafetensors } from '../lib/checkpoint';
import { loadDenoiser, latentChannels, qwenImageForward, withPositions } from '../lib/diffusion';
import { loadEncoder, qwen2Forward } from '../lib/encoder';
import { initBackend, RandomStream, tf, type Params } from '../lib/tensor';

const DEFAULTS = {
  model: 'checkpoints/base',
  python: 'python3',
  prompt: 'one large violin on a table at night',
  /** Largest difference allowed, as a share of the largest number. */
  tolerance: 1e-3,
};

interface Report extends Record<string, unknown> {
  part: string;
}

async function main(): Promise<void> {
  const options = parseCli(DEFAULTS, {
    name: 'npm run check:python --',
    help: 'Opens a model folder in Python (transformers, and diffusers when it is installed) and compares the numbers.',
    describe: {
      model: 'model folder with tokenizer/, text_encoder/ and transformer/',
      python: 'an interpreter with torch, transformers and safetensors',
      prompt: 'what is tokenised, encoded and painted',
      tolerance: 'largest difference allowed, as a share of the largest number',
    },
  });
  await initBackend();
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 't2g-python-'));
  try {
    const file = path.join(root, 'numbers.safetensors');
    const numbers = await ourNumbers(options.model, options.prompt);
    saveSafetensors(file, numbers);
    tf.dispose(numbers);
    const reports = ask(options, file);
    const problems = reports.flatMap((report) => problemsOf(report, options.tolerance));
    for (const { part, ...facts } of reports) console.log(`${part}: ${JSON.stringify(facts)}`);
    if (problems.length > 0) throw new Error(`${options.model}: ${problems.join('; ')}`);
    console.log(`${options.model}: opens in Python and gives the same numbers`);
  } finally {
    fs.rmSync(root, { recursive: true, force: true });
  }
}

/** The numbers that Python has to find again: ids, states and logits of the prompt, one prediction of the painter. */
async function ourNumbers(dir: string, prompt: string): Promise<Params> {
  const { model: lm, tokenizer } = await loadEncoder(dir);
  const { config, params } = await loadDenoiser(dir);
  const ids = tokenizer.encode(prompt);
  return tf.tidy(() => {
    const inputIds = tf.tensor2d(ids, [1, ids.length], 'int32');
    const { logits, hiddenStates } = qwen2Forward(lm.config, lm.params, { inputIds });
    const states = hiddenStates[lm.config.conditioningLayer];
    const noise = RandomStream.of(0, 'check python').tensorNormal([1, 64, latentChannels(config)]);
    const patches = withPositions(config, noise, [1, 8, 8]);
    const sigma = tf.tensor1d([0.7]);
    const output = qwenImageForward(config, params, {
      hiddenStates: patches,
      encoderHiddenStates: states,
      timestep: sigma,
      imgShapes: [[[1, 8, 8]]],
    });
    return { input_ids: inputIds, logits: logits as tf.Tensor, states, patches, sigma, output };
  });
}

function ask({ model, prompt, python }: typeof DEFAULTS, numbers: string): Report[] {
  const script = path.join(__dirname, 'python', 'open_checkpoint.py');
  const { status, stdout, stderr, error } = spawnSync(python, [script, model, numbers, prompt], {
    encoding: 'utf8',
    timeout: 300_000,
  });
  if (error) throw new Error(`${python}: ${error.message}; name another interpreter with --python`);
  if (status !== 0)
    throw new Error(
      `${python} ended with ${status}; it needs torch, transformers and safetensors:\n${stderr.trim().split('\n').slice(-5).join('\n')}`,
    );
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Report);
}

/** What is wrong with a part: keys that do not match, an unequal token, a number too far off. */
function problemsOf({ part, ...facts }: Report, tolerance: number): string[] {
  return Object.entries(facts).flatMap(([key, value]) => {
    if (Array.isArray(value)) return value.length > 0 ? [`${part}: ${key} ${value.join(', ')}`] : [];
    if (value === false) return [`${part}: ${key} is false`];
    const off = typeof value === 'number' && !(value <= tolerance);
    return off ? [`${part}: ${key} is ${value}, want at most ${tolerance}`] : [];
  });
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
