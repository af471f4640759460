// Whether tests can run on backend 'webgpu' here. Asked in a process of its own: the answer comes asynchronously, and
// which tests a file has must be known while it loads.
import { spawnSync } from 'node:child_process';
import * as path from 'node:path';

const PROBE =
  "require('./lib/tensor').initBackend('webgpu').then(() => process.exit(0)," +
  '(error) => { console.error(error.message); process.exit(1); })';

/** Why webgpu tests can't run, in one line, or false when they can. */
export function webgpuMissing(): string | false {
  const { status, stderr, error } = spawnSync(
    process.execPath,
    ['--require', 'ts-node/register/transpile-only', '--eval', PROBE],
    { cwd: path.resolve(__dirname, '..'), encoding: 'utf8', timeout: 180_000 },
  );
  if (status === 0) return false;
  const said = stderr.split('\n').find((line) => line.startsWith('backend "webgpu"'));
  return said ?? error?.message ?? `backend "webgpu": the probe ended with status ${status}`;
}
