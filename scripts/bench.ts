/**
 * `npm run bench`: the same work on every engine present, PyTorch included when it can be imported.
 * Each engine is a process of its own; rounds are interleaved, so that a noisy machine is noisy for all.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import { mkdirSync, writeFileSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { parseCli } from '../lib/checkpoint';
import { formatTable } from '../lib/notebook';

const WORKS = ['gemm', 'lm_train', 'lm_decode', 'dit_train', 'dit_sample'];
const NOTES: Record<string, string> = {
  gemm: '2048 x 1024 x 1024',
  lm_train: 'Qwen2 4 x 256, 32 x 96 tokens, AdamW',
  lm_decode: '32 sequences, 24 + 64 tokens, sampled',
  dit_train: 'MMDiT 6 x 256, 32 x (64 + 24) tokens, AdamW',
  dit_sample: '10 steps, batch 32, no guidance',
};

interface Answer {
  ms?: number;
  rss?: number;
  engine?: string;
  threads?: number;
}

/** One engine in its own process, spoken to in JSON lines. */
class Engine {
  private readonly waiting: ((line: string | null) => void)[] = [];
  private readonly lines: Interface;
  readonly times: Record<string, number[]> = {};
  rss = 0;

  constructor(
    readonly name: string,
    private readonly process: ChildProcess,
    private readonly skips: string[] = [],
  ) {
    this.lines = createInterface({ input: process.stdout! });
    this.lines.on('line', (line) => this.waiting.shift()?.(line));
    this.lines.on('close', () => this.waiting.splice(0).forEach((resolve) => resolve(null)));
  }

  next(): Promise<Answer | null> {
    return new Promise((resolve) => this.waiting.push((line) => resolve(line ? (JSON.parse(line) as Answer) : null)));
  }

  async run(work: string, steps: number): Promise<void> {
    if (this.skips.includes(work)) return;
    const answer = this.next();
    this.process.stdin!.write(JSON.stringify({ work, steps }) + '\n');
    const got = await answer;
    if (!got?.ms) return void this.skips.push(work);
    (this.times[work] ??= []).push(got.ms);
    this.rss = Math.max(this.rss, got.rss ?? 0);
  }

  median(work: string): number | undefined {
    const sorted = [...(this.times[work] ?? [])].sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)];
  }

  stop(): void {
    this.process.kill();
  }
}

const backendEngine = (backend: string, threads: number, precision?: string): Engine => {
  const worker = path.join(__dirname, 'bench', 'worker.ts');
  const env = { ...process.env, T2G_BACKEND: backend, T2G_THREADS: String(threads), ...(precision ? { T2G_BENCH_PRECISION: precision } : {}) };
  const child = spawn(process.execPath, ['--require', 'ts-node/register/transpile-only', worker], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  // wasm decodes and samples thousands of small kernels: minutes, and no question anyone asks
  return new Engine(precision ? `${backend} ${precision}` : backend, child, backend === 'wasm' ? ['lm_decode', 'dit_sample'] : []);
};

function torchEngine(python: string, threads: number): Engine | null {
  if (spawnSync(python, ['-c', 'import torch'], { stdio: 'ignore' }).status !== 0) return null;
  const child = spawn(python, [path.join(__dirname, 'bench', 'peer_torch.py'), String(threads)], { stdio: ['pipe', 'pipe', 'inherit'] });
  return new Engine('torch', child, ['lm_decode']);
}

async function main(): Promise<void> {
  const defaults = { rounds: 5, steps: 3, threads: os.availableParallelism(), python: 'python3', backends: 'native,native:bf16', out: 'out/bench.json' };
  const cli = parseCli(defaults, {
    name: 'npm run bench --',
    help: 'Times the same work on every engine present, as ratios to PyTorch when `python` can import torch.',
    describe: {
      rounds: 'interleaved rounds; medians are over rounds',
      steps: 'steps a round',
      threads: 'threads of every engine',
      python: 'Python that may have torch',
      backends: 'comma-separated; name:bf16 for mixed precision',
      out: 'where the JSON goes',
    },
  });
  const engines: Engine[] = [];
  const torch = torchEngine(cli.python, cli.threads);
  if (torch) engines.push(torch);
  else console.error('PyTorch not found (set --python): no ratios to it.');
  for (const spec of cli.backends.split(',')) engines.push(backendEngine(spec.split(':')[0], cli.threads, spec.split(':')[1]));
  const alive: Engine[] = [];
  for (const engine of engines) {
    const hello = await engine.next();
    if (hello) alive.push(engine);
    else console.error(`${engine.name}: did not start, left out (see above).`);
  }
  for (let round = 0; round < cli.rounds; round++) {
    for (const work of WORKS) {
      for (const engine of alive) {
        if (engine.name === 'wasm' && round > 0) continue; // slow: once is enough
        await engine.run(work, engine.name === 'wasm' ? 1 : cli.steps);
      }
    }
    console.error(`round ${round + 1}/${cli.rounds} done`);
  }
  const rows = WORKS.map((work) => {
    const row: Record<string, string> = { work: `${work} (${NOTES[work]})` };
    const base = torch?.median(work);
    for (const engine of alive) {
      const ms = engine.median(work);
      const ratio = ms && base && engine !== torch ? ` (${(base / ms).toFixed(2)}x)` : '';
      row[engine.name] = ms ? `${ms.toFixed(1)} ms${ratio}` : '-';
    }
    return row;
  });
  console.log(formatTable(rows));
  console.log(`medians of ${cli.rounds} interleaved rounds, ${cli.threads} threads; (n x) = speed relative to torch`);
  mkdirSync(path.dirname(cli.out), { recursive: true });
  const times = Object.fromEntries(alive.map((e) => [e.name, { ms: Object.fromEntries(WORKS.map((w) => [w, e.median(w) ?? null])), rss: e.rss }]));
  writeFileSync(cli.out, JSON.stringify({ machine: os.cpus()[0]?.model, threads: cli.threads, rounds: cli.rounds, times }, null, 2) + '\n');
  alive.forEach((engine) => engine.stop());
  process.exit(0);
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exit(1);
});
