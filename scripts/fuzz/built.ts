// Right arguments for those functions of the addon whose lengths depend on more than products of sizes: attention of
// several streams, and the sessions that keep packed weights (their counts of floats come from the addon itself).
import { callNative, type NativeAddon, type NativeArgument } from '../../lib/tensor/native/addon';
import { type Chance, fill, Sizes } from './random';

/** What a builder may use. Sizes are 0 now and then, like everywhere. */
export interface Tools {
  addon: NativeAddon;
  chance: Chance;
  sizes: Sizes;
}
export type Build = (tools: Tools) => NativeArgument[];

const floats = ({ chance }: Tools, n: number): Float32Array => fill(chance, new Float32Array(n), 2);
const ids = ({ chance }: Tools, n: number, below: number): Int32Array =>
  Int32Array.from({ length: n }, () => chance.below(below));
const maybe = <X>({ chance }: Tools, x: X): X | null => (chance.happens(0.7) ? x : null);

function attention(gradient: boolean): Build {
  return (tools) => {
    const { chance, sizes } = tools;
    const [B, G, R, dh] = ['B', 'G', 'R', 'dh'].map((name) => sizes.of(name));
    const H = G * R;
    let [queries, keys] = [0, 0];
    const streams = Array.from({ length: 1 + chance.below(4) }, (_, i): NativeArgument[] => {
      const S = sizes.of(`S${i}`);
      const turns = dh % 2 === 0 && chance.happens(0.6);
      const perSample = chance.happens(0.5);
      const asks = i === 0 || chance.happens(0.7);
      const T = !asks ? 0 : turns ? S : sizes.of(`T${i}`);
      const q = T * B * H * dh;
      const k = S * B * G * dh;
      const angles = (): Float32Array | null =>
        turns ? floats(tools, ((perSample ? B : 1) * S * dh) / 2) : null;
      const norms = [maybe(tools, floats(tools, dh)), maybe(tools, floats(tools, dh))];
      queries += T;
      keys += S;
      const given = [floats(tools, q), floats(tools, k), floats(tools, k), angles(), angles(), ...norms];
      const outputs = [q, q, k, k, dh, dh].map((n) => new Float32Array(n));
      return [
        ...given,
        T,
        S,
        perSample,
        chance.happens(0.5),
        new Float32Array(q),
        ...(gradient ? outputs : []),
      ];
    });
    const mask = maybe(
      tools,
      Float32Array.from({ length: B * keys }, () => chance.below(2)),
    );
    const scalars = [chance.happens(0.5), chance.next(), chance.next()];
    return [streams, mask, B, H, G, dh, ...scalars, floats(tools, B * H * queries)];
  };
}

/** A count of floats, 0 where a size is 0 and the addon refuses to count. */
function count({ addon, sizes }: Tools, name: string, ...args: NativeArgument[]): number {
  try {
    return callNative(addon, name, ...args) as number;
  } catch (error) {
    if (sizes.hasZero) return 0;
    throw error;
  }
}

const bf16 = ({ addon, chance }: Tools): number => (addon.hasBf16() && chance.happens(0.5) ? 1 : 0);

interface Decoding {
  numbers: Int32Array;
  rows: number;
  length(what: number): number;
}
function decoding(tools: Tools): Decoding {
  const { chance, sizes } = tools;
  const [D, F, V, P, N] = ['D', 'F', 'V', 'P', 'N'].map((name) => sizes.of(name));
  const [L, Hkv, R, prompts] = [1, 1, 1, 1].map((least) => least + chance.below(3));
  const dh = 2 * sizes.of('pairs');
  const slots = 1 + chance.below(14);
  const rows = 1 + chance.below(slots);
  const model = [D, F, L, Hkv * R, Hkv, dh, V, P + N + chance.below(3)];
  const numbers = Int32Array.from([...model, bf16(tools), prompts, P, slots, N]);
  return { numbers, rows, length: (what) => count(tools, 'decodeFloats', numbers, rows, what) };
}

const decodePackLayer: Build = (tools) => {
  const { numbers, length } = decoding(tools);
  const [D, F, L, H, Hkv, dh] = numbers;
  const [q, kv] = [H * dh, Hkv * dh];
  const projection = (n: number): NativeArgument[] => [floats(tools, n * D), maybe(tools, floats(tools, n))];
  const attends = [projection(q), projection(kv), projection(kv)].flat();
  const mixes = [D * q, F * D, F * D, D * F].map((n) => floats(tools, n));
  const norms = [floats(tools, D), floats(tools, D)];
  return [numbers, tools.chance.below(L), ...norms, ...attends, ...mixes, new Float32Array(length(0))];
};

