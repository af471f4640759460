// Reading and writing small and large files so that a crash, a full disk or a bad file never costs what was already saved.
import * as fs from 'node:fs';
import * as path from 'node:path';

/** The file operations an atomic write uses; tests pass a failing set to play a full disk. */
export interface FileOps {
  openSync: (file: string, flags: string) => number;
  writeSync: (fd: number, bytes: Uint8Array, offset: number, length: number) => number;
  fsyncSync: (fd: number) => void;
  closeSync: (fd: number) => void;
  renameSync: (from: string, to: string) => void;
  unlinkSync: (file: string) => void;
}

export const nodeFiles: FileOps = {
  openSync: (file, flags) => fs.openSync(file, flags),
  writeSync: (fd, bytes, offset, length) => fs.writeSync(fd, bytes, offset, length),
  fsyncSync: (fd) => fs.fsyncSync(fd),
  closeSync: (fd) => fs.closeSync(fd),
  renameSync: (from, to) => fs.renameSync(from, to),
  unlinkSync: (file) => fs.unlinkSync(file),
};

const TEMP_SUFFIX = '.tmp';
const CHUNK = 1 << 26; // one write call: 64 MiB, far below the 2 GiB that the system takes at once
let temps = 0;

/**
 * Writes `bytes` (a list is written one after the other) to `file`, all or nothing: a temporary file in the
 * same folder, fsync, rename. Missing folders are made. On any failure the temporary file is removed, the
 * old file stays as it was, and the error names the file and the cause.
 */
export function writeAtomic(
  file: string,
  bytes: Uint8Array | string | Iterable<Uint8Array>,
  ops: FileOps = nodeFiles,
): void {
  const parts =
    typeof bytes === 'string' ? [Buffer.from(bytes, 'utf8')] : bytes instanceof Uint8Array ? [bytes] : bytes;
  const folder = path.dirname(file);
  const temp = path.join(folder, `.${path.basename(file)}.${process.pid}-${temps++}${TEMP_SUFFIX}`);
  let fd: number | undefined;
  let made = false;
  try {
    fs.mkdirSync(folder, { recursive: true });
    fd = ops.openSync(temp, 'wx');
    made = true;
    for (const part of parts) writeFully(fd, part, ops);
    ops.fsyncSync(fd);
    ops.closeSync(fd);
    fd = undefined;
    ops.renameSync(temp, file);
    made = false;
  } catch (error) {
    if (fd !== undefined) quietly(() => ops.closeSync(fd as number));
    if (made) quietly(() => ops.unlinkSync(temp));
    const kept = fs.existsSync(file) ? '; the file that was there is unchanged' : '';
    throw new Error(`${file}: could not be written (${reasonOf(error)})${kept}`, { cause: error });
  }
  syncFolder(folder);
}

function writeFully(fd: number, part: Uint8Array, ops: FileOps): void {
  let offset = 0;
  while (offset < part.byteLength) {
    const written = ops.writeSync(fd, part, offset, Math.min(CHUNK, part.byteLength - offset));
    if (written <= 0) throw new Error(`only ${offset} of ${part.byteLength} bytes were taken`);
    offset += written; // the system may take less than it is given
  }
}

/** Makes a rename last through a power cut; not every file system can, and the data itself is already safe. */
function syncFolder(folder: string): void {
  quietly(() => {
    const fd = fs.openSync(folder, 'r');
    try {
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
  });
}

function quietly(f: () => void): void {
  try {
    f();
  } catch {
    // clearing up after another error: that one is the one to tell
  }
}

/** Removes the temporary files that a killed process left in `folder`. */
export function sweepTemps(folder: string): void {
  if (!fs.existsSync(folder)) return;
  for (const name of fs.readdirSync(folder)) {
    if (name.startsWith('.') && /\.\d+-\d+\.tmp$/.test(name))
      quietly(() => fs.unlinkSync(path.join(folder, name)));
  }
}

/** A short cause of a failure: "no space left on device" rather than a stack. */
export function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  const known: Record<string, string> = {
    ENOSPC: 'ENOSPC: no space left on the disk',
    EDQUOT: 'EDQUOT: the disk quota is used up',
    EACCES: 'EACCES: permission denied',
    EROFS: 'EROFS: the file system is read-only',
    EISDIR: 'EISDIR: it is a folder',
    ENOENT: 'no such file',
    ENOTDIR: 'ENOTDIR: a part of its path is a file, not a folder',
  };
  if (code !== undefined && known[code] !== undefined) return known[code];
  return error instanceof Error ? error.message : String(error);
}

/** Parses a JSON file. Errors name the file: missing, unreadable, or where the JSON breaks. */
export function readJson(file: string): unknown {
  let text: string;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`${file}: could not be read (${reasonOf(error)})`, { cause: error });
  }
  try {
    return JSON.parse(text.replace(/^\uFEFF/, '')) as unknown;
  } catch (error) {
    throw new Error(`${file}: is not valid JSON (${reasonOf(error)})`, { cause: error });
  }
}

/** Like `readJson`, for files that must hold an object. */
export function readJsonObject(file: string): Record<string, unknown> {
  const value = readJson(file);
  if (!isPlainObject(value)) throw new Error(`${file}: holds ${show(value)}, want an object { ... }`);
  return value;
}

/** Writes a value as indented JSON, atomically. */
export function writeJson(file: string, value: unknown, ops: FileOps = nodeFiles): void {
  writeAtomic(file, `${JSON.stringify(value, null, 2)}\n`, ops);
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

/** A value as an error shows it: JSON, cut short. */
export function show(value: unknown): string {
  if (typeof value === 'number' || value === undefined) return String(value);
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
