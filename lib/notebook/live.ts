/** Curves that grow while a training loop runs in a cell. */
import { inNotebook } from './display';
import { curvesFigure, showFigure } from './figure';

export interface LiveCurvesOptions {
  title?: string;
  /** Exponential smoothing in [0, 1); 0 shows the numbers as they are. */
  smooth?: number;
  /** Least milliseconds between two redraws; a redraw costs about 0.2 s. Default 4000. */
  everyMs?: number;
  size?: { width: number; height: number };
}

let nextId = 0;

/**
 * `add` a row after every step, `await finish()` after the loop:
 *
 *     const curves = new LiveCurves(['loss']);
 *     for (...) curves.add({ step, loss });
 *     await curves.finish();
 */
export class LiveCurves {
  readonly rows: Record<string, unknown>[] = [];
  private readonly id = `curves-${process.pid}-${nextId++}`;
  private shown = false;
  private lastDraw = Date.now();
  private drawing: Promise<void> | undefined;

  constructor(
    private readonly keys: string[],
    private readonly options: LiveCurvesOptions = {},
  ) {}

  /** Notes a row; redraws when the last drawing is old enough. Never waits. */
  add(row: Record<string, unknown>): void {
    this.rows.push(row);
    const { everyMs = 4000 } = this.options;
    if (this.drawing || Date.now() - this.lastDraw < everyMs) return;
    this.drawing = this.draw().finally(() => (this.drawing = undefined));
    this.drawing.catch(() => undefined); // a failed redraw must not end the training; finish() reports it
  }

  /** Draws all rows once more; outside a notebook it prints the last row. */
  async finish(): Promise<void> {
    await this.drawing?.catch(() => undefined);
    if (inNotebook()) return this.draw();
    const last = this.rows[this.rows.length - 1];
    if (last) console.log(this.keys.map((key) => `${key} ${String(last[key])}`).join('  '));
  }

  private async draw(): Promise<void> {
    const { title, smooth, size = { width: 640, height: 300 } } = this.options;
    const figure = curvesFigure(this.rows, this.keys, { title, smooth });
    const update = this.shown;
    this.shown = true;
    await showFigure({ ...figure, layout: { ...figure.layout, ...size } }, { id: this.id, update });
    this.lastDraw = Date.now();
  }
}
