/**
 * Corruptions of figures and panels for judges to learn and be calibrated on: each keeps the look of the scene and
 * breaks what it says (wrong) or how it is built (unsound).
 */
import type { RandomStream } from '../tensor';
import { Figure, withCell } from './figures';
import { PANEL_SIDE, panelCorner } from './panels';
import { renderScene, RenderOptions } from './render';
import { SceneSpec } from './types';

/** `wrong`: a sound picture of something else; `unsound`: a picture that no valid scene has. */
export const FIGURE_FAULTS = {
  'wrong-time': 'wrong',
  'hands-swapped': 'wrong',
  'wrong-cell': 'wrong',
  'missing-cell': 'wrong',
  'number-twice': 'unsound',
  'path-through-wall': 'unsound',
  'path-cut': 'unsound',
  'wrong-writing': 'wrong',
  'panels-swapped': 'wrong',
  'panel-repeated': 'wrong',
  'panel-missing': 'unsound',
} as const;
export type FigureFault = keyof typeof FIGURE_FAULTS;

/** The faults that a scene can have. */
export function figureFaultsOf(spec: SceneSpec): FigureFault[] {
  if (spec.panels) return ['panels-swapped', 'panel-repeated', 'panel-missing'];
  const { figure } = spec;
  switch (figure?.name) {
    case 'clock':
      return swapped(figure.hour, figure.minute) ? ['wrong-time', 'hands-swapped'] : ['wrong-time'];
    case 'sign':
      return ['wrong-writing'];
    case 'tic-tac-toe':
      return figure.rows.join('') === '.........' ? ['wrong-cell'] : ['wrong-cell', 'missing-cell'];
    case 'sudoku': {
      const written = figure.rows.join('').replace(/\./g, '').length;
      return written === 0
        ? ['wrong-cell']
        : written === 16
          ? ['wrong-cell', 'missing-cell', 'number-twice']
          : ['missing-cell', 'number-twice'];
    }
    case 'maze':
      return figure.path ? ['path-through-wall', 'path-cut'] : [];
    default:
      return [];
  }
}

/** Hour and minute with the hands exchanged, where that is another time; undefined where it is not. */
function swapped(hour: number, minute: number): { hour: number; minute: number } | undefined {
  const other = { hour: minute / 5 === 0 ? 12 : minute / 5, minute: (hour % 12) * 5 };
  return other.hour === hour && other.minute === minute ? undefined : other;
}

/**
 * The picture of a scene with one fault.
 * @throws Error when the scene cannot have it (see `figureFaultsOf`).
 */
export function faultyFigure(
  spec: SceneSpec,
  fault: FigureFault,
  { rng, ...options }: RenderOptions & { rng: RandomStream },
): Uint8Array {
  if (!figureFaultsOf(spec).includes(fault))
    throw new Error(
      `figure fault "${fault}" on this scene, want one of ${figureFaultsOf(spec).join(', ') || 'none'}`,
    );
  if (spec.panels) return faultyPanels(spec, fault, { rng, ...options });
  const figure = faulty(spec.figure as Figure, fault, rng);
  return renderScene({ ...spec, figure }, { ...options, unchecked: true });
}

function otherThan<T>(rng: RandomStream, values: readonly T[], value: T): T {
  return rng.pick(values.filter((each) => each !== value));
}

function faulty(figure: Figure, fault: FigureFault, rng: RandomStream): Figure {
  switch (figure.name) {
    case 'clock': {
      if (fault === 'hands-swapped') return { ...figure, ...swapped(figure.hour, figure.minute) };
      const hour = ((figure.hour - 1 + 1 + rng.int(11)) % 12) + 1;
      return rng.uniform() < 0.5
        ? { ...figure, hour }
        : { ...figure, minute: (figure.minute + 5 * (1 + rng.int(11))) % 60 };
    }
    case 'sign': {
      const line = rng.int(figure.lines.length);
      const at = rng.int(figure.lines[line].length);
      const letter = otherThan(rng, [...'ABCDEFGHIKLMNOPRSTUVWXYZ'], figure.lines[line][at]);
      const lines = figure.lines.map((each, i) =>
        i === line ? each.slice(0, at) + letter + each.slice(at + 1) : each,
      );
      return { ...figure, lines };
    }
    case 'maze': {
      const path = figure.path as string;
      if (fault === 'path-cut') return { ...figure, path: path.slice(0, 1 + rng.int(path.length - 1)) };
      // Straight through: along the top and down the right side, or the other way round, whichever is not the way.
      const straight = ['RRRDDD', 'DDDRRR'].filter((each) => each !== path);
      return { ...figure, path: rng.pick(straight) };
    }
    default:
      return { ...figure, rows: faultyRows(figure, fault, rng) };
  }
}

function faultyRows(
  { name, rows }: Extract<Figure, { rows: string[] }>,
  fault: FigureFault,
  rng: RandomStream,
): string[] {
  const side = rows.length;
  const written = Array.from({ length: side * side }, (_, i) => i).filter(
    (i) => rows[Math.floor(i / side)][i % side] !== '.',
  );
  const anywhere = fault === 'wrong-cell';
  const cell = anywhere ? rng.int(side * side) : rng.pick(written);
  const [row, column] = [Math.floor(cell / side), cell % side];
  if (fault === 'missing-cell') return withCell(rows, row, column, '.');
  const values = name === 'sudoku' ? ['1', '2', '3', '4'] : ['X', 'O'];
  // In a unit with the same number: next to it, in its own row.
  if (fault === 'number-twice')
    return withCell(rows, row, otherThan(rng, [0, 1, 2, 3], column), rows[row][column]);
  return withCell(rows, row, column, otherThan(rng, values, rows[row][column]));
}

function faultyPanels(
  spec: SceneSpec,
  fault: FigureFault,
  { rng, ...options }: RenderOptions & { rng: RandomStream },
): Uint8Array {
  const panels = [...(spec.panels ?? [])];
  const from = rng.int(4);
  const to = otherThan(rng, [0, 1, 2, 3], from);
  if (fault === 'panels-swapped') [panels[from], panels[to]] = [panels[to], panels[from]];
  if (fault === 'panel-repeated') panels[to] = panels[from];
  const pixels = renderScene({ ...spec, panels }, options);
  if (fault === 'panel-missing') {
    const { x, y } = panelCorner(to);
    for (let row = 0; row < PANEL_SIDE; row++)
      pixels.fill(24, ((y + row) * 64 + x) * 3, ((y + row) * 64 + x + PANEL_SIDE) * 3);
  }
  return pixels;
}
