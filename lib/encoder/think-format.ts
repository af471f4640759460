// The texts that pass between thinking and drawing: chat templates, and how a response is read.
import { IM_END, IM_START, type Tokenizer } from './tokenizer';

/** What separates the thought from the refined prompt, as in the paper's official release. */
export const REVISED_MARKER = 'Revised Prompt:';

const DRAW_PREFIX = 'draw\n';

/** `<|im_start|>user\n{prompt}<|im_end|>\n<|im_start|>assistant\n` as ids; the prompt cannot hold special tokens. */
export function thinkPromptIds(tokenizer: Tokenizer, promptIds: readonly number[]): number[] {
  const [start, end] = [tokenizer.specialId(IM_START), tokenizer.specialId(IM_END)];
  const text = (s: string) => tokenizer.encode(s);
  return [start, ...text('user\n'), ...promptIds, end, ...text('\n'), start, ...text('assistant\n')];
}

/** `{thought}\nRevised Prompt:\n{refined}<|im_end|>` as ids. */
export function responseIds(
  tokenizer: Tokenizer,
  { thought, refined }: { thought: string; refined: string },
): number[] {
  return [...tokenizer.encode(`${thought}\n${REVISED_MARKER}\n${refined}`), tokenizer.specialId(IM_END)];
}

/** The document of a literal caption, as the painter's conditioning and the pretraining corpus have it. */
export function drawText(caption: string): string {
  return `${IM_START}${DRAW_PREFIX}${caption}${IM_END}`;
}

/** Ids of `<|im_start|>draw\n`, the part of the drawing template that the painter does not see. */
export function drawPrefixIds(tokenizer: Tokenizer): number[] {
  return [tokenizer.specialId(IM_START), ...tokenizer.encode(DRAW_PREFIX)];
}

export interface ParsedResponse {
  thought: string;
  refinedPrompt: string;
  /** No refined prompt was found, and the whole response stands in for it. */
  fallback: boolean;
}

/**
 * Reads a response: the text after the last `Revised Prompt:\n`, else after `Revised Prompt:`, else all of it
 * (the official extraction). `<|im_end|>` and what follows is cut.
 */
export function parseResponse(text: string): ParsedResponse {
  const body = text.split(IM_END)[0];
  for (const marker of [`${REVISED_MARKER}\n`, REVISED_MARKER]) {
    const at = body.lastIndexOf(marker);
    if (at < 0) continue;
    const refinedPrompt = body.slice(at + marker.length).trim();
    if (refinedPrompt) return { thought: body.slice(0, at).trim(), refinedPrompt, fallback: false };
  }
  return { thought: '', refinedPrompt: body.trim(), fallback: true };
}

/** Ids cut to `limit` from the head, never inside a character. */
export function cutIds(
  tokenizer: Tokenizer,
  ids: readonly number[],
  limit: number,
): { ids: number[]; truncated: boolean } {
  if (ids.length <= limit) return { ids: [...ids], truncated: false };
  const kept = ids.slice(0, Math.max(0, limit));
  // A character of several tokens may be cut: drop its bytes (at most three).
  for (let i = 0; i < 3 && tokenizer.decode(kept).endsWith('\ufffd'); i++) kept.pop();
  return { ids: kept, truncated: true };
}
