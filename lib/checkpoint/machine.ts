// What a run was made on: processor, memory, versions, commit. Nothing that names a person, a host or a path.
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { isPlainObject, readJsonObject } from './files';

export interface BackendNote {
  name: string;
  detail: string;
  threads: number;
}

export interface Machine {
  cpu: string;
  cores: number;
  memoryGiB: number;
  /** Operating system and architecture, as in "linux x64". */
  platform: string;
  node: string;
  /** Installed versions of the packages that this project depends on. */
  packages: Record<string, string>;
  backend?: BackendNote;
  /** The commit of the working tree, "+" at its end when files differed from it; absent outside a git checkout. */
  commit?: string;
}

const ROOT = path.join(__dirname, '..', '..');

/** This machine, now. */
export function describeMachine(backend?: BackendNote): Machine {
  const cpus = os.cpus();
  const commit = currentCommit();
  return {
    cpu: cpus[0]?.model.trim() ?? 'unknown',
    cores: cpus.length,
    memoryGiB: Math.round((os.totalmem() / 2 ** 30) * 10) / 10,
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    packages: packageVersions(),
    ...(backend && { backend: { name: backend.name, detail: backend.detail, threads: backend.threads } }),
    ...(commit !== undefined && { commit }),
  };
}

let versions: Record<string, string> | undefined;

function packageVersions(): Record<string, string> {
  if (versions) return versions;
  versions = {};
  try {
    const { dependencies } = readJsonObject(path.join(ROOT, 'package.json'));
    for (const name of isPlainObject(dependencies) ? Object.keys(dependencies) : []) {
      const file = path.join(ROOT, 'node_modules', name, 'package.json');
      if (fs.existsSync(file)) versions[name] = String(readJsonObject(file).version);
    }
  } catch {
    // the library can be used outside this repository: then there is nothing to tell
  }
  return versions;
}

let commit: string | undefined | null = null;

function currentCommit(): string | undefined {
  if (commit !== null) return commit;
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', ROOT, ...args], {
      encoding: 'utf8',
      timeout: 5000,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  try {
    const head = git('rev-parse', 'HEAD').trim();
    commit = git('status', '--porcelain', '--untracked-files=no').trim() === '' ? head : `${head}+`;
  } catch {
    commit = undefined; // no git, or no checkout
  }
  return commit;
}
