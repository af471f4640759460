/**
 * Loads a user's own copy of T2I-ReasonBench (github.com/KaiyueSun98/T2I-ReasonBench): the question files of its folder
 * deepseek_evaluation_qs, one a dimension.
 */
import * as path from 'node:path';
import { T2I_DIMENSIONS, T2I_GRADES } from './formulas';
import type { T2iDimension } from './formulas';
import type { JudgeQuestion, PublicPrompt } from './public-prompt';
import { readRows, requireNew } from './public-rows';
import type { Row } from './public-rows';

const MOST_QUESTIONS = 20;
const MOST_ID = 1_000_000;

/** Which field holds the questions that count as reasoning. */
const REASON_FIELD: Record<T2iDimension, string> = {
  idiom: 'reason_evaluation',
  'textual-image-design': 'reason_evaluation',
  entity: 'entity_evaluation',
  scientific: 'scientific_evaluation',
};

export interface T2iOptions {
  /** Default: from the questions that the first row has and, where idiom and textual look alike, from the file's name. */
  dimension?: T2iDimension;
  /** The file of prompts (folder `prompts`); then the prompts are taken from there, matched by id. */
  prompts?: string;
}

/**
 * The prompts of one dimension with their question-criterion pairs. A row is `{ id, prompt, ..., reason_evaluation,
 * quality_evaluation }`, or with `entity_evaluation` or `scientific_evaluation` and `other_details_evaluation`; each is
 * `{ q1, c1, q2, c2, ... }`. So the scripts that made and that read these files have them; the files themselves were
 * not at hand when this was written. Its idiom script asks for `aesthetic_evaluation`, which is read where
 * `quality_evaluation` is missing.
 * @throws with file, row, field, what was found and what is wanted
 */
export function loadT2iReasonBench(file: string, options: T2iOptions = {}): PublicPrompt[] {
  const rows = readRows(file);
  const dimension = options.dimension ?? dimensionOf(rows[0], file);
  if (!T2I_DIMENSIONS.includes(dimension))
    throw new Error(`dimension is "${String(dimension)}", want one of ${T2I_DIMENSIONS.join(', ')}`);
  const prompts = options.prompts === undefined ? undefined : promptsOf(options.prompts);
  const seen = new Map<string, string>();
  return rows.map((row) => {
    const id = String(row.integer('id', [0, MOST_ID]));
    requireNew(seen, id, row);
    const prompt = prompts ? prompts.get(id) : row.text('prompt');
    if (prompt === undefined)
      throw new Error(`${row.where}: id ${id} is not in ${path.basename(options.prompts!)}`);
    const quality = row.has('quality_evaluation') ? 'quality_evaluation' : 'aesthetic_evaluation';
    const details = dimension === 'entity' || dimension === 'scientific';
    return {
      scheme: 't2i-reason' as const,
      id: `${dimension}/${id}`,
      category: dimension,
      subDomain: dimension,
      prompt,
      ...(row.has('image_content') && { reference: contentOf(row) }),
      questions: [
        ...pairsOf(row, REASON_FIELD[dimension], 'reason'),
        ...(details ? pairsOf(row, 'other_details_evaluation', 'detail') : []),
        ...pairsOf(row, row.has(quality) ? quality : 'quality_evaluation', 'quality'),
      ],
    };
  });
}

function dimensionOf(row: Row, file: string): T2iDimension {
  if (row.has('entity_evaluation')) return 'entity';
  if (row.has('scientific_evaluation')) return 'scientific';
  const name = path.basename(file).toLowerCase();
  if (name.includes('idiom')) return 'idiom';
  if (name.includes('textual')) return 'textual-image-design';
  throw new Error(
    `${row.where}: nothing says which dimension this is (a file name with "idiom" or "textual" would), ` +
      `want one of ${T2I_DIMENSIONS.join(', ')}`,
  );
}

function promptsOf(file: string): Map<string, string> {
  const seen = new Map<string, string>();
  return new Map(
    readRows(file).map((row) => {
      const id = String(row.integer('id', [0, MOST_ID]));
      requireNew(seen, id, row);
      return [id, row.text('prompt')];
    }),
  );
}

/** A language model wrote this field: a text as a rule, of no use to us when it is anything else. */
function contentOf(row: Row): string | undefined {
  try {
    return row.text('image_content');
  } catch {
    return undefined;
  }
}

/** `{ q1, c1, q2, c2, ... }` in order. */
function pairsOf(row: Row, field: string, aspect: string): JudgeQuestion[] {
  const pairs = row.record(field);
  if (!pairs)
    throw new Error(`${row.where}: ${field} is missing, want { "q1": ..., "c1": ..., "q2": ..., ... }`);
  const stray = pairs.fields().find((name) => !/^[qc][1-9]\d?$/.test(name));
  if (stray !== undefined) throw new Error(`${pairs.where} has "${stray}", want only q1, c1, q2, c2, ...`);
  const count = pairs.fields().filter((name) => name.startsWith('q')).length;
  if (count < 1 || count > MOST_QUESTIONS || pairs.fields().length !== 2 * count)
    throw new Error(
      `${pairs.where} has ${count} questions and ${pairs.fields().length - count} criteria, ` +
        `want as many of both, 1 to ${MOST_QUESTIONS}`,
    );
  return Array.from({ length: count }, (_, i) => ({
    aspect,
    question: pairs.text(`q${i + 1}`),
    criterion: pairs.text(`c${i + 1}`),
    grades: T2I_GRADES,
  }));
}
