// The dial of pretraining: names of sizes, smallest first. lmSize (encoder) and ditSize (diffusion) say what each means.
import { ConfigError } from './config';

export const MODEL_SIZES = ['nano', 'tiny', 'small', 'base', 'large', '300m'] as const;
export type ModelSize = (typeof MODEL_SIZES)[number];

/** What a size is for, for --help and error messages. */
export const SIZE_NOTES: Record<ModelSize, string> = {
  nano: 'tests: seconds',
  tiny: 'all of pretraining in minutes on a laptop',
  small: 'the laptop default: an evening',
  base: 'the committed size: a night on a laptop',
  large: 'an accelerator, or days',
  '300m': 'an accelerator',
};

/** Checks the name of a size. Throws ConfigError on any other word, listing what there is. */
export function modelSize(name: string, where = 'size'): ModelSize {
  const size = MODEL_SIZES.find((known) => known === name);
  if (size === undefined)
    throw new ConfigError(
      `${where}: is ${JSON.stringify(name)}, want one of ${MODEL_SIZES.map((s) => `${s} (${SIZE_NOTES[s]})`).join(', ')}`,
    );
  return size;
}

/** A count in three digits with its prefix: 5470000 -> "5.47M", 3.1e15 -> "3.10P". */
export function siCount(count: number): string {
  const prefixes = ['', 'k', 'M', 'G', 'T', 'P', 'E'];
  let at = 0;
  let value = count;
  while (Math.abs(value) >= 999.5 && at < prefixes.length - 1) {
    value /= 1000;
    at++;
  }
  return `${at === 0 && Number.isInteger(value) ? value : value.toPrecision(3)}${prefixes[at]}`;
}

/** `value` kept between `low` and `high`. */
export function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
