/** The default run as a picture: speed relative to eager PyTorch, a bar for each work and engine. */
import type { Figure } from '../../lib/notebook';
import { msOf, ratioOf, TARGETS } from './compare';
import type { Run } from './report';

/** Bars of ratios, a mark at each target; undefined when PyTorch was not there. */
export function ratioFigure({ results, works, kinds }: Run): Figure | undefined {
  const shown = works.filter((work) => msOf(results.get('torch')?.get(work.name)) !== undefined);
  if (shown.length === 0) return undefined;
  const bars = kinds.flatMap((kind) => {
    const y = shown.map((work) => ratioOf(results, work, kind).ratio ?? null);
    const x = shown.map(({ name }) => name);
    return y.some((value) => value !== null) ? [{ type: 'bar', name: kind.name, x, y }] : [];
  });
  const goals = shown.filter(({ kind }) => TARGETS[kind] !== undefined);
  const target = {
    type: 'scatter',
    mode: 'markers',
    name: 'target',
    x: goals.map(({ name }) => name),
    y: goals.map(({ kind }) => TARGETS[kind]),
    marker: { symbol: 'line-ew-open', size: 60, color: 'black' },
  };
  const layout = {
    title: { text: 'speed relative to eager PyTorch of the same precision' },
    yaxis: { title: { text: 'times faster' } },
    barmode: 'group',
    width: 950,
  };
  return { data: [...bars, target], layout };
}
