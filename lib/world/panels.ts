/** Four scenes in one picture: panels of 31x31 pixels in a dark frame, each with one or two things. */
import { backgroundPixels, SCENE_SIZE } from './backgrounds';
import { Rgb } from './canvas';
import { clockPicture } from './figure-picture';
import { blit, fillRect } from './pixels';
import { propPicture } from './props';
import { Colour, SceneSpec } from './types';

export const PANELS = 4;
export const PANEL_SIDE = 31;
const STEP = 33;
const FRAME: Rgb = [24, 24, 30];

/** The top left pixel of a panel, 0..3, by rows. */
export function panelCorner(index: number): { x: number; y: number } {
  return { x: (index % 2) * STEP, y: Math.floor(index / 2) * STEP };
}

/** Everything wrong with the panels of a scene, besides what is wrong with each as a scene of its own. */
export function panelProblems(spec: SceneSpec): string[] {
  const { panels } = spec;
  if (!panels) return [];
  const problems: string[] = [];
  if (panels.length !== PANELS) problems.push(`panels has ${panels.length} scenes, want ${PANELS}`);
  if (spec.background !== 'white')
    problems.push(
      `a scene with panels on background "${spec.background}", want white (each panel has its own)`,
    );
  if (spec.objects.length > 0 || spec.props?.length || spec.text?.length || spec.figure)
    problems.push('panels and something else in one picture, want nothing outside the panels');
  panels.forEach((panel, i) =>
    problems.push(...onePanel(panel).map((problem) => `panels[${i}]: ${problem}`)),
  );
  return problems;
}

function onePanel(panel: SceneSpec): string[] {
  const problems: string[] = [];
  if (panel.style) problems.push(`style "${panel.style}" in a panel, want it outside`);
  if (panel.text?.some((line) => line !== '')) problems.push('text in a panel, too small to read, want none');
  if (panel.figure && panel.figure.name !== 'clock')
    problems.push(`a ${panel.figure.name} in a panel, want a clock`);
  if (panel.relation) problems.push(`relation "${panel.relation}" in a panel, want none`);
  if (panel.props?.some(({ name }) => name === 'seesaw'))
    problems.push('a seesaw in a panel, too small, want another prop');
  const counts = panel.objects.reduce((sum, { count = 1 }) => sum + count, 0);
  const things = counts + (panel.props?.length ?? 0) + (panel.figure ? 1 : 0);
  if (things > 2) problems.push(`${things} things, want at most 2`);
  for (const object of panel.objects)
    if (object.size || object.slot)
      problems.push(`${object.concept} has a ${object.size ? 'size' : 'slot'}, want neither in a panel`);
  return problems;
}

const backgrounds = new Map<string, Uint8Array>();

/** The background at half size, 31x31: the mean of each 2x2 block of pixels, the last row and column left out. */
function smallBackground({ background, time }: SceneSpec): Uint8Array {
  const key = `${background} ${time ?? 'day'}`;
  let small = backgrounds.get(key);
  if (small) return small;
  const whole = backgroundPixels(background, time);
  small = new Uint8Array(PANEL_SIDE * PANEL_SIDE * 3);
  for (let y = 0; y < PANEL_SIDE; y++)
    for (let x = 0; x < PANEL_SIDE; x++)
      for (let c = 0; c < 3; c++) {
        const at = (2 * y * SCENE_SIZE + 2 * x) * 3 + c;
        const down = SCENE_SIZE * 3;
        const sum = whole[at] + whole[at + 3] + whole[at + down] + whole[at + down + 3];
        small[(y * PANEL_SIDE + x) * 3 + c] = Math.round(sum / 4);
      }
  backgrounds.set(key, small);
  return small;
}

/** The sprite of a concept at a size, tinted and turned. */
export type SpriteSource = (sprite: {
  concept: string;
  px: number;
  tint?: Colour;
  turn?: number;
}) => Uint8Array;

/** Draws four panels into RGB pixels [64, 64, 3]. */
export function drawPanels(pixels: Uint8Array, panels: readonly SceneSpec[], sprite: SpriteSource): void {
  fillRect(pixels, { x: 0, y: 0, width: SCENE_SIZE, height: SCENE_SIZE }, FRAME);
  panels.forEach((panel, i) => {
    const { x, y } = panelCorner(i);
    const small = smallBackground(panel);
    for (let row = 0; row < PANEL_SIDE; row++)
      pixels.set(
        small.subarray(row * PANEL_SIDE * 3, (row + 1) * PANEL_SIDE * 3),
        ((y + row) * SCENE_SIZE + x) * 3,
      );
    drawThings(pixels, panel, { x, y, sprite });
  });
}

/** Where the things of a panel stand, relative to its corner, in drawing order; puddles lie below all. */
function panelThings(panel: SceneSpec): { px: number; top: number; lefts: number[] } {
  const things =
    panel.objects.reduce((sum, { count = 1 }) => sum + count, 0) +
    (panel.props ?? []).filter(({ name }) => name !== 'puddle').length +
    (panel.figure ? 1 : 0);
  const [px, top, left] = things > 1 ? [16, 11, 0] : [26, 4, 2];
  return { px, top, lefts: Array.from({ length: things }, (_, i) => left + 15 * i) };
}

/** Places of the objects of a panel in its 31x31 pixels, the objects of the list first to last. */
export function panelSprites(panel: SceneSpec): { concept: string; x: number; y: number; px: number }[] {
  const { px, top, lefts } = panelThings(panel);
  const names = panel.objects.flatMap(({ concept, count = 1 }) => Array<string>(count).fill(concept));
  return names.map((concept, i) => ({ concept, x: lefts[i], y: top, px }));
}

function drawThings(
  pixels: Uint8Array,
  panel: SceneSpec,
  { x, y, sprite }: { x: number; y: number; sprite: SpriteSource },
): void {
  const props = [...(panel.props ?? [])].sort(
    (a, b) => Number(b.name === 'puddle') - Number(a.name === 'puddle'),
  );
  const { px, top, lefts } = panelThings(panel);
  let next = 0;
  const place = (source: Uint8Array, flip?: boolean): void =>
    blit(pixels, source, { x: x + lefts[next++], y: y + top, width: px, height: px, flip });
  for (const prop of props)
    if (prop.name === 'puddle')
      blit(pixels, propPicture(prop, 27, 8).data, { x: x + 2, y: y + 22, width: 27, height: 8 });
  for (const { concept, count = 1, tint, turn, flip } of panel.objects)
    for (let i = 0; i < count; i++) place(sprite({ concept, px, tint, turn }), flip);
  for (const prop of props) if (prop.name !== 'puddle') place(propPicture(prop, px, px).data);
  if (panel.figure?.name === 'clock') place(clockPicture(panel.figure, px));
}
