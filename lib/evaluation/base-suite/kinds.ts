/** The kinds of captions that the base suite draws, and what a picture of each is asked. */
import { criteriaOfScene, DEFAULT_FIGURE_WEIGHTS } from '../../world';
import type { FigureSceneWeights, Predicate, SceneSpec } from '../../world';
import { PAINTER_TARGETS } from './targets';

export type TargetKind = keyof typeof PAINTER_TARGETS;
export type FigureKind = keyof FigureSceneWeights;
export type ExtraKind = 'relation' | 'slot' | 'prop' | 'style' | FigureKind;
export type SuiteKind = TargetKind | ExtraKind;

export const TARGET_KINDS = Object.keys(PAINTER_TARGETS) as TargetKind[];
export const FIGURE_KINDS = Object.keys(DEFAULT_FIGURE_WEIGHTS) as FigureKind[];
/** Reported without a target. */
export const EXTRA_KINDS: readonly ExtraKind[] = ['relation', 'slot', 'prop', 'style', ...FIGURE_KINDS];

/** A question is answered yes from this score on. */
export const PASS = 0.5;

export function isFigureKind(kind: SuiteKind): kind is FigureKind {
  return (FIGURE_KINDS as readonly SuiteKind[]).includes(kind);
}

const DETAIL: Partial<Record<SuiteKind, readonly Predicate['kind'][]>> = {
  single: ['has'],
  two: ['has'],
  count: ['has'],
  colour: ['tint'],
  size: ['size'],
  background: ['background', 'time'],
  relation: ['relation'],
  prop: ['prop'],
  turn: ['turn'],
};

/**
 * What the examiner is asked about a picture of this kind: only what the kind is about, so that a wrong background does
 * not fail a count. Every question holds of the true render. Writing and styles are not asked but measured: none here.
 */
export function kindQuestions(kind: SuiteKind, spec: SceneSpec): Predicate[] {
  if (kind === 'text' || kind === 'style') return [];
  if (kind === 'slot')
    return spec.objects.flatMap(({ concept, slot }): Predicate[] =>
      slot ? [{ kind: 'slot', concept, value: slot }] : [],
    );
  const { answer, details } = criteriaOfScene(spec);
  const wanted = DETAIL[kind];
  // Clocks, signs, boards and panels: the whole of what they say, with what stands beside them.
  return wanted ? [...answer, ...details].filter((predicate) => wanted.includes(predicate.kind)) : answer;
}
