/** Chooses guidance and steps on captions that the report does not use: pass rates over a grid, same noise everywhere. */
import type { Artist } from '../../world';
import type { Examiner } from '../examiner';
import { shareOf } from '../wilson';
import { answersOf } from './answers';
import type { SuiteKind } from './kinds';
import { drawScenes } from './painter';
import type { CaptionPainter } from './painter';
import type { SuiteScene } from './scenes';
import { markdownTable } from './targets';

export interface SweepPoint {
  guidance: number;
  steps: number;
  /** Share of likeliest answers by kind: the milder mark, which true renders pass. */
  kinds: Partial<Record<SuiteKind, number>>;
  /** Mean over the kinds. */
  mean: number;
  /** Seconds to draw all captions. */
  seconds: number;
}

export interface SweepGrid {
  scenes: readonly SuiteScene[];
  artists: readonly Artist[];
  guidances: readonly number[];
  steps: readonly number[];
  seed: number;
  batch?: number;
  /** In denoising steps of the whole grid. */
  onProgress?: (done: number, total: number) => void;
}

/** Draws and marks the scenes at every point of the grid. */
export async function sweepPainter(
  painter: CaptionPainter,
  examiner: Examiner,
  { scenes, artists, guidances, steps: stepCounts, seed, batch, onProgress }: SweepGrid,
): Promise<SweepPoint[]> {
  const total = scenes.length * guidances.length * stepCounts.reduce((a, b) => a + b, 0);
  const points: SweepPoint[] = [];
  let before = 0;
  for (const guidance of guidances)
    for (const steps of stepCounts) {
      const began = performance.now();
      const images = await drawScenes(painter, scenes, {
        ...{ steps, guidance, seed, batch },
        onProgress: (done) => onProgress?.(before + done * steps, total),
      });
      before += scenes.length * steps;
      const seconds = (performance.now() - began) / 1000;
      const answers = answersOf(examiner, images, { scenes, artists });
      const kinds: SweepPoint['kinds'] = {};
      for (const kind of new Set(scenes.map((scene) => scene.kind)))
        kinds[kind] = shareOf(answers.filter((_, i) => scenes[i].kind === kind).map(({ best }) => best)).mean;
      const rates = Object.values(kinds);
      points.push({ guidance, steps, kinds, mean: rates.reduce((a, b) => a + b, 0) / rates.length, seconds });
    }
  return points;
}

/** One row a point, best mean first. */
export function sweepTable(points: readonly SweepPoint[]): string {
  const kinds = Object.keys(points[0].kinds) as SuiteKind[];
  return markdownTable(
    ['guidance', 'steps', 'mean', ...kinds, 'seconds'],
    [...points]
      .sort((a, b) => b.mean - a.mean)
      .map((point) => [
        ...[String(point.guidance), String(point.steps), (100 * point.mean).toFixed(1)],
        ...kinds.map((kind) => (100 * (point.kinds[kind] ?? 0)).toFixed(0)),
        point.seconds.toFixed(0),
      ]),
  );
}
