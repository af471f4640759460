/** Which engines there are and how each is started. */
import { spawnSync } from 'node:child_process';
import * as path from 'node:path';
import { Engine, type EngineCommand } from './engine';

export interface EngineKind {
  name: string;
  side: 'ours' | 'torch';
  precision: 'fp32' | 'bf16';
  compiled: boolean;
  /** Left out without a word when it is not set up. */
  optional: boolean;
}

const ours = (name: string, precision: 'fp32' | 'bf16', optional: boolean): EngineKind => ({
  name: precision === 'bf16' ? `${name} bf16` : name,
  side: 'ours',
  precision,
  compiled: false,
  optional,
});
const torch = (precision: 'fp32' | 'bf16', compiled: boolean): EngineKind => ({
  name: ['torch', ...(precision === 'bf16' ? ['bf16'] : []), ...(compiled ? ['compile'] : [])].join(' '),
  side: 'torch',
  precision,
  compiled,
  optional: false,
});

/** Every engine that `--engines` can name. */
export const ENGINES: EngineKind[] = [
  ours('native', 'fp32', false),
  torch('fp32', false),
  torch('fp32', true),
  ours('native', 'bf16', false),
  torch('bf16', false),
  torch('bf16', true),
  ours('tensorflow', 'fp32', true),
  ours('wasm', 'fp32', true),
  ours('webgpu', 'fp32', true),
];

/** Works that end in reasonable time; all of them where nothing is said. */
export const ONLY: Record<string, string[]> = {
  wasm: ['gemm', 'lm_train', 'dit_train'],
  'torch compile': ['lm_train', 'dit_train'],
  'torch bf16 compile': ['lm_train', 'dit_train'],
};

export function commandOf(
  kind: EngineKind,
  { threads, python }: { threads: number; python: string },
): EngineCommand {
  if (kind.side === 'torch') {
    const script = path.join(__dirname, 'torch', 'worker.py');
    const args = [script, '--threads', String(threads), '--mode', kind.precision];
    return { name: kind.name, command: python, args: kind.compiled ? [...args, '--compile'] : args };
  }
  const args = ['--require', 'ts-node/register/transpile-only', path.join(__dirname, 'worker.ts')];
  return {
    name: kind.name,
    command: process.execPath,
    args: [...args, kind.name.split(' ')[0], kind.precision],
    env: { T2G_THREADS: String(threads) },
  };
}

/**
 * The engines of a comma-separated list of names; `all` stands for every one but webgpu.
 * @throws when a name is unknown
 */
export function enginesNamed(list: string): EngineKind[] {
  const names = list.split(',').map((name) => name.trim());
  const unknown = names.find((name) => name !== 'all' && !ENGINES.some((kind) => kind.name === name));
  if (unknown !== undefined)
    throw new Error(
      `--engines: "${unknown}" is unknown, want all or some of ${ENGINES.map((k) => k.name).join(', ')}`,
    );
  return ENGINES.filter(({ name }) => names.includes(name) || (names.includes('all') && name !== 'webgpu'));
}

export interface Started {
  engines: Engine[];
  kinds: EngineKind[];
  /** One line for every engine that could not be started and was wanted. */
  notes: string[];
}

/** Starts the engines one after the other. */
export async function startEngines(
  kinds: EngineKind[],
  options: { threads: number; python: string; startMs: number },
): Promise<Started> {
  const started: Started = { engines: [], kinds: [], notes: [] };
  const noTorch = kinds.some((kind) => kind.side === 'torch') ? torchProblem(options.python) : undefined;
  if (noTorch) started.notes.push(noTorch);
  for (const kind of kinds) {
    if (kind.side === 'torch' && noTorch) continue;
    const engine = new Engine(commandOf(kind, options));
    try {
      await engine.start(options.startMs);
      started.engines.push(engine);
      started.kinds.push(kind);
    } catch (error) {
      engine.stop();
      started.notes.push(`${kind.name}: ${(error as Error).message}${kind.optional ? ' (left out)' : ''}`);
    }
  }
  return started;
}

function torchProblem(python: string): string | undefined {
  const found = spawnSync(python, ['-c', 'import torch, numpy'], { stdio: 'ignore', timeout: 60_000 });
  if (found.status === 0) return undefined;
  return (
    `PyTorch: "${python}" can't import torch and numpy, so its columns are missing; ` +
    'pip install torch numpy transformers, or name another interpreter with --python'
  );
}
