/**
 * Template matching for the evaluation reader: how much of what stands out from the background at a place looks
 * like a given sprite. No training, no shared code with the reward judge; pictures are 64x64 RGB bytes.
 */
import { ARTISTS, CONCEPTS, conceptsUpTo, DEFAULT_TIER, layoutScene, spriteOf } from '../world';
import type { Artist, Background, ConceptInfo, SceneObject, SceneSpec, Size, Tier } from '../world';

const SIDE = 64;
/** Cells per side of the coarse pass, and how many candidates it hands on. */
const COARSE = 6;
const KEPT = 14;

/** A square of the picture where layouts put sprites. */
export interface Place {
  x: number;
  y: number;
  px: number;
}

export interface Match extends Place {
  concept: string;
  artist: Artist;
  /** Cosine between the residual (picture - background) and the sprite over that background, in [-1, 1]. */
  score: number;
}

/** Premultiplied RGBA of a sprite in planes the matcher wants: colour minus nothing, and alpha. */
interface Template {
  concept: string;
  artist: Artist;
  /** Premultiplied colour [n * 3] and alpha [n], both in [0, 255], full size. */
  colour: Float32Array;
  alpha: Float32Array;
  coarseColour: Float32Array;
  coarseAlpha: Float32Array;
}

/** Every place where the layout of this world puts a sprite, each once. */
export function allPlaces(): Place[] {
  const places = new Map<string, Place>();
  const concept = CONCEPTS[0].name;
  const other = CONCEPTS[1].name;
  const third = CONCEPTS[2].name;
  const background: Background = 'white';
  const add = (spec: SceneSpec): void => {
    let sprites;
    try {
      sprites = layoutScene(spec).sprites;
    } catch {
      return; // a combination that no layout holds
    }
    for (const { x, y, px } of sprites) places.set(`${x},${y},${px}`, { x, y, px });
  };
  const sizes: Size[] = ['small', 'medium', 'large'];
  const counts = [1, 2, 3, 4, 5] as const;
  const kinds = sizes.flatMap((size) => counts.map((count) => ({ size, count })));
  for (const a of kinds) {
    const first: SceneObject = { concept, ...a };
    add({ background, objects: [first] });
    add({ background, objects: [first], props: [{ name: 'bulb', on: true }] });
    for (const b of kinds)
      for (const relation of ['beside', 'above'] as const)
        add({ background, objects: [first, { concept: other, ...b }], relation });
  }
  for (const count of [1, 2] as const)
    add({
      background,
      objects: [concept, other, third].map((name) => ({ concept: name, count, size: 'small' })),
    });
  for (const slot of SLOT_NAMES)
    for (const size of sizes) add({ background, objects: [{ concept, slot, size }] });
  for (const down of ['left', 'right', 'level'] as const)
    add({ background, objects: [{ concept }, { concept: other }], props: [{ name: 'seesaw', down }] });
  return [...places.values()];
}

const SLOT_NAMES = [
  'centre',
  'left',
  'right',
  'top',
  'bottom',
  'top-left',
  'top-right',
  'bottom-left',
  'bottom-right',
] as const;

const cache = new Map<string, Template[]>();

function templatesAt(px: number, tier: Tier): Template[] {
  let list = cache.get(`${px}/${tier}`);
  if (!list) {
    list = conceptsUpTo(tier).flatMap((concept) =>
      ARTISTS.flatMap((artist) => templateOf(concept, artist, px)),
    );
    cache.set(`${px}/${tier}`, list);
  }
  return list;
}

function templateOf(concept: ConceptInfo, artist: Artist, px: number): Template[] {
  if (!concept.artists.includes(artist)) return [];
  const sprite = spriteOf(concept.name, artist, px);
  return [makeTemplate(sprite, px, { concept: concept.name, artist })];
}

/** A template from a premultiplied RGBA sprite. */
export function makeTemplate(
  sprite: Uint8Array,
  px: number,
  who: { concept: string; artist: Artist },
): Template {
  const n = px * px;
  const colour = new Float32Array(n * 3);
  const alpha = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    alpha[i] = sprite[i * 4 + 3];
    for (let c = 0; c < 3; c++) colour[i * 3 + c] = sprite[i * 4 + c];
  }
  return { ...who, colour, alpha, coarseColour: pool(colour, px, 3), coarseAlpha: pool(alpha, px, 1) };
}

