// A run folder: runs/<name>/ with config.json, machine.json, sessions.jsonl, log.jsonl, samples/ and state/.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { leafKeys, valueAt } from './config';
import {
  isPlainObject,
  nodeFiles,
  readJsonObject,
  reasonOf,
  show,
  sweepTemps,
  writeAtomic,
  writeJson,
  type FileOps,
} from './files';
import type { BackendNote } from './machine';
import { SessionLog } from './sessions';
import { StateSlots, type RunState, type SavedState } from './state';

export type LogRecord = { step: number } & Record<string, unknown>;

export interface RunOptions {
  /** The folder of all runs; default "runs". */
  root?: string;
  /** Config keys (dotted) that may differ on resume, beside steps and the intervals. A key frees all below it. */
  free?: readonly string[];
  /** Start anew: an existing run of this name is moved aside to <name>.1, .2 ... */
  fresh?: boolean;
  /** What `initBackend` returned, for machine.json. */
  backend?: BackendNote;
  /** Warnings; default a line on stderr. */
  warn?: (message: string) => void;
  ops?: FileOps;
}

const ALWAYS_FREE = ['steps', 'logEvery', 'saveEvery', 'sampleEvery', 'evalEvery'];

/** Opens, logs to and restores one run. Steps count what is done: the first record and state have step 1. */
export class RunFolder {
  readonly dir: string;
  private readonly logFile: string;
  private readonly slots: StateSlots;
  private readonly warn: (message: string) => void;
  private readonly ops: FileOps;
  private sessions!: SessionLog;

  private constructor(
    readonly name: string,
    options: RunOptions,
  ) {
    if (!/^[\w.-]+(\/[\w.-]+)*$/.test(name) || name.split('/').some((part) => /^\.+$/.test(part)))
      throw new Error(
        `run name is ${show(name)}, want letters, digits, "-", "_", "." (and "/" between folders)`,
      );
    this.dir = path.join(options.root ?? 'runs', ...name.split('/'));
    this.logFile = path.join(this.dir, 'log.jsonl');
    this.warn = options.warn ?? ((message) => void process.stderr.write(`${message}\n`));
    this.ops = options.ops ?? nodeFiles;
    this.slots = new StateSlots(path.join(this.dir, 'state'), this.warn, this.ops);
  }

  /**
   * Opens runs/<name>/, making it or resuming it. When it holds a saved state, the config must be the one it was
   * begun with, but for `free` keys: otherwise an error lists every difference.
   */
  static open(name: string, config: object, options: RunOptions = {}): RunFolder {
    const run = new RunFolder(name, options);
    if (options.fresh) run.moveAside();
    fs.mkdirSync(path.join(run.dir, 'samples'), { recursive: true });
    sweepTemps(run.dir);
    const configFile = path.join(run.dir, 'config.json');
    const now = JSON.parse(JSON.stringify(config)) as object; // as the file will hold it
    let freed: string[] = [];
    if (fs.existsSync(configFile) && run.slots.any()) {
      const before = readJsonObject(configFile);
      const changes = differences(before, now, [...ALWAYS_FREE, ...(options.free ?? [])]);
      freed = differences(before, now, []);
      if (changes.length > 0)
        throw new Error(
          `${run.dir}: this run was begun with another config:\n${changes.map((c) => `  ${c}`).join('\n')}\n` +
            'Give the same config to resume it, another name to begin another run, or ask for a fresh start.',
        );
    }
    writeJson(configFile, now, run.ops);
    run.sessions = new SessionLog(run.dir, run.ops, { backend: options.backend, changes: freed });
    return run;
  }

  /** Appends one line to log.jsonl. NaN and infinities are written as null, since JSON has none. */
  log(step: number, record: Record<string, unknown>): void {
    try {
      fs.appendFileSync(this.logFile, `${JSON.stringify({ step, ...record })}\n`);
    } catch (error) {
      throw new Error(`${this.logFile}: could not be written (${reasonOf(error)})`, { cause: error });
    }
  }

