// Repeatable choices for the fuzzer, and the small languages of its tables: expressions over sizes drawn at random.
export class Chance {
  constructor(private state: number) {}

  /** Uniform in [0, 1). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
  below(n: number): number {
    return Math.floor(this.next() * n);
  }
  of<X>(list: readonly X[]): X {
    return list[this.below(list.length)];
  }
  happens(probability: number): boolean {
    return this.next() < probability;
  }
}

/** Random values for an array, integers below `below`; a float is something special now and then. */
export function fill<X extends Float32Array | Float64Array | Int32Array | Uint8Array>(
  chance: Chance,
  array: X,
  below: number,
): X {
  const isFloat = array instanceof Float32Array || array instanceof Float64Array;
  for (let i = 0; i < array.length; i++) array[i] = isFloat ? chance.next() * 4 - 2 : chance.below(below);
  if (isFloat && array.length > 0 && chance.happens(0.1))
    array[chance.below(array.length)] = chance.of([NaN, Infinity, -Infinity, 1e38, -0, 1e-40]);
  return array;
}

const SIZES = [1, 2, 3, 5, 7, 15, 16, 17, 31, 33, 48, 64, 65, 100];

/** Sizes by name, drawn when first asked for. */
export class Sizes {
  private readonly known: Record<string, number> = {};

  /** `cap` keeps products of several sizes small. */
  constructor(
    private readonly chance: Chance,
    private readonly cap: number,
  ) {}

  get hasZero(): boolean {
    return Object.values(this.known).includes(0);
  }

  of(name: string): number {
    const usual = SIZES.filter((n) => n <= this.cap);
    return (this.known[name] ??= this.chance.happens(0.04) ? 0 : this.chance.of(usual));
  }

  define(name: string, expression: string): number {
    return (this.known[name] = this.product(expression));
  }

  /** The value of `A*B*2`. */
  product(expression: string): number {
    return expression
      .split('*')
      .map((factor) => (/^\d+$/.test(factor) ? Number(factor) : this.of(factor)))
      .reduce((a, b) => a * b, 1);
  }
}
