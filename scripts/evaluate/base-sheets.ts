/** Contact sheets of the base suite: passed and failed pictures by kind, and the pictures nearest to training ones. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { MemoryCase, SuitePicture } from '../../lib/evaluation';
import { imageGrid } from '../../lib/notebook';
import type { Picture } from '../../lib/notebook';

const MOST = 48;

/** `<kind>-passed.png` and `<kind>-failed.png`; failures are shown beside the true render, with the scores below. */
export async function kindSheets(out: string, pictures: readonly SuitePicture[]): Promise<void> {
  for (const kind of new Set(pictures.map((picture) => picture.kind))) {
    const all = pictures.filter((picture) => picture.kind === kind);
    const [passed, failed] = [true, false].map((want) => all.filter(({ drawn }) => drawn.passed === want));
    await sheet(
      path.join(out, `${kind}-passed.png`),
      passed.slice(0, MOST).map(({ image, caption }) => ({ data: image, label: caption })),
    );
    await sheet(
      path.join(out, `${kind}-failed.png`),
      failed.slice(0, MOST / 2).flatMap(({ image, truth, caption, drawn, ceiling }) => [
        { data: image, label: `${scoresText(drawn.scores)}: ${caption}` },
        {
          data: truth,
          label: `${scoresText(ceiling.scores)}: true render ${ceiling.passed ? 'passes' : 'FAILS'}`,
        },
      ]),
    );
  }
}

/** Three pictures a row: drawn, its own true render, the nearest training render. */
export async function memorySheet(file: string, cases: readonly MemoryCase[]): Promise<void> {
  await sheet(
    file,
    cases.slice(0, MOST / 4).flatMap(({ caption, drawn, own, nearest, pixels }) => [
      { data: drawn, label: `drawn: ${caption}` },
      { data: own, label: `own, never trained on: ${pixels.own.toFixed(1)}` },
      { data: nearest, label: `nearest training: ${pixels.training.toFixed(1)}` },
    ]),
    6,
  );
}

/** Writes the sheet, or takes an old one away when there is nothing to show. */
async function sheet(file: string, pictures: Picture[], columns = 8): Promise<void> {
  if (pictures.length === 0) fs.rmSync(file, { force: true });
  else fs.writeFileSync(file, await imageGrid(pictures, { columns, scale: 2, labelLines: 6 }));
}

function scoresText(scores: Record<string, number>): string {
  return Object.entries(scores)
    .map(([key, score]) => `${score.toFixed(2)} ${key}`)
    .join(' ');
}
