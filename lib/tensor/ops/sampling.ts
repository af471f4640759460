// Drawing tokens from logits, a row at a time on the CPU: the definition that a backend's own sampling must reproduce.

export interface SamplingRules {
  /** 0 is greedy: the first of the largest logits */
  temperature: number;
  /** Keep the smallest set of tokens with at least this probability (1: all), of what topK left. */
  topP: number;
  /** Keep the k likeliest tokens (0: all). */
  topK: number;
}

export interface DrawnToken {
  token: number;
  /** Under softmax(logits / temperature), before topP and topK (greedy: temperature 1). */
  logProb: number;
}

/**
 * Draws one token by inverting the cumulative distribution at `uniform`.
 * @param logits [V]; -Infinity excludes a token
 * @param uniform in [0, 1); not read when greedy
 * @returns null when the logits are not finite
 */
export function drawToken(
  logits: Float32Array,
  { temperature, topP, topK }: SamplingRules,
  uniform: number,
): DrawnToken | null {
  const scale = temperature > 0 ? 1 / temperature : 1;
  let best = 0;
  for (let v = 1; v < logits.length; v++) if (logits[v] > logits[best]) best = v;
  const max = logits[best] * scale;
  const weights = new Float64Array(logits.length);
  let sum = 0;
  for (let v = 0; v < logits.length; v++) sum += weights[v] = Math.exp(logits[v] * scale - max);
  if (!Number.isFinite(sum)) return null;
  const token = temperature > 0 ? pickToken(weights, sum, uniform, topP, topK) : best;
  return { token, logProb: logits[token] * scale - max - Math.log(sum) };
}

function pickToken(weights: Float64Array, sum: number, uniform: number, topP: number, topK: number): number {
  let order: ArrayLike<number> | null = null;
  let total = sum;
  if (topP < 1 || topK > 0) {
    const ranked = Array.from(weights.keys()).sort((a, b) => weights[b] - weights[a] || a - b);
    const limit = topK > 0 ? Math.min(topK, ranked.length) : ranked.length;
    const base = ranked.slice(0, limit).reduce((s, v) => s + weights[v], 0); // topK first, then topP of what is left
    total = 0;
    let kept = 0;
    while (kept < limit && (kept === 0 || total < topP * base)) total += weights[ranked[kept++]];
    order = ranked.slice(0, kept);
  }
  let rest = uniform * total;
  const length = order ? order.length : weights.length;
  let last = 0;
  for (let i = 0; i < length; i++) {
    const v = order ? order[i] : i;
    if (weights[v] <= 0) continue;
    last = v;
    rest -= weights[v];
    if (rest < 0) return v;
  }
  return last; // rounding left a crumb
}
