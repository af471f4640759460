/**
 * `npm run bench`: the same work on every engine present, PyTorch included when it can be imported. Each engine is a
 * process of its own and rounds are interleaved, so that a noisy machine is noisy for all. docs/benchmarks.md says
 * what is measured and how to read it.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { parseCli, positiveInteger, positiveNumber, writeJson } from '../lib/checkpoint';
import { figurePng, type Figure } from '../lib/notebook';
import { ratioFigure } from './bench/chart';
import { msOf } from './bench/compare';
import { Engine } from './bench/engine';
import { commandOf, ENGINES, enginesNamed, ONLY, startEngines, type EngineKind } from './bench/engines';
import { NOT_ASKED, type WorkSpec } from './bench/protocol';
import * as report from './bench/report';
import { scalingFigure, scalingTable, sweeps, threadWorks, type Scaling, type Sweep } from './bench/scaling';
import { measureMemory, runSession, type Adapt, type Memory, type Plan } from './bench/session';
import { GEMMS, STEPS } from './bench/sizes';

const DEFAULTS = {
  rounds: 5,
  budget: 0.7,
  minutes: 5,
  timeout: 90,
  threads: Math.min(os.availableParallelism(), 8),
  python: 'python3',
  engines: 'all',
  works: 'all',
  memory: true,
  compile: true,
  quick: false,
  scaling: false,
  out: 'out/bench.json',
};
type Options = typeof DEFAULTS;

const options = parseCli(DEFAULTS, {
  name: 'npm run bench --',
  help: 'Times the same work on every engine present, as ratios to PyTorch when `python` can import torch.',
  describe: {
    rounds: 'interleaved rounds; medians are over rounds',
    budget: 'seconds that an engine repeats a work in a round',
    minutes:
      'after this long nothing more is prepared and no new round starts; memory gets half as long again',
    timeout: 'seconds that an engine may take to answer before it is killed (compilation: three times that)',
    threads: 'threads of every engine',
    python: 'Python that may have torch, numpy and transformers',
    engines: `comma-separated: ${ENGINES.map((kind) => kind.name).join(', ')}; all leaves out webgpu`,
    works: 'comma-separated: gemm, lm_train, dit_train, lm_decode, dit_sample, grpo',
    memory: 'peak memory of the train steps, in fresh processes',
    compile: 'torch.compile of the train steps (needs a C++ compiler; a minute or two the first time)',
    quick: 'two short rounds, without compilation and wasm',
    scaling: 'instead: cost against batch, length, J x K and threads',
    out: 'where the JSON goes; pictures go beside it',
  },
  checks: {
    rounds: positiveInteger,
    budget: positiveNumber,
    timeout: positiveNumber,
    threads: positiveInteger,
  },
});

const open = new Set<Engine>();
const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** The same text twice is not worth a line; on a terminal the line is redrawn. */
function progress(text: string): void {
  if (process.stderr.isTTY)
    process.stderr.write(`\r\x1b[2K${text.slice(0, (process.stderr.columns ?? 110) - 1)}`);
  else say(text);
}

/** Leaves out what an engine isn't asked to do, and gives PyTorch the counts of our Dual-GRPO iteration. */
const adapt: Adapt = (work, engine, results) => {
  const only = ONLY[engine.name];
  if (only && !only.includes(work.kind)) return NOT_ASKED;
  if (work.kind !== 'grpo' || !engine.name.startsWith('torch')) return work;
  const own = engine.name.includes('bf16') ? 'native bf16' : 'native';
  const recipe = (results.get(own) ?? results.get('native'))?.get(work.name)?.check?.counts;
  return recipe
    ? { ...work, sizes: { ...work.sizes, recipe } }
    : 'no native iteration to take the counts from';
};

const planOf = (works: WorkSpec[], { rounds, budget, minutes, timeout }: Options): Plan => ({
  works,
  rounds,
  budgetMs: budget * 1000,
  totalMs: minutes * 60_000,
  limits: limitsOf(timeout),
  slowMs: 8000,
  log: progress,
});
const limitsOf = (seconds: number) => ({
  prepareMs: 3000 * seconds,
  timeMs: 1000 * seconds,
  startMs: 60_000,
});

async function start(
  kinds: EngineKind[],
  threads: number,
): Promise<{ engines: Engine[]; kinds: EngineKind[] }> {
  progress('starting engines');
  const started = await startEngines(kinds, { threads, python: options.python, startMs: 60_000 });
  started.engines.forEach((engine) => open.add(engine));
  started.notes.forEach((note) => say(`\n${note}`));
  if (started.engines.length === 0) throw new Error('no engine could be started');
  return started;
}

function stopAll(): void {
  open.forEach((engine) => engine.stop());
  open.clear();
}

