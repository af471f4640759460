// Builds the C++ tensor addon (lib/tensor/native) with node-gyp: build/Release/t2g_native_<isa>.node, for the best
// instruction set of this CPU and for the plainest one (so that a copied folder works elsewhere); T2G_NATIVE_ALL=1
// builds all of the architecture. It runs after every `npm install`, never fails one (the wasm backend works without
// it), and does nothing when the addons on disk were built from these sources.
'use strict';

const { spawnSync } = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { FOLDER, addonFile, isasOfArch, supportedIsas } = require('../lib/tensor/native/cpu.cjs');
const { firstError, headersOption, nodeGyp } = require('./gyp.cjs');

const root = path.resolve(__dirname, '..');
const sources = path.join(root, 'lib', 'tensor', 'native', 'src');
const release = path.join(root, ...FOLDER);
const stampFile = path.join(release, 't2g_native.json');
const verbose = process.env.T2G_NATIVE_VERBOSE === '1';
const fileOf = (isa) => path.join(release, addonFile(isa));

/** Says in one line why there is no native addon; the exit code stays 0. */
function giveUp(reason) {
  console.log(`native tensor addon not built (${reason}): the wasm backend will be used, which is slower.`);
  process.exit(0);
}

/** What the addons depend on: their sources, the build file and the system. Node's version is not among them,
 * because N-API is the same in all. */
function sourceStamp() {
  const hash = crypto.createHash('sha256');
  hash.update(fs.readFileSync(path.join(root, 'binding.gyp')));
  for (const file of fs.readdirSync(sources).sort()) {
    if (!/\.(cc|h)$/.test(file)) continue;
    hash.update(file).update(fs.readFileSync(path.join(sources, file)));
  }
  return `${process.platform}-${process.arch}-${hash.digest('hex')}`;
}

/** The names of the builds on disk that were made from these sources. */
function upToDate(stamp) {
  try {
    const { sources: found, isas } = JSON.parse(fs.readFileSync(stampFile, 'utf8'));
    return found === stamp ? isas.filter((name) => fs.existsSync(fileOf({ name }))) : [];
  } catch {
    return [];
  }
}

/** Throws out an addon that does not load: better now than in the middle of a run. */
function loads(isa) {
  const code = `require(${JSON.stringify(fileOf(isa))})`;
  const check = spawnSync(process.execPath, ['-e', code], { encoding: 'utf8' });
  if (check.status === 0) return true;
  fs.rmSync(fileOf(isa), { force: true });
  const why = check.signal ?? firstError(check.stderr ?? '');
  console.log(`native tensor addon for ${isa.label}: built, but does not load (${why}).`);
  return false;
}

function main() {
  if (process.env.T2G_SKIP_NATIVE === '1') giveUp('T2G_SKIP_NATIVE=1');
  if (process.platform === 'win32')
    giveUp('its sources need GCC or Clang, which node-gyp does not use on Windows');
  if (!fs.existsSync(sources)) giveUp('its sources are missing');
  const supported = supportedIsas();
  if (supported.length === 0) giveUp(`this CPU is older than ${isasOfArch().at(-1).label}`);
  const wanted =
    process.env.T2G_NATIVE_ALL === '1' ? isasOfArch() : [...new Set([supported[0], isasOfArch().at(-1)])];
  const stamp = sourceStamp();
  const have = upToDate(stamp);
  const todo = wanted.filter((isa) => !have.includes(isa.name));
  if (todo.length === 0) {
    console.log(`native tensor addon is up to date (${supported[0].label}).`);
    return;
  }
  const started = Date.now();
  const options = ['--release', ...headersOption()];
  fs.rmSync(stampFile, { force: true });
  // Addons from other sources must not be used, whatever becomes of this build.
  for (const isa of isasOfArch()) if (!have.includes(isa.name)) fs.rmSync(fileOf(isa), { force: true });
  const problem = nodeGyp(root, ['configure', ...options], { verbose });
  if (problem !== null) giveUp(problem);
  // The one that matters first: the others are no reason to go without it.
  let reason = 'no build of it loads here';
  for (const group of [todo.slice(0, 1), todo.slice(1)]) {
    if (group.length === 0) continue;
    const targets = group.map((isa) => `t2g_native_${isa.name}`);
    const failure = nodeGyp(root, ['build', ...targets, '--jobs=max', ...options], { verbose });
    if (failure === null) continue;
    reason = failure;
    for (const isa of group) fs.rmSync(fileOf(isa), { force: true });
  }
  // Those that this CPU cannot run are taken on trust.
  const built = todo.filter((isa) => fs.existsSync(fileOf(isa)) && (!supported.includes(isa) || loads(isa)));
  const isas = [...have, ...built.map((isa) => isa.name)];
  if (!supported.some((isa) => isas.includes(isa.name))) giveUp(reason);
  fs.writeFileSync(stampFile, JSON.stringify({ sources: stamp, isas }));
  const seconds = ((Date.now() - started) / 1000).toFixed(0);
  console.log(`native tensor addon built in ${seconds} s (${built.map((isa) => isa.label).join(', ')}).`);
}

try {
  main();
} catch (error) {
  giveUp(error instanceof Error ? error.message.split('\n')[0] : String(error));
}
