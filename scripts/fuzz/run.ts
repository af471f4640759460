// The fuzzing process (scripts/fuzz.cjs starts it with the sanitised addon): random calls, right and wrong, of every
// function of the addon and of every op. A sanitizer report ends the process; a wrong call that is accepted silently
// cannot be told from a right one here, but one that throws must name what it is about.
import { definitions, initBackend, nativeAddon, tf } from '../../lib/tensor';
import { callNative, type NativeAddon, type NativeArgument } from '../../lib/tensor/native/addon';
import * as T from '../../lib/tensor';
import { BUILT } from './built';
import { KERNELS } from './kernels';
import { OPS } from './ops';
import { Chance, fill, Sizes } from './random';

const seed = Number(process.env.T2G_FUZZ_SEED ?? 1);
const seconds = Number(process.env.T2G_FUZZ_SECONDS ?? 20);

/** Written before each call, so that the parent can say what a crashed process was doing. */
let doing = '';
const fail = (problem: string): never => {
  throw new Error(`${problem}\n  in ${doing}`);
};

const describe = (x: unknown): string => {
  if (ArrayBuffer.isView(x)) return `${x.constructor.name}(${(x as Float32Array).length})`;
  if (Array.isArray(x)) return `[${x.slice(0, 8).map(describe).join(', ')}${x.length > 8 ? ', ...' : ''}]`;
  if (x instanceof tf.Tensor) return `${x.dtype}[${x.shape.join()}]`;
  return typeof x === 'bigint' ? `${x}n` : (JSON.stringify(x) ?? String(x));
};

/** One argument of a function of the addon, from its word in the table. */
function argument(chance: Chance, sizes: Sizes, word: string): NativeArgument {
  const list = /^\[(.*)\]$/.exec(word);
  if (list !== null) return Array.from({ length: sizes.of('K') % 9 }, () => argument(chance, sizes, list[1]));
  const array = /^([fdiu])(\??)\((.*)\)(?:<(.*))?$/.exec(word);
  if (array !== null) {
    if (array[2] === '?' && chance.happens(0.3)) return null;
    const Kind = { f: Float32Array, d: Float64Array, i: Int32Array, u: Uint8Array }[
      array[1] as 'f' | 'd' | 'i' | 'u'
    ];
    return fill(chance, new Kind(sizes.product(array[3])), array[4] === undefined ? 2 : sizes.of(array[4]));
  }
  const layout = /^layout\((.*)\)$/.exec(word);
  if (layout !== null) return Int32Array.of(1, sizes.product(layout[1]), 1, 1);
  const computed = /^(\w+):(.*)$/.exec(word);
  if (computed !== null) return sizes.define(computed[1], computed[2]);
  if (word.startsWith("'")) return Number(word.slice(1, -1));
  if (word === 'bool') return chance.happens(0.5);
  if (word === 'num') return chance.next();
  return sizes.of(word);
}

const strange = (): unknown[] => [
  null,
  undefined,
  true,
  -1,
  0,
  1,
  1.5,
  NaN,
  Infinity,
  2 ** 31,
  2 ** 40 - 1,
  2 ** 53,
  7n,
  'text',
  {},
  [],
  [null],
  new Float64Array(8),
  new Uint8ClampedArray(8),
  new BigInt64Array(8),
  new Float32Array(0),
  new DataView(new ArrayBuffer(8)),
  new ArrayBuffer(8),
  Int32Array.of(8, 2147483647, 2147483647, 2147483647, 2147483647, 2147483647, 2147483647, 2147483647),
  Int32Array.from({ length: 25 }, (_, i) => (i === 0 ? 8 : 2147483647)),
  Int32Array.of(2, 3, -1, 1, 1, 1, 1),
];

