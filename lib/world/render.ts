/** Draws a scene spec: background, puddle, prop, figure, sprites, writing, or four panels. The same spec and artist give the same bytes. */
import { backgroundPixels, inkOf } from './backgrounds';
import { spriteOf } from './atlas';
import { COLOUR_RGB, Rgb } from './canvas';
import { drawFigure } from './figure-picture';
import { drawLine, lineRow } from './glyphs';
import { layoutScene, PlacedSprite } from './layout';
import { drawPanels } from './panels';
import { blit, turned } from './pixels';
import { propPicture } from './props';
import { artistsOf, validateScene } from './scene';
import { AnyArtist, Colour, SceneSpec } from './types';

export interface RenderOptions {
  /** Who draws the objects; default: the spec's style, else one of those who can, chosen by `seed`. */
  artist?: AnyArtist;
  /** Chooses the artist when neither `artist` nor `style` is given (default 0). */
  seed?: number;
  /** Draws specs that are wrong too, such as a sudoku with a number twice: for faulty pictures (figure-faults.ts). */
  unchecked?: boolean;
  /** Pictures of concepts in the place of the artist's: premultiplied RGBA, [px, px, 4]. */
  sprite?: (concept: string, px: number) => Uint8Array;
}

/**
 * Draws a scene as RGB bytes, [64, 64, 3] row-major.
 * Throws when the spec is invalid or the artist has not drawn one of its objects.
 */
export function renderScene(
  spec: SceneSpec,
  { artist, seed = 0, unchecked = false, sprite: own }: RenderOptions = {},
): Uint8Array {
  if (!unchecked) validateScene(spec);
  const able = artistsOf(spec);
  const who = artist ?? spec.style ?? able[Math.abs(Math.trunc(seed)) % able.length];
  if (!who)
    throw new Error(`scene: no artist has drawn all of ${spec.objects.map((o) => o.concept).join(', ')}`);
  const pixels = backgroundPixels(spec.background, spec.time).slice();
  const paint = (sprite: Sprite): Uint8Array => {
    const { concept, px, tint, turn } = sprite;
    const plain = own?.(concept, px);
    const picture = !plain ? tinted(sprite, who) : tint ? tintSprite(plain, tint) : plain;
    return turn ? turned(picture, px, turn) : picture;
  };
  if (spec.panels) {
    drawPanels(pixels, spec.panels, paint);
    return pixels;
  }
  const { props, sprites } = layoutScene(spec);
  for (const { prop, x, y, width, height } of props)
    blit(pixels, propPicture(prop, width, height).data, { x, y, width, height });
  if (spec.figure)
    drawFigure(pixels, spec.figure, { background: spec.background, beside: sprites.length > slotted(spec) });
  for (const sprite of sprites)
    blit(pixels, paint(sprite), {
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

function slotted(spec: SceneSpec): number {
  return spec.objects.filter((object) => object.slot).length;
}

type Sprite = Pick<PlacedSprite, 'concept' | 'px' | 'tint'> & { turn?: number };

function tinted({ concept, px, tint }: Sprite, artist: AnyArtist): Uint8Array {
  const sprite = spriteOf(concept, artist, px);
  if (!tint) return sprite;
  const key = `${artist}/${concept}/${px}/${tint}`;
  let picture = tints.get(key);
  if (!picture) {
    if (tints.size >= KEPT_TINTS) tints.delete(tints.keys().next().value as string);
    tints.set(key, (picture = tintSprite(sprite, tint, concept)));
  }
  return picture;
}

/** Pictures of light before a dark sky: the sky, which is most of them, must not take the colour. */
const GLOWING = new Set(['firework']);

/**
 * Repaints a premultiplied sprite in shades of one colour: dark stays dark, light becomes the colour, glints stay white.
 * Of a `concept` that glows only what is bright takes the colour.
 */
export function tintSprite(sprite: Uint8Array, tint: Colour, concept?: string): Uint8Array {
  const glows = concept !== undefined && GLOWING.has(concept);
  const rgb: Rgb = COLOUR_RGB[tint];
  const lumas: number[] = [];
  for (let i = 0; i < sprite.length; i += 4)
    if (sprite[i + 3] > 128)
      lumas.push((0.299 * sprite[i] + 0.587 * sprite[i + 1] + 0.114 * sprite[i + 2]) / sprite[i + 3]);
  lumas.sort((a, b) => a - b);
  // The sprite's own mid tone becomes the colour itself, so that dark and light things take a tint alike.
  const middle = Math.min(0.9, Math.max(0.2, lumas[Math.floor(lumas.length * (glows ? 0.95 : 0.5))] ?? 0.5));
  const out = new Uint8Array(sprite.length);
  for (let i = 0; i < sprite.length; i += 4) {
    const alpha = sprite[i + 3];
    if (alpha === 0) continue;
    const luma = Math.min(1, (0.299 * sprite[i] + 0.587 * sprite[i + 1] + 0.114 * sprite[i + 2]) / alpha);
    const dark = Math.min(1, glows ? 0.1 + 0.9 * (luma / middle) ** 2 : 0.35 + (0.65 * luma) / middle);
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
