/** What a base model should reach, and by how much a measured share holds or misses it. */
import type { Interval } from '../bootstrap';

/** Share of the facts stated in the corpus that greedy decoding recalls. */
export const RECALL_TARGET = 0.9;

/** Share of the pictures that show what their caption asks, by kind of caption. */
export const PAINTER_TARGETS = {
  single: 0.95,
  two: 0.85,
  count: 0.85,
  colour: 0.9,
  size: 0.9,
  background: 0.9,
  text: 0.8,
} as const;

export interface Verdict {
  target: number;
  held: boolean;
  /** Value - target: not negative when held. */
  margin: number;
  /** The target lies inside the interval: more trials could turn the verdict. */
  open: boolean;
}

/** Compares a measured share with its target. */
export function verdictOf({ mean, low, high }: Interval, target: number): Verdict {
  const margin = mean - target;
  return { target, held: margin >= 0, margin, open: low < target && target < high };
}

/** "held by 2.1 points", "missed by 0.4 points (the interval holds the target)". */
export function verdictText({ held, margin, open }: Verdict): string {
  const text = `${held ? 'held' : 'missed'} by ${(100 * Math.abs(margin)).toFixed(1)} points`;
  return open ? `${text} (the interval holds the target)` : text;
}

/** A share as "93.5 %", and an interval of shares as "[90.1, 95.8]". */
export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
export const rangeText = ({ low, high }: Interval): string =>
  `[${(100 * low).toFixed(1)}, ${(100 * high).toFixed(1)}]`;

/** Markdown of a table. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
