/** Cards: pictures with what was asked and what they show in words under them, tiled on one sheet. */
import sharp, { type OverlayOptions } from 'sharp';
import { escapeHtml, inNotebook, showPng } from './display';
import { enlarged, smallPng, wrapLabel } from './image';

export interface Card {
  /** Side by side, RGB bytes of 64 x 64 pixels each; a before and an after have an arrow between them. */
  pictures: Uint8Array[];
  /** In dark letters: what was asked. */
  title: string;
  /** Below it in blue: what the picture shows. */
  text?: string;
}

/** Layout of a sheet of cards; the first card's number of pictures is that of all. */
export interface CardOptions {
  columns?: number;
  /** Enlargement of the pictures, nearest neighbour; default 2. */
  scale?: number;
  /** Width of a card in pixels; default fits the pictures, 152 at least. */
  width?: number;
  /** Lines that a title and a text may fill before they are cut short; default 4 each. */
  lines?: number;
}

const SIDE = 64;
const GAP = 8;
const ARROW = 16;
const LEAST_WIDTH = 152;
const LINE_HEIGHT = 12;
const CHARACTER_WIDTH = 6.03; // of the 10-pixel monospace font
const EDGE = 85; // a step of opacity: 0, 85, 170 or 255
const TITLE_COLOUR = '#111111';
const TEXT_COLOUR = '#1a4f8a';

/** `count` items taken in turn from the groups, and evenly within each; all items, group by group, when there are no more. */
export function spreadOver<T>(items: readonly T[], count: number, groupOf: (item: T) => string): T[] {
  const groups = [...new Set(items.map(groupOf))].map((name) =>
    items.filter((item) => groupOf(item) === name),
  );
  const quotas = groups.map(() => 0);
  let left = Math.min(count, items.length);
  // With more groups than places, the groups themselves are taken evenly.
  const order =
    groups.length > left
      ? Array.from({ length: left }, (_, i) => Math.floor(((i + 0.5) * groups.length) / left))
      : [...groups.keys()];
  while (left > 0)
    for (const at of order)
      if (left > 0 && quotas[at] < groups[at].length) {
        quotas[at]++;
        left--;
      }
  return groups.flatMap((group, at) =>
    Array.from({ length: quotas[at] }, (_, i) => group[Math.floor(((i + 0.5) * group.length) / quotas[at])]),
  );
}

/**
 * PNG bytes of the cards row by row; a row is as high as its longest words.
 * @throws Error when there are no cards or a picture has another size
 */
export async function cardSheet(cards: readonly Card[], options: CardOptions = {}): Promise<Buffer> {
  if (cards.length === 0) throw new Error('cardSheet: no cards given, want at least one');
  const { columns = 6, scale = 2, lines = 4 } = options;
  const side = SIDE * scale;
  const shown = cards[0].pictures.length;
  const { width = Math.max(LEAST_WIDTH, shown * side + (shown - 1) * ARROW) } = options;
  const room = Math.floor(width / CHARACTER_WIDTH);
  const layers: OverlayOptions[] = [];
  const texts: string[] = [];
  let top = GAP;
  for (let first = 0; first < cards.length; first += columns) {
    let tallest = 0;
    for (const [column, card] of cards.slice(first, first + columns).entries()) {
      const left = GAP + column * (width + GAP);
      for (const [i, data] of card.pictures.entries()) {
        const x = left + i * (side + ARROW);
        layers.push({ input: await enlarged({ data }, scale), left: x, top });
        if (i > 0) texts.push(`<text x="${x - ARROW + 4}" y="${top + side / 2}">→</text>`);
      }
      const title = wrapLabel(card.title, room, lines);
      const text = wrapLabel(card.text ?? '', room, lines);
      [...title, ...text].forEach((line, i) => {
        const colour = i < title.length ? TITLE_COLOUR : TEXT_COLOUR;
        const y = top + side + (i + 1) * LINE_HEIGHT;
        texts.push(`<text x="${left}" y="${y}" fill="${colour}">${escapeHtml(line)}</text>`);
      });
      tallest = Math.max(tallest, title.length + text.length);
    }
    top += side + tallest * LINE_HEIGHT + GAP + 4;
  }
  const sheetWidth = GAP + Math.min(columns, cards.length) * (width + GAP);
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${sheetWidth}" height="${top}" ` +
    `font-family="DejaVu Sans Mono, monospace" font-size="10">${texts.join('')}</svg>`;
  layers.push(await lettering(svg));
  const sheet = await sharp({
    create: { width: sheetWidth, height: top, channels: 3, background: '#ffffff' },
  })
    .composite(layers)
    .png()
    .toBuffer();
  return smallPng(sheet);
}

/** Letters with few shades of grey at their edges: a sheet is mostly words, and is half as large for it. */
async function lettering(svg: string): Promise<OverlayOptions> {
  const { data, info } = await sharp(Buffer.from(svg))
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  for (let at = 3; at < data.length; at += 4) data[at] = Math.round(data[at] / EDGE) * EDGE;
  const raw = { width: info.width, height: info.height, channels: 4 as const };
  return { input: data, raw, left: 0, top: 0 };
}

/** Shows the cards in the cell as one sheet. */
export async function showCards(
  cards: readonly Card[],
  options: CardOptions & { alt?: string } = {},
): Promise<void> {
  if (!inNotebook()) return;
  const titles = cards.map(({ title, text = '' }) => `${title} -> ${text}`).join('\n');
  showPng(await cardSheet(cards, options), { alt: options.alt ?? titles });
}