/** Means over a COARSE x COARSE grid. */
function pool(values: Float32Array, px: number, channels: number): Float32Array {
  const out = new Float32Array(COARSE * COARSE * channels);
  const counts = new Float32Array(COARSE * COARSE);
  for (let y = 0; y < px; y++)
    for (let x = 0; x < px; x++) {
      const cell = Math.floor((y * COARSE) / px) * COARSE + Math.floor((x * COARSE) / px);
      counts[cell]++;
      for (let c = 0; c < channels; c++) out[cell * channels + c] += values[(y * px + x) * channels + c];
    }
  for (let cell = 0; cell < counts.length; cell++)
    for (let c = 0; c < channels; c++) out[cell * channels + c] /= counts[cell];
  return out;
}

function crop(image: Uint8Array, { x, y, px }: Place): Float32Array {
  const out = new Float32Array(px * px * 3);
  for (let r = 0; r < px; r++)
    for (let i = 0; i < px * 3; i++) out[r * px * 3 + i] = image[((y + r) * SIDE + x) * 3 + i];
  return out;
}

/** Cosine between `residual` and the template composed over `background`, minus the background. */
function cosine(
  residual: Float32Array,
  background: Float32Array,
  colour: Float32Array,
  alpha: Float32Array,
): number {
  let [dot, norm, own] = [0, 0, 0];
  for (let i = 0; i < alpha.length; i++) {
    const a = alpha[i] / 255;
    for (let c = 0; c < 3; c++) {
      const t = colour[i * 3 + c] - a * background[i * 3 + c];
      const r = residual[i * 3 + c];
      dot += t * r;
      norm += t * t;
      own += r * r;
    }
  }
  return norm === 0 || own === 0 ? 0 : dot / Math.sqrt(norm * own);
}

/** Same, with the picture mirrored as well, since a sprite may be flipped. */
function mirrored(values: Float32Array, side: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++)
      for (let c = 0; c < 3; c++) out[(y * side + x) * 3 + c] = values[(y * side + side - 1 - x) * 3 + c];
  return out;
}

/** What stands out at one place: the picture and the background there, their difference, and how strong it is. */
export interface Residual extends Place {
  residual: Float32Array;
  background: Float32Array;
  /** Mean absolute difference per channel, 0..255. */
  strength: number;
}

export function residualAt(image: Uint8Array, background: Uint8Array, place: Place): Residual {
  const back = crop(background, place);
  const residual = crop(image, place);
  let sum = 0;
  for (let i = 0; i < residual.length; i++) {
    residual[i] -= back[i];
    sum += Math.abs(residual[i]);
  }
  return { ...place, residual, background: back, strength: sum / residual.length };
}

/** Score of one template at one place, the better of both ways round. */
export function matchScore(at: Residual, template: Template): number {
  const straight = cosine(at.residual, at.background, template.colour, template.alpha);
  const flip = cosine(
    mirrored(at.residual, at.px),
    mirrored(at.background, at.px),
    template.colour,
    template.alpha,
  );
  return Math.max(straight, flip);
}

/** The best matches of a tier's concepts by all artists at one place, best first: a coarse pass, then the full sprites. */
export function matchesAt(at: Residual, tier: Tier = DEFAULT_TIER): Match[] {
  const views = [
    at,
    { ...at, residual: mirrored(at.residual, at.px), background: mirrored(at.background, at.px) },
  ].map((view) => ({ residual: pool(view.residual, at.px, 3), background: pool(view.background, at.px, 3) }));
  const coarse = templatesAt(at.px, tier).map((template) => ({
    template,
    score: Math.max(
      ...views.map((v) => cosine(v.residual, v.background, template.coarseColour, template.coarseAlpha)),
    ),
  }));
  coarse.sort((a, b) => b.score - a.score);
  return coarse
    .slice(0, KEPT)
    .map(({ template }) => ({
      x: at.x,
      y: at.y,
      px: at.px,
      concept: template.concept,
      artist: template.artist,
      score: matchScore(at, template),
    }))
    .sort((a, b) => b.score - a.score);
}
