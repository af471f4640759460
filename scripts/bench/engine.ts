/**
 * One engine of the benchmark in a process of its own. No request waits for ever: an engine that is late is killed, the
 * work is marked, and one restart lets it go on with the rest.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { parseLine, type Answer, type Hello, type Request } from './protocol';

export interface EngineCommand {
  name: string;
  command: string;
  args: string[];
  env?: Record<string, string>;
}

/** Why an engine gave no answer; `died` when its process is gone. */
export class EngineError extends Error {
  constructor(
    message: string,
    readonly died: boolean,
  ) {
    super(message);
  }
}

type Message = Partial<Hello> & Partial<Answer>;

export class Engine {
  private child: ChildProcess | undefined;
  private lines: Message[] = [];
  private waiter: (() => void) | undefined;
  private stderr: string[] = [];
  private ending = ''; // why the process is gone
  private requests = 0;
  private restarts = 0;
  hello: Hello | undefined;

  constructor(readonly spec: EngineCommand) {}

  get name(): string {
    return this.spec.name;
  }

  get alive(): boolean {
    return this.child !== undefined && this.ending === '';
  }

  /**
   * Starts the process and waits for its greeting.
   * @throws EngineError with the engine's last words when it does not greet in time
   */
  async start(timeoutMs: number): Promise<Hello> {
    this.lines = [];
    this.stderr = [];
    this.ending = '';
    const { command, args, env } = this.spec;
    const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    this.child = child;
    const over = (reason: string): void => {
      if (child !== this.child) return; // an earlier life
      this.ending ||= reason;
      this.waiter?.();
    };
    child.on('error', (error) => over(error.message));
    child.on('close', (code, signal) => over(`ended with ${signal ?? `code ${code}`}`));
    child.stdin!.on('error', () => undefined); // 'close' says it
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const message = child === this.child ? parseLine(line) : null;
      if (!message) return;
      this.lines.push(message); // kept until someone asks, so that no line is lost
      this.waiter?.();
    });
    createInterface({ input: child.stderr! }).on('line', (line) => {
      if (child !== this.child || line.trim() === '') return;
      this.stderr.push(line);
      if (this.stderr.length > 20) this.stderr.shift();
    });
    const hello = await this.next((message) => message.hello !== undefined, timeoutMs, 'did not start');
    return (this.hello = hello as Hello);
  }

  /**
   * Sends a request and waits for its answer; late answers to earlier requests are dropped.
   * @throws EngineError when the engine answers with an error, is late (it is killed then) or is gone
   */
  async ask(request: Request, timeoutMs: number): Promise<Answer> {
    if (!this.alive) throw new EngineError(this.ending || 'not started', true);
    const id = ++this.requests;
    this.child!.stdin!.write(`${JSON.stringify({ id, ...request })}\n`);
    const answer = (await this.next((message) => message.id === id, timeoutMs, 'gave no answer')) as Answer;
    if (answer.error !== undefined) throw new EngineError(answer.error, false);
    return answer;
  }

  /** Starts a dead engine again, once in its life. @returns whether it runs */
  async restart(timeoutMs: number): Promise<boolean> {
    if (this.alive) return true;
    if (this.restarts++ > 0) return false;
    try {
      await this.start(timeoutMs);
      return true;
    } catch {
      return false;
    }
  }

  /** Ends the process. */
  stop(reason = 'stopped'): void {
    this.ending ||= reason;
    this.child?.kill('SIGKILL');
  }

  private async next(wanted: (m: Message) => boolean, timeoutMs: number, what: string): Promise<Message> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const at = this.lines.findIndex(wanted);
      if (at >= 0) return this.lines.splice(0, at + 1)[at];
      if (this.ending !== '') throw new EngineError(this.lastWords(), true);
      const left = deadline - Date.now();
      if (left <= 0) {
        const reason = `${what} within ${+(timeoutMs / 1000).toFixed(1)} s`;
        this.stop(reason);
        throw new EngineError(reason, true);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.waiter = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.waiter = undefined;
    }
  }

  /** How it ended, with the line of its stderr that says why. */
  private lastWords(): string {
    const telling =
      this.stderr.filter((line) => /error/i.test(line)).pop() ?? this.stderr[this.stderr.length - 1];
    return telling ? `${this.ending}: ${telling.trim()}` : this.ending;
  }
}
