/** How cost grows with batch, sequence length, the size of a Dual-GRPO rollout, and threads. */
import { formatTable } from '../../lib/notebook';
import type { Figure } from '../../lib/notebook';
import type { WorkSpec } from './protocol';
import { ditSample, ditTrain, dualGrpo, lmDecode, lmTrain } from './sizes';
import { showMs } from './stats';

export interface Sweep {
  name: string;
  /** What the numbers along the sweep are. */
  axis: string;
  points: { at: number; label: string; work: WorkSpec }[];
}

const sweep = (name: string, axis: string, sizes: number[], work: (at: number) => WorkSpec): Sweep => ({
  name,
  axis,
  points: sizes.map((at) => ({ at, label: String(at), work: work(at) })),
});

/** Cost per item shows where it stops falling: `per` divides the time by the size. */
export function sweeps(quick: boolean): Sweep[] {
  const some = (sizes: number[]): number[] => (quick ? sizes.filter((_, i) => i % 2 === 0) : sizes);
  return [
    sweep('LM train, 96 tokens', 'batch', some([4, 8, 16, 32, 64]), (batch) => lmTrain(batch, 96)),
    sweep('DiT train, 64 + 40 tokens', 'batch', some([4, 8, 16, 32, 64]), (batch) => ditTrain(batch)),
    sweep('LM decode, 24 + 64 tokens', 'batch', some([1, 8, 32, 64, 128]), (batch) => lmDecode(batch)),
    sweep('DiT sample, 10 steps', 'batch', some([1, 4, 16, 32, 64]), (batch) => ditSample(batch)),
    sweep('LM train, batch 32', 'tokens', some([24, 48, 96, 144, 192]), (tokens) => lmTrain(32, tokens)),
    sweep('DiT train, batch 16', 'image tokens', some([16, 64, 144, 256]), (image) => ditTrain(16, image)),
    {
      name: 'Dual-GRPO, 2 prompts',
      axis: 'J x K',
      points: [2, 4, 6].map((n) => ({ at: n * n, label: `${n} x ${n}`, work: dualGrpo(2, n, n) })),
    },
  ];
}

/** Works timed with 1 thread and with all: how much a second core brings. */
export const threadWorks = (): WorkSpec[] => [lmTrain(), ditTrain(), lmDecode(), ditSample()];

/** Median milliseconds by sweep, engine and point label. */
export type Scaling = { sweep: Sweep; ms: Record<string, (number | null)[]>; threads?: number }[];

export function scalingTable(scaling: Scaling): string {
  return scaling
    .map(({ sweep: { name, axis, points }, ms }) => {
      const rows = Object.entries(ms).map(([engine, values]) => {
        const row: Record<string, string> = { [name]: engine };
        points.forEach(({ label }, i) => {
          const ms = values[i];
          // never the bare number: objects put such keys first
          row[`${axis} ${label}`] = ms === null ? '-' : showMs(ms);
        });
        row.growth = growth(points, values);
        return row;
      });
      return formatTable(rows);
    })
    .join('\n\n');
}

/** The power of the size that the time grows by, from the first point to the last: 1 is proportional. */
export function growth(points: { at: number }[], values: (number | null)[]): string {
  const known = points.flatMap(({ at }, i) => {
    const ms = values[i];
    return ms === null ? [] : [{ at, ms }];
  });
  if (known.length < 2) return '-';
  const [a, b] = [known[0], known[known.length - 1]];
  return `size^${(Math.log(b.ms / a.ms) / Math.log(b.at / a.at)).toFixed(2)}`;
}

/** One small panel for each sweep, both axes logarithmic. */
export function scalingFigure(scaling: Scaling): Figure {
  const columns = 3;
  const rows = Math.ceil(scaling.length / columns);
  const engines = [...new Set(scaling.flatMap(({ ms }) => Object.keys(ms)))];
  const colours = ['#1f77b4', '#ff7f0e', '#2ca02c', '#d62728', '#9467bd', '#8c564b'];
  const layout: Record<string, unknown> = { width: 1050, height: 280 * rows + 60, annotations: [] };
  const data = scaling.flatMap(({ sweep: { name, axis, points }, ms }, i) => {
    const id = i === 0 ? '' : String(i + 1);
    const [column, row] = [i % columns, Math.floor(i / columns)];
    const x = [column / columns + 0.05, (column + 1) / columns - 0.02];
    const y = [1 - (row + 1) / rows + 0.16 / rows, 1 - row / rows - 0.12 / rows];
    layout[`xaxis${id}`] = { type: 'log', domain: x, anchor: `y${id}`, title: { text: axis } };
    layout[`yaxis${id}`] = { type: 'log', domain: y, anchor: `x${id}`, title: { text: 'ms' } };
    const title = {
      text: name,
      x: (x[0] + x[1]) / 2,
      y: y[1],
      xref: 'paper',
      yref: 'paper',
      yanchor: 'bottom',
    };
    (layout.annotations as unknown[]).push({ ...title, showarrow: false });
    return Object.entries(ms).map(([engine, values]) => ({
      type: 'scatter',
      mode: 'lines+markers',
      name: engine,
      legendgroup: engine,
      showlegend: i === 0,
      line: { color: colours[engines.indexOf(engine) % colours.length] },
      x: points.map(({ at }) => at),
      y: values,
      xaxis: `x${id}`,
      yaxis: `y${id}`,
    }));
  });
  return { data, layout };
}
