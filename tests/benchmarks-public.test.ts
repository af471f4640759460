/** Loaders for a user's own copy of WISE, T2I-ReasonBench and RISEBench, and judging by a user's model. All texts here are ours. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  judgePictures,
  loadRiseBench,
  loadT2iReasonBench,
  loadWise,
  PUBLIC_LIMITS,
  scoreGrades,
  setTable,
  summariseSet,
} from '../lib/evaluation';
import type { PromptJudge, PublicPrompt } from '../lib/evaluation';

let folder: string;

before(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'public-benchmarks-'));
});
after(() => fs.rmSync(folder, { recursive: true }));

/** Writes a file and gives its path. */
function file(name: string, content: unknown): string {
  const where = path.join(folder, name);
  fs.writeFileSync(where, typeof content === 'string' ? content : JSON.stringify(content));
  return where;
}

const wiseRow = (id: number, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  Prompt: `what stands in field ${id}`,
  Explanation: 'A scarecrow stands there.',
  Category: 'made up',
  Subcategory: 'fields',
  prompt_id: id,
  ...more,
});

describe('WISE', () => {
  it('is read with the categories of its ids, from one file or several', () => {
    const first = file(
      'one.json',
      [1, 400, 401, 567].map((id) => wiseRow(id)),
    );
    const second = file(
      'two.json',
      [568, 700, 701, 800, 801, 900, 901, 1000].map((id) => wiseRow(id)),
    );
    const prompts = loadWise([first, second]);
    assert.deepEqual(
      prompts.map(({ id, category }) => `${id} ${category}`),
      [
        ...['1 cultural', '400 cultural', '401 time', '567 time', '568 space', '700 space'],
        ...['701 biology', '800 biology', '801 physics', '900 physics', '901 chemistry', '1000 chemistry'],
      ],
    );
    const { prompt, reference, subDomain, scheme, questions } = prompts[0];
    assert.deepEqual(
      [prompt, reference, subDomain, scheme],
      ['what stands in field 1', 'A scarecrow stands there.', 'fields', 'wise'],
    );
    assert.deepEqual(
      questions.map(({ aspect, grades }) => [aspect, grades]),
      ['consistency', 'realism', 'aesthetic'].map((aspect) => [aspect, [0, 1, 2]]),
    );
    assert.equal(loadWise(first).length, 4);
  });

  it('names file, row, field, what is there and what is wanted', () => {
    const refused = (name: string, rows: unknown, message: RegExp): void =>
      assert.throws(() => loadWise(file(name, rows)), message);
    refused(
      'a.json',
      [wiseRow(1), wiseRow(2, { Explanation: 12 })],
      /^Error: a.json: row 2: Explanation is 12, want a text that is not blank$/,
    );
    refused('b.json', [wiseRow(1, { Prompt: ' \n' })], /b.json: row 1: Prompt is " \\n", want a text/);
    refused('c.json', [wiseRow(1, { Subcategory: undefined })], /row 1: Subcategory is missing/);
    refused(
      'd.json',
      [wiseRow(1001)],
      /d.json: row 1: prompt_id is 1001, want a whole number from 1 to 1000/,
    );
    refused('e.json', [wiseRow(1, { prompt_id: '1' })], /prompt_id is "1", want a whole number/);
    refused('f.json', [wiseRow(5), wiseRow(5)], /f.json: row 2: id 5 is there already, in f.json: row 1/);
    refused('g.json', [wiseRow(1), null], /g.json: row 2 is null, want an object/);
    refused('h.json', [wiseRow(1, { Category: ['x'] })], /Category is a list of 1, want a text/);
    refused('i.json', [wiseRow(1, { Prompt: `a${'\0'}b` })], /want a text without NUL/);
  });
});

