// What every build with node-gyp here needs: Node's headers without a download, and the error that matters.
'use strict';

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

/** The folder to take Node's headers from, when they lie beside the running node (no download needed then). */
function headersBesideNode() {
  const prefix = path.resolve(path.dirname(fs.realpathSync(process.execPath)), '..');
  return fs.existsSync(path.join(prefix, 'include', 'node', 'node_api.h')) ? prefix : undefined;
}

/** The most telling line of a failed build's output. */
function firstError(output) {
  const lines = output.split('\n').map((line) => line.replace(/^gyp ERR! (stack )?/, '').trim());
  const compile = lines.find((line) => /\berror:|No such file|not found/i.test(line));
  const other = lines.find((line) => /^Error: /.test(line)) ?? lines.find((line) => /ERR!|error/i.test(line));
  return (compile ?? other ?? 'node-gyp failed').slice(0, 200);
}

/** Runs `node-gyp rebuild` in `folder`; returns null, or why it failed. */
function rebuild(folder, args, { verbose = false, env = {} } = {}) {
  let nodeGyp;
  try {
    nodeGyp = require.resolve('node-gyp/bin/node-gyp.js');
  } catch {
    return 'node-gyp is not installed: run `npm install`';
  }
  const nodedir = process.env.npm_config_nodedir ?? headersBesideNode();
  const all = [nodeGyp, 'rebuild', '--release', '--jobs=max', ...args];
  if (nodedir !== undefined) all.push(`--nodedir=${nodedir}`);
  const result = spawnSync(process.execPath, all, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, ...env },
    stdio: verbose ? 'inherit' : 'pipe',
    maxBuffer: 1 << 28,
  });
  if (result.status === 0) return null;
  return verbose ? 'see above' : firstError(`${result.stderr}\n${result.stdout}`);
}

module.exports = { headersBesideNode, firstError, rebuild };
