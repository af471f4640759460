/** Which edit pairs are for what: split by what happens (the change), so that another place or wording never gives it away. */
import { createHash } from 'node:crypto';
import { editsOf } from './pairs';
import { EDIT_KINDS, EditKind, EditPair } from './types';

/**
 * No `absent`: for facts it means "stated nowhere", which measures guessing; what an edit needs is ordinary knowledge
 * that no corpus can be kept free of. Its five percent go to `test`.
 */
export const EDIT_SPLITS = ['sft', 'rl', 'validation', 'test'] as const;
export type EditSplit = (typeof EDIT_SPLITS)[number];
export const EDIT_PERCENT: Record<EditSplit, number> = { sft: 45, rl: 20, validation: 5, test: 30 };

/** Whole templates that are in `test` only: questions that are never asked in training. */
export const UNSEEN_TEMPLATES: Record<EditKind, readonly string[]> = {
  temporal: ['clock-before', 'hatch'],
  causal: ['pinhole', 'seesaw-seats'],
  spatial: ['other-side', 'half-turn-board'],
  logical: ['sort-line', 'correct-mistake'],
};

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** A number in [0, 1) that a text always gives. */
function fractionOf(text: string): number {
  return Number.parseInt(hashOf(text).slice(0, 12), 16) / 16 ** 12;
}

/**
 * The changes of a template in the order of their SHA-256, cut at `EDIT_PERCENT`. Templates are small, so the cuts are
 * moved by a fraction of one change that the template's name gives: over many templates the shares come out right.
 */
function cutTemplate(key: string, changes: readonly string[]): Map<string, EditSplit> {
  const ordered = [...changes].sort((a, b) => (hashOf(`${key}/${a}`) < hashOf(`${key}/${b}`) ? -1 : 1));
  const shift = fractionOf(key);
  const splits = new Map<string, EditSplit>();
  let percent = 0;
  let from = 0;
  for (const split of EDIT_SPLITS) {
    percent += EDIT_PERCENT[split];
    const to = split === 'test' ? ordered.length : Math.floor((percent / 100) * ordered.length + shift);
    for (const change of ordered.slice(from, to)) splits.set(change, split);
    from = Math.max(from, to);
  }
  // A template that is not meant to be unseen has something to learn from.
  if (![...splits.values()].includes('sft')) splits.set(ordered[0], 'sft');
  return splits;
}

let assigned: Map<string, EditSplit> | undefined;

function changeKey({ kind, template, change }: EditPair): string {
  return `${kind}/${template}/${change}`;
}

function assign(): Map<string, EditSplit> {
  const splits = new Map<string, EditSplit>();
  for (const kind of EDIT_KINDS) {
    const templates = new Map<string, Set<string>>();
    for (const { template, change } of editsOf(kind))
      templates.set(template, (templates.get(template) ?? new Set()).add(change));
    for (const name of UNSEEN_TEMPLATES[kind])
      if (!templates.has(name)) throw new Error(`unseen edit template "${name}" of ${kind} is not there`);
    for (const [template, changes] of templates) {
      const key = `${kind}/${template}`;
      if (UNSEEN_TEMPLATES[kind].includes(template))
        for (const change of changes) splits.set(`${key}/${change}`, 'test');
      else
        for (const [change, split] of cutTemplate(key, [...changes])) splits.set(`${key}/${change}`, split);
    }
  }
  return splits;
}

/** The split of a pair; throws when it is none of `editsOf`. */
export function editSplit(pair: EditPair): EditSplit {
  assigned ??= assign();
  const split = assigned.get(changeKey(pair));
  if (!split) throw new Error(`edit "${pair.id}" is unknown`);
  return split;
}

/** The pairs of a split in the order of `editsOf`, of one kind or of all. */
export function editsIn(split: EditSplit, kind?: EditKind): EditPair[] {
  if (!EDIT_SPLITS.includes(split))
    throw new Error(`edit split is "${String(split)}", want one of ${EDIT_SPLITS.join(', ')}`);
  const kinds = kind ? [kind] : EDIT_KINDS;
  return kinds.flatMap((each) => editsOf(each).filter((pair) => editSplit(pair) === split));
}

/** Whether a pair asks a question that SFT never asks. */
export function isUnseenTemplate({ kind, template }: EditPair): boolean {
  return UNSEEN_TEMPLATES[kind].includes(template);
}
