/**
 * Calibration of a reader: the area under the ROC curve (AUC) with which it tells right from wrong renders
 * (answer predicates) and sound from broken ones, for every artist, the held-out one included.
 */
import { PIXEL_FAULTS, pixelFault, STRUCTURE_FAULTS, visibleFault } from '../rewards';
import type { Judge, JudgeReading, SceneReading } from '../rewards';
import { conceptsAsked, scorePredicate } from '../rewards';
import { RandomStream } from '../tensor';
import {
  ARTISTS,
  artistsOf,
  criteriaOfScene,
  HELD_OUT_ARTIST,
  randomScene,
  renderScene,
  COLOURS,
  PROP_NAMES,
} from '../world';
import type { AnyArtist, Predicate, SceneSpec } from '../world';
import type { AnswerCalibration } from './answer-calibration';
import { rocAuc } from './auc';

/** Measurements of one artist's pictures. */
export interface ArtistCalibration {
  scenes: number;
  /** True predicates against ones made false by changing one thing; by kind of predicate. */
  predicates: Record<string, { auc: number; right: number; wrong: number; n: number }>;
  /** Clean against faulty renders; by fault. */
  aesthetic: Record<string, number>;
  consistency: Record<string, number>;
  /** Answers of held-out facts, see answer-calibration. */
  answers?: AnswerCalibration;
}

export type CalibrationReport = Record<string, ArtistCalibration>;

/** Reads `scenes` random scenes of each artist right, wrong and broken. */
export async function calibrateJudge(
  judge: Judge,
  {
    scenes,
    seed,
    artists = [...ARTISTS, HELD_OUT_ARTIST],
  }: { scenes: number; seed: number; artists?: AnyArtist[] },
): Promise<CalibrationReport> {
  const report: CalibrationReport = {};
  for (const artist of artists) {
    report[artist] = calibrateArtist(judge, artist, {
      scenes,
      rng: RandomStream.of(seed, 'calibration', artist),
    });
    await new Promise((resolve) => setImmediate(resolve));
  }
  return report;
}

function calibrateArtist(
  judge: Judge,
  artist: AnyArtist,
  { scenes, rng }: { scenes: number; rng: RandomStream },
): ArtistCalibration {
  // Only what the judge was trained on can be asked of it.
  const { concepts } = judge.config;
  const drawn = Array.from({ length: scenes }, () => sceneBy(artist, concepts, rng));
  const images = drawn.map((d) => d.image);
  const criteria = drawn.map(({ spec }) => {
    const { answer, details } = criteriaOfScene(spec);
    const right = [...answer, ...details];
    return { right, wrong: right.map((p) => falsified(p, spec, { concepts, rng })) };
  });
  const asked = criteria.map(({ right, wrong }) =>
    conceptsAsked({ answer: [...right, ...wrong.flatMap((p) => (p ? [p] : []))], details: [] }),
  );
  const readings = judge.read(images, asked);
  return {
    scenes,
    predicates: predicateAucs(readings, criteria),
    ...faultAucs(judge, { images, readings, rng }),
  };
}

/** A random scene of these concepts that this artist can draw. */
function sceneBy(
  artist: AnyArtist,
  concepts: readonly string[],
  rng: RandomStream,
): { spec: SceneSpec; image: Uint8Array } {
  for (let attempt = 0; attempt < 200; attempt++) {
    const { style: _, ...spec } = randomScene(rng, { concepts });
    if (artist !== HELD_OUT_ARTIST && !artistsOf(spec).includes(artist)) continue;
    try {
      return { spec, image: renderScene(spec, { artist }) };
    } catch {
      continue; // the held-out artist has not drawn this concept
    }
  }
  throw new Error(`calibration: no scene that ${artist} can draw in 200 attempts`);
}

/** The predicate with one thing changed so that it is false of the scene; undefined where there is no such change. */
function falsified(
  p: Predicate,
  spec: SceneSpec,
  { concepts, rng }: { concepts: readonly string[]; rng: RandomStream },
): Predicate | undefined {
  const other = <T>(values: readonly T[], value: T): T => {
    const rest = values.filter((v) => v !== value);
    return rest[rng.int(rest.length)];
  };
  switch (p.kind) {
    case 'has': {
      const present = spec.objects.map((o) => o.concept);
      if (rng.uniform() < 0.5 && typeof p.count === 'number')
        return { ...p, count: other([1, 2, 3, 4, 5], p.count) };
      const names = concepts.filter((name) => !present.includes(name));
      return { ...p, concept: names[rng.int(names.length)] };
    }
    case 'background':
      return {
        ...p,
        value: other(
          ['white', 'meadow', 'snow', 'sea', 'table', 'city', 'space', 'forest'] as const,
          p.value as never,
        ),
      };
    case 'time':
      return { ...p, value: other(['day', 'night', 'sunrise', 'sunset'] as const, p.value) };
    case 'prop':
      return wrongProp(p, other);
    case 'tint':
      return {
        ...p,
        value: other(['red', 'yellow', 'green', 'blue', 'purple', 'black'] as const, p.value as never),
      };
    case 'size':
      return { ...p, value: other(['small', 'medium', 'large'] as const, p.value) };
    default:
      return undefined;
  }
}

