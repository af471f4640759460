import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { RandomStream } from '../lib/tensor';
import {
  canonicalCaption,
  captionOf,
  captionVocabulary,
  criteriaOfScene,
  faultyFigure,
  FIGURE_FAULTS,
  FIGURE_WORDS,
  figureFaultsOf,
  mazePaths,
  normaliseScene,
  parseCaption,
  PHRASINGS,
  predicateProblems,
  randomFigureScene,
  randomScene,
  readClock,
  readGrid,
  readMaze,
  renderScene,
  sceneProblems,
  SceneFigure,
  SceneSpec,
  specMeets,
  specSatisfies,
} from '../lib/world';

const SCENES: SceneSpec[] = (() => {
  const rng = RandomStream.of(3, 'figures');
  return Array.from({ length: 1500 }, () => randomFigureScene(rng));
})();

const grid = (figure: SceneFigure): SceneSpec => ({ background: 'board', objects: [], figure });
const clock = (hour: number, minute: number): SceneSpec => ({
  background: 'room',
  objects: [],
  figure: { name: 'clock', hour, minute },
});

test('the default world is as it was: scenes, captions, criteria and pixels', () => {
  const hash = createHash('sha256');
  const rng = RandomStream.of(11, 'default world');
  for (let i = 0; i < 400; i++) {
    const weights = i % 2 ? { prop: 0.3, text: 0.2, trio: 0.1, slot: 0.1 } : {};
    const scene = randomScene(rng, { weights });
    const said = [captionOf(scene, rng), canonicalCaption(scene)];
    hash.update(JSON.stringify([scene, said, criteriaOfScene(scene)]));
    hash.update(renderScene(scene));
  }
  hash.update(captionVocabulary().join());
  // recorded before figures, panels and turns were added
  assert.equal(hash.digest('hex').slice(0, 16), 'b5736fa3b9567381');
});

test('random figure scenes are valid and reproducible, and every kind comes', () => {
  const again = RandomStream.of(3, 'figures');
  SCENES.slice(0, 200).forEach((scene) => assert.deepEqual(randomFigureScene(again), scene));
  const kinds = new Set<string>();
  for (const scene of SCENES) {
    assert.deepEqual(sceneProblems(scene), []);
    kinds.add(scene.panels ? 'panels' : (scene.figure?.name ?? 'turn'));
  }
  assert.deepEqual([...kinds].sort(), ['clock', 'maze', 'panels', 'sign', 'sudoku', 'tic-tac-toe', 'turn']);
  for (const scene of SCENES.slice(0, 300)) assert.deepEqual(renderScene(scene), renderScene(scene));
});

test('captions of all phrasings are different ways to say the same scene', () => {
  const rng = RandomStream.of(4, 'figure captions');
  const say = { style: 1, background: 1, size: 1, day: 1 };
  for (const scene of SCENES) {
    const whole = normaliseScene(scene);
    assert.deepEqual(parseCaption(canonicalCaption(scene)), whole, canonicalCaption(scene));
    const said = new Set<string>();
    for (let phrasing = 0; phrasing < PHRASINGS; phrasing++) {
      const caption = captionOf(scene, rng, { phrasing, say });
      assert.deepEqual(parseCaption(caption), whole, caption);
      said.add(caption);
    }
    assert.ok(said.size >= 3, canonicalCaption(scene));
    assert.ok(parseCaption(captionOf(scene, rng)), 'attributes left out');
  }
});

test('captions use the published words only', () => {
  const words = new Set([...captionVocabulary(), ...FIGURE_WORDS]);
  const rng = RandomStream.of(5, 'figure words');
  for (const scene of SCENES)
    for (const word of captionOf(scene, rng)
      .replace(/'[^']*'/g, '')
      .match(/[a-z]+/g) ?? [])
      assert.ok(words.has(word), word);
});

test('criteria of a scene hold for it, and not for another of its kind', () => {
  for (const scene of SCENES) {
    const criteria = criteriaOfScene(scene);
    assert.ok(specMeets(scene, criteria), JSON.stringify(scene));
    for (const predicate of [...criteria.answer, ...criteria.details])
      assert.deepEqual(predicateProblems(predicate), []);
  }
  assert.ok(specSatisfies(clock(3, 30), { kind: 'figure', name: 'clock', value: { hour: 3 } }));
  assert.ok(!specSatisfies(clock(3, 30), { kind: 'figure', name: 'clock', value: { hour: 3, minute: 0 } }));
  const board = grid({ name: 'tic-tac-toe', rows: ['XO.', '...', '...'] });
  assert.ok(specSatisfies(board, { kind: 'cell', at: [1, 2], value: 'O' }));
  assert.ok(!specSatisfies(board, { kind: 'cell', at: [2, 2], value: 'O' }));
  const story: SceneSpec = {
    background: 'white',
    objects: [],
    panels: ['apple', 'cat', 'dog', 'sun'].map((concept) => ({
      background: 'meadow',
      objects: [{ concept }],
    })),
  };
  const second = { kind: 'panel_has', panel: 2, predicate: { kind: 'has', concept: 'cat' } } as const;
  assert.ok(specSatisfies(story, second));
  assert.ok(!specSatisfies(story, { ...second, panel: 1 }));
  assert.equal(predicateProblems({ ...second, panel: 5 }).length, 1);
  assert.throws(() => specSatisfies(story, { kind: 'same', what: 'rest' }), /holds of an edit/);
});

