/**
 * Sums, equations and counts on a blackboard: fact rows of the family `maths` whose steps are computed, never typed.
 * scripts/maths-facts.ts writes them to data/facts/full; a sixth of every relation has held-out numbers and is test.
 */
import { RandomStream } from '../tensor';
import { conceptOf } from './concepts';
import type { FactRow } from './facts';
import { LINE_LENGTH } from './glyphs';
import type { Count, Criteria, SceneSpec } from './types';

export interface MathsRow extends Omit<FactRow, 'family'> {
  family: 'maths';
}

/** One problem: what is asked, the steps in words, and the lines of the board. */
interface Problem {
  subject: string;
  answer: string;
  lines: string[];
  /** The result is counted: so many things stand on the board. */
  counted?: { concept: string; count: Count };
}

interface Kind {
  relation: string;
  subDomain: string;
  /** Numbers that only test rows of this relation hold, anywhere. */
  heldOut: readonly number[];
  rows: number;
  problems: () => Problem[];
}

export const MATHS_SEED = 20260;
/**
 * One row in so many is of held-out numbers and pinned to test. The rest of the test share of SPLIT_PERCENT is cut from
 * the others, so that a score on held-out numbers can be read beside one on numbers that were seen.
 */
const HELD_OUT_EVERY = 6;
const MOST_WITH_ONE_ANSWER = 2;
const SOURCE = 'computed by lib/world/maths.ts';

/** Things whose plural does not hold the singular as a word of its own, so that no prompt names the caption noun. */
const COUNTED = ['apple', 'banana', 'lemon', 'carrot', 'cookie', 'doughnut', 'egg', 'candle'] as const;
const SHARES: Record<number, string> = { 2: 'half', 3: 'a third', 4: 'a quarter', 5: 'a fifth' };

export function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** Integers from `low` to `high`, both included. */
function range(low: number, high: number): number[] {
  return Array.from({ length: high - low + 1 }, (_, i) => low + i);
}

/** Every pair of the two lists that `make` turns into a problem. */
function pairs(
  first: readonly number[],
  second: readonly number[],
  make: (a: number, b: number) => (Problem | undefined)[],
): Problem[] {
  return first.flatMap((a) => second.flatMap((b) => make(a, b).filter((p): p is Problem => p !== undefined)));
}

/** A result reached by a chain: subject, `=` middle, `=` result. */
function chain(subject: string, middle: string, result: number | string): Problem {
  return { subject, answer: `${middle}=${result}`, lines: [subject, `=${middle}`, `=${result}`] };
}

/** An equation, its simpler form, and its solution. */
function equation(subject: string, simpler: string, x: number): Problem {
  return { subject, answer: `${simpler}, X=${x}`, lines: [subject, simpler, `X=${x}`] };
}

function linear(): Problem[] {
  return pairs(range(2, 5), range(2, 12), (a, x) =>
    range(1, 9).flatMap((b) => [
      equation(`${a}X+${b}=${a * x + b}`, `${a}X=${a * x}`, x),
      a * x > b ? equation(`${a}X-${b}=${a * x - b}`, `${a}X=${a * x}`, x) : undefined,
    ]),
  );
}

function bothSides(): Problem[] {
  return pairs(range(4, 9), range(2, 9), (a, x) =>
    range(2, a - 2).map((b) => equation(`${a}X=${b}X+${(a - b) * x}`, `${a - b}X=${(a - b) * x}`, x)),
  );
}

function quotient(): Problem[] {
  return pairs(range(2, 6), range(2, 9), (d, q) =>
    range(1, 9).map((b) => equation(`X/${d}+${b}=${q + b}`, `X/${d}=${q}`, d * q)),
  );
}

function bracketed(): Problem[] {
  return pairs(range(2, 4), range(2, 9), (a, x) =>
    range(1, 9).flatMap((b) => [
      equation(`${a}(X+${b})=${a * (x + b)}`, `X+${b}=${x + b}`, x),
      x > b + 1 ? equation(`${a}(X-${b})=${a * (x - b)}`, `X-${b}=${x - b}`, x) : undefined,
    ]),
  );
}

function additions(): Problem[] {
  return pairs(range(12, 89), range(12, 89), (a, b) => {
    const ones = (a % 10) + (b % 10);
    const carries = a < b && ones > 10 && a + b < 100;
    return [carries ? chain(`${a}+${b}`, `${a + b - ones}+${ones}`, a + b) : undefined];
  });
}

function subtractions(): Problem[] {
  return pairs(range(31, 99), range(12, 79), (a, b) => {
    const ones = b % 10;
    const borrows = a - b > 10 && a % 10 > 0 && a % 10 < ones;
    return [borrows ? chain(`${a}-${b}`, `${a - b + ones}-${ones}`, a - b) : undefined];
  });
}

