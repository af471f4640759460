/** What a corpus holds, counted: documents and tokens of each kind, paraphrases of each fact in both directions, things said. */
import { conceptsUpTo } from './concepts';
import { answerFirst, type CorpusDocument, type CorpusOptions, corpusDocuments } from './corpus';
import { editionOf, tierOf } from './editions';
import { type Fact, loadFacts } from './facts';
import { hasWords } from './leakage';

export interface KindReport {
  documents: number;
  /** Different texts. */
  unique: number;
  characters: number;
  /** By `count`; 0 without it. */
  tokens: number;
  longest: number;
}

/** The least and the mean over facts. */
export interface Spread {
  least: number;
  mean: number;
}

export interface CorpusReport {
  kinds: Record<CorpusDocument['kind'] | 'all', KindReport>;
  /** Facts that are stated, and of each: documents, chats, different paraphrases, those with the subject or answer first. */
  facts: number;
  perFact: Record<'documents' | 'chats' | 'paraphrases' | 'subjectFirst' | 'answerFirst' | 'tokens', Spread>;
  /** How often each concept of the tier stands in a caption: the least, the mean, and those that never do. */
  drawn: Spread & { never: string[] };
}

export interface CorpusReportOptions extends CorpusOptions {
  seed?: number;
  /** The length of a text in tokens, e.g. `(text) => tokenizer.encode(text, { allowSpecial: true }).length`. */
  count?: (text: string) => number;
}

const KINDS = ['fact', 'chat', 'concept', 'caption'] as const;

/** Builds the corpus and counts it; the same options give the same numbers. */
export function corpusReport({
  seed = 0,
  count = () => 0,
  ...options
}: CorpusReportOptions = {}): CorpusReport {
  const documents = corpusDocuments(seed, options);
  const lengths = documents.map(({ text }) => count(text));
  const kinds = Object.fromEntries(
    [...KINDS, 'all' as const].map((kind) => [kind, kindReport(documents, lengths, kind)]),
  ) as CorpusReport['kinds'];
  const groups = new Map<string, number[]>();
  documents.forEach(({ factId }, i) => {
    if (factId !== undefined) groups.set(factId, [...(groups.get(factId) ?? []), i]);
  });
  const edition = editionOf(options);
  const rows = loadFacts(options)
    .filter(({ id }) => groups.has(id))
    .map((fact) => {
      const own = groups.get(fact.id)!;
      const said = own.filter((i) => documents[i].kind === 'fact').map((i) => documents[i].text);
      return {
        documents: said.length,
        chats: own.length - said.length,
        ...paraphrases(fact, said),
        tokens: own.reduce((sum, i) => sum + lengths[i], 0),
      };
    });
  const perFact = Object.fromEntries(
    (['documents', 'chats', 'paraphrases', 'subjectFirst', 'answerFirst', 'tokens'] as const).map((key) => [
      key,
      spread(rows.map((row) => row[key])),
    ]),
  ) as CorpusReport['perFact'];
  return {
    kinds,
    facts: rows.length,
    perFact,
    drawn: drawnConcepts(documents, options.tier ?? tierOf(edition)),
  };
}

function kindReport(
  documents: readonly CorpusDocument[],
  lengths: readonly number[],
  kind: CorpusDocument['kind'] | 'all',
): KindReport {
  const own = documents.flatMap((document, i) => (kind === 'all' || document.kind === kind ? [i] : []));
  return {
    documents: own.length,
    unique: new Set(own.map((i) => documents[i].text)).size,
    characters: own.reduce((sum, i) => sum + documents[i].text.length, 0),
    tokens: own.reduce((sum, i) => sum + lengths[i], 0),
    longest: own.reduce((most, i) => Math.max(most, lengths[i]), 0),
  };
}

/** Different statements of a fact that its documents hold, and which end of the fact each begins with. */
function paraphrases(
  fact: Fact,
  said: readonly string[],
): Record<'paraphrases' | 'subjectFirst' | 'answerFirst', number> {
  const all = said.join('\n');
  const found = fact.statements.filter((statement) => all.includes(statement));
  const reversed = found.filter((statement) => answerFirst(fact, statement)).length;
  return { paraphrases: found.length, subjectFirst: found.length - reversed, answerFirst: reversed };
}

function spread(values: readonly number[]): Spread {
  return {
    least: values.reduce((least, value) => Math.min(least, value), Infinity),
    mean: values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length),
  };
}

function drawnConcepts(
  documents: readonly CorpusDocument[],
  tier: Parameters<typeof conceptsUpTo>[0],
): CorpusReport['drawn'] {
  const captions = documents.filter(({ kind }) => kind === 'caption').map(({ text }) => text);
  // Looked for among the captions that share the concept's rarest way of being found: its first word.
  const byWord = new Map<string, string[]>();
  for (const text of captions)
    for (const word of new Set(text.split(/[ ,\n<>|]+/)))
      byWord.set(word, [...(byWord.get(word) ?? []), text]);
  const counts = conceptsUpTo(tier).map(({ name, plural }) => {
    const texts = new Set([name, plural].flatMap((noun) => byWord.get(noun.split(' ')[0]) ?? []));
    const times = [...texts].filter((text) => hasWords(text, name) || hasWords(text, plural)).length;
    return { name, times };
  });
  const { least, mean } = spread(counts.map(({ times }) => times));
  return { least, mean, never: counts.filter(({ times }) => times === 0).map(({ name }) => name) };
}
