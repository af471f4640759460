/** What the stages of pretraining share: where they write, on what world they train, in what precision they compute. */
import { createHash } from 'node:crypto';
import {
  type Check,
  describeMachine,
  fraction,
  type LogRecord,
  oneOf,
  positiveInteger,
  readSessions,
  type RunFolder,
} from '../../lib/checkpoint';
import { DIT_OPTIMISERS } from '../../lib/diffusion';
import { type BackendInfo, bf16Available, initBackend, setMatmulPrecision } from '../../lib/tensor';
import { buildCorpus, type Edition, EDITIONS, type Tier, tierOf, TIERS } from '../../lib/world';

export type Precision = 'auto' | 'fp32' | 'bf16';

/** The facts and concepts to train on. */
export interface WorldChoice {
  edition: Edition;
  /** Concepts up to this tier; null: those of the edition. */
  tier: Tier | null;
  corpusSeed: number;
}

export const WORLD_DEFAULTS: WorldChoice = { edition: 'full', tier: null, corpusSeed: 0 };

/** How a stage treats what is there already. */
export interface Keeping {
  fresh: boolean;
  overwrite: boolean;
}

export const KEEP: Keeping = { fresh: false, overwrite: false };

export const COMMON_HELP: Record<string, string> = {
  size: 'the dial: sets all numbers below, which options override',
  fresh: 'begin anew: an earlier run of this name is moved aside',
  overwrite: 'replace parts of the model folder that another command made',
  edition: 'facts: core, or full, as the committed checkpoints were trained on',
  tier: 'concepts up to this tier, 0 to 2; null: those of the edition',
  precision: 'of matrix products; auto: bf16 where the CPU has it',
  dtype: 'how the weights are stored',
  spikeFactor: 'a loss above median + this x its spread for many steps stops the run; 0: no guard',
};

export const COMMON_CHECKS: Record<string, Check> = {
  edition: oneOf(...EDITIONS),
  tier: oneOf(null, ...TIERS),
  precision: oneOf('auto', 'fp32', 'bf16'),
  dtype: oneOf('F32', 'F16', 'BF16'),
};

export const DIT_CHECKS: Record<string, Check> = {
  predictionType: oneOf('sample', 'velocity'),
  optimiser: oneOf(...DIT_OPTIMISERS),
  figures: fraction,
  guestShare: fraction,
  layers: positiveInteger,
  heads: positiveInteger,
};

/** The tier that a choice means. */
export function tierOfChoice({ edition, tier }: Pick<WorldChoice, 'edition' | 'tier'>): Tier {
  return tier ?? tierOf(edition);
}

/** Documents to pretrain on, and a digest that changes when they do. */
export function corpusOf(choice: WorldChoice): { documents: string[]; digest: string } {
  const documents = buildCorpus(choice.corpusSeed, { edition: choice.edition, tier: tierOfChoice(choice) });
  const hash = createHash('sha256');
  for (const document of documents) hash.update(document).update('\0');
  return { documents, digest: hash.digest('hex').slice(0, 12) };
}

/** Starts the backend, prints it, and sets the precision of matrix products. Returns what "auto" came to. */
export async function beginBackend(
  precision: Precision,
): Promise<{ backend: BackendInfo; precision: 'fp32' | 'bf16' }> {
  const backend = await initBackend();
  const used = precision === 'auto' ? (bf16Available() ? 'bf16' : 'fp32') : precision;
  setMatmulPrecision(used);
  console.log(`backend: ${backend.name} (${backend.detail}), ${backend.threads} threads, ${used} products`);
  return { backend, precision: used };
}

/** What a part was made on, in a few words. */
export function machineLine({ detail, threads }: BackendInfo): string {
  const { cpu, cores } = describeMachine();
  return `${cores} cores of ${cpu}, ${threads} threads, ${detail.split(',')[0]}`;
}

/** Seconds of all sessions of a run. */
export function secondsOf(run: RunFolder): number {
  return Math.round(readSessions(run.dir).reduce((sum, session) => sum + session.seconds, 0));
}

/** What was changed in the course of a run, as "at step 400: lr: 0.002 -> 0.001". */
export function changesOf(run: RunFolder): string[] {
  return readSessions(run.dir).flatMap(({ fromStep, changes = [] }) =>
    changes.map((change) => `at step ${fromStep}: ${change}`),
  );
}

/** The last value that a log has under a key. */
export function lastOf(log: readonly LogRecord[], key: string): unknown {
  return log.filter((record) => record[key] !== undefined).at(-1)?.[key];
}