function multiplications(): Problem[] {
  return pairs(range(12, 29), range(3, 9), (a, b) => {
    const ones = (a % 10) * b;
    return [a % 10 > 1 ? chain(`${a}*${b}`, `${a * b - ones}+${ones}`, a * b) : undefined];
  });
}

function orderOfOperations(): Problem[] {
  return pairs(range(2, 9), range(2, 9), (a, b) =>
    range(2, 9).flatMap((c) => [
      chain(`${a}+${b}*${c}`, `${a}+${b * c}`, a + b * c),
      a * b > c ? chain(`${a}*${b}-${c}`, `${a * b}-${c}`, a * b - c) : undefined,
    ]),
  );
}

function bracketsFirst(): Problem[] {
  return pairs(range(2, 9), range(2, 9), (a, b) =>
    range(2, 9).map((c) => chain(`(${a}+${b})*${c}`, `${a + b}*${c}`, (a + b) * c)),
  );
}

function percentages(): Problem[] {
  const percents = [10, 15, 20, 25, 30, 35, 40, 45, 60, 70, 75, 80, 90];
  return pairs(percents, [20, 40, 60, 80, 120, 140, 160, 180, 200, 240, 300], (percent, whole) => {
    if ((percent * whole) % 100 !== 0) return [];
    const { answer, lines } = chain(
      `${percent}%*${whole}`,
      `${percent / 100}*${whole}`,
      (percent * whole) / 100,
    );
    return [{ subject: `${percent}% of ${whole}`, answer, lines }];
  });
}

function fractionsOf(): Problem[] {
  return pairs(range(3, 9), range(2, 8), (denominator, numerator) =>
    range(2, 9).map((part) => {
      const proper = numerator < denominator && greatestCommonDivisor(numerator, denominator) === 1;
      if (!proper) return undefined;
      const whole = part * denominator;
      const { answer, lines } = chain(
        `${numerator}/${denominator}*${whole}`,
        `${numerator}*${part}`,
        numerator * part,
      );
      return { subject: `${numerator}/${denominator} of ${whole}`, answer, lines };
    }),
  );
}

/** Fractions that are in simplest form after dividing by two primes, the smaller one first. */
function simplestForms(): Problem[] {
  return pairs(range(2, 8), range(3, 9), (numerator, denominator) =>
    [
      [2, 2],
      [2, 3],
      [3, 3],
      [2, 5],
    ].map(([first, second]) => {
      const proper = numerator < denominator && greatestCommonDivisor(numerator, denominator) === 1;
      if (!proper) return undefined;
      const [a, b] = [numerator * second, denominator * second];
      return chain(`${a * first}/${b * first}`, `${a}/${b}`, `${numerator}/${denominator}`);
    }),
  );
}

function fractionSums(): Problem[] {
  return pairs(range(2, 9), range(2, 9), (b, d) =>
    range(1, b - 1).flatMap((a) =>
      range(1, d - 1).map((c) => {
        const common = (b * d) / greatestCommonDivisor(b, d);
        const [p, q] = [(a * common) / b, (c * common) / d];
        const simple = [
          [a, b],
          [c, d],
          [p + q, common],
        ].every(([x, y]) => greatestCommonDivisor(x, y) === 1);
        const fits = b !== d && common <= 9 && p + q < common && simple;
        return fits
          ? chain(`${a}/${b}+${c}/${d}`, `${p}/${common}+${q}/${common}`, `${p + q}/${common}`)
          : undefined;
      }),
    ),
  );
}

function rectangleAreas(): Problem[] {
  return pairs(range(3, 12), range(2, 12), (a, b) => {
    if (b >= a) return [];
    return [{ subject: `${a} by ${b}`, answer: `${a}*${b}=${a * b}`, lines: [`A=${a}*${b}`, `A=${a * b}`] }];
  });
}

function rectanglePerimeters(): Problem[] {
  return pairs(range(3, 16), range(2, 14), (a, b) => {
    if (b >= a) return [];
    const [half, all] = [a + b, 2 * (a + b)];
    return [
      {
        subject: `${a} by ${b}`,
        answer: `2*${half}=${all}`,
        lines: [`${a}+${b}=${half}`, `P=2*${half}`, `P=${all}`],
      },
    ];
  });
}

function triangleAreas(): Problem[] {
  return pairs(range(3, 12), range(3, 12), (base, height) => {
    const product = base * height;
    if (product % 2 !== 0) return [];
    return [
      {
        subject: `base ${base} and height ${height}`,
        answer: `${product}/2=${product / 2}`,
        lines: [`A=${base}*${height}/2`, `A=${product}/2`, `A=${product / 2}`],
      },
    ];
  });
}

