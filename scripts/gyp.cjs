// What every build with node-gyp here needs: Node's headers without a download, and the error that matters.
'use strict';

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

/**
 * A folder whose include/node holds Node's headers, so that nothing is downloaded: beside the running node, else of
 * any other installed one (N-API is the same); undefined when there is none.
 */
function localHeaders() {
  const prefixOf = (bin) => path.resolve(path.dirname(bin), '..');
  const prefixes = [prefixOf(fs.realpathSync(process.execPath)), prefixOf(process.execPath)];
  for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
    const node = path.join(folder, 'node');
    if (folder !== '' && fs.existsSync(node)) prefixes.push(prefixOf(fs.realpathSync(node)));
  }
  prefixes.push('/usr/local', '/usr', '/opt/homebrew');
  return prefixes.find((prefix) =>
    ['node_api.h', 'common.gypi'].every((name) => fs.existsSync(path.join(prefix, 'include', 'node', name))),
  );
}

/** The option that makes node-gyp use those headers. */
function headersOption() {
  const nodedir = process.env.npm_config_nodedir ?? localHeaders();
  return nodedir === undefined ? [] : [`--nodedir=${nodedir}`];
}

/** The most telling line of a failed build's output. */
function firstError(output) {
  const lines = output.split('\n').map((line) => line.replace(/^gyp ERR! (stack )?/, '').trim());
  const headers = lines.find((line) =>
    /getaddrinfo|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|ECONNRESET/.test(line),
  );
  if (headers !== undefined)
    return `no Node.js headers here and no network to fetch them, ${headers}`.slice(0, 200);
  const compile = lines.find((line) => /\berror:|No such file|not found/i.test(line));
  const other = lines.find((line) => /^Error: /.test(line)) ?? lines.find((line) => /ERR!|error/i.test(line));
  return (compile ?? other ?? 'node-gyp failed').slice(0, 200);
}

/** Runs node-gyp in `folder`; returns null, or why it failed. */
function nodeGyp(folder, args, { verbose = false, env = {} } = {}) {
  let bin;
  try {
    bin = require.resolve('node-gyp/bin/node-gyp.js');
  } catch {
    return 'node-gyp is not installed: run `npm install`';
  }
  const result = spawnSync(process.execPath, [bin, ...args], {
    cwd: folder,
    encoding: 'utf8',
    // binding.gyp lists the sources with `node`: the one running now, whether or not it is on the PATH.
    env: {
      ...process.env,
      PATH: `${path.dirname(process.execPath)}${path.delimiter}${process.env.PATH ?? ''}`,
      ...env,
    },
    stdio: verbose ? 'inherit' : 'pipe',
    maxBuffer: 1 << 28,
  });
  if (result.status === 0) return null;
  return verbose ? 'see above' : firstError(`${result.stderr}\n${result.stdout}`);
}

/** Runs `node-gyp rebuild` in `folder`; returns null, or why it failed. */
function rebuild(folder, args, options) {
  return nodeGyp(folder, ['rebuild', '--release', '--jobs=max', ...args, ...headersOption()], options);
}

module.exports = { firstError, headersOption, nodeGyp, rebuild };