/** The same prop in another colour, or another prop where it has none. */
function wrongProp(
  p: Extract<Predicate, { kind: 'prop' }>,
  other: <T>(values: readonly T[], value: T) => T,
): Predicate {
  const coloured = Object.entries(p.value ?? {}).find(([, v]) => (COLOURS as readonly unknown[]).includes(v));
  if (!coloured) return { kind: 'prop', name: other(PROP_NAMES, p.name) };
  const [field, value] = coloured;
  return { ...p, value: { ...p.value, [field]: other<string>(COLOURS, String(value)) } };
}

function predicateAucs(
  readings: SceneReading[],
  criteria: { right: Predicate[]; wrong: (Predicate | undefined)[] }[],
): ArtistCalibration['predicates'] {
  const scores = new Map<string, { right: number[]; wrong: number[] }>();
  readings.forEach((reading, i) =>
    criteria[i].right.forEach((p, k) => {
      const wrong = criteria[i].wrong[k];
      if (!wrong) return;
      const entry = scores.get(p.kind) ?? { right: [], wrong: [] };
      entry.right.push(scorePredicate(reading, p));
      entry.wrong.push(scorePredicate(reading, wrong));
      scores.set(p.kind, entry);
    }),
  );
  const mean = (xs: number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length;
  return Object.fromEntries(
    [...scores].map(([kind, { right, wrong }]) => [
      kind,
      { auc: rocAuc(right, wrong), right: mean(right), wrong: mean(wrong), n: right.length },
    ]),
  );
}

function faultAucs(
  judge: Judge,
  { images, readings, rng }: { images: Uint8Array[]; readings: JudgeReading[]; rng: RandomStream },
): Pick<ArtistCalibration, 'aesthetic' | 'consistency'> {
  const sample = images.slice(0, Math.max(10, Math.floor(images.length / 3)));
  const clean = readings.slice(0, sample.length);
  const [aesthetic, consistency]: Record<string, number>[] = [{}, {}];
  for (const fault of PIXEL_FAULTS) {
    const faulty = judge.read(
      sample.map((image) => pixelFault(image, fault, 0.3 + 0.7 * rng.uniform(), rng)),
    );
    aesthetic[fault] = rocAuc(
      clean.map((r) => r.aesthetic),
      faulty.map((r) => r.aesthetic),
    );
  }
  for (const fault of STRUCTURE_FAULTS) {
    const faulty = judge.read(
      sample.flatMap((image, i) => {
        const other = sample[(i + 1) % sample.length];
        // A fault that nobody can see is none.
        return visibleFault(image, fault, { severity: 0.3 + 0.7 * rng.uniform(), rng, other }) ?? [];
      }),
    );
    consistency[fault] = rocAuc(
      clean.map((r) => r.consistency),
      faulty.map((r) => r.consistency),
    );
  }
  return { aesthetic, consistency };
}

/** The report as Markdown: AUC by artist (rows) and question (columns). */
export function calibrationTable(report: CalibrationReport): string {
  const artists = Object.keys(report);
  const rows = artists.map((artist) => {
    const { predicates, aesthetic, consistency } = report[artist];
    return {
      ...Object.fromEntries(Object.entries(predicates).map(([kind, { auc }]) => [kind, auc])),
      ...Object.fromEntries(Object.entries(aesthetic).map(([fault, auc]) => [`~${fault}`, auc])),
      ...Object.fromEntries(Object.entries(consistency).map(([fault, auc]) => [`~${fault}`, auc])),
    } as Record<string, number>;
  });
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return [
    `| AUC | ${columns.join(' | ')} |`,
    `|---|${columns.map(() => '---').join('|')}|`,
    ...rows.map(
      (row, i) => `| ${artists[i]} | ${columns.map((c) => row[c]?.toFixed(3) ?? '').join(' | ')} |`,
    ),
  ].join('\n');
}
