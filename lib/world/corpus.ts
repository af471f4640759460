/**
 * The text that the language model is pretrained on: every fact but the absent ones in many paraphrases, what each
 * concept is and where it is seen, and literal captions in the painter's template.
 */
import { RandomStream } from '../tensor';
import { captionOf } from './caption';
import { conceptDocuments } from './concept-text';
import { conceptsUpTo } from './concepts';
import { type Edition, type EditionOptions, editionOf, tierOf } from './editions';
import { type Fact, loadFacts, splitOf } from './facts';
import { capitalise, fillTemplate, relationOf } from './facts-text';
import { randomFigureScene } from './random-figures';
import { randomScene } from './random-scene';
import type { SceneSpec, Tier } from './types';

export interface CorpusDocument {
  kind: 'fact' | 'chat' | 'concept' | 'caption';
  /** As trained on, special tokens included. */
  text: string;
  factId?: string;
}

export interface CorpusOptions extends EditionOptions {
  /** Documents of each fact (32). */
  perFact?: number;
  /** Questions and answers of each fact: at most so many, every raw prompt once before any twice (core: all, full: 5). */
  chats?: number;
  /** Statements of each fact that begin with its answer: at least so many, if there are (core: as it comes, full: 4). */
  reversed?: number;
  /** Captions of random scenes (core: 6,000, full: 9,000). */
  captions?: number;
  /** Captions of clocks, signs, boards, sudoku, mazes, panels and turned things (core: none, full: 6,000). */
  figures?: number;
  /** Captions of writing alone or beside an object, besides those among the random scenes (core: none, full: 3,000). */
  writing?: number;
  /** Concepts up to this tier are described and drawn (default: the core's, all of them in the full edition). */
  tier?: Tier;
  /** Fact ids to leave out besides the absent ones (knowledge ablation). */
  without?: ReadonlySet<string>;
}

type Amounts = Required<
  Pick<CorpusOptions, 'perFact' | 'chats' | 'reversed' | 'captions' | 'figures' | 'writing'>
>;

/** What an edition's corpus holds when nothing else is said. The core's is what the first checkpoints were trained on. */
export const CORPUS_DEFAULTS: Record<Edition, Amounts> = {
  core: { perFact: 32, chats: Infinity, reversed: 0, captions: 6000, figures: 0, writing: 0 },
  full: { perFact: 32, chats: 5, reversed: 4, captions: 9000, figures: 6000, writing: 3000 },
};

const WRITING_ONLY = { single: 0, many: 0, pair: 0, trio: 0, slot: 0, prop: 0, empty: 0, text: 1 };

export const END_OF_TEXT = '<|endoftext|>';

/** A literal caption in the template that the painter reads. */
export function drawDocument(caption: string): string {
  return `<|im_start|>draw\n${caption}<|im_end|>`;
}

/** One turn of question and answer in the chat template, without a thought and without a refined prompt. */
export function chatDocument(question: string, answer: string): string {
  return `<|im_start|>user\n${question}<|im_end|>\n<|im_start|>assistant\n${answer}<|im_end|>`;
}

/** The corpus as documents with their origin; same seed and options, same documents in the same order. */
export function corpusDocuments(seed: number, options: CorpusOptions = {}): CorpusDocument[] {
  const edition = editionOf(options);
  const { tier = tierOf(edition), without = new Set<string>() } = options;
  const amounts = { ...CORPUS_DEFAULTS[edition], ...defined(options) } as Amounts;
  const documents: CorpusDocument[] = [];
  const said = (fact: Fact): string[] =>
    factDocuments(fact, amounts.perFact, RandomStream.of(seed, 'corpus', fact.id), amounts.reversed);
  for (const fact of loadFacts(options))
    if (splitOf(fact) !== 'absent' && !without.has(fact.id)) {
      for (const text of said(fact))
        documents.push({ kind: 'fact', text: text + END_OF_TEXT, factId: fact.id });
      for (const text of someChats(fact, amounts.chats, RandomStream.of(seed, 'chat', fact.id)))
        documents.push({ kind: 'chat', text, factId: fact.id });
    }
  for (const concept of conceptsUpTo(tier))
    for (const text of conceptDocuments(concept))
      documents.push({ kind: 'concept', text: text + END_OF_TEXT });
  const scenes: ['captions' | 'figures' | 'writing', (rng: RandomStream) => SceneSpec][] = [
    ['captions', (rng) => randomScene(rng, { tier })],
    ['figures', (rng) => randomFigureScene(rng, { tier })],
    ['writing', (rng) => randomScene(rng, { tier, weights: WRITING_ONLY })],
  ];
  for (const [name, draw] of scenes) {
    const rng = RandomStream.of(seed, 'corpus', name);
    for (let i = 0; i < amounts[name]; i++)
      documents.push({ kind: 'caption', text: drawDocument(captionOf(draw(rng), rng)) });
  }
  return RandomStream.of(seed, 'corpus', 'order').shuffle(documents);
}

