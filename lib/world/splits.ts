/** Which facts are for what: split by fact, never by prompt, so that no phrasing of a test fact is ever trained on. */
import { createHash } from 'node:crypto';

export const SPLITS = ['sft', 'rl', 'validation', 'test', 'absent'] as const;
export type Split = (typeof SPLITS)[number];

/** Percent of every family. `absent` facts are stated nowhere: they measure guessing. */
export const SPLIT_PERCENT: Record<Split, number> = { sft: 45, rl: 20, validation: 5, test: 25, absent: 5 };

export interface Splittable {
  id: string;
  family: string;
  /** Pins the fact to a split by hand. */
  split?: Split;
  /** The fact that a two-hop fact leads to; both are in one split. */
  via?: string;
}

function hashOf(id: string): string {
  return createHash('sha256').update(id).digest('hex');
}

/**
 * The split of every fact: in each family the facts are ordered by the SHA-256 of their id and cut at
 * `SPLIT_PERCENT`; pinned facts count against their split's share. The same facts always get the same splits.
 * `settled` holds the splits of an earlier edition, which stay: whoever was trained on it has still not seen its test
 * facts. Only `facts` are cut, and a two-hop fact goes where the fact that it leads to is.
 */
export function assignSplits(
  facts: readonly Splittable[],
  settled: ReadonlyMap<string, Split> = new Map(),
): Map<string, Split> {
  const splits = new Map<string, Split>();
  for (const family of new Set(facts.map((fact) => fact.family))) {
    const members = facts.filter((fact) => fact.family === family && fact.via === undefined);
    const room = quotas(members.length);
    for (const fact of members)
      if (fact.split) {
        splits.set(fact.id, fact.split);
        room[fact.split] -= 1;
      }
    const free = members.filter((fact) => !fact.split).sort((a, b) => (hashOf(a.id) < hashOf(b.id) ? -1 : 1));
    for (const fact of free) {
      const split = SPLITS.find((name) => room[name] > 0) ?? 'sft';
      splits.set(fact.id, split);
      room[split] -= 1;
    }
  }
  for (const { id, via } of facts)
    if (via !== undefined) {
      const split = splits.get(via) ?? settled.get(via);
      if (!split) throw new Error(`fact "${id}" leads to "${via}", which is unknown`);
      splits.set(id, split);
    }
  return splits;
}

/** Whole numbers that add up to `total`, at least 1 each for families of 20 or more. */
function quotas(total: number): Record<Split, number> {
  const room = { sft: 0, rl: 0, validation: 0, test: 0, absent: 0 };
  for (const split of SPLITS) room[split] = Math.round((SPLIT_PERCENT[split] / 100) * total);
  room.sft += total - SPLITS.reduce((sum, split) => sum + room[split], 0);
  return room;
}
