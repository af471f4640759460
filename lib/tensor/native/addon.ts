// Finds and loads the C++ addon (built by scripts/build-native.cjs), once per process, and says why when it can't.
import * as fs from 'node:fs';
import * as path from 'node:path';

/** Kernel arguments: typed arrays (values of tensors), sizes, flags, lists of typed arrays. */
export type NativeArgument =
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint8Array
  | number
  | boolean
  | string
  | null
  | undefined
  | readonly NativeArgument[];

/** The exported C++ functions. They check their arguments and throw an Error that names the bad one. */
export interface NativeAddon {
  allocate(bytes: number): ArrayBuffer;
  threads(): number;
  setPrecision(bits: 16 | 32): void;
  hasBf16(): boolean;
  // Every kernel has this shape; the C++ side checks types and sizes.
  [kernel: string]: (...args: never[]) => unknown;
}

/** Calls kernel `name` of the addon. */
export function callNative(addon: NativeAddon, name: string, ...args: NativeArgument[]): unknown {
  return (addon[name] as (...all: NativeArgument[]) => unknown)(...args);
}

type Loaded = { addon: NativeAddon; file: string } | { addon: null; reason: string };
let loaded: Loaded | undefined;

/** The project root above this file (works from lib/ and from the compiled dist/). */
function findBuild(): { root: string; file: string } | undefined {
  for (let dir = __dirname; ; dir = path.dirname(dir)) {
    const file = path.join(dir, 'build', 'Release', 't2g_native.node');
    if (fs.existsSync(file)) return { root: dir, file };
    if (path.dirname(dir) === dir) return undefined;
  }
}

/** Why the addon must not be used on this machine (instructions may be missing), or undefined when it may. */
function cpuMismatch(root: string): string | undefined {
  const stampFile = path.join(root, 'build', 'Release', 't2g_native.json');
  if (!fs.existsSync(stampFile)) return undefined; // built by hand with node-gyp, here
  const stamp = JSON.parse(fs.readFileSync(stampFile, 'utf8')) as { abi?: string; cpu?: string[] };
  const { cpuFeatures } = require(path.join(root, 'lib', 'tensor', 'native', 'cpu.cjs')) as {
    cpuFeatures(): string[];
  };
  const here = new Set(cpuFeatures());
  const missing = (stamp.cpu ?? []).filter((feature) => !here.has(feature));
  if (missing.length === 0) return undefined;
  return `it was built for another CPU (this one lacks ${missing.slice(0, 4).join(', ')}); run "npm rebuild" or "node scripts/build-native.cjs"`;
}

function load(): Loaded {
  const override = process.env.T2G_NATIVE_ADDON;
  const found = override === undefined ? findBuild() : { root: path.dirname(override), file: override };
  if (found === undefined)
    return { addon: null, reason: 'it is not built; run "node scripts/build-native.cjs"' };
  try {
    const mismatch = cpuMismatch(found.root);
    if (mismatch !== undefined) return { addon: null, reason: mismatch };
    return { addon: require(found.file) as NativeAddon, file: found.file };
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    return { addon: null, reason: `it does not load: ${reason}` };
  }
}

/** The addon, or null with the reason. Loaded on the first call. */
export function loadAddon(): Loaded {
  loaded ??= load();
  return loaded;
}
