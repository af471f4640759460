/** Tables for cells and terminals. */
import { escapeHtml, showHtml } from './display';

type Cell = string | number | boolean | null | undefined;

const formatCell = (cell: Cell): string =>
  typeof cell === 'number' && !Number.isInteger(cell)
    ? String(Number(cell.toPrecision(4)))
    : String(cell ?? '');

/** Rows as aligned plain text, columns in the order of the first row's keys. */
export function formatTable(rows: Record<string, Cell>[]): string {
  if (rows.length === 0) return '(no rows)';
  const columns = Object.keys(rows[0]);
  const lines = [columns, ...rows.map((row) => columns.map((c) => formatCell(row[c])))];
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i].length)));
  return lines
    .map((line) =>
      line
        .map((text, i) => text.padEnd(widths[i]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Shows rows as an HTML table in a notebook, as aligned text elsewhere. */
export function showTable(rows: Record<string, Cell>[]): void {
  const columns = Object.keys(rows[0] ?? {});
  const head = columns.map((c) => `<th style="text-align:left">${escapeHtml(c)}</th>`).join('');
  const body = rows
    .map(
      (row) =>
        `<tr>${columns.map((c) => `<td style="text-align:left">${escapeHtml(formatCell(row[c]))}</td>`).join('')}</tr>`,
    )
    .join('');
  showHtml(`<table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>`, formatTable(rows));
}
