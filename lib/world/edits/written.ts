/** Edits of what is written on a board or a sheet of paper. */
import type { SceneSpec } from '../types';
import { writing } from './grids';
import { EditDraft, slug } from './types';

export interface Written {
  template: string;
  change?: string;
  before: string[];
  after: string[];
  asks: string[];
  why: string[];
  i: number;
}

/** Two boards; the words for what is seen are the new lines. */
export function written({ template, change, before, after, asks, why, i }: Written): EditDraft {
  const scene = (text: string[]): SceneSpec => ({ background: writing(i), objects: [], text });
  const fresh = after.flatMap((line, at) => (line === before[at] ? [] : [`'${line}' on line ${at + 1}`]));
  return {
    template,
    change: change ?? (slug(before.join(' ')) || 'empty'),
    setting: writing(i),
    before: scene(before),
    instructions: asks,
    reasons: why,
    after: scene(after),
    seen: fresh.join(' and '),
  };
}
