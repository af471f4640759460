/**
 * The base suite: a language model that knows facts and a painter that draws literal captions, measured before any
 * fine-tuning. Prints a table for each part; summary.json, rows.json and picture sheets go to the output folder.
 */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { resolvePart, writeJson } from '../../lib/checkpoint';
import {
  bestAnswerTable,
  distanceReport,
  distanceTable,
  Examiner,
  examinerFeatures,
  EXTRA_KINDS,
  faultyPictures,
  summariseRecall,
  suiteScenes,
  summarisePictures,
  sweepPainter,
  sweepTable,
  TARGET_KINDS,
  closestCases,
  drawScenes,
  markPictures,
  memoryTable,
  painterTable,
  plainCaption,
  recallFacts,
  recallTable,
  summariseMemory,
  worldOfModel,
  worstConcepts,
} from '../../lib/evaluation';
import type { PainterWorld, SuitePicture, SuiteScene } from '../../lib/evaluation';
import { markdownTable } from '../../lib/evaluation/base-suite/targets';
import { Qwen2, Tokenizer } from '../../lib/encoder';
import { ThinkThenGenerate } from '../../lib/pipeline';
import { initBackend, RandomStream } from '../../lib/tensor';
import { factsOf, modelEdition, renderScene, SPLITS } from '../../lib/world';
import type { Edition } from '../../lib/world';
import { memoryCases } from './base-memory';
import { type BaseOptions, baseOptions, progressOf } from './base-options';
import { kindSheets, memorySheet } from './base-sheets';

const RESULTS = path.join('docs', 'results', 'base-suite.json');
/** Severities of the faults that are the upper ruler of the distances. */
const FAULTS = { slight: 0.25, plain: 0.75 };

export async function evaluateBase(): Promise<void> {
  const options = baseOptions();
  const began = Date.now();
  // All folders are looked for before anything takes time.
  const paints = options.sweep || options.parts.some((part) => part !== 'lm');
  for (const part of ['tokenizer', 'text_encoder', ...(paints ? ['transformer', 'scheduler'] : [])])
    resolvePart(options.model, part);
  if (paints && !fs.existsSync(path.join(options.examiner, 'config.json')))
    throw new Error(`${options.examiner}: there is no examiner; \`npm run train:examiner\` makes it`);
  const backend = await initBackend();
  const world = worldOfModel(options.model);
  const edition = options.edition ?? modelEdition(options.model);
  console.log(
    `backend ${backend.name} (${backend.detail}, ${backend.threads} threads)\n` +
      `${options.model}: facts of the ${edition} edition; concepts up to tier ${world.tier}, drawn by ${world.artists.join(', ')}`,
  );
  if (!world.known)
    console.log(
      'its training.json does not say how the painter was made: it may have been trained on the held-out scenes',
    );
  fs.mkdirSync(options.out, { recursive: true });
  if (options.sweep) return sweep(options, world);
  const summary: Record<string, unknown> = { options, edition, world };
  const rows: Record<string, unknown> = {};
  if (options.parts.includes('lm'))
    Object.assign(summary, { recall: await languageModel(options, edition, rows) });
  if (options.parts.some((part) => part !== 'lm'))
    Object.assign(summary, await painter(options, world, rows));
  summary.seconds = Math.round((Date.now() - began) / 1000);
  writeJson(path.join(options.out, 'summary.json'), summary);
  fs.writeFileSync(path.join(options.out, 'rows.json'), `${JSON.stringify(rows)}\n`);
  if (options.results) writeJson(RESULTS, summary);
  const kept = options.results ? ` and ${RESULTS}` : '';
  console.log(`\nsummary, rows and pictures: ${options.out}${kept} (${String(summary.seconds)} s)`);
}

async function languageModel(
  { model, facts, seed, batch }: BaseOptions,
  edition: Edition,
  rows: Record<string, unknown>,
): Promise<unknown> {
  const tokenizer = Tokenizer.fromPretrained(resolvePart(model, 'tokenizer'));
  const lm = await Qwen2.fromPretrained(resolvePart(model, 'text_encoder'));
  const asked = SPLITS.flatMap((split) => {
    const all = RandomStream.of(seed, 'base-suite', split).shuffle([...factsOf(split, { edition })]);
    return (facts > 0 ? all.slice(0, facts) : all).map((fact) => ({ fact, split }));
  });
  const recalled = await recallFacts({ lm, tokenizer }, asked, {
    batch: 2 * batch,
    onProgress: progressOf('language model'),
  });
  lm.dispose();
  const corpus = SPLITS.filter((split) => split !== 'absent').flatMap((split) => factsOf(split, { edition }));
  const groups = summariseRecall(
    recalled,
    asked,
    corpus.filter(({ via }) => via === undefined),
  );
  console.log(`\n## Language model: facts recalled by greedy decoding\n${recallTable(groups)}`);
  // Tens of thousands of answers: the wrong ones are what a reader looks for.
  rows.recallWrong = recalled.filter(({ correct }) => !correct);
  return groups;
}

