/** The criteria of an edit, computed from its two scenes, and their truth for a scene that came of it. */
import { isGrid } from '../figures';
import { countOf, criteriaOfScene, specSatisfies } from '../predicates';
import { artistsOf, sceneProblems } from '../scene';
import { renderScene } from '../render';
import { quote, textProblems } from '../shapes';
import type { Criteria, Predicate, SceneSpec } from '../types';
import { editArtists, editPictures, LEAST_REST, restShare, SAME_FROM, sameRest } from './rest';
import type { EditDraft, EditKind, EditPair } from './types';

/** The cells of a grid that differ, as criteria on the second. */
function changedCells(before: SceneSpec, after: SceneSpec): Predicate[] {
  const [a, b] = [before.figure, after.figure];
  if (!isGrid(a) || !isGrid(b) || a.name !== b.name || b.name === 'maze') return [];
  return b.rows.flatMap((row, r) =>
    [...row].flatMap((value, c): Predicate[] =>
      value === a.rows[r][c] ? [] : [{ kind: 'cell', at: [r + 1, c + 1], value }],
    ),
  );
}

/**
 * What is true after and false before is the answer; what is true of both is a detail. How large a thing is that was not
 * there before is not asked: no instruction says it.
 */
export function editCriteria(before: SceneSpec, after: SceneSpec): Criteria {
  const said = criteriaOfScene(after);
  const all: Predicate[] = [...said.answer, ...said.details, ...changedCells(before, after)];
  for (const { concept, slot } of after.objects) if (slot) all.push({ kind: 'slot', concept, value: slot });
  for (const { concept } of before.objects)
    if (countOf(after, concept) === 0) all.push({ kind: 'absent', concept });
  const answer = all.filter(
    (predicate) =>
      !specSatisfies(before, predicate) &&
      !(predicate.kind === 'size' && countOf(before, predicate.concept) === 0),
  );
  const details = all.filter((predicate) => specSatisfies(before, predicate));
  const { rest } = editPictures({ before, after });
  if (restShare(rest) >= LEAST_REST) details.push({ kind: 'same', what: 'rest' });
  return { answer, details };
}

/** Gives drafts their ids and criteria. Throws when two have one id, or when one changes nothing that can be asked. */
export function editPairs(kind: EditKind, drafts: readonly EditDraft[]): EditPair[] {
  const ids = new Set<string>();
  return drafts.map((draft) => {
    const id = `${kind}/${draft.template}/${draft.change}/${draft.setting}`;
    if (ids.has(id)) throw new Error(`edit ${id} is there twice, want another change or setting`);
    ids.add(id);
    const problems = draftProblems(draft);
    if (problems.length > 0) throw new Error(`edit ${id}: ${problems.join('; ')}`);
    if (editArtists(draft).length === 0)
      throw new Error(`edit ${id}: no artist has drawn both scenes, want scenes that one can draw`);
    const criteria = editCriteria(draft.before, draft.after);
    if (criteria.answer.length === 0)
      throw new Error(`edit ${id}: nothing changes that a criterion can say, want another scene after`);
    const [instruction, reason] = [draft.instructions[0], draft.reasons[0]];
    return { ...draft, id, kind, instruction, reason, criteria };
  });
}

/** Most characters of an instruction and of a reason. */
const LONGEST_SENTENCE = 160;

function draftProblems({ before, after, instructions, reasons }: EditDraft): string[] {
  const problems = [
    ...sceneProblems(before).map((problem) => `before: ${problem}`),
    ...sceneProblems(after).map((problem) => `after: ${problem}`),
  ];
  const texts = [
    ...instructions.map((text) => ['instruction', text] as const),
    ...reasons.map((text) => ['reason', text] as const),
  ];
  for (const [name, text] of texts)
    if (typeof text !== 'string' || text === '') problems.push(`${name} is ${quote(text)}, want a sentence`);
    else if (text.length > LONGEST_SENTENCE)
      problems.push(`${name} has ${text.length} characters, want at most ${LONGEST_SENTENCE}`);
    else problems.push(...textProblems(text, name));
  return problems;
}

export interface EditScore {
  /** Shares of the predicates that hold, 0..1. */
  answer: number;
  details: number;
  /** same(rest), 0..1. */
  same: number;
}

/** How a scene that came of an edit does; `same` compares its picture, by one artist, with the picture before. */
export function editScore(pair: EditPair, result: SceneSpec): EditScore {
  const able = artistsOf(result);
  const artist = editArtists(pair).find((each) => able.includes(each));
  if (!artist)
    throw new Error(`edit ${pair.id}: no artist has drawn the scenes of the edit and of the result`);
  const { before, rest } = editPictures(pair, artist);
  const same = sameRest(renderScene({ ...result, style: undefined }, { artist }), before, rest);
  const holds = (predicate: Predicate): boolean =>
    predicate.kind === 'same' ? same >= SAME_FROM : specSatisfies(result, predicate);
  const share = (predicates: readonly Predicate[]): number =>
    predicates.length === 0 ? 1 : predicates.filter(holds).length / predicates.length;
  return { answer: share(pair.criteria.answer), details: share(pair.criteria.details), same };
}
