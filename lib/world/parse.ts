/**
 * Reads a caption back into a scene spec: the exact inverse of caption.ts, up to what a caption leaves unsaid.
 * A backtracking reader: every rule yields each way it can match, as [value, position after it].
 */
import {
  COLOUR,
  NOUN,
  NOUNS_BY_FIRST_WORD,
  NUMBERS,
  PLAIN_PROPS,
  RELATION,
  SIZE,
  SLOT,
  STYLE,
  Table,
  TIME,
  WHERE,
} from './phrases';
import { sceneProblems } from './scene';
import { Background, Colour, Prop, Relation, SceneObject, SceneSpec, TimeOfDay } from './types';

/** A spec as read: `background` is missing when the caption does not say it. */
export type PartialScene = Omit<SceneSpec, 'background'> & { background?: Background };

/** The scene of a caption (unsaid background: white), or null when it is not in the grammar or cannot be drawn. */
export function parseCaption(text: string): SceneSpec | null {
  const partial = parsePartial(text);
  return partial && { ...partial, background: partial.background ?? 'white' };
}

/** Like `parseCaption`, but leaves an unsaid background out. */
export function parsePartial(text: string): PartialScene | null {
  const tokens = tokenise(text);
  if (!tokens) return null;
  for (const [scene] of new Reader(tokens).caption()) {
    const spec = { ...scene, background: scene.background ?? 'white' };
    if (sceneProblems(spec).length === 0) return scene;
  }
  return null;
}

function tokenise(text: string): string[] | null {
  const tokens: string[] = [];
  const pattern = /\s*(?:('[^']*')|(,)|([a-z0-9]+))/gy;
  const line = text.trim();
  const spaced = line.replace(/'[^']*'|[^']+/g, (part) => (part[0] === "'" ? part : part.toLowerCase()));
  while (pattern.lastIndex < spaced.length) {
    const match = pattern.exec(spaced);
    if (!match) return null;
    tokens.push(match[1] ?? match[2] ?? match[3]);
  }
  return tokens;
}

type Match<T> = [value: T, next: number];
type Matches<T> = Generator<Match<T>>;
interface Items {
  objects: SceneObject[];
  props: Prop[];
  relation?: Relation;
}

class Reader {
  constructor(private readonly tokens: string[]) {}

  /** Position after the words, or -1. */
  private words(words: readonly string[], at: number): number {
    for (let i = 0; i < words.length; i++) if (this.tokens[at + i] !== words[i]) return -1;
    return at + words.length;
  }

  private phrase(phrase: string, at: number): number {
    return this.words(phrase.split(' '), at);
  }

  private *oneOf<T>(entries: Table<T>, at: number): Matches<T> {
    for (const [words, value] of entries) {
      const next = this.words(words, at);
      if (next >= 0) yield [value, next];
    }
  }

  /** Every match, then nothing read at all. */
  private *maybe<T>(matches: Matches<T>, at: number): Matches<T | undefined> {
    yield* matches;
    yield [undefined, at];
  }

  private *object(at: number): Matches<SceneObject> {
    for (const [count, afterCount] of this.oneOf(NUMBERS, at))
      for (const [size, afterSize] of this.maybe(this.oneOf(SIZE, afterCount), afterCount))
        for (const [tint, afterTint] of this.maybe(this.oneOf(COLOUR, afterSize), afterSize))
          for (const { words, concept, plural } of NOUNS_BY_FIRST_WORD.get(this.tokens[afterTint]) ?? []) {
            const afterNoun = this.words(words, afterTint);
            // One of them is singular, several are plural (sheep and sushi are both).
            if (afterNoun < 0 || (plural ? count === 1 : count > 1)) continue;
            for (const [slot, next] of this.maybe(this.oneOf(SLOT, afterNoun), afterNoun))
              yield [
                { concept, count, ...(size && { size }), ...(tint && { tint }), ...(slot && { slot }) },
                next,
              ];
          }
  }

  private *coloured(noun: string, at: number, article = true): Matches<Colour> {
    const start = article ? Math.max(this.phrase('a', at), this.phrase('an', at)) : at;
    if (start < 0) return;
    for (const [colour, next] of this.oneOf(COLOUR, start)) {
      const end = this.phrase(noun, next);
      if (end >= 0) yield [colour, end];
    }
  }

