/** What training must not see of the facts that it is tested on: each check lists what it finds, for tests and the report. */
import { conceptOf } from './concepts';
import type { CorpusDocument } from './corpus';
import type { EditionOptions } from './editions';
import { type Fact, factsOf, loadFacts, splitOf } from './facts';
import { wordsOf } from './facts-baselines';
import { relationTexts } from './facts-text';
import { specSatisfies } from './predicates';
import { ASK_WORDS, promptsOf, rlPrompts, sftRows } from './sft-rows';
import type { Predicate, SceneSpec } from './types';

/** Whether `text` holds `words` as whole words; both in the same case. */
export function hasWords(text: string, words: string): boolean {
  for (let at = text.indexOf(words); at >= 0; at = text.indexOf(words, at + 1))
    if (!/\p{L}/u.test(text[at - 1] ?? ' ') && !/\p{L}/u.test(text[at + words.length] ?? ' ')) return true;
  return false;
}

/** The different things in the panels of a story. */
function thingsInPanels({ panels = [] }: SceneSpec): string[] {
  return [...new Set(panels.flatMap(({ objects }) => objects.map(({ concept }) => concept)))];
}

/**
 * Prompts that name the one thing that they ask for, or any of the things in a story. A state, colour or number is
 * asked of a thing that is named.
 */
export function promptsWithAnswer(options: EditionOptions = {}): string[] {
  return loadFacts(options).flatMap(({ id, prompts, criteria, scene }) => {
    const [only, ...others] = criteria.answer;
    const one = only.kind === 'has' && others.length === 0 && !asksNumber(only) ? [only.concept] : [];
    const nouns = [...one, ...thingsInPanels(scene)].flatMap((name) => [name, conceptOf(name).plural]);
    return prompts
      .filter((prompt) => nouns.some((noun) => hasWords(prompt.toLowerCase(), noun)))
      .map((prompt) => `${id}: ${prompt}`);
  });
}

function asksNumber(predicate: Predicate): boolean {
  return predicate.kind === 'has' && typeof predicate.count === 'number';
}

/** Words that two names may share without giving anything away. */
const SMALL = new Set(['of', 'the', 'and', 'pair', 'bowl', 'cup', 'plate', 'head', 'face', 'flag']);

/** Prompts that share a word with the name of a thing that they ask for; to be looked at, not always wrong. */
export function promptsWithHint(options: EditionOptions = {}): string[] {
  return loadFacts(options).flatMap(({ id, prompts, criteria, scene }) => {
    const [only, ...others] = criteria.answer;
    const one = only.kind === 'has' && others.length === 0 && !asksNumber(only) ? [only.concept] : [];
    const hints = [...one, ...thingsInPanels(scene)].flatMap((name) => name.split(' '));
    const words = new Set(prompts.flatMap(wordsOf));
    return hints.filter((word) => !SMALL.has(word) && words.has(word)).map((word) => `${id}: "${word}"`);
  });
}

/** Prompts of held-out facts that are a prompt of SFT (of all its rows) or RL, also as "a picture of ...". */
export function sharedPrompts(options: EditionOptions = {}): string[] {
  const trained = new Set(
    [...sftRows({ ...options, limit: Infinity }), ...rlPrompts(options)].map(({ prompt }) =>
      prompt.toLowerCase(),
    ),
  );
  return (['test', 'validation', 'absent'] as const)
    .flatMap((split) => promptsOf(split, options))
    .filter(({ prompt }) => ASK_WORDS.some((words) => trained.has(`${words}${prompt}`.toLowerCase())))
    .map(({ factId, prompt }) => `${factId}: ${prompt}`);
}

/** Facts of other splits whose recall an SFT thought holds, and rows that are made of facts of other splits. */
export function leakingThoughts(options: EditionOptions = {}): string[] {
  const rows = sftRows({ ...options, limit: Infinity });
  const wrong = rows
    .filter(({ factId }) => factId && splitOf(factId) !== 'sft')
    .map(({ factId }) => String(factId));
  const thoughts = [...new Set(rows.map(({ thought }) => thought.toLowerCase()))].join('\n');
  for (const split of ['test', 'rl', 'validation', 'absent'] as const)
    for (const fact of factsOf(split, options))
      for (const prompt of fact.prompts)
        if (thoughts.includes(`${prompt} is ${fact.answer}`.toLowerCase()))
          wrong.push(`${fact.id}: ${prompt}`);
  return wrong;
}

/**
 * Pairs of facts with one subject and one answer in two relations ("Krakatoa") where one is held out and the other is
 * trained on, or one is absent and the other is stated: the same fact in two splits.
 */
export function sameFacts(options: EditionOptions = {}): string[] {
  const groups = new Map<string, Fact[]>();
  for (const fact of loadFacts(options)) {
    const subject = fact.subject.toLowerCase().replace(/^(a|an|the) /, '');
    const key = `${subject}\n${JSON.stringify(fact.criteria.answer)}`;
    groups.set(key, [...(groups.get(key) ?? []), fact]);
  }
  return [...groups.values()].flatMap((facts) => {
    const splits = new Set(facts.map((fact) => splitOf(fact)));
    const trained = splits.has('sft') || splits.has('rl');
    const heldOut = splits.has('test') || splits.has('validation');
    if (!(trained && heldOut) && !(splits.has('absent') && splits.size > 1)) return [];
    return [facts.map((fact) => `${fact.id} (${splitOf(fact)})`).join(' and ')];
  });
}

