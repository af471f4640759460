/** JSON as people write it: the first mistake with its line and column, and keys that are there twice, which JSON.parse takes in silence. */

const DEEPEST = 50;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y; // eslint-disable-line no-control-regex
const WORD = /true|false|null/y;
const SPACE = /[ \t\r\n]*/y;

/** Parses JSON. Throws with line, column, what was found there and what was wanted. */
export function parseJson(text: string): unknown {
  let at = 0;
  const space = (): void => {
    SPACE.lastIndex = at;
    at += SPACE.exec(text)![0].length;
  };
  const fail = (want: string, where = at, found?: string): never => {
    const lines = text.slice(0, where).split('\n');
    const here =
      found ??
      (where >= text.length ? 'the end of the file' : JSON.stringify([...text.slice(where, where + 2)][0]));
    throw new SyntaxError(
      `line ${lines.length}, column ${lines[lines.length - 1].length + 1}: ${here}, want ${want}`,
    );
  };
  const token = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  const string = (want: string): string =>
    token(STRING) ?? fail(text[at] === '"' ? 'a string that ends on its line' : want);
  /** Items between brackets, with commas between them. */
  const items = (end: string, item: () => void): void => {
    at++;
    space();
    if (text[at] === end) {
      at++;
      return;
    }
    for (;;) {
      item();
      space();
      if (text[at] === end) {
        at++;
        return;
      }
      if (text[at] !== ',') fail(`a comma or ${end}`);
      at++;
      space();
    }
  };
  const value = (depth: number): void => {
    if (depth > DEEPEST) fail(`at most ${DEEPEST} levels of brackets`);
    space();
    if (text[at] === '[') items(']', () => value(depth + 1));
    else if (text[at] === '{') {
      const keys = new Set<string>();
      items('}', () => {
        space();
        const from = at;
        const key = string('a key in double quotes');
        if (keys.has(key)) fail('each key once', from, `key ${key} again`);
        keys.add(key);
        space();
        if (text[at] !== ':') fail('a colon after the key');
        at++;
        value(depth + 1);
      });
    } else if (token(NUMBER) === undefined && token(WORD) === undefined) string('a value');
  };
  value(0);
  space();
  if (at < text.length) fail('the end of the file');
  return JSON.parse(text) as unknown;
}
