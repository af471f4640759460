// The progress line of a stage: redrawn in place on a terminal, a line every 15 s elsewhere. It goes to stderr.

export interface StageProgress {
  /** Steps done, and steps in all. */
  step: number;
  steps: number;
  /** Since this session began. */
  seconds: number;
  /** Estimated seconds to the end. */
  left: number;
  /** What the last step returned. */
  record: Record<string, number>;
}

const REDRAW_MS = 100;
const LINE_MS = 15_000;
const BAR = 24;

/** A function that shows each progress it is given. */
export function drawProgress(
  label: string,
  show?: readonly string[],
  stream: { isTTY?: boolean; columns?: number; write: (text: string) => unknown } = process.stderr,
): (progress: StageProgress) => void {
  let last = 0;
  return (progress) => {
    const now = Date.now();
    const finished = progress.step >= progress.steps;
    if (!finished && now - last < (stream.isTTY ? REDRAW_MS : LINE_MS)) return;
    last = now;
    const line = progressLine(label, progress, show);
    if (!stream.isTTY) stream.write(`${line}\n`);
    else stream.write(`\r\x1b[2K${line.slice(0, (stream.columns ?? 120) - 1)}${finished ? '\n' : ''}`);
  };
}

/** "sft  [####----]  50/100  loss 2.31  lr 3.0e-4  0.4 s/step  20 s left" */
export function progressLine(
  label: string,
  { step, steps, seconds, left, record }: StageProgress,
  show?: readonly string[],
): string {
  const filled = Math.round((BAR * step) / Math.max(1, steps));
  const keys = show ?? Object.keys(record).slice(0, 3);
  const numbers = keys
    .filter((key) => record[key] !== undefined)
    .map((key) => `${key} ${short(record[key])}`);
  const time = step >= steps ? `done in ${duration(seconds)}` : `${duration(left)} left`;
  const bar = `[${'#'.repeat(filled)}${'-'.repeat(BAR - filled)}]`;
  return [label, bar, `${step}/${steps}`, ...numbers, time].join('  ');
}

function short(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value);
  const size = Math.abs(value);
  return size >= 0.01 && size < 1e5 ? String(Number(value.toPrecision(4))) : value.toExponential(1);
}

/** Seconds as "12 s", "3 min 05 s" or "1 h 02 min". */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  const s = Math.max(0, Math.round(seconds));
  const two = (n: number): string => String(n).padStart(2, '0');
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${two(s % 60)} s`;
  return `${Math.floor(s / 3600)} h ${two(Math.floor((s % 3600) / 60))} min`;
}
