/** Where each token stands: Qwen-Image's rotary angles for image grids (centred) and for the text beside them. */

export type ImageGrid = [frame: number, height: number, width: number];

export interface RotaryTables {
  cos: Float32Array; // [T, dh/2]
  sin: Float32Array; // [T, dh/2]
  length: number;
}

const THETA = 10000;
const cache = new Map<string, { text: RotaryTables; image: RotaryTables }>();

/** cos and sin of `position * theta^(-2i/axis)`, one axis after the other, for a list of (frame, row, column). */
function tables(positions: [number, number, number][], axes: readonly number[]): RotaryTables {
  const half = axes.reduce((a, b) => a + b) / 2;
  const cos = new Float32Array(positions.length * half);
  const sin = new Float32Array(positions.length * half);
  positions.forEach((position, row) => {
    let column = row * half;
    axes.forEach((axis, a) => {
      for (let i = 0; i < axis; i += 2) {
        // The angle is rounded to float32 as PyTorch rounds it, so that large positions agree.
        const frequency = Math.fround(1 / Math.fround(Math.pow(THETA, Math.fround(i / axis))));
        const angle = Math.fround(position[a] * frequency);
        cos[column] = Math.cos(angle);
        sin[column++] = Math.sin(angle);
      }
    });
  });
  return { cos, sin, length: positions.length };
}

/**
 * Rotary tables of QwenEmbedRope with scale_rope=True: rows and columns are counted from the centre of each grid,
 * frames from the grid's place in the list (a second grid is the picture being edited), and text token n stands at
 * `max(height, width) / 2 + n` on all three axes.
 * @param grids the token grids of one sample, e.g. [[1, 8, 8]]
 * @returns text [S, dh/2] and image [sum of f*h*w, dh/2]
 */
export function rotaryTables(grids: ImageGrid[], textLength: number, axes: readonly number[]) {
  const key = JSON.stringify([grids, textLength, axes]);
  const known = cache.get(key);
  if (known) return known;
  const image: [number, number, number][] = [];
  let textStart = 0;
  grids.forEach(([frames, height, width], index) => {
    const top = height - Math.floor(height / 2);
    const left = width - Math.floor(width / 2);
    for (let f = 0; f < frames; f++) {
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) image.push([index + f, y - top, x - left]);
      }
    }
    textStart = Math.max(textStart, Math.floor(height / 2), Math.floor(width / 2));
  });
  const text = Array.from({ length: textLength }, (_, n): [number, number, number] => {
    return [textStart + n, textStart + n, textStart + n];
  });
  const result = { text: tables(text, axes), image: tables(image, axes) };
  cache.set(key, result);
  return result;
}
