/** Criteria on figures: whether they hold, what a figure says as criteria, and what makes one well formed. */
import { CellPlace, Figure, FIGURE_NAMES, isGrid } from './figures';
import type { Predicate } from './types';

/** Whether a figure is of this kind and has all the values asked for; lists compare by their items. */
export function figureMatches(
  figure: Figure | undefined,
  { name, value = {} }: Extract<Predicate, { kind: 'figure' }>,
): boolean {
  if (figure?.name !== name) return false;
  const fields = figure as unknown as Record<string, unknown>;
  return Object.entries(value).every(
    ([field, wanted]) => JSON.stringify(fields[field]) === JSON.stringify(wanted),
  );
}

/** What stands in a cell of a board or sudoku ('.' when empty); undefined where there is none. */
export function cellOf(figure: Figure | undefined, [row, column]: CellPlace): string | undefined {
  return isGrid(figure) ? figure.rows[row - 1]?.[column - 1] : undefined;
}

/** Everything a figure says, as answer criteria: a clock or sign whole, a grid with its rows, path and line. */
export function figureCriteria(figure: Figure | undefined): Predicate[] {
  if (!figure) return [];
  const { name, ...value } = figure;
  return [{ kind: 'figure', name, value }];
}

export function figurePredicateProblems(
  predicate: Extract<Predicate, { kind: 'figure' | 'cell' }>,
): string[] {
  if (predicate.kind === 'figure')
    return FIGURE_NAMES.includes(predicate.name)
      ? []
      : [`figure: name is "${predicate.name}", want one of ${FIGURE_NAMES.join(', ')}`];
  const { at, value } = predicate;
  const problems = at.some((n) => !Number.isInteger(n) || n < 1 || n > 4)
    ? [`cell: at is [${at.join(', ')}], want row and column from 1 to 4`]
    : [];
  if (!/^[XO1-4.]$/.test(value)) problems.push(`cell: value is "${value}", want X, O, 1-4 or .`);
  return problems;
}