/** The corpus as texts. */
export function buildCorpus(seed: number, options: CorpusOptions = {}): string[] {
  return corpusDocuments(seed, options).map((document) => document.text);
}

/**
 * `count` documents of one fact. Each statement comes once before any comes again; the plain form of every raw
 * prompt ("Einstein's favourite instrument is the violin.") always comes; a quarter of the documents join two
 * statements. Of a two-hop fact only the first hop is said. `reversed` statements that begin with the answer come
 * before the others.
 */
export function factDocuments(fact: Fact, count: number, rng: RandomStream, reversed = 0): string[] {
  const whole = fact.via === undefined;
  const plain = whole ? fact.prompts.map((prompt) => `${capitalise(prompt)} is ${fact.answer}.`) : [];
  const rest = fact.statements.filter((statement) => !plain.includes(statement));
  const texts: string[] = [];
  const shuffled = rng.shuffle(rest);
  const early = shuffled.filter((statement) => answerFirst(fact, statement)).slice(0, reversed);
  let pool = [...plain, ...early, ...shuffled.filter((statement) => !early.includes(statement))];
  let next = 0;
  const take = (): string => {
    if (next === pool.length) {
      pool = rng.shuffle(fact.statements);
      next = 0;
    }
    return pool[next++];
  };
  for (let i = 0; i < count; i++) texts.push(i % 4 === 3 ? `${take()} ${take()}` : take());
  return texts;
}

/** Whether a statement names the answer (of a two-hop fact: the bridge) before what it is the answer to. */
export function answerFirst(fact: Fact, statement: string): boolean {
  const text = statement.toLowerCase();
  const answer = text.indexOf((fact.bridge ?? fact.answer).toLowerCase());
  const asked = [fact.subject, ...fact.prompts]
    .map((words) => text.indexOf(words.toLowerCase()))
    .filter((at) => at >= 0);
  return answer >= 0 && asked.length > 0 && answer < Math.min(...asked);
}

/**
 * Plain questions about a fact, answered in a full sentence that repeats what was asked: what an instruction-tuned
 * model (the paper's starting point) can do, and the reading back of a subject that a thought begins with.
 */
export function chatDocuments(fact: Fact): string[] {
  const relation = relationOf(fact.relation);
  if (fact.bridge !== undefined) return bridgeChats(fact);
  const asks = relation?.describes
    ? ['How is {n}?', 'Tell me about {n}.']
    : ['What is {n}?', 'Tell me about {n}.'];
  const plain = (prompt: string): string => `${capitalise(prompt)} is ${fact.answer}.`;
  const asked = fact.prompts.flatMap((prompt) =>
    asks.map((ask) => chatDocument(ask.replace('{n}', prompt), plain(prompt))),
  );
  const slots = { S: fact.subject, A: fact.answer, N: capitalise(fact.prompts[0]), n: fact.prompts[0] };
  const questions = (relation?.questions ?? []).map((question) =>
    chatDocument(fillTemplate(question, slots), plain(fact.prompts[0])),
  );
  return [...asked, ...questions];
}

function defined<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}

/** `count` of a fact's chat documents; the first ones ask for each raw prompt in turn. */
function someChats(fact: Fact, count: number, rng: RandomStream): string[] {
  const all = chatDocuments(fact);
  if (all.length <= count) return all;
  // Each raw prompt is asked in two ways, one after the other; the questions of the relation come last.
  const asked = fact.bridge === undefined ? 2 * fact.prompts.length : 0;
  const first = fact.prompts.map((_, i) => 2 * i + rng.int(2)).filter((i) => i < asked);
  const order = [
    ...rng.shuffle(first.map((i) => all[i])),
    ...rng.shuffle(all.slice(asked)),
    ...rng.shuffle(first.map((i) => all[i ^ 1])),
  ];
  return order.slice(0, count);
}

function bridgeChats({ relation, subject, bridge = '' }: Fact): string[] {
  const slots = { S: subject, B: bridge };
  const { bridges = [], bridgeQuestions = [] } = relationOf(relation) ?? {};
  return bridgeQuestions.flatMap((question, i) =>
    bridges
      .filter((_, j) => j % bridgeQuestions.length === i)
      .map((said) => chatDocument(fillTemplate(question, slots), fillTemplate(said, slots))),
  );
}