function squares(): Problem[] {
  return range(11, 29)
    .filter((n) => n % 10 !== 0)
    .map((n) => {
      const tens = n - (n % 10);
      const { answer, lines } = chain(`${n}*${n}`, `${tens * n}+${(n % 10) * n}`, n * n);
      return { subject: `the number ${n}`, answer, lines };
    });
}

function sequences(): Problem[] {
  return pairs(range(1, 20), range(2, 9), (start, step) => {
    const terms = range(0, 4).map((i) => start + i * step);
    const [next, last] = terms.slice(3);
    return [
      {
        subject: terms.slice(0, 3).join(', '),
        answer: `${next} and ${last}`,
        lines: [terms.slice(0, 3).join(' '), `+${step}`, `${next} ${last}`],
      },
    ];
  });
}

/** The result as things on the board, with the sum above them. */
function counted(
  concept: string,
  count: number,
  sum: string,
  subject: (plural: string) => string,
): Problem | undefined {
  if (count < 2 || count > 5) return undefined;
  const { plural } = conceptOf(concept);
  return {
    subject: subject(plural),
    answer: `${count} ${plural}`,
    lines: [`${sum}=${count}`],
    counted: { concept, count: count as Count },
  };
}

function sharesCounted(): Problem[] {
  return COUNTED.flatMap((concept) =>
    pairs(range(2, 5), range(2, 5), (share, count) => [
      counted(
        concept,
        count,
        `${share * count}/${share}`,
        (plural) => `${SHARES[share]} of ${share * count} ${plural}`,
      ),
    ]),
  );
}

function leftCounted(): Problem[] {
  return COUNTED.flatMap((concept) =>
    pairs(range(5, 12), range(2, 9), (all, taken) => [
      counted(
        concept,
        all - taken,
        `${all}-${taken}`,
        (plural) => `${all} ${plural} when ${taken} are taken away`,
      ),
    ]),
  );
}

function totalCounted(): Problem[] {
  return COUNTED.flatMap((concept) =>
    pairs(range(2, 4), range(1, 3), (have, more) => [
      counted(concept, have + more, `${have}+${more}`, (plural) => `${have} ${plural} and ${more} more`),
    ]),
  );
}

const KINDS: readonly Kind[] = [
  { relation: 'linear-equation', subDomain: 'algebra', heldOut: [7, 11], rows: 18, problems: linear },
  { relation: 'equation-both-sides', subDomain: 'algebra', heldOut: [6, 24], rows: 12, problems: bothSides },
  { relation: 'equation-quotient', subDomain: 'algebra', heldOut: [4, 15], rows: 12, problems: quotient },
  { relation: 'equation-brackets', subDomain: 'algebra', heldOut: [5], rows: 12, problems: bracketed },
  {
    relation: 'addition',
    subDomain: 'arithmetic',
    heldOut: [17, 26, 38, 45, 59],
    rows: 12,
    problems: additions,
  },
  {
    relation: 'subtraction',
    subDomain: 'arithmetic',
    heldOut: [28, 34, 52, 63, 71],
    rows: 12,
    problems: subtractions,
  },
  {
    relation: 'multiplication',
    subDomain: 'arithmetic',
    heldOut: [14, 17, 23],
    rows: 12,
    problems: multiplications,
  },
  {
    relation: 'operation-order',
    subDomain: 'arithmetic',
    heldOut: [7],
    rows: 12,
    problems: orderOfOperations,
  },
  { relation: 'brackets-first', subDomain: 'arithmetic', heldOut: [8], rows: 12, problems: bracketsFirst },
  {
    relation: 'percentage',
    subDomain: 'percentages',
    heldOut: [75, 140, 180],
    rows: 12,
    problems: percentages,
  },
  { relation: 'fraction-of', subDomain: 'fractions', heldOut: [15, 24], rows: 12, problems: fractionsOf },
  { relation: 'simplest-form', subDomain: 'fractions', heldOut: [18, 20], rows: 12, problems: simplestForms },
  { relation: 'fraction-sum', subDomain: 'fractions', heldOut: [8], rows: 12, problems: fractionSums },
  { relation: 'rectangle-area', subDomain: 'geometry', heldOut: [7], rows: 12, problems: rectangleAreas },
  {
    relation: 'rectangle-perimeter',
    subDomain: 'geometry',
    heldOut: [9],
    rows: 12,
    problems: rectanglePerimeters,
  },
  { relation: 'triangle-area', subDomain: 'geometry', heldOut: [8], rows: 12, problems: triangleAreas },
  { relation: 'square-of', subDomain: 'arithmetic', heldOut: [13, 18, 22, 26], rows: 12, problems: squares },
  { relation: 'next-numbers', subDomain: 'sequences', heldOut: [5, 8], rows: 12, problems: sequences },
  { relation: 'share-counted', subDomain: 'counting', heldOut: [12], rows: 12, problems: sharesCounted },
  { relation: 'left-counted', subDomain: 'counting', heldOut: [8], rows: 12, problems: leftCounted },
  { relation: 'total-counted', subDomain: 'counting', heldOut: [5], rows: 6, problems: totalCounted },
];

