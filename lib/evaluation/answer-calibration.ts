/**
 * Calibration on what is really asked: facts of the held-out splits, drawn right, with another fact's answer, and
 * broken, by every artist. The area under the ROC curve says how surely a reader ranks a right answer above a wrong one.
 */
import { conceptsAsked, scorePredicate, structureFault } from '../rewards';
import type { Judge, JudgeReading } from '../rewards';
import { RandomStream } from '../tensor';
import { ARTISTS, artistsOf, factsOf, HELD_OUT_ARTIST, renderScene, specSatisfies } from '../world';
import type { AnyArtist, Fact, Predicate, Split } from '../world';
import { rocAuc } from './auc';
import { calibrationError, reliabilityBins } from './reliability';
import type { ReliabilityBin } from './reliability';

export interface AnswerCalibration {
  /** Facts drawn. */
  facts: number;
  /** Whole answers: the right picture against one of another fact of the relation. */
  wrongAnswer: number;
  /** Whole answers: the right picture against itself with its cells shuffled. */
  shuffled: number;
  /** Single answer predicates, right against wrong, by kind and over `all` kinds: AUC and how many. */
  predicates: Record<string, { auc: number; n: number }>;
  /** By family of facts. */
  families: Record<string, { auc: number; n: number }>;
  /** Over all single answer predicates, right and wrong. */
  reliability: ReliabilityBin[];
  calibrationError: number;
}

export type AnswerCalibrationReport = Record<string, AnswerCalibration>;

interface Case {
  fact: Fact;
  /** The fact whose scene is the wrong answer. */
  other: Fact;
  right: Uint8Array;
  wrong: Uint8Array;
  broken: Uint8Array;
}

