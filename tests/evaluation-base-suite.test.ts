/** The base suite: its intervals and distances against closed forms, its captions, its marks on right and wrong pictures. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { before, describe, it } from 'node:test';
import { recordMade } from '../lib/checkpoint';
import { Qwen2, Tokenizer } from '../lib/encoder';
import {
  answersOf,
  correctedShare,
  distanceOf,
  drawScenes,
  Examiner,
  examinerFeatures,
  faultyPictures,
  frechetDistance,
  isNearestRender,
  gaussianOf,
  majorityAnswers,
  markPictures,
  memoryCase,
  nearestArtist,
  neighboursOf,
  painterTable,
  plainCaption,
  recallFacts,
  recallTable,
  saysAll,
  spreadOf,
  suiteConcepts,
  suiteScenes,
  summariseMemory,
  summarisePictures,
  summariseRecall,
  sweepPainter,
  sweepTable,
  symmetricEigen,
  symmetricRoot,
  TARGET_KINDS,
  trainingScene,
  UNKNOWN_WORLD,
  verdictOf,
  verdictText,
  wilsonInterval,
  worldOfModel,
  worstConcepts,
} from '../lib/evaluation';
import type { CaptionPainter, SuiteScene } from '../lib/evaluation';
import { initBackend, RandomStream } from '../lib/tensor';
import {
  clozeOf,
  factsOf,
  isHeldOutScene,
  modelEdition,
  parseCaption,
  questionOf,
  renderScene,
} from '../lib/world';
import type { SceneSpec } from '../lib/world';

let examiner: Examiner;
const world = { tier: 0, artists: ['noto', 'fluent'] } as const;

before(async () => {
  await initBackend((process.env.T2G_BACKEND ?? 'auto') as 'auto');
  examiner = Examiner.fromPretrained(path.join(__dirname, '..', 'checkpoints', 'examiner'));
});

const near = (found: number, wanted: number, tolerance = 1e-9): void =>
  assert.ok(Math.abs(found - wanted) <= tolerance, `${found}, want ${wanted}`);

describe('intervals and verdicts', () => {
  it('Wilson agrees with printed values and stays inside [0, 1]', () => {
    // Agresti and Coull (1998): 0 of 10 gives [0, 0.278]; 5 of 10 gives [0.237, 0.763].
    const none = wilsonInterval(0, 10);
    assert.equal(none.low, 0);
    near(none.high, 0.2775, 1e-4);
    const half = wilsonInterval(5, 10);
    near(half.low, 0.2366, 1e-4);
    near(half.high, 0.7634, 1e-4);
    assert.equal(wilsonInterval(7, 7).high, 1);
    assert.throws(() => wilsonInterval(3, 2), /passed is 3, want an integer from 0 to 2/);
    assert.throws(() => wilsonInterval(0, 0), /n is 0/);
  });

  it('a verdict says by how much, and when more trials could turn it', () => {
    assert.equal(verdictText(verdictOf(wilsonInterval(99, 100), 0.9)), 'held by 9.0 points');
    assert.match(
      verdictText(verdictOf(wilsonInterval(88, 100), 0.9)),
      /^missed by 2.0 points \(the interval/,
    );
  });

  it('takes a marker that errs off the share of right pictures', () => {
    // 60 of 100 drawn right; the marker sees 80 % of right ones and lets 10 % of wrong ones pass: 52 yeses.
    const triples = Array.from({ length: 100 }, (_, i) => ({ drawn: i < 52, right: i < 80, wrong: i < 10 }));
    const share = correctedShare(triples);
    near(share!.mean, 0.6);
    assert.ok(share!.low < 0.6 && share!.high > 0.6);
    const all = correctedShare(triples.slice(0, 8).map((one) => ({ ...one, wrong: false })))!;
    assert.ok(all.mean === 1 && all.low < 0.7); // eight of eight are not all there is
    assert.equal(correctedShare(triples.map((one) => ({ ...one, right: false }))), undefined);
  });
});

describe('the Frechet distance', () => {
  it('finds the eigenvalues and the root of matrices that are known', () => {
    const matrix = { size: 2, values: Float64Array.of(2, 1, 1, 2) };
    const values = [...symmetricEigen(matrix).values].sort();
    near(values[0], 1);
    near(values[1], 3);
    const { values: root } = symmetricRoot(matrix);
    near(root[0], (1 + Math.sqrt(3)) / 2);
    near(root[1], (Math.sqrt(3) - 1) / 2);
    assert.throws(() => symmetricEigen({ size: 2, values: Float64Array.of(1, 2, 0, 1) }), /want a symmetric/);
    assert.throws(() => symmetricEigen({ size: 1, values: Float64Array.of(NaN) }), /value 0 is NaN/);
  });

  it('is the closed form for Gaussians that commute, in any basis', () => {
    const gaussian = (mean: number[], spread: number[], angle: number) => {
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      const [a, b] = spread.map((x) => x * x);
      const cross = (a - b) * c * s;
      return {
        n: 10,
        mean: Float64Array.from(mean),
        covariance: {
          size: 2,
          values: Float64Array.of(a * c * c + b * s * s, cross, cross, a * s * s + b * c * c),
        },
      };
    };
    // |m1 - m2|^2 + sum (s1 - s2)^2
    for (const angle of [0, 0.7])
      near(
        frechetDistance(gaussian([0, 0], [1, 3], angle), gaussian([3, 4], [2, 0.5], angle)),
        25 + 1 + 6.25,
      );
    // Of two that do not commute: tr (A^1/2 B A^1/2)^1/2 = sqrt(tr AB + 2 sqrt det AB) in two dimensions.
    const [a, b] = [gaussian([0, 0], [1, 2], 0), gaussian([0, 0], [1, 3], Math.PI / 4)];
    const trace = 1 * 5 + 4 * 5;
    near(frechetDistance(a, b), 5 + 10 - 2 * Math.sqrt(trace + 2 * Math.sqrt(4 * 9)));
  });

  it('is near 0 between samples of one distribution, and grows with what differs', () => {
    const rng = RandomStream.of(1, 'samples');
    const sample = (shift: number): number[][] =>
      Array.from({ length: 400 }, () => Array.from(rng.normals(3), (x) => x + shift));
    const [a, b, c] = [sample(0), sample(0), sample(1)];
    near(frechetDistance(gaussianOf(a), gaussianOf(a)), 0, 1e-6);
    const same = distanceOf(a, b);
    const other = distanceOf(a, c);
    assert.ok(same.value < 0.1 && Math.abs(other.value - 3) < 0.6, `${same.value} ${other.value}`);
    assert.ok(other.error > 0 && other.error < 0.5);
    assert.throws(() => gaussianOf([[1, 2]]), /1 vectors, want at least 2/);
  });

  it('in examiner features faulty pictures are further than clean ones', async () => {
    const of = (seed: number) => suiteScenes({ ...world, kind: 'single', seed, count: 24 });
    const [one, two] = [1, 2].map((seed) => of(seed).map(({ spec }) => renderScene(spec)));
    const features = await Promise.all(
      [one, two, faultyPictures(one, { severity: 0.9, seed: 1 })].map((images) =>
        examinerFeatures(examiner, images),
      ),
    );
    assert.equal(features[0][0].length, examiner.config.hiddenSize);
    const [a, b, faulty] = features.map(gaussianOf);
    assert.ok(frechetDistance(faulty, b) > 1.5 * frechetDistance(a, b));
  });
});

describe('the captions', () => {
  it('are held out, valid, all different, the same for a seed, and say what they ask about', () => {
    for (const kind of TARGET_KINDS) {
      const scenes = suiteScenes({ ...world, kind, seed: 4, count: 12 });
      assert.equal(scenes.length, 12);
      assert.equal(new Set(scenes.map(({ spec }) => plainCaption(spec))).size, 12);
      assert.deepEqual(suiteScenes({ ...world, kind, seed: 4, count: 12 }), scenes);
      for (const { spec, caption } of scenes) {
        assert.ok(isHeldOutScene(spec), caption);
        const read = parseCaption(caption);
        assert.ok(read, caption);
        if (kind === 'size') assert.equal(read.objects[0].size, spec.objects[0].size);
        if (kind === 'background')
          assert.deepEqual([read.background, read.time], [spec.background, spec.time]);
        if (kind === 'colour') assert.equal(read.objects[0].tint, spec.objects[0].tint);
        if (kind === 'text') assert.ok(spec.text!.length === 1 && spec.text![0].length <= 8);
      }
    }
  });

  it('go through the concepts in turn, and leave out those of another report', () => {
    const order = { ...world, kind: 'single' as const, seed: 4 };
    const first = suiteScenes({ ...order, count: 8 });
    assert.equal(new Set(first.map(({ spec }) => spec.objects[0].concept)).size, 8);
    const next = suiteScenes({ ...order, count: 4, from: 8 });
    assert.deepEqual(
      next.map(({ spec }) => spec.objects[0].concept),
      suiteConcepts(order).slice(8, 12),
    );
    const without = new Set(first.map(({ spec }) => plainCaption(spec)));
    const others = suiteScenes({ ...order, count: 8, without });
    assert.ok(others.every(({ spec }) => !without.has(plainCaption(spec))));
    assert.equal(suiteScenes({ ...order, kind: 'style', artists: ['noto'], count: 3 }).length, 0);
  });
});

/** A painter that draws the true renders of some captions and one fixed picture for the others. */
function fakePainter(scenes: readonly SuiteScene[], able: (index: number) => boolean): CaptionPainter {
  const byCaption = new Map(scenes.map(({ caption, spec }, i) => [caption, able(i) ? spec : undefined]));
  const blank = renderScene({ background: 'white', objects: [] });
  return {
    draw: (captions) =>
      Promise.resolve(
        captions.map((caption) => {
          const spec = byCaption.get(caption);
          return spec ? renderScene(spec) : blank;
        }),
      ),
  };
}

