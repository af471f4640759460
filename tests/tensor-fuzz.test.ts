// A short run of `npm run fuzz` with a fixed seed: the addon under AddressSanitizer and UndefinedBehaviorSanitizer.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as path from 'node:path';
import { test } from 'node:test';

test('random calls of every addon function and op give no sanitizer report', (t) => {
  const script = path.join(__dirname, '..', 'scripts', 'fuzz.cjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, '10', '1'], {
    encoding: 'utf8',
    timeout: 600_000,
  });
  if (status === 77) return t.skip(stdout.trim());
  assert.equal(status, 0, `${stdout}\n${stderr}`.slice(-6000));
  assert.match(stdout, /\d+ calls of \d+ functions/);
});