test('impossible scenes say what is wrong', () => {
  const cases: [SceneSpec, RegExp][] = [
    [clock(13, 0), /hour is 13, want an integer from 1 to 12/],
    [clock(3, 7), /minute is 7, want 0, 5, \.\. 55/],
    [grid({ name: 'tic-tac-toe', rows: ['XXX', '...', '...'] }), /3 X and 0 O/],
    [grid({ name: 'tic-tac-toe', rows: ['XXX', 'OOO', '...'] }), /both X and O/],
    [grid({ name: 'tic-tac-toe', rows: ['XO.', '...', '...'], marked: [3, 3] }), /an empty cell/],
    [grid({ name: 'tic-tac-toe', rows: ['XO.', '...', '...'], line: 'row 1' }), /holds XO\./],
    [grid({ name: 'tic-tac-toe', rows: ['XO', '...', '...'] }), /has 2 cells, want 3/],
    [grid({ name: 'sudoku', rows: ['11..', '....', '....', '....'] }), /1 stands twice in row 1/],
    [grid({ name: 'sudoku', rows: ['15..', '....', '....', '....'] }), /has "5"/],
    [grid({ name: 'maze', rows: ['....', '....', '....', '....'] }), /no way/],
    [
      grid({ name: 'maze', rows: ['RRRD', '...D', '...D', '....'], path: 'DDDRRR' }),
      /step 1 \(D\) goes through a wall/,
    ],
    [grid({ name: 'maze', rows: ['RRRD', '...D', '...D', '...R'] }), /open to the outside/],
    [
      { ...grid({ name: 'sudoku', rows: ['1...', '....', '....', '....'] }), background: 'meadow' },
      /on background "meadow"/,
    ],
    [
      { background: 'city', objects: [], figure: { name: 'sign', colour: 'red', lines: ['TOOLONG'] } },
      /7 characters, want at most 6/,
    ],
    [
      {
        background: 'city',
        objects: [{ concept: 'car' }],
        figure: { name: 'sign', colour: 'red', lines: ['HELLO'] },
      },
      /5 characters, want at most 4 beside an object/,
    ],
    [
      { background: 'board', objects: [], figure: { name: 'sign', colour: 'red', lines: ['A'] } },
      /write text there/,
    ],
    [{ ...clock(3, 0), text: ['A'], background: 'white' }, /a clock and text/],
    [{ background: 'white', objects: [], panels: [] }, /panels has 0 scenes, want 4/],
    [
      {
        background: 'white',
        objects: [],
        panels: [1, 2, 3, 4].map(() => ({ background: 'board', objects: [], text: ['A'] })),
      },
      /panels\[0\]: text in a panel/,
    ],
    [{ background: 'white', objects: [{ concept: 'apple', turn: 45 as 90 }] }, /turn is 45/],
  ];
  for (const [spec, message] of cases) {
    assert.match(sceneProblems(spec).join('; '), message);
    assert.throws(() => renderScene(spec), message);
  }
});

test('every time of every clock can be read back, with noise too', () => {
  const rng = RandomStream.of(6, 'clock noise');
  for (const beside of [false, true])
    for (let hour = 1; hour <= 12; hour++)
      for (let minute = 0; minute < 60; minute += 5) {
        const objects = beside ? [{ concept: 'cat' }] : [];
        const image = renderScene({ ...clock(hour, minute), objects });
        for (let i = 0; i < image.length; i++)
          image[i] = Math.max(0, Math.min(255, image[i] + Math.round(20 * rng.normal())));
        const read = readClock(image, { beside });
        assert.deepEqual([read.hour, read.minute], [hour, minute]);
      }
});

test('boards and sudoku are read back cell by cell; mazes have the way that is drawn', () => {
  for (const { figure, background } of SCENES)
    if (figure?.name === 'sudoku' || (figure?.name === 'tic-tac-toe' && !figure.line)) {
      const image = renderScene({ background, objects: [], figure });
      assert.deepEqual(readGrid(image, figure.name, background), figure.rows);
    } else if (figure?.name === 'maze') {
      const paths = mazePaths(figure.rows);
      if (figure.path) assert.deepEqual(paths, [figure.path]);
      const image = renderScene({ background, objects: [], figure });
      assert.deepEqual(readMaze(image, background), { rows: figure.rows, path: figure.path ?? '' });
    }
});

test('faults change the picture, and wrong ones the reading', () => {
  const rng = RandomStream.of(7, 'figure faults');
  const seen = new Set<string>();
  for (const scene of SCENES.slice(0, 500)) {
    const clean = renderScene(scene);
    for (const fault of figureFaultsOf(scene)) {
      const faulty = faultyFigure(scene, fault, { rng });
      seen.add(fault);
      // panels may be alike, and a wrong cell may be hidden by nothing
      if (!scene.panels) assert.notDeepEqual(faulty, clean, fault);
      if (fault === 'wrong-time' && scene.figure?.name === 'clock') {
        const read = readClock(faulty, { beside: scene.objects.length > 0 });
        assert.notDeepEqual([read.hour, read.minute], [scene.figure.hour, scene.figure.minute]);
      }
    }
  }
  assert.deepEqual([...seen].sort(), Object.keys(FIGURE_FAULTS).sort());
  assert.throws(() => faultyFigure(clock(3, 0), 'path-cut', { rng }), /want one of wrong-time/);
});

test('figure scenes are drawn fast enough to train on', () => {
  SCENES.forEach((scene) => renderScene(scene)); // fills the caches
  const start = process.hrtime.bigint();
  SCENES.forEach((scene) => renderScene(scene));
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  // far more were measured (data/README.md); a shared, busy machine may be slower
  assert.ok(SCENES.length / seconds > 1000, `${Math.round(SCENES.length / seconds)} scenes/s`);
});
