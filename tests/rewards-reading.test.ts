/** What judge and examiner measure exactly (figures, signs, writing, panels), and the pictures that judges learn from. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  cellAgreement,
  collage,
  figureAgreement,
  panelLabels,
  panelPicture,
  predicateKey,
  randomStyle,
  restyled,
  scorePredicate,
  visibleFault,
  warped,
} from '../lib/rewards';
import type { SceneReading } from '../lib/rewards';
import { RandomStream } from '../lib/tensor';
import { addNoise } from '../lib/rewards/corruptions';
import {
  conceptNames,
  criteriaOfScene,
  faultyFigure,
  FIGURE_NAMES,
  figureFaultsOf,
  randomFigureScene,
  readLine,
  renderScene,
  SLOTS,
  spriteOf,
  textAgreement,
} from '../lib/world';
import type { Predicate, SceneSpec } from '../lib/world';

type FigurePredicate = Extract<Predicate, { kind: 'figure' }>;

/** Random scenes with one kind of figure. */
function scenesWith(name: (typeof FIGURE_NAMES)[number], count: number): SceneSpec[] {
  const none = { clock: 0, sign: 0, 'tic-tac-toe': 0, sudoku: 0, maze: 0, panels: 0, turn: 0 };
  return Array.from({ length: count }, (_, i) =>
    randomFigureScene(RandomStream.of(i, 'figure', name), { weights: { ...none, [name]: 1 } }),
  );
}

const figureOf = (spec: SceneSpec): FigurePredicate =>
  criteriaOfScene(spec).answer.find((p): p is FigurePredicate => p.kind === 'figure')!;

describe('figures', () => {
  for (const name of FIGURE_NAMES)
    it(`${name}: all marks are read, under noise too, and another's marks are not`, () => {
      const specs = scenesWith(name, 24);
      const criteria = specs.map(figureOf);
      specs.forEach((spec, i) => {
        const clean = renderScene(spec);
        const noisy = addNoise(clean, 14, RandomStream.of(i, 'noise'));
        for (const image of [clean, noisy])
          assert.equal(figureAgreement(image, criteria[i], spec.background), 1, predicateKey(criteria[i]));
        const other = criteria[(i + 1) % specs.length];
        if (predicateKey(other) !== predicateKey(criteria[i]))
          assert.ok(figureAgreement(clean, other, spec.background) < 0.99, predicateKey(other));
      });
    });

  it('faulty figures agree less than sound ones', () => {
    const seen: { fault: string; score: number }[] = [];
    for (const name of FIGURE_NAMES)
      for (const [i, spec] of scenesWith(name, 6).entries())
        for (const fault of figureFaultsOf(spec)) {
          const image = faultyFigure(spec, fault, { rng: RandomStream.of(i, fault) });
          const score = figureAgreement(image, figureOf(spec), spec.background);
          assert.ok(score >= 0 && score <= 1, `${fault}: ${score}`);
          seen.push({ fault, score });
        }
    const missed = seen.filter(({ score }) => score === 1).map(({ fault }) => fault);
    assert.ok(seen.length > 30 && missed.length < 0.4 * seen.length, `not noticed: ${missed.join(', ')}`);
  });

  it('cells of boards are read one by one', () => {
    for (const name of ['tic-tac-toe', 'sudoku'] as const)
      for (const spec of scenesWith(name, 8)) {
        const rows = (spec.figure as { rows: string[] }).rows;
        const image = renderScene(spec);
        rows.forEach((row, r) =>
          [...row].forEach((value, c) => {
            const ask = (mark: string): number =>
              cellAgreement(image, name, { at: [r + 1, c + 1], value: mark, background: spec.background });
            assert.equal(ask(value), 1);
            assert.equal(ask(value === '.' ? '1' : '.'), 0);
          }),
        );
      }
  });

  it('a sign without lines to look for is refused', () => {
    const image = renderScene(scenesWith('sign', 1)[0]);
    const bare: FigurePredicate = { kind: 'figure', name: 'sign', value: { colour: 'red' } };
    assert.throws(() => figureAgreement(image, bare, 'city'), /lines are missing/);
  });
});

describe('writing', () => {
  const spec: SceneSpec = { background: 'board', objects: [], text: ['2X-4=10', '2X=14', 'X=7'] };
  const image = renderScene(spec);
  it('is read character by character, and what stands behind a line counts against it', () => {
    assert.equal(textAgreement(image, spec.text!), 1);
    assert.equal(readLine(image, 0, 8), '2X-4=10 ');
    assert.ok(textAgreement(image, ['2X-4=1', '2X=14', 'X=7']) < 1);
    assert.ok(textAgreement(image, ['2X-4=10', '2X=15', 'X=7']) < 1);
    assert.equal(textAgreement(image, ['2X-4=10'.padEnd(8), '2X=14'.padEnd(8), 'X=7'.padEnd(8)]), 1);
    assert.equal(textAgreement(image, []), 0);
  });
});

