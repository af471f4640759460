// The one training loop of every stage: restore, step, log, sample, save, stop. Stages bring only the step itself.
import { tf } from '../tensor';
import { Interrupt } from './interrupt';
import { drawProgress, type StageProgress } from './progress';
import type { LogRecord, RunFolder } from './run';
import { type Spike, SpikeGuard, type SpikeOptions } from './spike';
import type { RunState, SavedState } from './state';

export interface StageOptions {
  run: RunFolder;
  /** Steps in all, those already done included. */
  steps: number;
  /** A state is also saved at the end and on an interrupt. */
  saveEvery: number;
  /** One update; `i` counts from 0. Returns the numbers to log; one whose name says loss or grad must be finite. */
  step: (i: number) => Promise<Record<string, number>> | Record<string, number>;
  /**
   * All that the next step depends on. Variables are left alone; other tensors (an optimiser's copies) are disposed of
   * once they are written.
   */
  state: () => Pick<RunState, 'tensors' | 'json'>;
  /** Takes a saved state over. It must copy the tensors (`assign` does): they are disposed of afterwards. */
  restore: (state: SavedState) => Promise<void> | void;
  /** Draws samples after every `sampleEvery` steps; `step` counts steps done. */
  onSample?: (step: number) => Promise<void> | void;
  sampleEvery?: number;
  /** Log every n-th step (default 1); the last is always logged. */
  logEvery?: number;
  /** Shown instead of the progress bar, in a notebook say. */
  onProgress?: (progress: StageProgress) => void;
  /** The chief numbers of the progress bar; default the first three. */
  show?: readonly string[];
  /** Stops like Ctrl-C does, but never ends the process. */
  signal?: AbortSignal;
  /** Stops the run when the loss leaves its recent spread for many steps; absent: only a loss that is not finite does. */
  spike?: SpikeOptions;
}

export interface StageResult {
  /** The whole log, earlier sessions included. */
  log: LogRecord[];
  /** Steps done. */
  step: number;
  /** Stopped before `steps` by the notebook's Stop button or `signal`. */
  interrupted: boolean;
}

/**
 * Runs a stage to `steps` steps, resuming its run folder where the newest intact state left it: the log is cut back to
 * that step, and the numbers that follow are those of a run never stopped.
 *
 * Ctrl-C or SIGTERM finishes the step, saves and ends the process (130 or 143; a second Ctrl-C ends it at once). The
 * notebook's Stop button saves and returns. A loss or gradient norm that is not finite, or a weight found so before a
 * save, stops with an error that names the step and the last saved state, which is kept; so does a spike, when `spike`
 * asks for the guard: no state is saved while the loss stands above its bound. How a session ended is told to the run.
 */
export async function runStage(options: StageOptions): Promise<StageResult> {
  const { run, steps, saveEvery, logEvery = 1, sampleEvery = 0 } = options;
  for (const [name, value] of Object.entries({ steps, saveEvery, logEvery }))
    if (!Number.isSafeInteger(value) || value < (name === 'steps' ? 0 : 1))
      throw new Error(`${run.dir}: ${name} is ${value}, want a positive integer`);

  try {
    const result = await loop(options, { logEvery, sampleEvery });
    run.endSession(result.reason, result.step);
    if (result.exitCode !== undefined) process.exit(result.exitCode);
    return { log: run.readLog(), step: result.step, interrupted: result.interrupted };
  } catch (error) {
    run.endSession(`error: ${(error as Error).message}`);
    throw error;
  }
}

interface Ending {
  step: number;
  interrupted: boolean;
  reason: string;
  exitCode?: number;
}

