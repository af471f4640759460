/**
 * Edits as text, for a thinker that reads. The prompt is the literal caption of the picture before, then the instruction:
 * `One large egg on a table. It is broken into a hot pan.` The painter gets the picture itself; the caption stands for it.
 */
import { RandomStream } from '../../tensor';
import { BACKGROUND_WORDS, TIME_WORDS } from '../backgrounds';
import { canonicalCaption } from '../caption';
import { capitalise } from '../facts-text';
import { parseCaption } from '../parse';
import type { Criteria, SceneSpec } from '../types';
import { editsOf } from './pairs';
import { editsIn, EditSplit } from './splits';
import { EDIT_KINDS, EditDraft, EditKind, EditPair } from './types';

/** A row for fine-tuning, in the form of `SftRow`: prompt, thought, refined prompt. */
export interface EditRow {
  prompt: string;
  thought: string;
  /** The canonical caption of the picture after. */
  refined: string;
  editId: string;
}

export interface EditRowOptions {
  split?: EditSplit;
  seed?: number;
  rowsPerEdit?: number;
}

/** A prompt with what its picture is marked by, and the picture to begin with. */
export interface EditPrompt {
  prompt: string;
  editId: string;
  family: `edit-${EditKind}`;
  before: SceneSpec;
  /** The scene after. */
  scene: SceneSpec;
  criteria: Criteria;
  /** Reference texts; for baselines and display, never shown to a model in evaluation. */
  thought: string;
  refined: string;
}

const SHOW = ['Show {V}.', 'The picture shows {V}.', 'So draw {V}.', 'Then one sees {V}.'];
const STAYS = 'The rest stays. ';

/** The prompt of an edit in one of its phrasings, from 0. Throws when there is none. */
export function editPrompt(
  { before, instructions }: Pick<EditDraft, 'before' | 'instructions'>,
  phrasing = 0,
): string {
  const instruction = instructions[phrasing];
  if (instruction === undefined)
    throw new Error(`phrasing ${phrasing} of an edit, want 0 to ${instructions.length - 1}`);
  return `${capitalise(canonicalCaption(before))}. ${instruction}`;
}

/** The inverse: the scene before and the instruction; null when a text has not the form of an edit prompt. */
export function readEditPrompt(prompt: string): { before: SceneSpec; instruction: string } | null {
  // The first full stop outside quotes: boards write empty cells as stops.
  const cut = /^((?:[^'.]|'[^']*')+)\. (.+)$/s.exec(prompt);
  const before = cut && parseCaption(cut[1].charAt(0).toLowerCase() + cut[1].slice(1));
  return cut && before ? { before, instruction: cut[2] } : null;
}

/** Longer captions leave no room for it: a context holds 128 tokens, and every character of a grid is one. */
const STAYS_UP_TO = 70;

function variants({ reasons, criteria, after }: EditPair): number {
  const stays =
    criteria.details.some(({ kind }) => kind === 'same') && canonicalCaption(after).length <= STAYS_UP_TO;
  return reasons.length * SHOW.length * (stays ? 2 : 1);
}

/** What is seen in the picture after, without the place where that is as before. */
function seenIn({ before, after, seen }: EditPair): string {
  if (seen !== undefined) return seen;
  const caption = canonicalCaption(after);
  const { where } = BACKGROUND_WORDS[after.background];
  const time = after.time ? ` ${TIME_WORDS[after.time]}` : '';
  const same = before.background === after.background && before.time === after.time;
  const place = ` ${where}${time}`;
  return same && caption.endsWith(place) ? caption.slice(0, -place.length) : caption;
}

/** A thought of two or three short sentences: why, perhaps that the rest stays, then what is seen. `variant` counts on. */
export function editThought(pair: EditPair, variant = 0): string {
  const { reasons } = pair;
  const at = variant % variants(pair);
  const show = SHOW[Math.floor(at / reasons.length) % SHOW.length].replace('{V}', seenIn(pair));
  const stays = at >= reasons.length * SHOW.length ? STAYS : '';
  return `${reasons[at % reasons.length]} ${stays}${show}`;
}

/** Rows for fine-tuning (several phrasings and thoughts a pair), by default of the sft split; deterministic, shuffled. */
export function editRows({ split = 'sft', seed = 0, rowsPerEdit = 4 }: EditRowOptions = {}): EditRow[] {
  const rows = editsIn(split).flatMap((pair) => {
    const rng = RandomStream.of(seed, 'edit rows', pair.id);
    const thoughts = rng.shuffle(Array.from({ length: variants(pair) }, (_, i) => i));
    const first = rng.int(pair.instructions.length);
    return Array.from({ length: rowsPerEdit }, (_, i): EditRow => ({
      prompt: editPrompt(pair, (first + i) % pair.instructions.length),
      thought: editThought(pair, thoughts[i % thoughts.length]),
      refined: canonicalCaption(pair.after),
      editId: pair.id,
    }));
  });
  return RandomStream.of(seed, 'edit rows', 'order').shuffle(rows);
}

/** Every phrasing of every pair of a split, with criteria. */
export function editPrompts(split: EditSplit, kind?: EditKind): EditPrompt[] {
  return editsIn(split, kind).flatMap((pair) =>
    pair.instructions.map((_, phrasing): EditPrompt => ({
      prompt: editPrompt(pair, phrasing),
      editId: pair.id,
      family: `edit-${pair.kind}`,
      before: pair.before,
      scene: pair.after,
      criteria: pair.criteria,
      thought: editThought(pair),
      refined: canonicalCaption(pair.after),
    })),
  );
}

const STYLES = [
  '{R}',
  'Did you know? {R}',
  '{R} {Q}',
  'Note: {R}',
  'A lesson for today. {R}',
  'From the textbook: {R} {Q}',
];

/**
 * Documents that state what edits of time and cause rest on, those of the test split too: opt-in for a corpus, so that
 * a test asks for what could be known. They hold reasons only, never an instruction. Deterministic.
 */
export function editDocuments(): string[] {
  const kinds = EDIT_KINDS.filter((kind) => kind === 'temporal' || kind === 'causal');
  const reasons = kinds.flatMap((kind) => editsOf(kind).map((pair) => pair.reasons));
  const documents = reasons.flatMap((said) =>
    said.flatMap((reason, i) =>
      STYLES.map((style) => style.replace('{R}', reason).replace('{Q}', said[(i + 1) % said.length])),
    ),
  );
  return [...new Set(documents)];
}
