/** Plotly figures: interactive in JupyterLab and VS Code, with a still picture for everywhere else. */
import sharp from 'sharp';
import { inNotebook, showBundle } from './display';
import { inlineBitmapsAsPng, plotlyWindow } from './plotly-window';

/** A plotly figure; traces and layout as in plotly's reference. */
export interface Figure {
  data: Record<string, unknown>[];
  layout?: Record<string, unknown>;
}
const DEFAULT_LAYOUT = { width: 700, height: 400, margin: { t: 40, r: 20, b: 50, l: 60 } };

/** The figure as SVG text, drawn by plotly.js in jsdom. Two-dimensional traces without WebGL only. */
export async function figureSvg(figure: Figure): Promise<string> {
  const window = plotlyWindow();
  const div = window.document.body.appendChild(window.document.createElement('div'));
  const layout = { ...DEFAULT_LAYOUT, ...figure.layout };
  // plotly writes into what it is given, and realms differ: hand it plain copies
  const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
  try {
    await window.Plotly.newPlot(div, copy(figure.data), copy(layout), { staticPlot: true });
    const svg = await window.Plotly.toImage(div, {
      format: 'svg',
      width: layout.width,
      height: layout.height,
      imageDataOnly: true,
    });
    return await inlineBitmapsAsPng(svg);
  } finally {
    window.Plotly.purge(div);
    div.remove();
  }
}

/** The figure as PNG bytes. */
export async function figurePng(figure: Figure): Promise<Buffer> {
  return sharp(Buffer.from(await figureSvg(figure)))
    .png({ palette: true })
    .toBuffer();
}

/** Shows the figure in the cell. With `id` and `update` it redraws in place (live curves). */
export async function showFigure(
  figure: Figure,
  options: { id?: string; update?: boolean } = {},
): Promise<void> {
  if (!inNotebook()) return;
  const layout = { ...DEFAULT_LAYOUT, ...figure.layout };
  const png = await figurePng({ ...figure, layout });
  const bundle = {
    'application/vnd.plotly.v1+json': { data: figure.data, layout, config: { responsive: true } },
    'image/png': png.toString('base64'),
    'text/plain': 'plotly figure',
  };
  const { width, height } = layout as typeof DEFAULT_LAYOUT;
  showBundle(bundle, { metadata: { 'image/png': { width, height } }, ...options });
}

/** Curves of logged numbers: one line for each key, over `step`. `rows` are lines of a run's log. */
export function curvesFigure(
  rows: Record<string, unknown>[],
  keys: string[],
  options: { title?: string; smooth?: number; x?: string } = {},
): Figure {
  const { title, smooth = 0, x = 'step' } = options;
  const data = keys.map((key) => {
    const points = rows.filter((row) => typeof row[key] === 'number');
    let mean = NaN;
    const y = points.map((row) => {
      const value = row[key] as number;
      mean = Number.isNaN(mean) ? value : smooth * mean + (1 - smooth) * value;
      return Number(mean.toPrecision(5)); // no eye sees more, and notebooks keep every digit
    });
    return {
      type: 'scatter',
      mode: points.length > 40 ? 'lines' : 'lines+markers',
      name: key,
      x: points.map((row) => row[x]),
      y,
    };
  });
  return {
    data,
    layout: {
      title: title ? { text: title } : undefined,
      xaxis: { title: { text: x } },
    },
  };
}
