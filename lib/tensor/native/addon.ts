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
  /** The instruction set it was compiled for: a name of cpu.cjs. */
  isa(): string;
  // Every kernel has this shape; the C++ side checks types and sizes.
  [kernel: string]: (...args: never[]) => unknown;
}

/** Calls kernel `name` of the addon. */
export function callNative(addon: NativeAddon, name: string, ...args: NativeArgument[]): unknown {
  return (addon[name] as (...all: NativeArgument[]) => unknown)(...args);
}

type Loaded = { addon: NativeAddon; file: string } | { addon: null; reason: string };
let loaded: Loaded | undefined;

/** An entry of cpu.cjs. */
interface Isa {
  name: string;
  label: string;
  needs: string[];
}
interface CpuModule {
  FOLDER: string[];
  addonFile(isa: Isa): string;
  isasOfArch(): Isa[];
  missingFor(isa: Isa): string[];
  supportedIsas(): Isa[];
}

/** cpu.cjs and the project root above this file (works from lib/ and from the compiled dist/). */
function findProject(): { root: string; cpu: CpuModule } | undefined {
  for (let dir = __dirname; ; dir = path.dirname(dir)) {
    const file = path.join(dir, 'lib', 'tensor', 'native', 'cpu.cjs');
    if (fs.existsSync(file)) return { root: dir, cpu: require(file) as CpuModule };
    if (path.dirname(dir) === dir) return undefined;
  }
}

/** Whether an ELF file ends before its last part: the system would stop the process when it loads one. */
function isCutShort(file: string): boolean {
  const head = Buffer.alloc(64);
  const handle = fs.openSync(file, 'r');
  try {
    if (fs.readSync(handle, head, 0, 64, 0) < 64) return true;
    const isElf64 = head.readUInt32BE(0) === 0x7f454c46 && head[4] === 2 && head[5] === 1;
    const end = Number(head.readBigUInt64LE(40)) + head.readUInt16LE(58) * head.readUInt16LE(60);
    return isElf64 && end > fs.fstatSync(handle).size;
  } finally {
    fs.closeSync(handle);
  }
}

function loadFile(file: string): Loaded {
  try {
    if (isCutShort(file))
      return { addon: null, reason: `${path.basename(file)} does not load: it is cut short` };
    const addon = require(path.resolve(file)) as NativeAddon;
    if (typeof addon.isa !== 'function' || typeof addon.allocate !== 'function')
      return { addon: null, reason: `${path.basename(file)} does not load: it is not this project's addon` };
    return { addon, file };
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
    return { addon: null, reason: `${path.basename(file)} does not load: ${why}` };
  }
}

/** The builds to try, best first: what this CPU can run, or the one that T2G_ISA names. */
function candidates(cpu: CpuModule): Isa[] {
  const forced = process.env.T2G_ISA;
  if (forced === undefined || forced === '') return cpu.supportedIsas();
  const all = cpu.isasOfArch();
  const isa = all.find(({ name }) => name === forced);
  if (isa === undefined)
    throw new Error(`T2G_ISA is "${forced}", want one of ${all.map(({ name }) => name).join(', ')}`);
  const missing = cpu.missingFor(isa);
  if (missing.length > 0)
    throw new Error(`T2G_ISA is "${forced}", which needs ${missing.slice(0, 4).join(', ')}: not on this CPU`);
  return [isa];
}

const REBUILD = 'run "node scripts/build-native.cjs"';

function load(): Loaded {
  const override = process.env.T2G_NATIVE_ADDON;
  if (override !== undefined && override !== '') return loadFile(override);
  const project = findProject();
  if (project === undefined) return { addon: null, reason: `it is not built; ${REBUILD}` };
  const { root, cpu } = project;
  const wanted = candidates(cpu);
  const folder = path.join(root, ...cpu.FOLDER);
  const built = (isas: Isa[]): Isa[] =>
    isas.filter((isa) => fs.existsSync(path.join(folder, cpu.addonFile(isa))));
  const usable = built(wanted);
  if (usable.length === 0) {
    const others = built(cpu.isasOfArch()).map(({ name }) => name);
    const names = wanted.map(({ name }) => name).join(', ') || 'none';
    const reason =
      others.length === 0
        ? `it is not built; ${REBUILD}`
        : `it was built for ${others.join(', ')}, and this CPU takes ${names}; ${REBUILD}`;
    return { addon: null, reason };
  }
  const reasons: string[] = [];
  for (const isa of usable) {
    const result = loadFile(path.join(folder, cpu.addonFile(isa)));
    if (result.addon !== null) return result;
    reasons.push(result.reason);
  }
  return { addon: null, reason: `${reasons[0]}; ${REBUILD}` };
}

/**
 * The addon, or null with the reason. Loaded on the first call: the build for the best instruction set of this CPU.
 * @throws when T2G_ISA names a build that this CPU or this project does not have
 */
export function loadAddon(): Loaded {
  loaded ??= load();
  return loaded;
}