const decodePackHead: Build = (tools) => {
  const { numbers, length } = decoding(tools);
  const [D, V] = [numbers[0], numbers[6]];
  return [numbers, floats(tools, D), floats(tools, V * D), new Float32Array(length(0))];
};

const decodePrefix: Build = (tools) => {
  const { numbers, length } = decoding(tools);
  const [L, Hkv, dh, prompts, P] = [2, 4, 5, 9, 10].map((i) => numbers[i]);
  const values = (): Float32Array => floats(tools, prompts * P * Hkv * dh);
  const skip = ids(tools, prompts, P + 1);
  return [numbers, tools.chance.below(L), values(), values(), skip, new Float32Array(length(1))];
};

const decodeStep: Build = (tools) => {
  const { numbers, rows, length } = decoding(tools);
  const { chance } = tools;
  const [D, dh, V, positions, prompts, P, N] = [0, 5, 6, 7, 9, 10, 12].map((i) => numbers[i]);
  const angles = (): Float32Array => floats(tools, (positions * dh) / 2);
  const row = (slot: number): number[] => {
    const place = [chance.below(prompts), chance.below(P + 1), chance.below(N)];
    return [chance.below(V), slot, ...place];
  };
  const given = [
    floats(tools, length(0)),
    floats(tools, V * D),
    angles(),
    angles(),
    floats(tools, length(1)),
  ];
  const live = Int32Array.from(Array.from({ length: rows }, (_, slot) => row(slot)).flat());
  const memory = [new Float32Array(length(2)), new Float32Array(rows * length(3))];
  return [numbers, chance.next(), ...given, live, rows, ...memory];
};

interface Painting {
  numbers: Int32Array;
  length(what: number): number;
}
function painting(tools: Tools): Painting {
  const { chance, sizes } = tools;
  const H = 1 + chance.below(3);
  const D = H * 2 * sizes.of('pairs');
  const [F, C, O, T] = ['F', 'C', 'O', 'T'].map((name) => sizes.of(name));
  const latents = 1 + chance.below(3);
  const B = latents * (1 + chance.below(2));
  const places = sizes.of('places');
  const texts = places === 0 ? 0 : chance.below(40);
  const model = [D, F, 1 + chance.below(3), H, C, chance.below(3), O];
  const numbers = Int32Array.from([...model, B, latents, T, texts, places, bf16(tools)]);
  return { numbers, length: (what) => count(tools, 'ditFloats', numbers, what) };
}

const ditPackStream: Build = (tools) => {
  const { numbers, length } = painting(tools);
  const [D, F, L, H] = numbers;
  const weights = [D * D, D * D, D * D, D * D, F * D, D * F].map((n) => floats(tools, n));
  const biases = [D, D, D, D, F, D].map((n) => floats(tools, n));
  const norms = [floats(tools, D / H), floats(tools, D / H)];
  const at = [tools.chance.below(L), tools.chance.below(2)];
  return [numbers, ...at, ...norms, weights, biases, new Float32Array(length(0))];
};

const ditPackEnds: Build = (tools) => {
  const { numbers, length } = painting(tools);
  const [D, C, W, O] = [0, 4, 5, 6].map((i) => numbers[i]);
  const ends = [D * (C + W), D, O * D, O].map((n) => floats(tools, n));
  return [numbers, ...ends, new Float32Array(length(0))];
};

const ditStep: Build = (tools) => {
  const { numbers, length } = painting(tools);
  const [D, , , H, C, W, O, B, latents, T, texts, places] = numbers;
  const starts = ids(tools, B + 1, texts + 1).sort();
  starts[0] = 0;
  starts[B] = texts;
  const given = [floats(tools, length(0)), floats(tools, length(1)), floats(tools, latents * T * C)];
  const text = [floats(tools, texts * D), starts, ids(tools, texts, places)];
  const angles = [places, places, T, T].map((n) => floats(tools, (n * D) / H));
  const memory = [new Float32Array(length(2)), new Float32Array(B * T * O)];
  return [numbers, ...given, W === 0 ? null : floats(tools, T * W), ...text, ...angles, ...memory];
};

export const BUILT: Record<string, Build> = {
  attention: attention(false),
  attentionGrad: attention(true),
  decodeFloats: (tools) => [decoding(tools).numbers, 1, tools.chance.below(4)],
  decodePackLayer,
  decodePackHead,
  decodePrefix,
  decodeStep,
  ditFloats: (tools) => [painting(tools).numbers, tools.chance.below(3)],
  ditPackStream,
  ditPackEnds,
  ditStep,
};
