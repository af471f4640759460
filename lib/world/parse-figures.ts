/** Reads the phrases of clocks, signs, boards, sudoku and mazes. Whether they are possible, scene.ts says. */
import { BoardLine, CellPlace, Figure, LINES } from './figures';
import { PropReader } from './parse-props';
import { Matches } from './token-reader';

export class FigureReader extends PropReader {
  protected *figure(at: number): Matches<Figure> {
    const clock = this.phrase('a clock showing', at);
    const time = clock < 0 ? null : /^(\d{1,2}):(\d\d)$/.exec(this.quoted(clock) ?? '');
    if (time) yield [{ name: 'clock', hour: Number(time[1]), minute: Number(time[2]) }, clock + 1];
    for (const [colour, next] of this.coloured('sign saying', at)) {
      const first = this.quoted(next);
      if (first === undefined) continue;
      const second = this.quoted(this.phrase('and', next + 1));
      if (second !== undefined) yield [{ name: 'sign', colour, lines: [first, second] }, next + 3];
      yield [{ name: 'sign', colour, lines: [first] }, next + 1];
    }
    yield* this.board(at);
    yield* this.sudoku(at);
    yield* this.maze(at);
  }

  /** `'XO./.X./O..'` */
  private gridRows(at: number): [rows: string[], next: number] | undefined {
    const rows = this.quoted(at);
    return rows === undefined ? undefined : [rows.split('/'), at + 1];
  }

  private cellMark(at: number): [cell: CellPlace, next: number] | undefined {
    const row = this.phrase('with a mark on row', at);
    const column = row < 0 ? -1 : this.phrase('column', row + 1);
    if (column < 0) return undefined;
    return [[Number(this.tokens[row]), Number(this.tokens[column])], column + 1];
  }

  private *board(at: number): Matches<Figure> {
    const start = this.phrase('a tic tac toe board of', at);
    const grid = start < 0 ? undefined : this.gridRows(start);
    if (!grid) return;
    const figure = { name: 'tic-tac-toe' as const, rows: grid[0] };
    const mark = this.cellMark(grid[1]);
    if (mark) {
      const [marked, next] = mark;
      const line = this.line('and', next);
      if (line) yield [{ ...figure, marked, line: line[0] }, line[1]];
      yield [{ ...figure, marked }, next];
    }
    const line = this.line('with', grid[1]);
    if (line) yield [{ ...figure, line: line[0] }, line[1]];
    yield [figure, grid[1]];
  }

  private line(joint: 'with' | 'and', at: number): [line: BoardLine, next: number] | undefined {
    const start = this.phrase(`${joint} a line through`, at);
    if (start < 0) return undefined;
    const line = LINES.find((each) => this.phrase(each, start) >= 0);
    return line && [line, start + 2];
  }

  private *sudoku(at: number): Matches<Figure> {
    const start = this.phrase('a sudoku of', at);
    const grid = start < 0 ? undefined : this.gridRows(start);
    if (!grid) return;
    const mark = this.cellMark(grid[1]);
    if (mark) yield [{ name: 'sudoku', rows: grid[0], marked: mark[0] }, mark[1]];
    yield [{ name: 'sudoku', rows: grid[0] }, grid[1]];
  }

  private *maze(at: number): Matches<Figure> {
    const start = this.phrase('a maze of', at);
    const grid = start < 0 ? undefined : this.gridRows(start);
    if (!grid) return;
    const path = this.phrase('with the path', grid[1]);
    const moves = path < 0 ? undefined : this.quoted(path);
    if (moves !== undefined) yield [{ name: 'maze', rows: grid[0], path: moves }, path + 1];
    yield [{ name: 'maze', rows: grid[0] }, grid[1]];
  }
}
