/** `npm run world:build`: writes a world (corpus, rows, prompts, pictures' digests), or compares it with data/manifest.json. */
import * as path from 'node:path';
import { drawProgress, nonNegativeInteger, oneOf, parseCli, writeAtomic } from '../lib/checkpoint';
import {
  buildWorld,
  type Edition,
  EDITIONS,
  type Manifest,
  MANIFEST_FILE,
  manifestDifferences,
  readManifest,
} from '../lib/world';

const DEFAULTS = {
  out: '',
  edition: 'all' as Edition | 'all',
  seed: 0,
  check: false,
  update: false,
};

function build(editions: readonly Edition[], seed: number, out: string): Manifest {
  const show = drawProgress('world', []);
  const began = Date.now();
  const write = out ? (name: string, text: string) => writeAtomic(path.join(out, name), text) : undefined;
  const steps = buildWorld({ editions, seed, write });
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    const { done, of } = step.value;
    const seconds = (Date.now() - began) / 1000;
    show({ step: done, steps: of, seconds, left: (seconds * (of - done)) / done, record: {} });
  }
}

function main(): void {
  const { out, edition, seed, check, update } = parseCli(DEFAULTS, {
    name: 'npm run world:build --',
    help: 'Builds the world from its data; the same bytes on every machine. Takes half a minute.',
    describe: {
      out: 'folder for <edition>/*.jsonl, pictures.jsonl and manifest.json',
      edition: 'core, full, or all: both',
      seed: 'of the corpus and the rows for fine-tuning',
      check: 'compares with data/manifest.json; ends with 1 and names what differs',
      update: 'writes data/manifest.json',
    },
    checks: { edition: oneOf('all', ...EDITIONS), seed: nonNegativeInteger },
  });
  if (!out && !check && !update)
    throw new Error('world:build: nothing to do, want --out DIR, --check or --update');
  if ((check || update) && seed !== 0)
    throw new Error(`world:build: seed is ${seed}, but data/manifest.json is that of seed 0`);
  if (update && edition !== 'all')
    throw new Error(`world:build: edition is ${edition}, but --update writes the manifest of all`);
  const manifest = build(edition === 'all' ? EDITIONS : [edition], seed, out);
  for (const [name, { count, bytes, sha256 }] of [
    ...Object.entries(manifest.files),
    ...Object.entries(manifest.pictures).map(([group, digest]) => [`pictures of ${group}`, digest] as const),
  ])
    console.log(
      `${name.padEnd(26)}${String(count).padStart(8)}${String(bytes).padStart(11)} bytes  ${sha256}`,
    );
  if (update) writeAtomic(MANIFEST_FILE, `${JSON.stringify(manifest, null, 2)}\n`);
  if (!check) return;
  const differences = manifestDifferences(manifest, readManifest());
  for (const difference of differences) console.error(difference);
  console.log(
    differences.length === 0 ? 'as data/manifest.json has it' : `${differences.length} differences`,
  );
  if (differences.length > 0) process.exitCode = 1;
}

try {
  main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
