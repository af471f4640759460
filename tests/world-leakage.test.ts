// What training must not see: test facts outside the corpus, absent facts anywhere, subjects in literal captions.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { initBackend } from '../lib/tensor';
import {
  SPLITS,
  SPLIT_PERCENT,
  assignSplits,
  captionVocabulary,
  corpusDocuments,
  factsOf,
  familyMajority,
  loadFacts,
  promptsOf,
  relationMajority,
  rlPrompts,
  sftRows,
  splitOf,
} from '../lib/world';

before(async () => {
  await initBackend((process.env.T2G_BACKEND ?? 'auto') as 'auto');
});

test('every fact has one split; shares are as stated', () => {
  const facts = loadFacts();
  const counted = SPLITS.reduce((sum, split) => sum + factsOf(split).length, 0);
  assert.equal(counted, facts.length);
  for (const split of SPLITS) {
    const share = (100 * factsOf(split).length) / facts.length;
    assert.ok(Math.abs(share - SPLIT_PERCENT[split]) < 2, `${split}: ${share}%`);
  }
});

test('splits depend on the facts only, not on their order', () => {
  const facts = loadFacts();
  const again = assignSplits([...facts].reverse());
  for (const fact of facts) assert.equal(again.get(fact.id), splitOf(fact));
});

test('captions have no word of a subject name', () => {
  const vocabulary = new Set(captionVocabulary());
  for (const fact of loadFacts()) {
    // Names are the capitalised words of a subject; words like "an elephant" are what captions are made of.
    const names = (fact.subject.match(/\b[A-Z]\p{L}+/gu) ?? []).map((word) => word.toLowerCase());
    for (const name of names.filter((word) => word.length > 2 && !COMMON.has(word)))
      assert.ok(!vocabulary.has(name), `${fact.id}: "${name}" is a word of captions`);
  }
  for (const { kind, text } of corpusDocuments(1, { captions: 2000, perFact: 1 })) {
    if (kind !== 'caption') continue;
    const words = text
      .replace('<|im_start|>draw\n', '')
      .replace('<|im_end|>', '')
      .replace(/'[^']*'/g, '');
    for (const word of words.split(/[\s,]+/).filter((part) => part !== '' && !/^\d$/.test(part)))
      assert.ok(vocabulary.has(word), text);
  }
});

/** Ordinary words that happen to stand in a name (Keith Moon, Snow White, Mexico City): what they name is no subject. */
const COMMON = new Set(['moon', 'day', 'city', 'black', 'snow', 'white', 'bell', 'turtles', 'sun', 'blue']);

test('no prompt holds its own answer', () => {
  for (const { id, prompts, criteria } of loadFacts()) {
    const [only, ...others] = criteria.answer;
    if (only.kind !== 'has' || others.length > 0) continue; // a state or colour is asked of a thing that is named
    for (const prompt of prompts)
      assert.ok(!hasWords(prompt.toLowerCase(), only.concept), `${id}: ${prompt}`);
  }
});

test('prompts of test, validation and absent facts are no prompt of SFT or RL', () => {
  const trained = new Set([...sftRows(), ...rlPrompts()].map(({ prompt }) => prompt.toLowerCase()));
  for (const split of ['test', 'validation', 'absent'] as const)
    for (const { prompt } of promptsOf(split)) {
      assert.ok(!trained.has(prompt.toLowerCase()), prompt);
      assert.ok(!trained.has(`a picture of ${prompt}`.toLowerCase()), prompt);
      assert.ok(!trained.has(`show ${prompt}`.toLowerCase()), prompt);
    }
});

test('SFT rows come from SFT facts, and no thought names the subject of another split with its answer', () => {
  const rows = sftRows();
  for (const { factId } of rows) if (factId) assert.equal(splitOf(factId), 'sft');
  const thoughts = rows.map(({ thought }) => thought.toLowerCase());
  for (const split of ['test', 'rl', 'validation', 'absent'] as const)
    for (const fact of factsOf(split))
      for (const recall of fact.prompts.map((prompt) => `${prompt} is ${fact.answer}`.toLowerCase()))
        for (const thought of thoughts) assert.ok(!thought.includes(recall), `${fact.id}: ${thought}`);
  for (const fact of factsOf('test')) assert.ok(!thoughts.includes(fact.thought.toLowerCase()), fact.id);
});

test('no document holds the subject of an absent fact with its answer', () => {
  const documents = corpusDocuments(0, { captions: 500 }).map(({ text }) => text.toLowerCase());
  for (const fact of factsOf('absent')) {
    const subject = fact.subject.toLowerCase();
    const answer = fact.answer.toLowerCase().replace(/^(a|an|the) /, '');
    for (const text of documents)
      assert.ok(!(hasWords(text, subject) && hasWords(text, answer)), `${fact.id}: ${text}`);
  }
});

function hasWords(text: string, words: string): boolean {
  const at = text.indexOf(words);
  return at >= 0 && !/\p{L}/u.test(text[at - 1] ?? ' ') && !/\p{L}/u.test(text[at + words.length] ?? ' ');
}

test('guessing the most common scene stays far below knowing', () => {
  assert.ok(relationMajority().share < 0.25, `relation majority: ${relationMajority().share}`);
  assert.ok(familyMajority().share < 0.15, `family majority: ${familyMajority().share}`);
});
