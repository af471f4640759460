/** A progress line that redraws itself in place, in a cell or on a terminal, with the time left. */
import { escapeHtml, inNotebook, showBundle } from './display';

let nextId = 0;

/** Seconds as `1 h 02 m`, `3 m 05 s` or `12 s`. */
export function formatDuration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s >= 3600) return `${Math.floor(s / 3600)} h ${String(Math.floor((s % 3600) / 60)).padStart(2, '0')} m`;
  if (s >= 60) return `${Math.floor(s / 60)} m ${String(s % 60).padStart(2, '0')} s`;
  return `${s} s`;
}

export class Progress {
  private readonly id = `progress-${process.pid}-${nextId++}`;
  private readonly started = Date.now();
  private shown = false;
  private lastDraw = 0;

  constructor(
    private readonly total: number,
    private readonly label = '',
  ) {}

  /**
   * `done` out of `total`; `text` is added to the line. Draws at most ten times a second. `timeLeft` says it in place of
   * the own estimate, which is wrong for work that was begun before.
   */
  update(done: number, text = '', timeLeft?: string): void {
    const now = Date.now();
    const finished = done >= this.total;
    if (this.shown && !finished && now - this.lastDraw < 100) return;
    this.lastDraw = now;
    const elapsed = (now - this.started) / 1000;
    const left = done > 0 ? (elapsed / done) * (this.total - done) : NaN;
    const time = finished
      ? formatDuration(elapsed)
      : (timeLeft ?? (Number.isFinite(left) ? `${formatDuration(left)} left` : ''));
    const line = [this.label, `${done}/${this.total}`, text, time].filter(Boolean).join('  ');
    if (inNotebook()) {
      const html = `<progress max="${this.total}" value="${done}"></progress> ${escapeHtml(line)}`;
      showBundle({ 'text/html': html, 'text/plain': line }, { id: this.id, update: this.shown });
    } else if (process.stderr.isTTY) {
      process.stderr.write(`\r\x1b[2K${line}${finished ? '\n' : ''}`);
    } else if (finished) {
      process.stderr.write(line + '\n');
    }
    this.shown = true;
  }
}

/**
 * A flag that turns true on the notebook's Stop button or on Ctrl-C in a script.
 * The kernel turns Stop into the event `notebook-interrupt`: a SIGINT listener added inside a cell
 * would end the kernel at the next Stop.
 */
export function onInterrupt(): { aborted: boolean; dispose(): void } {
  const event = inNotebook() ? 'notebook-interrupt' : 'SIGINT';
  const emitter = process as NodeJS.EventEmitter;
  const flag = { aborted: false, dispose: () => void emitter.off(event, stop) };
  const stop = (): void => {
    flag.aborted = true;
    emitter.off(event, stop);
  };
  emitter.on(event, stop);
  return flag;
}
