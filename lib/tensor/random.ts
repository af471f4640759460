// Random numbers as a function of (seed, names, position): Philox4x32-10 (Salmon et al. 2011, "Parallel random
// numbers: as easy as 1, 2, 3"). Streams with different names never meet, and where a stream stands is one number,
// so any step, prompt or image can be redrawn alone and a run resumes bit for bit.
import { nativeAddon, tf } from './backend';
import { callNative } from './native/addon';

type Words4 = [number, number, number, number];

/** All there is to a stream: JSON-friendly, exact. */
export interface RandomState {
  /** 64 bits of Philox key, then the upper 64 bits of its counter: who the stream is. */
  key: Words4;
  /** 32-bit words used so far: where the stream is. */
  position: number;
}

const CHUNK = 4096; // words made at a time for bulk draws: stays in the first-level cache

/** A named stream of random numbers. Same seed and names: same numbers, on every machine. */
export class RandomStream {
  private readonly words = new Uint32Array(4); // the block that holds `position`
  private loaded = -1;
  private position = 0;

  private constructor(private key: Words4) {}

  /**
   * The stream of a seed and names, e.g. `RandomStream.of(seed, 'noise', step, image)`.
   * The number 1 and the string '1' name different streams. Throws when a number is not finite.
   */
  static of(seed: number, ...names: (string | number)[]): RandomStream {
    return new RandomStream([seed, ...names].reduce<Words4>(absorb, [0, 0, 0, 0]));
  }

  /** A stream exactly as `state()` left it. */
  static from(state: RandomState): RandomStream {
    return new RandomStream([0, 0, 0, 0]).restore(state);
  }

  /** A child stream; depends on who this stream is, not on how far it has been read. */
  split(...names: (string | number)[]): RandomStream {
    return new RandomStream(names.reduce<Words4>(absorb, absorb(this.key, 'split')));
  }

  state(): RandomState {
    return { key: [...this.key], position: this.position };
  }

  /** Makes this stream continue from `state`. Throws when it is not a stream's state. */
  restore(state: RandomState): this {
    const { key, position } = state;
    const isWord = (w: unknown): boolean =>
      Number.isInteger(w) && (w as number) >= 0 && (w as number) < 2 ** 32;
    if (!Array.isArray(key) || key.length !== 4 || !key.every(isWord))
      throw new Error(`random state: key is ${JSON.stringify(key)}, want four 32-bit words`);
    if (!Number.isSafeInteger(position) || position < 0)
      throw new Error(`random state: position is ${position}, want a non-negative integer`);
    this.key = [...key];
    this.position = position;
    this.loaded = -1;
    return this;
  }

  /** 32 random bits as an unsigned integer. */
  bits(): number {
    const block = Math.floor(this.position / 4);
    if (block !== this.loaded) {
      philox(this.words, 1, this.key, block);
      this.loaded = block;
    }
    return this.words[this.position++ % 4];
  }

  /** Uniform in [low, high), with 53 random bits. */
  uniform(low = 0, high = 1): number {
    const unit = ((this.bits() >>> 5) * 2 ** 26 + (this.bits() >>> 6)) * 2 ** -53;
    const value = low + (high - low) * unit;
    return value < high || high <= low ? value : low; // rounding may reach `high`
  }

