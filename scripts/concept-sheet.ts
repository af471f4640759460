/**
 * Draws what the world can name to data/cards/: concepts.png has every concept once, with its noun, by domain;
 * artists.png has one concept a column, one artist a row. Palette PNGs, because they are committed.
 */
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import {
  AnyArtist,
  ARTISTS,
  ConceptInfo,
  CONCEPTS,
  glyphRows,
  HELD_OUT_ARTIST,
  RgbImage,
  spriteOf,
} from '../lib/world';

const HELP = `usage: concept-sheet [--out DIR] [--held-out]
Writes concepts.png and artists.png (default: data/cards).
--held-out  adds a row of ${HELD_OUT_ARTIST} to artists.png; give an --out that is not committed (its licence is CC BY-SA)`;

const SIDE = 40;
const PAPER = 236;
const INK = 40;
/** A cell holds the picture and three lines of ten characters. */
const CELL = { width: 62, height: 68, line: 8, characters: 10 };
/** Concepts of the artists' sheet: every so many, of those that all artists drew. */
const SAMPLE = { count: 72, columns: 24 };

function blank(width: number, height: number): RgbImage {
  return { width, height, data: new Uint8Array(width * height * 3).fill(PAPER) };
}

/** Puts a premultiplied sprite on the sheet. */
function putSprite(sheet: RgbImage, sprite: Uint8Array, left: number, top: number): void {
  for (let i = 0; i < SIDE * SIDE; i++) {
    const to = ((top + Math.floor(i / SIDE)) * sheet.width + left + (i % SIDE)) * 3;
    for (let c = 0; c < 3; c++)
      sheet.data[to + c] = Math.min(255, sprite[i * 4 + c] + (PAPER * (255 - sprite[i * 4 + 3])) / 255);
  }
}

function putLine(sheet: RgbImage, line: string, left: number, top: number): void {
  [...line.toUpperCase()].forEach((character, column) =>
    glyphRows(character).forEach((bits, y) => {
      for (let x = 0; x < 5; x++)
        if ((bits >> (4 - x)) & 1) {
          const to = ((top + y) * sheet.width + left + column * 6 + x) * 3;
          sheet.data.fill(INK, to, to + 3);
        }
    }),
  );
}

/** Words in lines of at most ten characters; longer words are broken. */
function wrap(name: string): string[] {
  const lines = [''];
  for (const word of name.split(' ').flatMap((w) => w.match(/.{1,10}/g) ?? [])) {
    const last = lines[lines.length - 1];
    if (last === '') lines[lines.length - 1] = word;
    else if (last.length + 1 + word.length <= CELL.characters) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function conceptSheet(columns = 30): RgbImage {
  const domains = [...new Set(CONCEPTS.map(({ domain }) => domain))];
  const concepts = domains.flatMap((domain) => CONCEPTS.filter((concept) => concept.domain === domain));
  const sheet = blank(columns * CELL.width, Math.ceil(concepts.length / columns) * CELL.height);
  concepts.forEach(({ name, artists }, i) => {
    const left = (i % columns) * CELL.width;
    const top = Math.floor(i / columns) * CELL.height;
    putSprite(sheet, spriteOf(name, artists[0], SIDE), left + ((CELL.width - SIDE) >> 1), top + 1);
    wrap(name).forEach((line, row) =>
      putLine(sheet, line, left + ((CELL.width - line.length * 6) >> 1), top + SIDE + 3 + row * CELL.line),
    );
  });
  return sheet;
}

function artistSheet(artists: readonly AnyArtist[]): RgbImage {
  const able = CONCEPTS.filter((concept) =>
    ARTISTS.every((artist) => concept.artists.includes(artist)),
  ).filter(({ heldOut }) => heldOut);
  const { count, columns } = SAMPLE;
  const sample = Array.from(
    { length: count },
    (_, i): ConceptInfo => able[Math.floor(((i + 0.5) * able.length) / count)],
  );
  const cell = SIDE + 2;
  const block = artists.length * cell + 6;
  const sheet = blank(columns * cell, Math.ceil(count / columns) * block);
  sample.forEach(({ name }, i) =>
    artists.forEach((artist, row) =>
      putSprite(
        sheet,
        spriteOf(name, artist, SIDE),
        (i % columns) * cell + 1,
        Math.floor(i / columns) * block + row * cell + 1,
      ),
    ),
  );
  return sheet;
}

async function save(file: string, { width, height, data }: RgbImage): Promise<void> {
  await sharp(data, { raw: { width, height, channels: 3 } })
    .png({ palette: true, colours: 16, dither: 0, effort: 10, compressionLevel: 9 })
    .toFile(file);
  console.log(`${file}: ${width}x${height}, ${(statSync(file).size / 1024).toFixed(0)} KiB`);
}

async function main(): Promise<void> {
  const at = process.argv.indexOf('--out');
  const out = at < 0 ? join(__dirname, '..', 'data', 'cards') : process.argv[at + 1];
  if (!out || out.startsWith('--')) throw new Error('--out: no value, want a folder');
  mkdirSync(out, { recursive: true });
  await save(join(out, 'concepts.png'), conceptSheet());
  const heldOut = process.argv.includes('--held-out');
  await save(join(out, 'artists.png'), artistSheet(heldOut ? [...ARTISTS, HELD_OUT_ARTIST] : ARTISTS));
}

if (process.argv.includes('--help')) console.log(HELP);
else
  main().catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
