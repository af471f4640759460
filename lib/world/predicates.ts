/** Criteria on a picture: their truth for a scene whose spec is known, and what makes one well formed. */
import { hasTime } from './backgrounds';
import { hasConcept, nearestNames } from './concepts';
import { cellOf, figureCriteria, figureMatches, figurePredicateProblems } from './figure-predicates';
import { layoutScene, sizeOf } from './layout';
import { predicateShapeProblems } from './scene-shape';
import { quote } from './shapes';
import {
  BACKGROUNDS,
  COLOURS,
  Criteria,
  Predicate,
  PROP_NAMES,
  RELATIONS,
  SceneSpec,
  SIZES,
  SLOTS,
  TIMES,
  TURNS,
} from './types';

/** How many of a concept the scene holds. */
export function countOf(spec: SceneSpec, concept: string): number {
  return spec.objects.reduce(
    (sum, object) => sum + (object.concept === concept ? (object.count ?? 1) : 0),
    0,
  );
}

/** Whether a predicate is true of a valid scene. */
export function specSatisfies(spec: SceneSpec, predicate: Predicate): boolean {
  switch (predicate.kind) {
    case 'has': {
      const found = countOf(spec, predicate.concept);
      return typeof predicate.count === 'number' ? found === predicate.count : found >= 1;
    }
    case 'absent':
      return countOf(spec, predicate.concept) === 0;
    case 'background':
      return spec.background === predicate.value;
    case 'time':
      return hasTime(spec.background) && (spec.time ?? 'day') === predicate.value;
    case 'prop':
      return (spec.props ?? []).some(
        (prop) =>
          prop.name === predicate.name &&
          Object.entries(predicate.value ?? {}).every(
            // A flag that is left out is off.
            ([field, value]) =>
              ((prop as unknown as Record<string, unknown>)[field] ?? false) === (value ?? false),
          ),
      );
    case 'text':
      return written(spec.text).join('\n') === written(predicate.lines).join('\n');
    case 'tint':
      return spec.objects.some(
        (object) => object.concept === predicate.concept && object.tint === predicate.value,
      );
    case 'size':
      return spec.objects.some(
        (object) => object.concept === predicate.concept && sizeOf(spec, object) === predicate.value,
      );
    case 'relation':
      return stands(spec, predicate);
    case 'slot':
      return spec.objects.some(
        (object) => object.concept === predicate.concept && object.slot === predicate.value,
      );
    case 'turn':
      return spec.objects.some(
        (object) => object.concept === predicate.concept && object.turn === predicate.value,
      );
    case 'figure':
      return figureMatches(spec.figure, predicate);
    case 'cell':
      return cellOf(spec.figure, predicate.at) === predicate.value;
    case 'panel_has': {
      const panel = spec.panels?.[predicate.panel - 1];
      return panel !== undefined && specSatisfies(panel, predicate.predicate);
    }
    case 'same':
      throw new Error('same(rest) holds of an edit, not of one scene: use editScore of edits/score.ts');
  }
}

function written(lines: readonly string[] | undefined): string[] {
  return (lines ?? []).map((line) => line.trim()).filter((line) => line !== '');
}

/** Compares the middles of the two concepts as they are laid out. */
function stands(spec: SceneSpec, { relation, first, second }: Predicate & { kind: 'relation' }): boolean {
  const { sprites } = layoutScene(spec);
  const middle = (concept: string): [number, number] | undefined => {
    const found = sprites.filter((sprite) => sprite.concept === concept);
    if (found.length === 0) return undefined;
    return [
      found.reduce((sum, { x, px }) => sum + x + px / 2, 0) / found.length,
      found.reduce((sum, { y, px }) => sum + y + px / 2, 0) / found.length,
    ];
  };
  const a = middle(first);
  const b = middle(second);
  if (!a || !b) return false;
  const dx = b[0] - a[0];
  const dy = b[1] - a[1];
  switch (relation) {
    case 'above':
      return dy > Math.abs(dx);
    case 'below':
      return -dy > Math.abs(dx);
    case 'left of':
      return dx > Math.abs(dy);
    case 'right of':
      return -dx > Math.abs(dy);
    case 'beside':
      return Math.abs(dx) > Math.abs(dy);
  }
}

/** Whether all answer and detail predicates are true of a scene. */
export function specMeets(spec: SceneSpec, criteria: Criteria): boolean {
  return [...criteria.answer, ...criteria.details].every((predicate) => specSatisfies(spec, predicate));
}

