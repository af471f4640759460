/**
 * Chains of thought in many forms: the fact is recalled (in a sentence of the corpus, or asked and answered), then it
 * may be said where such a thing is shown, and what the picture shows comes last.
 */
import type { RandomStream } from '../tensor';
import { BACKGROUND_WORDS } from './backgrounds';
import { nounPhrase } from './concept-text';
import { conceptOf } from './concepts';
import type { Fact } from './facts';
import { SHOW_SENTENCES, capitalise, fillTemplate, relationOf, showsOf } from './facts-text';
import type { SceneSpec } from './types';

/** Prompt, thought and refined prompt in characters up to which a thought may have a sentence more. */
const ROOM = 230;
/** How often the place is reasoned about where it can be. */
const PLACES = 0.4;

const SHOWS = [
  ...SHOW_SENTENCES,
  'Draw {V}.',
  'So the picture shows {V}.',
  'I draw {V}.',
  'That gives {V}.',
  'The scene is {V}.',
  'The answer is drawn as {V}.',
];
const HOMES = [
  '{One} is usually shown {where}.',
  'Pictures show {one} {where}.',
  'The usual place for {one} is {where}.',
  'I put {one} {where}.',
];
const WRITINGS = [
  'It can be written {where}.',
  'I write it {where}.',
  'Such a thing is written {where}.',
  'It is to be read {where}.',
];

/**
 * Recall templates of a relation with slots S, A, N (and B): those of its thoughts, its statements that begin with
 * the subject, its questions with the answer after them. A fact of two hops has only the thoughts, which name both.
 */
export function recallTemplates({ relation: id, bridge }: Pick<Fact, 'relation' | 'bridge'>): string[] {
  const relation = relationOf(id);
  if (!relation) throw new Error(`relation "${id}" is unknown`);
  if (bridge !== undefined) return relation.thoughts;
  const forward = relation.sentences.filter((sentence) => {
    const asked = sentence.search(/\{[SNn]\}/);
    return asked >= 0 && asked < sentence.indexOf('{A}');
  });
  const answered = relation.questions.map((question) => `${question} {A}.`);
  return [...new Set([...relation.thoughts, ...forward, ...answered])];
}

/**
 * A thought about `prompt`, one of the fact's raw prompts; ends with the refined prompt, or, where the fact has named
 * all that is seen (four panels, several lines), with the form of the picture. `variant` counts through the
 * relation's recall templates, so that the rows of a relation share them evenly; the rest is drawn from the stream.
 * `restate`: it begins with the prompt and the answer, as the corpus answers a question, in place of a template.
 */
export function variedThought(
  fact: Fact,
  prompt: string,
  { variant, restate = false, rng }: { variant: number; restate?: boolean; rng: RandomStream },
): string {
  const recall =
    restate && fact.bridge === undefined
      ? `${capitalise(prompt)} is ${fact.answer}.`
      : recallSentence(fact, prompt, variant);
  return [recall, ...towardsPicture(fact, prompt.length + recall.length, rng)].join(' ');
}

function recallSentence(fact: Fact, prompt: string, variant: number): string {
  const templates = recallTemplates(fact);
  const slots = { S: fact.subject, A: fact.answer, N: prompt, n: prompt };
  const all = fact.bridge === undefined ? slots : { ...slots, B: fact.bridge };
  return capitalise(fillTemplate(templates[variant % templates.length], all));
}

const NAMINGS = [
  'It is {n}.',
  'That is {n}.',
  'What is wanted is {n}.',
  'The thing to draw is {n}.',
  'Nothing is asked here but {n}.',
  '{N}.',
  '{N} is named.',
];

/** A thought about a thing that the prompt names: there is nothing to recall, only a way to show it. */
export function namedThought(
  named: { said: string; prompt: string; scene: SceneSpec; refined: string },
  rng: RandomStream,
): string {
  const { said, prompt } = named;
  const naming = rng
    .pick(NAMINGS)
    .replace('{n}', () => said)
    .replace('{N}', () => capitalise(said));
  return [naming, ...towardsPicture(named, prompt.length + naming.length, rng)].join(' ');
}

/** The end of a thought: where such a thing is shown, if there is room for it after `used` characters, and the picture. */
function towardsPicture(
  { scene, refined }: Pick<Fact, 'scene' | 'refined'>,
  used: number,
  rng: RandomStream,
): string[] {
  const endings = showsOf(scene) === SHOW_SENTENCES ? SHOWS : showsOf(scene);
  const show = rng.pick(endings).replace('{V}', () => refined);
  const place = rng.uniform() < PLACES ? placeSentence(scene, rng) : undefined;
  const fits = used + show.length + refined.length + (place?.length ?? 0) <= ROOM;
  return [...(place && fits ? [place] : []), show];
}

/** Why the scene is where it is: one object at home, or writing; undefined where there is nothing to say. */
function placeSentence(scene: SceneSpec, rng: RandomStream): string | undefined {
  const { where } = BACKGROUND_WORDS[scene.background];
  const { objects, props = [], text = [], figure, panels } = scene;
  if (props.length > 0 || figure || panels) return undefined;
  if (objects.length === 0 && text.length > 0) return rng.pick(WRITINGS).replace('{where}', where);
  if (objects.length !== 1 || text.length > 0 || scene.time) return undefined;
  const concept = conceptOf(objects[0].concept);
  if (!concept.homes.includes(scene.background)) return undefined;
  const one = nounPhrase(concept.name);
  return rng.pick(HOMES).replace('{One}', capitalise(one)).replace('{one}', one).replace('{where}', where);
}
