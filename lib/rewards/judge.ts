/**
 * The learned judge: loads `checkpoints/judge/`, reads pictures, and scores them for the rewards.
 * Evaluation must not use it (see evaluation/examiner).
 */
import * as path from 'node:path';
import { tf } from '../tensor';
import type { Params } from '../tensor';
import { loadSafetensors, readJson, saveSafetensors, writeAtomic } from '../checkpoint';
import { lineRow } from '../world';
import type { Background, Criteria } from '../world';
import { cellAgreement, figureAgreement } from './figure-reading';
import { panelPicture } from './panel-picture';
import { judgeForward, windowsOf } from './judge-model';
import { readObjects } from './judge-objects';
import type { JudgeConfig } from './judge-model';
import type { ObjectOutputs } from './judge-objects';
import type { PictureScore, Scorer, ScoreRequest } from './rewards';
import { conceptsAsked, semanticScore } from './semantics';
import type { SceneReading } from './semantics';

/** A reading that also knows how sound the picture is. */
export interface JudgeReading extends SceneReading {
  /** 1 = clean pixels, 0 = noise, blur or wrong colours beyond use. */
  aesthetic: number;
  /** 1 = structure intact, 0 = torn, shuffled, ghosted. */
  consistency: number;
  /** The n most likely concepts, most likely first. */
  top(n: number): { concept: string; probability: number }[];
}

const BATCH = 32;

export class Judge implements Scorer {
  readonly name: string = 'judge';
  private readonly conceptIndex: Map<string, number>;

  constructor(
    readonly config: JudgeConfig,
    readonly params: Params,
  ) {
    this.conceptIndex = new Map(config.concepts.map((id, i) => [id, i]));
  }

  /** @param dir a folder with config.json and model.safetensors */
  static fromPretrained(dir: string): Judge {
    const { config, params } = loadReader(dir);
    return new Judge(config, params);
  }

  save(dir: string): void {
    saveSafetensors(path.join(dir, 'model.safetensors'), this.params, {}, { dtype: 'F16' });
    writeAtomic(path.join(dir, 'config.json'), `${JSON.stringify(this.config, null, 1)}\n`);
  }

  parameters(): Params {
    return this.params;
  }

  /**
   * Reads pictures; `asked` names the concepts whose count, tint, size or place will be wanted, per picture.
   * @throws Error when a reading is asked for a concept, choice or object it has not looked at.
   */
  read(images: Uint8Array[], asked: string[][] = images.map(() => [])): JudgeReading[] {
    const readings: JudgeReading[] = [];
    for (let at = 0; at < images.length; at += BATCH)
      readings.push(...this.readBatch(images.slice(at, at + BATCH), asked.slice(at, at + BATCH)));
    return readings;
  }

  /** The reward contract: see `scorePictures`, which checks what comes out. */
  score({ images, criteria }: ScoreRequest): Omit<PictureScore, 'total'>[] {
    return this.read(images, criteria.map(conceptsAsked)).map((reading, i) =>
      scoreReading(reading, criteria[i]),
    );
  }

  private readBatch(images: Uint8Array[], asked: string[][]): JudgeReading[] {
    const pairs = asked.flatMap((names, row) => names.map((concept) => ({ row, concept })));
    const rows = pairs.map((p) => p.row);
    const columns = pairs.map(({ concept }) => this.indexOf(concept));
    const raw = tidy(() => {
      const outputs = judgeForward(this.config, this.params, windowsOf(this.config, images));
      const rowsOf = (x: tf.Tensor): number[][] => x.arraySync() as number[][];
      const choices: Record<string, number[][]> = {};
      for (const [name, logits] of Object.entries(outputs.choices))
        choices[name] = rowsOf(tf.softmax(logits));
      return {
        presence: rowsOf(tf.sigmoid(outputs.presence)),
        quality: rowsOf(tf.sigmoid(outputs.quality)),
        choices,
        glyphs: outputs.glyphs ? (tf.softmax(outputs.glyphs).arraySync() as number[][][]) : undefined,
        objects: pairs.length > 0 ? objectRows(readObjects(this.params, outputs, { rows, columns })) : [],
      };
    });
    return images.map((image, row) => {
      const objects = new Map<string, ObjectRow>();
      pairs.forEach((pair, i) => pair.row === row && objects.set(pair.concept, raw.objects[i]));
      return this.reading(image, asked[row], {
        presence: raw.presence[row],
        quality: raw.quality[row],
        choices: Object.fromEntries(Object.entries(raw.choices).map(([name, rows]) => [name, rows[row]])),
        glyphs: raw.glyphs?.[row],
        objects,
      });
    });
  }

