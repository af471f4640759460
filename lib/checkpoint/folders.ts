// diffusers-style model folders: model_index.json and one folder a part. A fine-tuned folder may name a "base"
// whose parts it shares, so that a stage stores only what it changed.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { readJsonObject, show } from './files';

export interface ModelIndex extends Record<string, unknown> {
  /** The folder, relative to this one, that holds the parts absent here. */
  base?: string;
}

/** Reads `dir`/model_index.json. Throws, saying which command makes the folder, when it is not there. */
export function readModelIndex(dir: string): ModelIndex {
  const file = path.join(dir, 'model_index.json');
  if (!fs.existsSync(file)) {
    const what = fs.existsSync(dir) ? 'has no model_index.json' : 'there is no such folder';
    throw new Error(`${dir}: ${what}; ${howToMake(dir)}`);
  }
  const index = readJsonObject(file);
  if (index.base !== undefined && (typeof index.base !== 'string' || index.base === ''))
    throw new Error(`${file}: base is ${show(index.base)}, want the path of a model folder, as in "../base"`);
  return index as ModelIndex;
}

/**
 * The folder of one part ("text_encoder", "transformer", "tokenizer", "scheduler", "vae"): `dir`/part when it is
 * there, else that of the base, and so on. Throws when no folder of the chain has it.
 */
export function resolvePart(dir: string, part: string): string {
  const found = findPart(dir, part);
  if (found !== undefined) return found;
  const chain = baseChain(dir);
  const where =
    chain.length === 1
      ? `${dir}: has no ${part}/`
      : `${dir}: no ${part}/ here or in ${chain.slice(1).join(', ')}`;
  throw new Error(`${where}; ${howToMake(chain[chain.length - 1])}`);
}

/** Like `resolvePart`, but undefined for a part that the chain does not have (a vae, say). */
export function findPart(dir: string, part: string): string | undefined {
  if (!/^\w[\w.-]*$/.test(part))
    throw new Error(`model part is ${show(part)}, want a folder name such as "text_encoder"`);
  return baseChain(dir)
    .map((folder) => path.join(folder, part))
    .find((folder) => fs.existsSync(folder) && fs.statSync(folder).isDirectory());
}

/** `dir`, its base, the base's base ...; throws when they go in a circle. */
export function baseChain(dir: string): string[] {
  const chain: string[] = [];
  for (let at: string | undefined = dir; at !== undefined;) {
    if (chain.some((seen) => path.resolve(seen) === path.resolve(at as string)))
      throw new Error(`${dir}: the "base" entries go in a circle: ${[...chain, at].join(' -> ')}`);
    const { base } = readModelIndex(at);
    chain.push(at);
    at = base === undefined ? undefined : path.join(at, base);
  }
  return chain;
}

/** Which stage writes the folder, by its name; these are the project's commands. */
function howToMake(dir: string): string {
  const name = path.basename(path.resolve(dir));
  const stages: [RegExp, string][] = [
    [/grpo|rl|dual/i, 'npm run dual-grpo'],
    [/sft/i, 'npm run sft'],
    [/judge|reward/i, 'npm run train:judge'],
  ];
  const command = stages.find(([pattern]) => pattern.test(name))?.[1] ?? 'npm run pretrain';
  return `it comes with the repository (git checkout -- checkpoints), and \`${command}\` makes it anew`;
}
