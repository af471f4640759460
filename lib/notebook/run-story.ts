/** The story of a run folder, for people: config, machine, sessions, curves and samples as Markdown and as one HTML file. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import * as path from 'node:path';
import { readJson, readSessions, type Session } from '../checkpoint';
import { escapeHtml } from './display';
import { curvesFigure, figureSvg } from './figure';

type Row = Record<string, unknown>;

export interface RunSummary {
  name: string;
  dir: string;
  steps: number;
  /** Steps that the config asks for; undefined when it names none. */
  wanted?: number;
  seconds: number;
  /** Why the last session ended. */
  reason: string;
  /** The last logged loss, or another number whose name says loss, or reward. */
  last?: { key: string; value: number };
  /** Tokens or pictures a second over the whole run. */
  speed?: { unit: string; value: number };
}

/** Every run below `root`, by name: folders with a config.json. */
export function listRuns(root = 'runs'): RunSummary[] {
  const found: string[] = [];
  const walk = (dir: string): void => {
    if (existsSync(path.join(dir, 'config.json'))) found.push(dir);
    else
      for (const name of readdirSync(dir))
        if (statSync(path.join(dir, name)).isDirectory()) walk(path.join(dir, name));
  };
  if (existsSync(root)) walk(root);
  return found.sort().map((dir) => summariseRun(dir, root));
}

/** The numbers of one run in a line of a list. Throws when `dir` has no config.json. */
export function summariseRun(dir: string, root = 'runs'): RunSummary {
  const config = readJson(path.join(dir, 'config.json')) as Row;
  const rows = readLogRows(dir);
  const sessions = readSessions(dir);
  const final = rows.at(-1) ?? {};
  const key = ['loss', ...Object.keys(final).filter((name) => /loss|^reward$/.test(name))].find(
    isNumberIn(final),
  );
  const seconds = sessions.reduce((sum, session) => sum + session.seconds, 0);
  const unit = ['tokens', 'images'].find(isNumberIn(final));
  return {
    name: path.relative(root, dir).replaceAll('\\', '/'),
    dir,
    steps: Math.max(0, Number(final.step ?? 0), ...sessions.map(({ toStep }) => toStep)),
    ...(typeof config.steps === 'number' && { wanted: config.steps }),
    seconds,
    reason: sessions.at(-1)?.reason ?? 'unknown',
    ...(key !== undefined && { last: { key, value: final[key] as number } }),
    ...(unit !== undefined && seconds > 0 && { speed: { unit, value: (final[unit] as number) / seconds } }),
  };
}

const isNumberIn =
  (row: Row) =>
  (key: string): boolean =>
    typeof row[key] === 'number';

/** What a run has logged, a row a line. */
export function readLogRows(dir: string): Row[] {
  const file = path.join(dir, 'log.jsonl');
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as Row];
      } catch {
        return []; // an empty last line, or one that a crash cut short
      }
    });
}

export interface Curve {
  title: string;
  svg: string;
}

/**
 * Curves of everything that was logged: losses together, every other number by itself. Rows are thinned to `points`,
 * and a light smoothing is laid over noisy ones; counters that only rise with the step are left out.
 */
export async function runCurves(dir: string, { points = 600 } = {}): Promise<Curve[]> {
  const rows = readLogRows(dir);
  const every = Math.max(1, Math.ceil(rows.length / points));
  const thin = rows.filter(
    (row, i) => i % every === 0 || i === rows.length - 1 || row.eval_loss !== undefined,
  );
  const keys = [...new Set(rows.flatMap((row) => Object.keys(row).filter(isNumberIn(row))))].filter(
    (key) => !['step', 'tokens', 'images'].includes(key),
  );
  const losses = keys.filter((key) => /loss/.test(key));
  const groups = [
    ...(losses.length > 0 ? [losses] : []),
    ...keys.filter((k) => !losses.includes(k)).map((k) => [k]),
  ];
  const curves: Curve[] = [];
  for (const group of groups) {
    const title = group === losses ? 'losses' : group[0].replaceAll('_', ' ');
    const measured = group.filter((key) => key.startsWith('eval_')); // few and steady: not smoothed
    const noisy = group.filter((key) => !measured.includes(key));
    const figure = curvesFigure(thin, noisy, { title, smooth: thin.length > 100 ? 0.8 : 0 });
    figure.data.push(...curvesFigure(thin, measured).data);
    figure.layout = {
      ...figure.layout,
      width: group === losses ? 900 : 440,
      height: group === losses ? 380 : 240,
    };
    curves.push({ title, svg: await figureSvg(figure) });
  }
  return curves;
}

export interface Sample {
  file: string;
  /** PNG bytes, or text. */
  png?: Buffer;
  text?: string;
}

/** At most `count` of the run's samples of each kind, evenly over the run, the first and the last among them. */
export function runSamples(dir: string, count = 6): Sample[] {
  const folder = path.join(dir, 'samples');
  const names = existsSync(folder) ? readdirSync(folder).sort() : [];
  return ['.png', '.txt'].flatMap((end) => {
    const all = names.filter((name) => name.endsWith(end));
    const n = Math.min(count, all.length);
    const picked = Array.from(
      { length: n },
      (_, i) => all[n === 1 ? all.length - 1 : Math.round((i * (all.length - 1)) / (n - 1))],
    );
    return picked.map((name) => {
      const bytes = readFileSync(path.join(folder, name));
      return {
        file: `samples/${name}`,
        ...(end === '.png' ? { png: bytes } : { text: bytes.toString('utf8') }),
      };
    });
  });
}