describe('files', () => {
  it('that are missing, broken, of another shape or too large are refused by name', () => {
    assert.throws(() => loadWise(path.join(folder, 'none.json')), /none.json: could not be read \(no such/);
    assert.throws(() => loadWise(folder), /could not be read \(it is no file\)/);
    assert.throws(() => loadWise(file('j.json', '[{"Prompt": }]')), /j.json: is not valid JSON \(/);
    const latin = path.join(folder, 'latin.json');
    fs.writeFileSync(latin, Buffer.from([0x5b, 0x22, 0xe9, 0x22, 0x5d]));
    assert.throws(() => loadWise(latin), /latin.json: is not valid JSON/);
    assert.throws(() => loadWise(file('k.json', { rows: [] })), /k.json: holds an object, want a list/);
    assert.throws(() => loadWise(file('l.json', [])), /l.json: has no rows/);
    assert.throws(
      () => loadWise(file('m.json', JSON.stringify(Array(PUBLIC_LIMITS.rows + 1).fill(0)))),
      /m.json: has 20001 rows, want at most 20000/,
    );
    const long = 'x'.repeat(PUBLIC_LIMITS.characters + 1);
    assert.throws(
      () => loadWise(file('n.json', [wiseRow(1, { Prompt: long })])),
      /n.json: row 1: Prompt has 8001 characters, want at most 8000/,
    );
    const large = path.join(folder, 'large.json');
    fs.writeFileSync(large, '');
    fs.truncateSync(large, PUBLIC_LIMITS.bytes + 1);
    assert.throws(() => loadWise(large), /large.json: could not be read \(it has 33554433 bytes, want/);
  });

  it('may begin with a byte order mark', () => {
    assert.equal(loadWise(file('bom.json', `\uFEFF${JSON.stringify([wiseRow(1)])}`)).length, 1);
  });

  it('with names of prototypes, or nested without end, are data like any other', () => {
    const inherited = JSON.stringify([wiseRow(1)]).replace(
      '"Subcategory"',
      '"__proto__":{"Subcategory":"x"},"y"',
    );
    assert.throws(() => loadWise(file('o.json', inherited)), /row 1: Subcategory is missing/);
    assert.equal(({} as Record<string, unknown>).Subcategory, undefined);
    const own = JSON.stringify([wiseRow(1)]).replace('{', '{"__proto__":{"polluted":1},"constructor":2,');
    const [prompt] = loadWise(file('p.json', own));
    assert.equal(({} as Record<string, unknown>).polluted, undefined);
    assert.deepEqual(Object.keys(prompt).sort(), [
      'category',
      'id',
      'prompt',
      'questions',
      'reference',
      'scheme',
      'subDomain',
    ]);
    const deep = `[{"Prompt":${'['.repeat(200_000)}${']'.repeat(200_000)},"prompt_id":1}]`;
    assert.throws(() => loadWise(file('q.json', deep)), /q.json: row 1: .* is (missing|a list of 1), want/);
    assert.throws(
      () => loadWise(file('r.json', `${'['.repeat(200_000)}${']'.repeat(200_000)}`)),
      /r.json: row 1 is a list of 1, want an object/,
    );
  });
});

const pairs = (...questions: string[]): Record<string, string> =>
  Object.fromEntries(
    questions.flatMap((question, i) => [
      [`q${i + 1}`, question],
      [`c${i + 1}`, `1 for ${question}`],
    ]),
  );
const t2iRow = (id: number, more: Record<string, unknown>): Record<string, unknown> => ({
  id,
  prompt: `prompt number ${id}`,
  image_content: 'a kettle',
  quality_evaluation: pairs('Is it sharp?'),
  ...more,
});

describe('T2I-ReasonBench', () => {
  it('is read with its questions, the dimension from the questions or the name', () => {
    const entity = t2iRow(1, {
      entity_evaluation: pairs('Is it a kettle?', 'Is it the blue one?'),
      other_details_evaluation: pairs('Is there steam?'),
    });
    const [prompt] = loadT2iReasonBench(file('any.json', [entity]));
    assert.deepEqual(
      [prompt.id, prompt.category, prompt.prompt, prompt.reference],
      ['entity/1', 'entity', 'prompt number 1', 'a kettle'],
    );
    assert.deepEqual(
      prompt.questions.map(({ aspect, question, criterion }) => [aspect, question, criterion]),
      [
        ['reason', 'Is it a kettle?', '1 for Is it a kettle?'],
        ['reason', 'Is it the blue one?', '1 for Is it the blue one?'],
        ['detail', 'Is there steam?', '1 for Is there steam?'],
        ['quality', 'Is it sharp?', '1 for Is it sharp?'],
      ],
    );
    const reason = t2iRow(4, { reason_evaluation: pairs('Is it sad?') });
    const category = (name: string): string => loadT2iReasonBench(file(name, [reason]))[0].category;
    assert.equal(category('evaluation_idiom.json'), 'idiom');
    assert.equal(category('evaluation_textual_image.json'), 'textual-image-design');
    assert.throws(
      () => loadT2iReasonBench(file('reason.json', [reason])),
      /reason.json: row 1: nothing says which dimension/,
    );
    const named = loadT2iReasonBench(file('reason.json', [reason]), { dimension: 'idiom' });
    assert.equal(named[0].questions.length, 2);
  });

  it('takes prompts from their own file, and quality under its older name', () => {
    const { quality_evaluation, ...row } = t2iRow(3, { reason_evaluation: pairs('Is it sad?') });
    const questions = file('idiom.json', [{ ...row, aesthetic_evaluation: quality_evaluation }]);
    const prompts = file('prompts.json', [{ id: 3, prompt: 'he kicked the kettle', idiom: 'x' }]);
    const [found] = loadT2iReasonBench(questions, { prompts });
    assert.deepEqual(
      [found.prompt, found.questions.map(({ aspect }) => aspect)],
      ['he kicked the kettle', ['reason', 'quality']],
    );
    const others = file('prompts.json', [{ id: 4, prompt: 'another' }]);
    assert.throws(
      () => loadT2iReasonBench(questions, { prompts: others }),
      /idiom.json: row 1: id 3 is not in prompts.json/,
    );
  });

  it('refuses questions without criteria, in words', () => {
    const refused = (reason: unknown, message: RegExp): void =>
      assert.throws(
        () => loadT2iReasonBench(file('idiom.json', [t2iRow(1, { reason_evaluation: reason })])),
        message,
      );
    refused(undefined, /idiom.json: row 1: reason_evaluation is missing, want \{ "q1"/);
    refused('q1', /row 1: reason_evaluation is "q1", want an object/);
    refused({}, /row 1: reason_evaluation has 0 questions and 0 criteria/);
    refused({ q1: 'a?', c1: 'b', q2: 'c?' }, /has 2 questions and 1 criteria, want as many of both/);
    refused({ q1: 'a?', c2: 'b' }, /row 1: reason_evaluation: c1 is missing, want a text/);
    refused({ q1: 'a?', c1: 'b', toString: 'x' }, /reason_evaluation has "toString", want only q1, c1/);
    refused({ q1: 'a?', c1: 7 }, /row 1: reason_evaluation: c1 is 7, want a text/);
  });
});

const riseRow = (kind: string, n: number, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  index: `${kind}_reasoning_${n}`,
  category: `${kind}_reasoning`,
  instruction: 'Draw it when the kettle has boiled dry.',
  image: `${kind}_reasoning_images/${n}.png`,
  ...more,
});

describe('RISEBench', () => {
  it('is read with the grades of each kind', () => {
    const prompts = loadRiseBench(
      file('rise.json', [
        riseRow('temporal', 1, { subtask: 'Kettles', reference: 'a dry kettle' }),
        riseRow('spatial', 2, {
          consistency_free: 'True',
          reference_img: 'spatial_reasoning_images/2_r.png',
        }),
        riseRow('logical', 3, { reference_txt: '42', reasoning_wo_ins: true, consistency_free: null }),
      ]),
    );
    assert.deepEqual(
      prompts.map(({ id, category, subDomain }) => [id, category, subDomain]),
      [
        ['temporal_reasoning_1', 'temporal', 'Kettles'],
        ['spatial_reasoning_2', 'spatial', 'spatial'],
        ['logical_reasoning_3', 'logical', 'logical'],
      ],
    );
    assert.deepEqual(
      prompts.map(({ questions }) => questions.map(({ aspect, grades }) => `${aspect} ${grades.length}`)),
      [
        ['reasoning 5', 'consistency 5', 'plausibility 5'],
        ['reasoning 5', 'plausibility 5'],
        ['reasoning 2', 'consistency 2'],
      ],
    );
    assert.deepEqual(
      prompts.map(({ reference, referenceImage, flags }) => [reference, referenceImage, flags]),
      [
        ['a dry kettle', undefined, undefined],
        [undefined, 'spatial_reasoning_images/2_r.png', ['consistency_free']],
        ['42', undefined, ['reasoning_wo_ins']],
      ],
    );
  });

  it('refuses other categories and pictures outside its folder', () => {
    const refused = (row: Record<string, unknown>, message: RegExp): void =>
      assert.throws(() => loadRiseBench(file('rise.json', [row])), message);
    refused(
      riseRow('counterfactual', 1),
      /rise.json: row 1: category is "counterfactual_reasoning", want one of temporal_reasoning, /,
    );
    for (const image of ['/etc/passwd', '../x.png', 'a/../../x.png', 'C:\\x.png', '..\\x.png'])
      refused(riseRow('causal', 1, { image }), /image is ".*", want a path below the folder of the data/);
    refused(riseRow('causal', 1, { image: ['a.png', 'b.png'] }), /image is a list of 2, want a text/);
    refused(riseRow('causal', 1, { reference_img: '/x.png' }), /reference_img is "\/x.png", want a path/);
    refused(riseRow('causal', 1, { instruction: '' }), /instruction is "", want a text/);
  });
});

describe("a user's judge", () => {
  const rows = [1, 401].map((id) => wiseRow(id));
  const wise = (): PublicPrompt[] => loadWise(file('wise.json', rows));

  it('grades, and the published formulae make scores of it', async () => {
    const judge: PromptJudge<string> = {
      name: 'strict',
      grade: async ({ picture }) => (picture === 'good.png' ? [2, 1, 0] : [0, 2, 2]),
    };
    const pictures = ['good.png', 'bad.png'];
    const scored = await judgePictures(
      wise().map((prompt, i) => ({ prompt, picture: pictures[i] })),
      { judge },
    );
    assert.ok(Math.abs(scored[0].metrics.wiScore - 0.8) < 1e-12); // (1.4 + 0.2 + 0) / 2
    assert.ok(Math.abs(scored[1].metrics.wiScore - 0.3) < 1e-12);
    const summary = summariseSet(scored, { scheme: 'wise' });
    const overall = (0.4 * 0.8 + 0.167 * 0.3) / 0.567;
    assert.ok(Math.abs(summary.metrics.wiScore.overall.mean - overall) < 1e-12);
    assert.match(setTable({ strict: summary }), /\| strict \| wiScore \| 0\.653 \[/);
  });

  it('is scored by the formula of each benchmark', () => {
    const entity = t2iRow(1, {
      entity_evaluation: pairs('a?', 'b?'),
      other_details_evaluation: pairs('c?'),
    });
    const [t2i] = loadT2iReasonBench(file('t.json', [entity]));
    const { metrics } = scoreGrades(t2i, [1, 0.5, 0, 1]);
    assert.ok(Math.abs(metrics.accuracy - 0.525) < 1e-12); // 0.7 x 0.75 + 0.3 x 0
    assert.equal(metrics.quality, 1);
    const [free, logical] = loadRiseBench(
      file('rise.json', [riseRow('causal', 1, { consistency_free: 'True' }), riseRow('logical', 2)]),
    );
    assert.ok(Math.abs(scoreGrades(free, [4, 5]).metrics.score - 0.8) < 1e-12); // 0.8 x 4 + 0.2 x 5 = 4.2
    assert.deepEqual(scoreGrades(logical, [1, 1]).metrics.accuracy, 1);
  });

  it('that fails or grades wrongly stops the run, by name', async () => {
    const run = (grade: PromptJudge['grade']): Promise<unknown> =>
      judgePictures(
        wise().map((prompt) => ({ prompt, picture: new Uint8Array(3) })),
        { judge: { name: 'odd', grade } },
      );
    await assert.rejects(
      run(async () => [2, 3, 0]),
      /^Error: judge "odd", prompt 1: grade 2 \(realism\) is 3, want one of 0, 1, 2$/,
    );
    await assert.rejects(
      run(async () => [2, 1]),
      /prompt 1: grades are \[2,1\], want 3 of them/,
    );
    await assert.rejects(
      run(async () => ['2', 1, 0] as unknown as number[]),
      /grade 1 \(consistency\) is "2"/,
    );
    await assert.rejects(
      run(async () => Promise.reject(new Error('no answer'))),
      /judge "odd", prompt 1: no answer/,
    );
  });
});