/** Measures a reader on `facts` facts of `splits` (default: validation and test) for every artist. */
export async function calibrateAnswers(
  reader: Pick<Judge, 'read'>,
  {
    facts,
    seed,
    artists = [...ARTISTS, HELD_OUT_ARTIST],
    splits = ['validation', 'test'],
    onProgress,
  }: {
    facts: number;
    seed: number;
    artists?: AnyArtist[];
    /** Facts of these splits; readers learn from no fact at all. */
    splits?: readonly Split[];
    onProgress?: (done: number, total: number) => void;
  },
): Promise<AnswerCalibrationReport> {
  const pool = splits.flatMap((split) => factsOf(split, { edition: 'full' }));
  const report: AnswerCalibrationReport = {};
  for (const [i, artist] of artists.entries()) {
    const rng = RandomStream.of(seed, 'answers', artist);
    report[artist] = measure(reader, casesOf(pool, artist, { facts, rng }));
    onProgress?.(i + 1, artists.length);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return report;
}

/** Facts in random order that this artist can draw, each with a wrong answer that he can draw too. */
function casesOf(
  pool: readonly Fact[],
  artist: AnyArtist,
  { facts, rng }: { facts: number; rng: RandomStream },
): Case[] {
  const cases: Case[] = [];
  for (const fact of rng.shuffle([...pool])) {
    if (cases.length >= facts) break;
    const right = drawnBy(fact, artist);
    if (!right) continue;
    const others = pool.filter((other) => other !== fact && isWrong(other, fact));
    const near = others.filter((other) => other.relation === fact.relation);
    const family = others.filter((other) => other.family === fact.family);
    const wrong = firstDrawn(rng.shuffle(near), artist) ?? firstDrawn(rng.shuffle(family), artist);
    if (!wrong) continue;
    const broken = structureFault(right, 'shuffle', { severity: 1, rng });
    cases.push({ fact, other: wrong.fact, right, wrong: wrong.image, broken });
  }
  return cases;
}

const isWrong = (other: Fact, fact: Fact): boolean =>
  fact.criteria.answer.some((p) => !specSatisfies(other.scene, p));

function firstDrawn(
  facts: readonly Fact[],
  artist: AnyArtist,
): { fact: Fact; image: Uint8Array } | undefined {
  for (const fact of facts) {
    const image = drawnBy(fact, artist);
    if (image) return { fact, image };
  }
  return undefined;
}

/** The fact's scene by this artist, or undefined when he has not drawn one of its things. */
function drawnBy({ scene }: Fact, artist: AnyArtist): Uint8Array | undefined {
  const { style: _, ...spec } = scene;
  if (artist !== HELD_OUT_ARTIST && !artistsOf(spec).includes(artist)) return undefined;
  try {
    return renderScene(spec, { artist });
  } catch (error) {
    if (artist === HELD_OUT_ARTIST) return undefined;
    throw error;
  }
}

function measure(reader: Pick<Judge, 'read'>, cases: readonly Case[]): AnswerCalibration {
  const asked = cases.map(({ fact }) => conceptsAsked(fact.criteria));
  const [right, wrong, broken] = (['right', 'wrong', 'broken'] as const).map((which) =>
    reader.read(
      cases.map((each) => each[which]),
      asked,
    ),
  );
  const wholes = (readings: JudgeReading[]): number[] =>
    readings.map((reading, i) => whole(reading, cases[i].fact.criteria.answer));
  const [rights, wrongs] = [wholes(right), wholes(wrong)];
  const answers: { kind: string; score: number; truth: boolean }[] = [];
  cases.forEach(({ fact, other }, i) =>
    fact.criteria.answer.forEach((p) => {
      const kind = kindOf(p);
      answers.push({ kind, score: scorePredicate(right[i], p), truth: true });
      answers.push({ kind, score: scorePredicate(wrong[i], p), truth: specSatisfies(other.scene, p) });
    }),
  );
  const bins = reliabilityBins(answers);
  return {
    facts: cases.length,
    wrongAnswer: rocAuc(rights, wrongs),
    shuffled: rocAuc(rights, wholes(broken)),
    predicates: grouped(answers.flatMap((a) => [a.kind, 'all'].map((group) => ({ ...a, group })))),
    families: grouped(
      cases.flatMap(({ fact }, i) => [
        { group: fact.family, score: rights[i], truth: true },
        { group: fact.family, score: wrongs[i], truth: false },
      ]),
    ),
    reliability: bins,
    calibrationError: calibrationError(bins),
  };
}

/** All answer predicates must hold: their geometric mean, as in the reward. */
function whole(reading: JudgeReading, answer: readonly Predicate[]): number {
  return Math.pow(
    answer.reduce((product, p) => product * scorePredicate(reading, p), 1),
    1 / answer.length,
  );
}

/** The kind of a predicate; several of one thing is a question of its own. */
function kindOf(p: Predicate): string {
  return p.kind === 'has' && typeof p.count === 'number' && p.count > 1 ? 'count' : p.kind;
}

/** AUC by group, where a group has right and wrong answers. */
function grouped(
  answers: readonly { group: string; score: number; truth: boolean }[],
): Record<string, { auc: number; n: number }> {
  const names = [...new Set(answers.map(({ group }) => group))].sort();
  return Object.fromEntries(
    names.flatMap((name) => {
      const own = answers.filter(({ group }) => group === name);
      const [right, wrong] = [own.filter((a) => a.truth), own.filter((a) => !a.truth)];
      if (right.length === 0 || wrong.length === 0) return [];
      return [
        [
          name,
          {
            auc: rocAuc(
              right.map((a) => a.score),
              wrong.map((a) => a.score),
            ),
            n: own.length,
          },
        ],
      ];
    }),
  );
}

/** The report as Markdown: AUC of whole answers by artist, then by kind of predicate. */
export function answerTable(report: Record<string, { answers?: AnswerCalibration }>): string {
  const artists = Object.keys(report).filter((artist) => report[artist].answers);
  const kinds = [
    ...new Set(artists.flatMap((artist) => Object.keys(report[artist].answers!.predicates))),
  ].sort();
  return [
    `| artist | facts | wrong answer | shuffled | calibration error | ${kinds.join(' | ')} |`,
    `|---|---|---|---|---|${kinds.map(() => '---').join('|')}|`,
    ...artists.map((artist) => {
      const { facts, wrongAnswer, shuffled, calibrationError: error, predicates } = report[artist].answers!;
      const cells = [wrongAnswer, shuffled, error, ...kinds.map((kind) => predicates[kind]?.auc)];
      return `| ${artist} | ${facts} | ${cells.map((x) => x?.toFixed(3) ?? '').join(' | ')} |`;
    }),
  ].join('\n');
}

/** Reliability of several readers as a plotly figure: sureness against truth, one line an artist. */
export function reliabilityFigure(reports: Record<string, Record<string, { answers?: AnswerCalibration }>>): {
  data: Record<string, unknown>[];
  layout: Record<string, unknown>;
} {
  const readers = Object.keys(reports);
  const axis = (title: string): Record<string, unknown> => ({ title: { text: title }, range: [-0.02, 1.02] });
  const data = readers.flatMap((reader, i) => {
    const place = i === 0 ? {} : { xaxis: `x${i + 1}`, yaxis: `y${i + 1}` };
    const diagonal = {
      x: [0, 1],
      y: [0, 1],
      mode: 'lines',
      line: { color: '#bbb', dash: 'dot' },
      showlegend: false,
    };
    return [
      { type: 'scatter', ...diagonal, ...place },
      ...Object.entries(reports[reader]).flatMap(([artist, { answers }]) =>
        answers
          ? [
              {
                type: 'scatter',
                mode: 'lines+markers',
                name: `${reader}: ${artist}`,
                x: answers.reliability.map((bin) => bin.score),
                y: answers.reliability.map((bin) => bin.truth),
                ...place,
              },
            ]
          : [],
      ),
    ];
  });
  const axes = Object.fromEntries(
    readers.flatMap((reader, i) => {
      const n = i === 0 ? '' : String(i + 1);
      const domain = [i / readers.length + 0.04, (i + 1) / readers.length - 0.04];
      return [
        [`xaxis${n}`, { ...axis(`${reader}: sureness`), domain, anchor: `y${n}` }],
        [`yaxis${n}`, { ...axis('share that is true'), anchor: `x${n}` }],
      ];
    }),
  );
  return { data, layout: { ...axes, width: 900, height: 420, title: { text: 'Answers of held-out facts' } } };
}
