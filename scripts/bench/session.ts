/**
 * A benchmark session: engines prepare every work, then interleaved rounds time them. What an engine can't do is
 * marked with the reason; nothing that one engine does stops the others.
 */
import type { Engine } from './engine';
import { EngineError } from './engine';
import type { Answer, Check, Request, WorkSpec } from './protocol';
import { median, showSeconds } from './stats';

export interface Limits {
  /** Longest wait for the building and warming-up of a work, and for its timing. */
  prepareMs: number;
  timeMs: number;
  startMs: number;
}

export interface Plan {
  works: WorkSpec[];
  rounds: number;
  /** Each work of each engine is repeated for this long in a round. */
  budgetMs: number;
  /** After this nothing more is prepared and no new round starts; what is ready is timed once at least. */
  totalMs: number;
  limits: Limits;
  /** A work whose warm-up took longer is timed by that alone. */
  slowMs: number;
  log: (text: string) => void;
}

/** What is known of one work on one engine. */
export interface Result {
  /** What was asked for, sizes taken from other engines included. */
  work?: WorkSpec;
  /** Median milliseconds of each round. */
  rounds: number[];
  check?: Check;
  /** Why there is no number. */
  missing?: string;
  /** Timed once only, by its warm-up. */
  once?: boolean;
}

export type Results = Map<string, Map<string, Result>>; // engine, work

/** May change a request by what the other engines found; a string is a reason to leave the work out. */
export type Adapt = (work: WorkSpec, engine: Engine, results: Results) => WorkSpec | string;

export async function runSession(
  engines: Engine[],
  plan: Plan,
  adapt: Adapt = (work) => work,
): Promise<Results> {
  const results: Results = new Map(engines.map((engine) => [engine.name, new Map()]));
  const began = Date.now();
  for (const work of plan.works)
    for (const engine of engines) {
      plan.log(`preparing ${work.name}: ${engine.name}`);
      const late = Date.now() - began > plan.totalMs;
      const adapted = late ? 'the time was over (--minutes)' : adapt(work, engine, results);
      const result: Result =
        typeof adapted === 'string'
          ? { rounds: [], missing: adapted }
          : await prepare(engine, adapted, { plan, done: results.get(engine.name)! });
      results
        .get(engine.name)!
        .set(work.name, typeof adapted === 'string' ? result : { ...result, work: adapted });
    }
  const started = Date.now();
  for (let round = 0; round < plan.rounds; round++) {
    if (round > 0 && Date.now() - began > plan.totalMs) {
      plan.log(`stopped after ${round} of ${plan.rounds} rounds: the time is over`);
      break;
    }
    for (const work of plan.works) {
      const share = (round + plan.works.indexOf(work) / plan.works.length) / plan.rounds;
      const left = share > 0 ? `, ${showSeconds(((Date.now() - started) / share) * (1 - share))} left` : '';
      plan.log(`round ${round + 1}/${plan.rounds}: ${work.name}${left}`);
      // Each round begins with another engine, so that none is always the one after a pause.
      const turned = engines.map((_, i) => engines[(i + round) % engines.length]);
      for (const engine of turned) await timeOne(engine, work, { plan, done: results.get(engine.name)! });
    }
  }
  return results;
}

interface Context {
  plan: Plan;
  done: Map<string, Result>;
}

async function prepare(engine: Engine, work: WorkSpec, { plan, done }: Context): Promise<Result> {
  const { name, kind, sizes } = work;
  const request: Request = { op: 'prepare', work: name, kind, sizes };
  const answer = await askOrMark(engine, request, { plan, done });
  if (typeof answer === 'string') return { rounds: [], missing: answer };
  const warm = answer.warmMs ?? 0;
  return warm > plan.slowMs
    ? { rounds: [warm], check: answer.check, once: true }
    : { rounds: [], check: answer.check };
}

async function timeOne(engine: Engine, work: WorkSpec, { plan, done }: Context): Promise<void> {
  const result = done.get(work.name);
  if (!result || result.once || result.missing !== undefined) return;
  const request: Request = { op: 'time', work: work.name, budget: plan.budgetMs, steps: 200 };
  const answer = await askOrMark(engine, request, { plan, done });
  if (typeof answer === 'string') result.missing = answer;
  else result.rounds.push(median(answer.times!));
}

/**
 * Asks; when the engine is lost, starts it once more and prepares again what it had ready.
 * @returns the answer, or the reason why there is none
 */
async function askOrMark(
  engine: Engine,
  request: Request,
  { plan, done }: Context,
): Promise<Answer | string> {
  if (!engine.alive) return 'engine lost';
  const limit = request.op === 'prepare' ? plan.limits.prepareMs : plan.limits.timeMs;
  try {
    return await engine.ask(request, limit);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    if (!error.died) return error.message;
    plan.log(`${engine.name}: ${error.message}; starting it again`);
    if (await engine.restart(plan.limits.startMs)) {
      const lost = (request as { work?: string }).work;
      const works = plan.works.filter((w) => w.name !== lost && done.has(w.name));
      for (const work of works) await prepareAgain(engine, work, { plan, done });
    } else plan.log(`${engine.name}: lost for good`);
    return error.message;
  }
}

async function prepareAgain(engine: Engine, work: WorkSpec, { plan, done }: Context): Promise<void> {
  const result = done.get(work.name)!;
  if (result.once || result.missing !== undefined) return;
  const { name, kind, sizes } = result.work ?? work;
  try {
    await engine.ask({ op: 'prepare', work: name, kind, sizes }, plan.limits.prepareMs);
  } catch (error) {
    result.missing = (error as Error).message;
  }
}

export interface Memory {
  idle: number;
  peak: number;
}

/** Peak resident memory of one work in a fresh process, and what the process held before it. */
export async function measureMemory(
  engine: Engine,
  work: WorkSpec,
  limits: Limits,
): Promise<Memory | string> {
  try {
    await engine.start(limits.startMs);
    const { kind, sizes } = work;
    const answer = await engine.ask({ op: 'memory', kind, sizes, steps: 3 }, limits.prepareMs);
    if (answer.idle == null || answer.peak == null) return 'this system has no /proc';
    return { idle: answer.idle, peak: answer.peak };
  } catch (error) {
    return (error as Error).message;
  } finally {
    engine.stop();
  }
}
