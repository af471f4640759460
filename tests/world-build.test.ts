// A built world is the same on every machine: digests of the core and of the pictures against data/manifest.json.
// (The files of the full edition: `npm run world:build -- --check`.)
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { before, test } from 'node:test';
import { initBackend } from '../lib/tensor';
import {
  buildWorldNow,
  CONCEPTS,
  drawPicture,
  EDITIONS,
  factsOf,
  type FactPrompt,
  type Manifest,
  manifestDifferences,
  PICTURE_GROUPS,
  picturesOf,
  readManifest,
  type SftRow,
  worldFiles,
} from '../lib/world';
import { cosine, hypotenuse, sine } from '../lib/world/trig';

before(async () => {
  await initBackend((process.env.T2G_BACKEND ?? 'auto') as 'auto');
});

test('the core and all pictures are as the committed manifest has them, byte for byte', () => {
  const built = buildWorldNow({ editions: ['core'] });
  assert.deepEqual(manifestDifferences(built, readManifest()), []);
  assert.ok(Object.values(built.pictures).reduce((sum, { count }) => sum + count, 0) >= 500);
});

test('the committed manifest lists every file of both editions', () => {
  const { files, pictures, seed } = readManifest();
  const wanted = EDITIONS.flatMap((edition) =>
    worldFiles(edition, 0).map(({ name }) => `${edition}/${name}`),
  );
  assert.deepEqual(Object.keys(files), wanted);
  assert.deepEqual(Object.keys(pictures), [...PICTURE_GROUPS]);
  assert.equal(seed, 0);
});

test('the pictures show every concept by each of its artists, and no two have one name', () => {
  for (const group of PICTURE_GROUPS) {
    const names = [...picturesOf(group)].map(({ name }) => name);
    assert.equal(new Set(names).size, names.length, group);
    assert.ok(names.length >= 50, group);
  }
  const drawn = [...picturesOf('concepts')];
  assert.equal(
    drawn.length,
    CONCEPTS.reduce((sum, { artists }) => sum + artists.length, 0),
  );
  assert.equal(drawPicture(drawn[0]).length, 64 * 64 * 3);
});

test('files hold one row a line: prompts with slices, RL without anything to copy', () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'world-'));
  try {
    const manifest = buildWorldNow({
      editions: ['core'],
      pictures: false,
      write: (name, text) => {
        fs.mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
        fs.writeFileSync(path.join(dir, name), text);
      },
    });
    const rowsOf = <T>(name: string): T[] => {
      const lines = fs
        .readFileSync(path.join(dir, 'core', name), 'utf8')
        .trimEnd()
        .split('\n');
      assert.equal(lines.length, manifest.files[`core/${name}`].count, name);
      return lines.map((line) => JSON.parse(line) as T);
    };
    assert.ok(rowsOf<SftRow>('sft.jsonl').every(({ thought, refined }) => thought && refined));
    for (const row of rowsOf<FactPrompt>('rl.jsonl'))
      assert.deepEqual(Object.keys(row), ['prompt', 'factId', 'family', 'scene', 'criteria']);
    for (const { slices } of rowsOf<{ slices: string[] }>('test.jsonl')) assert.ok(slices.length > 0);
    const absent = new Set(rowsOf<FactPrompt>('absent.jsonl').map(({ factId }) => factId));
    assert.equal(absent.size, factsOf('absent').length);
    for (const { factId } of rowsOf<{ factId?: string }>('corpus.jsonl'))
      assert.ok(!absent.has(factId ?? ''));
    rowsOf('validation.jsonl');
    const written = JSON.parse(fs.readFileSync(path.join(dir, 'manifest.json'), 'utf8')) as Manifest;
    assert.deepEqual(written, manifest);
  } finally {
    fs.rmSync(dir, { recursive: true });
  }
});

test('a manifest that differs says in what', () => {
  const wanted = readManifest();
  const but = (change: (manifest: Manifest) => void): string => {
    const built = structuredClone(wanted);
    change(built);
    return manifestDifferences(built, wanted).join('\n');
  };
  assert.equal(
    but(() => {}),
    '',
  );
  assert.match(
    but(({ files }) => (files['core/rl.jsonl'].sha256 = 'f'.repeat(64))),
    /^core\/rl\.jsonl: sha256 is ffffffffffff\.\.\., want [0-9a-f]{12}\.\.\. \(295 rows/,
  );
  assert.match(
    but(({ pictures }) => (pictures.clocks.sha256 = '0')),
    /^pictures of clocks: sha256 is 0/,
  );
  assert.equal(
    but(({ files }) => delete files['full/test.jsonl']),
    'full/test.jsonl: not built',
  );
  assert.equal(
    but(({ pictures }) => (pictures.more = pictures.clocks)),
    'pictures of more: not in the manifest',
  );
  assert.match(
    but(({ inputs }) => (inputs['world/concepts.json'] = '1')),
    /concepts\.json \(from which it is made\)/,
  );
  assert.match(
    but(({ counts }) => (counts.facts.core!.test = 1)),
    /core facts of test: 1, want 120/,
  );
  assert.match(
    but((built) => (built.seed = 5)),
    /seed is 5, want 0/,
  );
  // One edition alone is compared with its own part.
  const core = structuredClone(wanted);
  core.files = Object.fromEntries(Object.entries(core.files).filter(([name]) => name.startsWith('core/')));
  delete core.counts.facts.full;
  assert.deepEqual(manifestDifferences(core, wanted), []);
});

test('sine, cosine and length by arithmetic alone', () => {
  for (let i = -1000; i <= 1000; i++) {
    const angle = i / 97;
    assert.ok(Math.abs(sine(angle) - Math.sin(angle)) < 4e-16, `sine(${angle})`);
    assert.ok(Math.abs(cosine(angle) - Math.cos(angle)) < 4e-16, `cosine(${angle})`);
    assert.ok(Math.abs(hypotenuse(i, 3.7) - Math.hypot(i, 3.7)) <= 1e-15 * Math.abs(i) + 1e-15);
  }
  assert.equal(hypotenuse(0, 0), 0);
  assert.equal(hypotenuse(3, -4), 5);
});

test('npm run world:build compares seed 0 only', () => {
  const script = path.join(__dirname, '..', 'scripts', 'world-build.ts');
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--require', 'ts-node/register/transpile-only', script, '--check', '--seed', '3'],
    { encoding: 'utf8' },
  );
  assert.equal(status, 1);
  assert.match(stderr, /seed is 3, but data\/manifest\.json is that of seed 0/);
});