/** Everything that a spec says, as criteria: objects, props and text are the answer, the rest details. */
export function criteriaOfScene(spec: SceneSpec): Criteria {
  const answer: Predicate[] = spec.objects.map(({ concept }) => ({
    kind: 'has',
    concept,
    count: countOf(spec, concept),
  }));
  for (const { name, ...value } of spec.props ?? [])
    answer.push({ kind: 'prop', name, value: value as Record<string, string | boolean> });
  if (written(spec.text).length > 0) answer.push({ kind: 'text', lines: written(spec.text) });
  answer.push(...figureCriteria(spec.figure));
  if (spec.panels)
    return {
      answer: spec.panels.flatMap((panel, i) => onPanel(criteriaOfScene(panel).answer, i)),
      details: spec.panels.flatMap((panel, i) => onPanel(criteriaOfScene(panel).details, i)),
    };
  const details: Predicate[] = [{ kind: 'background', value: spec.background }];
  if (spec.time) details.push({ kind: 'time', value: spec.time });
  for (const { concept, tint, size, turn } of spec.objects) {
    if (turn) details.push({ kind: 'turn', concept, value: turn });
    if (tint) details.push({ kind: 'tint', concept, value: tint });
    if (size) details.push({ kind: 'size', concept, value: size });
  }
  const [first, second] = spec.objects.filter((object) => !object.slot);
  if (spec.relation && second && first.concept !== second.concept)
    details.push({
      kind: 'relation',
      relation: spec.relation,
      first: first.concept,
      second: second.concept,
    });
  return { answer, details };
}

function onPanel(predicates: readonly Predicate[], index: number): Predicate[] {
  return predicates.map((predicate) => ({ kind: 'panel_has', panel: index + 1, predicate }));
}

/** What is wrong with a predicate, in words; empty when it is well formed. */
export function predicateProblems(predicate: Predicate): string[] {
  const problems = predicateShapeProblems(predicate);
  if (problems.length > 0) return problems;
  const want = (what: string, value: string, allowed: readonly string[]): void => {
    if (!allowed.includes(value))
      problems.push(`${predicate.kind}: ${what} is ${quote(value)}, want one of ${allowed.join(', ')}`);
  };
  const known = (concept: string): void => {
    if (!hasConcept(concept))
      problems.push(
        `${predicate.kind}: concept ${quote(concept)} is unknown, nearest: ${nearestNames(concept).join(', ')}`,
      );
  };
  switch (predicate.kind) {
    case 'has':
      known(predicate.concept);
      if (
        predicate.count !== undefined &&
        predicate.count !== '>=1' &&
        !(Number.isInteger(predicate.count) && predicate.count >= 1)
      )
        problems.push(`has: count is ${predicate.count}, want a positive integer or '>=1'`);
      break;
    case 'absent':
      known(predicate.concept);
      break;
    case 'background':
      want('value', predicate.value, BACKGROUNDS);
      break;
    case 'time':
      want('value', predicate.value, TIMES);
      break;
    case 'prop':
      want('name', predicate.name, PROP_NAMES);
      break;
    case 'text':
      if (written(predicate.lines).length === 0) problems.push('text: no lines, want at least one');
      break;
    case 'tint':
      known(predicate.concept);
      want('value', predicate.value, COLOURS);
      break;
    case 'size':
      known(predicate.concept);
      want('value', predicate.value, SIZES);
      break;
    case 'relation':
      known(predicate.first);
      known(predicate.second);
      want('relation', predicate.relation, RELATIONS);
      break;
    case 'slot':
      known(predicate.concept);
      want('value', predicate.value, SLOTS);
      break;
    case 'turn':
      known(predicate.concept);
      if (!TURNS.includes(predicate.value))
        problems.push(`turn: value is ${String(predicate.value)}, want one of ${TURNS.join(', ')}`);
      break;
    case 'figure':
    case 'cell':
      problems.push(...figurePredicateProblems(predicate));
      break;
    case 'panel_has':
      if (![1, 2, 3, 4].includes(predicate.panel))
        problems.push(`panel_has: panel is ${predicate.panel}, want 1 to 4`);
      if (predicate.predicate.kind === 'panel_has' || predicate.predicate.kind === 'same')
        problems.push(`panel_has: ${predicate.predicate.kind} in a panel, want another kind`);
      else problems.push(...predicateProblems(predicate.predicate).map((problem) => `panel_has: ${problem}`));
      break;
    case 'same':
      if (predicate.what !== 'rest') problems.push(`same: what is "${String(predicate.what)}", want rest`);
      break;
  }
  return problems;
}
