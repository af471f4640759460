// The computed maths rows: every line of a board is evaluated again here, and test rows have numbers of their own.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  type Fact,
  canonicalCaption,
  conceptOf,
  loadFacts,
  normaliseScene,
  parseCaption,
  sceneProblems,
  specMeets,
  splitOf,
  testSlices,
} from '../lib/world';
import { MATHS_HELD_OUT, type MathsRow, holdsHeldOut, mathsRows, numbersIn } from '../lib/world/maths';

const rows = mathsRows();
const of = (...relations: string[]): MathsRow[] => rows.filter((row) => relations.includes(row.relation));
const board = (row: MathsRow): string[] => row.scene.text!;

/** The value of a sum in the writing of the board: + - * / ( ) %, decimals, `X`, and `2X` or `2(` for a product. */
function valueOf(text: string, x = NaN): number {
  const tokens = text.match(/\d+(\.\d+)?|[-+*/()X%]/g) ?? [];
  assert.equal(tokens.join(''), text.replace(/ /g, ''), `"${text}" has a character that is no sum`);
  let at = 0;
  const atom = (): number => {
    const token = tokens[at++];
    let value = token === 'X' ? x : Number(token);
    if (token === '(') {
      value = sum();
      assert.equal(tokens[at++], ')', text);
    }
    if (tokens[at] === '%') {
      at++;
      value /= 100;
    }
    return value;
  };
  const product = (): number => {
    let value = atom();
    while (at < tokens.length && !/[-+)]/.test(tokens[at])) {
      const divides = tokens[at] === '/';
      if (/[*/]/.test(tokens[at])) at++;
      value = divides ? value / atom() : value * atom();
    }
    return value;
  };
  const sum = (): number => {
    let value = product();
    while (tokens[at] === '+' || tokens[at] === '-') value += tokens[at++] === '+' ? product() : -product();
    return value;
  };
  const value = sum();
  assert.equal(at, tokens.length, `"${text}" was read to character ${at} only`);
  return value;
}

function same(a: number, b: number, what: string): void {
  assert.ok(Math.abs(a - b) < 1e-9, `${what}: ${a} and ${b}`);
}

test('the reader of sums knows precedence, brackets, percent and products without a sign', () => {
  for (const [text, value] of [
    ['3+4*5', 23],
    ['(3+4)*5', 35],
    ['20-8-4', 8],
    ['48/2/3', 8],
    ['25%*80', 20],
    ['2X-4', 10],
    ['2(X+3)', 20],
    ['X/7+1', 2],
  ] as const)
    same(valueOf(text, 7), value, text);
  assert.throws(() => valueOf('2?3'), /no sum/);
});

