/** The painter's part of the base suite: draws held-out captions, marks them beside the true renders, and sums up by kind. */
import { RandomStream } from '../../tensor';
import { renderScene } from '../../world';
import type { Interval } from '../bootstrap';
import type { Examiner } from '../examiner';
import { shareOf } from '../wilson';
import { answersOf } from './answers';
import type { Answer } from './answers';
import { correctedShare } from './corrected';
import { PASS } from './kinds';
import type { SuiteKind } from './kinds';
import { suiteConcepts } from './scenes';
import type { SuiteScene, SuiteWorld } from './scenes';
import { markdownTable, PAINTER_TARGETS, percent, rangeText, verdictOf, verdictText } from './targets';
import { wrongScene } from './wrong-scenes';

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
  /** The same marks for a render that is wrong in what the kind asks about; kinds with a target have one. */
  floor?: Answer;
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

/** Pictures of the scenes with their marks, those of the true renders and those of wrong ones. */
export function markPictures(
  examiner: Examiner,
  images: readonly Uint8Array[],
  { scenes, world, seed }: { scenes: readonly SuiteScene[]; world: SuiteWorld; seed: number },
): SuitePicture[] {
  const { artists } = world;
  const truths = scenes.map(({ spec }) => renderScene(spec));
  const drawn = answersOf(examiner, images, { scenes, artists });
  const ceiling = answersOf(examiner, truths, { scenes, artists });
  const concepts = suiteConcepts({ ...world, seed });
  const wrong = scenes.map((scene, i) =>
    wrongScene(scene, { concepts, rng: RandomStream.of(seed, 'base-suite', 'wrong', i) }),
  );
  const faulty = scenes.flatMap((scene, i) => {
    const spec = wrong[i];
    return spec ? [{ i, scene, image: renderScene(spec) }] : [];
  });
  const floors = answersOf(
    examiner,
    faulty.map(({ image }) => image),
    { scenes: faulty.map(({ scene }) => scene), artists },
  );
  const floorOf = new Map(faulty.map(({ i }, k) => [i, floors[k]]));
  return scenes.map((scene, i) => ({
    ...scene,
    ...{ image: images[i], truth: truths[i], drawn: drawn[i], ceiling: ceiling[i], floor: floorOf.get(i) },
  }));
}

export interface KindSummary {
  kind: SuiteKind;
  /** A part of the kind ("3" of count), or all of it. */
  part?: string;
  passed: Interval;
  /** The same questions on the true renders. */
  ceiling: Interval;
  /** By the second way of marking: drawn, true renders, wrong renders, and what these three say of the drawn. */
  best: Interval;
  bestCeiling: Interval;
  bestFloor?: Interval;
  corrected?: Interval;
  target?: number;
}

/** Pass rates with Wilson intervals, by kind and by part of a kind. "1" of count are the single objects. */
export function summarisePictures(pictures: readonly SuitePicture[]): KindSummary[] {
  const rate = (some: readonly SuitePicture[]): Omit<KindSummary, 'kind' | 'part' | 'target'> => {
    const triples = some.flatMap(({ drawn, ceiling, floor }) =>
      floor ? [{ drawn: drawn.best, right: ceiling.best, wrong: floor.best }] : [],
    );
    return {
      passed: shareOf(some.map(({ drawn }) => drawn.passed)),
      ceiling: shareOf(some.map(({ ceiling }) => ceiling.passed)),
      best: shareOf(some.map(({ drawn }) => drawn.best)),
      bestCeiling: shareOf(some.map(({ ceiling }) => ceiling.best)),
      ...(triples.length > 0 && {
        bestFloor: shareOf(triples.map(({ wrong }) => wrong)),
        corrected: correctedShare(triples),
      }),
    };
  };
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

const nameOf = ({ kind, part }: KindSummary): string =>
  part === undefined ? `**${kind}**` : `${kind}: ${part}`;

/** Pictures whose questions all score at least 0.5: one row a kind, then its parts. */
export function painterTable(summaries: readonly KindSummary[]): string {
  return markdownTable(
    ['captions', 'n', 'target', 'passed', 'interval', 'ceiling', 'interval', ''],
    summaries.map((summary) => {
      const { passed, ceiling, target } = summary;
      // A target that true renders miss by this mark says nothing about the painter.
      const verdict =
        target === undefined
          ? ''
          : `${verdictText(verdictOf(passed, target))}${ceiling.high < target ? '; true renders miss it too' : ''}`;
      return [
        ...[nameOf(summary), String(passed.n), target === undefined ? '' : percent(target)],
        ...[percent(passed.mean), rangeText(passed), percent(ceiling.mean), rangeText(ceiling), verdict],
      ];
    }),
  );
}

/** Pictures of which nothing else is likelier than what was asked, and what that says with the marker's errors taken off. */
export function bestAnswerTable(summaries: readonly KindSummary[]): string {
  return markdownTable(
    ['captions', 'target', 'likeliest answer', 'true renders', 'wrong renders', 'corrected', 'interval', ''],
    summaries.map((summary) => {
      const { best, bestCeiling, bestFloor, corrected, target } = summary;
      return [
        ...[nameOf(summary), target === undefined ? '' : percent(target), percent(best.mean)],
        ...[percent(bestCeiling.mean), bestFloor ? percent(bestFloor.mean) : ''],
        ...[corrected ? percent(corrected.mean) : '', corrected ? rangeText(corrected) : ''],
        target === undefined || !corrected ? '' : verdictText(verdictOf(corrected, target)),
      ];
    }),
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

/** How much seldomer a concept is there as asked than in the true renders of the same captions. */
const shortfall = ({ n, passed, ceilingPassed }: ConceptSummary): number => (ceilingPassed - passed) / n;

/** Concepts by their shortfall, worst first, over all captions that name them. */
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
    .sort((a, b) => shortfall(b) - shortfall(a) || a.score - b.score);
}
