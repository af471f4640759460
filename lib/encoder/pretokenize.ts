// How text is cut before byte-pair merging: the one regular expression and the byte alphabet of GPT-2 tokenizers.

/**
 * The pre-tokenisation rule, in the syntax that Oniguruma (Hugging Face tokenizers) and JavaScript share.
 * In order: an English contraction; a word, i.e. an optional space, at most one capital and then letters that
 * are not capitals; else exactly one character. So every digit, symbol, space, newline and capital that does
 * not start a word is a token (or a few bytes) of its own. Text drawn into pictures is capitals, digits and
 * symbols, hence one token a glyph. Qwen2's own rule only splits digits.
 */
export const SPLIT_PATTERN =
  "'(?:s|t|re|ve|m|ll|d)(?!\\p{L})| ?\\p{Lu}?[\\p{Ll}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+|\\p{L}|\\P{L}";

const splitter = new RegExp(SPLIT_PATTERN, 'gu');

/** Cuts text into pre-tokens; joined again they are the text. */
export function pretokenize(text: string): string[] {
  return text.match(splitter) ?? [];
}

/** byte -> the printable character that stands for it in vocab and merges (GPT-2's table). */
export const BYTE_TO_CHAR: readonly string[] = buildByteTable();

/** The inverse of BYTE_TO_CHAR. */
export const CHAR_TO_BYTE: ReadonlyMap<string, number> = new Map(
  BYTE_TO_CHAR.map((char, byte) => [char, byte]),
);

function buildByteTable(): string[] {
  const printable = (b: number) =>
    (b >= 0x21 && b <= 0x7e) || (b >= 0xa1 && b <= 0xac) || (b >= 0xae && b <= 0xff);
  let next = 256;
  return Array.from({ length: 256 }, (_, b) => String.fromCharCode(printable(b) ? b : next++));
}
