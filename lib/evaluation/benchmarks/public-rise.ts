/** Loads a user's own copy of RISEBench (github.com/PhoenixZ810/RISEBench): datav2_total_w_subtask.json. */
import { EDIT_KINDS } from '../../world';
import type { EditKind } from '../../world';
import { FIVE, YES_NO } from './formulas';
import type { JudgeQuestion, PublicPrompt } from './public-prompt';
import { readRows, requireNew } from './public-rows';
import type { Row } from './public-rows';

const FLAGS = ['consistency_free', 'reasoning_img', 'reasoning_img_op', 'reasoning_wo_ins'] as const;

const REASONING = 'Does the picture show what follows from the instruction, as the reference says?';
const CONSISTENCY = 'Is everything that the instruction leaves alone as it was in the picture before?';
const PLAUSIBILITY = 'Is the picture possible and free of faults?';

/**
 * The edits of RISEBench. A row is `{ index, category: temporal_reasoning | causal_reasoning | spatial_reasoning |
 * logical_reasoning, image, instruction }` with, as the row needs them, `subtask`, `reference`, `reference_txt`,
 * `reference_img` and the flags `consistency_free`, `reasoning_img`, `reasoning_img_op`, `reasoning_wo_ins`, which
 * count as set when they are there. Grades are 1..5, of logical edits 0 and 1 and without plausibility, as in its
 * gpt_eval.py. The rows of RISEBench++ (lists of images, more categories) are refused.
 * @throws with file, row, field, what was found and what is wanted
 */
export function loadRiseBench(file: string): PublicPrompt[] {
  const seen = new Map<string, string>();
  return readRows(file).map((row) => {
    const id = row.text('index', 200);
    requireNew(seen, id, row);
    const name = row.choice(
      'category',
      EDIT_KINDS.map((kind) => `${kind}_reasoning`),
    );
    const kind = name.replace('_reasoning', '') as EditKind;
    const reference = row.optionalText('reference_txt') ?? row.optionalText('reference');
    const referenceImage = row.has('reference_img') ? row.filePath('reference_img') : undefined;
    const flags = FLAGS.filter((flag) => row.flag(flag));
    return {
      scheme: 'rise' as const,
      id,
      category: kind,
      subDomain: row.optionalText('subtask', 200) ?? kind,
      prompt: row.text('instruction'),
      image: row.filePath('image'),
      ...(reference !== undefined && { reference }),
      ...(referenceImage !== undefined && { referenceImage }),
      ...(flags.length > 0 && { flags }),
      questions: questionsFor(kind, row),
    };
  });
}

function questionsFor(kind: EditKind, row: Row): JudgeQuestion[] {
  const grades = kind === 'logical' ? YES_NO : FIVE;
  // Logical edits are always judged for consistency.
  const free = kind !== 'logical' && row.flag('consistency_free');
  return [
    { aspect: 'reasoning', question: REASONING, grades },
    ...(free ? [] : [{ aspect: 'consistency', question: CONSISTENCY, grades }]),
    ...(kind === 'logical' ? [] : [{ aspect: 'plausibility', question: PLAUSIBILITY, grades }]),
  ];
}