  private reading(image: Uint8Array, asked: string[], raw: RawReading): JudgeReading {
    const { config } = this;
    const object = (concept: string): ObjectRow => {
      const found = raw.objects.get(concept);
      if (!found) throw new Error(`judge: "${concept}" was not asked for when the picture was read`);
      return found;
    };
    const choice = (name: string, value: string): number => {
      if (!config.choices[name]) throw new Error(`judge: it was not trained to tell "${name}"`);
      // A colour that is left out is said as `false` in criteria, like a flag that is off.
      const values = config.choices[name];
      const wanted = value === 'false' && !values.includes('false') ? 'none' : value;
      return raw.choices[name][known(values, wanted, name)];
    };
    const background = (): Background =>
      mostLikely(config.choices.background, raw.choices.background) as Background;
    const panels = new Map<number, JudgeReading>();
    return {
      aesthetic: raw.quality[0],
      consistency: raw.quality[1],
      has: (concept) => raw.presence[this.indexOf(concept)],
      counts: (concept) => object(concept).count,
      tint: (concept, colour) => object(concept).tint[known(config.tints, colour, 'tint')],
      size: (concept, size) => object(concept).size[known(config.sizes, size, 'size')],
      place: (concept) => centreOf(object(concept).where, config.imageSize / config.cell),
      turn: (concept, degrees) => object(concept).turn[known(config.turns, degrees, 'turn')],
      choice,
      figure: (p) => choice('figure', p.name) * figureAgreement(image, p, background()),
      cell: (at, value) => {
        const scores = (['tic-tac-toe', 'sudoku'] as const).map(
          (name) =>
            choice('figure', name) * cellAgreement(image, name, { at, value, background: background() }),
        );
        return Math.max(...scores);
      },
      panel: (index) => {
        let panel = panels.get(index);
        if (!panel) panels.set(index, (panel = this.read([panelPicture(image, index - 1)], [asked])[0]));
        return panel;
      },
      text: (lines) => this.textShare(image, raw.glyphs, lines),
      top: (n) =>
        raw.presence
          .map((probability, i) => ({ concept: config.concepts[i], probability }))
          .sort((a, b) => b.probability - a.probability)
          .slice(0, n),
    };
  }

  /** How well lines are written; a reader that measures it another way overrides this. */
  protected textShare(_image: Uint8Array, glyphs: number[][] | undefined, lines: string[]): number {
    return textScore(this.config, glyphs, lines);
  }

  private indexOf(concept: string): number {
    const at = this.conceptIndex.get(concept);
    if (at === undefined) throw new Error(`judge: it was not trained on concept "${concept}"`);
    return at;
  }
}

/** Reads a scene reader's folder: config.json and model.safetensors. @throws when they do not fit together */
export function loadReader(dir: string): { config: JudgeConfig; params: Params } {
  const config = readJson(path.join(dir, 'config.json')) as JudgeConfig;
  if (config.trunk !== 'attention' && config.trunk !== 'shift')
    throw new Error(
      `${dir}/config.json: trunk is ${JSON.stringify(config.trunk)}, want "attention" or "shift" (a judge of an ` +
        'older version has none: train it again with npm run train:judge)',
    );
  for (const key of ['hiddenSize', 'layers', 'heads', 'imageSize', 'maxCount'] as const)
    if (!Number.isInteger(config[key]) || config[key] < 1)
      throw new Error(
        `${dir}/config.json: ${key} is ${JSON.stringify(config[key])}, want a positive integer`,
      );
  const params = loadSafetensors(path.join(dir, 'model.safetensors'));
  const found = params['concept.weight']?.shape[0];
  if (found !== config.concepts.length)
    throw new Error(
      `${dir}/model.safetensors: concept.weight has ${found} rows, want ${config.concepts.length}`,
    );
  return { config, params };
}

/** Semantic, aesthetic and consistency scores of one reading against what the picture should show. */
export function scoreReading(reading: JudgeReading, criteria: Criteria): Omit<PictureScore, 'total'> {
  const { semantic, answer, details, parts } = semanticScore(reading, criteria);
  return {
    semantic,
    aesthetic: reading.aesthetic,
    consistency: reading.consistency,
    parts: { ...parts, answer, details },
  };
}

/** tf.tidy for functions that return plain numbers. */
function tidy<T>(f: () => T): T {
  return tf.tidy(f as unknown as () => tf.TensorContainer) as unknown as T;
}

const mostLikely = (values: string[], shares: number[]): string =>
  values[shares.reduce((best, share, i) => (share > shares[best] ? i : best), 0)];

/** What the network says of one picture, as shares. */
interface RawReading {
  presence: number[];
  quality: number[];
  choices: Record<string, number[]>;
  glyphs?: number[][];
  objects: Map<string, ObjectRow>;
}

interface ObjectRow {
  count: number[];
  tint: number[];
  size: number[];
  turn: number[];
  where: number[];
}

function objectRows({ where, ...heads }: ObjectOutputs): ObjectRow[] {
  const rows = (name: keyof typeof heads): number[][] => tf.softmax(heads[name]).arraySync() as number[][];
  const [count, tint, size, turn] = [rows('count'), rows('tint'), rows('size'), rows('turn')];
  return where
    .arraySync()
    .map((at, i) => ({ count: count[i], tint: tint[i], size: size[i], turn: turn[i], where: at }));
}

/** Mean cell position under weights that sum to 1, both axes in [0, 1]. */
function centreOf(where: number[], side: number): { x: number; y: number } {
  let [x, y] = [0, 0];
  where.forEach((w, t) => {
    x += (w * ((t % side) + 0.5)) / side;
    y += (w * (Math.floor(t / side) + 0.5)) / side;
  });
  return { x, y };
}

function known(values: string[], value: string, what: string): number {
  const at = values.indexOf(value);
  if (at < 0)
    throw new Error(`judge: it was not trained on ${what} "${value}", want one of ${values.join(', ')}`);
  return at;
}

/** Mean probability of the wanted glyphs, cell by cell, in whichever of the two line layouts reads better. */
function textScore(config: JudgeConfig, glyphs: number[][] | undefined, lines: string[]): number {
  if (!glyphs) throw new Error('judge: it was not trained to read text');
  const side = config.imageSize / config.cell;
  const score = (crowded: boolean): number => {
    let [sum, n] = [0, 0];
    lines.forEach((line, i) =>
      [...line].forEach((character, column) => {
        const at = known(config.glyphs, character, 'the character');
        sum += glyphs[lineRow(i, crowded) * side + column]?.[at] ?? 0;
        n++;
      }),
    );
    return n === 0 ? 1 : sum / n;
  };
  return lines.length <= 2 ? Math.max(score(false), score(true)) : score(false);
}