describe('the marks', () => {
  it('pass true renders, fail blank ones, and keep every caption with its picture', async () => {
    const scenes = (['single', 'text', 'style', 'background'] as const).flatMap((kind) =>
      suiteScenes({ ...world, kind, seed: 6, count: 10 }),
    );
    const images = await drawScenes(
      fakePainter(scenes, (i) => i % 2 === 0),
      scenes,
      {
        ...{ steps: 1, guidance: 1, seed: 0, batch: 3 },
      },
    );
    scenes.forEach(({ spec }, i) => {
      if (i % 2 === 0) assert.deepEqual(images[i], renderScene(spec));
    });
    const pictures = markPictures(examiner, images, { scenes, world, seed: 1 });
    pictures.forEach(({ kind, drawn, ceiling }, i) => {
      if (i % 2 === 0) assert.deepEqual(drawn, ceiling);
      else if (kind === 'single' || kind === 'text')
        assert.ok(!drawn.passed && !drawn.best, scenes[i].caption);
    });
    const summary = summarisePictures(pictures);
    const single = summary.find(({ kind }) => kind === 'single')!;
    assert.ok(single.bestCeiling.mean >= 0.8 && single.bestFloor!.mean <= 0.2);
    near(single.corrected!.mean, 0.5, 0.15);
    assert.equal(summary.find(({ kind }) => kind === 'text')!.passed.mean, 0.5);
    assert.match(painterTable(summary), /\*\*single\*\* \| 10 \| 95\.0 % \|/);
    const worst = worstConcepts(pictures);
    assert.ok(worst[0].passed === 0 && worst[0].ceilingPassed >= worst[0].passed);
    assert.throws(
      () => answersOf(examiner, [], { scenes, artists: world.artists }),
      /0 pictures and 40 scenes/,
    );
  });

  it('knows a style by the artist whose render is nearest', () => {
    const spec: SceneSpec = { background: 'meadow', objects: [{ concept: 'owl' }] };
    assert.equal(nearestArtist(renderScene(spec, { artist: 'fluent' }), spec, world.artists), 'fluent');
    assert.equal(nearestArtist(renderScene(spec, { artist: 'noto' }), spec, world.artists), 'noto');
  });

  it('knows a colour by the renders that are further, in another colour or of another thing', () => {
    const spec: SceneSpec = {
      background: 'meadow',
      objects: [{ concept: 'owl', size: 'large', tint: 'red' }],
    };
    const drawn = (object: SceneSpec['objects'][0]) =>
      renderScene({ ...spec, objects: [object] }, { artist: 'noto' });
    const [owl] = spec.objects;
    assert.ok(isNearestRender(drawn(owl), spec, { what: 'tint', artists: world.artists }));
    assert.ok(
      !isNearestRender(drawn({ ...owl, tint: 'blue' }), spec, { what: 'tint', artists: world.artists }),
    );
    assert.ok(
      !isNearestRender(drawn({ concept: 'owl', size: 'large' }), spec, {
        what: 'tint',
        artists: world.artists,
      }),
    );
  });

  it('knows a number by the renders that are further, in another number or of another thing', () => {
    const spec: SceneSpec = { background: 'meadow', objects: [{ concept: 'owl', count: 3 }] };
    const judged = (object: SceneSpec['objects'][0]): boolean =>
      isNearestRender(renderScene({ ...spec, objects: [object] }, { artist: 'noto' }), spec, {
        what: 'count',
        artists: world.artists,
      });
    assert.ok(judged({ concept: 'owl', count: 3 }));
    for (const count of [1, 2, 4, 5] as const) assert.ok(!judged({ concept: 'owl', count }), String(count));
    assert.ok(!judged({ concept: 'fish', count: 3 }));
  });

  it('a sweep marks every point of the grid on the same captions', async () => {
    const scenes = suiteScenes({ ...world, kind: 'text', seed: 7, count: 4 });
    let done = 0;
    const points = await sweepPainter(
      fakePainter(scenes, (i) => i < 3),
      examiner,
      {
        ...{ scenes, artists: world.artists, guidances: [1, 3], steps: [2, 5], seed: 0 },
        onProgress: (now, total) => (done = now / total),
      },
    );
    assert.equal(done, 1);
    assert.deepEqual(
      points.map(({ guidance, steps, mean }) => [guidance, steps, mean]),
      [
        [1, 2, 0.75],
        [1, 5, 0.75],
        [3, 2, 0.75],
        [3, 5, 0.75],
      ],
    );
    assert.match(sweepTable(points), /\| 75\.0 \| 75 \|/);
  });
});

