/** Figures side by side as one: the same groups over several layers, steps or seeds, with one legend. */
import type { Figure } from './figure';

const COLOURS = [
  '#4477aa',
  '#ee6677',
  '#228833',
  '#ccbb44',
  '#66ccee',
  '#aa3377',
  '#bbbbbb',
  '#ee8866',
  '#332288',
  '#117733',
];
const SIDE = 260;

/**
 * One figure with a panel for each, `columns` in a row, each under its title. Traces of one name have one colour and
 * one line in the legend. Axis layouts of the panels are kept, their other layout is not.
 * @throws when there are no panels
 */
export function smallMultiples(
  panels: readonly { title: string; figure: Figure }[],
  options: { columns?: number; title?: string } = {},
): Figure {
  if (panels.length === 0) throw new Error('smallMultiples: there are no panels, want at least one');
  const { columns = Math.min(3, panels.length), title } = options;
  const rows = Math.ceil(panels.length / columns);
  const names = [...new Set(panels.flatMap(({ figure }) => figure.data.map(({ name }) => String(name))))];
  const shown = new Set<string>();
  const layout: Record<string, unknown> = {
    grid: { rows, columns, pattern: 'independent', ygap: 0.3, xgap: 0.15 },
    width: columns * SIDE + 160,
    height: rows * SIDE + (title ? 60 : 30),
    title: title ? { text: title } : undefined,
  };
  const data = panels.flatMap(({ title: name, figure }, i) => {
    const at = i === 0 ? '' : String(i + 1);
    const { xaxis, yaxis } = figure.layout ?? {};
    layout[`xaxis${at}`] = { ...(xaxis as object), title: { text: name } };
    layout[`yaxis${at}`] = { ...(yaxis as object), title: undefined };
    return figure.data.map((trace) => {
      const group = String(trace.name);
      const first = !shown.has(group);
      shown.add(group);
      const color = COLOURS[names.indexOf(group) % COLOURS.length];
      const axes = { xaxis: `x${at}`, yaxis: `y${at}` };
      const legend = { legendgroup: group, showlegend: first && names.length > 1 };
      return { ...trace, ...axes, ...legend, marker: { ...(trace.marker as object), color } };
    });
  });
  return { data, layout };
}
