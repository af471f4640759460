// The 'tensorflow' backend: tfjs-node's binding over libtensorflow, as `npm run setup:tensorflow` builds it (or as
// tfjs-node's own installer left it). Here it is found, started quietly, and its gaps are filled.
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import type { BackendInfo } from './backend';
import { repairTensorflow } from './tensorflow-kernels';

const PACKAGES = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'];
const SETUP = 'npm run setup:tensorflow';

/** The part of tfjs-node's NodeJSKernelBackend that is used here. */
interface NodeBackend extends tf.KernelBackend {
  binding: { TF_Version: string };
  isUsingGpuDevice: boolean;
}

/** The tfjs-node package whose binding is built, and the binding's folder, or null. Loads nothing. */
export function tensorflowBinding(): { name: string; folder: string } | null {
  for (const name of PACKAGES) {
    let root: string;
    try {
      root = path.dirname(require.resolve(`${name}/package.json`));
    } catch {
      continue; // not installed
    }
    // tfjs-node asks for the newest of N-API 3 to 8 that Node.js has
    const folder = path.join(root, 'lib', `napi-v${Math.min(Number(process.versions.napi), 8)}`);
    if (fs.existsSync(path.join(folder, 'tfjs_binding.node'))) return { name, folder };
  }
  return null;
}

/** Loads tfjs-node, its C++ library's greetings hidden unless TF_CPP_MIN_LOG_LEVEL asks for them. */
function load(name: string, folder: string, hide: boolean): void {
  // Of these, an addon that setup:tensorflow builds beside the binding; tfjs-node's own installer leaves none.
  const gate = path.join(folder, 'quiet.node');
  const quiet =
    hide && fs.existsSync(gate) ? (require(gate) as { mute(): void; restore(): void }) : undefined;
  quiet?.mute();
  try {
    require(name);
  } finally {
    quiet?.restore();
  }
}

/** tfjs-node calls functions of node:util that Node.js 22 warns about and 23 removed. */
function restoreUtil(): void {
  const util = require('node:util') as Record<string, unknown>;
  util.isNullOrUndefined = (x: unknown): boolean => x === null || x === undefined;
  util.isArray = Array.isArray;
}

/** What TensorFlow reads from the environment when it starts; what the user has set stays. */
function setEnvironment(): number {
  const wanted = Number(process.env.T2G_THREADS);
  const threads = Number.isInteger(wanted) && wanted > 0 ? wanted : os.availableParallelism();
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2'; // errors only
  process.env.TF_NUM_INTRAOP_THREADS ??= String(threads);
  process.env.TF_NUM_INTEROP_THREADS ??= '1'; // ops are issued one by one
  process.env.OMP_NUM_THREADS ??= String(threads);
  return Number(process.env.TF_NUM_INTRAOP_THREADS) || threads;
}

/**
 * Starts backend 'tensorflow'; `use` makes a registered backend the current one.
 * @throws when no binding is built or it does not load; the message names the command that repairs it
 */
export async function startTensorflow(use: (name: string) => Promise<void>): Promise<BackendInfo> {
  const found = tensorflowBinding();
  if (found === null) {
    throw new Error(
      `backend "tensorflow": tfjs-node is not built here, run \`${SETUP}\` first (needs Python's pip and a C++ compiler)`,
    );
  }
  const { name, folder } = found;
  const hide = Number(process.env.TF_CPP_MIN_LOG_LEVEL ?? '2') >= 2;
  const threads = setEnvironment();
  restoreUtil();
  try {
    load(name, folder, hide);
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new Error(
      `backend "tensorflow": ${name} is built but does not load (${reason}); run \`${SETUP} -- --force\``,
      { cause: error },
    );
  }
  repairTensorflow(tf.findBackend('tensorflow'));
  await use('tensorflow');
  const { binding, isUsingGpuDevice } = tf.backend() as NodeBackend;
  const detail = `TensorFlow ${binding.TF_Version}, ${isUsingGpuDevice ? 'gpu' : 'cpu'}`;
  return { name: 'tensorflow', detail, threads };
}
