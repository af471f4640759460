/** The text files that a world is written as: which there are, and the rows of each. */
import { corpusDocuments } from '../corpus';
import { EDIT_KINDS, editRows, editsOf, editSplit } from '../edits';
import type { Edition } from '../editions';
import { testSlices } from '../facts-baselines';
import { type FactPrompt, promptsOf, rlPrompts, sftRows } from '../sft-rows';

export interface WorldFile {
  name: string;
  /** Roughly how long it takes to make; only the sums matter. */
  cost: number;
  rows: () => readonly object[];
}

type Maker = (edition: Edition, seed: number) => WorldFile | undefined;

/**
 * Files besides corpus, rows and prompts. A new body of rows is added here, as a line of its own: a function of edition
 * and seed that gives its file, or nothing where the edition has none.
 */
const MORE_FILES: readonly Maker[] = [
  (edition) =>
    edition === 'full'
      ? {
          name: 'edits.jsonl',
          cost: 5,
          rows: () =>
            EDIT_KINDS.flatMap((kind) => editsOf(kind).map((pair) => ({ ...pair, split: editSplit(pair) }))),
        }
      : undefined,
  (edition, seed) =>
    edition === 'full' ? { name: 'edits-sft.jsonl', cost: 2, rows: () => editRows({ seed }) } : undefined,
];

/** The files of an edition in the order in which they are written. */
export function worldFiles(edition: Edition, seed: number): WorldFile[] {
  const heavy = edition === 'full' ? 10 : 1;
  const slices = (): ReturnType<typeof testSlices> => testSlices({ edition });
  return [
    { name: 'corpus.jsonl', cost: 10 * heavy, rows: () => corpusDocuments(seed, { edition }) },
    { name: 'sft.jsonl', cost: 2 * heavy, rows: () => sftRows({ edition, seed }) },
    { name: 'rl.jsonl', cost: heavy, rows: () => rlPrompts({ edition }).map(withoutThought) },
    { name: 'validation.jsonl', cost: heavy, rows: () => promptsOf('validation', { edition }) },
    {
      name: 'test.jsonl',
      cost: heavy,
      rows: () => {
        const of = slices();
        return promptsOf('test', { edition }).map((row) => ({ ...row, slices: of.get(row.factId) }));
      },
    },
    { name: 'absent.jsonl', cost: heavy, rows: () => promptsOf('absent', { edition }) },
    ...MORE_FILES.flatMap((make) => make(edition, seed) ?? []),
  ];
}

/** RL has prompts and criteria and nothing to copy. */
function withoutThought({ thought: _, refined: __, ...row }: FactPrompt): object {
  return row;
}
