// The table of concepts and its pictures: tiers, names that captions can carry, who has drawn what, the atlas.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { buildCorpus } from '../lib/world/corpus';
import { ATLAS_FILE, atlas, levelsOf, packAtlas, unpackAtlas } from '../lib/world/atlas';
import { iconSvg, rasterise } from '../lib/world/icons';
import { withArticle } from '../lib/world/words';
import { RandomStream } from '../lib/tensor';
import {
  Artist,
  ARTISTS,
  captionOf,
  captionVocabulary,
  COLOURS,
  conceptNames,
  conceptOf,
  CONCEPTS,
  conceptsUpTo,
  Count,
  DEFAULT_TIER,
  HELD_OUT_ARTIST,
  loadFacts,
  normaliseScene,
  NUMBER_WORDS,
  parseCaption,
  PHRASINGS,
  PROP_NAMES,
  randomScene,
  renderScene,
  SceneSpec,
  SIZES,
  SPRITE_SIZES,
  spriteOf,
  TIERS,
} from '../lib/world';

test('there are at least 700 concepts, the core of 133 first', () => {
  assert.ok(CONCEPTS.length >= 700, `${CONCEPTS.length} concepts`);
  assert.equal(conceptsUpTo(0).length, 133);
  assert.ok(conceptsUpTo(1).length >= 133 + 240);
  assert.deepEqual(conceptsUpTo(2), CONCEPTS);
  for (const tier of TIERS)
    assert.deepEqual(conceptNames(tier), conceptNames(2).slice(0, conceptsUpTo(tier).length));
  const count = (domain: string): number => CONCEPTS.filter((concept) => concept.domain === domain).length;
  assert.ok(count('flag') + count('landmark') >= 30);
  assert.ok(CONCEPTS.filter(({ name }) => name.startsWith('flag of ')).length >= 24);
});

test('what is drawn by default is the core, name by name and pixel by pixel', () => {
  assert.equal(DEFAULT_TIER, 0);
  const core = conceptsUpTo();
  const hash = createHash('sha256');
  for (const { name, artists } of core)
    for (const artist of artists) for (const size of SPRITE_SIZES) hash.update(spriteOf(name, artist, size));
  // Recorded before there were tiers: checkpoints were trained on these pixels.
  assert.equal(hash.digest('hex').slice(0, 16), '7c1c9ad7a5f62454');
  assert.equal(captionVocabulary().length < 400, true);
  const names = new Set(core.map(({ name }) => name));
  const rng = RandomStream.of(3, 'default tier');
  for (let i = 0; i < 1000; i++)
    for (const { concept } of randomScene(rng).objects) assert.ok(names.has(concept), concept);
  const corpus = buildCorpus(0, { perFact: 1, captions: 10 }).join('\n');
  assert.ok(!corpus.includes('hippopotamus'));
});

test('a larger tier is drawn when it is asked for', () => {
  const rng = RandomStream.of(4, 'tiers');
  for (const tier of [1, 2] as const) {
    const met = new Set<string>();
    for (let i = 0; i < 1500; i++)
      for (const { concept } of randomScene(rng, { tier }).objects) {
        assert.ok(conceptOf(concept).tier <= tier);
        met.add(concept);
      }
    assert.ok(met.size > 0.8 * conceptsUpTo(tier).length, `tier ${tier}: ${met.size} met`);
  }
  assert.ok(buildCorpus(0, { perFact: 1, captions: 10, tier: 2 }).join('\n').includes('hippopotamus'));
});

test('names and plurals are plain words, unique, and begin with no word of the grammar', () => {
  const owners = new Map<string, string>();
  const grammar = new Set<string>([...Object.values(NUMBER_WORDS), ...SIZES, ...COLOURS, 'a', 'an', 'the']);
  for (const { id, name, plural } of CONCEPTS) {
    for (const phrase of new Set([name, plural])) {
      assert.match(phrase, /^[a-z]+( [a-z]+)*$/, `${id}: ${phrase}`);
      assert.ok(!owners.has(phrase), `${phrase}: ${id} and ${owners.get(phrase)}`);
      owners.set(phrase, id);
    }
    const [first, ...rest] = name.split(' ');
    // The fruit is the one name that is a colour too; a test of captions reads it both ways.
    assert.ok(!grammar.has(first) || name === 'orange', `"${name}" begins with a word of the grammar`);
    assert.ok(!(PROP_NAMES as readonly string[]).includes(name), `"${name}" is also a prop`);
    for (const word of rest) assert.ok(!['and', 'with', 'on', 'in', 'at', 'by'].includes(word), name);
  }
  assert.equal(new Set(CONCEPTS.map(({ id }) => id)).size, CONCEPTS.length);
});

