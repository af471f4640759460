/** Edit pairs: a picture, an instruction that asks for thought, and the picture that comes of it. */
import type { Criteria, SceneSpec } from '../types';

/** What the thought is about, after RISEBench: time, causes, space, logic. */
export const EDIT_KINDS = ['temporal', 'causal', 'spatial', 'logical'] as const;
export type EditKind = (typeof EDIT_KINDS)[number];

/** What a template makes: everything that is not computed. */
export interface EditDraft {
  template: string;
  /** What happens, without the place where it does: pairs of one change are in one split. In lower case with dashes. */
  change: string;
  /** Tells pairs of one change apart: the place, the side, .. */
  setting: string;
  before: SceneSpec;
  /** At least three ways to ask for the same; none says what will be seen. */
  instructions: readonly string[];
  /** Why the picture changes as it does, one sentence each. */
  reasons: readonly string[];
  after: SceneSpec;
  /** What is seen then, in few words; left out, the caption of the picture after. For captions that are long. */
  seen?: string;
}

export interface EditPair extends EditDraft {
  /** kind/template/change/setting */
  id: string;
  kind: EditKind;
  /** The first of `instructions`. */
  instruction: string;
  /** The first of `reasons`. */
  reason: string;
  /** Answer: true after and false before. Details: true of both, and same(rest) where enough stays as it is. */
  criteria: Criteria;
}

/** A key in lower case, its words joined by dashes. */
export function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}
