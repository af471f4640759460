/** Reading of captions word by word: every rule yields each way it can match, as [value, position after it]. */
import { COLOUR, Table } from './phrases';
import { Colour } from './types';

export type Match<T> = [value: T, next: number];
export type Matches<T> = Generator<Match<T>>;

/** Words, commas and quoted texts of a caption (case counts in quotes only); null when there is anything else. */
export function tokenise(text: string): string[] | null {
  const tokens: string[] = [];
  const pattern = /\s*(?:('[^']*')|(,)|([a-z0-9]+))/gy;
  const line = text.trim();
  const spaced = line.replace(/'[^']*'|[^']+/g, (part) => (part[0] === "'" ? part : part.toLowerCase()));
  while (pattern.lastIndex < spaced.length) {
    const match = pattern.exec(spaced);
    if (!match) return null;
    tokens.push(match[1] ?? match[2] ?? match[3]);
  }
  return tokens;
}

export class TokenReader {
  constructor(protected readonly tokens: string[]) {}

  /** Position after the words, or -1. */
  protected words(words: readonly string[], at: number): number {
    for (let i = 0; i < words.length; i++) if (this.tokens[at + i] !== words[i]) return -1;
    return at + words.length;
  }

  protected phrase(phrase: string, at: number): number {
    return this.words(phrase.split(' '), at);
  }

  protected *oneOf<T>(entries: Table<T>, at: number): Matches<T> {
    for (const [words, value] of entries) {
      const next = this.words(words, at);
      if (next >= 0) yield [value, next];
    }
  }

  /** Every match, then nothing read at all. */
  protected *maybe<T>(matches: Matches<T>, at: number): Matches<T | undefined> {
    yield* matches;
    yield [undefined, at];
  }

  /** The text in quotes at a position, or undefined. */
  protected quoted(at: number): string | undefined {
    const token = this.tokens[at];
    return token?.[0] === "'" ? token.slice(1, -1) : undefined;
  }

  protected *coloured(noun: string, at: number, article = true): Matches<Colour> {
    const start = article ? Math.max(this.phrase('a', at), this.phrase('an', at)) : at;
    if (start < 0) return;
    for (const [colour, next] of this.oneOf(COLOUR, start)) {
      const end = this.phrase(noun, next);
      if (end >= 0) yield [colour, end];
    }
  }
}
