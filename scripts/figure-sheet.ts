/** Draws contact sheets of the opt-in scenes to data/cards/: clocks and signs, grids, four panels, edit pairs. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { RandomStream } from '../lib/tensor/random';
import {
  EDIT_KINDS,
  editArtists,
  editPictures,
  editsOf,
  FigureSceneWeights,
  loadFacts,
  randomFigureScene,
  renderScene,
  savePngGrid,
} from '../lib/world';

const HELP = `usage: figure-sheet [--out DIR] [--seed N]
Writes clocks.png (two rows of clocks, one of signs, one of turned objects), grids.png, panels.png, stories.png (a
sample of the facts in four pictures) and edits.png (in pairs of rows: before, after; temporal, causal, spatial,
logical) (default: data/cards).`;

function option(name: string, fallback: string): string {
  const at = process.argv.indexOf(`--${name}`);
  if (at < 0) return fallback;
  const value = process.argv[at + 1];
  if (!value || value.startsWith('--')) throw new Error(`--${name}: no value, want one`);
  return value;
}

/** Edit pairs of each kind on a sheet. */
const COLUMNS = 6;
/** Facts of the family `story` on theirs. */
const STORIES = 24;

function main(): void {
  const out = option('out', join(__dirname, '..', 'data', 'cards'));
  const rng = RandomStream.of(Number(option('seed', '1')), 'figure-sheet');
  mkdirSync(out, { recursive: true });
  const save = (name: string, images: Uint8Array[], columns: number): void => {
    const file = join(out, `${name}.png`);
    savePngGrid(file, images, { columns });
    console.log(`${file}: ${images.length} pictures`);
  };
  const none: FigureSceneWeights = {
    clock: 0,
    sign: 0,
    'tic-tac-toe': 0,
    sudoku: 0,
    maze: 0,
    panels: 0,
    turn: 0,
  };
  const draw = (kind: keyof FigureSceneWeights, count: number): Uint8Array[] =>
    Array.from({ length: count }, () =>
      renderScene(randomFigureScene(rng, { weights: { ...none, [kind]: 1 } })),
    );
  save('clocks', [...draw('clock', 24), ...draw('sign', 12), ...draw('turn', 12)], 12);
  save('grids', [...draw('tic-tac-toe', 12), ...draw('sudoku', 12), ...draw('maze', 12)], 12);
  save('panels', draw('panels', 15), 5);
  const stories = loadFacts({ edition: 'full' }).filter(({ scene }) => scene.panels);
  const sample = Array.from(
    { length: STORIES },
    (_, i) => stories[Math.floor((i * stories.length) / STORIES)].scene,
  );
  save(
    'stories',
    sample.map((scene) => renderScene(scene)),
    8,
  );
  const rows = EDIT_KINDS.flatMap((kind) => {
    const pairs = editsOf(kind);
    const shown = Array.from({ length: COLUMNS }, (_, i) => pairs[Math.floor((i * pairs.length) / COLUMNS)]);
    const drawn = shown.map((pair, i) => {
      const able = editArtists(pair);
      return editPictures(pair, able[i % able.length]);
    });
    return [...drawn.map(({ before }) => before), ...drawn.map(({ after }) => after)];
  });
  save('edits', rows, COLUMNS);
}

if (process.argv.includes('--help')) console.log(HELP);
else main();
