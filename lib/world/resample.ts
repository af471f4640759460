/** Exact area filtering of premultiplied RGBA pictures: how every sprite is made smaller. */

/** A square or oblong premultiplied RGBA picture, 4 bytes a pixel, rows from the top. */
export interface Rgba {
  width: number;
  height: number;
  data: Uint8Array; // [height, width, 4]
}

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The smallest box that holds every pixel with more alpha than `threshold`; throws when there is none. */
export function alphaBox(image: Rgba, threshold = 8): Box {
  let left = image.width;
  let right = -1;
  let top = image.height;
  let bottom = -1;
  for (let y = 0; y < image.height; y++)
    for (let x = 0; x < image.width; x++)
      if (image.data[(y * image.width + x) * 4 + 3] > threshold) {
        left = Math.min(left, x);
        right = Math.max(right, x);
        top = Math.min(top, y);
        bottom = Math.max(bottom, y);
      }
  if (right < 0) throw new Error('alphaBox: the picture is fully transparent');
  return { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}

/** Weights of source pixels for each target pixel along one axis: target i covers [from + i*step, from + (i+1)*step). */
function coverage(from: number, length: number, count: number, limit: number): [number, number][][] {
  const step = length / count;
  return Array.from({ length: count }, (_, i) => {
    const start = from + i * step;
    const end = start + step;
    const taps: [number, number][] = [];
    for (let s = Math.floor(start); s < Math.ceil(end); s++) {
      const weight = Math.min(end, s + 1) - Math.max(start, s);
      if (weight > 1e-9 && s >= 0 && s < limit) taps.push([s, weight / step]);
    }
    return taps;
  });
}

/** The part of `image` under `box` averaged to `width` x `height`. Premultiplied in, premultiplied out. */
export function areaResample(image: Rgba, box: Box, width: number, height: number): Rgba {
  const columns = coverage(box.x, box.width, width, image.width);
  const rows = coverage(box.y, box.height, height, image.height);
  const data = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      let r = 0;
      let g = 0;
      let b = 0;
      let a = 0;
      for (const [sy, wy] of rows[y])
        for (const [sx, wx] of columns[x]) {
          const at = (sy * image.width + sx) * 4;
          const w = wx * wy;
          r += w * image.data[at];
          g += w * image.data[at + 1];
          b += w * image.data[at + 2];
          a += w * image.data[at + 3];
        }
      const to = (y * width + x) * 4;
      data[to] = Math.round(r);
      data[to + 1] = Math.round(g);
      data[to + 2] = Math.round(b);
      data[to + 3] = Math.round(a);
    }
  return { width, height, data };
}

/**
 * Crops a picture to what is drawn and fits it in a `size` x `size` cell: longest side = size, centred
 * left to right, standing on the cell's bottom edge, so that all artists' objects stand on the same ground.
 */
export function fitToCell(image: Rgba, size: number): Rgba {
  const box = alphaBox(image);
  const scale = size / Math.max(box.width, box.height);
  const width = Math.max(1, Math.round(box.width * scale));
  const height = Math.max(1, Math.round(box.height * scale));
  const fitted = areaResample(image, box, width, height);
  const cell = new Uint8Array(size * size * 4);
  const left = (size - width) >> 1;
  const top = size - height;
  for (let y = 0; y < height; y++)
    cell.set(fitted.data.subarray(y * width * 4, (y + 1) * width * 4), ((top + y) * size + left) * 4);
  return { width: size, height: size, data: cell };
}