  private *prop(at: number): Matches<Prop> {
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

  /** One or more objects and props; the longest lists first. */
  private *items(at: number): Matches<Items> {
    for (const [object, next] of this.object(at))
      yield* this.moreItems({ objects: [object], props: [] }, next);
    for (const [prop, next] of this.prop(at)) yield* this.moreItems({ objects: [], props: [prop] }, next);
  }

  private *moreItems(items: Items, at: number): Matches<Items> {
    if (items.objects.length + items.props.length < 5) {
      for (const joint of [', and', ',', 'and']) {
        const next = this.phrase(joint, at);
        if (next < 0) continue;
        for (const [object, end] of this.object(next))
          yield* this.moreItems({ ...items, objects: [...items.objects, object] }, end);
        for (const [prop, end] of this.prop(next))
          yield* this.moreItems({ ...items, props: [...items.props, prop] }, end);
      }
      for (const [relation, next] of this.oneOf(RELATION, at)) {
        // 'beside a beaker' only joins; between the first two objects a relation is part of the scene.
        if (relation === 'beside')
          for (const [prop, end] of this.prop(next))
            yield* this.moreItems({ ...items, props: [...items.props, prop] }, end);
        if (items.objects.length === 1 && items.props.length === 0)
          for (const [object, end] of this.object(next))
            yield* this.moreItems({ ...items, objects: [...items.objects, object], relation }, end);
      }
      const on = this.phrase('on', at);
      if (on >= 0)
        for (const [prop, end] of this.prop(on))
          if (prop.name === 'seesaw') yield* this.moreItems({ ...items, props: [...items.props, prop] }, end);
    }
    yield [items, at];
  }

  private *text(at: number): Matches<string[]> {
    let next = this.phrase('with the text', at);
    if (next < 0) return;
    const lines: string[] = [];
    for (;;) {
      const quoted = this.tokens[next];
      const on = this.phrase('on line', next + 1);
      const line = Number(this.tokens[on]);
      if (quoted?.[0] !== "'" || on < 0 || !Number.isInteger(line) || line <= lines.length || line > 8)
        return;
      while (lines.length < line - 1) lines.push('');
      lines.push(quoted.slice(1, -1));
      next = on + 1;
      const joint = Math.max(this.phrase(',', next), this.phrase('and', next));
      if (joint < 0 || this.tokens[joint]?.[0] !== "'") break;
      next = joint;
    }
    yield [lines, next];
  }

  /** Writing, then the style, then the end. */
  private *ending(scene: PartialScene, at: number, styled: boolean): Matches<PartialScene> {
    for (const [text, afterText] of this.maybe(this.text(at), at)) {
      const full = text ? { ...scene, text } : scene;
      if (afterText === this.tokens.length) yield [full, afterText];
      const comma = this.phrase(',', afterText);
      if (comma < 0 || styled) continue;
      for (const [style, next] of this.oneOf(STYLE, comma)) {
        const end = this.phrase('style', next);
        if (end === this.tokens.length) yield [{ ...full, style }, end];
      }
    }
  }

  private *body(
    front: Pick<PartialScene, 'style' | 'background' | 'time'>,
    at: number,
  ): Matches<PartialScene> {
    const styled = front.style !== undefined;
    for (const [items, next] of this.items(at))
      for (const [where, afterWhere] of this.maybe(this.oneOf(WHERE, next), next))
        for (const [time, end] of this.maybe(this.oneOf(TIME, afterWhere), afterWhere)) {
          if ((where && front.background) || (time && front.time)) continue;
          yield* this.ending(assemble(front, { background: where, time, items }), end, styled);
        }
    if (front.background || front.time) return;
    for (const [background, afterNoun] of this.oneOf(NOUN, at))
      for (const [time, next] of this.maybe(this.oneOf(TIME, afterNoun), afterNoun)) {
        const start = this.phrase('with', next);
        if (start >= 0)
          for (const [items, end] of this.items(start))
            yield* this.ending(assemble(front, { background, time, items }), end, styled);
        yield* this.ending(assemble(front, { background, time }), next, styled);
      }
  }

  *caption(): Matches<PartialScene> {
    const picture = this.phrase('a picture of', 0);
    if (picture >= 0) yield* this.body({}, picture);
    const article = this.phrase('a', 0);
    if (article >= 0)
      for (const [style, next] of this.oneOf(STYLE, article)) {
        const start = this.phrase('picture of', next);
        if (start >= 0) yield* this.body({ style }, start);
      }
    for (const [background, afterWhere] of this.oneOf(WHERE, 0))
      for (const [time, next] of this.maybe(this.oneOf(TIME, afterWhere), afterWhere)) {
        const start = this.phrase(',', next);
        if (start >= 0) yield* this.body({ background, ...(time && { time }) }, start);
      }
    for (const [time, next] of this.oneOf(TIME, 0)) {
      const start = this.phrase(',', next);
      if (start >= 0) yield* this.body({ time }, start);
    }
    yield* this.body({}, 0);
  }
}

function assemble(
  front: Pick<PartialScene, 'style' | 'background' | 'time'>,
  found: { background?: Background; time?: TimeOfDay; items?: Items },
): PartialScene {
  const { objects = [], props = [], relation } = found.items ?? {};
  const background = front.background ?? found.background;
  const time = front.time ?? found.time;
  return {
    ...(front.style && { style: front.style }),
    ...(background && { background }),
    ...(time && { time }),
    objects,
    ...(props.length > 0 && { props }),
    ...(relation && { relation }),
  };
}
