/**
 * Draws edit pairs to look at: before and after side by side, with template, instruction and reason below. Palette PNGs.
 * data/cards/edits.png has one pair of every template; `--all` writes every change in numbered pages instead.
 */
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import {
  EDIT_KINDS,
  editArtists,
  EditKind,
  EditPair,
  editPictures,
  editsOf,
  GLYPHS,
  glyphRows,
  RgbImage,
  SCENE_SIZE,
} from '../lib/world';

const HELP = `usage: edit-sheet [--out DIR] [--kind KIND] [--template NAME] [--all]
Writes edits.png, one pair of every template (default: data/cards).
--all       one pair of every change, in pages edits-<kind>-<n>.png; give an --out that is not committed
--kind      one of ${EDIT_KINDS.join(', ')}
--template  pairs of one template only`;

const PAPER = 236;
const INK = 30;
/** Two pictures with a gap of two, and lines of 5x7 letters below. */
const CELL = { width: 136, line: 8, letters: 22, gap: 2 };
const PAGE = 96;

function option(name: string): string | undefined {
  const at = process.argv.indexOf(`--${name}`);
  if (at < 0) return undefined;
  const value = process.argv[at + 1];
  if (!value || value.startsWith('--')) throw new Error(`--${name}: no value, want one`);
  return value;
}

function wrap(text: string): string[] {
  const lines = [''];
  for (const word of text.split(' ').flatMap((w) => w.match(new RegExp(`.{1,${CELL.letters}}`, 'g')) ?? [])) {
    const last = lines[lines.length - 1];
    if (last.length + 1 + word.length <= CELL.letters) lines[lines.length - 1] = `${last} ${word}`.trim();
    else lines.push(word);
  }
  return lines;
}

function putLine(sheet: RgbImage, line: string, left: number, top: number): void {
  [...line.toUpperCase()].forEach((character, column) => {
    if (!GLYPHS.includes(character)) return;
    glyphRows(character).forEach((bits, y) => {
      for (let x = 0; x < 5; x++)
        if ((bits >> (4 - x)) & 1) {
          const to = ((top + y) * sheet.width + left + column * 6 + x) * 3;
          sheet.data.fill(INK, to, to + 3);
        }
    });
  });
}

function putPicture(sheet: RgbImage, picture: Uint8Array, left: number, top: number): void {
  for (let y = 0; y < SCENE_SIZE; y++)
    sheet.data.set(
      picture.subarray(y * SCENE_SIZE * 3, (y + 1) * SCENE_SIZE * 3),
      ((top + y) * sheet.width + left) * 3,
    );
}

/** Artists take turns, so that each is seen. */
function drawSheet(
  pairs: readonly EditPair[],
  columns: number,
  words: (pair: EditPair) => string[],
): RgbImage {
  const lines = pairs.map((pair) => words(pair).flatMap(wrap));
  const most = Math.max(...lines.map((each) => each.length));
  const height = SCENE_SIZE + 4 + most * CELL.line + 3;
  const width = columns * CELL.width;
  const sheet = { width, height: Math.ceil(pairs.length / columns) * height, data: new Uint8Array(0) };
  sheet.data = new Uint8Array(sheet.width * sheet.height * 3).fill(PAPER);
  pairs.forEach((pair, i) => {
    const able = editArtists(pair);
    const { before, after } = editPictures(pair, able[i % able.length]);
    const [left, top] = [(i % columns) * CELL.width, Math.floor(i / columns) * height];
    putPicture(sheet, before, left + 1, top + 1);
    putPicture(sheet, after, left + 1 + SCENE_SIZE + CELL.gap, top + 1);
    lines[i].forEach((line, row) => putLine(sheet, line, left + 1, top + SCENE_SIZE + 4 + row * CELL.line));
  });
  return sheet;
}

async function save(file: string, { width, height, data }: RgbImage, colours: number): Promise<void> {
  await sharp(data, { raw: { width, height, channels: 3 } })
    .png({ palette: true, colours, dither: 0, effort: 10, compressionLevel: 9 })
    .toFile(file);
  console.log(`${file}: ${width}x${height}, ${(statSync(file).size / 1024).toFixed(0)} KiB`);
}

function firstOf(pairs: readonly EditPair[], keyOf: (pair: EditPair) => string): EditPair[] {
  const seen = new Map<string, EditPair>();
  for (const pair of pairs) if (!seen.has(keyOf(pair))) seen.set(keyOf(pair), pair);
  return [...seen.values()];
}

async function main(): Promise<void> {
  const out = option('out') ?? join(__dirname, '..', 'data', 'cards');
  const kind = option('kind') as EditKind | undefined;
  if (kind && !EDIT_KINDS.includes(kind))
    throw new Error(`--kind is "${kind}", want one of ${EDIT_KINDS.join(', ')}`);
  const template = option('template');
  mkdirSync(out, { recursive: true });
  const pairsOf = (each: EditKind): EditPair[] =>
    editsOf(each).filter((pair) => !template || pair.template === template);
  const kinds = kind ? [kind] : [...EDIT_KINDS];
  if (!process.argv.includes('--all')) {
    const pairs = kinds.flatMap((each) => firstOf(pairsOf(each), (pair) => pair.template));
    await save(
      join(out, 'edits.png'),
      drawSheet(pairs, 8, (pair) => [`${pair.kind}: ${pair.template}`, pair.instruction]),
      64,
    );
    return;
  }
  for (const each of kinds) {
    const pairs = firstOf(pairsOf(each), (pair) => `${pair.template}/${pair.change}`);
    for (let page = 0; page * PAGE < pairs.length; page++)
      await save(
        join(out, `edits-${each}-${page + 1}.png`),
        drawSheet(pairs.slice(page * PAGE, (page + 1) * PAGE), 12, (pair) => [
          `(${pair.template})`,
          pair.instruction,
          `= ${pair.reason}`,
        ]),
        256,
      );
  }
}

if (process.argv.includes('--help')) console.log(HELP);
else
  main().catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
