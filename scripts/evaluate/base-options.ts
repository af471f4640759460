/** Options of the base suite, and what its parts share. */
import { drawProgress, nonNegativeInteger, oneOf, parseCli, positiveInteger } from '../../lib/checkpoint';
import { DEFAULT_GUIDANCE } from '../../lib/pipeline';
import { EDITIONS } from '../../lib/world';
import type { Edition } from '../../lib/world';

export const PARTS = ['lm', 'painter', 'distance', 'memory'] as const;
export type Part = (typeof PARTS)[number];

const DEFAULTS = {
  suite: 'base' as 'facts' | 'base',
  model: 'checkpoints/base',
  parts: [...PARTS] as Part[],
  edition: null as Edition | null,
  facts: 0,
  captions: 200,
  extra: 40,
  steps: 20,
  guidance: DEFAULT_GUIDANCE,
  memory: 100,
  pool: 1000,
  same: 64,
  seed: 11,
  batch: 16,
  sweep: false,
  sweepCaptions: 16,
  sweepGuidance: [1, 2, 3, 4, 6],
  sweepSteps: [5, 10, 20, 40],
  examiner: 'checkpoints/examiner',
  out: 'out/evaluation/base',
  results: false,
};
export type BaseOptions = typeof DEFAULTS;

export function baseOptions(): BaseOptions {
  const options = parseCli(DEFAULTS, {
    name: 'npm run evaluate -- --suite base',
    help:
      'Measures a base model: the facts its language model recalls, the held-out literal captions its painter draws, ' +
      'how far its pictures are from true renders, and whether they are copies of training pictures.',
    describe: {
      suite: 'base; facts: prompts drawn by models (the default of npm run evaluate)',
      model: 'model folder; its training.json says which facts, concepts and artists it was trained on',
      parts: `which of ${PARTS.join(', ')}; distance and memory need the painter's pictures and draw them`,
      edition: 'facts to ask for; null: those that the language model has read',
      facts: 'at most so many of each split; 0: all',
      captions: 'pictures of each kind that has a target',
      extra: 'pictures of each kind without one (relations, slots, props, styles, figures)',
      memory: 'drawn pictures that are compared with training renders, at most',
      pool: 'random training renders that each is compared with',
      same: 'further random training renders of the concepts of each',
      sweep: 'instead of the parts: guidance and steps over a grid, on captions that the report does not use',
      sweepCaptions: 'captions of each kind at each point of the grid',
      results: 'also write docs/results/base-suite.json',
    },
    checks: {
      suite: oneOf('facts', 'base'),
      parts: {
        want: `some of ${PARTS.join(',')}`,
        ok: (v) => Array.isArray(v) && v.length > 0 && v.every((part) => PARTS.includes(part as Part)),
      },
      edition: oneOf(null, ...EDITIONS),
      facts: nonNegativeInteger,
      captions: positiveInteger,
      extra: nonNegativeInteger,
      steps: positiveInteger,
      memory: positiveInteger,
      pool: positiveInteger,
      same: nonNegativeInteger,
      batch: positiveInteger,
      sweepCaptions: positiveInteger,
    },
  });
  return options;
}

/** A progress line with the time left. */
export function progressOf(label: string): (done: number, total: number) => void {
  const began = Date.now();
  const show = drawProgress(label, []);
  return (done, total) => {
    const seconds = (Date.now() - began) / 1000;
    show({ step: done, steps: total, seconds, left: (seconds / done) * (total - done), record: {} });
  };
}
