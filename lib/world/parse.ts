/**
 * Reads a caption back into a scene spec: the exact inverse of caption.ts, up to what a caption leaves unsaid.
 * A backtracking reader: every rule yields each way it can match, as [value, position after it].
 */
import { Figure } from './figures';
import { FigureReader } from './parse-figures';
import { cutPanels } from './parse-panels';
import {
  COLOUR,
  NOUN,
  NOUNS_BY_FIRST_WORD,
  NUMBERS,
  RELATION,
  SIZE,
  SLOT,
  STYLE,
  TIME,
  TURN,
  WHERE,
} from './phrases';
import { sceneProblems } from './scene';
import { Matches, tokenise } from './token-reader';
import { Background, Prop, Relation, SceneObject, SceneSpec, TimeOfDay } from './types';

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
  return readStory(tokens) ?? readScene(tokens);
}

/** Four panels; in a panel, too, an unsaid background is white. */
function readStory(tokens: string[]): SceneSpec | null {
  for (const { style, parts } of cutPanels(tokens)) {
    const read = parts.map(readScene);
    const panels = read.flatMap((panel) =>
      panel ? [{ ...panel, background: panel.background ?? 'white' }] : [],
    );
    if (panels.length < parts.length) continue;
    const spec: SceneSpec = { ...(style && { style }), background: 'white', objects: [], panels };
    if (sceneProblems(spec).length === 0) return spec;
  }
  return null;
}

function readScene(tokens: string[]): PartialScene | null {
  for (const [scene] of new Reader(tokens).caption()) {
    const spec = { ...scene, background: scene.background ?? 'white' };
    if (sceneProblems(spec).length === 0) return scene;
  }
  return null;
}

interface Items {
  objects: SceneObject[];
  props: Prop[];
  relation?: Relation;
  figure?: Figure;
}

class Reader extends FigureReader {
  private *object(at: number): Matches<SceneObject> {
    for (const [count, afterCount] of this.oneOf(NUMBERS, at))
      for (const [size, afterSize] of this.maybe(this.oneOf(SIZE, afterCount), afterCount))
        for (const [tint, afterTint] of this.maybe(this.oneOf(COLOUR, afterSize), afterSize))
          for (const { words, concept, plural } of NOUNS_BY_FIRST_WORD.get(this.tokens[afterTint]) ?? []) {
            const afterNoun = this.words(words, afterTint);
            // One of them is singular, several are plural (sheep and sushi are both).
            if (afterNoun < 0 || (plural ? count === 1 : count > 1)) continue;
            for (const [turn, afterTurn] of this.maybe(this.oneOf(TURN, afterNoun), afterNoun))
              for (const [slot, next] of this.maybe(this.oneOf(SLOT, afterTurn), afterTurn))
                yield [
                  {
                    concept,
                    count,
                    ...(size && { size }),
                    ...(tint && { tint }),
                    ...(slot && { slot }),
                    ...(turn && { turn }),
                  },
                  next,
                ];
          }
  }

  /** One or more objects and props; the longest lists first. */
  private *items(at: number): Matches<Items> {
    for (const [object, next] of this.object(at))
      yield* this.moreItems({ objects: [object], props: [] }, next);
    for (const [prop, next] of this.prop(at)) yield* this.moreItems({ objects: [], props: [prop] }, next);
    for (const [figure, next] of this.figure(at)) yield [{ objects: [], props: [], figure }, next];
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
        for (const [figure, end] of this.figure(next)) yield [{ ...items, figure }, end];
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
  const { objects = [], props = [], relation, figure } = found.items ?? {};
  const background = front.background ?? found.background;
  const time = front.time ?? found.time;
  return {
    ...(front.style && { style: front.style }),
    ...(background && { background }),
    ...(time && { time }),
    objects,
    ...(props.length > 0 && { props }),
    ...(relation && { relation }),
    ...(figure && { figure }),
  };
}
