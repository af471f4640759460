/**
 * Changes of sprites that imitate an artist nobody has seen: other colours, flat or grey paint, dark outlines, a
 * little turned, stretched or sheared. With them a judge learns shapes and parts instead of four artists' pixels.
 */
import type { RandomStream } from '../tensor';

/** How all sprites of one picture are changed. */
export interface SpriteStyle {
  /** Gain and lift of each channel, after saturation. */
  gain: [number, number, number];
  lift: [number, number, number];
  /** 0 grey, 1 as it is, above 1 more colourful. */
  saturation: number;
  /** Exponent on brightness. */
  gamma: number;
  /** Levels of each channel, or 0 for smooth paint. */
  levels: number;
  /** Share of black on the outer edge and on edges inside. */
  outline: number;
  inner: number;
}

const between = (rng: RandomStream, low: number, high: number): number => low + (high - low) * rng.uniform();
const triple = (f: () => number): [number, number, number] => [f(), f(), f()];

/** A random style; `strength` in [0, 1], 0 changes nothing. */
export function randomStyle(rng: RandomStream, strength: number): SpriteStyle {
  const grey = rng.uniform() < 0.12 * strength;
  return {
    gain: triple(() => 1 + strength * between(rng, -0.22, 0.22)),
    lift: triple(() => strength * between(rng, -22, 22)),
    saturation: grey ? 0 : 1 + strength * between(rng, -0.5, 0.5),
    gamma: Math.exp(strength * between(rng, -0.35, 0.35)),
    levels: rng.uniform() < 0.2 * strength ? 3 + rng.int(3) : 0,
    outline: rng.uniform() < 0.5 * strength ? between(rng, 0.5, 1) : 0,
    inner: rng.uniform() < 0.5 * strength ? between(rng, 0.3, 1) : 0,
  };
}

/** A slightly turned, sheared and stretched copy of a premultiplied sprite [side, side, 4]. */
export function warped(sprite: Uint8Array, side: number, rng: RandomStream): Uint8Array {
  const angle = between(rng, -0.22, 0.22);
  const [sx, sy, shear] = [between(rng, 0.94, 1.2), between(rng, 0.94, 1.2), between(rng, -0.12, 0.12)];
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const middle = (side - 1) / 2;
  const out = new Uint8Array(sprite.length);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      const [dx, dy] = [x - middle, y - middle];
      const fx = (cos * dx + sin * dy + shear * dy) * sx + middle;
      const fy = (cos * dy - sin * dx) * sy + middle;
      const [x0, y0] = [Math.floor(fx), Math.floor(fy)];
      const [tx, ty] = [fx - x0, fy - y0];
      for (let corner = 0; corner < 4; corner++) {
        const [cx, cy] = [x0 + (corner & 1), y0 + (corner >> 1)];
        if (cx < 0 || cy < 0 || cx >= side || cy >= side) continue;
        const weight = (corner & 1 ? tx : 1 - tx) * (corner >> 1 ? ty : 1 - ty);
        for (let c = 0; c < 4; c++) out[(y * side + x) * 4 + c] += sprite[(cy * side + cx) * 4 + c] * weight;
      }
    }
  return out;
}

/** The sprite in another style; premultiplied RGBA, [side, side, 4]. */
export function restyled(sprite: Uint8Array, side: number, style: SpriteStyle): Uint8Array {
  const { gain, lift, saturation, gamma, levels, outline, inner } = style;
  const out = new Uint8Array(sprite.length);
  const curve = Float32Array.from({ length: 256 }, (_, v) => 255 * Math.pow(v / 255, gamma));
  const luma = new Float32Array(side * side);
  for (let i = 0; i < side * side; i++) {
    const at = i * 4;
    const alpha = sprite[at + 3];
    if (alpha === 0) continue;
    const grey = (0.3 * sprite[at] + 0.59 * sprite[at + 1] + 0.11 * sprite[at + 2]) * (255 / alpha);
    luma[i] = grey;
    for (let c = 0; c < 3; c++) {
      let value = grey + ((sprite[at + c] * 255) / alpha - grey) * saturation;
      value = curve[clamp(Math.round(value))] * gain[c] + lift[c];
      if (levels > 0) value = (Math.round((clamp(value) / 255) * (levels - 1)) * 255) / (levels - 1);
      out[at + c] = (clamp(value) * alpha) / 255;
    }
    out[at + 3] = alpha;
  }
  if (inner > 0) darkenEdges(out, luma, { side, inner });
  return outline > 0 ? outlined(out, side, outline) : out;
}

const clamp = (v: number): number => (v < 0 ? 0 : v > 255 ? 255 : v);

/** Black where the brightness inside the sprite changes quickly. */
function darkenEdges(
  out: Uint8Array,
  luma: Float32Array,
  { side, inner }: { side: number; inner: number },
): void {
  for (let y = 0; y < side - 1; y++)
    for (let x = 0; x < side - 1; x++) {
      const i = y * side + x;
      if (out[i * 4 + 3] < 128) continue;
      const step = Math.abs(luma[i] - luma[i + 1]) + Math.abs(luma[i] - luma[i + side]);
      const keep = 1 - inner * Math.min(1, Math.max(0, (step - 20) / 60));
      for (let c = 0; c < 3; c++) out[i * 4 + c] *= keep;
    }
}

/** A dark line one pixel wide behind the edge of the sprite. */
function outlined(sprite: Uint8Array, side: number, strength: number): Uint8Array {
  const out = sprite.slice();
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      const at = (y * side + x) * 4 + 3;
      let most = sprite[at];
      let least = sprite[at];
      for (const [ny, nx] of [
        [y - 1, x],
        [y + 1, x],
        [y, x - 1],
        [y, x + 1],
      ]) {
        const inside = ny >= 0 && nx >= 0 && ny < side && nx < side;
        const alpha = inside ? sprite[(ny * side + nx) * 4 + 3] : 0;
        most = Math.max(most, alpha);
        least = Math.min(least, alpha);
      }
      const line = strength * ((most - least) / 255);
      if (line === 0) continue;
      for (let c = at - 3; c < at; c++) out[c] *= 1 - line;
      out[at] = Math.max(sprite[at], most * strength);
    }
  return out;
}
