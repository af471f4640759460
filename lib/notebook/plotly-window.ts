/**
 * plotly.js in jsdom: draws a figure as SVG without a browser.
 * jsdom has no layout engine, so the few measurements plotly asks for (text boxes, matrices, canvas)
 * are answered here with estimates; they are good enough for lines, bars, heatmaps, contours, images,
 * histograms and subplots. Violins, 3-D and WebGL traces need a real browser.
 */
import { readFileSync } from 'node:fs';
import sharp from 'sharp';

/** The part of the jsdom window that is used here. */
export interface PlotlyWindow {
  document: { body: { appendChild(node: unknown): HTMLDivLike }; createElement(tag: string): unknown };
  Plotly: {
    newPlot(div: HTMLDivLike, data: unknown, layout: unknown, config: unknown): Promise<unknown>;
    toImage(div: HTMLDivLike, options: unknown): Promise<string>;
    purge(div: HTMLDivLike): void;
  };
}
export interface HTMLDivLike {
  remove(): void;
}

interface SvgNode {
  tagName: string;
  textContent: string | null;
  style?: { fontSize?: string };
  getAttribute?(name: string): string | null;
  querySelectorAll(selector: string): ArrayLike<SvgNode>;
}
interface FakeCanvas {
  width: number;
  height: number;
  painted?: { width: number; height: number; data: Uint8ClampedArray };
  context?: unknown;
}

const WIDTH_PER_POINT = 0.55; // mean advance of a sans-serif character, in font sizes
const LINE_PER_POINT = 1.2;

const fontSize = (el: SvgNode): number =>
  parseFloat(el.getAttribute?.('font-size') || el.style?.fontSize || '12') || 12;
const textWidth = (el: SvgNode): number => (el.textContent ?? '').length * fontSize(el) * WIDTH_PER_POINT;

function boundingBox(this: SvgNode): { x: number; y: number; width: number; height: number } {
  const tag = this.tagName.toLowerCase();
  if (tag === 'text' || tag === 'tspan') {
    const lines = Math.max(1, this.querySelectorAll('tspan.line').length);
    return {
      x: 0,
      y: -fontSize(this) * 0.8,
      width: textWidth(this),
      height: fontSize(this) * LINE_PER_POINT * lines,
    };
  }
  let [width, height] = [0, 0];
  for (const text of Array.from(this.querySelectorAll('text'))) {
    width = Math.max(width, textWidth(text));
    height = Math.max(height, fontSize(text) * LINE_PER_POINT);
  }
  return { x: 0, y: 0, width, height };
}

const blankPixels = (width: number, height: number) => ({
  width,
  height,
  data: new Uint8ClampedArray(width * height * 4),
});

function canvasContext(this: FakeCanvas, kind: string): unknown {
  if (kind !== '2d') return null;
  const nothing = (): void => undefined;
  this.context ??= {
    canvas: this,
    createImageData: blankPixels,
    getImageData: (_x: number, _y: number, width: number, height: number) => blankPixels(width, height),
    putImageData: (pixels: FakeCanvas['painted']) => void (this.painted = pixels),
    measureText: (text: string) => ({ width: text.length * 6.5 }),
    fillRect: nothing,
    clearRect: nothing,
    drawImage: nothing,
    save: nothing,
    restore: nothing,
  };
  return this.context;
}

/** Heatmaps are painted on a canvas: handed on as an uncompressed bitmap, since toDataURL is synchronous. */
function canvasDataUrl(this: FakeCanvas): string {
  const { width, height, data } = this.painted ?? blankPixels(this.width, this.height);
  const bmp = Buffer.alloc(54 + width * height * 4);
  bmp.write('BM', 0, 'latin1');
  bmp.writeUInt32LE(bmp.length, 2);
  bmp.writeUInt32LE(54, 10);
  bmp.writeUInt32LE(40, 14);
  bmp.writeInt32LE(width, 18);
  bmp.writeInt32LE(-height, 22); // negative: rows from the top
  bmp.writeUInt16LE(1, 26);
  bmp.writeUInt16LE(32, 28);
  for (let i = 0; i < width * height; i++) {
    const o = 54 + i * 4;
    [bmp[o], bmp[o + 1], bmp[o + 2], bmp[o + 3]] = [
      data[i * 4 + 2],
      data[i * 4 + 1],
      data[i * 4],
      data[i * 4 + 3],
    ];
  }
  return 'data:image/bmp;base64,' + bmp.toString('base64');
}

let shared: PlotlyWindow | undefined;

/** The one shared window, made on first use (about half a second). */
export function plotlyWindow(): PlotlyWindow {
  if (shared) return shared;
  const { JSDOM, VirtualConsole } = require('jsdom') as typeof import('jsdom');
  const dom = new JSDOM('<!doctype html><body></body>', {
    runScripts: 'outside-only',
    pretendToBeVisual: true,
    virtualConsole: new VirtualConsole(), // jsdom's "not implemented" notices are expected here
  });
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- patching prototypes that jsdom does not type
  const w = dom.window as any;
  const ownRect = w.Element.prototype.getBoundingClientRect;
  w.SVGElement.prototype.getBBox = boundingBox;
  w.SVGElement.prototype.getComputedTextLength = function (this: SvgNode) {
    return textWidth(this);
  };
  w.SVGElement.prototype.getScreenCTM = () => ({
    a: 1,
    b: 0,
    c: 0,
    d: 1,
    e: 0,
    f: 0,
    inverse: () => w.SVGElement.prototype.getScreenCTM(),
  });
  w.Element.prototype.getBoundingClientRect = function (this: SvgNode) {
    if (!(this instanceof w.SVGElement)) return ownRect.call(this);
    const { width, height } = boundingBox.call(this);
    return { x: 0, y: 0, left: 0, top: 0, right: width, bottom: height, width, height };
  };
  w.HTMLCanvasElement.prototype.getContext = canvasContext;
  w.HTMLCanvasElement.prototype.toDataURL = canvasDataUrl;
  w.URL.createObjectURL = () => 'blob:none';
  w.URL.revokeObjectURL = () => undefined;
  class IdleWorker {
    postMessage(): void {}
    addEventListener(): void {}
    terminate(): void {}
  }
  Object.assign(w, { TextDecoder, TextEncoder, structuredClone, ReadableStream, Worker: IdleWorker });
  Object.assign(w, { ImageBitmap: class {}, ImageData: class {} });
  w.eval(readFileSync(require.resolve('plotly.js-dist'), 'utf8'));
  shared = w as PlotlyWindow;
  return shared;
}

/** sharp cannot read BMP: replaces the bitmaps that canvasDataUrl made by PNGs. */
export async function inlineBitmapsAsPng(svg: string): Promise<string> {
  const found = [...new Set(svg.match(/data:image\/bmp;base64,[A-Za-z0-9+/=]+/g) ?? [])];
  for (const url of found) {
    const bmp = Buffer.from(url.slice(url.indexOf(',') + 1), 'base64');
    const width = bmp.readInt32LE(18);
    const height = -bmp.readInt32LE(22);
    const rgba = Buffer.from(bmp.subarray(54));
    for (let i = 0; i < rgba.length; i += 4) [rgba[i], rgba[i + 2]] = [rgba[i + 2], rgba[i]];
    const png = await sharp(rgba, { raw: { width, height, channels: 4 } })
      .png()
      .toBuffer();
    svg = svg.split(url).join('data:image/png;base64,' + png.toString('base64'));
  }
  return svg;
}
