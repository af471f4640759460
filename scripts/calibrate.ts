/**
 * `npm run calibrate`: measures how well the judge and the examiner tell right pictures from wrong ones and sound from
 * broken ones, by artist, the held-out artist included; writes calibration.json beside each and draws reliability.
 */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { parseCli, positiveInteger, writeJson } from '../lib/checkpoint';
import {
  answerTable,
  calibrateAnswers,
  calibrateJudge,
  calibrationTable,
  Examiner,
  reliabilityFigure,
} from '../lib/evaluation';
import type { CalibrationReport } from '../lib/evaluation';
import { Judge } from '../lib/rewards';
import { initBackend } from '../lib/tensor';
import { figurePng } from '../lib/notebook';

const DEFAULTS = {
  readers: ['judge', 'examiner'],
  checkpoints: 'checkpoints',
  facts: 400,
  scenes: 300,
  seed: 12,
  picture: 'data/cards/reliability.png',
};

async function main(): Promise<void> {
  const options = parseCli(DEFAULTS, {
    name: 'npm run calibrate --',
    help: 'Measures the learned readers on clean, wrong and broken pictures of every artist.',
    describe: {
      readers: 'folders of checkpoints/ to measure',
      facts: 'held-out facts per artist',
      scenes: 'random scenes per artist',
      picture: 'where the reliability plot goes; empty: nowhere',
    },
    checks: { facts: positiveInteger, scenes: positiveInteger },
  });
  const backend = await initBackend();
  console.log(`backend ${backend.name} (${backend.detail}, ${backend.threads} threads)`);
  const all: Record<string, CalibrationReport> = {};
  for (const name of options.readers) {
    const dir = path.join(options.checkpoints, name);
    const reader = name === 'examiner' ? Examiner.fromPretrained(dir) : Judge.fromPretrained(dir);
    const report = await calibrateJudge(reader, options);
    const answers = await calibrateAnswers(reader, options);
    for (const artist of Object.keys(report)) report[artist].answers = answers[artist];
    writeJson(path.join(dir, 'calibration.json'), report);
    all[name] = report;
    console.log(`\n${name}, answers of held-out facts (AUC)\n${answerTable(report)}`);
    console.log(`\n${name}, random scenes (AUC)\n${calibrationTable(report)}`);
  }
  if (options.picture) fs.writeFileSync(options.picture, await figurePng(reliabilityFigure(all)));
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
