// The sessions of a run: sessions.jsonl has one line for each stretch of work, from start or resume to its end.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { isPlainObject, writeAtomic, writeJson, type FileOps } from './files';
import { describeMachine, type BackendNote } from './machine';

export interface Session {
  /** ISO times; `ended` is that of the last save while the session runs or when it was killed. */
  started: string;
  ended: string;
  fromStep: number;
  toStep: number;
  steps: number;
  seconds: number;
  /** "finished", "stopped (SIGINT)", "error: ...", "killed" (it never said why it ended), or "running". */
  reason: string;
  node: string;
  platform: string;
  cpu: string;
  cores: number;
  backend?: BackendNote;
  /** Config keys that differ from the session before, as "lr: 0.001 -> 0.0005". */
  changes?: string[];
}

/** The sessions written in a run folder, oldest first; lines that a crash cut short are left out. */
export function readSessions(dir: string): Session[] {
  const file = path.join(dir, 'sessions.jsonl');
  if (!fs.existsSync(file)) return [];
  return fs
    .readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        const value = JSON.parse(line) as unknown;
        return isPlainObject(value) && typeof value.started === 'string' ? [value as unknown as Session] : [];
      } catch {
        return [];
      }
    });
}

/** Writes machine.json once, and sessions.jsonl at every save, whole and atomically. */
export class SessionLog {
  private readonly earlier: Session[];
  private readonly now: Session;
  private over = false;

  constructor(
    private readonly dir: string,
    private readonly ops: FileOps,
    { backend, changes }: { backend?: BackendNote; changes?: string[] } = {},
  ) {
    this.earlier = readSessions(dir).map((session) =>
      session.reason === 'running' ? { ...session, reason: 'killed' } : session,
    );
    const machine = describeMachine(backend);
    writeJson(path.join(dir, 'machine.json'), machine, ops);
    const started = new Date().toISOString();
    const { node, platform, cpu, cores } = machine;
    this.now = {
      ...{ started, ended: started, fromStep: 0, toStep: 0, steps: 0, seconds: 0, reason: 'running' },
      ...{ node, platform, cpu, cores, backend: machine.backend },
      ...(changes?.length && { changes }),
    };
    this.write();
  }

  /** The session goes on from this step. */
  from(step: number): void {
    this.now.fromStep = this.now.toStep = step;
  }

  progress(step: number): void {
    this.now.toStep = step;
    this.now.steps = step - this.now.fromStep;
    this.now.ended = new Date().toISOString();
    this.now.seconds = Math.round((Date.now() - Date.parse(this.now.started)) / 100) / 10;
    this.write();
  }

  /** Ends the session with its reason; a second end changes nothing. */
  end(reason: string, step = this.now.toStep): void {
    if (this.over) return;
    this.over = true;
    this.now.reason = reason;
    this.progress(step);
  }

  private write(): void {
    const lines = [...this.earlier, this.now].map((session) => `${JSON.stringify(session)}\n`);
    writeAtomic(path.join(this.dir, 'sessions.jsonl'), lines.join(''), this.ops);
  }
}