describe('panels', () => {
  it('one panel becomes a picture whose labels say where its things are', () => {
    const panels: SceneSpec[] = [
      { background: 'meadow', objects: [{ concept: 'cat' }] },
      { background: 'sea', objects: [{ concept: 'apple', count: 2 }] },
      { background: 'snow', objects: [{ concept: 'cat' }, { concept: 'apple' }] },
      { background: 'white', objects: [], figure: { name: 'clock', hour: 3, minute: 0 } },
    ];
    const image = renderScene({ background: 'white', objects: [], panels }, { artist: 'noto' });
    const labels = panels.map(panelLabels);
    assert.deepEqual(
      labels.map(({ objects }) => objects.map(({ concept, count }) => `${count} ${concept}`)),
      [['1 cat'], ['2 apple'], ['1 cat', '1 apple'], []],
    );
    assert.equal(labels[3].choices.figure, 'clock');
    // The middle of the cat's panel is cat, not meadow: the sprite covers it.
    const first = panelPicture(image, 0);
    const plain = panelPicture(
      renderScene(
        {
          background: 'white',
          objects: [],
          panels: [{ background: 'meadow', objects: [{ concept: 'dog' }] }, ...panels.slice(1)],
        },
        { artist: 'noto' },
      ),
      0,
    );
    for (const { cell } of labels[0].cells) {
      const at = (Math.floor(cell / 8) * 8 + 4) * 64 + (cell % 8) * 8 + 4;
      assert.notDeepEqual([...first.subarray(at * 3, at * 3 + 3)], [...plain.subarray(at * 3, at * 3 + 3)]);
    }
    assert.equal(first.length, 64 * 64 * 3);
  });
});

describe('criteria of the wider world', () => {
  const sure: SceneReading = {
    has: () => 1,
    counts: () => [1, 0, 0, 0, 0],
    tint: () => 1,
    size: () => 1,
    place: () => ({ x: 0.5, y: 0.5 }),
    choice: () => 1,
    text: () => 1,
  };
  it('places are compared with the nine slots', () => {
    for (const slot of SLOTS) {
      const scores = SLOTS.map((value) =>
        scorePredicate({ ...sure, place: () => placeOf(slot) }, { kind: 'slot', concept: 'cat', value }),
      );
      assert.equal(SLOTS[scores.indexOf(Math.max(...scores))], slot);
      assert.ok(Math.max(...scores) > 0.6);
    }
  });
  it('a reader that cannot tell says so, and so does a criterion on two pictures', () => {
    const turned: Predicate = { kind: 'turn', concept: 'cat', value: 90 };
    assert.throws(() => scorePredicate(sure, turned), /turn\(cat,90\): this reader cannot tell "turn"/);
    assert.equal(scorePredicate({ ...sure, turn: () => 0.4 }, turned), 0.4);
    const inPanel: Predicate = { kind: 'panel_has', panel: 2, predicate: { kind: 'has', concept: 'cat' } };
    assert.equal(scorePredicate({ ...sure, panel: (n) => ({ ...sure, has: () => n / 10 }) }, inPanel), 0.2);
    assert.throws(() => scorePredicate(sure, { kind: 'same', what: 'rest' }), /sameRest/);
  });
});

/** The middle of a small thing in a slot, as layouts place it. */
function placeOf(slot: (typeof SLOTS)[number]): { x: number; y: number } {
  const of = (low: string, high: string): number =>
    slot.includes(low) ? 12 / 64 : slot.includes(high) ? 52 / 64 : 0.5;
  return { x: of('left', 'right'), y: of('top', 'bottom') };
}

describe('pictures that judges learn from', () => {
  it('changed sprites stay premultiplied and inside their square, and are a function of the stream', () => {
    for (const [i, name] of ['violin', 'cat', 'apple'].entries()) {
      const sprite = spriteOf(name, 'noto', 26);
      const make = (): Uint8Array => {
        const rng = RandomStream.of(i, 'style');
        return restyled(warped(sprite, 26, rng), 26, randomStyle(rng, 1));
      };
      const changed = make();
      assert.deepEqual(changed, make());
      assert.notDeepEqual(changed, sprite);
      for (let at = 0; at < changed.length; at += 4)
        for (let c = 0; c < 3; c++) assert.ok(changed[at + c] <= changed[at + 3] + 1);
    }
  });

  it('collages say what is in them: cells and middles lie on the things', () => {
    for (let i = 0; i < 20; i++) {
      const { image, labels } = collage(RandomStream.of(i, 'collage'), 0, {});
      assert.equal(image.length, 64 * 64 * 3);
      const things = labels.objects.reduce((sum, { count }) => sum + count, 0);
      assert.ok(things >= 1 && things <= 9);
      assert.equal(labels.centres!.length, things);
      assert.ok(labels.objects.every(({ concept }) => conceptNames(0).includes(concept)));
      for (const { x, y } of labels.centres!) assert.ok(x >= 8 && x <= 56 && y >= 8 && y <= 56);
      assert.deepEqual(collage(RandomStream.of(i, 'collage'), 0, {}).image, image);
    }
  });

  it('a fault that cannot be seen is none', () => {
    const plain = new Uint8Array(64 * 64 * 3).fill(200);
    const options = { severity: 1, rng: RandomStream.of(1, 'fault') };
    assert.equal(visibleFault(plain, 'misplaced', options), undefined);
    const picture = renderScene({ background: 'meadow', objects: [{ concept: 'cat' }] });
    assert.ok(visibleFault(picture, 'shuffle', options));
  });
});
