/** Draws and scores a benchmark set: any generator, any reader; the two know nothing of each other. */
import { RandomStream } from '../../tensor';
import { editPictures, SCENE_SIZE } from '../../world';
import { markPicture } from './metrics';
import { restKept } from './rest-kept';
import type { BenchmarkItem, BenchmarkReader, PictureReading, ScoredItem } from './types';

/** What is to be drawn. */
export interface DrawRequest {
  item: BenchmarkItem;
  /** The prompt's own noise: the same whatever else is drawn with it, in every model and mode. */
  seed: number;
  /** Edits: the picture before, 64 * 64 * 3 RGB bytes, for models that read pictures. */
  before?: Uint8Array;
}

export interface Drawing {
  /** 64 * 64 * 3 RGB bytes. */
  image: Uint8Array;
  /** What the painter was told; empty when it is the prompt. */
  refinedPrompt?: string;
  thought?: string;
  /** True when the response broke the format. */
  fallback?: boolean;
}

/** A model under test: draws one picture a request, in order. */
export type Drawer = (requests: DrawRequest[]) => Promise<Drawing[]> | Drawing[];

/** What is used of a `ThinkThenGenerate`. */
export interface PipelineLike {
  thinkMany(
    prompts: string[],
    options?: { maxNewTokens?: number },
  ): Promise<{ refinedPrompt: string; thought: string; fallback: boolean }[]>;
  draw(
    captions: string[],
    options?: { steps?: number; guidance?: number; seeds?: number[] },
  ): Promise<Uint8Array[]>;
}

export interface PipelineDrawerOptions {
  /** `literal` draws the prompt as it stands. */
  mode: 'think' | 'literal';
  steps?: number;
  guidance?: number;
  maxNewTokens?: number;
}

/** A pipeline as a drawer. It reads no pictures: an edit is told by its prompt, what is seen before and what is asked. */
export function pipelineDrawer(pipeline: PipelineLike, options: PipelineDrawerOptions): Drawer {
  const { mode, maxNewTokens, ...settings } = options;
  return async (requests) => {
    const prompts = requests.map(({ item }) => item.prompt);
    const thoughts =
      mode === 'think'
        ? await pipeline.thinkMany(prompts, { maxNewTokens })
        : prompts.map((prompt) => ({ refinedPrompt: prompt, thought: '', fallback: false }));
    const images = await pipeline.draw(
      thoughts.map(({ refinedPrompt }) => refinedPrompt),
      { ...settings, seeds: requests.map(({ seed }) => seed) },
    );
    return thoughts.map((thought, i) => ({ ...thought, image: images[i] }));
  };
}

export interface SetRunOptions {
  drawer: Drawer;
  reader: BenchmarkReader;
  seed?: number;
  /** Pictures of each item; their metrics are averaged. Default 1. */
  samplesPerPrompt?: number;
  /** Items drawn at once. Default 8. */
  batch?: number;
  onProgress?: (done: number, total: number) => void;
}

export interface SetRow extends ScoredItem {
  prompt: string;
  subDomain: string;
  /** Of the first picture: each question and what came of it. */
  answers: { question: string; score: number; answer: number }[];
  drawing: Drawing;
}

/**
 * Draws and scores every item.
 * @returns one row an item, in order; `summariseSet(rows, { scheme: SCHEME_OF[name] })` sums them up
 * @throws when the drawer or reader gives another number of pictures or readings than asked, or a number out of range
 */
export async function runBenchmarkSet(
  items: readonly BenchmarkItem[],
  options: SetRunOptions,
): Promise<SetRow[]> {
  const { drawer, reader, seed = 0, samplesPerPrompt = 1, batch = 8 } = options;
  for (const [name, value] of Object.entries({ samplesPerPrompt, batch }))
    if (!Number.isInteger(value) || value < 1)
      throw new RangeError(`${name} is ${value}, want a positive integer`);
  const rows: SetRow[] = [];
  for (let at = 0; at < items.length; at += batch) {
    const part = items.slice(at, at + batch);
    const drawn: Drawing[][] = [];
    const read: PictureReading[][] = [];
    for (let sample = 0; sample < samplesPerPrompt; sample++) {
      const drawings = await drawer(part.map((item) => requestOf(item, seed, sample)));
      asMany('the generator drew', 'pictures', [drawings.length, part.length]);
      drawings.forEach(({ image }, i) => requirePicture(image, part[i].id));
      const readings = await reader.read(
        drawings.map(({ image }) => image),
        part,
      );
      asMany(`reader "${reader.name}" gave`, 'readings', [readings.length, part.length]);
      drawn.push(drawings);
      read.push(readings);
    }
    part.forEach((item, i) =>
      rows.push(
        rowOf(
          item,
          drawn.map((drawings, s) => ({ drawing: drawings[i], reading: read[s][i] })),
        ),
      ),
    );
    options.onProgress?.(rows.length, items.length);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return rows;
}

function asMany(who: string, what: string, [found, wanted]: [number, number]): void {
  if (found !== wanted) throw new Error(`${who} ${found} ${what}, want ${wanted}`);
}

const PICTURE_BYTES = SCENE_SIZE * SCENE_SIZE * 3;

function requirePicture(image: Uint8Array | undefined, id: string): void {
  if (image?.length !== PICTURE_BYTES)
    throw new Error(`${id}: the generator drew ${image?.length} bytes, want ${PICTURE_BYTES}`);
}

function requestOf(item: BenchmarkItem, seed: number, sample: number): DrawRequest {
  const before = item.edit && editPictures({ before: item.edit.before, after: item.scene }).before;
  return {
    item,
    seed: RandomStream.of(seed, 'benchmark', item.id, sample).int(2 ** 31),
    ...(before && { before }),
  };
}

function rowOf(
  item: BenchmarkItem,
  pictures: readonly { drawing: Drawing; reading: PictureReading }[],
): SetRow {
  const marked = pictures.map(({ drawing, reading }) =>
    markPicture(item, reading, item.edit && restKept(item, drawing.image)),
  );
  const metrics = Object.fromEntries(
    Object.keys(marked[0].metrics).map((name) => [
      name,
      marked.reduce((sum, one) => sum + one.metrics[name], 0) / marked.length,
    ]),
  );
  return {
    id: item.id,
    category: item.category,
    subDomain: item.subDomain,
    cluster: item.factId ?? item.editId ?? item.id,
    prompt: item.prompt,
    metrics,
    answers: marked[0].answers.map((answer, i) => ({ question: item.criteria[i].question, ...answer })),
    drawing: pictures[0].drawing,
  };
}
