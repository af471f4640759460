// Builds the C++ tensor addon (lib/tensor/native) with node-gyp into build/Release/t2g_native.node. It runs after
// every `npm install`, never fails an install (the wasm backend works without it), and does nothing when the
// addon on disk was already built from these sources, for this Node.js and this CPU.
'use strict';

const { spawnSync } = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { cpuFeatures } = require('../lib/tensor/native/cpu.cjs');
const { firstError, headersBesideNode } = require('./gyp.cjs');

const root = path.resolve(__dirname, '..');
const sources = path.join(root, 'lib', 'tensor', 'native', 'src');
const addon = path.join(root, 'build', 'Release', 't2g_native.node');
const stampFile = path.join(root, 'build', 'Release', 't2g_native.json');

/** Says in one line why there is no native addon; the exit code stays 0. */
function giveUp(reason) {
  console.log(`native tensor addon not built (${reason}): the wasm backend will be used, which is slower.`);
  process.exit(0);
}

/** What the addon depends on: its sources, the build file, Node's ABI and the CPU's instruction sets. */
function currentStamp() {
  const hash = crypto.createHash('sha256');
  hash.update(fs.readFileSync(path.join(root, 'binding.gyp')));
  for (const file of fs.readdirSync(sources).sort()) {
    if (!/\.(cc|h)$/.test(file)) continue;
    hash.update(file).update(fs.readFileSync(path.join(sources, file)));
  }
  return {
    sources: hash.digest('hex'),
    abi: `${process.platform}-${process.arch}-${process.versions.modules}`,
    cpu: cpuFeatures(),
  };
}

function isUpToDate(stamp) {
  if (!fs.existsSync(addon) || !fs.existsSync(stampFile)) return false;
  try {
    return JSON.stringify(JSON.parse(fs.readFileSync(stampFile, 'utf8'))) === JSON.stringify(stamp);
  } catch {
    return false;
  }
}

function main() {
  if (process.env.T2G_SKIP_NATIVE === '1') giveUp('T2G_SKIP_NATIVE=1');
  if (!fs.existsSync(sources)) giveUp('its sources are missing');
  const stamp = currentStamp();
  if (isUpToDate(stamp)) {
    console.log('native tensor addon is up to date.');
    return;
  }
  let nodeGyp;
  try {
    nodeGyp = require.resolve('node-gyp/bin/node-gyp.js');
  } catch {
    giveUp('node-gyp is not installed');
  }
  const args = [nodeGyp, 'configure', 'build', '--release', '--jobs=max'];
  const nodedir = process.env.npm_config_nodedir ?? headersBesideNode();
  if (nodedir !== undefined) args.push(`--nodedir=${nodedir}`);
  const started = Date.now();
  fs.rmSync(stampFile, { force: true });
  const verbose = process.env.T2G_NATIVE_VERBOSE === '1';
  const result = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: 'utf8',
    // binding.gyp lists the sources with `node`: the one running now, whether or not it is on the PATH.
    env: {
      ...process.env,
      PATH: `${path.dirname(process.execPath)}${path.delimiter}${process.env.PATH ?? ''}`,
    },
    stdio: verbose ? 'inherit' : 'pipe',
    maxBuffer: 1 << 28,
  });
  if (result.status !== 0) {
    fs.rmSync(addon, { force: true }); // one built from other sources must not be used
    giveUp(verbose ? 'see above' : firstError(`${result.stderr}\n${result.stdout}`));
  }
  if (!fs.existsSync(addon)) giveUp('the build left no addon');
  // Loading it once in another process finds a broken build now and not in the middle of a run.
  const check = spawnSync(process.execPath, ['-e', `require(${JSON.stringify(addon)})`], {
    encoding: 'utf8',
  });
  if (check.status !== 0) {
    fs.rmSync(addon, { force: true });
    giveUp(`the built addon does not load: ${firstError(check.stderr ?? '')}`);
  }
  fs.writeFileSync(stampFile, JSON.stringify(stamp));
  console.log(`native tensor addon built in ${((Date.now() - started) / 1000).toFixed(0)} s.`);
}

try {
  main();
} catch (error) {
  giveUp(error instanceof Error ? error.message.split('\n')[0] : String(error));
}
