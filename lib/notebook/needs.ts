/** What a notebook needs on disk before it can begin, told together with the command that makes it. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { findPart } from '../checkpoint';

/** Which command writes a part of the base model. */
const PARTS: Record<string, string> = {
  tokenizer: 'npm run tokenizer',
  text_encoder: 'npm run pretrain:lm',
  transformer: 'npm run pretrain:dit',
  scheduler: 'npm run pretrain:dit',
};
/** Which command writes a whole folder. */
const FOLDERS: Record<string, string> = {
  sft: 'npm run sft',
  judge: 'npm run train:judge',
  examiner: 'npm run train:examiner',
  'think-then-generate': 'npm run dual-grpo',
};
/** Folders of a reader: no parts, only weights and their config. */
const READERS = ['judge', 'examiner'];
const MODEL_PARTS = ['tokenizer', 'text_encoder', 'transformer', 'scheduler'];

/**
 * Checks that checkpoint folders are there with all their parts (a base's parts count), before a cell trips over
 * one that is not.
 * @param folders paths such as `checkpoints/sft`; `{ dir, parts }` asks for some parts only
 * @throws one error that lists everything missing, each with the command that makes it
 */
export function requireCheckpoints(...folders: (string | { dir: string; parts: string[] })[]): void {
  const missing = folders.flatMap((folder) => {
    const { dir, parts } = typeof folder === 'string' ? { dir: folder, parts: MODEL_PARTS } : folder;
    const name = path.basename(dir);
    if (READERS.includes(name)) {
      const whole = ['config.json', 'model.safetensors'].every((file) => fs.existsSync(path.join(dir, file)));
      return whole ? [] : [`${dir}: not there; \`${FOLDERS[name]}\` makes it`];
    }
    if (!fs.existsSync(path.join(dir, 'model_index.json'))) {
      const commands = FOLDERS[name] ?? [...new Set(parts.map((part) => PARTS[part]))].join('`, `');
      return [`${dir}: not there; \`${commands}\` makes it`];
    }
    return parts
      .filter((part) => findPart(dir, part) === undefined)
      .map(
        (part) => `${dir}: has no ${part}/; \`${PARTS[part] ?? FOLDERS[name] ?? 'npm run sft'}\` makes it`,
      );
  });
  if (missing.length > 0)
    throw new Error(
      `This notebook needs checkpoints that are not here (they come with the repository):\n${missing.join('\n')}`,
    );
}

/** A run's log as rows, from the first of these files that exists; null when none does. */
export function firstLog(...files: string[]): { file: string; rows: Record<string, unknown>[] } | null {
  const file = files.find((name) => fs.existsSync(name));
  if (file === undefined) return null;
  const rows = fs
    .readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as Record<string, unknown>];
      } catch {
        return []; // an empty last line, or one that a running training has not finished
      }
    });
  return { file, rows };
}
