/** Loads a user's own copy of WISE (github.com/PKU-YuanGroup/WISE): its three JSON files, or one with all of them. */
import type { WiseCategory } from '../wiscore';
import type { JudgeQuestion, PublicPrompt } from './public-prompt';
import { readRows, requireNew } from './public-rows';

/** Which prompt_id belongs to which category, as Calculate.py of WISE has it. */
const RANGES: readonly (readonly [last: number, category: WiseCategory])[] = [
  [400, 'cultural'],
  [567, 'time'],
  [700, 'space'],
  [800, 'biology'],
  [900, 'physics'],
  [1000, 'chemistry'],
];
const LAST_ID = 1000;
const GRADES = [0, 1, 2] as const;

/** The three grades of the legacy WiScore, in our words. */
const QUESTIONS: readonly JudgeQuestion[] = [
  {
    aspect: 'consistency',
    question: 'How fully does the picture show what the prompt means, as the reference explains it?',
    criterion: '0: what matters is missing or wrong; 1: a part of it is right; 2: all of it is right.',
    grades: GRADES,
  },
  {
    aspect: 'realism',
    question: 'How far could the picture be a photograph?',
    criterion: '0: it could not be, physically; 1: small things are not right; 2: nothing gives it away.',
    grades: GRADES,
  },
  {
    aspect: 'aesthetic',
    question: 'How good is the picture to look at?',
    criterion: '0: poor; 1: ordinary; 2: outstanding in composition and colour.',
    grades: GRADES,
  },
];

/**
 * The prompts of WISE. A row is `{ Prompt, Explanation, Category, Subcategory, prompt_id }`; other fields are ignored.
 * The category comes from prompt_id (1..400 cultural, ..567 time, ..700 space, ..800 biology, ..900 physics, ..1000
 * chemistry), as in its own script; `Category` is only required to be there.
 * @throws with file, row, field, what was found and what is wanted
 */
export function loadWise(files: string | readonly string[]): PublicPrompt[] {
  const seen = new Map<string, string>();
  return [files].flat().flatMap((file) =>
    readRows(file).map((row) => {
      const id = row.integer('prompt_id', [1, LAST_ID]);
      requireNew(seen, String(id), row);
      row.text('Category', 200);
      return {
        scheme: 'wise' as const,
        id: String(id),
        category: RANGES.find(([last]) => id <= last)![1],
        subDomain: row.text('Subcategory', 200),
        prompt: row.text('Prompt'),
        reference: row.text('Explanation'),
        questions: [...QUESTIONS],
      };
    }),
  );
}
