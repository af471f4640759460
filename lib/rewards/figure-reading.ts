/**
 * Scores of criteria on clocks, signs, boards, sudoku and mazes. Their marks are read one by one with exact templates
 * (world/read-figures), so the judge of rewards and the examiner of evaluation measure the same here; whether there is
 * such a figure at all is what each of them says for itself.
 */
import { readClock, readGridMarks, readMaze, readSign } from '../world';
import type { Background, CellPlace, Predicate } from '../world';

type FigurePredicate = Extract<Predicate, { kind: 'figure' }>;

/**
 * How well the marks of a figure agree with the values asked for, in [0, 1]; 1 when none are. Fields that hold many
 * marks (rows, a path, lines) count by the share of marks that are right, squared: nearly right is not right.
 */
export function figureAgreement(
  image: Uint8Array,
  { name, value = {} }: FigurePredicate,
  background: Background,
): number {
  const fields = Object.entries(value).filter(([, wanted]) => wanted !== undefined);
  if (fields.length === 0) return 1;
  if (name === 'sign') return signAgreement(image, value);
  const found = readFigure(image, name, background);
  return fields.reduce((score, [field, wanted]) => score * agreement(found[field], wanted), 1);
}

/** Whether a cell of a board or sudoku shows this mark: 1 or 0. */
export function cellAgreement(
  image: Uint8Array,
  name: 'tic-tac-toe' | 'sudoku',
  { at, value, background }: { at: CellPlace; value: string; background: Background },
): number {
  return readGridMarks(image, name, background).rows[at[0] - 1]?.[at[1] - 1] === value ? 1 : 0;
}

function readFigure(
  image: Uint8Array,
  name: Exclude<FigurePredicate['name'], 'sign'>,
  background: Background,
): Record<string, unknown> {
  switch (name) {
    case 'clock': {
      const [alone, beside] = [readClock(image), readClock(image, { beside: true })];
      return { ...(alone.distance <= beside.distance ? alone : beside) };
    }
    case 'maze':
      return { ...readMaze(image, background) };
    default:
      return { ...readGridMarks(image, name, background) };
  }
}

function signAgreement(image: Uint8Array, value: Record<string, unknown>): number {
  const lines = Array.isArray(value.lines) ? value.lines.map(String) : undefined;
  if (!lines) throw new Error('figure(sign): lines are missing, want the lines that it should show');
  const { share, colour } = readSign(image, lines);
  return share ** 2 * (value.colour === undefined || value.colour === colour ? 1 : 0);
}

function agreement(found: unknown, wanted: unknown): number {
  const marks = (x: unknown): string => (Array.isArray(x) ? x.map(String).join('\n') : String(x));
  const [a, b] = [marks(found), marks(wanted)];
  if (a === b) return 1;
  const many = (typeof wanted === 'string' || Array.isArray(wanted)) && b.length > 3 && a.length === b.length;
  if (!many || typeof wanted === 'string') return 0; // a line, or a way that is not the way
  let right = 0;
  for (let i = 0; i < b.length; i++) if (a[i] === b[i]) right++;
  return (right / b.length) ** 2;
}
