/** What a painter draws as it learns: one strip of pictures every so many steps, kept in the run folder, shown together. */
import { readdirSync, existsSync } from 'node:fs';
import * as path from 'node:path';
import sharp from 'sharp';
import { type RunFolder, writeAtomic } from '../checkpoint';
import { showPng } from './display';
import { evenly } from './film';
import { type GridOptions, imageGrid, smallPng } from './image';

const NAME = 'strip.png';
const LABEL = 64;

/** Writes pictures side by side to the run's samples/, so that a resumed run keeps those of earlier sessions. */
export async function keepStrip(
  run: RunFolder,
  step: number,
  pictures: readonly Uint8Array[],
  options: Pick<GridOptions, 'scale'> = {},
): Promise<void> {
  const png = await imageGrid([...pictures], { scale: 1, ...options, columns: pictures.length });
  writeAtomic(run.samplePath(step, NAME), png);
}

/**
 * PNG bytes of at most `rows` of the run's strips, the first and the last among them, one below the other with their
 * steps on the left; null when there are none.
 */
export async function stripSheet(dir: string, { rows = 8 } = {}): Promise<Buffer | null> {
  const folder = path.join(dir, 'samples');
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(NAME)) : [];
  if (names.length === 0) return null;
  const strips = await Promise.all(
    evenly(names.sort(), rows).map(async (name) => {
      const { data, info } = await sharp(path.join(folder, name)).png().toBuffer({ resolveWithObject: true });
      return { step: parseInt(name, 10), data, width: info.width, height: info.height };
    }),
  );
  const width = LABEL + Math.max(...strips.map((strip) => strip.width));
  const height = strips.reduce((sum, strip) => sum + strip.height, 0);
  let top = 0;
  const layers = strips.flatMap((strip) => {
    const text = `<svg xmlns="http://www.w3.org/2000/svg" width="${LABEL}" height="${strip.height}" font-family="DejaVu Sans Mono, monospace" font-size="10"><text x="4" y="${strip.height / 2}">${strip.step}</text></svg>`;
    const placed = [
      { input: Buffer.from(text), left: 0, top },
      { input: strip.data, left: LABEL, top },
    ];
    top += strip.height;
    return placed;
  });
  const sheet = sharp({ create: { width, height, channels: 3, background: '#ffffff' } });
  return smallPng(await sheet.composite(layers).png().toBuffer());
}

/** Shows the strips of a run folder in the cell. */
export async function showStrips(dir: string, options: { rows?: number; alt?: string } = {}): Promise<void> {
  const png = await stripSheet(dir, options);
  if (png) showPng(png, { alt: options.alt ?? 'what it draws, step by step' });
}
