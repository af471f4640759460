/** One picture coming out of noise, step by step: what the painter has, and what it foresees. */
import { disposeConditioning, initialLatents, odeSampler } from '../diffusion';
import type { SampleOptions } from '../diffusion';
import { encodeForDrawing } from '../encoder';
import { DEFAULT_GUIDANCE, DEFAULT_STEPS, NEGATIVE_PROMPT, pixelsOf } from '../pipeline';
import type { DrawSettings, ThinkThenGenerate } from '../pipeline';
import { showAnimation, showImages } from './image';

export interface FilmFrame {
  /** Steps done before this frame, 0 .. steps - 1. */
  step: number;
  /** Noise level that the frame was drawn at: 1 is pure noise. */
  sigma: number;
  /** The state at that level, RGB bytes. */
  noisy: Uint8Array;
  /** The clean picture foreseen from it; the last frame's is the finished picture. */
  foreseen: Uint8Array;
}

/** Draws a caption as it stands and keeps every step; the same settings give the picture that `draw` gives. */
export async function denoisingFilm(
  model: ThinkThenGenerate,
  caption: string,
  { steps = DEFAULT_STEPS, guidance = DEFAULT_GUIDANCE, seed = 0 }: DrawSettings = {},
): Promise<FilmFrame[]> {
  const conditioning = encodeForDrawing(model.lm, model.tokenizer, [caption]);
  const negative = encodeForDrawing(model.lm, model.tokenizer, [NEGATIVE_PROMPT]);
  const { denoiser, grid } = model;
  const patch = denoiser.config.patch_size;
  const options: SampleOptions = {
    denoiser,
    conditioning,
    negative,
    guidance,
    images: [{ seed }],
    steps,
    grid: [1, grid, grid],
  };
  const frames: FilmFrame[] = [];
  try {
    const start = initialLatents(options);
    let [noisy] = await pixelsOf(start, patch);
    start.dispose();
    for await (const { step, sigma, latents, x0Prediction } of odeSampler(options)) {
      const [foreseen] = await pixelsOf(x0Prediction, patch);
      frames.push({ step, sigma, noisy, foreseen });
      [noisy] = await pixelsOf(latents, patch);
    }
  } finally {
    disposeConditioning(conditioning);
    disposeConditioning(negative);
  }
  return frames;
}

/** Shows up to `columns` frames: the noisy states above, the foreseen pictures below them. */
export async function showFilm(
  frames: FilmFrame[],
  options: { columns?: number; scale?: number; small?: boolean } = {},
): Promise<void> {
  const { columns = 7, scale = 2, small = false } = options;
  const shown = evenly(frames, columns);
  const above = shown.map(({ noisy, sigma }) => ({ data: noisy, label: `noise ${sigma.toFixed(2)}` }));
  const below = shown.map(({ foreseen, step }) => ({ data: foreseen, label: `foreseen, step ${step + 1}` }));
  const alt = `denoising in ${frames.length} steps`;
  await showImages([...above, ...below], { columns: shown.length, scale, alt, small });
}

/** Shows the foreseen pictures (or the noisy states) as an animation. */
export async function showFilmAnimation(
  frames: FilmFrame[],
  options: { what?: 'foreseen' | 'noisy'; scale?: number; delayMs?: number } = {},
): Promise<void> {
  const { what = 'foreseen', scale = 4, delayMs = 220 } = options;
  const pictures = frames.map((frame) => frame[what]);
  // the noisy states end one step before the picture
  if (what === 'noisy' && frames.length > 0) pictures.push(frames[frames.length - 1].foreseen);
  await showAnimation(pictures, { scale, delayMs });
}

/** At most `count` items, first and last included, evenly spaced. */
export function evenly<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items];
  if (count <= 1) return items.slice(-1);
  return Array.from({ length: count }, (_, i) => items[Math.round((i * (items.length - 1)) / (count - 1))]);
}