/** An array like `x` of another length, or a view into a longer one. */
function resized(chance: Chance, x: Float32Array | Int32Array | Uint8Array): unknown {
  const Kind = x.constructor as new (n: number) => Float32Array;
  if (chance.happens(0.3)) return new Kind(x.length + 3).subarray(3); // as long, starting at an odd place
  return new Kind(chance.of([0, 1, Math.max(0, x.length - 1), x.length >> 1, x.length + 1]));
}

/** Breaks one rule. */
function spoil(chance: Chance, args: unknown[], allowHuge: boolean): void {
  const at = chance.below(args.length);
  const x = args[at];
  if (Array.isArray(x) && chance.happens(0.7)) return spoil(chance, x, allowHuge);
  const isArray = ArrayBuffer.isView(x) && !(x instanceof DataView);
  const kind = chance.below(6);
  if (kind === 0) args.length = at;
  else if (kind === 1)
    args[at] = chance.of(strange().filter((y) => allowHuge || !(typeof y === 'number' && y > 2 ** 20)));
  else if (kind === 2 && isArray) args[at] = resized(chance, x as Float32Array);
  else if (kind === 3 && x instanceof Int32Array && x.length > 0)
    x[chance.below(x.length)] = chance.of([-1, 99, 2147483647, -2147483648]);
  else if (kind === 4)
    args[at] = args[chance.below(args.length)]; // aliasing, or a wrong type
  else if (typeof x === 'number') args[at] = x + chance.of([1, -1, 16, 100]);
  else if (Array.isArray(x)) x.splice(chance.below(x.length + 1), 1);
  else if (isArray && chance.happens(0.3)) structuredClone(null, { transfer: [(x as Float32Array).buffer] }); // detached
}

/** A vague error helps nobody: it must begin with the name of the function or op. */
function wantNamed(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  if (!/^(t2g_native\.)?\w+: \S/.test(message)) fail(`error names nothing: ${message}`);
}

/** Right arguments of a function, and the sizes that they have. */
function rightArguments(chance: Chance, addon: NativeAddon, name: string): [unknown[], Sizes] {
  if (name in BUILT) {
    const sizes = new Sizes(chance, 33);
    return [BUILT[name]({ addon, chance, sizes }), sizes];
  }
  const words = KERNELS[name].split(' ').filter(Boolean);
  const sizes = new Sizes(chance, words.length > 9 ? 33 : words.length > 6 ? 65 : 100);
  // Computed sizes first: others may need them.
  for (const word of words) {
    const computed = /^(\w+):(.*)$/.exec(word);
    if (computed !== null) sizes.define(computed[1], computed[2]);
  }
  return [words.map((word) => argument(chance, sizes, word)), sizes];
}

function fuzzKernel(chance: Chance, addon: NativeAddon, name: string): void {
  const [args, sizes] = rightArguments(chance, addon, name);
  const spoils = args.length === 0 || chance.happens(0.4) ? 0 : 1 + chance.below(2);
  for (let i = 0; i < spoils && args.length > 0; i++) spoil(chance, args, !sizes.hasZero);
  doing = `${name}(${args.map(describe).join(', ')})`;
  try {
    callNative(addon, name, ...(args as NativeArgument[]));
  } catch (error) {
    wantNamed(error);
    if (spoils === 0 && !sizes.hasZero) fail(`a right call throws: ${(error as Error).message}`);
  }
}

/** One argument of an op. */
function opArgument(chance: Chance, sizes: Sizes, word: string): unknown {
  const tensor = /^([fib])(\??)\[(.*)\](?:<(.*))?$/.exec(word);
  if (tensor !== null) {
    if (tensor[2] === '?' && chance.happens(0.3)) return null;
    const shape = tensor[3].split(',').map((size) => sizes.product(size));
    const size = shape.reduce((a, b) => a * b, 1);
    const dtype = ({ f: 'float32', i: 'int32', b: 'bool' } as const)[tensor[1] as 'f' | 'i' | 'b'];
    const below = tensor[4] === undefined ? 2 : sizes.of(tensor[4]);
    const values = fill(chance, dtype === 'float32' ? new Float32Array(size) : new Int32Array(size), below);
    return tf.tensor(values, shape, dtype);
  }
  if (word === 'bool') return chance.happens(0.5);
  if (word === 'num') return chance.next();
  return chance.of(word.split('|'));
}

