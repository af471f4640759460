// The painter on the native backend: weights packed once, one C++ call a denoising step, no memory asked for after the
// first step but the result's.
import { tf } from '../backend';
import type {
  Angles,
  PackedPainter,
  PackPainter,
  PainterModel,
  PainterRun,
  PainterSession,
  PainterStream,
} from '../ops/painting';
import { callNative, type NativeArgument } from './addon';
import { allocF32, makeOutput, type NativeBackend, valuesOf } from './backend';

const PARTS = ['q', 'k', 'v', 'out', 'up', 'down'] as const;

/** `Sizes` of dit_layout.h; without a run, what the weights alone need. */
function sizesOf(model: PainterModel, half: boolean, run?: PainterRun): Int32Array {
  const [D, I] = model.imgIn.weight.shape;
  const F = model.layers[0].image.up.weight.shape[0] as number;
  const O = model.projOut.weight.shape[0] as number;
  const C = run?.channels ?? I;
  const memory = run
    ? [run.samples, run.latentRows, run.tokens, run.text.places.length, run.textAngles.cos.length]
    : [1, 1, 1, 0, 0];
  memory[4] = (memory[4] * 2 * model.heads) / D; // rows of dh / 2 angles
  return Int32Array.from([D, F, model.layers.length, model.heads, C, I - C, O, ...memory, half ? 1 : 0]);
}

/** One number a channel: the cosine of each pair twice, its sine with the signs that the two channels need. */
function expand({ cos, sin }: Angles): Angles {
  const wide = { cos: new Float32Array(cos.length * 2), sin: new Float32Array(cos.length * 2) };
  for (let i = 0; i < cos.length; i++) {
    wide.cos[2 * i] = wide.cos[2 * i + 1] = cos[i];
    wide.sin[2 * i] = -sin[i];
    wide.sin[2 * i + 1] = sin[i];
  }
  return wide;
}

class NativePainter implements PackedPainter {
  readonly half: boolean;
  readonly weights: Float32Array;
  private disposed = false;

  constructor(
    readonly backend: NativeBackend,
    readonly model: PainterModel,
  ) {
    this.half = callNative(backend.addon, 'decodePrecision') === 16;
    const sizes = sizesOf(model, this.half);
    this.weights = backend.pool.alloc(this.call('ditFloats', sizes, 0) as number);
    try {
      model.layers.forEach(({ image, text }, layer) => {
        this.packStream(sizes, layer, 0, image);
        this.packStream(sizes, layer, 1, text);
      });
      const ends = [model.imgIn, model.projOut].flatMap(({ weight, bias }) => [
        this.of(weight),
        this.of(bias),
      ]);
      this.call('ditPackEnds', sizes, ...ends, this.weights);
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  open(run: PainterRun): PainterSession {
    return new NativePainterSession(this, run);
  }

  dispose(): void {
    if (!this.disposed) this.backend.pool.release(this.weights);
    this.disposed = true;
  }

  call(name: string, ...args: NativeArgument[]): unknown {
    return callNative(this.backend.addon, name, ...args);
  }

  of(x: tf.Tensor): NativeArgument {
    return valuesOf(this.backend, x);
  }

  private packStream(sizes: Int32Array, layer: number, stream: number, w: PainterStream): void {
    const weights = PARTS.map((part) => this.of(w[part].weight));
    const biases = PARTS.map((part) => this.of(w[part].bias));
    const norms = [this.of(w.normQ), this.of(w.normK)];
    this.call('ditPackStream', sizes, layer, stream, ...norms, weights, biases, this.weights);
  }
}

class NativePainterSession implements PainterSession {
  private readonly sizes: Int32Array;
  private readonly modulations: Float32Array;
  private readonly perStep: number;
  private readonly work: Float32Array;
  private readonly textAngles: Angles;
  private readonly imageAngles: Angles;
  private disposed = false;

  constructor(
    private readonly painter: NativePainter,
    private readonly run: PainterRun,
  ) {
    const { pool } = painter.backend;
    this.sizes = sizesOf(painter.model, painter.half, run);
    this.perStep = painter.call('ditFloats', this.sizes, 1) as number;
    const steps = run.modulations.final.shape[0];
    this.modulations = pool.alloc(steps * this.perStep).fill(0);
    this.work = pool.alloc(painter.call('ditFloats', this.sizes, 2) as number);
    this.textAngles = expand(run.textAngles);
    this.imageAngles = expand(run.imageAngles);
    const { layers, final } = run.modulations;
    const parts = layers.flatMap(({ image, text }) => [image, text]);
    [...parts, final].forEach((x, part) => this.placeModulations(x, part * 6));
  }

  predict(step: number, latents: tf.Tensor): tf.Tensor {
    const { painter, run } = this;
    const [D, , , , , , O] = this.sizes;
    if (latents.shape.join() !== [run.latentRows, run.tokens, run.channels].join() || D === 0) {
      throw new Error(
        `painter: latents are [${latents.shape.join(', ')}], want [${run.latentRows}, ${run.tokens}, ${run.channels}]`,
      );
    }
    const shape = [run.samples, run.tokens, O];
    const out = allocF32(shape[0] * shape[1] * shape[2]);
    const modulations = this.modulations.subarray(step * this.perStep, (step + 1) * this.perStep);
    const given = [painter.weights, modulations, painter.of(latents), run.waves ?? null];
    const text = [run.text.states, run.text.starts, run.text.places];
    const angles = [this.textAngles.cos, this.textAngles.sin, this.imageAngles.cos, this.imageAngles.sin];
    try {
      painter.call('ditStep', this.sizes, ...given, ...text, ...angles, this.work, out);
    } catch (error) {
      painter.backend.pool.release(out);
      throw error;
    }
    const { dataId } = makeOutput(painter.backend, shape, 'float32', out);
    return tf.engine().makeTensorFromTensorInfo({ dataId, shape, dtype: 'float32' });
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    for (const memory of [this.modulations, this.work]) this.painter.backend.pool.release(memory);
  }

  /** The vectors of [steps, n D] from the place of vector `at` on, each padded to the native width. */
  private placeModulations(x: tf.Tensor, at: number): void {
    const D = this.sizes[0];
    const padded = Math.ceil(D / 32) * 32;
    const values = this.painter.of(x) as Float32Array;
    const count = x.size / D;
    const perStep = count / x.shape[0];
    for (let i = 0; i < count; i++) {
      const to = Math.floor(i / perStep) * this.perStep + (at + (i % perStep)) * padded;
      this.modulations.set(values.subarray(i * D, (i + 1) * D), to);
    }
  }
}

/** Packs painters on the native backend, in the matrix products' present precision. */
export function nativePainting(): PackPainter {
  const backend = tf.backend() as unknown as NativeBackend;
  return (model) => new NativePainter(backend, model);
}
