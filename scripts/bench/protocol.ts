/**
 * What the benchmark and its engines say to each other: one JSON object a line. An engine greets with a Hello, then
 * answers every request with its id. `torch/worker.py` speaks the same lines.
 */

/** A work by its kind and sizes; `name` is how requests refer to it. */
export interface WorkSpec {
  name: string;
  kind: 'gemm' | 'lm_train' | 'lm_decode' | 'dit_train' | 'dit_sample' | 'grpo';
  sizes: Record<string, unknown>;
}

export type Request =
  /** Build the work, check it, run it once to warm up. */
  | { op: 'prepare'; work: string; kind: WorkSpec['kind']; sizes: WorkSpec['sizes'] }
  /** Run it until `budget` milliseconds or `steps` steps are over, at least once. */
  | { op: 'time'; work: string; budget: number; steps: number }
  | { op: 'free'; work: string }
  /** In a fresh process: resident bytes before the work, and the peak over building it and `steps` steps. */
  | { op: 'memory'; kind: WorkSpec['kind']; sizes: WorkSpec['sizes']; steps: number };

export interface Hello {
  hello: string;
  detail: string;
  threads: number;
  versions: Record<string, string>;
}

/** What a work is made of, so that engines are only compared when they do the same. */
export interface Check {
  parameters?: number;
  /** Of the first step from the fixed weights. */
  loss?: number;
  gradNorm?: number;
  /** Mean size of the numbers that a sampler returns. */
  mean?: number;
  newTokens?: number;
  /** The first greedy tokens, row by row. */
  tokens?: number[];
  /** What a rollout came to, for engines that follow another's counts. */
  counts?: Record<string, unknown>;
}

export interface Prepared {
  check: Check;
  warmMs: number;
}

export interface Answer extends Partial<Prepared> {
  id: number;
  error?: string;
  times?: number[];
  idle?: number | null;
  peak?: number | null;
}

/** A line as an object, or null when it is something else (a library that prints). */
export function parseLine(line: string): (Partial<Hello> & Partial<Answer>) | null {
  if (!line.startsWith('{')) return null;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? value : null;
  } catch {
    return null;
  }
}

/** Why a work is missing that an engine was never meant to do; not worth a line in the report. */
export const NOT_ASKED = 'not asked for';
