/**
 * Which pictures a step sees. Captions of a batch are padded to the longest, and one caption in ten is four times as
 * long as the others, so pictures of several steps are drawn together, sorted by the length of their captions and
 * dealt out in batches of like length, in random order.
 */
import { RandomStream } from '../tensor';
import type { Picture } from './pictures';

export interface PictureBatchesOptions {
  seed: number;
  batchSize: number;
  /** Steps whose pictures are sorted together; 1 leaves every step its own. */
  pool: number;
  /** A picture with its caption, a function of the stream alone. */
  picture: (stream: RandomStream) => Picture;
  /** What a caption costs: its tokens, or anything that grows with them (default: its characters). */
  length?: (caption: string) => number;
}

/** Batches by step; a function of the options and the step alone, whatever was asked for before. */
export class PictureBatches {
  private dealt: { first: number; batches: Picture[][] } = { first: -1, batches: [] };

  /** @throws when pool is not a positive integer */
  constructor(private readonly options: PictureBatchesOptions) {
    const { pool } = options;
    if (!Number.isInteger(pool) || pool < 1)
      throw new Error(`lengthPool is ${pool}, want a positive integer`);
  }

  /** The pictures of a step, counted from 0. */
  at(step: number): Picture[] {
    const { pool } = this.options;
    const first = step - (step % pool);
    if (this.dealt.first !== first) this.dealt = { first, batches: this.deal(first) };
    return this.dealt.batches[step - first];
  }

  private deal(first: number): Picture[][] {
    const { seed, batchSize, pool, picture, length = (caption) => caption.length } = this.options;
    const drawn = Array.from({ length: pool * batchSize }, (_, n) => {
      const stream = RandomStream.of(seed, 'dit', first + Math.floor(n / batchSize));
      const made = picture(stream.split('picture', n % batchSize));
      return { made, tokens: length(made.caption) };
    });
    if (pool > 1) drawn.sort((a, b) => a.tokens - b.tokens);
    const batches = Array.from({ length: pool }, (_, k) =>
      drawn.slice(k * batchSize, (k + 1) * batchSize).map(({ made }) => made),
    );
    return pool > 1 ? RandomStream.of(seed, 'dit', 'deal', first).shuffle(batches) : batches;
  }
}
