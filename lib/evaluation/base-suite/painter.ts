/** The painter's part of the base suite: draws held-out captions, marks them beside the true renders, and sums up by kind. */
import { renderScene } from '../../world';
import type { Artist } from '../../world';
import type { Interval } from '../bootstrap';
import type { Examiner } from '../examiner';
import { shareOf } from '../wilson';
import { answersOf, PASS } from './answers';
import type { Answer } from './answers';
import type { SuiteKind } from './kinds';
import type { SuiteScene } from './scenes';
import { markdownTable, PAINTER_TARGETS, percent, rangeText, verdictOf, verdictText } from './targets';

/** What draws captions as they stand: `ThinkThenGenerate`. */
export interface CaptionPainter {
  draw(
    captions: string[],
    options: { steps?: number; guidance?: number; seeds?: number[] },
  ): Promise<Uint8Array[]>;
}

export interface PaintOptions {
  steps: number;
  guidance: number;
  seed: number;
  batch?: number;
  onProgress?: (done: number, total: number) => void;
}

export interface SuitePicture extends SuiteScene {
  /** Drawn by the painter, RGB bytes. */
  image: Uint8Array;
  /** The true render by the scene's artist. */
  truth: Uint8Array;
  drawn: Answer;
  /** The same marks for the true render. */
  ceiling: Answer;
}

/** Draws every scene's caption; picture i has seed `seed` + i. @returns RGB bytes each */
export async function drawScenes(
  painter: CaptionPainter,
  scenes: readonly SuiteScene[],
  { steps, guidance, seed, batch = 16, onProgress }: PaintOptions,
): Promise<Uint8Array[]> {
  // Captions of like length share a batch; a picture's noise is its own wherever it is drawn.
  const order = scenes.map((_, i) => i).sort((a, b) => scenes[a].caption.length - scenes[b].caption.length);
  const images: Uint8Array[] = [];
  for (let at = 0; at < order.length; at += batch) {
    const part = order.slice(at, at + batch);
    const drawn = await painter.draw(
      part.map((i) => scenes[i].caption),
      { steps, guidance, seeds: part.map((i) => seed + i) },
    );
    part.forEach((i, k) => (images[i] = drawn[k]));
    onProgress?.(at + part.length, order.length);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return images;
}

/** Pictures of the scenes with their marks and those of the true renders. */
export function markPictures(
  examiner: Examiner,
  images: readonly Uint8Array[],
  { scenes, artists }: { scenes: readonly SuiteScene[]; artists: readonly Artist[] },
): SuitePicture[] {
  const truths = scenes.map(({ spec }) => renderScene(spec));
  const drawn = answersOf(examiner, images, { scenes, artists });
  const ceiling = answersOf(examiner, truths, { scenes, artists });
  return scenes.map((scene, i) => ({
    ...scene,
    ...{ image: images[i], truth: truths[i], drawn: drawn[i], ceiling: ceiling[i] },
  }));
}

export interface KindSummary {
  kind: SuiteKind;
  /** A part of the kind ("3" of count), or all of it. */
  part?: string;
  passed: Interval;
  /** The same questions on the true renders. */
  ceiling: Interval;
  target?: number;
}

/** Pass rates with Wilson intervals, by kind and by part of a kind. "1" of count are the single objects. */
export function summarisePictures(pictures: readonly SuitePicture[]): KindSummary[] {
  const rate = (some: readonly SuitePicture[]): Pick<KindSummary, 'passed' | 'ceiling'> => ({
    passed: shareOf(some.map(({ drawn }) => drawn.passed)),
    ceiling: shareOf(some.map(({ ceiling }) => ceiling.passed)),
  });
  const kinds = [...new Set(pictures.map(({ kind }) => kind))];
  return kinds.flatMap((kind) => {
    const all = pictures.filter((picture) => picture.kind === kind);
    const parts = [...new Set(all.flatMap(({ part }) => part ?? []))].sort();
    const singles = kind === 'count' ? pictures.filter((picture) => picture.kind === 'single') : [];
    const target = (PAINTER_TARGETS as Partial<Record<SuiteKind, number>>)[kind];
    return [
      { kind, ...rate(all), ...(target !== undefined && { target }) },
      ...(singles.length > 0 ? [{ kind, part: '1 (single)', ...rate(singles) }] : []),
      ...parts.map((part) => ({ kind, part, ...rate(all.filter((picture) => picture.part === part)) })),
    ];
  });
}

/** One row a kind, then its parts. */
export function painterTable(summaries: readonly KindSummary[]): string {
  return markdownTable(
    ['captions', 'n', 'target', 'passed', 'interval', 'ceiling', 'interval', ''],
    summaries.map(({ kind, part, passed, ceiling, target }) => [
      ...[part === undefined ? `**${kind}**` : `${kind}: ${part}`, String(passed.n)],
      ...[target === undefined ? '' : percent(target), percent(passed.mean), rangeText(passed)],
      ...[percent(ceiling.mean), rangeText(ceiling)],
      target === undefined ? '' : verdictText(verdictOf(passed, target)),
    ]),
  );
}

export interface ConceptSummary {
  concept: string;
  n: number;
  passed: number;
  ceilingPassed: number;
  /** Mean score of the questions whether it is there, as many as asked. */
  score: number;
}

/** Concepts by how seldom they are there as asked, worst first, over all captions that name them. */
export function worstConcepts(pictures: readonly SuitePicture[]): ConceptSummary[] {
  const found = new Map<string, { drawn: number[]; truth: number[] }>();
  for (const { spec, drawn, ceiling } of pictures)
    for (const { concept } of spec.objects) {
      const keys = Object.keys(drawn.scores).filter((key) => key.startsWith(`has(${concept},`));
      const entry = found.get(concept) ?? { drawn: [], truth: [] };
      entry.drawn.push(...keys.map((key) => drawn.scores[key]));
      entry.truth.push(...keys.map((key) => ceiling.scores[key]));
      found.set(concept, entry);
    }
  const yes = (scores: readonly number[]): number => scores.filter((score) => score >= PASS).length;
  return [...found]
    .filter(([, { drawn }]) => drawn.length > 0)
    .map(([concept, { drawn, truth }]) => ({
      ...{ concept, n: drawn.length, passed: yes(drawn), ceilingPassed: yes(truth) },
      score: drawn.reduce((a, b) => a + b, 0) / drawn.length,
    }))
    .sort((a, b) => a.passed / a.n - b.passed / b.n || a.score - b.score);
}
