// `npm run setup:tensorflow`: makes tfjs-node work with today's TensorFlow. tfjs-node's own installer downloads
// libtensorflow 2.9; here its binding is compiled against the TensorFlow wheel from PyPI instead. Running it again
// does only what is missing.
'use strict';

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { rebuild } = require('./gyp.cjs');
const { fetchWheel, SetupError, VERSION, home, root } = require('./tensorflow/wheel.cjs');

const PACKAGE = '@tensorflow/tfjs-node-gpu';
const HELP = `npm run setup:tensorflow [-- options]      the backend "tensorflow" (then: T2G_BACKEND=tensorflow npm start)

  --gpu            TensorFlow with CUDA for NVIDIA GPUs (3 GB download; Linux)
  --cpu            without (270 MB download; the default)
  --version X      of TensorFlow; ${VERSION} unless given
  --official       first tries tfjs-node's own download (libtensorflow 2.9, CUDA 11)
  --force          downloads and builds again
  --help

Needs npm, a Python with pip (only to download; PYTHON=/path chooses one) and a C++ compiler. Everything goes into
.tensorflow/ and node_modules/; delete .tensorflow/ to get the space back. A later \`npm ci\` removes the binding: run
this again (it keeps the download). Exit status 3: the network, Python or compiler it needs is not here.`;

function parse(args) {
  const options = { gpu: false, force: false, official: false, version: VERSION };
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    if (arg === '--gpu' || arg === '--cpu') options.gpu = arg === '--gpu';
    else if (arg === '--force' || arg === '--official') options[arg.slice(2)] = true;
    else if (arg === '--version' && /^\d+\.\d+\.\d+$/.test(args[i + 1] ?? '')) options.version = args[++i];
    else if (arg === '--version')
      throw new SetupError(`--version ${args[i + 1] ?? ''}: want three numbers, as in ${VERSION}`, 2);
    else throw new SetupError(`unknown option ${arg}\n\n${HELP}`, 2);
  }
  return options;
}

/** The package's folder in node_modules; installs it, without its download, when npm left it out. */
function tfjsNode() {
  const find = () => {
    try {
      return path.dirname(require.resolve(`${PACKAGE}/package.json`, { paths: [root] }));
    } catch {
      return null;
    }
  };
  const there = find();
  if (there) return there;
  const wanted = require('../package.json').optionalDependencies[PACKAGE];
  console.log(`Installing ${PACKAGE} ${wanted} from npm (without its own download) ...`);
  const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ['npm'];
  const args = [
    'install',
    '--no-save',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    `${PACKAGE}@${wanted}`,
  ];
  const { status } = spawnSync(npm[0], [...npm.slice(1), ...args], { cwd: root, stdio: 'inherit' });
  const folder = find();
  if (status !== 0 || !folder)
    throw new SetupError(`npm could not install ${PACKAGE} (see above): it needs the npm registry.`, 3);
  return folder;
}

/** tfjs-node's own installer; true when it left a binding. */
function officialInstall(folder, target, gpu) {
  console.log("Trying tfjs-node's own download (at most 10 minutes) ...");
  fs.rmSync(path.dirname(target), { recursive: true, force: true });
  spawnSync(process.execPath, ['scripts/install.js', gpu ? 'gpu' : 'cpu', 'download'], {
    cwd: folder,
    env: {
      ...process.env,
      PATH: `${path.join(root, 'node_modules', '.bin')}${path.delimiter}${process.env.PATH}`,
    },
    stdio: 'inherit',
    timeout: 600_000,
  });
  if (fs.existsSync(target)) return true;
  console.log("tfjs-node's own download did not work; building against the wheel from PyPI.");
  return false;
}

/** Compiles the binding against the wheel and puts it where tfjs-node looks for it. */
function build(folder, target, tensorflow) {
  console.log('Compiling the binding (about 20 s) ...');
  const work = path.join(home, 'build');
  fs.rmSync(work, { recursive: true, force: true });
  fs.cpSync(path.join(folder, 'binding'), path.join(work, 'binding'), { recursive: true });
  for (const file of ['binding.gyp', 'quiet.cc'])
    fs.copyFileSync(path.join(__dirname, 'tensorflow', file), path.join(work, file));
  const rpath = path.relative(fs.realpathSync(path.dirname(target)), fs.realpathSync(tensorflow));
  const reason = rebuild(work, [`--tensorflow_dir=${tensorflow}`, `--tensorflow_rpath=${rpath}`], {
    verbose: process.env.T2G_NATIVE_VERBOSE === '1',
  });
  if (reason !== null) {
    const compiler =
      /not found: make|make: not found|ENOENT|[cg]\+\+:? (?:command )?not found|No such file.*[cg]\+\+/i.test(
        reason,
      );
    const advice = compiler
      ? 'install a C++ compiler and make (Debian/Ubuntu: apt-get install build-essential; macOS: xcode-select --install)'
      : 'T2G_NATIVE_VERBOSE=1 shows all of it';
    throw new SetupError(`the binding did not compile (${reason}): ${advice}.`, compiler ? 3 : 1);
  }
  for (const name of ['quiet.node', 'tfjs_binding.node'])
    fs.copyFileSync(path.join(work, 'build', 'Release', name), path.join(path.dirname(target), name));
  fs.rmSync(work, { recursive: true, force: true });
}

/** Runs a product and a gradient on the backend in another process. */
function check() {
  const args = ['-r', 'ts-node/register/transpile-only', path.join(__dirname, 'tensorflow', 'check.ts')];
  const result = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '0' },
  });
  if (result.status === 0) return result.stdout.trim();
  const said = `${result.stderr}\n${result.stdout}`.trim();
  console.error(said);
  if (/GLIBC(XX)?_[\d.]+' not found/.test(said))
    throw new SetupError(
      "the wheel needs a newer C or C++ runtime than this system's (see above): use a newer system, or --version with an older TensorFlow.",
    );
  if (result.signal === 'SIGILL' || /compiled to use .* instructions/.test(said))
    throw new SetupError(
      'this CPU lacks instructions that the wheel was compiled for: TensorFlow cannot run here; use T2G_BACKEND=native.',
    );
  throw new SetupError(
    `the backend was built but fails its check${result.signal ? ` (${result.signal})` : ''}, see above; \`npm run setup:tensorflow -- --force\` builds it anew.`,
  );
}

async function main() {
  if (process.argv.includes('--help')) return console.log(HELP);
  const options = parse(process.argv.slice(2));
  const folder = tfjsNode();
  const target = path.join(
    folder,
    'lib',
    `napi-v${Math.min(Number(process.versions.napi), 8)}`,
    'tfjs_binding.node',
  );
  const stampFile = path.join(path.dirname(target), 'setup.json');
  if (!(options.official && officialInstall(folder, target, options.gpu))) {
    const tensorflow = await fetchWheel(options);
    const stamp = JSON.stringify({ tensorflow, folder });
    const done =
      fs.existsSync(target) && fs.existsSync(stampFile) && fs.readFileSync(stampFile, 'utf8') === stamp;
    if (done && !options.force) console.log('The binding is up to date.');
    else {
      fs.mkdirSync(path.dirname(target), { recursive: true });
      fs.rmSync(stampFile, { force: true });
      build(folder, target, tensorflow);
      fs.writeFileSync(stampFile, stamp);
    }
  }
  console.log(`Check: ${check()}`);
  console.log('Ready. To use it: T2G_BACKEND=tensorflow npm start');
}

main().catch((error) => {
  console.error(`setup:tensorflow: ${error instanceof SetupError ? error.message : error.stack}`);
  process.exit(error instanceof SetupError ? error.code : 1);
});
