/**
 * `npm run evaluate`: measures models. `--suite facts` (default): prompts about facts, drawn and scored by the examiner.
 * `--suite base`: what a base model knows and how well it draws literal captions that it was not trained on.
 */
import { evaluateBase } from './evaluate/base';
import { evaluateFacts } from './evaluate/facts';

// Each suite has options of its own, so the suite is looked for first; what is no suite is refused by facts' check.
const { argv } = process;
const base = argv.includes('--suite=base') || argv[argv.indexOf('--suite') + 1] === 'base';
(base ? evaluateBase : evaluateFacts)().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
