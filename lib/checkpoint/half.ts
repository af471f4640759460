// 16-bit floats: IEEE half (F16) and bfloat16 (BF16) to and from float32, rounding to nearest, ties to even.

const bits = new Uint32Array(1);
const float = new Float32Array(bits.buffer);

let halfTable: Float32Array | undefined;

/** All 65,536 half values; a look-up is the fastest decode and the simplest to trust. */
function halves(): Float32Array {
  if (halfTable) return halfTable;
  const words = new Uint32Array(65536);
  for (let h = 0; h < 65536; h++) {
    const sign = (h & 0x8000) << 16;
    const exponent = (h >> 10) & 31;
    const fraction = h & 1023;
    if (exponent === 31) {
      words[h] = sign | 0x7f800000 | (fraction << 13);
    } else if (exponent > 0) {
      words[h] = sign | ((exponent + 112) << 23) | (fraction << 13);
    } else {
      float[0] = fraction * 2 ** -24; // subnormal, exact in float32
      words[h] = sign | bits[0];
    }
  }
  halfTable = new Float32Array(words.buffer);
  return halfTable;
}

export function decodeF16(source: Uint16Array): Float32Array {
  const table = halves();
  const out = new Float32Array(source.length);
  for (let i = 0; i < source.length; i++) out[i] = table[source[i]];
  return out;
}

export function decodeBF16(source: Uint16Array): Float32Array {
  const out = new Float32Array(source.length);
  const words = new Uint32Array(out.buffer);
  for (let i = 0; i < source.length; i++) words[i] = source[i] << 16;
  return out;
}

/** Finite values too large for a half become infinite: callers that must not lose them check first. */
export function encodeF16(source: Float32Array): Uint16Array {
  const words = new Uint32Array(source.buffer, source.byteOffset, source.length);
  const out = new Uint16Array(source.length);
  for (let i = 0; i < source.length; i++) {
    const sign = (words[i] >>> 16) & 0x8000;
    const magnitude = words[i] & 0x7fffffff;
    let half: number;
    if (magnitude > 0x7f800000) {
      half = 0x7e00; // NaN
    } else if (magnitude >= 0x477ff000) {
      half = 0x7c00; // 65520 and above round to infinity
    } else if (magnitude >= 0x38800000) {
      half = (magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13; // the carry may raise the exponent
    } else {
      bits[0] = magnitude;
      half = roundHalfEven(float[0] * 2 ** 24); // subnormal half: a multiple of 2^-24
    }
    out[i] = sign | half;
  }
  return out;
}

export function encodeBF16(source: Float32Array): Uint16Array {
  const words = new Uint32Array(source.buffer, source.byteOffset, source.length);
  const out = new Uint16Array(source.length);
  for (let i = 0; i < source.length; i++) {
    const word = words[i];
    // NaN keeps its sign and becomes quiet: rounding could turn its fraction into zero, which is infinity.
    out[i] =
      (word & 0x7fffffff) > 0x7f800000 ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  }
  return out;
}

function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}
