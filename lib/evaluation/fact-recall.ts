/** Does a language model know the facts it has read? Recall by split with intervals, and what it says where it is wrong. */
import { clozeAccuracy, continueText, type LanguageModel, type Tokenizer } from '../encoder';
import { clozeOf, type EditionOptions, type Fact, factsOf, type Split, SPLITS } from '../world';
import { bootstrapMean, type Interval } from './bootstrap';

export interface FactRecall {
  /** Share of facts whose answer is the first choice, token by token; `absent` facts were never read: guessing. */
  bySplit: Record<Split, Interval>;
  /** Facts that the corpus states and the model does not complete. */
  missed: Fact[];
}

/** Cloze recall of an edition's facts, each asked by its first prompt. */
export function factRecall(
  lm: LanguageModel,
  tokenizer: Tokenizer,
  options: EditionOptions & { splits?: readonly Split[] } = {},
): FactRecall {
  const missed: Fact[] = [];
  const entries = (options.splits ?? SPLITS).map((split) => {
    const facts = factsOf(split, options);
    const { correct } = clozeAccuracy(
      lm,
      tokenizer,
      facts.map((fact) => clozeOf(fact)),
    );
    if (split !== 'absent') missed.push(...facts.filter((_, i) => !correct[i]));
    return [split, bootstrapMean(correct.map(Number))] as const;
  });
  return { bySplit: Object.fromEntries(entries) as Record<Split, Interval>, missed };
}

export interface SaidAnswer {
  prompt: string;
  /** What the model says, to the end of the sentence. */
  said: string;
  answer: string;
  /** The answer that most facts of the relation have among those of the corpus: what pattern without memory says. */
  majority: string;
  /** How many facts of the relation have it, and how many there are. */
  majorityFacts: number;
  relationFacts: number;
}

/** Greedy answers to facts' cloze prompts, beside the right answer and the relation's most common one. */
export async function saidAnswers(
  lm: LanguageModel,
  tokenizer: Tokenizer,
  facts: readonly Fact[],
  options: EditionOptions & { maxNewTokens?: number } = {},
): Promise<SaidAnswer[]> {
  const { maxNewTokens = 16, ...edition } = options;
  const stated = SPLITS.filter((split) => split !== 'absent').flatMap((split) => factsOf(split, edition));
  const said: SaidAnswer[] = [];
  for (const fact of facts) {
    const { prompt, answer } = clozeOf(fact);
    const text = await continueText(lm, tokenizer, prompt, { maxNewTokens });
    const same = stated.filter(({ relation }) => relation === fact.relation);
    const [majority, majorityFacts] = mostCommon(same.map((other) => other.answer));
    const end = text.search(/[.\n]|<\|/);
    said.push({
      prompt,
      said: (end < 0 ? text : text.slice(0, end)).trim(),
      answer,
      majority,
      majorityFacts,
      relationFacts: same.length,
    });
  }
  return said;
}

/** The most common of the texts (the first of equals) and how often it comes; ['', 0] of none. */
function mostCommon(texts: readonly string[]): [string, number] {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].reduce((best, entry) => (entry[1] > best[1] ? entry : best), ['', 0]);
}
