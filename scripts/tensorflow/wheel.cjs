// The TensorFlow that setup-tensorflow.cjs builds against: the wheel from PyPI, unpacked into .tensorflow/ by whatever
// pip there is. Only its headers and shared libraries are used; no Python environment is touched and none is needed
// afterwards.
'use strict';

const { spawn, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const root = path.resolve(__dirname, '..', '..');
const home = path.join(root, '.tensorflow');
const VERSION = '2.21.0';

/** A failure whose message says what to do. `code` 3: this machine lacks something that the set-up needs; nothing is broken. */
class SetupError extends Error {
  constructor(message, code = 1) {
    super(message);
    this.code = code;
  }
}

const libraries =
  process.platform === 'darwin'
    ? ['libtensorflow_cc.2.dylib', 'libtensorflow_framework.2.dylib']
    : ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];

/** The package of this platform, or an error for platforms without a usable wheel. */
function distribution(gpu) {
  const { platform, arch } = process;
  if (platform === 'win32')
    throw new SetupError(
      'TensorFlow wheels for Windows lack the C library: use WSL2, or T2G_BACKEND=native.',
    );
  if (platform === 'darwin') {
    if (arch !== 'arm64')
      throw new SetupError('there are no TensorFlow wheels for Intel Macs any more: use T2G_BACKEND=native.');
    if (gpu) throw new SetupError('--gpu needs an NVIDIA GPU under Linux; leave it out on a Mac.');
    console.log(
      "macOS: this path is written after the wheel's layout but has not been tried by the authors.",
    );
    return 'tensorflow';
  }
  if (platform !== 'linux') throw new SetupError(`there are no TensorFlow wheels for ${platform}.`);
  const glibc = process.report.getReport().header.glibcVersionRuntime;
  if (!glibc)
    throw new SetupError(
      'TensorFlow wheels need glibc, and this system has another C library (Alpine has musl): use a Debian-based image.',
    );
  if (Number(glibc.split('.')[1]) < 27)
    throw new SetupError(
      `TensorFlow wheels need glibc 2.27 or newer, found ${glibc}: use a newer system or --version with an older TensorFlow.`,
    );
  if (!['x64', 'arm64'].includes(arch)) throw new SetupError(`there are no TensorFlow wheels for ${arch}.`);
  return gpu || arch === 'arm64' ? 'tensorflow' : 'tensorflow-cpu';
}

/** `[command, version "3.11"]` of a Python that has pip; makes .tensorflow/venv when only that brings one. */
function pythonWithPip() {
  const ask = (command, args) => spawnSync(command, args, { encoding: 'utf8' });
  const found = [process.env.PYTHON, 'python3', 'python'].filter(
    (command) =>
      command && ask(command, ['-c', 'import sys; assert sys.version_info >= (3, 8)']).status === 0,
  );
  if (found.length === 0)
    throw new SetupError(
      'no Python 3.8 or newer found: install one (Debian/Ubuntu: apt-get install python3 python3-pip; macOS: brew install python), or set PYTHON=/path/to/python3.',
      3,
    );
  const version = (command) =>
    ask(command, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])']).stdout.trim();
  const ready = found.find((command) => ask(command, ['-m', 'pip', '--version']).status === 0);
  if (ready) return [ready, version(ready)];
  const venv = path.join(home, 'venv');
  if (ask(found[0], ['-m', 'venv', venv]).status !== 0)
    throw new SetupError(
      `${found[0]} has neither pip nor venv: install one of them (Debian/Ubuntu: apt-get install python3-pip), or set PYTHON.`,
      3,
    );
  return [path.join(venv, 'bin', 'python'), version(found[0])];
}

/** Runs pip with its progress on the terminal; resolves to null or to what it said on stderr. */
function pip(python, args) {
  const options = ['--disable-pip-version-check', '--no-input', '--root-user-action=ignore'];
  if (process.env.PIP_RETRIES === undefined) options.push('--retries', '1');
  if (process.env.PIP_TIMEOUT === undefined && process.env.PIP_DEFAULT_TIMEOUT === undefined)
    options.push('--timeout', '20');
  return new Promise((resolve) => {
    const child = spawn(python, ['-m', 'pip', 'install', ...options, ...args], {
      cwd: root,
      stdio: ['ignore', 'inherit', 'pipe'],
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      said += text;
      process.stderr.write(text);
    });
    child.on('error', (error) => resolve(error.message));
    child.on('close', (status) => resolve(status === 0 ? null : said || `pip ended with status ${status}`));
  });
}

