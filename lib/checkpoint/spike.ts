// A guard on the loss: a rise far above its recent spread, kept up for many steps, is a training gone wrong.

export interface SpikeOptions {
  /** Which number is watched (default "loss"). */
  key?: string;
  /** Steps whose median and spread set the bound (default 100); nothing is judged before half of them are done. */
  window?: number;
  /** The bound is median + factor x spread, the spread being 1.4826 x the median absolute deviation (default 10). */
  factor?: number;
  /** So many steps in a row above the bound stop the run (default 20): a single bad batch does not. */
  patience?: number;
}

/** What the guard found when it stopped a run. */
export interface Spike {
  key: string;
  value: number;
  bound: number;
  median: number;
  steps: number;
}

/** The least spread, as a share of the median: a loss that hardly moves must not make the bound its own median. */
const LEAST_SPREAD = 0.01;

/** Watches one number step by step. Values above the bound do not enter the window, so they cannot raise it. */
export class SpikeGuard {
  private readonly key: string;
  private readonly window: number;
  private readonly factor: number;
  private readonly patience: number;
  private readonly recent: number[] = [];
  private above = 0;

  constructor({ key = 'loss', window = 100, factor = 10, patience = 20 }: SpikeOptions = {}) {
    for (const [name, value] of Object.entries({ window, factor, patience }))
      if (!(value > 0)) throw new Error(`spike guard: ${name} is ${value}, want a positive number`);
    [this.key, this.window, this.factor, this.patience] = [key, window, factor, patience];
  }

  /** True while the last value stood above the bound: such a state is not worth saving yet. */
  get alarmed(): boolean {
    return this.above > 0;
  }

  /** Fills the window from a log, after a resume; values above the bound stay out of it as they did before. */
  recall(records: readonly Record<string, unknown>[]): void {
    for (const record of records.slice(-this.window)) {
      const value = record[this.key];
      if (typeof value === 'number') this.watch({ [this.key]: value });
    }
    this.above = 0;
  }

  /** Takes the next step's numbers in. Returns the spike once it has lasted for `patience` steps. */
  watch(record: Record<string, number>): Spike | undefined {
    const value = record[this.key];
    if (value === undefined) return undefined;
    const { median, bound } = this.bound();
    if (value <= bound) {
      this.above = 0;
      this.recent.push(value);
      if (this.recent.length > this.window) this.recent.shift();
      return undefined;
    }
    this.above++;
    return this.above >= this.patience
      ? { key: this.key, value, bound, median, steps: this.above }
      : undefined;
  }

  private bound(): { median: number; bound: number } {
    if (this.recent.length < this.window / 2) return { median: NaN, bound: Infinity };
    const median = middle(this.recent);
    const deviation = 1.4826 * middle(this.recent.map((value) => Math.abs(value - median)));
    const spread = Math.max(deviation, LEAST_SPREAD * Math.abs(median));
    return { median, bound: median + this.factor * spread };
  }
}

function middle(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
