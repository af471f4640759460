/** Edit pairs: a picture, an instruction that asks for thought, and the picture that comes of it. */
import type { Criteria, SceneObject, SceneSpec } from '../types';

/** What the thought is about, after RISEBench: time, causes, space, logic. */
export const EDIT_KINDS = ['temporal', 'causal', 'spatial', 'logical'] as const;
export type EditKind = (typeof EDIT_KINDS)[number];

/** What a template makes: everything that is not computed. */
export interface EditDraft {
  template: string;
  before: SceneSpec;
  /** What is asked; it never says what will be seen. */
  instruction: string;
  /** Why the picture changes as it does, in one sentence. */
  reason: string;
  after: SceneSpec;
}

export interface EditPair extends EditDraft {
  /** kind/template/number from 1 */
  id: string;
  kind: EditKind;
  /** Answer: true after and false before. Details: true of both, and same(rest) where enough stays as it is. */
  criteria: Criteria;
}

/** Objects by name, each once. */
export function things(...concepts: string[]): SceneObject[] {
  return concepts.map((concept) => ({ concept }));
}
