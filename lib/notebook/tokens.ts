/** Token strips: a text in the pieces a model reads, each with a colour and a number if wanted. */
import type { Tokenizer } from '../encoder';
import { escapeHtml, showHtml } from './display';

export interface TokenChip {
  text: string;
  /** Chips of one group share a colour; no group is grey. */
  group?: string;
  /** A number under the chip. */
  value?: number;
}

const COLOURS = ['#bbdefb', '#c8e6c9', '#ffe0b2', '#e1bee7', '#f8bbd0', '#d7ccc8'];
const GREY = '#eeeeee';

/** Ids as chips, one text each; a token that is half a character shows as U+FFFD. */
export function chipsOf(tokenizer: Tokenizer, ids: readonly number[], group?: string): TokenChip[] {
  return ids.map((id) => ({ text: tokenizer.decode([id]), group }));
}

/** Spaces and line ends made visible. */
const visible = (text: string): string => text.replace(/\n/g, '↵').replace(/ /g, '·');

/** The strip as HTML, with a legend when there are groups. */
export function tokensHtml(chips: TokenChip[]): string {
  const groups = [...new Set(chips.flatMap(({ group }) => (group === undefined ? [] : [group])))];
  const colourOf = (group?: string): string =>
    group === undefined ? GREY : COLOURS[groups.indexOf(group) % COLOURS.length];
  const box =
    'display:inline-block;margin:1px;padding:1px 4px;border-radius:4px;color:#111;text-align:center;';
  const parts = chips.map(({ text, group, value }) => {
    const number =
      value === undefined ? '' : `<br><span style="font-size:10px;color:#555">${value.toFixed(2)}</span>`;
    return `<span style="${box}background:${colourOf(group)}"><code style="background:none">${escapeHtml(visible(text))}</code>${number}</span>`;
  });
  const legend = groups.map(
    (group) => `<span style="${box}background:${colourOf(group)}">${escapeHtml(group)}</span>`,
  );
  const last =
    legend.length > 0 ? `<div style="font-size:12px;margin-top:4px">${legend.join(' ')}</div>` : '';
  return `<div style="line-height:1.9">${parts.join('')}</div>${last}`;
}

/** The strip as text: pieces between bars, numbers in brackets. */
export function tokensText(chips: TokenChip[]): string {
  return chips
    .map(({ text, value }) => visible(text) + (value === undefined ? '' : ` (${value.toFixed(2)})`))
    .join('|');
}

/** Shows the strip in the cell, prints it as text elsewhere. */
export function showTokens(chips: TokenChip[]): void {
  showHtml(tokensHtml(chips), tokensText(chips));
}
