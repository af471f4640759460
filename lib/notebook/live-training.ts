/** A training that runs in a cell: its progress with the time left, and its curves, earlier sessions included. */
import type { LogRecord, StageProgress } from '../checkpoint';
import { LiveCurves, type LiveCurvesOptions } from './live';
import { formatDuration, Progress } from './progress';

/**
 * Give `onProgress` to a stage, and `await finish()` after it:
 *
 *     const live = new LiveTraining(['loss'], run.readLog());
 *     await pretrainLm({ ..., onProgress: live.onProgress });
 *     await live.finish();
 */
export class LiveTraining {
  readonly curves: LiveCurves;
  private line: Progress | undefined;

  /** @param earlier the run's log so far; records of steps that are done again give way to the new ones */
  constructor(keys: string[], earlier: readonly LogRecord[] = [], options: LiveCurvesOptions = {}) {
    this.curves = new LiveCurves(keys, options);
    this.curves.rows.push(...earlier);
  }

  readonly onProgress = ({ step, steps, left, record }: StageProgress): void => {
    const { rows } = this.curves;
    while (rows.length > 0 && (rows[rows.length - 1].step as number) >= step) rows.pop();
    this.curves.add({ step, ...record });
    this.line ??= new Progress(steps);
    const loss = record.loss === undefined ? '' : `loss ${record.loss.toFixed(3)}`;
    this.line.update(step, loss, step < steps ? `${formatDuration(left)} left` : undefined);
  };

  /** Draws all steps once more; without any step in this session, those of the log. */
  async finish(): Promise<void> {
    await this.curves.finish();
  }
}
