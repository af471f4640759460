// Pooled, 64-byte aligned float memory of the native backend: buffers of disposed tensors are used again, so that a
// training step allocates nothing after the first.
import type { NativeAddon } from './addon';

/** Free buffers are kept up to this many bytes; beyond it they go back to the system. */
const KEEP_BYTES = 4 * 2 ** 30;
const SMALLEST = 256;

/** Rounds up to a size class: four steps per power of two, so at most a quarter is wasted. */
function sizeClass(bytes: number): number {
  if (bytes <= SMALLEST) return SMALLEST;
  const step = 2 ** (Math.floor(Math.log2(bytes - 1)) - 2);
  return Math.ceil(bytes / step) * step;
}

export class MemoryPool {
  private readonly free = new Map<number, ArrayBuffer[]>();
  private readonly owned = new WeakSet<ArrayBufferLike>();
  private freeBytes = 0;
  /** Bytes handed out and not yet given back. */
  usedBytes = 0;
  /** How often memory had to be asked of the system; a loop in its steady state does not move it. */
  misses = 0;

  constructor(private readonly addon: NativeAddon) {}

  /** `size` uninitialised floats, 64-byte aligned. */
  alloc(size: number): Float32Array {
    const bytes = sizeClass(size * 4);
    this.usedBytes += bytes;
    const list = this.free.get(bytes);
    let buffer = list?.pop();
    if (buffer !== undefined) {
      this.freeBytes -= bytes;
    } else {
      this.misses++;
      buffer = this.addon.allocate(bytes);
      this.owned.add(buffer);
    }
    return new Float32Array(buffer, 0, size);
  }

  /** Whether these values lie in memory of this pool. */
  owns(values: unknown): boolean {
    return values instanceof Float32Array && this.owned.has(values.buffer);
  }

  /** Takes back an array that alloc returned; the caller must not use it (or a view of it) any more. */
  release(values: Float32Array): void {
    const buffer = values.buffer as ArrayBuffer;
    const bytes = buffer.byteLength;
    this.usedBytes -= bytes;
    if (this.freeBytes + bytes > KEEP_BYTES) return; // left to the garbage collector
    const list = this.free.get(bytes);
    if (list === undefined) this.free.set(bytes, [buffer]);
    else list.push(buffer);
    this.freeBytes += bytes;
  }
}
