// Configs: a record of defaults is the schema. Overrides are checked against it, and a wrong one never passes silently.
import { isPlainObject, readJson, show } from './files';

/** A mistake in a config or on a command line: the message is for the user, the stack is not. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

/** A named condition on a value; `want` completes "want ...". */
export interface Check {
  want: string;
  ok: (value: unknown) => boolean;
}

export const positiveInteger: Check = {
  want: 'a positive integer',
  ok: (v) => Number.isSafeInteger(v) && (v as number) > 0,
};
export const nonNegativeInteger: Check = {
  want: 'a non-negative integer',
  ok: (v) => Number.isSafeInteger(v) && (v as number) >= 0,
};
export const positiveNumber: Check = { want: 'a positive number', ok: (v) => isNumber(v) && v > 0 };
export const nonNegativeNumber: Check = { want: 'a number of at least 0', ok: (v) => isNumber(v) && v >= 0 };
export const fraction: Check = { want: 'a number from 0 to 1', ok: (v) => isNumber(v) && v >= 0 && v <= 1 };
export function oneOf(...values: (string | number | boolean | null)[]): Check {
  return { want: `one of ${values.map(show).join(', ')}`, ok: (v) => values.includes(v as string) };
}

export interface ParseOptions {
  /** What errors call this config: a file name, or "command line". */
  where?: string;
  /** Conditions by dotted key; they replace the check against the default's type. */
  checks?: Record<string, Check>;
  /** Allowed values by dotted key. */
  allowed?: Record<string, readonly (string | number | boolean | null)[]>;
  /** Keys that must be given although there are defaults. */
  required?: readonly string[];
  /** What to do with keys that are not in the defaults; Hugging Face files carry many that we do not use. */
  unknown?: 'throw' | 'ignore';
}

/**
 * `defaults` with `overrides` laid over it, deeply; a fresh object. The type of each default is the type wanted
 * (a null default takes any plain value, an empty record or list takes any members).
 * Throws ConfigError on an unknown key (with the nearest known one), a wrong type or a value that is not allowed.
 */
export function parseConfig<T extends object>(
  defaults: T,
  overrides: unknown = {},
  options: ParseOptions | string = {},
): T {
  const opts: ParseOptions = typeof options === 'string' ? { where: options } : options;
  const where = opts.where ?? 'config';
  if (!isPlainObject(overrides))
    throw new ConfigError(`${where}: is ${show(overrides)}, want an object { ... }`);
  for (const key of opts.required ?? []) {
    if (valueAt(overrides, key) === undefined) throw new ConfigError(`${where}: ${key} is missing`);
  }
  return merge(defaults as Record<string, unknown>, overrides, '', { ...opts, where }) as T;
}

/** A config file laid over `defaults`; errors name the file. */
export function readConfig<T extends object>(
  file: string,
  defaults: T,
  options: Omit<ParseOptions, 'where'> = {},
): T {
  return parseConfig(defaults, readJson(file), { ...options, where: file });
}

type Located = ParseOptions & { where: string };

function merge(
  defaults: Record<string, unknown>,
  over: Record<string, unknown>,
  prefix: string,
  opts: Located,
): unknown {
  const out: Record<string, unknown> = structuredClone(defaults);
  for (const [key, value] of Object.entries(over)) {
    const path = prefix + key;
    if (value === undefined) continue; // "not given", as from an options object
    if (!Object.hasOwn(defaults, key)) {
      if (opts.unknown === 'ignore') continue;
      throw new ConfigError(unknownKey(opts.where, path, keysOf(defaults, prefix)));
    }
    const fallback = defaults[key];
    if (isPlainObject(fallback) && Object.keys(fallback).length > 0) {
      if (!isPlainObject(value)) throw wrong(opts.where, path, value, 'an object { ... }');
      out[key] = merge(fallback, value, `${path}.`, opts);
    } else {
      checkValue(path, value, fallback, opts);
      out[key] = structuredClone(value);
    }
  }
  return out;
}

function checkValue(path: string, value: unknown, fallback: unknown, opts: Located): void {
  const check = checkFor(path, opts);
  if (check) {
    if (!check.ok(value)) throw wrong(opts.where, path, value, check.want);
    return;
  }
  const want = wantOf(fallback);
  if (!want.ok(value)) throw wrong(opts.where, path, value, want.want);
}

export function checkFor(path: string, opts: ParseOptions): Check | undefined {
  if (opts.checks && Object.hasOwn(opts.checks, path)) return opts.checks[path];
  if (opts.allowed && Object.hasOwn(opts.allowed, path)) return oneOf(...opts.allowed[path]);
  return undefined;
}

/** The condition that a default's own type sets. */
export function wantOf(fallback: unknown): Check {
  if (typeof fallback === 'number') return { want: 'a number', ok: isNumber };
  if (typeof fallback === 'boolean') return { want: 'true or false', ok: (v) => typeof v === 'boolean' };
  if (typeof fallback === 'string') return { want: 'a string', ok: (v) => typeof v === 'string' };
  if (Array.isArray(fallback)) {
    if (fallback.length === 0) return { want: 'a list', ok: Array.isArray };
    const member = wantOf(fallback[0]);
    return { want: `a list, each ${member.want}`, ok: (v) => Array.isArray(v) && v.every(member.ok) };
  }
  if (isPlainObject(fallback)) return { want: 'an object { ... }', ok: isPlainObject };
  return {
    want: 'a plain value',
    ok: (v) => typeof v !== 'function' && !(typeof v === 'number' && !isNumber(v)),
  };
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function wrong(where: string, path: string, value: unknown, want: string): ConfigError {
  return new ConfigError(`${where}: ${path} is ${show(value)}, want ${want}`);
}

export function unknownKey(where: string, path: string, known: readonly string[]): string {
  const near = nearest(path, known);
  const hint = near === undefined ? `known: ${known.join(', ')}` : `did you mean ${near}?`;
  return `${where}: unknown key ${path}; ${hint}`;
}

function keysOf(defaults: object, prefix: string): string[] {
  return Object.keys(defaults).map((key) => prefix + key);
}

/** The leaf keys of a config, dotted. */
export function leafKeys(config: object, prefix = ''): string[] {
  return Object.entries(config).flatMap(([key, value]) =>
    isPlainObject(value) && Object.keys(value).length > 0
      ? leafKeys(value, `${prefix}${key}.`)
      : [prefix + key],
  );
}

/** The value at a dotted key, or undefined. */
export function valueAt(config: unknown, path: string): unknown {
  let at = config;
  for (const key of path.split('.')) {
    if (!isPlainObject(at) || !Object.hasOwn(at, key)) return undefined;
    at = at[key];
  }
  return at;
}

/** The known key fewest edits away, when near enough to be a slip. Case, dashes and underscores count nothing. */
export function nearest(key: string, known: readonly string[]): string | undefined {
  const plain = (s: string): string => s.toLowerCase().replace(/[-_]/g, '');
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(key.length / 3)) + 1;
  for (const candidate of known) {
    const distance = edits(plain(key), plain(candidate));
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

function edits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    row = next;
  }
  return row[b.length];
}
