// Command lines: the same record of defaults that is a stage's config is its list of options.
import {
  checkFor,
  ConfigError,
  leafKeys,
  oneOf,
  ParseOptions,
  parseConfig,
  unknownKey,
  valueAt,
  wantOf,
} from './config';
import { show } from './files';
import { MODEL_SIZES, type ModelSize } from './model-sizes';

export interface CliOptions extends Omit<ParseOptions, 'where' | 'unknown'> {
  /** The command as the user types it, e.g. "npm run sft --". */
  name: string;
  /** What each option means, by dotted key. */
  describe?: Record<string, string>;
  /** One or two sentences above the table of options. */
  help?: string;
  /** Arguments; default those of this process. */
  argv?: readonly string[];
  /** Where the process ends after --help (0) or a mistake (2); tests replace these. */
  exit?: (code: number) => never;
  print?: (text: string, stream: 'stdout' | 'stderr') => void;
}

/**
 * `--key value`, `--key=value`, `--flag`, `--no-flag`, `--a.b 3` into a config of the type of `defaults`; kebab-case
 * and camelCase both name a key; lists are comma-separated or JSON. `--help` prints every option and exits 0; a
 * mistake prints one line and exits 2.
 */
export function parseCli<T extends object>(defaults: T, options: CliOptions): T {
  const argv = options.argv ?? process.argv.slice(2);
  const exit = options.exit ?? ((code: number): never => process.exit(code));
  const print = options.print ?? ((text, stream) => process[stream].write(`${text}\n`));
  if (argv.includes('--help') || argv.includes('-h')) {
    print(helpText(defaults, options), 'stdout');
    return exit(0);
  }
  try {
    const overrides = parseArguments(defaults, argv);
    return parseConfig(defaults, overrides, { ...options, where: 'command line', unknown: 'throw' });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    print(`${error.message}\n${options.name} --help lists the options`, 'stderr');
    return exit(2);
  }
}

/**
 * `parseCli` for options whose defaults hang on `--size`: that one is looked for first, `defaultsOf` derives the
 * others, and what else is on the command line overrides them. `--size tiny --help` shows the numbers of that size.
 */
export function parseSizedCli<T extends { size: ModelSize }>(
  defaultsOf: (size: ModelSize) => T,
  options: CliOptions & { fallback?: ModelSize },
): T {
  const { fallback = 'small', ...rest } = options;
  const argv = options.argv ?? process.argv.slice(2);
  const at = argv.findIndex((argument) => /^--size(=|$)/i.test(argument));
  const given =
    at < 0 ? fallback : argv[at].includes('=') ? argv[at].slice(argv[at].indexOf('=') + 1) : argv[at + 1];
  // A word that is no size goes on to parseCli, whose check refuses it by name.
  const size = MODEL_SIZES.find((known) => known === given) ?? fallback;
  return parseCli(defaultsOf(size), { ...rest, checks: { ...rest.checks, size: oneOf(...MODEL_SIZES) } });
}

function parseArguments(defaults: object, argv: readonly string[]): Record<string, unknown> {
  const keys = leafKeys(defaults);
  const byName = new Map(keys.map((key) => [plainName(key), key]));
  const overrides: Record<string, unknown> = {};
  for (let i = 0; i < argv.length; i++) {
    const argument = argv[i];
    if (!argument.startsWith('--') || argument === '--')
      throw new ConfigError(`command line: ${show(argument)} belongs to no option, want --key value`);
    const equals = argument.indexOf('=');
    const name = equals < 0 ? argument.slice(2) : argument.slice(2, equals);
    let text = equals < 0 ? undefined : argument.slice(equals + 1);
    let key = byName.get(plainName(name));
    if (key === undefined && name.startsWith('no-') && text === undefined) {
      key = byName.get(plainName(name.slice(3)));
      if (key !== undefined && typeof valueAt(defaults, key) !== 'boolean')
        throw new ConfigError(`command line: --${name}: ${key} is not a flag`);
      text = 'false';
    }
    if (key === undefined) throw new ConfigError(unknownKey('command line', name, keys));
    const fallback = valueAt(defaults, key);
    if (typeof fallback === 'boolean') {
      // A flag stands alone, but `--flag true` and `--flag false` are understood.
      if (text === undefined) text = /^(true|false)$/.test(argv[i + 1] ?? '') ? argv[++i] : 'true';
    } else if (text === undefined) {
      const next = argv[i + 1];
      if (next === undefined || next.startsWith('--'))
        throw new ConfigError(`command line: --${name} has no value`);
      text = next;
      i++;
    }
    setAt(overrides, key, valueOf(text, fallback));
  }
  return overrides;
}