/** Capitalised words that name a source, a people or a custom of many facts, and no subject. */
const GENERAL = new Set('wikipedia encyclopaedia britannica the brothers grimm saint chinese'.split(' '));

/** The names in a text. */
function namesIn(text: string): Set<string> {
  const words = (text.match(/\b\p{Lu}\p{L}{2,}/gu) ?? []).map((word) => word.toLowerCase());
  return new Set(words.filter((word) => !GENERAL.has(word)));
}

/**
 * Stories that are trained on (or, for absent facts, stated at all) and draw the answer of a held-out fact of another
 * family under a name that both have: a story of Noah with the dove that "Noah's olive branch" asks for.
 */
export function toldByStories(options: EditionOptions = {}): string[] {
  const facts = loadFacts(options);
  const stories = facts
    .filter(({ scene }) => scene.panels)
    .map((fact) => ({
      split: splitOf(fact),
      names: namesIn(`${fact.subject} ${fact.source}`),
      things: thingsInPanels(fact.scene),
      id: fact.id,
    }));
  return facts.flatMap((fact) => {
    const split = splitOf(fact);
    if (fact.scene.panels || split === 'sft' || split === 'rl') return [];
    const answers = fact.criteria.answer.flatMap((predicate) =>
      predicate.kind === 'has' ? [predicate.concept] : [],
    );
    const names = namesIn(fact.prompts[0]);
    return stories
      .filter((story) =>
        split === 'absent' ? story.split !== 'absent' : ['sft', 'rl'].includes(story.split),
      )
      .filter(({ things }) => answers.some((answer) => things.includes(answer)))
      .flatMap((story) => {
        const shared = [...names].filter((name) => story.names.has(name));
        return shared.length > 0
          ? [`${story.id} (${story.split}): ${fact.id} (${split}), "${shared.join(' ')}"`]
          : [];
      });
  });
}

/** Documents that hold the subject of an absent fact together with its answer. */
export function absentInCorpus(documents: readonly CorpusDocument[], options: EditionOptions = {}): string[] {
  const texts = documents.map(({ text }) => text.toLowerCase());
  return factsOf('absent', options).flatMap((fact) => {
    const subject = fact.subject.toLowerCase();
    const answer = fact.answer.toLowerCase().replace(/^(a|an|the) /, '');
    return texts
      .filter((text) => hasWords(text, subject) && hasWords(text, answer))
      .map((text) => `${fact.id}: ${text}`);
  });
}

function gramsOf(text: string, length: number): string[] {
  const words = wordsOf(text);
  return words
    .slice(0, Math.max(0, words.length - length + 1))
    .map((_, i) => words.slice(i, i + length).join(' '));
}

export interface GramOptions extends EditionOptions {
  /** Words of a gram. */
  length?: number;
  /** A gram that so many facts of a relation share is a template of theirs ("when it is 6 AM in"). */
  templateOf?: number;
}

export interface SharedGram {
  gram: string;
  /** The test fact. */
  factId: string;
  /** Facts of SFT and RL whose prompts hold the gram. */
  trained: string[];
  /** All of these have a scene that answers the test fact: who copies what the gram recalls is right. */
  tells: boolean;
}

/**
 * 5-grams of test prompts that occur in prompts of SFT or RL outside templates. Not counted are grams with fewer than
 * two words that the relation's templates do not have ("the favourite instrument of Dr" has one), and grams that
 * several facts of a relation share.
 */
export function sharedGrams({ length = 5, templateOf = 3, ...options }: GramOptions = {}): SharedGram[] {
  const facts = loadFacts(options);
  const byId = new Map(facts.map((fact) => [fact.id, fact]));
  const template = new Map(
    [...relationTexts(options)].map(([id, { names }]) => [
      id,
      new Set(names.flatMap((name) => wordsOf(name.replace('{S}', ' ')))),
    ]),
  );
  const trained = new Map<string, Set<string>>();
  const users = new Map<string, number>();
  for (const { id, relation, prompts } of facts) {
    const inTraining = ['sft', 'rl'].includes(splitOf(id));
    for (const gram of new Set(prompts.flatMap((prompt) => gramsOf(prompt, length)))) {
      const key = `${relation}\n${gram}`;
      users.set(key, (users.get(key) ?? 0) + 1);
      if (inTraining) trained.set(gram, (trained.get(gram) ?? new Set()).add(id));
    }
  }
  return factsOf('test', options).flatMap(({ id, relation, prompts, criteria }) =>
    [...new Set(prompts.flatMap((prompt) => gramsOf(prompt, length)))].flatMap((gram) => {
      const own = gram.split(' ').filter((word) => !template.get(relation)!.has(word)).length;
      const others = [...(trained.get(gram) ?? [])];
      if (others.length === 0 || own < 2 || users.get(`${relation}\n${gram}`)! >= templateOf) return [];
      const tells = others.every((other) =>
        criteria.answer.every((predicate) => specSatisfies(byId.get(other)!.scene, predicate)),
      );
      return [{ gram, factId: id, trained: others, tells }];
    }),
  );
}
