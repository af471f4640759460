/**
 * Ways a picture can be bad, for training and calibrating the judge: pixel faults (aesthetic) and broken
 * structure (consistency). They imitate what an unfinished painter makes: noise, blur, wrong colours, patch
 * mosaics, torn or missing parts, ghosts of a second scene. Pictures are 64x64 RGB bytes; inputs stay as they are.
 */
import type { RandomStream } from '../tensor';

export const SIDE = 64;
const CELL = 8;

export type PixelFault = 'noise' | 'blur' | 'colour' | 'blocks';
export type StructureFault = 'shuffle' | 'tear' | 'missing' | 'ghost' | 'misplaced';
export const PIXEL_FAULTS: PixelFault[] = ['noise', 'blur', 'colour', 'blocks'];
export const STRUCTURE_FAULTS: StructureFault[] = ['shuffle', 'tear', 'missing', 'ghost', 'misplaced'];

const clampByte = (x: number): number => (x < 0 ? 0 : x > 255 ? 255 : Math.round(x));
const offset = (y: number, x: number): number => (y * SIDE + x) * 3;

/** A picture with one pixel fault; `severity` in [0, 1], 0 leaves it as it is. */
export function pixelFault(
  image: Uint8Array,
  fault: PixelFault,
  severity: number,
  rng: RandomStream,
): Uint8Array {
  if (severity <= 0) return image.slice();
  switch (fault) {
    case 'noise':
      return addNoise(image, 70 * severity, rng);
    case 'blur':
      return mix(image, boxBlur(image, severity > 0.5 ? 2 : 1), Math.min(1, 0.3 + severity));
    case 'colour':
      return shiftColour(image, severity, rng);
    case 'blocks':
      return cellOffsets(image, 60 * severity, rng);
  }
}

/** A picture with one structural fault; `severity` in (0, 1]; `other` is the second scene of a ghost. */
export function structureFault(
  image: Uint8Array,
  fault: StructureFault,
  options: { severity: number; rng: RandomStream; other?: Uint8Array },
): Uint8Array {
  const { severity, rng } = options;
  switch (fault) {
    case 'shuffle':
      return shuffleCells(image, severity, rng);
    case 'tear':
      return tear(image, severity, rng);
    case 'missing':
      return wipe(image, severity, rng);
    case 'ghost':
      return mix(image, options.other ?? flipped(image), 0.15 + 0.35 * severity);
    case 'misplaced':
      return moveRectangle(image, severity, rng);
  }
}

/** A fault counts as seen when at least this share of the pixels changes by more than a hair. */
const SEEN_SHARE = 0.04;
const SEEN_STEP = 24;

/**
 * A structural fault that can be seen: moving a piece of plain wall over plain wall is no fault. Undefined when four
 * attempts changed nothing to speak of.
 */
export function visibleFault(
  image: Uint8Array,
  fault: StructureFault,
  options: { severity: number; rng: RandomStream; other?: Uint8Array },
): Uint8Array | undefined {
  for (let attempt = 0; attempt < 4; attempt++) {
    const faulty = structureFault(image, fault, options);
    let changed = 0;
    for (let i = 0; i < image.length; i += 3)
      if (
        Math.abs(image[i] - faulty[i]) +
          Math.abs(image[i + 1] - faulty[i + 1]) +
          Math.abs(image[i + 2] - faulty[i + 2]) >
        SEEN_STEP
      )
        changed++;
    if (changed >= (SEEN_SHARE * image.length) / 3) return faulty;
  }
  return undefined;
}

/** Gaussian noise of standard deviation `sigma` (in bytes) on every channel. */
export function addNoise(image: Uint8Array, sigma: number, rng: RandomStream): Uint8Array {
  const noise = rng.normals(image.length);
  return image.map((v, i) => clampByte(v + sigma * noise[i]));
}

/** Mean over a (2 radius + 1)^2 box, edges repeated. */
export function boxBlur(image: Uint8Array, radius: number): Uint8Array {
  const edge = (v: number): number => Math.min(SIDE - 1, Math.max(0, v));
  const rows = new Float32Array(image.length);
  const out = new Uint8Array(image.length);
  const n = 2 * radius + 1;
  for (let y = 0; y < SIDE; y++)
    for (let x = 0; x < SIDE; x++)
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let d = -radius; d <= radius; d++) sum += image[offset(y, edge(x + d)) + c];
        rows[offset(y, x) + c] = sum / n;
      }
  for (let y = 0; y < SIDE; y++)
    for (let x = 0; x < SIDE; x++)
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let d = -radius; d <= radius; d++) sum += rows[offset(edge(y + d), x) + c];
        out[offset(y, x) + c] = clampByte(sum / n);
      }
  return out;
}

/** `(1 - amount) a + amount b`. */
export function mix(a: Uint8Array, b: Uint8Array, amount: number): Uint8Array {
  return a.map((v, i) => clampByte(v * (1 - amount) + b[i] * amount));
}

