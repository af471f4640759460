// The suite of the ops (values, gradients, odd sizes, errors, leaks) once more on every other backend that starts on
// this machine, each in a process of its own, because a process chooses its backend once. tensor-webgpu.test.ts does
// the same for webgpu, tensor-native.test.ts for the builds of the addon.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as path from 'node:path';
import { test } from 'node:test';

const root = path.join(__dirname, '..');
const SUITES = ['tensor-ops', 'tensor-mlp', 'tensor-head', 'tensor-optim'].map((name) =>
  path.join('tests', `${name}.test.ts`),
);
const BACKENDS = ['wasm', 'cpu', 'tensorflow'];
const MUST_START = ['wasm', 'cpu'];

function node(args: string[], backend: string): { status: number | null; output: string } {
  // NODE_TEST_CONTEXT would make the child report to this runner instead of printing.
  const env = { ...process.env, T2G_BACKEND: backend, NODE_TEST_CONTEXT: undefined };
  const child = spawnSync(process.execPath, ['--require', 'ts-node/register/transpile-only', ...args], {
    cwd: root,
    env,
    encoding: 'utf8',
    timeout: 600_000,
  });
  return { status: child.status, output: child.stdout + child.stderr };
}

/** Why a backend does not start here, or undefined when it does. */
function whyNot(backend: string): string | undefined {
  const start = `require('./lib/tensor').initBackend().then(() => process.exit(0), (e) => { console.error(e.message); process.exit(3); })`;
  const { status, output } = node(['-e', start], backend);
  return status === 0 ? undefined : output.trim().split('\n').slice(-1)[0] || `exit status ${status}`;
}

for (const backend of BACKENDS) {
  test(`the ops on backend ${backend}`, (t) => {
    const reason = whyNot(backend);
    if (reason !== undefined) {
      assert.ok(!MUST_START.includes(backend), reason);
      return t.skip(reason);
    }
    const { status, output } = node(['--test', '--test-reporter=tap', ...SUITES], backend);
    assert.equal(status, 0, output.slice(-6000));
    assert.match(output, /# pass [1-9]/, 'no test ran');
    return undefined;
  });
}
