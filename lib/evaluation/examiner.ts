/**
 * The examiner: the learned reader of evaluation, `checkpoints/examiner/`. It shares no body, seed or extra artists with
 * the judge that training is rewarded by, never takes part in training, and measures writing exactly instead of
 * guessing it.
 */
import { conceptsAsked, Judge, loadReader, semanticScore } from '../rewards';
import type { JudgeReading } from '../rewards';
import { textAgreement } from '../world';
import type { Criteria } from '../world';
import type { BenchmarkReader } from './benchmarks';
import type { ReaderScore } from './template-reader';

export class Examiner extends Judge {
  override readonly name: string = 'examiner';

  /** @param dir a folder with config.json and model.safetensors, `checkpoints/examiner` */
  static override fromPretrained(dir: string): Examiner {
    const { config, params } = loadReader(dir);
    return new Examiner(config, params);
  }

  /** Scores pictures against their criteria, one each. @throws when there are not as many of both */
  scores(images: Uint8Array[], criteria: Criteria[]): ReaderScore[] {
    if (images.length !== criteria.length)
      throw new Error(`examiner: ${images.length} images and ${criteria.length} criteria, want as many`);
    return this.read(images, criteria.map(conceptsAsked)).map((reading, i) => ({
      ...semanticScore(reading, criteria[i]),
      soundness: soundnessOf(reading),
    }));
  }

  protected override textShare(image: Uint8Array, _glyphs: number[][] | undefined, lines: string[]): number {
    return textAgreement(image, lines);
  }
}

/** The examiner as the reader of benchmark sets. */
export function examinerReader(examiner: Examiner): BenchmarkReader {
  return {
    name: examiner.name,
    read: (images, items) => {
      const asked = items.map(({ criteria }) =>
        conceptsAsked({
          answer: criteria.flatMap((question) => ('predicate' in question ? [question.predicate] : [])),
          details: [],
        }),
      );
      return examiner
        .read(images, asked)
        .map((scene) => ({ scene, soundness: soundnessOf(scene), aesthetic: scene.aesthetic }));
    },
  };
}

/** Whole and clean at once: the smaller of consistency and aesthetic. */
export function soundnessOf({ aesthetic, consistency }: JudgeReading): number {
  return Math.min(aesthetic, consistency);
}
