/** Draws a scene spec: background, puddle, prop, sprites, writing. The same spec and artist give the same bytes. */
import { backgroundPixels, inkOf, SCENE_SIZE } from './backgrounds';
import { spriteOf } from './atlas';
import { COLOUR_RGB, Rgb } from './canvas';
import { drawLine, lineRow } from './glyphs';
import { layoutScene, PlacedSprite } from './layout';
import { propPicture } from './props';
import { artistsOf, validateScene } from './scene';
import { AnyArtist, Colour, SceneSpec } from './types';

export interface RenderOptions {
  /** Who draws the objects; default: the spec's style, else one of those who can, chosen by `seed`. */
  artist?: AnyArtist;
  /** Chooses the artist when neither `artist` nor `style` is given (default 0). */
  seed?: number;
}

/**
 * Draws a scene as RGB bytes, [64, 64, 3] row-major.
 * Throws when the spec is invalid or the artist has not drawn one of its objects.
 */
export function renderScene(spec: SceneSpec, { artist, seed = 0 }: RenderOptions = {}): Uint8Array {
  validateScene(spec);
  const able = artistsOf(spec);
  const who = artist ?? spec.style ?? able[Math.abs(Math.trunc(seed)) % able.length];
  if (!who)
    throw new Error(`scene: no artist has drawn all of ${spec.objects.map((o) => o.concept).join(', ')}`);
  const pixels = backgroundPixels(spec.background, spec.time).slice();
  const { props, sprites } = layoutScene(spec);
  for (const { prop, x, y, width, height } of props)
    blit(pixels, propPicture(prop, width, height).data, { x, y, width, height });
  for (const sprite of sprites)
    blit(pixels, tinted(sprite, who), {
      x: sprite.x,
      y: sprite.y,
      width: sprite.px,
      height: sprite.px,
      flip: sprite.flip,
    });
  const ink = inkOf(spec.background);
  const crowded = sprites.length > 0 || props.length > 0;
  if (ink) spec.text?.forEach((line, i) => line && drawLine(pixels, line, lineRow(i, crowded), ink));
  return pixels;
}

const tints = new Map<string, Uint8Array>();
/** Tinted sprites that are kept: all of them, in every size, would take 400 MB. */
const KEPT_TINTS = 8192;

function tinted({ concept, px, tint }: PlacedSprite, artist: AnyArtist): Uint8Array {
  const sprite = spriteOf(concept, artist, px);
  if (!tint) return sprite;
  const key = `${artist}/${concept}/${px}/${tint}`;
  let picture = tints.get(key);
  if (!picture) {
    if (tints.size >= KEPT_TINTS) tints.delete(tints.keys().next().value as string);
    tints.set(key, (picture = tintSprite(sprite, tint)));
  }
  return picture;
}

/** Repaints a premultiplied sprite in shades of one colour: dark stays dark, light becomes the colour, glints stay white. */
export function tintSprite(sprite: Uint8Array, tint: Colour): Uint8Array {
  const rgb: Rgb = COLOUR_RGB[tint];
  const lumas: number[] = [];
  for (let i = 0; i < sprite.length; i += 4)
    if (sprite[i + 3] > 128)
      lumas.push((0.299 * sprite[i] + 0.587 * sprite[i + 1] + 0.114 * sprite[i + 2]) / sprite[i + 3]);
  lumas.sort((a, b) => a - b);
  // The sprite's own mid tone becomes the colour itself, so that dark and light things take a tint alike.
  const middle = Math.min(0.9, Math.max(0.2, lumas[lumas.length >> 1] ?? 0.5));
  const out = new Uint8Array(sprite.length);
  for (let i = 0; i < sprite.length; i += 4) {
    const alpha = sprite[i + 3];
    if (alpha === 0) continue;
    const luma = Math.min(1, (0.299 * sprite[i] + 0.587 * sprite[i + 1] + 0.114 * sprite[i + 2]) / alpha);
    const dark = Math.min(1, 0.35 + (0.65 * luma) / middle);
    const glint = luma > middle ? (0.45 * (luma - middle)) / (1.0001 - middle) : 0;
    for (let c = 0; c < 3; c++)
      out[i + c] = Math.min(
        alpha,
        Math.round(((rgb[c] * dark + (255 - rgb[c] * dark) * glint) * alpha) / 255),
      );
    out[i + 3] = alpha;
  }
  return out;
}

interface Target {
  x: number;
  y: number;
  width: number;
  height: number;
  flip?: boolean;
}

/** Puts a premultiplied RGBA picture over RGB pixels [64, 64, 3], clipped. */
function blit(pixels: Uint8Array, source: Uint8Array, { x, y, width, height, flip }: Target): void {
  const x0 = Math.max(0, -x);
  const x1 = Math.min(width, SCENE_SIZE - x);
  const y1 = Math.min(height, SCENE_SIZE - y);
  for (let sy = Math.max(0, -y); sy < y1; sy++) {
    for (let sx = x0; sx < x1; sx++) {
      const from = (sy * width + (flip ? width - 1 - sx : sx)) * 4;
      const alpha = source[from + 3];
      if (alpha === 0) continue;
      const to = ((y + sy) * SCENE_SIZE + x + sx) * 3;
      if (alpha === 255) {
        pixels[to] = source[from];
        pixels[to + 1] = source[from + 1];
        pixels[to + 2] = source[from + 2];
      } else {
        const keep = 255 - alpha;
        for (let c = 0; c < 3; c++) {
          const value = source[from + c] + pixels[to + c] * keep * (1 / 255);
          pixels[to + c] = value > 255 ? 255 : value + 0.5;
        }
      }
    }
  }
}