/** The picture moved by whole pixels, edges repeated: a gentle augmentation. */
export function jitter(image: Uint8Array, dy: number, dx: number): Uint8Array {
  const out = new Uint8Array(image.length);
  const edge = (v: number): number => Math.min(SIDE - 1, Math.max(0, v));
  for (let y = 0; y < SIDE; y++)
    for (let x = 0; x < SIDE; x++) {
      const source = offset(edge(y + dy), edge(x + dx));
      out.set(image.subarray(source, source + 3), offset(y, x));
    }
  return out;
}

function flipped(image: Uint8Array): Uint8Array {
  const out = new Uint8Array(image.length);
  for (let y = 0; y < SIDE; y++)
    for (let x = 0; x < SIDE; x++)
      out.set(image.subarray(offset(y, x), offset(y, x) + 3), offset(SIDE - 1 - y, SIDE - 1 - x));
  return out;
}

function shiftColour(image: Uint8Array, severity: number, rng: RandomStream): Uint8Array {
  const gain = [0, 1, 2].map(() => 1 + severity * 0.6 * (2 * rng.uniform() - 1));
  const lift = [0, 1, 2].map(() => severity * 70 * (2 * rng.uniform() - 1));
  const grey = rng.uniform() < 0.3 ? severity : 0;
  const out = new Uint8Array(image.length);
  for (let i = 0; i < image.length; i += 3) {
    const luma = 0.3 * image[i] + 0.59 * image[i + 1] + 0.11 * image[i + 2];
    for (let c = 0; c < 3; c++)
      out[i + c] = clampByte((image[i + c] * (1 - grey) + luma * grey) * gain[c] + lift[c]);
  }
  return out;
}

/** Every 8x8 cell gets its own colour offset: the grid a patch painter leaves when it disagrees with itself. */
function cellOffsets(image: Uint8Array, size: number, rng: RandomStream): Uint8Array {
  const side = SIDE / CELL;
  const offsets = rng.normals(side * side * 3);
  const out = new Uint8Array(image.length);
  for (let y = 0; y < SIDE; y++)
    for (let x = 0; x < SIDE; x++) {
      const cell = Math.floor(y / CELL) * side + Math.floor(x / CELL);
      for (let c = 0; c < 3; c++)
        out[offset(y, x) + c] = clampByte(image[offset(y, x) + c] + size * offsets[cell * 3 + c]);
    }
  return out;
}

function copyRectangle(
  from: Uint8Array,
  to: Uint8Array,
  box: { y: number; x: number; height: number; width: number; toY: number; toX: number },
): void {
  for (let r = 0; r < box.height; r++) {
    const source = offset(box.y + r, box.x);
    to.set(from.subarray(source, source + box.width * 3), offset(box.toY + r, box.toX));
  }
}

function shuffleCells(image: Uint8Array, severity: number, rng: RandomStream): Uint8Array {
  const side = SIDE / CELL;
  const all = Array.from({ length: side * side }, (_, i) => i);
  const chosen = rng.shuffle(all.slice()).slice(0, Math.max(4, Math.round(severity * all.length)));
  const out = image.slice();
  chosen.forEach((target, i) => {
    const source = chosen[(i + 1) % chosen.length];
    copyRectangle(image, out, {
      y: Math.floor(source / side) * CELL,
      x: (source % side) * CELL,
      height: CELL,
      width: CELL,
      toY: Math.floor(target / side) * CELL,
      toX: (target % side) * CELL,
    });
  });
  return out;
}

/** Everything below (or beside) a line slides along it. */
function tear(image: Uint8Array, severity: number, rng: RandomStream): Uint8Array {
  const line = 20 + rng.int(24);
  const slide = Math.round(6 + 20 * severity) * (rng.uniform() < 0.5 ? 1 : -1);
  const upright = rng.uniform() < 0.5;
  const out = image.slice();
  for (let a = line; a < SIDE; a++)
    for (let b = 0; b < SIDE; b++) {
      const moved = (b + slide + SIDE) % SIDE;
      const source = upright ? offset(a, moved) : offset(moved, a);
      out.set(image.subarray(source, source + 3), upright ? offset(a, b) : offset(b, a));
    }
  return out;
}

/** Wipes a band through the middle with the colour of the picture's edge: a part that was never painted. */
function wipe(image: Uint8Array, severity: number, rng: RandomStream): Uint8Array {
  const out = image.slice();
  const height = Math.round(14 + 26 * severity);
  const y0 = 8 + rng.int(Math.max(1, SIDE - 16 - height));
  const left = rng.uniform() < 0.5;
  for (let y = y0; y < y0 + height; y++) {
    const colour = image.subarray(offset(y, left ? 0 : SIDE - 1), offset(y, left ? 0 : SIDE - 1) + 3);
    const from = left ? 0 : SIDE / 2 - 4;
    for (let x = from; x < from + SIDE / 2 + 4; x++) out.set(colour, offset(y, x));
  }
  return out;
}

function moveRectangle(image: Uint8Array, severity: number, rng: RandomStream): Uint8Array {
  const out = image.slice();
  const size = Math.round(12 + 14 * severity);
  const y = 12 + rng.int(Math.max(1, 40 - size));
  const x = 12 + rng.int(Math.max(1, 40 - size));
  const toY = rng.int(SIDE - size);
  const toX = rng.int(SIDE - size);
  copyRectangle(image, out, { y, x, height: size, width: size, toY, toX });
  return out;
}
