/** Criteria as questions in words, so that a set can be read, written to a file and judged by others. */
import { BACKGROUND_WORDS, conceptOf, NUMBER_WORDS, TIME_WORDS } from '../../world';
import type { Count, Criteria, Predicate } from '../../world';
import type { BenchmarkQuestion } from './types';

/** A predicate as a question that "yes" answers when it holds. */
export function questionText(p: Predicate): string {
  switch (p.kind) {
    case 'has':
      return typeof p.count === 'number'
        ? `Does the picture show exactly ${counted(p.concept, p.count)}?`
        : `Does the picture show at least ${counted(p.concept, 1)}?`;
    case 'absent':
      return `Is the picture free of ${conceptOf(p.concept).plural}?`;
    case 'background':
      return `Is the place ${BACKGROUND_WORDS[p.value].noun}?`;
    case 'time':
      return `Is the place shown ${TIME_WORDS[p.value]}?`;
    case 'prop':
    case 'figure':
      return `Does the picture show a ${p.name}${fieldWords(p.value)}?`;
    case 'text': {
      const lines = p.lines.map((line, i) => `'${line}' on line ${i + 1}`);
      return `Does the picture say ${lines.join(', ')}?`;
    }
    case 'tint':
    case 'size':
      return `Is the ${p.concept} ${p.value}?`;
    case 'relation':
      return `Is the ${p.first} ${p.relation} the ${p.second}?`;
    case 'slot':
      return `Is the ${p.concept} at this place of the picture: ${p.value.replace('-', ' ')}?`;
    case 'turn':
      return `Is the ${p.concept} turned clockwise by ${p.value} degrees?`;
    case 'cell':
      return `Does the cell on row ${p.at[0]}, column ${p.at[1]} hold ${p.value === '.' ? 'nothing' : p.value}?`;
    case 'panel_has':
      return `On panel ${p.panel} of four: ${questionText(p.predicate)}`;
    case 'same':
      return 'Is everything that was not asked for as it was before?';
  }
}

function counted(concept: string, count: number): string {
  const { name, plural } = conceptOf(concept);
  return `${NUMBER_WORDS[count as Count] ?? count} ${count === 1 ? name : plural}`;
}

/** ` with colour green, rust no`, or nothing. */
function fieldWords(fields: Record<string, unknown> = {}): string {
  const words = Object.entries(fields).map(([name, value]) => {
    const said = typeof value === 'boolean' ? (value ? 'yes' : 'no') : JSON.stringify(value);
    return `${name} ${said.replaceAll('"', '')}`;
  });
  return words.length > 0 ? ` with ${words.join(', ')}` : '';
}

const QUALITY: BenchmarkQuestion[] = [
  {
    aspect: 'quality',
    question: 'Is everything in the picture whole and physically possible?',
    measure: 'soundness',
  },
  { aspect: 'quality', question: 'Is the picture clean and good to look at?', measure: 'aesthetic' },
];

/** The questions of an item: answers of the criteria first, then details, then two about quality. */
export function questionsOf({ answer, details }: Criteria): BenchmarkQuestion[] {
  const ask = (aspect: 'reason' | 'detail', predicates: Predicate[]): BenchmarkQuestion[] =>
    predicates.map((predicate) => ({ aspect, question: questionText(predicate), predicate }));
  return [...ask('reason', answer), ...ask('detail', details), ...QUALITY];
}