const figures = (value: number): string => (Number.isInteger(value) ? String(value) : value.toPrecision(4));

/** The head of the story: what, how long, how it ended. */
export function storyFacts(summary: RunSummary): [string, string][] {
  const { steps, wanted, seconds, reason, last, speed } = summary;
  const hours = seconds / 3600;
  return [
    ['steps', wanted === undefined ? String(steps) : `${steps} of ${wanted}`],
    [
      'time',
      hours >= 1
        ? `${hours.toFixed(2)} h`
        : seconds >= 60
          ? `${(seconds / 60).toFixed(1)} min`
          : `${figures(seconds)} s`,
    ],
    ['ended', reason],
    ...(last ? [[`last ${last.key}`, figures(last.value)] as [string, string]] : []),
    ...(speed ? [[`${speed.unit} a second`, figures(speed.value)] as [string, string]] : []),
  ];
}

export interface RunStory {
  markdown: string;
  html: string;
  /** Files that the Markdown refers to, by path relative to the run folder. */
  files: Record<string, string>;
}

/** Reads a run folder and tells it. Nothing of the machine but what machine.json says is in it. */
export async function runStory(dir: string, root = 'runs'): Promise<RunStory> {
  const summary = summariseRun(dir, root);
  const [curves, samples] = [await runCurves(dir), runSamples(dir)];
  const json = (file: string): string => {
    const full = path.join(dir, file);
    return existsSync(full) ? JSON.stringify(readJson(full), null, 2) : '{}';
  };
  const sessions = readSessions(dir).map(sessionRow);
  const header = ['started', 'from', 'to', 'seconds', 'processor', 'backend', 'ended', 'changed'];
  const files = Object.fromEntries(
    curves.map(({ title, svg }) => [`story/${title.replaceAll(' ', '-')}.svg`, svg]),
  );
  const names = Object.keys(files);
  const markdown = [
    `# Run ${summary.name}`,
    storyFacts(summary)
      .map(([key, value]) => `- **${key}**: ${value}`)
      .join('\n'),
    '## Curves',
    ...curves.map(({ title }, i) => `![${title}](${names[i]})`),
    '## Samples',
    ...samples.map(({ file, text }) =>
      text === undefined ? `**${file}**\n\n![${file}](${file})` : `**${file}**\n\n${fenced(text)}`,
    ),
    '## Sessions',
    [header, header.map(() => '---'), ...sessions]
      .map((row) => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
      .join('\n'),
    '## Config',
    fenced(json('config.json'), 'json'),
    '## Machine',
    fenced(json('machine.json'), 'json'),
  ];
  const cells = (tag: string, row: string[]): string =>
    `<tr>${row.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('')}</tr>`;
  const html = [
    '<!doctype html><meta charset="utf-8">',
    `<title>Run ${escapeHtml(summary.name)}</title><style>${STYLE}</style>`,
    `<h1>Run ${escapeHtml(summary.name)}</h1><table>${storyFacts(summary)
      .map((row) => cells('td', row))
      .join('')}</table>`,
    `<h2>Curves</h2>${curves.map(({ svg }) => svg).join('\n')}`,
    `<h2>Samples</h2>${samples.map(sampleHtml).join('\n')}`,
    `<h2>Sessions</h2><table>${cells('th', header)}${sessions.map((row) => cells('td', row)).join('')}</table>`,
    `<h2>Config</h2><pre>${escapeHtml(json('config.json'))}</pre>`,
    `<h2>Machine</h2><pre>${escapeHtml(json('machine.json'))}</pre>`,
  ];
  return { markdown: `${markdown.join('\n\n')}\n`, html: `${html.join('\n')}\n`, files };
}

const STYLE =
  'body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:940px}table{border-collapse:collapse}' +
  'td,th{padding:.2rem .7rem;border-bottom:1px solid #ddd;text-align:left}pre{background:#f6f6f6;padding:.7rem;overflow:auto;font-size:12px}' +
  'figure{margin:1rem 0}img{max-width:100%;image-rendering:pixelated}';

const fenced = (text: string, kind = ''): string => `\`\`\`\`${kind}\n${text.trimEnd()}\n\`\`\`\``;

function sampleHtml({ file, png, text }: Sample): string {
  const body = png
    ? `<img alt="" src="data:image/png;base64,${png.toString('base64')}">`
    : `<pre>${escapeHtml(text ?? '')}</pre>`;
  return `<figure><figcaption>${escapeHtml(file)}</figcaption>${body}</figure>`;
}

function sessionRow(session: Session): string[] {
  const { started, fromStep, toStep, seconds, cpu, cores, backend, reason, changes = [] } = session;
  const on = backend ? `${backend.name}, ${backend.threads} threads` : '';
  return [
    started.slice(0, 19),
    String(fromStep),
    String(toStep),
    figures(seconds),
    `${cpu}, ${cores} cores`,
    on,
    reason,
    changes.join('; '),
  ];
}
