// The native decode session: weights packed once, keys and values in preallocated memory, one C++ call a token.
import { tf } from '../backend';
import type { DecodeModel, DecodeOptions, DecodeSession, StartDecoding } from '../ops/decode';
import type { DrawnToken, SamplingRules } from '../ops/sampling';
import { callNative, type NativeArgument } from './addon';
import { type NativeBackend, valuesOf } from './backend';

/** Where a live row's memory is and how far it has come. */
interface Row {
  slot: number;
  prompt: number;
  prefix: number;
  length: number;
}

const ROW_NUMBERS = 5; // token, slot, prompt, prefix, length: `Row` of fused_decode.cc

class NativeDecodeSession implements DecodeSession {
  private readonly sizes: Int32Array;
  private readonly stride: number;
  private readonly weights: Float32Array;
  private readonly caches: Float32Array;
  private readonly work: Float32Array;
  private readonly logitRows: Float32Array;
  private readonly rowNumbers: Int32Array;
  private readonly uniforms: Float64Array;
  private readonly tokens: Int32Array;
  private readonly logProbs: Float64Array;
  private live: Row[];
  private disposed = false;

  constructor(
    private readonly backend: NativeBackend,
    private readonly model: DecodeModel,
    { prefix, samplesPerPrompt: J, capacity }: DecodeOptions,
  ) {
    const [B, P] = prefix.keys[0].shape;
    const [V, D] = model.embedding.shape;
    const F = model.layers[0].gate.shape[0] as number;
    const half = callNative(backend.addon, 'decodePrecision') === 16 ? 1 : 0;
    const positions = (model.cos.length * 2) / model.headDim;
    const heads = [model.heads, model.keyHeads, model.headDim];
    const memory = [B, P, B * J, Math.max(1, capacity)];
    this.sizes = Int32Array.from([D, F, model.layers.length, ...heads, V, positions, half, ...memory]);
    const floats = (what: number): number => this.call('decodeFloats', this.sizes, B * J, what) as number;
    this.stride = floats(3);
    const { pool } = backend;
    this.weights = pool.alloc(floats(0));
    this.caches = pool.alloc(floats(1));
    this.work = pool.alloc(floats(2));
    this.logitRows = pool.alloc(B * J * this.stride);
    this.rowNumbers = new Int32Array(B * J * ROW_NUMBERS);
    this.uniforms = new Float64Array(B * J);
    this.tokens = new Int32Array(B * J);
    this.logProbs = new Float64Array(B * J);
    this.live = Array.from({ length: B * J }, (_, slot) => {
      const prompt = Math.floor(slot / J);
      return { slot, prompt, prefix: P - prefix.skip[prompt], length: 0 };
    });
    try {
      this.pack();
      const skip = Int32Array.from(prefix.skip);
      prefix.keys.forEach((keys, layer) => {
        const pair = [this.of(keys), this.of(prefix.values[layer])];
        this.call('decodePrefix', this.sizes, layer, ...pair, skip, this.caches);
      });
      const first = this.of(prefix.logits) as Float32Array;
      this.live.forEach(({ prompt }, r) =>
        this.logitRows.set(first.subarray(prompt * V, (prompt + 1) * V), r * this.stride),
      );
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  get rows(): number {
    return this.live.length;
  }

  draw({ temperature, topP, topK }: SamplingRules, uniforms: number[]): (DrawnToken | null)[] {
    const M = this.live.length;
    for (let r = 0; r < M; r++) this.uniforms[r] = temperature > 0 ? uniforms[r] : -1;
    const rules = [temperature > 0 ? 1 / temperature : 1, topP, topK];
    const out = [this.uniforms, this.tokens, this.logProbs];
    const V = this.sizes[6];
    const bad = this.call('drawTokens', this.logitRows, this.stride, V, M, ...rules, ...out) as number;
    return this.live.map((_, r) => (r === bad ? null : { token: this.tokens[r], logProb: this.logProbs[r] }));
  }

  read(tokens: number[]): void {
    this.live.forEach(({ slot, prompt, prefix, length }, r) => {
      const at = r * ROW_NUMBERS;
      this.rowNumbers[at] = tokens[r];
      this.rowNumbers[at + 1] = slot;
      this.rowNumbers[at + 2] = prompt;
      this.rowNumbers[at + 3] = prefix;
      this.rowNumbers[at + 4] = length;
    });
    const { cos, sin, eps, embedding } = this.model;
    const weights = [this.weights, this.of(embedding), cos, sin, this.caches];
    const rest = [this.rowNumbers, this.live.length, this.work, this.logitRows];
    this.call('decodeStep', this.sizes, eps, ...weights, ...rest);
    for (const row of this.live) row.length++;
  }

  keep(rows: number[]): void {
    rows.forEach((from, to) => {
      if (from === to) return;
      if (from < to) throw new Error(`decode: keeps rows ${rows.join(', ')}, want increasing ones`);
      this.logitRows.copyWithin(to * this.stride, from * this.stride, (from + 1) * this.stride);
    });
    this.live = rows.map((r) => this.live[r]);
  }

  logits(): tf.Tensor {
    const V = this.sizes[6];
    const rows = this.live.map((_, r) =>
      tf.tensor1d(this.logitRows.slice(r * this.stride, r * this.stride + V)),
    );
    const all = tf.stack(rows);
    tf.dispose(rows);
    return all;
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    for (const memory of [this.weights, this.caches, this.work, this.logitRows])
      this.backend.pool.release(memory);
  }

  private pack(): void {
    this.model.layers.forEach((w, layer) => {
      const projections = [w.q, w.qBias, w.k, w.kBias, w.v, w.vBias, w.o, w.gate, w.up, w.down];
      const tensors = [w.inputNorm, w.postNorm, ...projections].map((x) => x && this.of(x));
      this.call('decodePackLayer', this.sizes, layer, ...tensors, this.weights);
    });
    const { norm, head } = this.model;
    this.call('decodePackHead', this.sizes, this.of(norm), this.of(head), this.weights);
  }

  private of(x: tf.Tensor): NativeArgument {
    return valuesOf(this.backend, x);
  }

  private call(name: string, ...args: NativeArgument[]): unknown {
    return callNative(this.backend.addon, name, ...args);
  }
}

/** Starts sessions on the native backend, in the matrix products' present precision. */
export function nativeDecoding(): StartDecoding {
  const backend = tf.backend() as unknown as NativeBackend;
  return (options) => new NativeDecodeSession(backend, options.model, options);
}
