// `npm run fuzz -- [seconds] [seed] [isa]`: builds the addon with AddressSanitizer and UndefinedBehaviorSanitizer into
// build/fuzz, and throws random calls at it (scripts/fuzz/run.ts). Exit code 0: no report; 1: a report or a wrong
// error; 77: this compiler has no sanitizers. Without an isa it takes avx2 where it can, because the tails of rows
// are plain C++ there, which the sanitizer sees; masked AVX-512 moves it does not.
'use strict';

const { spawn, spawnSync } = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { supportedIsas } = require('../lib/tensor/native/cpu.cjs');

const root = path.resolve(__dirname, '..');
const sources = path.join(root, 'lib', 'tensor', 'native', 'src');
const compiler = process.env.CXX ?? 'g++';

// The instruction sets of binding.gyp, as far as the fuzzer uses them.
const AVX2 = ['-mavx2', '-mfma', '-mf16c', '-mbmi', '-mbmi2', '-mpopcnt'];
const AVX512 = [...AVX2, '-mavx512f', '-mavx512bw', '-mavx512dq', '-mavx512vl'];
const FLAGS = { avx512bf16: [...AVX512, '-mavx512bf16'], avx512: AVX512, avx2: AVX2, generic: [], neon: [] };
const SANITIZE = [
  '-fsanitize=address,undefined',
  '-fno-sanitize-recover=undefined',
  '-fno-omit-frame-pointer',
];

function skip(reason) {
  console.log(`fuzz skipped: ${reason}`);
  process.exit(77);
}

function headers() {
  const prefixes = [
    path.resolve(path.dirname(fs.realpathSync(process.execPath)), '..'),
    '/usr/local',
    '/usr',
  ];
  const prefix = prefixes.find((at) => fs.existsSync(path.join(at, 'include', 'node', 'node_api.h')));
  return prefix === undefined ? undefined : path.join(prefix, 'include', 'node');
}

/** The sanitizer's runtime, which must be in the process before node starts. */
function runtime() {
  for (const name of ['libasan.so', 'libclang_rt.asan-x86_64.so', 'libclang_rt.asan-aarch64.so']) {
    const { stdout } = spawnSync(compiler, [`-print-file-name=${name}`], { encoding: 'utf8' });
    const file = (stdout ?? '').trim();
    if (path.isAbsolute(file) && fs.existsSync(file)) return fs.realpathSync(file);
  }
  return undefined;
}

/** Runs the commands, as many at a time as there are cores; rejects with the output of the first that fails. */
async function runAll(commands) {
  const waiting = [...commands];
  const worker = async () => {
    for (let args = waiting.shift(); args !== undefined; args = waiting.shift()) {
      await new Promise((resolve, reject) => {
        const child = spawn(compiler, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
        let output = '';
        for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
        child.on('error', reject);
        child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(output.slice(0, 2000)))));
      });
    }
  };
  await Promise.all(os.cpus().map(worker));
}

/** Builds build/fuzz/<isa>/t2g_native.node; objects whose sources have not changed are used again. */
async function build(isa, include) {
  const folder = path.join(root, 'build', 'fuzz', isa);
  fs.mkdirSync(folder, { recursive: true });
  const flags = ['-std=c++17', '-O0', '-g1', '-fPIC', '-Wno-psabi', ...SANITIZE, ...FLAGS[isa]];
  flags.push('-DNAPI_VERSION=8', `-DT2G_ISA="${isa}"`, '-DNODE_GYP_MODULE_NAME=t2g_native', `-I${include}`);
  const files = fs.readdirSync(sources).sort();
  const texts = files.map((file) => fs.readFileSync(path.join(sources, file)));
  const common = crypto.createHash('sha256').update(JSON.stringify([compiler, flags]));
  files.forEach((file, i) => file.endsWith('.h') && common.update(texts[i]));
  const salt = common.digest();
  const objects = files.flatMap((file, i) => {
    if (!file.endsWith('.cc')) return [];
    const hash = crypto.createHash('sha256').update(salt).update(texts[i]).digest('hex').slice(0, 16);
    return [{ source: path.join(sources, file), object: path.join(folder, `${file}.${hash}.o`) }];
  });
  const kept = new Set(objects.map(({ object }) => path.basename(object)));
  for (const file of fs.readdirSync(folder))
    if (file.endsWith('.o') && !kept.has(file)) fs.rmSync(path.join(folder, file));
  const todo = objects.filter(({ object }) => !fs.existsSync(object));
  await runAll(todo.map(({ source, object }) => [...flags, '-c', source, '-o', object]));
  const addon = path.join(folder, 't2g_native.node');
  await runAll([['-shared', ...SANITIZE, ...objects.map(({ object }) => object), '-o', addon, '-lpthread']]);
  return addon;
}

async function main() {
  const [seconds = '60', seed = String(Date.now() % 100000), wanted] = process.argv.slice(2);
  if (process.platform !== 'linux') skip('it needs Linux');
  const isas = supportedIsas().map(({ name }) => name);
  const isa = wanted ?? isas.find((name) => name === 'avx2') ?? isas[0];
  if (!isas.includes(isa)) throw new Error(`isa is "${isa}", this CPU has ${isas.join(', ')}`);
  const asan = runtime();
  if (asan === undefined) skip(`${compiler} has no AddressSanitizer`);
  const include = headers();
  if (include === undefined) skip('no Node.js headers here');
  const addon = await build(isa, include);
  const run = ['--require', 'ts-node/register/transpile-only', path.join(__dirname, 'fuzz', 'run.ts')];
  const { status, signal } = spawnSync(process.execPath, run, {
    cwd: root,
    stdio: 'inherit',
    timeout: (Number(seconds) + 120) * 1000,
    env: {
      ...process.env,
      LD_PRELOAD: asan,
      ASAN_OPTIONS: 'detect_leaks=0:allocator_may_return_null=1:detect_odr_violation=0',
      UBSAN_OPTIONS: 'print_stacktrace=1',
      T2G_NATIVE_ADDON: addon,
      T2G_ISA: '',
      T2G_FUZZ_SECONDS: seconds,
      T2G_FUZZ_SEED: seed,
    },
  });
  if (status !== 0) throw new Error(`fuzz failed (${signal ?? `exit code ${status}`}), seed ${seed}, ${isa}`);
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