describe('memorisation', () => {
  const spec: SceneSpec = {
    background: 'meadow',
    time: 'night',
    objects: [{ concept: 'owl', count: 1, size: 'large' }],
  };

  it('only looks at captions that say all', () => {
    assert.ok(saysAll({ caption: 'one large owl in a meadow at night', spec }));
    assert.ok(!saysAll({ caption: 'one owl in a meadow at night', spec }));
    assert.ok(!saysAll({ caption: 'one large owl', spec: { ...spec, time: 'day' } }));
  });

  it('training scenes and neighbours are never held out; neighbours differ in one thing', () => {
    const rng = RandomStream.of(2, 'training');
    for (let i = 0; i < 60; i++) assert.ok(!isHeldOutScene(trainingScene(rng, UNKNOWN_WORLD)));
    const neighbours = neighboursOf(spec);
    assert.ok(neighbours.length > 15);
    const own = plainCaption(spec);
    for (const other of neighbours) {
      assert.ok(!isHeldOutScene(other));
      assert.notEqual(plainCaption(other), own);
    }
  });

  it('tells a painter that composes from one that copies', async () => {
    const own = renderScene(spec, { artist: 'noto' });
    const training = neighboursOf(spec).map((scene) => renderScene(scene, { artist: 'noto' }));
    const features = await examinerFeatures(examiner, [own, ...training]);
    const spread = spreadOf(features);
    const candidates = training.map((image, i) => ({ image, features: features[i + 1] }));
    const truth = { image: own, features: features[0] };
    const caseOf = (drawn: typeof truth) =>
      memoryCase('an owl', drawn, { own: [truth], training: candidates, spread });
    const [composed, copied] = [truth, candidates[3]].map(caseOf);
    assert.equal(composed.pixels.own, 0);
    assert.ok(composed.pixels.training > 0 && composed.features.training > 0);
    assert.equal(copied.pixels.training, 0);
    assert.deepEqual(copied.nearest, training[3]);
    assert.deepEqual(
      summariseMemory([composed, copied]).map(({ own: share }) => share.mean),
      [0.5, 0.5],
    );
  });
});

