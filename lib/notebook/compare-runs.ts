/** Runs side by side: in what their configs differ, where they ended, and one curve each over what they have read. */
import * as path from 'node:path';
import { leafKeys, readJson, valueAt } from '../checkpoint';
import { curvesFigure, type Figure } from './figure';
import { readLogRows, summariseRun } from './run-story';

export interface RunComparison {
  /** A row for each run: its name, the options that differ between the runs, how far it came, means of its losses. */
  rows: Record<string, string | number>[];
  figure: Figure;
  /** What was compared, and over what. */
  metric: string;
  over: 'images' | 'tokens' | 'step';
}

/**
 * Compares run folders. Curves run over images or tokens where every run counts them, else over steps, since a step of
 * one run may be four of another.
 * @param window means are taken over the last so many logged rows
 * @throws when fewer than two folders are given, or a run has logged nothing under `metric`
 */
export function compareRuns(
  dirs: readonly string[],
  { root = 'runs', metric = 'loss', window = 50 }: { root?: string; metric?: string; window?: number } = {},
): RunComparison {
  if (dirs.length < 2) throw new Error(`compare: ${dirs.length} run given, want at least two`);
  const runs = dirs.map((dir) => {
    const log = readLogRows(dir);
    if (!log.some((row) => typeof row[metric] === 'number')) {
      const known = [...new Set(log.flatMap((row) => Object.keys(row)))].join(', ') || 'nothing';
      throw new Error(`${dir}: the log has no "${metric}", it has ${known}`);
    }
    return { ...summariseRun(dir, root), log, config: readJson(path.join(dir, 'config.json')) as object };
  });
  const counts = (key: string): boolean => runs.every(({ log }) => typeof log.at(-1)![key] === 'number');
  const over = (['images', 'tokens'] as const).find(counts) ?? 'step';
  const text = (config: object, key: string): string => JSON.stringify(valueAt(config, key)) ?? '';
  const keys = [...new Set(runs.flatMap(({ config }) => leafKeys(config)))].filter(
    (key) => new Set(runs.map(({ config }) => text(config, key))).size > 1,
  );
  const losses = [...new Set(runs.flatMap(({ log }) => Object.keys(log.at(-1)!)))].filter(
    (key) => key === metric || /loss/.test(key),
  );
  const rows = runs.map(({ name, log, seconds, config }) => ({
    run: name,
    ...Object.fromEntries(keys.map((key) => [key, text(config, key)])),
    [over]: log.at(-1)![over] as number,
    seconds: Math.round(seconds),
    ...Object.fromEntries(losses.map((key) => [key, meanOfLast(log, key, window)])),
  }));
  const figure: Figure = {
    data: runs.flatMap(({ name, log }) =>
      curvesFigure(log, [metric], { smooth: log.length > 100 ? 0.9 : 0, x: over }).data.map((line) => ({
        ...line,
        name,
      })),
    ),
    layout: {
      ...{ title: { text: metric }, width: 900, height: 460 },
      xaxis: { title: { text: over } },
      yaxis: { type: 'log' },
    },
  };
  return { rows, figure, metric, over };
}

function meanOfLast(log: readonly Record<string, unknown>[], key: string, window: number): number | string {
  const values = log.map((row) => row[key]).filter((value): value is number => typeof value === 'number');
  const last = values.slice(-window);
  return last.length === 0 ? '' : last.reduce((sum, value) => sum + value, 0) / last.length;
}
