/** The manifest of a built world: digests of every file and group of pictures, and how two manifests differ. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ATLAS_FILE } from '../atlas';
import { CONCEPTS, WORLD_DATA } from '../concepts';
import { type Edition, FACT_DATA, fullFiles } from '../editions';
import { factsOf } from '../facts';
import { SPLITS, type Split } from '../splits';

/** Rows of a file, or pictures of a group. */
export interface Digest {
  count: number;
  bytes: number;
  sha256: string;
}

export interface Manifest {
  /** Of this form of manifest. */
  version: 1;
  seed: number;
  counts: { concepts: number; facts: Partial<Record<Edition, Record<Split, number>>> };
  /** What a world is made from. Where only these differ, the data differ and not the program. */
  inputs: Record<string, string>;
  /** `<edition>/<file>` */
  files: Record<string, Digest>;
  pictures: Record<string, Digest>;
}

export const MANIFEST_FILE = join(WORLD_DATA, '..', 'manifest.json');

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Digest of JSON by its values, so that line ends and spaces do not count. */
function jsonDigest(files: readonly string[]): string {
  return sha256(files.map((file) => JSON.stringify(JSON.parse(readFileSync(file, 'utf8')))).join('\n'));
}

/** Counts and digests of what the worlds of some editions are made from. */
export function manifestHead(
  editions: readonly Edition[],
  seed: number,
): Omit<Manifest, 'files' | 'pictures'> {
  const core = readdirSync(FACT_DATA)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => join(FACT_DATA, name));
  const facts = Object.fromEntries(
    editions.map((edition) => [
      edition,
      Object.fromEntries(SPLITS.map((split) => [split, factsOf(split, { edition }).length])),
    ]),
  ) as Manifest['counts']['facts'];
  return {
    version: 1,
    seed,
    counts: { concepts: CONCEPTS.length, facts },
    inputs: {
      'world/atlas.bin.br': sha256(readFileSync(ATLAS_FILE)),
      'world/concepts.json': jsonDigest([join(WORLD_DATA, 'concepts.json')]),
      ...(editions.includes('core') && { 'facts/*.json': jsonDigest(core) }),
      ...(editions.includes('full') && {
        'facts/full/*.json': jsonDigest([...fullFiles('facts'), ...fullFiles('relations')]),
      }),
    },
  };
}

/** Reads a manifest; throws when there is none, or one of another version. */
export function readManifest(file = MANIFEST_FILE): Manifest {
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as Manifest;
  if (manifest.version !== 1) throw new Error(`${file}: version is ${String(manifest.version)}, want 1`);
  return manifest;
}

/**
 * What is not as `wanted` in what was built, in words; empty when all is the same. What `wanted` has beyond the built
 * editions is not missed.
 */
export function manifestDifferences(built: Manifest, wanted: Manifest): string[] {
  const found: string[] = [];
  if (built.seed !== wanted.seed) found.push(`seed is ${built.seed}, want ${wanted.seed}`);
  if (built.counts.concepts !== wanted.counts.concepts)
    found.push(`concepts: ${built.counts.concepts}, want ${wanted.counts.concepts}`);
  for (const [edition, counts] of Object.entries(built.counts.facts))
    for (const [split, count] of Object.entries(counts)) {
      const want = wanted.counts.facts[edition as Edition]?.[split as Split];
      if (count !== want) found.push(`${edition} facts of ${split}: ${count}, want ${String(want)}`);
    }
  for (const [name, digest] of Object.entries(built.inputs))
    if (digest !== wanted.inputs[name])
      found.push(
        `${name} (from which it is made): sha256 is ${short(digest)}, want ${short(wanted.inputs[name])}`,
      );
  const editions = Object.keys(built.counts.facts);
  const meant = ([name]: [string, Digest]): boolean => editions.includes(name.split('/')[0]);
  const files = Object.fromEntries(Object.entries(wanted.files).filter(meant));
  found.push(...digestDifferences('', built.files, files));
  found.push(...digestDifferences('pictures of ', built.pictures, wanted.pictures));
  return found;
}

function digestDifferences(
  what: string,
  built: Record<string, Digest>,
  wanted: Record<string, Digest>,
): string[] {
  const found: string[] = [];
  for (const name of Object.keys(wanted)) if (!built[name]) found.push(`${what}${name}: not built`);
  for (const [name, { count, bytes, sha256: digest }] of Object.entries(built)) {
    const want = wanted[name];
    if (!want) found.push(`${what}${name}: not in the manifest`);
    else if (digest !== want.sha256)
      found.push(
        `${what}${name}: sha256 is ${short(digest)}, want ${short(want.sha256)} ` +
          `(${count} rows of ${bytes} bytes, want ${want.count} of ${want.bytes})`,
      );
  }
  return found;
}

function short(digest: string | undefined): string {
  return digest === undefined ? 'none' : `${digest.slice(0, 12)}...`;
}