test('every concept is read back from every phrasing, in every count', () => {
  const rng = RandomStream.of(5, 'all concepts');
  const say = { style: 1, background: 1, size: 1, day: 1 };
  CONCEPTS.forEach(({ name, artists, homes }, i) => {
    const other = CONCEPTS[(i * 7 + 1) % CONCEPTS.length].name;
    for (let phrasing = 0; phrasing < PHRASINGS; phrasing++) {
      for (const count of [1, 2, 3, 4, 5] as Count[]) {
        const scene: SceneSpec = {
          style: artists[phrasing % artists.length],
          background: homes[0],
          objects: [{ concept: name, count, size: 'small', ...(count === 3 && { tint: 'blue' }) }],
        };
        const caption = captionOf(scene, rng, { phrasing, say });
        assert.deepEqual(parseCaption(caption), normaliseScene(scene), caption);
      }
      const pair: SceneSpec = {
        background: 'meadow',
        time: 'night',
        objects: [
          { concept: name, count: 2, size: 'small' },
          { concept: other, size: 'small' },
        ],
        ...(phrasing % 2 === 0 && other !== name && { relation: 'above' as const }),
      };
      const caption = captionOf(pair, rng, { phrasing, say });
      assert.deepEqual(parseCaption(caption), normaliseScene(pair), caption);
    }
  });
});