  /** A uniform integer in [0, n), without modulo bias. Throws unless 1 <= n <= 2^32. */
  int(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 2 ** 32)
      throw new Error(`RandomStream.int: n is ${n}, want an integer from 1 to 2^32`);
    const limit = 2 ** 32 - (2 ** 32 % n);
    let word = this.bits();
    while (word >= limit) word = this.bits();
    return word % n;
  }

  /** True with probability p. */
  chance(p: number): boolean {
    return this.uniform() < p;
  }

  /** One element, all alike likely. Throws on an empty list. */
  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new Error('RandomStream.pick: the list is empty');
    return items[this.int(items.length)];
  }

  /** An index drawn in proportion to `weights` (non-negative, not all zero). */
  weighted(weights: ArrayLike<number>): number {
    let total = 0;
    for (let i = 0; i < weights.length; i++) {
      if (!(weights[i] >= 0))
        throw new Error(`RandomStream.weighted: weight ${i} is ${weights[i]}, want >= 0`);
      total += weights[i];
    }
    if (!(total > 0 && total < Infinity))
      throw new Error(`RandomStream.weighted: the weights sum to ${total}, want a positive number`);
    let left = this.uniform() * total;
    let last = 0;
    for (let i = 0; i < weights.length; i++) {
      if (weights[i] === 0) continue;
      last = i;
      left -= weights[i];
      if (left < 0) return i;
    }
    return last; // rounding
  }

  /** A shuffled copy (Fisher-Yates); the list given is left alone. */
  shuffle<T>(items: readonly T[]): T[] {
    const out = [...items];
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.int(i + 1);
      [out[i], out[j]] = [out[j], out[i]];
    }
    return out;
  }

  /** One standard normal number. */
  normal(mean = 0, std = 1): number {
    const radius = Math.sqrt(-2 * Math.log((this.bits() + 0.5) * 2 ** -32));
    return mean + std * radius * Math.cos(this.bits() * RADIANS);
  }

  /**
   * n standard normals (Box-Muller, |z| < 6.8). Starts at a fresh block of 4 words and uses whole blocks. The native
   * backend computes them in single precision, within 2e-6 of the others' (from the same random words).
   */
  normals(n: number): Float32Array {
    const addon = nativeAddon();
    if (addon !== null && n > 0) {
      const block = this.takeBlocks(n);
      const out = new Float32Array(n);
      callNative(
        addon,
        'philoxNormals',
        Int32Array.from(this.key),
        block % 2 ** 32,
        Math.floor(block / 2 ** 32),
        n,
        out,
      );
      return out;
    }
    return this.bulk(n, (words, out, at, count) => {
      for (let i = 0; i < count; i += 2) {
        const radius = Math.sqrt(-2 * Math.log((words[i] + 0.5) * 2 ** -32));
        const angle = words[i + 1] * RADIANS;
        out[at + i] = radius * Math.cos(angle);
        out[at + i + 1] = radius * Math.sin(angle); // past the end of an odd n: a typed array drops it
      }
    });
  }

  /** n uniform numbers in [0, 1), 24 bits each. Starts at a fresh block of 4 words and uses whole blocks. */
  uniforms(n: number): Float32Array {
    return this.bulk(n, (words, out, at, count) => {
      for (let i = 0; i < count; i++) out[at + i] = (words[i] >>> 8) * 2 ** -24;
    });
  }

  /** A float32 tensor of standard normals. */
  tensorNormal<R extends tf.Rank = tf.Rank>(shape: number[]): tf.Tensor<R> {
    return tf.tensor(this.normals(sizeOf(shape)), shape as tf.ShapeMap[R], 'float32');
  }

  /** A float32 tensor, uniform in [low, high). */
  tensorUniform<R extends tf.Rank = tf.Rank>(shape: number[], low = 0, high = 1): tf.Tensor<R> {
    const data = this.uniforms(sizeOf(shape));
    if (low !== 0 || high !== 1) for (let i = 0; i < data.length; i++) data[i] = low + (high - low) * data[i];
    return tf.tensor(data, shape as tf.ShapeMap[R], 'float32');
  }

  private bulk(
    n: number,
    fill: (words: Uint32Array, out: Float32Array, at: number, count: number) => void,
  ): Float32Array {
    let block = this.takeBlocks(n);
    const out = new Float32Array(n);
    const words = new Uint32Array(Math.min(CHUNK, Math.ceil(n / 4) * 4));
    for (let at = 0; at < n; at += CHUNK) {
      const count = Math.min(CHUNK, n - at);
      const blocks = Math.ceil(count / 4);
      philox(words, blocks, this.key, block);
      fill(words, out, at, count);
      block += blocks;
    }
    return out;
  }

  /** Moves past the whole blocks that hold n words; returns the first. */
  private takeBlocks(n: number): number {
    if (!Number.isSafeInteger(n) || n < 0)
      throw new Error(`RandomStream: asked for ${n} numbers, want a count`);
    const block = Math.ceil(this.position / 4);
    if (n > 0) this.position = (block + Math.ceil(n / 4)) * 4;
    return block;
  }
}

const RADIANS = (2 * Math.PI) / 2 ** 32;

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((n, d) => n * d, 1);
}

