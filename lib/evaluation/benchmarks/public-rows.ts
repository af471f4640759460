/** Reads a user's own copy of a public benchmark as data: bounded in every way, and every error names file, row and field. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { reasonOf } from '../../checkpoint';

/** Most bytes and rows of a file, and characters of a text; nothing public comes near these. */
export const PUBLIC_LIMITS = { bytes: 32 * 1024 * 1024, rows: 20_000, characters: 8_000 } as const;

/** One row of a file: fields are asked for by name, and checked. */
export interface Row {
  /** `wise.json: row 3` */
  where: string;
  /** A text that holds more than blanks. @throws when it is missing, no text, blank or too long */
  text(field: string, longest?: number): string;
  /** The same, or undefined when the field is missing or null. */
  optionalText(field: string, longest?: number): string | undefined;
  /** A text out of a list. */
  choice<T extends string>(field: string, allowed: readonly T[]): T;
  integer(field: string, range: readonly [least: number, most: number]): number;
  /** Whether the field is set at all: these files write flags as "True" or leave them out. */
  flag(field: string): boolean;
  /** A file below the folder of the data: no absolute path, no way up. */
  filePath(field: string): string;
  /** The members of an object by name, or undefined when the field is missing. */
  record(field: string): Row | undefined;
  has(field: string): boolean;
  fields(): string[];
}

/**
 * The rows of a JSON file that holds a list of objects. Fields are only ever read from an object's own, so that one
 * called `__proto__` is a name like any other.
 * @throws when the file is missing, no file, too large, not UTF-8 JSON, or no list of objects, or has no or too many
 */
export function readRows(file: string): Row[] {
  const name = path.basename(file);
  let bytes: Buffer;
  try {
    const stat = fs.statSync(file);
    if (!stat.isFile()) throw new Error('it is no file');
    if (stat.size > PUBLIC_LIMITS.bytes)
      throw new Error(`it has ${stat.size} bytes, want at most ${PUBLIC_LIMITS.bytes}`);
    bytes = fs.readFileSync(file);
  } catch (cause) {
    throw new Error(`${file}: could not be read (${reasonOf(cause)})`, { cause });
  }
  let data: unknown;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes); // drops a byte order mark
    data = JSON.parse(text);
  } catch (cause) {
    throw new Error(`${file}: is not valid JSON (${reasonOf(cause)})`, { cause });
  }
  if (!Array.isArray(data)) throw new Error(`${file}: holds ${shown(data)}, want a list of rows [ ... ]`);
  if (data.length === 0) throw new Error(`${file}: has no rows, want at least one`);
  if (data.length > PUBLIC_LIMITS.rows)
    throw new Error(`${file}: has ${data.length} rows, want at most ${PUBLIC_LIMITS.rows}`);
  return data.map((value: unknown, i) => {
    const where = `${name}: row ${i + 1}`;
    if (!isRecord(value)) throw new Error(`${where} is ${shown(value)}, want an object { ... }`);
    return rowOf(value, where);
  });
}

/** A value as an error shows it: short, whatever it is (JSON.stringify overflows on what is nested deeply). */
function shown(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value !== 'string') return String(value);
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}...` : value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function rowOf(values: Record<string, unknown>, where: string): Row {
  const valueOf = (field: string): unknown => (Object.hasOwn(values, field) ? values[field] : undefined);
  const isSet = (field: string): boolean => {
    const value = valueOf(field);
    return value !== undefined && value !== null && value !== '';
  };
  const wrong = (field: string, want: string): Error =>
    new Error(
      `${where}: ${field} is ${valueOf(field) === undefined ? 'missing' : shown(valueOf(field))}, want ${want}`,
    );
  const row: Row = {
    where,
    text(field, longest: number = PUBLIC_LIMITS.characters) {
      const value = valueOf(field);
      if (typeof value !== 'string' || value.trim() === '') throw wrong(field, 'a text that is not blank');
      if (value.length > longest)
        throw new Error(`${where}: ${field} has ${value.length} characters, want at most ${longest}`);
      if (value.includes('\0')) throw wrong(field, 'a text without NUL characters');
      return value;
    },
    optionalText: (field, longest) => (isSet(field) ? row.text(field, longest) : undefined),
    choice<T extends string>(field: string, allowed: readonly T[]): T {
      const found = allowed.find((value) => value === valueOf(field));
      if (found === undefined) throw wrong(field, `one of ${allowed.join(', ')}`);
      return found;
    },
    integer(field, [least, most]) {
      const value = valueOf(field);
      if (!Number.isSafeInteger(value) || (value as number) < least || (value as number) > most)
        throw wrong(field, `a whole number from ${least} to ${most}`);
      return value as number;
    },
    flag: (field) => isSet(field) && valueOf(field) !== false,
    filePath(field) {
      const value = row.text(field, 500);
      const parts = value.split(/[\\/]/);
      if (/^([\\/]|[A-Za-z]:)/.test(value) || parts.includes('..'))
        throw wrong(field, 'a path below the folder of the data');
      return value;
    },
    record(field) {
      const value = valueOf(field);
      if (value === undefined) return undefined;
      if (!isRecord(value)) throw wrong(field, 'an object { ... }');
      return rowOf(value, `${where}: ${field}`);
    },
    has: isSet,
    fields: () => Object.keys(values),
  };
  return row;
}

/** @throws when an id was there before, naming both rows */
export function requireNew(seen: Map<string, string>, id: string, row: Row): void {
  const before = seen.get(id);
  if (before !== undefined) throw new Error(`${row.where}: id ${id} is there already, in ${before}`);
  seen.set(id, row.where);
}