async function painter(
  options: BaseOptions,
  world: PainterWorld,
  rows: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const { model, steps, guidance, seed, batch, out, parts } = options;
  const examiner = Examiner.fromPretrained(options.examiner);
  const pipeline = await ThinkThenGenerate.fromPretrained(model);
  const targeted = scenesOf(options, world);
  const extra = parts.includes('painter')
    ? EXTRA_KINDS.flatMap((kind) => suiteScenes({ ...world, kind, seed, count: options.extra }))
    : [];
  const scenes = [...targeted, ...extra];
  const images = await drawScenes(pipeline, scenes, {
    ...{ steps, guidance, seed, batch, onProgress: progressOf('painter') },
  });
  pipeline.dispose();
  const pictures = markPictures(examiner, images, { scenes, world, seed });
  const summary: Record<string, unknown> = {};
  if (parts.includes('painter')) {
    const kinds = summarisePictures(pictures);
    const worst = worstConcepts(pictures).filter(({ n, passed }) => passed < n);
    console.log(
      `\n## Painter: held-out captions, ${steps} steps, guidance ${guidance}\nEvery question scores at least 0.5\n${painterTable(kinds)}\n\n` +
        `What was asked is the likeliest answer\n${bestAnswerTable(kinds)}\n\n` +
        `Worst concepts\n${worstTable(worst.slice(0, 20))}`,
    );
    Object.assign(summary, { painter: kinds, worst: worst.slice(0, 60) });
    rows.pictures = pictures.map(({ image: _, truth: __, ...row }) => row);
    await kindSheets(out, pictures);
  }
  const own = pictures.slice(0, targeted.length);
  if (parts.includes('distance'))
    summary.distance = await distance(options, world, { examiner, pictures: own });
  if (parts.includes('memory')) {
    const cases = await memoryCases(options, world, { examiner, pictures: own });
    const memory = summariseMemory(cases);
    console.log(`\n## Memorisation: pictures of held-out captions that say all\n${memoryTable(memory)}`);
    summary.memory = memory;
    const closest = closestCases(cases);
    rows.memory = closest.map(({ drawn: _, own: __, nearest: ___, ...row }) => row);
    await memorySheet(path.join(out, 'memory-closest.png'), closest);
  }
  return summary;
}

/** The captions with a target; each kind goes on in the round of concepts where the one before ended. */
function scenesOf(
  { captions: count, seed }: Pick<BaseOptions, 'captions' | 'seed'>,
  world: PainterWorld,
  without?: ReadonlySet<string>,
): SuiteScene[] {
  return TARGET_KINDS.flatMap((kind, k) =>
    suiteScenes({ ...world, kind, seed, count, from: k * count, without }),
  );
}

async function distance(
  options: BaseOptions,
  world: PainterWorld,
  { examiner, pictures }: { examiner: Examiner; pictures: readonly SuitePicture[] },
): Promise<unknown> {
  const truths = pictures.map(({ truth }) => truth);
  const others = scenesOf({ ...options, seed: options.seed + 1000 }, world).map(({ spec }) =>
    renderScene(spec),
  );
  const features = (images: readonly Uint8Array[]): Promise<Float32Array[]> =>
    examinerFeatures(examiner, images);
  const faulty: Record<string, Float32Array[]> = {};
  for (const [name, severity] of Object.entries(FAULTS))
    faulty[name] = await features(faultyPictures(truths, { severity, seed: options.seed }));
  const sets = {
    drawn: await features(pictures.map(({ image }) => image)),
    same: await features(truths),
    other: await features(others),
    faulty,
  };
  const report = distanceReport(sets, progressOf('distance'));
  console.log(
    `\n## Distance: Frechet, ${report.features} features of the examiner (mean over cells of its scene tower), ` +
      `${report.n} pictures a set\n${distanceTable(report)}${report.warning ? `\n${report.warning}` : ''}`,
  );
  return report;
}

async function sweep(options: BaseOptions, world: PainterWorld): Promise<void> {
  const examiner = Examiner.fromPretrained(options.examiner);
  const pipeline = await ThinkThenGenerate.fromPretrained(options.model);
  const reported = new Set(scenesOf(options, world).map(({ spec }) => plainCaption(spec)));
  const scenes = scenesOf({ captions: options.sweepCaptions, seed: options.seed + 500_000 }, world, reported);
  const points = await sweepPainter(pipeline, examiner, {
    ...{ scenes, artists: world.artists, seed: options.seed, batch: options.batch },
    ...{ guidances: options.sweepGuidance, steps: options.sweepSteps, onProgress: progressOf('sweep') },
  });
  pipeline.dispose();
  const file = path.join(options.out, 'sweep.json');
  writeJson(file, { options, points });
  console.log(
    `\n## Guidance and steps, ${scenes.length} validation captions\n${sweepTable(points)}\n\n` +
      `${JSON.stringify(points)}\n\n${file}`,
  );
}

function worstTable(worst: ReturnType<typeof worstConcepts>): string {
  return markdownTable(
    ['concept', 'there as asked', 'true renders', 'mean score'],
    worst.map(({ concept, n, passed, ceilingPassed, score }) => [
      ...[concept, `${passed} of ${n}`, `${ceilingPassed} of ${n}`, score.toFixed(2)],
    ]),
  );
}
