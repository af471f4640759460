/** Whether JSON that a person wrote has the form that its types promise: what every other check then relies on. */

/** A value as errors show it: JSON, cut when it is long. */
export function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 120 ? text : `${text.slice(0, 100)}... (${text.length} characters)`;
}

export type Shape =
  | 'a string'
  | 'a number'
  | 'true or false'
  | 'an object'
  | { list: Shape }
  /** An object with these fields; others are wrong. */
  | { fields: Readonly<Record<string, Shape>>; need?: readonly string[] };

const KINDS: Record<Extract<Shape, string>, (value: unknown) => boolean> = {
  'a string': (value) => typeof value === 'string',
  'a number': (value) => typeof value === 'number',
  'true or false': (value) => typeof value === 'boolean',
  'an object': isObject,
};

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether `value` is of a shape: the quick answer, for scenes that are checked by the thousand. */
function fits(value: unknown, shape: Shape): boolean {
  if (typeof shape === 'string') return KINDS[shape](value);
  if ('list' in shape) {
    if (!Array.isArray(value)) return false;
    for (const item of value) if (!fits(item, shape.list)) return false;
    return true;
  }
  if (!isObject(value)) return false;
  const record = value as Record<string, unknown>;
  for (const field of shape.need ?? [])
    if (record[field] === undefined || !Object.hasOwn(record, field)) return false;
  for (const field of Object.keys(record))
    if (
      !Object.hasOwn(shape.fields, field) ||
      (record[field] !== undefined && !fits(record[field], shape.fields[field]))
    )
      return false;
  return true;
}

/** Everything in `value` that is not of a shape, with the value found and the one wanted; `where` is '' at the top. */
export function shapeProblems(value: unknown, shape: Shape, where = ''): string[] {
  if (fits(value, shape)) return [];
  const name = where || 'it';
  if (typeof shape === 'string')
    return KINDS[shape](value) ? [] : [`${name} is ${quote(value)}, want ${shape}`];
  if ('list' in shape) {
    if (!Array.isArray(value)) return [`${name} is ${quote(value)}, want a list`];
    return value.flatMap((item, i) => shapeProblems(item, shape.list, `${where}[${i}]`));
  }
  if (!isObject(value)) return [`${name} is ${quote(value)}, want an object`];
  const { fields, need = [] } = shape;
  const dotted = (field: string): string => (where ? `${where}.${field}` : field);
  const record = value as Record<string, unknown>;
  const missing = need.filter((field) => !Object.hasOwn(record, field) || record[field] === undefined);
  return [
    ...missing.map((field) => `${dotted(field)} is missing, want ${wanted(fields[field])}`),
    ...Object.keys(record).flatMap((field) => {
      if (!Object.hasOwn(fields, field))
        return [`field ${quote(dotted(field))} is unknown, want one of ${Object.keys(fields).join(', ')}`];
      return record[field] === undefined ? [] : shapeProblems(record[field], fields[field], dotted(field));
    }),
  ];
}

function wanted(shape: Shape): string {
  if (typeof shape === 'string') return shape;
  return 'list' in shape ? 'a list' : 'an object';
}

/** What a text cannot have if documents are made of it: line ends, special tokens, slots of templates, stray spaces. */
export function textProblems(text: string, where: string): string[] {
  // eslint-disable-next-line no-control-regex
  const odd = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff\ufffd]|[{}]|<\||\|>|\p{Cs}/u.exec(text)?.[0];
  if (odd !== undefined)
    return [
      `${where} ${quote(text)} has ${quote(odd)}, want plain text without control characters, {}, <| or |>`,
    ];
  if (/^\s|\s$|\s\s/.test(text))
    return [
      `${where} ${quote(text)} begins or ends with a space, or has two in a row, want single spaces between words`,
    ];
  return [];
}
