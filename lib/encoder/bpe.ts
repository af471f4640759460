// Byte-pair encoding: learning the merges from a corpus, and applying them to one pre-token.
import { BYTE_TO_CHAR, pretokenize } from './pretokenize';

/** Merge rules by rank: `pairs[r] = [left id, right id]` makes token `256 + r`; ids below 256 are bytes. */
export type Merges = ReadonlyArray<readonly [number, number]>;

export interface TrainBpeOptions {
  /** How many merges to learn at most; fewer when no pair occurs `minCount` times. */
  merges: number;
  /** A pair seen less often than this is never merged (default 2). */
  minCount?: number;
}

interface Word {
  ids: number[];
  count: number;
}

const KEY = 65536; // ids stay below 2^16, so a pair packs into one safe integer
const keyOf = (a: number, b: number) => a * KEY + b;

/**
 * Learns merges by the usual greedy rule: merge the most frequent adjacent pair, ties to the smaller ids.
 * Pair counts are updated only in the words that hold the merged pair, so a corpus of some MB takes seconds.
 */
export function trainMerges(
  texts: Iterable<string>,
  { merges, minCount = 2 }: TrainBpeOptions,
): Array<[number, number]> {
  if (!Number.isInteger(merges) || merges < 0 || merges > KEY - 256) {
    throw new Error(`trainMerges: merges is ${merges}, want an integer from 0 to ${KEY - 256}`);
  }
  const words = countWords(texts);
  const counts = new Map<number, number>();
  const where = new Map<number, Set<number>>(); // pair -> words that (may) hold it
  words.forEach((word, w) => addPairs(word, w, 1, counts, where));

  const learned: Array<[number, number]> = [];
  const bytes = tokenBytes([]);
  const taken = new Set<string>(); // byte strings that are tokens already
  const banned = new Set<number>(); // pairs that would spell one of them a second way
  while (learned.length < merges) {
    let best = -1;
    let bestCount = minCount - 1;
    for (const [key, count] of counts) {
      if (count < bestCount || banned.has(key)) continue;
      if (count > bestCount || (best >= 0 && key < best)) {
        best = key;
        bestCount = count;
      }
    }
    if (best < 0) break;
    const left = Math.floor(best / KEY);
    const right = best % KEY;
    const spelled = Uint8Array.from([...bytes[left], ...bytes[right]]);
    if (taken.has(printable(spelled))) {
      banned.add(best);
      continue;
    }
    taken.add(printable(spelled));
    bytes.push(spelled);
    const id = 256 + learned.length;
    learned.push([left, right]);
    for (const w of where.get(best) ?? []) {
      const word = words[w];
      addPairs(word, w, -1, counts, where);
      word.ids = mergePair(word.ids, left, right, id);
      addPairs(word, w, 1, counts, where);
    }
    counts.delete(best);
    where.delete(best);
  }
  return learned;
}

function countWords(texts: Iterable<string>): Word[] {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const piece of pretokenize(text)) counts.set(piece, (counts.get(piece) ?? 0) + 1);
  }
  return [...counts].map(([piece, count]) => ({ ids: [...Buffer.from(piece, 'utf8')], count }));
}

function addPairs(
  word: Word,
  w: number,
  sign: 1 | -1,
  counts: Map<number, number>,
  where: Map<number, Set<number>>,
): void {
  for (let i = 0; i + 1 < word.ids.length; i++) {
    const key = keyOf(word.ids[i], word.ids[i + 1]);
    const count = (counts.get(key) ?? 0) + sign * word.count;
    if (count === 0) counts.delete(key);
    else counts.set(key, count);
    if (sign > 0) {
      const set = where.get(key);
      if (set) set.add(w);
      else where.set(key, new Set([w]));
    }
  }
}

function mergePair(ids: number[], left: number, right: number, merged: number): number[] {
  const out: number[] = [];
  for (let i = 0; i < ids.length; i++) {
    if (ids[i] === left && ids[i + 1] === right) {
      out.push(merged);
      i++;
    } else out.push(ids[i]);
  }
  return out;
}

/** Applies learned merges to pre-tokens, lowest rank first; remembers recent pre-tokens. */
export class BytePairEncoder {
  private readonly ranks = new Map<number, number>();
  private readonly cache = new Map<string, number[]>();

  constructor(merges: Merges) {
    merges.forEach(([left, right], rank) => this.ranks.set(keyOf(left, right), rank));
  }

  /** Ids of one pre-token. Lone surrogates become U+FFFD, as in every UTF-8 encoder. */
  encode(piece: string): readonly number[] {
    const known = this.cache.get(piece);
    if (known) return known;
    let ids = [...Buffer.from(piece, 'utf8')];
    for (;;) {
      let rank = Infinity;
      for (let i = 0; i + 1 < ids.length; i++) {
        const found = this.ranks.get(keyOf(ids[i], ids[i + 1]));
        if (found !== undefined && found < rank) rank = found;
      }
      if (rank === Infinity) break;
      // Merging every occurrence at once equals merging leftmost first: a pair holding the new token ranks later.
      const [left, right] = this.pairOf(rank);
      ids = mergePair(ids, left, right, 256 + rank);
    }
    if (this.cache.size > 50_000) this.cache.clear();
    if (piece.length < 64) this.cache.set(piece, ids);
    return ids;
  }

  private pairs: Array<readonly [number, number]> | null = null;
  private pairOf(rank: number): readonly [number, number] {
    this.pairs ??= [...this.ranks.keys()].map((key) => [Math.floor(key / KEY), key % KEY] as const);
    return this.pairs[rank];
  }
}

/** The bytes of every token: 256 single bytes, then one entry a merge. */
export function tokenBytes(merges: Merges): Uint8Array[] {
  const bytes: Uint8Array[] = Array.from({ length: 256 }, (_, b) => Uint8Array.of(b));
  for (const [left, right] of merges) bytes.push(Uint8Array.from([...bytes[left], ...bytes[right]]));
  return bytes;
}

/** A token's bytes in the printable alphabet of tokenizer.json. */
export function printable(bytes: Uint8Array): string {
  return Array.from(bytes, (b) => BYTE_TO_CHAR[b]).join('');
}
