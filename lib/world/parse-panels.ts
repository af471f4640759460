/** Cuts the caption of a story in four panels into the captions of its panels. */
import { PANEL_LEADS } from './figure-words';
import { STYLE } from './phrases';
import { Artist } from './types';

export interface PanelTexts {
  style?: Artist;
  /** The words of each panel's caption. */
  parts: string[][];
}

const find = (tokens: readonly string[], words: readonly string[], from: number): number => {
  for (let at = from; at + words.length <= tokens.length; at++)
    if (words.every((word, i) => tokens[at + i] === word)) return at;
  return -1;
};

/** Every way to cut: `OPEN, LEAD 1 CAPTION, LEAD 2 CAPTION, ... [, S style]`, or `a [S] picture of OPEN ...`. */
export function* cutPanels(whole: readonly string[]): Generator<PanelTexts> {
  for (const [tokens, style] of unstyled(whole))
    for (const { open, leads } of PANEL_LEADS) {
      const opening = [...open.split(' '), ','];
      if (find(tokens, opening, 0) !== 0) continue;
      let at = opening.length;
      const starts: [start: number, end: number][] = [];
      for (const lead of leads) {
        const words = starts.length === 0 ? lead.split(' ') : [',', ...lead.split(' ')];
        const start =
          starts.length === 0 ? (find(tokens, words, at) === at ? at : -1) : find(tokens, words, at);
        if (start < 0) break;
        starts.push([start, start + words.length]);
        at = start + words.length;
      }
      if (starts.length < leads.length) continue;
      yield {
        ...(style && { style }),
        parts: starts.map(([, end], i) => tokens.slice(end, starts[i + 1]?.[0] ?? tokens.length)),
      };
    }
}

function* unstyled(tokens: readonly string[]): Generator<[tokens: string[], style?: Artist]> {
  yield [[...tokens]];
  if (find(tokens, ['a', 'picture', 'of'], 0) === 0) yield [tokens.slice(3)];
  for (const [words, style] of STYLE) {
    const front = ['a', ...words, 'picture', 'of'];
    if (find(tokens, front, 0) === 0) yield [tokens.slice(front.length), style];
    const back = [',', ...words, 'style'];
    const end = tokens.length - back.length;
    if (find(tokens, back, end) === end) yield [tokens.slice(0, end), style];
  }
}