/** The held-out numbers of every relation. */
export const MATHS_HELD_OUT: ReadonlyMap<string, readonly number[]> = new Map(
  KINDS.map(({ relation, heldOut }) => [relation, heldOut]),
);

/** All numbers that are written in a text. */
export function numbersIn(text: string): number[] {
  return (text.match(/\d+(\.\d+)?/g) ?? []).map(Number);
}

/** Whether a maths fact holds, in what is asked, answered or written, a number that is held out of its relation. */
export function holdsHeldOut({
  relation,
  subject,
  answer,
  scene,
}: Pick<FactRow, 'relation' | 'subject' | 'answer' | 'scene'>): boolean {
  const heldOut = MATHS_HELD_OUT.get(relation) ?? [];
  const texts = [subject, answer, ...(scene.text ?? [])];
  return texts.some((text) => numbersIn(text).some((number) => heldOut.includes(number)));
}

function fits({ subject, answer, lines }: Problem): boolean {
  // What is asked must not hold the result; that of a fraction is the whole fraction.
  const [result] = lines[lines.length - 1].match(/[\d./]+$/) ?? [''];
  const asked: string[] = subject.match(/[\d./]+/g) ?? [];
  const open = !asked.includes(result) && !subject.includes(answer);
  return open && lines.every((line) => line.length <= LINE_LENGTH);
}

/** `count` problems in the order given, no result more than MOST_WITH_ONE_ANSWER times while others are left. */
function take(problems: readonly Problem[], count: number, relation: string): Problem[] {
  const uses = new Map<string, number>();
  const subjects = new Set<string>();
  const taken: Problem[] = [];
  for (const problem of problems) {
    if (taken.length === count) break;
    const result = problem.lines[problem.lines.length - 1];
    const used = uses.get(result) ?? 0;
    if (used === MOST_WITH_ONE_ANSWER || subjects.has(problem.subject)) continue;
    uses.set(result, used + 1);
    subjects.add(problem.subject);
    taken.push(problem);
  }
  if (taken.length < count) throw new Error(`maths: ${relation} has ${taken.length} rows, want ${count}`);
  return taken;
}

function rowOf({ relation, subDomain }: Kind, problem: Problem, test: boolean): MathsRow {
  const { subject, answer, lines, counted: things } = problem;
  const scene: SceneSpec = { background: 'board', objects: things ? [things] : [], text: lines };
  const criteria: Criteria = {
    answer: [
      ...(things ? [{ kind: 'has' as const, concept: things.concept, count: things.count }] : []),
      { kind: 'text', lines },
    ],
    details: [{ kind: 'background', value: 'board' }],
  };
  const name = subject
    .replace(/\+/g, ' plus ')
    .replace(/-/g, ' minus ')
    .replace(/\*/g, ' times ')
    .replace(/\//g, ' over ')
    .replace(/=/g, ' is ')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  return {
    id: `maths-${relation}-${name}`,
    family: 'maths',
    subDomain,
    relation,
    subject,
    answer,
    scene,
    criteria,
    source: SOURCE,
    ...(test && { split: 'test' as const }),
  };
}

/** All maths rows of a seed; the same seed gives the same rows in the same order. */
export function mathsRows(seed: number = MATHS_SEED): MathsRow[] {
  return KINDS.flatMap((kind) => {
    const { relation, heldOut, rows, problems } = kind;
    const all = RandomStream.of(seed, 'maths', relation).shuffle(problems().filter(fits));
    const held = (problem: Problem): boolean =>
      [problem.subject, ...problem.lines].some((text) => numbersIn(text).some((n) => heldOut.includes(n)));
    const tests = rows / HELD_OUT_EVERY;
    const seen = take(
      all.filter((problem) => !held(problem)),
      rows - tests,
      relation,
    );
    const unseen = take(all.filter(held), tests, relation);
    return [
      ...seen.map((problem) => rowOf(kind, problem, false)),
      ...unseen.map((problem) => rowOf(kind, problem, true)),
    ];
  });
}