describe('facts recalled', () => {
  const core = factsOf('test').slice(0, 3);

  it('are asked as the corpus states them', () => {
    const [fact] = core;
    const { prompt, answer } = questionOf(fact);
    assert.ok(prompt.startsWith('<|im_start|>user\n') && prompt.endsWith('<|im_start|>assistant\n'));
    assert.ok(answer.endsWith(`is ${fact.answer}.<|im_end|>`));
    assert.ok(prompt.includes(fact.prompts[0]));
    assert.equal(clozeOf(fact).answer, fact.answer);
    assert.ok(answer.startsWith(clozeOf(fact).prompt));
  });

  it('are summed up by split, two-hop facts apart, beside what the commonest answer gets', () => {
    const facts = Array.from({ length: 6 }, (_, i) => ({
      ...core[0],
      ...{ id: `fact-${i}`, relation: 'made-up', answer: i < 4 ? 'a cat' : 'a dog', prompts: ['one', 'two'] },
      ...(i === 5 && { via: 'fact-0' }),
    }));
    const asked = facts.map((fact, i) => ({
      fact,
      split: i === 3 ? ('absent' as const) : ('test' as const),
    }));
    const rows = asked.flatMap(({ fact: { id } }, i) =>
      (['cloze', 'question'] as const).flatMap((form) =>
        ['one', 'two'].map((prompt, k) => {
          const correct = form === 'cloze' && i !== 3 && (k === 0 || i === 0);
          return { factId: id, form, prompt, answer: '', first: k === 0, correct };
        }),
      ),
    );
    const groups = summariseRecall(rows, asked);
    const group = (name: string) => groups.find((one) => one.group === name && one.form === 'cloze')!;
    assert.deepEqual([group('test').facts, group('absent').facts, group('two hops').facts], [4, 1, 1]);
    assert.equal(group('test').firstPrompt.mean, 1);
    near(group('test').allPrompts.mean, (1 + 3 * 0.5) / 4);
    assert.equal(group('absent').firstPrompt.mean, 0);
    assert.equal(group('absent').chance, 1);
    // Cats are 3 of the 4 stated; left out itself, each of them is still told by the others, the dog is not.
    near(group('test').chance, 0.75);
    assert.match(recallTable(groups), /\| absent \| cloze \| 1 \| {2}\| 0\.0 %/);
    const told = summariseRecall(rows, asked, [facts[4]]).find(({ group: name }) => name === 'absent')!;
    assert.equal(told.chance, 0); // a corpus of the dog alone never guesses a cat
    assert.throws(() => summariseRecall(rows.slice(1, 2), asked), /has no cloze row/);
    assert.equal(majorityAnswers([facts[4]])(facts[4]), false);
  });

  it('asks a model every prompt in both forms', async () => {
    const tokenizer = Tokenizer.fromPretrained(
      path.join(__dirname, '..', 'checkpoints', 'base', 'tokenizer'),
    );
    const lm = Qwen2.init(
      {
        ...{ vocabSize: tokenizer.vocabSize, hiddenSize: 32, intermediateSize: 48, numHiddenLayers: 1 },
        ...{ numAttentionHeads: 2, numKeyValueHeads: 1, maxPositionEmbeddings: 96 },
      },
      1,
    );
    const asked = core.map((fact) => ({ fact, split: 'test' as const }));
    const rows = await recallFacts({ lm, tokenizer }, asked);
    lm.dispose();
    assert.equal(rows.length, 2 * core.reduce((sum, { prompts }) => sum + prompts.length, 0));
    assert.ok(rows.every(({ correct }) => !correct)); // random weights know nothing
  });

  it('finds that the committed model knows facts of the test split in both forms', async () => {
    const base = path.join(__dirname, '..', 'checkpoints', 'base');
    const tokenizer = Tokenizer.fromPretrained(path.join(base, 'tokenizer'));
    const lm = await Qwen2.fromPretrained(path.join(base, 'text_encoder'));
    const asked = factsOf('test')
      .slice(0, 12)
      .map((fact) => ({ fact, split: 'test' as const }));
    const groups = summariseRecall(await recallFacts({ lm, tokenizer }, asked), asked);
    lm.dispose();
    for (const { group, form, firstPrompt } of groups)
      if (group === 'test') assert.ok(firstPrompt.mean > 0.5, `${form}: ${firstPrompt.mean}`);
  });
});

