/** Scenes that are wrong in the one thing that a caption's kind asks about: how often the marker lets such pictures pass. */
import { RandomStream } from '../../tensor';
import { artistsOf, BACKGROUNDS, COLOURS, hasTime, sceneProblems, SIZES, TIMES } from '../../world';
import type { Count, SceneObject, SceneSpec } from '../../world';
import type { SuiteScene } from './scenes';

const ATTEMPTS = 200;

/**
 * The scene with another concept (single, two), number, colour, size, background or hour, or writing, by the same artist;
 * undefined for kinds without a target. Numbers differ by one: the mistake that is made.
 */
export function wrongScene(
  { kind, spec }: SuiteScene,
  { concepts, rng }: { concepts: readonly string[]; rng: RandomStream },
): SceneSpec | undefined {
  const [object, ...rest] = spec.objects;
  const changed = (more: Partial<SceneObject>): SceneSpec => ({
    ...spec,
    objects: [{ ...object, ...more }, ...rest],
  });
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    let wrong: SceneSpec;
    switch (kind) {
      case 'single':
      case 'two':
        wrong = changed({ concept: rng.pick(concepts) });
        if (spec.objects.some(({ concept }) => concept === wrong.objects[0].concept)) continue;
        break;
      case 'count':
        wrong = changed({ count: ((object.count ?? 1) + (rng.uniform() < 0.5 ? 1 : -1)) as Count });
        break;
      case 'colour':
        wrong = changed({ tint: rng.pick(COLOURS.filter((colour) => colour !== object.tint)) });
        break;
      case 'size':
        wrong = changed({ size: rng.pick(SIZES.filter((size) => size !== object.size)) });
        break;
      case 'background': {
        const { time, ...timeless } = spec;
        if (time && rng.uniform() < 0.5)
          wrong = { ...spec, time: rng.pick(TIMES.filter((other) => other !== time)) };
        else {
          const background = rng.pick(BACKGROUNDS.filter((other) => other !== spec.background));
          wrong = { ...timeless, background, ...(time && hasTime(background) && { time }) };
        }
        break;
      }
      case 'text': {
        const [line] = spec.text ?? [''];
        const at = rng.int(line.length);
        const letter = rng.pick([...'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789']);
        if (letter === line[at]) continue;
        wrong = { ...spec, text: [line.slice(0, at) + letter + line.slice(at + 1)] };
        break;
      }
      default:
        return undefined;
    }
    if (wrong.style && !artistsOf(wrong).includes(wrong.style)) continue;
    if (sceneProblems(wrong).length === 0) return wrong;
  }
  return undefined;
}
