/** The memorisation part of the base suite: gathers candidates for each drawn picture and compares. */
import {
  type Examiner,
  examinerFeatures,
  type MemoryCase,
  memoryCase,
  nearestFirst,
  nearTraining,
  ownRenders,
  type PainterWorld,
  saysAll,
  spreadOf,
  type SuitePicture,
  trainingScene,
} from '../../lib/evaluation';
import { RandomStream } from '../../lib/tensor';
import { parsePartial, renderScene } from '../../lib/world';
import { type BaseOptions, progressOf } from './base-options';

/** Training renders of a caption's own concepts whose features are compared. */
const READ = 24;

/** Compares at most `memory` of the pictures whose captions say all, spread over the kinds. */
export async function memoryCases(
  { memory, pool, same, seed }: BaseOptions,
  world: PainterWorld,
  { examiner, pictures }: { examiner: Examiner; pictures: readonly SuitePicture[] },
): Promise<MemoryCase[]> {
  const able = RandomStream.of(seed, 'base-suite', 'memory').shuffle(
    pictures.filter((picture) => picture.spec.objects.length > 0 && saysAll(picture)),
  );
  const chosen = able.slice(0, memory);
  if (chosen.length === 0)
    throw new Error('memorisation: no caption says all of its scene, want more captions');
  const features = (images: Uint8Array[]): Promise<Float32Array[]> => examinerFeatures(examiner, images);
  const rng = RandomStream.of(seed, 'base-suite', 'training');
  const random = Array.from({ length: pool }, () => renderScene(trainingScene(rng, world)));
  const show = progressOf('training pictures');
  const poolFeatures = await examinerFeatures(examiner, random, show);
  const spread = spreadOf(poolFeatures);
  const shared = random.map((image, i) => ({ image, features: poolFeatures[i] }));
  const progress = progressOf('memorisation');
  const cases: MemoryCase[] = [];
  for (const { spec, caption, image } of chosen) {
    // An artist that the caption names is the only right one.
    const style = parsePartial(caption)?.style;
    const own = ownRenders(spec, style ? [style] : world.artists);
    // Features take the examiner a while: of these many, only the nearest in pixels have them read.
    const [near, others] = nearestFirst(image, nearTraining(spec, world, { count: same, rng }), READ);
    const read = await features([image, ...own, ...near]);
    const candidate = (i: number, picture: Uint8Array) => ({ image: picture, features: read[i] });
    cases.push(
      memoryCase(caption, candidate(0, image), {
        own: own.map((picture, i) => candidate(1 + i, picture)),
        training: [
          ...near.map((picture, i) => candidate(1 + own.length + i, picture)),
          ...others.map((picture) => ({ image: picture })),
          ...shared,
        ],
        spread,
      }),
    );
    progress(cases.length, chosen.length);
  }
  return cases;
}