  /** The log so far, one record a line; a line cut off by a crash is left out. */
  readLog(): LogRecord[] {
    return this.parsedLog().map(({ record }) => record);
  }

  /**
   * Drops what was logged after `step`: those steps will be done again. Returns how many lines went.
   * The log is replaced atomically, and not touched when there is nothing to drop.
   */
  truncateLog(step: number): number {
    if (!fs.existsSync(this.logFile)) return 0;
    const text = fs.readFileSync(this.logFile, 'utf8');
    const kept = this.parsedLog().filter(({ record }) => record.step <= step);
    const next = kept.map(({ line }) => `${line}\n`).join('');
    if (next === text) return 0;
    writeAtomic(this.logFile, next, this.ops);
    return text.split('\n').filter(Boolean).length - kept.length;
  }

  private parsedLog(): { line: string; record: LogRecord }[] {
    if (!fs.existsSync(this.logFile)) return [];
    const out: { line: string; record: LogRecord }[] = [];
    for (const line of fs.readFileSync(this.logFile, 'utf8').split('\n')) {
      try {
        const record = JSON.parse(line) as unknown;
        if (isPlainObject(record) && typeof record.step === 'number')
          out.push({ line, record: record as LogRecord });
      } catch {
        // an empty last line, or one that a crash cut short
      }
    }
    return out;
  }

  /**
   * Saves the state after `step` steps: tensors exactly, `json` as it is (finite numbers, strings, lists, records).
   * Until the last rename the previous state is the valid one; the last two are kept.
   */
  saveState(state: RunState): void {
    if (fs.existsSync(this.logFile)) syncFile(this.logFile); // the log reaches the disk before the state that follows it
    this.slots.save(state);
    this.sessions.progress(state.step);
  }

  /**
   * The newest intact state, or null when none was ever saved. A damaged newest one is told and the one before it is
   * used; when states exist but none is intact it throws. The caller owns the tensors.
   */
  loadState(): SavedState | null {
    const state = this.slots.load();
    if (state) this.sessions.from(state.step);
    return state;
  }

  /** Where the newest state lies, for messages; undefined before the first save. */
  latestState(): string | undefined {
    return this.slots.latest();
  }

  /** A path in samples/, its folder made, e.g. samplePath(200, 'grid.png') -> samples/000200-grid.png */
  samplePath(step: number, name: string): string {
    const file = path.join(this.dir, 'samples', `${String(step).padStart(6, '0')}-${name}`);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    return file;
  }

  /** Writes down why the work of this session ended, for sessions.jsonl; `step` counts the steps done. */
  endSession(reason: string, step?: number): void {
    this.sessions.end(reason, step);
  }

  private moveAside(): void {
    if (!fs.existsSync(this.dir)) return;
    let n = 1;
    while (fs.existsSync(`${this.dir}.${n}`)) n++;
    fs.renameSync(this.dir, `${this.dir}.${n}`);
    this.warn(`${this.dir}: the run that was here is now ${this.dir}.${n}`);
  }
}

function syncFile(file: string): void {
  const fd = fs.openSync(file, 'r+');
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** Lines like "lr: 0.001 -> 0.01" for each leaf that differs and is not freed. */
function differences(before: object, now: object, free: readonly string[]): string[] {
  const keys = [...new Set([...leafKeys(before), ...leafKeys(now)])];
  const isFree = (key: string): boolean => free.some((f) => key === f || key.startsWith(`${f}.`));
  const text = (config: object, key: string): string => {
    const value = valueAt(config, key);
    return value === undefined ? '(absent)' : JSON.stringify(value);
  };
  return keys
    .filter((key) => !isFree(key) && text(before, key) !== text(now, key))
    .map((key) => `${key}: ${text(before, key)} -> ${text(now, key)}`);
}
