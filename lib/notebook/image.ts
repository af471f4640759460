/** Pictures for people: grids, labelled strips and animations of small RGB images, encoded by sharp. */
import { writeFileSync } from 'node:fs';
import sharp, { type OverlayOptions } from 'sharp';
import { inNotebook, showBundle, showPng } from './display';

/** One picture: `data` is RGB bytes, row by row; 64 x 64 unless said. */
export interface Picture {
  data: Uint8Array;
  width?: number;
  height?: number;
  label?: string;
}
const SIDE = 64;
type PictureLike = Picture | Uint8Array;

const asPicture = (picture: PictureLike): Picture =>
  picture instanceof Uint8Array ? { data: picture } : picture;

/** Layout of a grid. `scale` is the enlargement (nearest neighbour: the pixels are the truth). */
export interface GridOptions {
  columns?: number;
  scale?: number;
  gap?: number;
  /** Lines that a label may fill before it is cut short; default 1. */
  labelLines?: number;
  /** Height in pixels kept under each picture for its label; default fits the lines when any label is given. */
  labelHeight?: number;
  /** A palette of 256 colours, for a file that is a third as large; default false: every colour as it is. */
  small?: boolean;
}
const LINE_HEIGHT = 12;
const CHARACTER_WIDTH = 6.1; // of the 10-pixel monospace font of the labels, with a hair of room

/**
 * A text in at most `lines` lines of `room` characters, broken where it has line ends, else at spaces where there
 * are any; cut short with "…".
 */
export function wrapLabel(text: string, room: number, lines: number): string[] {
  const out: string[] = [];
  const [head, ...below] = text.trim().split('\n');
  if (below.length > 0 && lines > 1)
    return [...wrapLabel(head, room, 1), ...wrapLabel(below.join('\n'), room, lines - 1)];
  let rest = text.trim().replace(/\n/g, ' ');
  while (rest !== '' && out.length < lines) {
    if (rest.length <= room) return [...out, rest];
    if (out.length === lines - 1) return [...out, `${rest.slice(0, room - 1).trimEnd()}…`];
    const space = rest.lastIndexOf(' ', room);
    const end = space > 0 ? space : room;
    out.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return out;
}

const escapeXml = (s: string): string =>
  s.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] as string);

/** PNG bytes of pictures tiled row by row, with labels under them when given. */
export async function imageGrid(pictures: PictureLike[], options: GridOptions = {}): Promise<Buffer> {
  if (pictures.length === 0) throw new Error('imageGrid: no pictures given, want at least one');
  const list = pictures.map(asPicture);
  const { scale = 3, gap = 4, columns = Math.ceil(Math.sqrt(list.length)), labelLines = 1 } = options;
  const labelHeight = options.labelHeight ?? (list.some((p) => p.label) ? LINE_HEIGHT * labelLines + 4 : 0);
  const width = list[0].width ?? SIDE;
  const height = list[0].height ?? SIDE;
  const cellWidth = width * scale + gap;
  const cellHeight = height * scale + gap + labelHeight;
  const rows = Math.ceil(list.length / columns);
  const sheetWidth = Math.min(columns, list.length) * cellWidth + gap;
  const sheetHeight = rows * cellHeight + gap;
  const place = (k: number) => ({
    left: gap + (k % columns) * cellWidth,
    top: gap + Math.floor(k / columns) * cellHeight,
  });
  const layers: OverlayOptions[] = await Promise.all(
    list.map(async (picture, k) => ({ input: await enlarged(picture, scale), ...place(k) })),
  );
  if (labelHeight > 0) {
    const room = Math.floor((cellWidth - gap) / CHARACTER_WIDTH);
    const texts = list.flatMap((picture, k) => {
      const { left, top } = place(k);
      const bottom = top + height * scale;
      return wrapLabel(picture.label ?? '', room, labelLines).map(
        (line, i) => `<text x="${left}" y="${bottom + (i + 1) * LINE_HEIGHT}">${escapeXml(line)}</text>`,
      );
    });
    const size = `width="${sheetWidth}" height="${sheetHeight}"`;
    const font = 'font-family="DejaVu Sans Mono, monospace" font-size="10"';
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" ${size} ${font}>${texts.join('')}</svg>`;
    layers.push({ input: Buffer.from(svg), left: 0, top: 0 });
  }
  const sheet = sharp({
    create: { width: sheetWidth, height: sheetHeight, channels: 3, background: '#ffffff' },
  });
  if (options.small) return smallPng(await sheet.composite(layers).png().toBuffer());
  return sheet.composite(layers).png({ compressionLevel: 9, adaptiveFiltering: false }).toBuffer();
}

/** The same picture as a PNG with a palette of at most 256 colours, without dithering. */
export async function smallPng(png: Buffer): Promise<Buffer> {
  return sharp(png)
    .png({ palette: true, quality: 80, dither: 0, effort: 10, compressionLevel: 9 })
    .toBuffer();
}

/** PNG bytes of one picture, enlarged by nearest neighbour. Throws when its bytes are not width x height x 3. */
export async function enlarged(picture: Picture, scale: number): Promise<Buffer> {
  const { data, width = SIDE, height = SIDE } = picture;
  if (data.length !== width * height * 3)
    throw new Error(`picture: ${data.length} bytes, want ${width} x ${height} x 3 = ${width * height * 3}`);
  return sharp(data, { raw: { width, height, channels: 3 } })
    .resize(width * scale, height * scale, { kernel: 'nearest' })
    .png()
    .toBuffer();
}

/** Animated GIF of the frames (each an image of the same size), for a denoising film. */
export async function animation(
  frames: Uint8Array[],
  options: { scale?: number; delayMs?: number; lastMs?: number } = {},
): Promise<Buffer> {
  const { scale = 2, delayMs = 120, lastMs = 1500 } = options;
  const side = SIDE * scale;
  const raw = await Promise.all(
    frames.map((data) =>
      sharp(data, { raw: { width: SIDE, height: SIDE, channels: 3 } })
        .resize(side, side, { kernel: 'nearest' })
        .raw()
        .toBuffer(),
    ),
  );
  const delay = frames.map((_, i) => (i === frames.length - 1 ? lastMs : delayMs));
  return sharp(Buffer.concat(raw), {
    raw: { width: side, height: side * frames.length, channels: 3, pageHeight: side },
  })
    .gif({ delay, loop: 0 })
    .toBuffer();
}

/** Shows pictures in the cell as one grid. Outside a notebook it writes nothing unless `file` is given. */
export async function showImages(
  pictures: PictureLike[],
  options: GridOptions & { file?: string; alt?: string } = {},
): Promise<void> {
  if (!inNotebook() && !options.file) return;
  const png = await imageGrid(pictures, options);
  if (options.file) writeFileSync(options.file, png);
  showPng(png, { alt: options.alt ?? `${pictures.length} pictures` });
}

/** Shows an animation, with its last frame as the still picture for viewers without GIF. */
export async function showAnimation(
  frames: Uint8Array[],
  options: { scale?: number; delayMs?: number } = {},
): Promise<void> {
  if (!inNotebook()) return;
  const gif = await animation(frames, options);
  showBundle({ 'image/gif': gif.toString('base64'), 'text/plain': `${frames.length} frames` });
}
