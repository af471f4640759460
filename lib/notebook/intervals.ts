/** Bars with error bars: scores with their confidence intervals. */
import type { Interval } from '../evaluation';
import type { Figure } from './figure';

/** One bar a row for each metric; the whiskers are the ends of the interval. */
export function intervalBars(
  rows: { name: string; summary: Record<string, Interval> }[],
  metrics: string[],
  options: { title?: string; y?: string } = {},
): Figure {
  const data = metrics.map((metric) => {
    const intervals = rows.map(({ name, summary }) => {
      const interval = summary[metric];
      if (!interval)
        throw new Error(
          `intervalBars: "${name}" has no "${metric}", it has ${Object.keys(summary).join(', ')}`,
        );
      return interval;
    });
    return {
      type: 'bar',
      name: metric,
      x: rows.map((row) => row.name),
      y: intervals.map(({ mean }) => mean),
      error_y: {
        type: 'data',
        symmetric: false,
        array: intervals.map(({ mean, high }) => high - mean),
        arrayminus: intervals.map(({ mean, low }) => mean - low),
      },
    };
  });
  const { title, y = 'score' } = options;
  return {
    data,
    layout: {
      barmode: 'group',
      title: title ? { text: title } : undefined,
      yaxis: { title: { text: y }, range: [0, 1] },
    },
  };
}
