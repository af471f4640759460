// training.json of a model folder: how each part was made, so that a stage is skipped when done and never overwrites
// what another run made.
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { ConfigError, leafKeys, valueAt } from './config';
import { isPlainObject, readJsonObject, show, writeJson } from './files';

export interface MadePart {
  /** What it was asked for with; equal options and it is done. */
  options: Record<string, unknown>;
  /** What came of it: parameters, steps, seconds, measurements. */
  result: Record<string, unknown>;
}

const FILE = 'training.json';
/** Options that may grow: a run of more steps goes on where the shorter one ended. */
const MAY_GROW = ['steps'];
/** Options that change nothing in what is made. */
const INTERVALS = ['logEvery', 'saveEvery', 'sampleEvery', 'evalEvery'];

/** What training.json says of a part; undefined when it says nothing. */
export function madePart(dir: string, part: string): MadePart | undefined {
  const file = path.join(dir, FILE);
  if (!fs.existsSync(file)) return undefined;
  const entry = readJsonObject(file)[part];
  if (entry === undefined) return undefined;
  if (!isPlainObject(entry) || !isPlainObject(entry.options) || !isPlainObject(entry.result))
    throw new Error(`${file}: ${part} is ${show(entry)}, want { options, result }`);
  return entry as unknown as MadePart;
}

/** Enters a part, keeping what the file says of the others. */
export function recordMade(dir: string, part: string, made: MadePart): void {
  const file = path.join(dir, FILE);
  const all = fs.existsSync(file) ? readJsonObject(file) : {};
  writeJson(file, { ...all, [part]: made });
}

/**
 * Is `part` ("tokenizer", "text_encoder", "transformer") of a model folder made already with these options?
 * @returns true: it is there, skip the stage; false: it has to be made, or trained further (more steps)
 * @throws ConfigError when what is there was made otherwise or elsewhere; `overwrite` allows any part to be replaced,
 * `fresh` (begin anew) one that training.json knows
 */
export function isMade(
  dir: string,
  part: string,
  options: Record<string, unknown>,
  { overwrite = false, fresh = false }: { overwrite?: boolean; fresh?: boolean } = {},
): boolean {
  if (!fs.existsSync(path.join(dir, part))) return false;
  const made = madePart(dir, part);
  const advice = 'give another name, or --overwrite to replace it';
  if (!made) {
    if (overwrite) return false;
    throw new ConfigError(
      `${path.join(dir, part)}: is there already, and ${FILE} does not say that this command made it; ${advice}`,
    );
  }
  if (fresh) return false;
  const changes = differing(made.options, options);
  const grows = changes.every(
    (key) => MAY_GROW.includes(key) && Number(options[key]) > Number(made.options[key]),
  );
  if (changes.length > 0 && !grows && !overwrite) {
    const lines = changes.map(
      (key) => `  ${key}: ${show(valueAt(made.options, key))} -> ${show(valueAt(options, key))}`,
    );
    throw new ConfigError(
      `${path.join(dir, part)}: was made with other options:\n${lines.join('\n')}\n${advice}`,
    );
  }
  return changes.length === 0;
}

/** Dotted keys whose values differ, but for the intervals. */
function differing(before: object, now: object): string[] {
  const plain = JSON.parse(JSON.stringify(now)) as object;
  const keys = [...new Set([...leafKeys(before), ...leafKeys(plain)])];
  return keys.filter(
    (key) =>
      !INTERVALS.includes(key) &&
      JSON.stringify(valueAt(before, key)) !== JSON.stringify(valueAt(plain, key)),
  );
}

/** The first 12 hex digits of a file's SHA-256: names what a later stage was built on. */
export function fileDigest(file: string): string {
  return createHash('sha256').update(fs.readFileSync(file)).digest('hex').slice(0, 12);
}
