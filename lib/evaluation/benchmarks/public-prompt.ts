/** What a prompt of a public benchmark is here: text and questions, to be judged by a model of the user's. */
import type { Scheme } from './summary';

/** A question with the grades that the benchmark allows. */
export interface JudgeQuestion {
  /** Which grade of the formula it is: consistency, realism, aesthetic; reason, detail, quality; reasoning, ... */
  aspect: string;
  question: string;
  /** How to grade it, when the file says so. */
  criterion?: string;
  grades: readonly number[];
}

/** One row of a user's own copy of WISE, T2I-ReasonBench or RISEBench. Our reader of scenes cannot judge it. */
export interface PublicPrompt {
  scheme: Extract<Scheme, 'wise' | 't2i-reason' | 'rise'>;
  /** As the file has it; unique in it. */
  id: string;
  category: string;
  subDomain: string;
  prompt: string;
  questions: JudgeQuestion[];
  /** What the picture should show, in the words of the file; for the judge alone. */
  reference?: string;
  /** RISEBench: the picture to edit and, where there is one, the picture to compare with; paths below its data folder. */
  image?: string;
  referenceImage?: string;
  /** RISEBench: marks for its own judge prompts, as the file sets them. */
  flags?: string[];
}
