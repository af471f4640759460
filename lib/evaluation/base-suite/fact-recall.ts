/**
 * The language model's part of the base suite: which facts of the corpus does greedy decoding recall, letter for letter,
 * as a sentence to finish and as an answer to a question, for each split. Absent facts are stated nowhere: they measure
 * guessing, and stand beside the share that the commonest answer of their relation would get.
 */
import { clozeAccuracy } from '../../encoder';
import type { LanguageModel, Tokenizer } from '../../encoder';
import { clozeOf, questionOf, SPLITS } from '../../world';
import type { Fact, Split } from '../../world';
import { bootstrapMean } from '../bootstrap';
import type { Interval } from '../bootstrap';
import { shareOf } from '../wilson';
import { markdownTable, percent, rangeText, RECALL_TARGET, verdictOf, verdictText } from './targets';

export const RECALL_FORMS = ['cloze', 'question'] as const;
export type RecallForm = (typeof RECALL_FORMS)[number];

/** Facts to ask about, with their split. */
export interface AskedFact {
  fact: Fact;
  split: Split;
}

export interface RecallRow {
  factId: string;
  form: RecallForm;
  prompt: string;
  answer: string;
  /** The fact's first prompt, or another. */
  first: boolean;
  correct: boolean;
}

export interface RecallGroup {
  /** A split (two-hop facts left out), all that the corpus states, or the two-hop facts, which it states only in parts. */
  group: Split | 'stated' | 'two hops';
  form: RecallForm;
  facts: number;
  prompts: number;
  /** Facts recalled after their first prompt: Wilson interval. */
  firstPrompt: Interval;
  /** Mean over facts of the share of their prompts: bootstrap over facts. */
  allPrompts: Interval;
  /** Share of the facts whose answer is the commonest of their relation among the other stated facts. */
  chance: number;
  target?: number;
}

const CHUNK = 128;

/**
 * Asks every prompt of the facts in both forms. An answer is recalled when each of its tokens is the model's first
 * choice after those before it, which is what greedy decoding would have written; of a question it is the whole
 * sentence with the end of the turn.
 */
export async function recallFacts(
  { lm, tokenizer }: { lm: LanguageModel; tokenizer: Tokenizer },
  asked: readonly AskedFact[],
  { batch = 32, onProgress }: { batch?: number; onProgress?: (done: number, total: number) => void } = {},
): Promise<RecallRow[]> {
  const total = RECALL_FORMS.length * asked.reduce((sum, { fact }) => sum + fact.prompts.length, 0);
  const rows: RecallRow[] = [];
  for (const form of RECALL_FORMS) {
    const items = asked.flatMap(({ fact }) =>
      fact.prompts.map((prompt, i) => ({
        ...{ factId: fact.id, first: i === 0 },
        ...(form === 'cloze' ? clozeOf(fact, prompt) : questionOf(fact, prompt)),
      })),
    );
    // Texts of like length share a batch, so that little of it is padding.
    items.sort((a, b) => a.prompt.length + a.answer.length - b.prompt.length - b.answer.length);
    for (let at = 0; at < items.length; at += CHUNK) {
      const part = items.slice(at, at + CHUNK);
      const { correct } = clozeAccuracy(lm, tokenizer, part, { batch, asIs: form === 'question' });
      part.forEach((item, i) => rows.push({ ...item, form, correct: correct[i] }));
      onProgress?.(rows.length, total);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return rows;
}

/**
 * Means of the rows by split and form; groups without facts are left out. `corpus` are the facts that chance knows:
 * those asked for that are stated whole, unless more are given.
 */
export function summariseRecall(
  rows: readonly RecallRow[],
  asked: readonly AskedFact[],
  corpus?: readonly Fact[],
): RecallGroup[] {
  const whole = asked.filter(({ fact }) => fact.via === undefined);
  const stated = whole.filter(({ split }) => split !== 'absent');
  const groups: [RecallGroup['group'], readonly AskedFact[]][] = [
    ['stated', stated],
    ...SPLITS.map((name): [Split, AskedFact[]] => [name, whole.filter(({ split }) => split === name)]),
    ['two hops', asked.filter(({ fact, split }) => fact.via !== undefined && split !== 'absent')],
  ];
  const byFact = new Map<string, RecallRow[]>();
  for (const row of rows) {
    const key = `${row.form} ${row.factId}`;
    const known = byFact.get(key);
    if (known) known.push(row);
    else byFact.set(key, [row]);
  }
  const chanceOf = majorityAnswers(corpus ?? stated.map(({ fact }) => fact));
  return RECALL_FORMS.flatMap((form) =>
    groups.flatMap(([group, members]): RecallGroup[] => {
      if (members.length === 0) return [];
      const each = members.map(({ fact }) => byFact.get(`${form} ${fact.id}`) ?? []);
      const missing = each.findIndex((some) => some.length === 0);
      if (missing >= 0) throw new Error(`recall: fact "${members[missing].fact.id}" has no ${form} row`);
      return [
        {
          ...{ group, form, facts: members.length, prompts: each.flat().length },
          firstPrompt: shareOf(each.map((some) => some.some((row) => row.first && row.correct))),
          allPrompts: bootstrapMean(
            each.map((some) => some.filter((row) => row.correct).length / some.length),
          ),
          chance: members.filter(({ fact }) => chanceOf(fact)).length / members.length,
          ...(group !== 'absent' && group !== 'two hops' && { target: RECALL_TARGET }),
        },
      ];
    }),
  );
}

/** Whether the commonest answer of a fact's relation among the given facts, the fact itself left out, is its answer. */
export function majorityAnswers(stated: readonly Fact[]): (fact: Fact) => boolean {
  const counts = new Map<string, Map<string, number>>();
  for (const { relation, answer } of stated) {
    const answers = counts.get(relation) ?? new Map<string, number>();
    answers.set(answer, (answers.get(answer) ?? 0) + 1);
    counts.set(relation, answers);
  }
  const ids = new Set(stated.map(({ id }) => id));
  return ({ id, relation, answer }) => {
    let best: string | undefined;
    let most = 0;
    for (const [name, count] of counts.get(relation) ?? []) {
      const others = name === answer && ids.has(id) ? count - 1 : count;
      if (others > most) [best, most] = [name, others];
    }
    return best === answer;
  };
}

/** One row a group and form. */
export function recallTable(groups: readonly RecallGroup[]): string {
  return markdownTable(
    ['facts', 'form', 'n', 'target', 'first prompt', 'interval', 'all prompts', 'chance', ''],
    groups.map(({ group, form, facts, firstPrompt, allPrompts, chance, target }) => [
      ...[group, form, String(facts), target === undefined ? '' : percent(target)],
      ...[percent(firstPrompt.mean), rangeText(firstPrompt)],
      ...[`${percent(allPrompts.mean)} ${rangeText(allPrompts)}`, percent(chance)],
      target === undefined ? '' : verdictText(verdictOf(firstPrompt, target)),
    ]),
  );
}
