/** How a fact is asked back from a model that has read the corpus: a sentence to finish, or a question in the chat template. */
import { chatDocument } from './corpus';
import type { Fact } from './fact-row';
import { capitalise, relationOf } from './facts-text';

/** What the model is given, and how it goes on when it knows the fact. */
export interface RecallText {
  prompt: string;
  answer: string;
}

/** "The instrument played by Miles Davis is" -> "the trumpet": a raw prompt (the first), as the corpus states it. */
export function clozeOf(fact: Fact, prompt: string = fact.prompts[0]): RecallText {
  return { prompt: `${capitalise(prompt)} is`, answer: fact.answer };
}

/**
 * A question without a thought, special tokens included: up to the start of the assistant's turn -> the whole sentence
 * of the corpus ("The instrument played by Miles Davis is the trumpet.") and the end of the turn.
 */
export function questionOf(fact: Fact, prompt: string = fact.prompts[0]): RecallText {
  const ask = relationOf(fact.relation)?.describes ? `How is ${prompt}?` : `What is ${prompt}?`;
  const answer = `${capitalise(prompt)} is ${fact.answer}.`;
  const document = chatDocument(ask, answer);
  const at = document.lastIndexOf(answer);
  return { prompt: document.slice(0, at), answer: document.slice(at) };
}
