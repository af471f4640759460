/**
 * The text that the language model is pretrained on: every fact but the absent ones in many paraphrases, what each
 * concept is and where it is seen, and literal captions in the painter's template.
 */
import { RandomStream } from '../tensor';
import { BACKGROUND_WORDS } from './backgrounds';
import { captionOf } from './caption';
import { conceptsUpTo } from './concepts';
import { type EditionOptions, editionOf, tierOf } from './editions';
import { type Fact, loadFacts, splitOf } from './facts';
import { capitalise, fillTemplate, relationOf } from './facts-text';
import { randomScene } from './random-scene';
import type { ConceptInfo, Tier } from './types';
import { withArticle } from './words';

export interface CorpusDocument {
  kind: 'fact' | 'chat' | 'concept' | 'caption';
  /** As trained on, special tokens included. */
  text: string;
  factId?: string;
}

export interface CorpusOptions extends EditionOptions {
  /** Documents of each fact. */
  perFact?: number;
  captions?: number;
  /** Concepts up to this tier are described and drawn (default: the core's, all of them in the full edition). */
  tier?: Tier;
  /** Fact ids to leave out besides the absent ones (knowledge ablation). */
  without?: ReadonlySet<string>;
}

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
  const { perFact = 32, captions = 6000, tier = tierOf(edition), without = new Set<string>() } = options;
  const documents: CorpusDocument[] = [];
  for (const fact of loadFacts({ edition }))
    if (splitOf(fact) !== 'absent' && !without.has(fact.id)) {
      for (const text of factDocuments(fact, perFact, RandomStream.of(seed, 'corpus', fact.id)))
        documents.push({ kind: 'fact', text: text + END_OF_TEXT, factId: fact.id });
      for (const text of chatDocuments(fact)) documents.push({ kind: 'chat', text, factId: fact.id });
    }
  for (const concept of conceptsUpTo(tier))
    for (const text of conceptDocuments(concept))
      documents.push({ kind: 'concept', text: text + END_OF_TEXT });
  const rng = RandomStream.of(seed, 'corpus', 'captions');
  for (let i = 0; i < captions; i++)
    documents.push({ kind: 'caption', text: drawDocument(captionOf(randomScene(rng, { tier }), rng)) });
  return RandomStream.of(seed, 'corpus', 'order').shuffle(documents);
}

/** The corpus as texts. */
export function buildCorpus(seed: number, options: CorpusOptions = {}): string[] {
  return corpusDocuments(seed, options).map((document) => document.text);
}

/**
 * `count` documents of one fact. Each statement comes once before any comes again; the plain form of every raw
 * prompt ("Einstein's favourite instrument is the violin.") always comes; a quarter of the documents join two
 * statements. Of a two-hop fact only the first hop is said.
 */
export function factDocuments(fact: Fact, count: number, rng: RandomStream): string[] {
  const whole = fact.via === undefined;
  const plain = whole ? fact.prompts.map((prompt) => `${capitalise(prompt)} is ${fact.answer}.`) : [];
  const rest = fact.statements.filter((statement) => !plain.includes(statement));
  const texts: string[] = [];
  let pool = [...plain, ...rng.shuffle(rest)];
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

function bridgeChats({ relation, subject, bridge = '' }: Fact): string[] {
  const slots = { S: subject, B: bridge };
  const { bridges = [], bridgeQuestions = [] } = relationOf(relation) ?? {};
  return bridgeQuestions.flatMap((question, i) =>
    bridges
      .filter((_, j) => j % bridgeQuestions.length === i)
      .map((said) => chatDocument(fillTemplate(question, slots), fillTemplate(said, slots))),
  );
}

const KINDS: Record<string, string> = {
  music: 'musical instrument',
  food: 'thing to eat or drink',
  animal: 'animal',
  plant: 'plant',
  object: 'thing that people use',
  vehicle: 'vehicle',
  nature: 'thing of nature',
  place: 'building',
  landmark: 'famous sight',
  person: 'person or figure',
  face: 'face',
  body: 'part of a body',
  clothing: 'thing to wear',
  tool: 'tool',
  sport: 'thing for sport',
  science: 'thing of science',
  symbol: 'sign',
  flag: 'flag',
};

/** Nouns that take no article. */
const UNCOUNTED = new Set(['sushi', 'cheese', 'scissors', 'crossed swords']);

/** What a concept is and where it is seen; says nothing that a fact asks for. */
export function conceptDocuments({ name, plural, domain, homes }: ConceptInfo): string[] {
  const kind = KINDS[domain] ?? 'thing';
  const one = UNCOUNTED.has(name) ? name : withArticle(name);
  const places = homes.filter((home) => home !== 'white').map((home) => BACKGROUND_WORDS[home].where);
  const first = places[0] ?? BACKGROUND_WORDS[homes[0]].where;
  const second = places[1] ?? BACKGROUND_WORDS.white.where;
  return [
    `${capitalise(one)} is ${withArticle(kind)}.`,
    `${capitalise(one)} is usually shown ${first}.`,
    `Question: Where do pictures show ${one}? Answer: ${first}.`,
    `A picture of ${one} shows one ${name} ${first}.`,
    `${capitalise(one)} can be drawn ${first} or ${second}.`,
    `One ${name}, two ${plural}: pictures show them ${first}.`,
  ];
}
