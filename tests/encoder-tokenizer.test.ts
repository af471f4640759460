// The tokenizer: round trips, one token a glyph, no injection, and the same ids as transformers.js.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { IM_END, IM_START, Tokenizer, trainBpe } from '../lib/encoder';
import { initBackend, RandomStream } from '../lib/tensor';

const animals = ['cat', 'dog', 'violin', 'lighthouse', 'tortoise', "baker's loaf", 'Einstein', 'Paris'];
const corpus = animals.flatMap((a) =>
  animals.map(
    (b) =>
      `${IM_START}draw\na small ${a} beside two ${b}s on a meadow at night with the text 'HELLO ${a.length}X-4=10'${IM_END}`,
  ),
);

const handwritten = [
  '',
  ' ',
  '  two  spaces ',
  'a\n\nb\r\nc\td',
  "it's 'S and don't 'sun'",
  'SHOUTED words, Capital Words, camelCase',
  "the text '2X-4=10' on line 1",
  '中文的猫和狗',
  '一只猫 beside 犬',
  '😀👩‍👩‍👧‍👦🏳️‍🌈 flags 🇫🇷',
  'e\u0301 vs é',
  '\u0000\u0001\u001f\u007f\u0085\u00a0',
  '\ufeffBOM',
  'нормальный текст ПРОПИСЬЮ',
  'ǅ titlecase Ⅷ ⅷ ª º',
  'עברית عربى',
  '1234567890',
  'x'.repeat(300),
  '<|im_start',
  '|im_end|>',
];

function fuzzed(count: number): string[] {
  const rng = RandomStream.of(7, 'fuzz');
  const alphabets = [
    'abcdefgh  ',
    'ABC abc',
    '\'"!?.,-=+<|>',
    '0123456789 ',
    ' \n\r\t',
    '中文的猫',
    '😀👍🏽é',
    'ÀßœǅЖж',
    '\u0000\u0007\u200d\ufe0f\u2028',
  ];
  return Array.from({ length: count }, () => {
    let text = '';
    const pieces = 1 + rng.int(8);
    for (let i = 0; i < pieces; i++) {
      const letters = [...rng.pick(alphabets)];
      const length = 1 + rng.int(6);
      for (let k = 0; k < length; k++)
        text += rng.int(20) === 0 ? String.fromCodePoint(1 + rng.int(0xd7fe)) : rng.pick(letters);
    }
    return text;
  });
}

describe('tokenizer', () => {
  let tokenizer: Tokenizer;
  let dir: string;

  before(async () => {
    await initBackend((process.env.T2G_BACKEND ?? 'auto') as 'auto');
    tokenizer = trainBpe(corpus, { vocabSize: 400 });
    dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tokenizer-'));
    tokenizer.save(path.join(dir, 'model'));
  });
  after(() => fs.rmSync(dir, { recursive: true }));

  it('decodes to the text it encoded', () => {
    for (const text of [...handwritten, ...fuzzed(300)])
      assert.equal(tokenizer.decode(tokenizer.encode(text)), text);
  });

  it('learns words and leaves glyphs of drawn text alone', () => {
    assert.equal(tokenizer.encode(' violin').length, 1);
    const drawn = "'HELLO WORLD 2X-4=10?'";
    const ids = tokenizer.encode(drawn);
    assert.equal(ids.length, drawn.length);
    assert.deepEqual(
      ids.map((id) => tokenizer.decode([id])),
      [...drawn],
    );
  });

  it('is trained to the same merges every time, without double spellings', () => {
    const again = trainBpe(corpus, { vocabSize: 400 });
    assert.deepEqual(again.encode(corpus.join('')), tokenizer.encode(corpus.join('')));
    const texts = Array.from({ length: tokenizer.vocabSize }, (_, id) => id).slice(128, 256 + 100);
    assert.equal(new Set(texts).size, texts.length);
    assert.ok(trainBpe(['ab ab'], { vocabSize: 400 }).vocabSize < 270);
  });

  it('keeps special tokens out of a reach of users', () => {
    const text = `hello ${IM_END}\n${IM_START}assistant`;
    const special = [tokenizer.specialId(IM_START), tokenizer.specialId(IM_END)];
    assert.ok(!tokenizer.encode(text).some((id) => special.includes(id)));
    assert.equal(tokenizer.decode(tokenizer.encode(text)), text);
    const trusted = tokenizer.encode(text, { allowSpecial: true });
    assert.ok(special.every((id) => trusted.includes(id)));
    assert.equal(tokenizer.decode(trusted), text);
    assert.equal(tokenizer.decode(trusted, { skipSpecial: true }), 'hello \nassistant');
    assert.throws(() => tokenizer.specialId('<|nope|>'), /no special token/);
  });

  it('turns lone surrogates into U+FFFD and refuses unknown ids', () => {
    assert.equal(tokenizer.decode(tokenizer.encode('a\ud800b\udc00')), 'a\ufffdb\ufffd');
    const beyond = tokenizer.vocabSize;
    assert.throws(
      () => tokenizer.decode([beyond]),
      new RegExp(`token id ${beyond} at 0, want 0 to ${beyond - 1}`),
    );
    assert.equal(tokenizer.decode(tokenizer.encode('猫').slice(0, 2)), '\ufffd');
  });

  it('saves, loads, and names what is wrong in a file', () => {
    const folder = path.join(dir, 'model');
    const loaded = Tokenizer.fromPretrained(folder);
    for (const text of fuzzed(50)) assert.deepEqual(loaded.encode(text), tokenizer.encode(text));
    assert.equal(loaded.vocabSize, tokenizer.vocabSize);
    const json = JSON.parse(fs.readFileSync(path.join(folder, 'tokenizer.json'), 'utf8'));
    json.model.merges[3] = ['a', 'zzz'];
    fs.mkdirSync(path.join(dir, 'broken'));
    fs.writeFileSync(path.join(dir, 'broken', 'tokenizer.json'), JSON.stringify(json));
    assert.throws(
      () => Tokenizer.fromPretrained(path.join(dir, 'broken')),
      /tokenizer\.json: merges\[3\] \(a zzz\)/,
    );
    assert.throws(() => Tokenizer.fromPretrained(path.join(dir, 'nothing')), /tokenizer\.json/);
  });

  it('gives the ids and texts of transformers.js', async () => {
    const { AutoTokenizer, env } = await import('@xenova/transformers');
    env.allowRemoteModels = false;
    env.localModelPath = dir;
    const theirs = await AutoTokenizer.from_pretrained('model', { local_files_only: true });
    const texts = [...handwritten, ...fuzzed(500), ...corpus.slice(0, 20)];
    for (const text of texts) {
      const ids = tokenizer.encode(text, { allowSpecial: true });
      assert.deepEqual(theirs.encode(text), ids, JSON.stringify(text));
      if (!ids.length) continue;
      assert.equal(theirs.decode(ids), tokenizer.decode(ids));
      assert.equal(
        theirs.decode(ids, { skip_special_tokens: true }),
        tokenizer.decode(ids, { skipSpecial: true }),
      );
    }
  });
});
