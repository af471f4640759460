/** The edits in numbers, as lines to print: counts, templates, rows, leaks, baselines. */
import { commonEdit, commonResult, EditBaseline, identityEdit, nearestEdit } from './baselines';
import { sharedEditPrompts, sharedEditScenes } from './leakage';
import { editsOf } from './pairs';
import { editPrompts, editRows } from './rows';
import { EDIT_SPLITS, editsIn, isUnseenTemplate, UNSEEN_TEMPLATES } from './splits';
import { EDIT_KINDS, EditPair } from './types';

const cells = (first: string, rest: readonly (string | number)[]): string =>
  first.padEnd(26) + rest.map((cell) => String(cell).padStart(11)).join('');
const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;

function templateLines(): string[] {
  return EDIT_KINDS.flatMap((kind) => {
    const counts = new Map<string, number>();
    for (const { template } of editsOf(kind)) counts.set(template, (counts.get(template) ?? 0) + 1);
    const named = [...counts].map(([template, count]) => `${template} ${count}`);
    return [`${kind}, ${counts.size} templates: ${named.join(', ')}`];
  });
}

/** Templates with the same change over and over: there a score says little. */
function copiedTemplates({ byPair }: EditBaseline): string[] {
  const shares = new Map<string, boolean[]>();
  for (const { template, id } of editsIn('test'))
    shares.set(template, [...(shares.get(template) ?? []), byPair.get(id) === true]);
  return [...shares]
    .filter(([, right]) => 2 * right.filter(Boolean).length >= right.length)
    .map(([name]) => name);
}

function baselineLines(): string[] {
  const common = commonEdit();
  const baselines: [string, EditBaseline][] = [
    ['identity (do nothing)', identityEdit()],
    ['most common edit', common],
    ['most common result', commonResult()],
    ['nearest SFT edit', nearestEdit()],
  ];
  const test = editsIn('test');
  const shareOf = (pairs: readonly EditPair[], { byPair }: EditBaseline): number =>
    pairs.filter(({ id }) => byPair.get(id)).length / pairs.length;
  const [unseen, seen] = [test.filter(isUnseenTemplate), test.filter((pair) => !isUnseenTemplate(pair))];
  return [
    cells('baseline on test', [...EDIT_KINDS, 'seen', 'unseen', 'all']),
    ...baselines.map(([name, baseline]) =>
      cells(name, [
        ...EDIT_KINDS.map((kind) => percent(baseline.byKind[kind])),
        percent(shareOf(seen, baseline)),
        percent(shareOf(unseen, baseline)),
        percent(baseline.share),
      ]),
    ),
    cells('pairs', [
      ...EDIT_KINDS.map((kind) => editsIn('test', kind).length),
      seen.length,
      unseen.length,
      test.length,
    ]),
    `templates where the most common edit is right for half of the test pairs or more: ${copiedTemplates(common).join(', ')}`,
  ];
}

/** Lines about the edit pairs: counts by kind and split, templates, rows, leaks, baselines. */
export function editReport(): string[] {
  const rows = editRows();
  const lengths = rows.map(({ prompt, thought, refined }) => `${prompt}${thought}${refined}`.length);
  const changes = new Set(
    EDIT_KINDS.flatMap((kind) =>
      editsOf(kind).map(({ template, change }) => `${kind}/${template}/${change}`),
    ),
  );
  const countsOf = (pairs: (split: (typeof EDIT_SPLITS)[number]) => EditPair[]): number[] => {
    const counts = EDIT_SPLITS.map((split) => pairs(split).length);
    return [...counts, counts.reduce((sum, count) => sum + count, 0)];
  };
  return [
    `edit pairs: ${EDIT_KINDS.reduce((sum, kind) => sum + editsOf(kind).length, 0)}, of ${changes.size} changes`,
    cells('kind', [...EDIT_SPLITS, 'total']),
    ...EDIT_KINDS.map((kind) =>
      cells(
        kind,
        countsOf((split) => editsIn(split, kind)),
      ),
    ),
    cells(
      'all',
      countsOf((split) => editsIn(split)),
    ),
    cells(
      'prompts',
      EDIT_SPLITS.map((split) => editPrompts(split).length),
    ),
    ...templateLines(),
    `unseen templates, test only: ${EDIT_KINDS.flatMap((kind) => UNSEEN_TEMPLATES[kind]).join(', ')}`,
    `edit rows: ${rows.length}; characters a row: mean ${Math.round(lengths.reduce((sum, n) => sum + n, 0) / lengths.length)}, longest ${Math.max(...lengths)}`,
    `leaks: test prompts in training ${sharedEditPrompts().length}, test picture pairs in training ${sharedEditScenes().length}`,
    ...baselineLines(),
  ];
}