async function standard(kinds: EngineKind[]): Promise<void> {
  const wanted = options.works.split(',').map((name) => name.trim());
  const known = ['gemm', ...STEPS.map(({ kind }) => kind)];
  const unknown = wanted.find((name) => name !== 'all' && !known.includes(name));
  if (unknown !== undefined)
    throw new Error(`--works: "${unknown}" is unknown, want some of ${known.join(', ')}`);
  const chosen = (work: WorkSpec): boolean => wanted.includes('all') || wanted.includes(work.kind);
  const began = Date.now();
  const { engines, kinds: present } = await start(kinds, options.threads);
  const about = report.machine(engines);
  // Products are short: they share a session, so that every engine's peak is of the same minutes as its steps.
  const plan = planOf([...GEMMS, ...STEPS].filter(chosen), options);
  const results = await runSession(engines, plan, adapt);
  stopAll();
  const works = STEPS.filter(chosen);
  const memory = options.memory
    ? await memoryOf(present, works, began + 1.5 * options.minutes * 60_000)
    : new Map<string, Map<string, Memory | string>>();
  const run: report.Run = { results, works, kinds: present, memory };
  progress('');
  print(
    'Time of a step; (n x) = speed relative to eager PyTorch of the same precision',
    report.stepsTable(run),
  );
  print("Rates; (n %) = share of the engine's own best matrix product", report.ratesTable(run));
  if (chosen(GEMMS[0])) print('Matrix products', report.gemmTable(run));
  if (options.memory) print('Resident memory of a fresh process', report.memoryTable(run));
  print('Targets', report.verdictTable(run));
  print('Notes', report.notes(run).join('\n'));
  const json = { machine: about, options, minutes: (Date.now() - began) / 60_000, ...report.toJson(run) };
  await save(json, ratioFigure(run));
}

/** Every train step in a fresh process of every engine. */
async function memoryOf(
  kinds: EngineKind[],
  works: WorkSpec[],
  deadline: number,
): Promise<Map<string, Map<string, Memory | string>>> {
  const memory = new Map<string, Map<string, Memory | string>>();
  const { threads, python } = options;
  for (const kind of kinds) {
    if (kind.compiled) continue; // its compiler's memory would be counted
    memory.set(kind.name, new Map());
    for (const work of works.filter((w) => w.kind.endsWith('_train'))) {
      if (Date.now() > deadline) {
        memory.get(kind.name)!.set(work.name, 'the time was over (--minutes)');
        continue;
      }
      progress(`memory of ${work.name}: ${kind.name}`);
      const engine = new Engine(commandOf(kind, { threads, python }));
      open.add(engine);
      memory.get(kind.name)!.set(work.name, await measureMemory(engine, work, limitsOf(options.timeout)));
    }
  }
  return memory;
}

async function scaling(kinds: EngineKind[]): Promise<void> {
  const plain = kinds.filter((kind) => !kind.compiled && /^(native|torch)/.test(kind.name));
  const found: Scaling = [];
  const { engines } = await start(plain, options.threads);
  const about = report.machine(engines);
  for (const sweep of sweeps(options.quick)) {
    // Sizes are prepared, timed and freed one after the other: large ones would not fit side by side.
    const ms: Record<string, (number | null)[]> = Object.fromEntries(engines.map(({ name }) => [name, []]));
    for (const { work } of sweep.points) {
      const results = await runSession(engines, planOf([work], options), adapt);
      for (const engine of engines) {
        ms[engine.name].push(msOf(results.get(engine.name)?.get(work.name)) ?? null);
        if (engine.alive) await engine.ask({ op: 'free', work: work.name }, 10_000).catch(() => undefined);
      }
    }
    found.push({ sweep, ms });
  }
  stopAll();
  found.push(...(await threadSweeps(plain)));
  progress('');
  print('How cost grows', scalingTable(found));
  const table = found.map(({ sweep: { name, axis, points }, ms }) => ({
    name,
    axis,
    at: points.map((p) => p.label),
    ms,
  }));
  await save({ machine: about, options, scaling: table }, scalingFigure(found));
}

/** The default works with 1 thread and with `threads`, each in processes of their own. */
async function threadSweeps(kinds: EngineKind[]): Promise<Scaling> {
  const counts = [...new Set([1, options.threads])];
  const works = threadWorks();
  const found: Scaling = works.map((work) => ({
    sweep: {
      name: work.name,
      axis: 'threads',
      points: counts.map((at) => ({ at, label: String(at), work })),
    } satisfies Sweep,
    ms: {},
  }));
  for (const threads of counts) {
    const { engines } = await start(kinds, threads);
    const results = await runSession(engines, planOf(works, options), adapt);
    works.forEach((work, i) =>
      engines.forEach(({ name }) =>
        (found[i].ms[name] ??= []).push(msOf(results.get(name)?.get(work.name)) ?? null),
      ),
    );
    stopAll();
  }
  return found;
}

const print = (title: string, text: string): void => {
  if (text !== '') console.log(`\n${title}\n${text}`);
};

async function save(json: Record<string, unknown>, figure: Figure | undefined): Promise<void> {
  const file = options.scaling ? options.out.replace(/(\.json)?$/, '-scaling.json') : options.out;
  mkdirSync(path.dirname(file), { recursive: true });
  writeJson(file, json);
  const picture = file.replace(/(\.json)?$/, '.png');
  if (figure) writeFileSync(picture, await figurePng(figure));
  console.log(`\nsaved ${file}${figure ? ` and ${picture}` : ''}`);
}

async function main(): Promise<void> {
  let kinds = enginesNamed(options.engines);
  if (options.quick) {
    options.rounds = Math.min(options.rounds, 2);
    options.budget = Math.min(options.budget, 0.4);
  }
  if (!options.compile || options.quick) kinds = kinds.filter((kind) => !kind.compiled);
  if (options.quick && options.engines === 'all') kinds = kinds.filter(({ name }) => name !== 'wasm');
  if (options.scaling) await scaling(kinds);
  else await standard(kinds);
}

// No engine outlives the benchmark, however it ends.
process.on('exit', stopAll);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));
main()
  .then(() => process.exit(0))
  .catch((error: Error) => {
    say(`\n${error.message}`);
    process.exit(1);
  });