// ---- the generator ----

/**
 * `blocks` blocks of 4 words into `out`. The 128-bit counter is [block (64 bits), key[2], key[3]].
 * A 32x32 -> 64 bit product is put together from 16-bit halves, which V8 keeps in integer registers.
 */
export function philox(out: Uint32Array, blocks: number, key: ArrayLike<number>, firstBlock: number): void {
  const [key0, key1, stream0, stream1] = [key[0] | 0, key[1] | 0, key[2] | 0, key[3] | 0];
  for (let b = 0, o = 0; b < blocks; b++, o += 4) {
    const block = firstBlock + b;
    let c0 = block | 0;
    let c1 = (block / 2 ** 32) | 0;
    let c2 = stream0;
    let c3 = stream1;
    let k0 = key0;
    let k1 = key1;
    for (let round = 0; round < 10; round++) {
      // aHigh, aLow = 0xd2511f53 * c0
      const al = c0 & 0xffff;
      const ah = c0 >>> 16;
      const aMid = Math.imul(ah, 0x1f53) + (Math.imul(al, 0x1f53) >>> 16);
      const aTop = Math.imul(al, 0xd251) >>> 0;
      const aCarry = ((aTop & 0xffff) + (aMid & 0xffff)) >>> 16;
      const aHigh = Math.imul(ah, 0xd251) + (aMid >>> 16) + (aTop >>> 16) + aCarry;
      const aLow = Math.imul(c0, 0xd2511f53);
      // bHigh, bLow = 0xcd9e8d57 * c2
      const bl = c2 & 0xffff;
      const bh = c2 >>> 16;
      const bMid = Math.imul(bh, 0x8d57) >>> 0;
      const bTop = Math.imul(bl, 0xcd9e) >>> 0;
      const bCarry = ((Math.imul(bl, 0x8d57) >>> 16) + (bMid & 0xffff) + (bTop & 0xffff)) >>> 16;
      const bHigh = Math.imul(bh, 0xcd9e) + (bMid >>> 16) + (bTop >>> 16) + bCarry;
      const bLow = Math.imul(c2, 0xcd9e8d57);
      c0 = bHigh ^ c1 ^ k0;
      c1 = bLow;
      c2 = aHigh ^ c3 ^ k1;
      c3 = aLow;
      k0 = (k0 + 0x9e3779b9) | 0;
      k1 = (k1 + 0xbb67ae85) | 0;
    }
    out[o] = c0;
    out[o + 1] = c1;
    out[o + 2] = c2;
    out[o + 3] = c3;
  }
}

/** Mixes one name into a stream's identity, Philox as the compression function (Davies-Meyer feed-forward). */
function absorb(key: Words4, name: string | number): Words4 {
  const mixed = new Uint32Array(4);
  let state = Uint32Array.from(key);
  for (const [w0, w1] of wordsOf(name)) {
    const [s0, s1, s2, s3] = state;
    philox(mixed, 1, [w0, w1, s2, s3], s0 + (s1 % 2 ** 21) * 2 ** 32);
    // the block number holds 53 bits: the 11 that it drops come in through the feed-forward
    state = Uint32Array.from([mixed[0] ^ s0, mixed[1] ^ s1, mixed[2] ^ s2, mixed[3] ^ s3]);
  }
  return [state[0], state[1], state[2], state[3]];
}

/** A name as pairs of words, tagged with its type and length so that no two names read alike. */
function wordsOf(name: string | number): [number, number][] {
  if (typeof name === 'number') {
    if (!Number.isFinite(name))
      throw new Error(`RandomStream: a stream's name is ${name}, want a finite number or a string`);
    const [low, high] = new Uint32Array(Float64Array.of(name === 0 ? 0 : name).buffer); // -0 is 0
    return [
      [0x6e756d, 8],
      [low, high],
    ];
  }
  const bytes = Buffer.from(name, 'utf8');
  const padded = Buffer.alloc(Math.ceil(bytes.length / 8) * 8);
  bytes.copy(padded);
  const pairs: [number, number][] = [[0x737472, bytes.length]];
  for (let i = 0; i < padded.length; i += 8) pairs.push([padded.readUInt32LE(i), padded.readUInt32LE(i + 4)]);
  return pairs;
}
