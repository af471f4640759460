/** The committed readers: that they differ, that they can be trusted on clean pictures, and how calibration is measured. */
import assert from 'node:assert/strict';
import * as path from 'node:path';
import { before, describe, it } from 'node:test';
import {
  answerTable,
  calibrateAnswers,
  calibrationError,
  Examiner,
  examinerReader,
  benchmarkItems,
  reliabilityBins,
  reliabilityFigure,
  runBenchmarkSet,
} from '../lib/evaluation';
import { Judge } from '../lib/rewards';
import { initBackend, RandomStream } from '../lib/tensor';
import { CONCEPTS, criteriaOfScene, renderScene } from '../lib/world';
import type { SceneSpec } from '../lib/world';

const folder = (name: string): string => path.join(__dirname, '..', 'checkpoints', name);
let judge: Judge;
let examiner: Examiner;

before(async () => {
  await initBackend((process.env.T2G_BACKEND ?? 'auto') as 'auto');
  judge = Judge.fromPretrained(folder('judge'));
  examiner = Examiner.fromPretrained(folder('examiner'));
});

describe('reliability', () => {
  it('bins answers by sureness and measures how far truth is from it', () => {
    const answers = [
      ...Array.from({ length: 8 }, (_, i) => ({ score: 0.75, truth: i < 6 })),
      ...Array.from({ length: 2 }, () => ({ score: 0.05, truth: true })),
    ];
    const bins = reliabilityBins(answers, 10);
    assert.deepEqual(
      bins.map(({ n, truth }) => [n, truth]),
      [
        [2, 1],
        [8, 0.75],
      ],
    );
    assert.ok(Math.abs(calibrationError(bins) - 0.2 * 0.95) < 1e-9);
    assert.equal(reliabilityBins([{ score: 1, truth: true }], 10).length, 1);
    assert.throws(() => reliabilityBins([{ score: NaN, truth: true }]), /score is NaN/);
  });
});

describe('the two readers', () => {
  it('differ in body and know every concept', () => {
    assert.notEqual(judge.config.trunk, examiner.config.trunk);
    for (const reader of [judge, examiner]) assert.equal(reader.config.concepts.length, CONCEPTS.length);
  });

  it('rank a right picture above a wrong one nearly always, whoever drew it', async () => {
    for (const reader of [judge, examiner]) {
      const report = await calibrateAnswers(reader, { facts: 60, seed: 99, artists: ['noto', 'openmoji'] });
      assert.equal(report.noto.facts, 60);
      assert.ok(report.noto.wrongAnswer > 0.93, `${reader.name}: ${report.noto.wrongAnswer}`);
      assert.ok(report.openmoji.wrongAnswer > 0.85, `${reader.name}: ${report.openmoji.wrongAnswer}`);
      const full = Object.fromEntries(Object.entries(report).map(([k, answers]) => [k, { answers }]));
      assert.match(answerTable(full), /\| noto \| 60 \| 0\.9/);
      assert.equal(reliabilityFigure({ judge: full }).data.length, 3);
    }
  });

  it('a reader that knows nothing ranks at random', async () => {
    const coin = RandomStream.of(1, 'coin');
    const sure = (): number => coin.uniform();
    const reading = {
      aesthetic: 1,
      consistency: 1,
      has: sure,
      counts: () => [sure(), 0, 0, 0, 0],
      tint: sure,
      size: sure,
      place: () => ({ x: sure(), y: sure() }),
      choice: sure,
      text: sure,
      turn: sure,
      figure: sure,
      cell: sure,
      panel: () => reading,
      top: () => [],
    };
    const blind = { read: (images: Uint8Array[]) => images.map(() => reading) } as unknown as Judge;
    const { noto } = await calibrateAnswers(blind, { facts: 120, seed: 5, artists: ['noto'] });
    assert.ok(noto.wrongAnswer > 0.35 && noto.wrongAnswer < 0.65, String(noto.wrongAnswer));
  });

  it('the examiner reads writing exactly and scores a benchmark set from pixels', async () => {
    const board: SceneSpec = { background: 'board', objects: [], text: ['2X-4=10', '2X=14', 'X=7'] };
    const [right, wrong] = examiner.scores(
      [renderScene(board), renderScene({ ...board, text: ['2X-4=10', '2X=14', 'X=8'] })],
      [criteriaOfScene(board), criteriaOfScene(board)],
    );
    assert.equal(right.answer, 1);
    assert.ok(wrong.answer < 1);
    // Writing alone: what stands beside it is read by a network, which may miscount.
    const items = benchmarkItems('maths').filter(({ scene }) => scene.objects.length === 0);
    const rows = await runBenchmarkSet(items.slice(0, 12), {
      drawer: (requests) => requests.map(({ item }) => ({ image: renderScene(item.scene) })),
      reader: examinerReader(examiner),
    });
    assert.ok(rows.every(({ metrics }) => metrics.accuracy === 1));
    assert.throws(() => examiner.scores([], [criteriaOfScene(board)]), /0 images and 1 criteria/);
  });
});
