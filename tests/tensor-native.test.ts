// The native addon from outside: every build that this CPU runs passes the tests of the kernels, T2G_ISA forces one, and
// an addon that does not build or load leaves a working wasm backend and one line that says why.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, describe, test } from 'node:test';
import { loadAddon } from '../lib/tensor/native/addon';

/** What depends on the instruction set; the best one runs them as test files of their own. */
const SUITES = ['ops', 'attention', 'mlp', 'head', 'decode', 'random', 'optim'].map((name) =>
  path.join('tests', `tensor-${name}.test.ts`),
);

const root = path.resolve(__dirname, '..');
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 't2g-native-'));
after(() => fs.rmSync(scratch, { recursive: true, force: true }));

interface Isa {
  name: string;
  label: string;
}
const cpu = require('../lib/tensor/native/cpu.cjs') as {
  FOLDER: string[];
  addonFile(isa: Isa): string;
  isasOfArch(): Isa[];
  supportedIsas(): Isa[];
};
const loaded = process.env.T2G_NATIVE_ADDON ? { addon: null } : loadAddon();
const fileOf = (isa: Isa): string => path.join(root, ...cpu.FOLDER, cpu.addonFile(isa));

interface Outcome {
  status: number | null;
  stdout: string;
  stderr: string;
}
function node(args: string[], env: Record<string, string>, cwd = root): Outcome {
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env; // else a child's tests report to our runner
  const all = { ...inherited, T2G_BACKEND: '', T2G_ISA: '', T2G_NATIVE_ADDON: '', ...env };
  return spawnSync(process.execPath, args, { cwd, env: all, encoding: 'utf8', timeout: 300_000 });
}

const PROBE = `
  const { initBackend, tf } = require('./lib/tensor');
  initBackend().then(
    ({ name, detail }) => {
      const product = [...tf.matMul(tf.tensor2d([[1, 2]]), tf.tensor2d([[3], [4]])).dataSync()];
      console.log(JSON.stringify({ name, detail, product }));
    },
    (error) => { console.log(JSON.stringify({ error: error.message })); },
  );`;
/** What initBackend() says in a new process, and what it prints as a warning. */
function start(env: Record<string, string>): { said: Record<string, unknown>; warnings: string[] } {
  const { status, stdout, stderr } = node(['-r', 'ts-node/register/transpile-only', '-e', PROBE], env);
  assert.equal(status, 0, stderr);
  return {
    said: JSON.parse(stdout) as Record<string, unknown>,
    warnings: stderr.split('\n').filter(Boolean),
  };
}

describe('builds for this CPU', { skip: loaded.addon === null && 'no native addon' }, () => {
  for (const isa of cpu.supportedIsas()) {
    if (isa.name === loaded.addon?.isa()) continue; // the one that every other test uses
    const missing =
      !fs.existsSync(fileOf(isa)) && 'not built: T2G_NATIVE_ALL=1 node scripts/build-native.cjs builds all';
    test(`${isa.label} passes the tests of the kernels`, { skip: missing }, () => {
      const args = ['-r', 'ts-node/register/transpile-only', '--test', ...SUITES];
      const { status, stdout } = node(args, { T2G_ISA: isa.name, T2G_BACKEND: 'native' });
      assert.equal(status, 0, stdout.slice(-3000));
      assert.match(start({ T2G_ISA: isa.name }).said.detail as string, new RegExp(`for ${isa.name},`));
    });
  }

  test('T2G_ISA that is unknown or not for this CPU is an error', () => {
    const names = cpu.isasOfArch().map(({ name }) => name);
    assert.deepEqual(start({ T2G_ISA: 'mmx' }).said, {
      error: `T2G_ISA is "mmx", want one of ${names.join(', ')}`,
    });
    const supported = cpu.supportedIsas().map(({ name }) => name);
    const foreign = names.find((name) => !supported.includes(name));
    if (foreign !== undefined) {
      const { error } = start({ T2G_ISA: foreign }).said;
      assert.match(String(error), new RegExp(`T2G_ISA is "${foreign}", which needs .*: not on this CPU`));
    }
  });
});

describe('an addon that does not load leaves wasm and one line', () => {
  const broken = (name: string, content: Buffer | string): string => {
    const file = path.join(scratch, name);
    fs.writeFileSync(file, content);
    return file;
  };
  const check = (file: string, why: RegExp): void => {
    const { said, warnings } = start({ T2G_NATIVE_ADDON: file });
    assert.equal(said.name, 'wasm');
    assert.deepEqual(said.product, [11]);
    assert.equal(warnings.length, 1, warnings.join('\n'));
    assert.match(warnings[0], /^native tensor addon not used: /);
    assert.match(warnings[0], why);
  };

  test('text, an empty file, no file', () => {
    check(
      broken('text.node', 'this is no addon, but it is longer than the header of one would be.'),
      /text\.node/,
    );
    check(broken('empty.node', ''), /empty\.node does not load: it is cut short/);
    check(path.join(scratch, 'none.node'), /none\.node does not load: .*no such file/);
  });

  test(
    'cut in half',
    { skip: (loaded.addon === null || process.platform !== 'linux') && 'no ELF addon' },
    () => {
      const whole = fs.readFileSync((loaded as { file: string }).file);
      check(
        broken('half.node', whole.subarray(0, whole.length >> 1)),
        /half\.node does not load: it is cut short/,
      );
    },
  );

  test('a library that is no addon of this project', { skip: process.platform !== 'linux' }, (t) => {
    const source = broken(
      'other.c',
      'extern int t2g_nowhere(void); int t2g_call(void) { return t2g_nowhere(); }',
    );
    const file = path.join(scratch, 'other.node');
    const compiled = spawnSync('cc', ['-shared', '-fPIC', '-Wl,-z,now', source, '-o', file]);
    if (compiled.status !== 0) return t.skip('no C compiler');
    check(file, /other\.node does not load: .*undefined symbol: t2g_nowhere/);
  });
});

test(
  'a compiler that fails leaves one line, exit code 0 and no addon',
  { skip: process.platform === 'win32' },
  () => {
    for (const name of ['binding.gyp', 'scripts/build-native.cjs', 'scripts/gyp.cjs', 'lib/tensor/native'])
      fs.cpSync(path.join(root, name), path.join(scratch, 'copy', name), { recursive: true });
    const copy = path.join(scratch, 'copy');
    fs.symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'));
    const stale = cpu.isasOfArch().map((isa) => path.join(copy, ...cpu.FOLDER, cpu.addonFile(isa)));
    fs.mkdirSync(path.dirname(stale[0]), { recursive: true });
    for (const file of stale) fs.writeFileSync(file, 'from older sources');
    const compiler = path.join(scratch, 'broken-compiler');
    fs.writeFileSync(compiler, '#!/bin/sh\necho "error: the disk is full" >&2\nexit 1\n', { mode: 0o755 });
    const env = {
      CC: compiler,
      CXX: compiler,
      T2G_SKIP_NATIVE: '',
      T2G_NATIVE_VERBOSE: '',
      T2G_NATIVE_ALL: '',
    };
    const { status, stdout } = node(['scripts/build-native.cjs'], env, copy);
    assert.equal(status, 0);
    assert.match(
      stdout,
      /^native tensor addon not built \(.*\): the wasm backend will be used, which is slower\.\n$/,
    );
    assert.match(stdout, /error: the disk is full/);
    assert.deepEqual(
      stale.filter((file) => fs.existsSync(file)),
      [],
    );
  },
);