/** Reads text as the default's type; what does not read stays text and fails the type check with its name. */
function valueOf(text: string, fallback: unknown): unknown {
  if (typeof fallback === 'string') return text;
  if (typeof fallback === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  if (typeof fallback === 'number') return numberOr(text);
  if (Array.isArray(fallback) && !text.startsWith('[')) {
    const member: unknown = fallback[0];
    return text === '' ? [] : text.split(',').map((part) => valueOf(part.trim(), member));
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function numberOr(text: string): number | string {
  return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}

function setAt(target: Record<string, unknown>, path: string, value: unknown): void {
  const keys = path.split('.');
  let at = target;
  for (const key of keys.slice(0, -1)) at = (at[key] ??= {}) as Record<string, unknown>;
  at[keys[keys.length - 1]] = value;
}

function plainName(name: string): string {
  return name.toLowerCase().replace(/[-_]/g, '');
}

/** The table that --help prints. */
export function helpText(defaults: object, options: Omit<CliOptions, 'argv' | 'exit' | 'print'>): string {
  const rows = leafKeys(defaults).map((key) => {
    const value = valueAt(defaults, key);
    const check = checkFor(key, options) ?? (value === null ? undefined : wantOf(value));
    const flag = typeof value === 'boolean' ? `--${value ? 'no-' : ''}${kebab(key)}` : `--${kebab(key)}`;
    const shown =
      typeof value === 'string' ? value || '""' : Array.isArray(value) ? value.join(',') : show(value);
    const describe = options.describe?.[key] ?? '';
    const note = checkFor(key, options) && check ? `(${check.want})` : '';
    return [flag, shown, [describe, note].filter(Boolean).join(' ')];
  });
  const table = [['option', 'default', ''], ...rows];
  const widths = [0, 1].map((column) => Math.max(...table.map((row) => row[column].length)));
  const lines = table.map((row) =>
    `  ${row[0].padEnd(widths[0])}  ${row[1].padEnd(widths[1])}  ${row[2]}`.trimEnd(),
  );
  return [
    `${options.name} [--key value ...]`,
    ...(options.help ? ['', options.help] : []),
    '',
    ...lines,
  ].join('\n');
}

/**
 * The flags that turn `defaults` into `values`, for a command that can be typed again: only keys that both have and whose
 * values differ, lists joined by commas, everything else that is not plain as JSON in quotes.
 */
export function flagsOf(defaults: object, values: object): string[] {
  const known = new Set(leafKeys(values));
  return leafKeys(defaults)
    .filter((key) => known.has(key))
    .flatMap((key) => {
      const value = valueAt(values, key);
      if (JSON.stringify(value) === JSON.stringify(valueAt(defaults, key))) return [];
      if (typeof value === 'boolean') return [`--${value ? '' : 'no-'}${kebab(key)}`];
      return [`--${kebab(key)} ${quoted(value)}`];
    });
}

function quoted(value: unknown): string {
  const list = Array.isArray(value) && value.every((item) => !/[,\s]/.test(String(item)));
  const text =
    typeof value === 'string' ? value : list ? (value as unknown[]).join(',') : JSON.stringify(value);
  return /^[\w.,/+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function kebab(key: string): string {
  return key.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);
}
