/**
 * The benchmark protocol: conceptual prompts of a split, drawn literally or after thinking, scored by the
 * template reader, summarised by family with bootstrap intervals over facts (prompts of one fact are averaged).
 */
import type { ThinkThenGenerate } from '../pipeline';
import { parseCaption, specSatisfies } from '../world';
import type { Criteria, FactPrompt } from '../world';
import { bootstrapMean } from './bootstrap';
import type { Interval } from './bootstrap';
import { readerScores } from './template-reader';
import type { ReaderScore } from './template-reader';
import { markOf, overallWiScore, wiScore, wiseCategoryOf } from './wiscore';

export type Mode = 'think' | 'literal';

export interface BenchmarkOptions {
  steps?: number;
  guidance?: number;
  seed?: number;
  /** Pictures per prompt. Default 1. */
  samplesPerPrompt?: number;
  /** Prompts drawn in one batch. Default 8. */
  batch?: number;
  maxNewTokens?: number;
  /** Who scores; default the template reader. Never the judge that training was rewarded by. */
  read?: (images: Uint8Array[], criteria: Criteria[]) => ReaderScore[];
  onProgress?: (done: number, total: number) => void;
}

export interface BenchmarkRow {
  factId: string;
  family: string;
  prompt: string;
  refinedPrompt: string;
  thought: string;
  fallback: boolean;
  /** The refined prompt, read as a caption, holds the answer: what the language model alone got right. */
  textCorrect: number;
  /** Means over the prompt's pictures. */
  semantic: number;
  answer: number;
  wiScore: number;
  image: Uint8Array;
}

export interface BenchmarkSummary {
  prompts: number;
  facts: number;
  /** By metric, over all facts. */
  overall: Record<'semantic' | 'answer' | 'textCorrect', Interval>;
  /** Mean semantic score by family. */
  families: Record<string, Interval>;
  /** Machine marks in WISE's formula and weights; absent without WISE families. */
  wiScore?: { overall: number; categories: Record<string, number> };
  fallbackRate: number;
}

/** Draws and scores every prompt. */
export async function runBenchmark(
  pipeline: ThinkThenGenerate,
  prompts: FactPrompt[],
  { mode, ...options }: BenchmarkOptions & { mode: Mode },
): Promise<BenchmarkRow[]> {
  const { batch = 8, samplesPerPrompt = 1, seed = 0, read = readerScores } = options;
  const rows: BenchmarkRow[] = [];
  for (let at = 0; at < prompts.length; at += batch) {
    const part = prompts.slice(at, at + batch);
    const thoughts =
      mode === 'think'
        ? await pipeline.thinkMany(
            part.map((p) => p.prompt),
            { maxNewTokens: options.maxNewTokens },
          )
        : part.map((p) => ({ refinedPrompt: p.prompt, thought: '', fallback: false }));
    const pictures: Uint8Array[][] = part.map(() => []);
    for (let s = 0; s < samplesPerPrompt; s++) {
      // A prompt's noise is its own, the same in every mode and model.
      const seeds = part.map((_, i) => seed + (at + i) * 1000 + s);
      const drawn = await pipeline.draw(
        thoughts.map((t) => t.refinedPrompt),
        { ...options, seeds },
      );
      drawn.forEach((image, i) => pictures[i].push(image));
    }
    part.forEach((p, i) => rows.push(rowOf(p, thoughts[i], { pictures: pictures[i], read })));
    options.onProgress?.(rows.length, prompts.length);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return rows;
}

function rowOf(
  { factId, family, prompt, criteria }: FactPrompt,
  { refinedPrompt, thought, fallback }: { refinedPrompt: string; thought: string; fallback: boolean },
  { pictures, read }: { pictures: Uint8Array[]; read: NonNullable<BenchmarkOptions['read']> },
): BenchmarkRow {
  const scores = read(
    pictures,
    pictures.map(() => criteria),
  );
  const mean = (f: (s: ReaderScore) => number): number =>
    scores.reduce((sum, s) => sum + f(s), 0) / scores.length;
  return {
    factId,
    family,
    prompt,
    refinedPrompt,
    thought,
    fallback,
    textCorrect: textCorrect(refinedPrompt, criteria),
    semantic: mean((s) => s.semantic),
    answer: mean((s) => s.answer),
    wiScore: mean((s) => wiScore(markOf(s.semantic), markOf(s.soundness), markOf(s.soundness))),
    image: pictures[0],
  };
}

/** 1 when the text, read as a literal caption, satisfies every answer predicate; 0 when not, or when it is no caption. */
export function textCorrect(text: string, criteria: Criteria): 0 | 1 {
  const spec = parseCaption(text);
  return spec && criteria.answer.every((p) => specSatisfies(spec, p)) ? 1 : 0;
}

/** Means and intervals of a benchmark run; the facts are what is resampled. */
export function summarise(rows: BenchmarkRow[], seed = 0): BenchmarkSummary {
  if (rows.length === 0) throw new Error('benchmark: there are no rows to summarise');
  const facts = [...new Set(rows.map((r) => r.factId))];
  const interval = (
    some: BenchmarkRow[],
    metric: 'semantic' | 'answer' | 'textCorrect' | 'wiScore',
  ): Interval => {
    const byFact = new Map<string, number[]>();
    for (const row of some) byFact.set(row.factId, [...(byFact.get(row.factId) ?? []), row[metric]]);
    return bootstrapMean(
      [...byFact.values()].map((v) => v.reduce((a, b) => a + b, 0) / v.length),
      { seed },
    );
  };
  const families = [...new Set(rows.map((r) => r.family))].sort();
  const ofFamily = (family: string): BenchmarkRow[] => rows.filter((r) => r.family === family);
  const categories = Object.fromEntries(
    families.flatMap((family) => {
      const category = wiseCategoryOf(family);
      return category ? [[category, interval(ofFamily(family), 'wiScore').mean]] : [];
    }),
  );
  return {
    prompts: rows.length,
    facts: facts.length,
    overall: {
      semantic: interval(rows, 'semantic'),
      answer: interval(rows, 'answer'),
      textCorrect: interval(rows, 'textCorrect'),
    },
    families: Object.fromEntries(families.map((f) => [f, interval(ofFamily(f), 'semantic')])),
    wiScore:
      Object.keys(categories).length > 0 ? { overall: overallWiScore(categories), categories } : undefined,
    fallbackRate: rows.filter((r) => r.fallback).length / rows.length,
  };
}

/** A Markdown table: one row a system, semantic score overall and by family, with intervals. */
export function benchmarkTable(systems: Record<string, BenchmarkSummary>): string {
  const families = [...new Set(Object.values(systems).flatMap((s) => Object.keys(s.families)))].sort();
  const cell = (i?: Interval): string =>
    i ? `${i.mean.toFixed(2)} [${i.low.toFixed(2)}, ${i.high.toFixed(2)}]` : '';
  return [
    `| system | semantic | answer | text | WiScore | ${families.join(' | ')} |`,
    `|---|---|---|---|---|${families.map(() => '---').join('|')}|`,
    ...Object.entries(systems).map(([name, s]) => {
      const { semantic, answer, textCorrect: text } = s.overall;
      const cells = [cell(semantic), cell(answer), cell(text), s.wiScore?.overall.toFixed(3) ?? ''];
      return `| ${name} | ${[...cells, ...families.map((f) => cell(s.families[f]))].join(' | ')} |`;
    }),
  ].join('\n');
}
