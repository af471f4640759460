/** Means of named numbers, for logs. */
export class Accumulator {
  private readonly sums = new Map<string, { sum: number; weight: number }>();

  add(name: string, value: number, weight = 1): void {
    const entry = this.sums.get(name) ?? { sum: 0, weight: 0 };
    entry.sum += value * weight;
    entry.weight += weight;
    this.sums.set(name, entry);
  }

  /** The mean of what was added; 0 when nothing was. */
  mean(name: string): number {
    const entry = this.sums.get(name);
    return entry && entry.weight > 0 ? entry.sum / entry.weight : 0;
  }
}