function spoilOp(chance: Chance, args: unknown[]): void {
  const at = chance.below(args.length);
  const x = args[at];
  if (chance.happens(0.2))
    args[at] = chance.of([null, undefined, 3, 'text', {}, tf.ones([2, 3]), tf.scalar(1)]);
  else if (x instanceof tf.Tensor) {
    const kind = chance.below(4);
    const longer = x.shape.map((n: number) => n + 1);
    if (kind === 0) args[at] = tf.cast(x, x.dtype === 'float32' ? 'int32' : 'float32');
    else if (kind === 1) args[at] = x.reshape([x.size]);
    else if (kind === 2) args[at] = tf.zeros(longer, x.dtype);
    else args[at] = tf.fill(x.shape, chance.of([-1, 1e6]), x.dtype === 'int32' ? 'int32' : 'float32');
  }
}

function fuzzOp(chance: Chance, name: string): void {
  tf.tidy(() => {
    const { args: line, call } = OPS[name];
    const sizes = new Sizes(chance, 17);
    const args = line.split(' ').map((word) => opArgument(chance, sizes, word));
    const spoils = chance.happens(0.5) ? 0 : 1;
    if (spoils > 0) spoilOp(chance, args);
    doing = `${name}(${args.map(describe).join(', ')})`;
    const op = call ?? (T[name as keyof typeof T] as unknown as (...all: unknown[]) => tf.Tensor);
    const floats = args.filter((x): x is tf.Tensor => x instanceof tf.Tensor && x.dtype === 'float32');
    try {
      const run = (): tf.Scalar => tf.sum((op as (...all: unknown[]) => tf.Tensor)(...args));
      if (floats.length === 0) run().dataSync();
      else tf.engine().gradients(run, floats, undefined, true).value.dataSync();
    } catch (error) {
      wantNamed(error);
      if (spoils === 0 && !sizes.hasZero) fail(`a right call throws: ${(error as Error).message}`);
    }
  });
}

async function main(): Promise<void> {
  await initBackend('native');
  const addon = nativeAddon() as NativeAddon;
  const missing = [
    ...Object.keys(addon)
      .filter((name) => !(name in KERNELS || name in BUILT))
      .map((name) => `addon function ${name}`),
    ...Object.keys(definitions)
      .filter((name) => !(name in OPS))
      .map((name) => `op ${name}`),
  ];
  if (missing.length > 0)
    throw new Error(`no line in scripts/fuzz/kernels.ts, built.ts or ops.ts for ${missing.join(', ')}`);
  const kernels = [...Object.keys(KERNELS), ...Object.keys(BUILT)];
  const gone = kernels.filter((name) => !(name in addon));
  if (gone.length > 0) throw new Error(`scripts/fuzz has lines for what is gone: ${gone.join(', ')}`);
  const ops = Object.keys(OPS);
  const end = Date.now() + seconds * 1000;
  let calls = 0;
  for (let round = 0; round < 1 || Date.now() < end; round++) {
    const chance = (): Chance => new Chance(seed * 1_000_003 + calls++);
    for (let i = 0; i < 10; i++) for (const name of kernels) fuzzKernel(chance(), addon, name);
    for (const name of ops) fuzzOp(chance(), name);
    if (addon.hasBf16()) addon.setPrecision(round % 2 === 0 ? 16 : 32);
  }
  console.log(
    `${calls} calls of ${kernels.length} functions and ${ops.length} ops (${addon.isa()}, seed ${seed})`,
  );
}

process.on('exit', (code) => {
  if (code !== 0) console.error(`last call: ${doing}`);
});
main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