async function loop(
  options: StageOptions,
  { logEvery, sampleEvery }: { logEvery: number; sampleEvery: number },
): Promise<Ending> {
  const { run, steps, saveEvery } = options;
  const guard = options.spike && new SpikeGuard(options.spike);
  let done = await restore(options);
  guard?.recall(run.readLog());
  let saved = done;
  const draw = options.onProgress ?? drawProgress(run.name, options.show);
  const began = Date.now();
  const from = done;
  const interrupt = new Interrupt(options.signal);
  try {
    while (done < steps && !interrupt.requested) {
      const record = await takeStep(options, done);
      done++;
      if (done % logEvery === 0 || done === steps) run.log(done, record);
      const spike = guard?.watch(record);
      if (spike) throw new Error(`${run.dir}: ${told(spike, done)}; ${lastGood(run)}. ${ADVICE}`);
      const seconds = (Date.now() - began) / 1000;
      draw({ step: done, steps, seconds, left: (seconds / (done - from)) * (steps - done), record });
      if (options.onSample && sampleEvery > 0 && done % sampleEvery === 0) await options.onSample(done);
      const due = done - saved >= saveEvery || done % saveEvery === 0;
      if (done === steps || (due && !guard?.alarmed)) {
        save(options, done);
        saved = done;
      }
      await new Promise((resolve) => setImmediate(resolve)); // signals arrive only when the event loop turns
    }
    if (saved < done) save(options, done);
  } finally {
    interrupt.dispose();
  }
  const interrupted = interrupt.requested && done < steps;
  if (interrupted)
    process.stderr.write(`${run.dir}: stopped at step ${done} of ${steps}, saved; run again to go on\n`);
  const reason = interrupted ? `stopped (${interrupt.signal ?? 'asked to'})` : 'finished';
  return { step: done, interrupted, reason, exitCode: interrupt.exitCode };
}

const ADVICE =
  'Run again with a lower learning rate (lr, half of it, say) to go on from there: with the same one the same steps follow.';

function told({ key, value, bound, median, steps }: Spike, step: number): string {
  const [at, limit, usual] = [value, bound, median].map((x) => x.toPrecision(3));
  return `${key} has been above ${limit} for ${steps} steps and is ${at} at step ${step}, where ${usual} is usual: a spike`;
}

async function restore({ run, restore: takeOver }: StageOptions): Promise<number> {
  const state = run.loadState();
  if (!state) {
    run.truncateLog(0);
    return 0;
  }
  try {
    await takeOver(state);
  } finally {
    tf.dispose(state.tensors);
  }
  const again = run.truncateLog(state.step);
  const note = again > 0 ? ` (${again} logged after it will be done again)` : '';
  process.stderr.write(`${run.dir}: going on after step ${state.step}${note}\n`);
  return state.step;
}

async function takeStep({ run, step }: StageOptions, i: number): Promise<Record<string, number>> {
  const record = await step(i);
  for (const [name, value] of Object.entries(record)) {
    if (/loss|grad/i.test(name) && !Number.isFinite(value))
      throw new Error(`${run.dir}: ${name} is ${value} at step ${i + 1}; ${lastGood(run)}`);
  }
  return record;
}

function save({ run, state }: StageOptions, step: number): void {
  const { tensors, json } = state();
  try {
    for (const [name, tensor] of Object.entries(tensors)) {
      const data =
        'data' in tensor && ArrayBuffer.isView(tensor.data) ? tensor.data : (tensor as tf.Tensor).dataSync();
      const bad = data instanceof Float32Array ? data.findIndex((v) => !Number.isFinite(v)) : -1;
      if (bad >= 0)
        throw new Error(`${run.dir}: ${name} holds ${data[bad]} after step ${step}; ${lastGood(run)}`);
    }
    run.saveState({ step, tensors, json });
  } finally {
    for (const tensor of Object.values(tensors))
      if (tensor instanceof tf.Tensor && !(tensor instanceof tf.Variable)) tensor.dispose();
  }
}

function lastGood(run: RunFolder): string {
  const state = run.latestState();
  return state === undefined ? 'nothing was saved before it' : `the last good state, ${state}, is kept`;
}
