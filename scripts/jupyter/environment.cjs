'use strict';
/** The private Python environment that hosts Jupyter: .venv at the root; nothing outside the project is touched. */
const { spawnSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

const root = path.resolve(__dirname, '..', '..');
const venv = path.join(root, '.venv');
const windows = process.platform === 'win32';
const bin = path.join(venv, windows ? 'Scripts' : 'bin');
const python = path.join(bin, windows ? 'python.exe' : 'python');

function run(command, args) {
  const result = spawnSync(command, args, { stdio: 'inherit', cwd: root });
  if (result.error) return 127; // not found
  return result.status ?? 1;
}

/** Makes .venv and installs requirements.txt unless both are up to date; returns false with a printed reason. */
function installPackages() {
  const requirements = path.join(root, 'requirements.txt');
  const wanted = createHash('sha256').update(fs.readFileSync(requirements)).digest('hex');
  const stamp = path.join(venv, '.requirements.sha256');
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === wanted) return true;
  console.error('Installing JupyterLab into .venv (once, about a minute) ...');
  const hostPython = process.env.PYTHON || (windows ? 'python' : 'python3');
  if (!fs.existsSync(python) && run(hostPython, ['-m', 'venv', venv]) !== 0) {
    console.error(
      `\`${hostPython} -m venv\` failed. Jupyter needs Python 3.9+ with venv (Debian/Ubuntu: apt-get install python3-venv);`,
    );
    console.error(
      'set PYTHON=/path/to/python3 to choose another. Without Python: npm run notebooks -- --no-python',
    );
    return false;
  }
  const pip = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '--retries',
    '1',
    '--timeout',
    '15',
  ];
  if (run(python, [...pip, '-r', requirements]) !== 0) {
    console.error('pip could not install requirements.txt into .venv (see above).');
    return false;
  }
  fs.writeFileSync(stamp, wanted);
  return true;
}

function writeJson(file, value) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, JSON.stringify(value, null, 2) + '\n');
}

/** Writes the kernelspec and sane JupyterLab settings inside .venv. */
function writeSettings() {
  writeJson(path.join(venv, 'share/jupyter/kernels/tslab/kernel.json'), {
    argv: [process.execPath, path.join(__dirname, 'kernel.cjs'), '{connection_file}'],
    display_name: 'TypeScript (tslab)',
    language: 'typescript',
    interrupt_mode: 'signal',
    metadata: {},
  });
  writeJson(path.join(venv, 'share/jupyter/lab/settings/overrides.json'), {
    '@jupyterlab/apputils-extension:notification': {
      fetchNews: 'false',
      checkForUpdates: false,
      doNotDisturbMode: true,
    },
    '@jupyterlab/notebook-extension:tracker': { windowingMode: 'none' },
  });
}

/** True when .venv is ready to run Jupyter. */
function setUp() {
  if (!installPackages()) return false;
  writeSettings();
  return true;
}

module.exports = { setUp, run, jupyter: path.join(bin, windows ? 'jupyter.exe' : 'jupyter'), root };