describe('what a model was trained on', () => {
  const folder = (): string => {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'base-suite-'));
    fs.writeFileSync(path.join(dir, 'model_index.json'), '{}');
    for (const part of ['text_encoder', 'transformer']) fs.mkdirSync(path.join(dir, part));
    return dir;
  };

  it('comes from training.json, and is the core where there is none', () => {
    const dir = folder();
    assert.deepEqual([modelEdition(dir), worldOfModel(dir)], ['core', UNKNOWN_WORLD]);
    recordMade(dir, 'text_encoder', { options: { edition: 'full', tier: null }, result: {} });
    recordMade(dir, 'transformer', { options: { tier: 2, artists: ['fluent'], figures: 0.2 }, result: {} });
    const { tier, artists, figures, known } = worldOfModel(dir);
    assert.deepEqual([modelEdition(dir), tier, artists, figures, known], ['full', 2, ['fluent'], 0.2, true]);
    fs.rmSync(dir, { recursive: true });
  });

  it('refuses artists, tiers and editions that are none', () => {
    const dir = folder();
    recordMade(dir, 'text_encoder', { options: { edition: 'half' }, result: {} });
    assert.throws(() => modelEdition(dir), /edition is "half", want one of core, full/);
    recordMade(dir, 'transformer', { options: { tier: 7 }, result: {} });
    assert.throws(() => worldOfModel(dir), /tier is 7, want one of 0, 1, 2/);
    recordMade(dir, 'transformer', { options: { artists: ['openmoji'] }, result: {} });
    assert.throws(() => worldOfModel(dir), /artists is \["openmoji"\], want a list of noto/);
    fs.rmSync(dir, { recursive: true });
  });
});
