/** Fills in what follows from the rest of a fact row: its id, and criteria of a scene that asks for its objects. */
import type { Criteria, FactRow, Predicate, SceneSpec } from '../../lib/world';

export type RowInput = Omit<FactRow, 'id' | 'family' | 'criteria'> & { family: string; criteria?: Criteria };

function slug(text: string): string {
  return text
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replace(/\+/g, 'plus ')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

/** Objects are the answer (how many is a detail, unless more than one), text is the answer, the place a detail. */
export function criteriaOf({ background, time, objects, text }: SceneSpec): Criteria {
  const answer: Predicate[] = [];
  const details: Predicate[] = [];
  for (const { concept, count = 1 } of objects)
    if (text) details.push({ kind: 'has', concept, count: '>=1' });
    else {
      answer.push({ kind: 'has', concept, count: count > 1 ? count : '>=1' });
      if (count === 1) details.push({ kind: 'has', concept, count });
    }
  if (text) answer.push({ kind: 'text', lines: text });
  details.push({ kind: 'background', value: background });
  if (time) details.push({ kind: 'time', value: time });
  return { answer, details };
}

export function rowOf(input: RowInput): FactRow {
  const { family, subDomain, relation, subject, answer, scene, source, ...rest } = input;
  return {
    id: `${relation}-${slug(subject)}`,
    family: family as FactRow['family'],
    subDomain,
    relation,
    subject,
    answer,
    scene,
    criteria: input.criteria ?? criteriaOf(scene),
    source,
    ...(rest.names && { names: rest.names }),
    ...(rest.hops && { hops: rest.hops }),
  };
}