test('at least 130 rows of 20 relations, and the files hold what the generator gives', () => {
  assert.ok(rows.length >= 130);
  assert.ok(MATHS_HELD_OUT.size >= 20);
  const folder = join(__dirname, '..', 'data', 'facts', 'full');
  const written = ['maths-blackboard.json', 'maths-counted.json'].flatMap(
    (file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as MathsRow[],
  );
  assert.deepEqual(written, JSON.parse(JSON.stringify(rows)));
  assert.deepEqual(mathsRows(), rows);
  assert.notDeepEqual(mathsRows(1), rows);
  assert.equal(new Set(rows.map(({ id }) => id)).size, rows.length);
});

test('every board can be drawn, meets its criteria and comes back from its caption', () => {
  for (const row of rows) {
    assert.deepEqual(sceneProblems(row.scene), [], row.id);
    assert.ok(specMeets(row.scene, row.criteria), row.id);
    const back = parseCaption(canonicalCaption(row.scene));
    assert.ok(back, row.id);
    assert.deepEqual(normaliseScene(back), normaliseScene(row.scene), row.id);
  }
});

test('a board with another result does not meet the criteria', () => {
  for (const row of rows) {
    const lines = board(row);
    const wrong = lines[lines.length - 1].replace(/\d+$/, (digits) => String(Number(digits) + 1));
    const scene = { ...row.scene, text: [...lines.slice(0, -1), wrong] };
    assert.ok(!specMeets(scene, row.criteria), row.id);
    const dropped = { ...row.scene, text: lines.slice(1) };
    assert.ok(!specMeets(dropped, row.criteria), `${row.id}: a step may be left out`);
  }
});

test('equations: the solution makes every line true', () => {
  const equations = of('linear-equation', 'equation-both-sides', 'equation-quotient', 'equation-brackets');
  assert.ok(equations.length >= 40);
  for (const row of equations) {
    const lines = board(row);
    const [, solution] = /^X=(\d+)$/.exec(lines[lines.length - 1])!;
    assert.equal(lines[0], row.subject);
    for (const line of lines) {
      const [left, right] = line.split('=');
      same(valueOf(left, Number(solution)), valueOf(right, Number(solution)), `${row.id}: ${line}`);
    }
    assert.equal(row.answer, lines.slice(1).join(', '));
  }
});

const CHAINS = [
  'addition',
  'subtraction',
  'multiplication',
  'operation-order',
  'brackets-first',
  'percentage',
  'fraction-of',
  'simplest-form',
  'fraction-sum',
  'square-of',
];

test('chains: all lines have the value of what is asked', () => {
  const chains = of(...CHAINS);
  assert.ok(chains.length >= 70);
  for (const row of chains) {
    const [first, ...rest] = board(row);
    const [number] = numbersIn(row.subject);
    const asked =
      row.relation === 'square-of' ? `${number}*${number}` : row.subject.replace(' of ', '*').trim();
    same(valueOf(first), valueOf(asked), row.id);
    assert.equal(rest.length, 2, row.id);
    for (const line of rest) {
      assert.ok(line.startsWith('='), row.id);
      same(valueOf(line.slice(1)), valueOf(asked), `${row.id}: ${line}`);
    }
    assert.equal(row.answer, rest.join('').slice(1));
  }
});

test('fractions end in simplest form', () => {
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
  for (const row of of('simplest-form', 'fraction-sum')) {
    const [a, b] = numbersIn(board(row)[2]);
    assert.equal(divisor(a, b), 1, row.id);
  }
});

test('areas and perimeters follow from the sides', () => {
  for (const row of of('rectangle-area', 'rectangle-perimeter', 'triangle-area')) {
    const [a, b] = numbersIn(row.subject);
    const expected = { 'rectangle-area': a * b, 'rectangle-perimeter': 2 * (a + b) }[row.relation];
    for (const line of board(row)) {
      const [left, right] = line.split('=');
      const value = /[AP]/.test(left) ? (expected ?? (a * b) / 2) : valueOf(left);
      same(valueOf(right), value, `${row.id}: ${line}`);
    }
  }
});

test('sequences go on with equal steps', () => {
  for (const row of of('next-numbers')) {
    const [shown, step, next] = board(row);
    assert.deepEqual(numbersIn(shown), numbersIn(row.subject));
    const terms = [...numbersIn(shown), ...numbersIn(next)];
    assert.equal(terms.length, 5);
    for (let i = 1; i < terms.length; i++) assert.equal(terms[i] - terms[i - 1], numbersIn(step)[0], row.id);
    assert.equal(row.answer, numbersIn(next).join(' and '));
  }
});

test('counted things: as many as the sum says, and as the words ask', () => {
  const parts: Record<string, number> = { half: 2, third: 3, quarter: 4, fifth: 5 };
  for (const row of of('share-counted', 'left-counted', 'total-counted')) {
    const [sum, result] = board(row)[0].split('=');
    const [{ concept, count }] = row.scene.objects;
    same(valueOf(sum), Number(result), row.id);
    assert.equal(count, Number(result), row.id);
    assert.equal(row.answer, `${result} ${conceptOf(concept).plural}`);
    assert.ok(row.subject.includes(conceptOf(concept).plural), row.id);
    const [a, b] = numbersIn(row.subject);
    const share = Object.keys(parts).find((word) => row.subject.includes(word));
    const asked =
      row.relation === 'share-counted' ? a / parts[share!] : row.relation === 'left-counted' ? a - b : a + b;
    same(asked, Number(result), row.id);
  }
});

test('what is asked never holds the answer', () => {
  for (const row of rows) {
    assert.ok(!row.subject.includes(row.answer), row.id);
    const lines = board(row);
    const [result] = /[\d./]+$/.exec(lines[lines.length - 1])!;
    assert.ok(!(row.subject.match(/[\d./]+/g) ?? []).some((number) => number === result), row.id);
  }
});

test('a sixth of every relation is pinned to test, and only these rows hold its held-out numbers', () => {
  for (const [relation, heldOut] of MATHS_HELD_OUT) {
    const members = of(relation);
    assert.ok(members.length >= 6, relation);
    assert.equal(members.filter(({ split }) => split === 'test').length, members.length / 6, relation);
    for (const row of members) {
      const numbers = [row.subject, row.answer, ...board(row)].flatMap(numbersIn);
      const holds = numbers.some((number) => heldOut.includes(number));
      assert.equal(holds, row.split === 'test', `${row.id}: ${numbers.join(' ')}`);
      assert.equal(holdsHeldOut(row), holds, row.id);
    }
  }
});

test('slice "held-out numbers": no training fact of the relation holds the number', () => {
  const facts = loadFacts({ edition: 'full' }).filter(({ family }) => family === 'maths');
  const numbersOf = ({ subject, answer, scene }: Fact): number[] =>
    [subject, answer, ...(scene.text ?? [])].flatMap(numbersIn);
  const slices = testSlices({ edition: 'full' });
  const members = facts.filter(({ id }) => slices.get(id)?.includes('held-out numbers'));
  assert.ok(members.length >= 35, `${members.length} facts`);
  for (const fact of members) {
    const trained = facts.filter(
      (other) => other.relation === fact.relation && ['sft', 'rl'].includes(splitOf(other)),
    );
    assert.ok(trained.length > 0, fact.id);
    const seen = new Set(trained.flatMap(numbersOf));
    assert.ok(
      numbersOf(fact).some(
        (number) => !seen.has(number) && MATHS_HELD_OUT.get(fact.relation)!.includes(number),
      ),
      fact.id,
    );
  }
  // The rest of the maths test facts is there to compare with: numbers that training may hold, or another relation.
  const rest = facts.filter(({ id }) => slices.has(id) && !slices.get(id)!.includes('held-out numbers'));
  assert.ok(rest.some(({ id }) => slices.get(id)!.includes('seen numbers')));
  for (const fact of rest)
    assert.ok(slices.get(fact.id)!.includes('relation unseen') || !holdsHeldOut(fact), fact.id);
  for (const [id, names] of slices)
    if (names.includes('held-out numbers') || names.includes('seen numbers'))
      assert.ok(
        facts.some((fact) => fact.id === id),
        id,
      );
});

test('no board is asked of twice', () => {
  const owner = new Map<string, string>();
  for (const row of rows) {
    const caption = canonicalCaption(row.scene);
    assert.equal(owner.get(caption), undefined, row.id);
    owner.set(caption, row.id);
  }
});
