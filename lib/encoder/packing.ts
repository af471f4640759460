// How documents become training batches of the language model: whole epochs in shuffled order, packed into windows.
import { RandomStream } from '../tensor';
import { END_OF_TEXT, SPECIAL_TOKENS, type Tokenizer } from './tokenizer';

/**
 * Ids of trusted documents: special tokens written in them count, and a document that does not end in one gets
 * `<|endoftext|>`. Empty documents are left out.
 */
export function encodeDocuments(tokenizer: Tokenizer, documents: Iterable<string>): number[][] {
  const special = new Set(SPECIAL_TOKENS.map((text) => tokenizer.specialId(text)));
  const end = tokenizer.specialId(END_OF_TEXT);
  const encoded: number[][] = [];
  for (const document of documents) {
    const ids = tokenizer.encode(document, { allowSpecial: true });
    if (ids.length === 0) continue;
    if (!special.has(ids[ids.length - 1])) ids.push(end);
    encoded.push(ids);
  }
  return encoded;
}

interface Epoch {
  order: number[];
  /** Of each window: place in `order`, and offset into that document. */
  starts: Array<readonly [number, number]>;
}

/**
 * Windows of `context + 1` tokens. Each begins at the start of a document and is filled with the documents that
 * follow; one that does not fit is cut here and stands first, whole, in the next window, so that the model reads
 * beginnings where it will read them when it draws. Batches are a function of (seed, step): nothing to save.
 */
export class PackedWindows {
  private epochs: Epoch[] = [];
  private readonly length: number;

  constructor(
    private readonly documents: ReadonlyArray<readonly number[]>,
    private readonly options: { context: number; seed: number },
  ) {
    if (documents.length === 0) throw new Error('PackedWindows: got no documents, want at least one');
    this.length = options.context + 1;
  }

  /** Ids of the batch of step `step` (from 0), row-major [batch, context + 1]. */
  batch(step: number, batch: number): Int32Array {
    const ids = new Int32Array(batch * this.length);
    for (let b = 0; b < batch; b++)
      this.fill(ids.subarray(b * this.length, (b + 1) * this.length), step * batch + b);
    return ids;
  }

  /** Windows in the first epoch. */
  get windowsPerEpoch(): number {
    return this.epoch(0).starts.length;
  }

  private fill(out: Int32Array, window: number): void {
    let e = 0;
    while (window >= this.epoch(e).starts.length) window -= this.epoch(e++).starts.length;
    const { order, starts } = this.epoch(e);
    let [place, offset] = starts[window];
    for (let n = 0; n < out.length;) {
      const document = this.documents[order[place % order.length]]; // the last window wraps around
      const taken = Math.min(document.length - offset, out.length - n);
      for (let i = 0; i < taken; i++) out[n + i] = document[offset + i];
      n += taken;
      place++;
      offset = 0;
    }
  }

  private epoch(e: number): Epoch {
    return (this.epochs[e] ??= this.pack(e));
  }

  private pack(e: number): Epoch {
    const order = RandomStream.of(this.options.seed, 'epoch', e).shuffle(Array.from(this.documents.keys()));
    const starts: Array<readonly [number, number]> = [];
    for (let place = 0, offset = 0; place < order.length;) {
      starts.push([place, offset]);
      let room = this.length;
      const first = place;
      while (place < order.length) {
        const left = this.documents[order[place]].length - offset;
        if (left <= room) {
          room -= left;
          offset = 0;
          place++;
          if (room === 0) break;
        } else {
          // A document longer than a window goes on in the next; its last token is read again as context.
          if (place === first) offset += this.length - 1;
          break;
        }
      }
    }
    return { order, starts };
  }
}
