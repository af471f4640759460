/**
 * Draws a contact sheet of every family of facts and every kind of edit to data/cards/family-<name>.png: each picture
 * with the raw prompt and the caption that it is drawn from, edits as before and after with what is asked.
 */
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Card, cardSheet, spreadOver } from '../lib/notebook';
import {
  EDIT_KINDS,
  FACT_FAMILIES,
  type Fact,
  artistsOf,
  canonicalCaption,
  editArtists,
  editPictures,
  editsOf,
  loadFacts,
  renderScene,
} from '../lib/world';

const HELP = `usage: family-sheet [--out DIR] [--count N] [--skip N] [--family NAME]
Writes family-<name>.png for each family of the full edition and each kind of edit (default: data/cards).
--count   cards on a sheet, spread over the relations of a family or the templates of an edit (default 24)
--skip    leaves out the facts of the default sheet of so many, to see others
--family  this one only, such as maths or edit-causal`;

function option(name: string, fallback: string): string {
  const at = process.argv.indexOf(`--${name}`);
  if (at < 0) return fallback;
  const value = process.argv[at + 1];
  if (!value || value.startsWith('--')) throw new Error(`--${name}: no value, want one`);
  return value;
}

function number(name: string, fallback: number): number {
  const value = Number(option(name, String(fallback)));
  if (!Number.isInteger(value) || value < 0)
    throw new Error(`--${name}: ${value}, want a whole number from 0`);
  return value;
}

/** `count` items, none of them among the first `skip` that the same spread takes. */
function sample<T>(
  items: readonly T[],
  { count, skip }: { count: number; skip: number },
  groupOf: (item: T) => string,
): T[] {
  const seen = new Set(skip > 0 ? spreadOver(items, skip, groupOf) : []);
  return spreadOver(
    items.filter((item) => !seen.has(item)),
    count,
    groupOf,
  );
}

function factCard({ scene, prompts, refined }: Fact, i: number): Card {
  const able = artistsOf(scene);
  return {
    pictures: [renderScene(scene, { artist: scene.style ?? able[i % able.length] })],
    title: prompts[i % prompts.length],
    text: refined,
  };
}

function editCards(kind: (typeof EDIT_KINDS)[number], take: { count: number; skip: number }): Card[] {
  return sample(editsOf(kind), take, ({ template }) => template).map((pair, i) => {
    const able = editArtists(pair);
    const { before, after } = editPictures(pair, able[i % able.length]);
    return { pictures: [before, after], title: pair.instruction, text: canonicalCaption(pair.after) };
  });
}

async function main(): Promise<void> {
  const out = option('out', join(__dirname, '..', 'data', 'cards'));
  const [count, skip] = [number('count', 24), number('skip', 0)];
  const only = option('family', '');
  mkdirSync(out, { recursive: true });
  const save = async (name: string, cards: Card[], columns: number): Promise<void> => {
    if (cards.length === 0) return;
    const file = join(out, `family-${name}.png`);
    writeFileSync(file, await cardSheet(cards, { columns, lines: 10 }));
    console.log(`${file}: ${cards.length} cards, ${(statSync(file).size / 1024).toFixed(0)} KiB`);
  };
  const facts = loadFacts({ edition: 'full' });
  const wanted = (name: string): boolean => only === '' || only === name;
  for (const family of FACT_FAMILIES.filter(wanted)) {
    const members = facts.filter((fact) => fact.family === family);
    await save(family, sample(members, { count, skip }, ({ relation }) => relation).map(factCard), 6);
  }
  for (const kind of EDIT_KINDS.filter((name) => wanted(`edit-${name}`)))
    await save(`edit-${kind}`, editCards(kind, { count, skip }), 4);
}

if (process.argv.includes('--help')) console.log(HELP);
else
  main().catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
