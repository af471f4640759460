// The 'tensorflow' backend's own promises (tensor-backend.test.ts has what all backends share), and what
// `npm run setup:tensorflow` says when something is missing. Without a built binding only the messages are tested.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { initBackend, tf } from '../lib/tensor';
import { tensorflowBinding } from '../lib/tensor/tensorflow';

const binding = tensorflowBinding();
const built = binding !== null;
const root = path.resolve(__dirname, '..');

test('without a binding the error names the command to run', { skip: built }, async () => {
  await assert.rejects(initBackend('tensorflow'), /backend "tensorflow".*npm run setup:tensorflow/);
});

describe('backend tensorflow', { skip: !built }, () => {
  before(async () => {
    const { name, detail, threads } = await initBackend('tensorflow');
    assert.equal(name, 'tensorflow');
    assert.match(detail, /^TensorFlow 2\.\d+\.\d+, (cpu|gpu)$/);
    assert.ok(threads >= 1);
  });

  test('starts without a word on stderr, and takes T2G_THREADS', () => {
    const code = `require('./lib/tensor').initBackend('tensorflow').then((info) => console.log(info.threads, process.env.TF_NUM_INTRAOP_THREADS))`;
    const env = { ...process.env, T2G_THREADS: '3' };
    for (const name of ['TF_CPP_MIN_LOG_LEVEL', 'TF_NUM_INTRAOP_THREADS', 'NODE_OPTIONS'])
      delete env[name as keyof typeof env];
    const args = ['-r', 'ts-node/register/transpile-only', '-e', code];
    const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8', env });
    assert.equal(stdout.trim(), '3 3');
    // tfjs-node's own installer leaves no gate for what TensorFlow prints.
    if (fs.existsSync(path.join(binding?.folder ?? '', 'quiet.node'))) assert.equal(stderr, '');
  });

  test('a kernel that tfjs-node lacks runs, and leaks nothing', () => {
    const round = (): number[] =>
      tf.tidy(() => [...tf.searchSorted(tf.tensor1d([1, 3, 5]), tf.tensor1d([2, 5, 9])).dataSync()] as never);
    round();
    const before = [tf.memory().numTensors, tf.engine().backend.numDataIds()];
    assert.deepEqual(round(), [1, 2, 3]);
    assert.deepEqual([tf.memory().numTensors, tf.engine().backend.numDataIds()], before);
  });

  test('multinomial follows its seed', () => {
    const draw = (seed: number): number[] =>
      tf.tidy(() => [...tf.multinomial(tf.zeros([1, 50]) as tf.Tensor2D, 40, seed).dataSync()] as never);
    assert.deepEqual(draw(5), draw(5));
    assert.notDeepEqual(draw(5), draw(6));
  });

  test('errors name the op and the shapes', () => {
    assert.throws(
      () => tf.unsortedSegmentSum(tf.ones([3, 2]), tf.tensor1d([0, 5, 1], 'int32'), 2),
      /UnsortedSegmentSum of float32 \[3, 2\] and int32 \[3\].*segment_ids\[1\] = 5 is out of range/,
    );
  });

  test("tensors do not share memory with the caller's arrays", () => {
    const source = Float32Array.of(1, 2, 3);
    const x = tf.tensor1d(source);
    source[0] = 9;
    x.dataSync()[1] = 9; // before an op needed x
    assert.deepEqual([...tf.add(x, 0).dataSync()], [1, 2, 3]);
    x.dataSync()[2] = 9; // and after
    assert.deepEqual([...tf.add(x, 0).dataSync()], [1, 2, 3]);
  });
});

describe('npm run setup:tensorflow', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 't2g-setup-'));
  after(() => fs.rmSync(folder, { recursive: true }));

  test('--help and wrong options', () => {
    const setup = (...args: string[]): ReturnType<typeof spawnSync> =>
      spawnSync(process.execPath, ['scripts/setup-tensorflow.cjs', ...args], { cwd: root, encoding: 'utf8' });
    const help = setup('--help');
    assert.equal(help.status, 0);
    for (const option of ['--gpu', '--version', '--official', '--force'])
      assert.ok(String(help.stdout).includes(option));
    const wrong = setup('--cuda');
    assert.equal(wrong.status, 2);
    assert.match(String(wrong.stderr), /unknown option --cuda/);
    assert.match(String(setup('--version', 'new').stderr), /--version new: want three numbers/);
  });

  /** What fetching a wheel fails with when `python3` is this shell script (null: there is no Python at all). */
  function failure(script: string | null): { message: string; code: number } {
    fs.rmSync(path.join(folder, 'python3'), { force: true });
    if (script !== null)
      fs.writeFileSync(path.join(folder, 'python3'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const code = `require('./scripts/tensorflow/wheel.cjs').fetchWheel({ version: '0.0.1' }).catch((e) => console.log(JSON.stringify({ message: e.message, code: e.code })))`;
    // PATH holds the stand-in alone: neither a real Python nor a network is touched.
    const env = { ...process.env, PATH: folder, PYTHON: '' };
    const run = spawnSync(process.execPath, ['-e', code], { cwd: root, encoding: 'utf8', env });
    return JSON.parse(run.stdout.trim().split('\n').at(-1) ?? '') as { message: string; code: number };
  }
  /** A Python that answers like one with pip, whose installs print `says` and end with `status`. */
  const pip = (says: string, status = 1): string =>
    `case "$*" in *"pip install"*) echo "${says}" >&2; exit ${status};; *version_info*2*) echo 3.12;; esac; exit 0`;

  const { header } = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
  const glibc = process.platform === 'linux' && header.glibcVersionRuntime !== undefined;
  test('every failure says what to do', { skip: !glibc }, () => {
    const none = failure(null);
    assert.match(none.message, /no Python 3\.8 or newer found: install one.*PYTHON=/);
    assert.equal(none.code, 3);
    assert.match(failure('case "$*" in *-m*) exit 1;; esac').message, /neither pip nor venv: install/);
    const offline = failure(pip('NewConnectionError: Name or service not known'));
    assert.match(offline.message, /cannot reach a package index.*PIP_INDEX_URL/);
    assert.equal(offline.code, 3);
    assert.match(failure(pip('ERROR: No matching distribution found')).message, /--version/);
    assert.match(failure(pip('OSError: No space left on device')).message, /disk is full/);
    assert.match(failure(pip('something else')).message, /pip could not install tensorflow/);
    assert.ok(
      !fs.existsSync(path.join(root, '.tensorflow', 'tensorflow-cpu-0.0.1')),
      'nothing half-done stays',
    );
  });
});
