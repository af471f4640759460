/**
 * `npm run check:webgpu`: runs every op and the models' work on backend "webgpu" and on the reference backend (native,
 * else wasm) in turn, and prints numbers, times and verdicts in one table. Exits 1 when a number differs.
 */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { nonNegativeInteger, oneOf, parseCli, writeJson } from '../lib/checkpoint';
import { formatTable } from '../lib/notebook';
import { ThinkThenGenerate } from '../lib/pipeline';
import { type BackendName, initBackend, tf } from '../lib/tensor';
import { loadAddon } from '../lib/tensor/native/addon';
import { modelWorks, opWorks, SIZES, type Result, type Work } from './webgpu-check/works';

const DEFAULTS = {
  /** 'auto' takes the small sizes on a software driver. */
  size: 'auto' as 'auto' | 'gpu' | 'software',
  model: 'checkpoints/base',
  prompt: 'a red apple on a table',
  /** Denoising steps of the picture; 0 leaves it out. */
  steps: 4,
  out: 'out/webgpu-check.json',
};

/** Draws one picture with a committed checkpoint, without thinking. */
function drawing(model: string, prompt: string, steps: number): Work {
  const run = async (): Promise<Result> => {
    const pipeline = await ThinkThenGenerate.fromPretrained(model);
    let best = Infinity;
    let image: Uint8Array = new Uint8Array();
    for (let round = 0; round < 2; round++) {
      const drawn = await pipeline.generate(prompt, { think: false, steps, seed: 1 });
      best = Math.min(best, drawn.timings.draw * 1000);
      image = drawn.image;
    }
    return { numbers: [image], ms: best };
  };
  return { name: `picture by ${model}, ${steps} steps, guidance`, tolerance: 0.02, run };
}

/** Largest difference over the largest number wanted, the worst of the lists; Infinity when their shapes differ. */
function difference(found: Result, wanted: Result): number {
  if (found.numbers.length !== wanted.numbers.length) return Infinity;
  const each = found.numbers.map((list, n) => {
    const other = wanted.numbers[n];
    if (list.length !== other.length) return Infinity;
    let [error, top] = [0, 1e-6];
    for (let i = 0; i < other.length; i++) {
      if (!Number.isFinite(list[i])) return Infinity;
      error = Math.max(error, Math.abs(list[i] - other[i]));
      top = Math.max(top, Math.abs(other[i]));
    }
    return error / top;
  });
  return Math.max(0, ...each);
}

/** Runs a work on a backend; everything it made is freed. */
async function runOn(backend: BackendName, work: Work): Promise<Result> {
  await initBackend(backend);
  tf.engine().startScope();
  const known = new Set(Object.keys(tf.engine().registeredVariables));
  try {
    return await work.run();
  } finally {
    for (const [name, variable] of Object.entries(tf.engine().registeredVariables))
      if (!known.has(name)) variable.dispose();
    tf.engine().endScope();
  }
}

type Row = Record<string, string>;

async function compare(work: Work, reference: BackendName): Promise<{ row: Row; ok: boolean }> {
  const speed = ({ ms, gflop }: Result): string =>
    ms === null ? '' : `${ms.toFixed(1)} ms${gflop ? ` (${((gflop / ms) * 1000).toFixed(1)} GFLOP/s)` : ''}`;
  try {
    const wanted = await runOn(reference, work);
    const found = await runOn('webgpu', work);
    const off = difference(found, wanted);
    const ok = !(off > work.tolerance);
    const ratio = found.ms && wanted.ms ? `${(wanted.ms / found.ms).toPrecision(2)}x` : '';
    const numbers = found.numbers.length === 0 ? '' : off.toExponential(1);
    return {
      ok,
      row: {
        work: work.name,
        webgpu: speed(found),
        [reference]: speed(wanted),
        speed: ratio,
        difference: numbers,
        verdict: ok ? 'ok' : `WRONG, want <= ${work.tolerance}`,
      },
    };
  } catch (error) {
    const message = error instanceof Error ? error.message.split('\n')[0] : String(error);
    return {
      ok: false,
      row: {
        work: work.name,
        webgpu: '',
        [reference]: '',
        speed: '',
        difference: '',
        verdict: `FAILED: ${message}`,
      },
    };
  }
}

async function main(): Promise<void> {
  const options = parseCli(DEFAULTS, {
    name: 'npm run check:webgpu --',
    help: 'Compares backend webgpu with the reference backend: every op, training, decoding, one picture.',
    describe: { size: 'auto, gpu or software', model: 'a model folder', out: 'where the JSON goes' },
    checks: { size: oneOf('auto', 'gpu', 'software'), steps: nonNegativeInteger },
  });
  const info = await initBackend('webgpu');
  const software = /swiftshader|llvmpipe|lavapipe|software|basic render/i.test(info.detail);
  const size = options.size === 'auto' ? (software ? 'software' : 'gpu') : options.size;
  const reference: BackendName = loadAddon().addon === null ? 'wasm' : 'native';
  console.log(
    `adapter: ${info.detail}${software ? ' (a software driver: times say nothing about GPUs)' : ''}`,
  );
  console.log(
    `sizes "${size}", reference backend ${reference}, times after one run that compiles the shaders\n`,
  );
  const works = [...opWorks(), ...modelWorks(SIZES[size])];
  if (options.steps > 0 && fs.existsSync(path.join(options.model, 'model_index.json')))
    works.push(drawing(options.model, options.prompt, options.steps));
  const rows: Row[] = [];
  let wrong = 0;
  for (const work of works) {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${work.name} `);
    const { row, ok } = await compare(work, reference);
    rows.push(row);
    if (!ok) wrong++;
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  console.log(formatTable(rows));
  console.log(`\n${wrong === 0 ? 'all numbers agree' : `${wrong} of ${works.length} are wrong`}`);
  fs.mkdirSync(path.dirname(options.out), { recursive: true });
  writeJson(options.out, { adapter: info.detail, size, reference, rows });
  process.exit(wrong === 0 ? 0 : 1);
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exit(1);
});