test('random captions of all tiers are read back', () => {
  const rng = RandomStream.of(6, 'all tiers');
  const vocabulary = new Set(captionVocabulary(2));
  for (let i = 0; i < 1500; i++) {
    const scene = randomScene(rng, { tier: 2 });
    const caption = captionOf(scene, rng, { say: { style: 1, background: 1, size: 1, day: 1 } });
    assert.deepEqual(parseCaption(caption), normaliseScene(scene), caption);
    for (const word of caption.replace(/'[^']*'/g, '').match(/[a-z]+/g) ?? [])
      assert.ok(vocabulary.has(word), word);
  }
});

test('articles go by sound, plurals by custom', () => {
  const said = [
    'hourglass',
    'unicorn',
    'euro note',
    'orange',
    'umbrella',
    'ear of corn',
    'ice cube',
    'violin',
  ];
  assert.deepEqual(said.map(withArticle), [
    'an hourglass',
    'a unicorn',
    'a euro note',
    'an orange',
    'an umbrella',
    'an ear of corn',
    'an ice cube',
    'a violin',
  ]);
  const plurals = { goose: 'geese', ox: 'oxen', wolf: 'wolves', die: 'dice', tooth: 'teeth', deer: 'deer' };
  for (const [name, plural] of Object.entries(plurals)) assert.equal(conceptOf(name).plural, plural);
  for (const { name, plural } of CONCEPTS)
    if (/(s|x|z|ch|sh)$/.test(name.split(' of ')[0])) assert.notEqual(plural, `${name}s`, name);
});

test('an unknown concept is refused with the nearest names', () => {
  assert.throws(() => conceptOf('hipopotamus'), /unknown concept "hipopotamus", nearest: "hippopotamus"/);
  assert.throws(() => conceptOf('flag of japon'), /nearest: "flag of japan"/);
});

test('every artist of a concept has the icon, and the atlas holds those sprites and no others', () => {
  const wanted: string[] = [];
  for (const { id, name, tier, artists, heldOut } of CONCEPTS) {
    assert.ok(artists.length >= (tier === 0 ? 3 : 2), `${name}: ${artists.join(', ')}`);
    assert.deepEqual(
      artists,
      ARTISTS.filter((artist) => artists.includes(artist)),
    );
    for (const artist of artists) {
      assert.ok(iconSvg(artist, id), `${name} is not in the package of ${artist}`);
      wanted.push(`${artist}/${id}`);
    }
    if (heldOut)
      assert.ok(iconSvg(HELD_OUT_ARTIST, id), `${name} is not in the package of ${HELD_OUT_ARTIST}`);
  }
  assert.deepEqual([...atlas().keys].sort(), wanted.sort());
  assert.ok(!atlas().keys.some((key) => key.startsWith(HELD_OUT_ARTIST)));
});

test('the atlas is what the packages give: sprites drawn again are the same bytes', () => {
  for (let i = 0; i < CONCEPTS.length; i += 23) {
    const { id, artists } = CONCEPTS[i];
    const artist = artists[i % artists.length];
    const drawn = levelsOf(rasterise(iconSvg(artist, id) as string));
    const baked = atlas().levels(`${artist}/${id}`) as Uint8Array[];
    assert.ok(Buffer.concat(baked).equals(Buffer.concat(drawn.slice(-baked.length))), `${artist}/${id}`);
  }
});

test('packing is exact and gives the same bytes again; damage is named', () => {
  const entries = ['noto/1f3bb', 'emojione/1f3bb', 'twemoji/1f98c'].map((key) => ({
    artist: key.split('/')[0] as Artist,
    id: key.split('/')[1],
    levels: atlas().levels(key) as Uint8Array[],
  }));
  const bytes = packAtlas(entries);
  assert.ok(packAtlas(entries).equals(bytes));
  const back = unpackAtlas(bytes);
  for (const { artist, id, levels } of entries) assert.deepEqual(back.levels(`${artist}/${id}`), levels);
  assert.equal(back.levels('noto/none'), undefined);
  assert.throws(() => unpackAtlas(bytes.subarray(0, 200), 'half.br'), /half\.br: cannot be decompressed/);
});

test('the atlas is small and opens quickly', () => {
  assert.ok(statSync(ATLAS_FILE).size <= 6 * 2 ** 20, `${statSync(ATLAS_FILE).size} bytes`);
  const start = process.cpuUsage();
  unpackAtlas(readFileSync(ATLAS_FILE));
  const { user, system } = process.cpuUsage(start);
  // 0.1 s were measured; processor time, because the machine may be busy
  assert.ok(user + system < 1e6, `${(user + system) / 1e6} s`);
});

test('scenes of all tiers are drawn fast enough to train on', () => {
  const rng = RandomStream.of(8, 'rate');
  const scenes = Array.from({ length: 2000 }, () => randomScene(rng, { tier: 2 }));
  scenes.forEach((scene) => renderScene(scene)); // fills the caches
  const start = process.cpuUsage();
  scenes.forEach((scene) => renderScene(scene));
  const { user, system } = process.cpuUsage(start);
  const rate = scenes.length / ((user + system) / 1e6);
  assert.ok(rate > 1000, `${Math.round(rate)} scenes/s of processor time`);
});

test('beyond the core, a place in a caption is part of a flag or sight, and never its own answer', () => {
  const core = new Set(captionVocabulary());
  const more = conceptsUpTo(2).slice(conceptsUpTo().length);
  for (const { id, subject, criteria } of loadFacts()) {
    const names = (subject.match(/\b[A-Z]\p{L}+/gu) ?? []).map((word) => word.toLowerCase());
    for (const word of names.filter((name) => name.length > 2 && !core.has(name) && !ORDINARY.has(name)))
      for (const { name, domain } of more.filter((concept) => concept.name.split(' ').includes(word))) {
        assert.ok(domain === 'flag' || domain === 'landmark', `${id}: "${word}" is a word of "${name}"`);
        for (const predicate of criteria.answer)
          assert.ok(
            !('concept' in predicate && predicate.concept === name),
            `${id}: "${name}" names its subject`,
          );
      }
  }
});

/** Ordinary words that stand in a name (Judge Zarvoda, the Little Prince, New York), and a bird. */
const ORDINARY = new Set(
  'autumn blue feet island judge new ninja north planet pole prince south turkey'.split(' '),
);