function explainPip(said, what) {
  if (/No space left/i.test(said))
    return new SetupError(`the disk is full: ${what} needs room in .tensorflow/.`);
  if (
    /NewConnection|resolution|[Tt]imed? ?out|Connection|Proxy|SSL|Max retries|Network is unreachable|40[37] /.test(
      said,
    )
  )
    return new SetupError(
      `pip cannot reach a package index (see above): try again with a network, or set PIP_INDEX_URL to a mirror.`,
      3,
    );
  if (/No matching distribution|Could not find a version/.test(said))
    return new SetupError(
      `the package index has no ${what} for this machine: choose another with --version, or another Python with PYTHON=.`,
      3,
    );
  return new SetupError(`pip could not install ${what} (see above).`);
}

/** Wheels exist for CPython 3.10 to 3.13; any other pip is told to take the one of 3.12, whose libraries are the same. */
function tagsFor(pythonVersion) {
  const minor = Number(pythonVersion.split('.')[1]);
  if (process.platform !== 'linux' || (minor >= 10 && minor <= 13)) return [];
  const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
  const glibc = Number(process.report.getReport().header.glibcVersionRuntime.split('.')[1]);
  const tags = [`manylinux2014_${machine}`];
  for (let minor = 17; minor <= glibc; minor++) tags.push(`manylinux_2_${minor}_${machine}`);
  return [
    '--implementation',
    'cp',
    '--python-version',
    '3.12',
    ...tags.flatMap((tag) => ['--platform', tag]),
  ];
}

/** The requirements of the extra `and-cuda`, from the wheel's metadata. */
function cudaRequirements(folder) {
  const info = fs.readdirSync(folder).find((name) => /^tensorflow-.*\.dist-info$/.test(name));
  const metadata = fs.readFileSync(path.join(folder, info, 'METADATA'), 'utf8');
  return [...metadata.matchAll(/^Requires-Dist: ([^;]+);\s*extra == ["']and-cuda["']/gm)].map((match) =>
    match[1].trim(),
  );
}

/**
 * Downloads and unpacks the wheel unless it is there; returns its `tensorflow` folder.
 * @throws SetupError
 */
async function fetchWheel({ gpu, version = VERSION, force }) {
  const name = distribution(gpu);
  const what = `${name}${gpu ? '[and-cuda]' : ''} ${version}`;
  const folder = path.join(home, `${name}${gpu ? '-cuda' : ''}-${version}`);
  const tensorflow = path.join(folder, 'tensorflow');
  if (force) fs.rmSync(folder, { recursive: true, force: true });
  if (!fs.existsSync(folder)) {
    fs.mkdirSync(home, { recursive: true });
    const { bavail, bsize } = fs.statfsSync(home);
    const [needed, free] = [gpu ? 8 : 1.6, (bavail * bsize) / 1e9];
    if (free < needed)
      throw new SetupError(
        `${what} needs about ${needed} GB in .tensorflow/, and ${free.toFixed(1)} GB are free.`,
      );
    const [python, pythonVersion] = pythonWithPip();
    console.log(
      `Downloading ${what} with ${python} (${gpu ? '3 GB' : '270 MB'}; unpacked into .tensorflow/) ...`,
    );
    const incoming = `${folder}.incoming`;
    fs.rmSync(incoming, { recursive: true, force: true });
    const args = [
      '--target',
      incoming,
      '--no-deps',
      '--no-compile',
      '--only-binary=:all:',
      ...tagsFor(pythonVersion),
    ];
    let said = await pip(python, [...args, `${name}==${version}`]);
    if (said === null && gpu) said = await pip(python, [...args, ...cudaRequirements(incoming)]);
    if (said !== null) {
      fs.rmSync(incoming, { recursive: true, force: true });
      throw explainPip(said, what);
    }
    fs.renameSync(incoming, folder); // only a complete one bears the name
  }
  const needed = [...libraries, 'include/tensorflow/c/c_api.h', 'include/tensorflow/c/eager/c_api.h'];
  const missing = needed.find((file) => !fs.existsSync(path.join(tensorflow, file)));
  if (missing)
    throw new SetupError(
      `the wheel ${what} lacks ${missing}, so nothing can be built against it: choose another with --version (${VERSION} has it).`,
    );
  return tensorflow;
}

module.exports = { fetchWheel, SetupError, VERSION, home, root };
