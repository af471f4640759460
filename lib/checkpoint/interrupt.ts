// Asking a loop to stop: Ctrl-C and SIGTERM in a script, the Stop button in a notebook, an AbortSignal from code.
import * as path from 'node:path';

/** The event that the notebook kernel emits on `process` for its Stop button. */
const NOTEBOOK_STOP = 'notebook-interrupt';
/** npm passes Ctrl-C on to a child that the terminal has told already: two signals this close are one press. */
const SAME_PRESS_MS = 1000;
const CODES: Record<string, number> = { SIGINT: 130, SIGTERM: 143 };

/** Listens from its making until `dispose`. */
export class Interrupt {
  /** Set once a stop was asked for. */
  requested = false;
  /** What the process should end with, when a signal asked; undefined when a notebook or code did. */
  exitCode: number | undefined;
  /** The signal that asked, if one did. */
  signal: NodeJS.Signals | undefined;
  private firstPress = 0;
  private readonly signals: NodeJS.Signals[];

  constructor(private readonly abort?: AbortSignal) {
    // Inside a notebook kernel SIGINT belongs to the kernel, which turns it into NOTEBOOK_STOP.
    this.signals = inKernel() ? [] : ['SIGINT', 'SIGTERM'];
    for (const signal of this.signals) process.on(signal, this.onSignal);
    (process as NodeJS.EventEmitter).on(NOTEBOOK_STOP, this.onRequest);
    this.abort?.addEventListener('abort', this.onRequest);
    if (this.abort?.aborted) this.requested = true;
  }

  dispose(): void {
    for (const signal of this.signals) process.off(signal, this.onSignal);
    (process as NodeJS.EventEmitter).off(NOTEBOOK_STOP, this.onRequest);
    this.abort?.removeEventListener('abort', this.onRequest);
  }

  private readonly onRequest = (): void => {
    this.requested = true;
  };

  private readonly onSignal = (signal: NodeJS.Signals): void => {
    const code = CODES[signal] ?? 1;
    if (this.exitCode === undefined) {
      this.requested = true;
      this.exitCode = code;
      this.signal = signal;
      this.firstPress = Date.now();
      process.stderr.write(`\n${signal}: finishing this step and saving; press again to quit at once\n`);
    } else if (Date.now() - this.firstPress > SAME_PRESS_MS) {
      process.exit(code); // saves are atomic: quitting in the middle of one loses only the steps since the last
    }
  };
}

/** The kernel runs as a script of the name tslab-kernel.cjs, or as tslab's own. */
function inKernel(): boolean {
  return /^tslab/.test(path.basename(process.argv[1] ?? ''));
}
