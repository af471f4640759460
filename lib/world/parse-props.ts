/** Reads the phrases of props: the inverse of `propWords`. */
import { COLOUR, PLAIN_PROPS } from './phrases';
import { Match, Matches, TokenReader } from './token-reader';
import { Colour, Prop } from './types';

export class PropReader extends TokenReader {
  protected *prop(at: number): Matches<Prop> {
    for (const [phrase, prop] of PLAIN_PROPS) {
      const next = this.words(phrase, at);
      if (next >= 0) yield [prop, next];
    }
    for (const [colour, next] of this.coloured('flame', at)) yield [{ name: 'flame', colour }, next];
    for (const [colour, next] of this.coloured('block', at)) {
      const rust = this.phrase('with rust', next);
      if (rust >= 0) yield [{ name: 'block', colour, rust: true }, rust];
      yield [{ name: 'block', colour }, next];
    }
    yield* this.tank(at);
    yield* this.beaker(at);
  }

  private *tank(at: number): Matches<Prop> {
    const start = this.phrase('a tank of water with', at);
    if (start < 0) return;
    for (const [floating, next] of this.coloured('block floating', start)) {
      const and = this.phrase('and', next);
      if (and >= 0)
        for (const [sinking, end] of this.coloured('block at the bottom', and))
          yield [{ name: 'tank', floating, sinking }, end];
      yield [{ name: 'tank', floating }, next];
    }
    for (const [sinking, next] of this.coloured('block at the bottom', start))
      yield [{ name: 'tank', sinking }, next];
  }

  private *beaker(at: number): Matches<Prop> {
    const start = this.phrase('a beaker of', at);
    if (start < 0) return;
    const clear = this.phrase('clear', start);
    const liquids: Match<Colour | 'clear'>[] =
      clear >= 0 ? [['clear', clear]] : [...this.oneOf(COLOUR, start)];
    for (const [liquid, afterColour] of liquids) {
      const next = this.phrase('liquid', afterColour);
      if (next >= 0) yield* this.beakerDetails({ name: 'beaker', liquid }, next, 'with');
    }
  }

  private *beakerDetails(
    beaker: Extract<Prop, { name: 'beaker' }>,
    at: number,
    joint: 'with' | 'and',
  ): Matches<Prop> {
    const joints = joint === 'with' ? ['with'] : [',', 'and'];
    for (const word of joints) {
      const start = this.phrase(word, at);
      if (start < 0) continue;
      const details: Match<Partial<typeof beaker>>[] = [];
      for (const [layer, next] of this.coloured('layer on top', start)) details.push([{ layer }, next]);
      for (const [precipitate, next] of this.coloured('solid at the bottom', start, false))
        details.push([{ precipitate }, next]);
      for (const [strip, next] of this.coloured('strip', start)) details.push([{ strip }, next]);
      const some = this.phrase('bubbles', start);
      const none = this.phrase('no bubbles', start);
      if (some >= 0) details.push([{ bubbles: true }, some]);
      if (none >= 0) details.push([{ bubbles: false }, none]);
      for (const [detail, next] of details) {
        const known = Object.keys(detail).some((key) => key in beaker);
        if (!known) yield* this.beakerDetails({ ...beaker, ...detail }, next, 'and');
      }
    }
    yield [beaker, at];
  }
}
