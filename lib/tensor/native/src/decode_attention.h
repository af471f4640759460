// Attention of one new token: its key and value join the row's cache, and its queries read the prompt's keys and the
// row's own. Keys lie in blocks of 16 places so that 16 scores are one vector without sums across lanes.
#pragma once
#include <cmath>

#include "decode_sizes.h"
#include "fused_math.h"

namespace t2g {
namespace decode {

/// Writes one rotated key and one value at a place of a cache.
inline void append(const Sizes& s, float* cache, int64_t places, int64_t head, int64_t place, const float* key,
            const float* value) {
  float* keys = cache + (head * roundUp(places, 16) + place / 16 * 16) * s.dh + place % 16;
  for (int64_t i = 0; i < s.dh; i++) keys[i * 16] = key[i];
  float* values = cache + s.keyFloats(places) + (head * roundUp(places, 16) + place) * s.dhp;
  std::memcpy(values, value, s.dh * sizeof(float));
  std::memset(values + s.dh, 0, (s.dhp - s.dh) * sizeof(float));
}

inline void rotate(const float* x, const float* cos, const float* sin, int64_t dh, float scale, float* out) {
  const int64_t half = dh / 2;
  forVectors(half, [&](int64_t i, auto lanes) {
    const f32x16 a = lanes.load(x + i), b = lanes.load(x + half + i), c = lanes.load(cos + i), d = lanes.load(sin + i);
    lanes.store(out + i, (a * c - b * d) * scale);
    lanes.store(out + half + i, (b * c + a * d) * scale);
  });
}

/// scores[g][0, n) of G queries against n cached keys of one head; rounded up with -inf.
template <int G>
void scoresOf(const float* q, int64_t dh, const float* keys, int64_t n, float* scores, int64_t ld) {
  for (int64_t s0 = 0; s0 < n; s0 += 16) {
    const float* block = keys + s0 * dh;
    f32x16 acc[G][2] = {};
    int64_t d = 0;
    for (; d + 2 <= dh; d += 2) {
      const f32x16 k0 = loadu(block + d * 16), k1 = loadu(block + d * 16 + 16);
#pragma GCC unroll 4
      for (int g = 0; g < G; g++) {
        acc[g][0] += k0 * splat(q[g * dh + d]);
        acc[g][1] += k1 * splat(q[g * dh + d + 1]);
      }
    }
    const int64_t valid = std::min<int64_t>(16, n - s0);
    for (int g = 0; g < G; g++) {
      f32x16 row = acc[g][0] + acc[g][1];
      if (valid < 16) row = TailVector{static_cast<int>(valid)}.keepOr(row, -INFINITY);
      storeu(scores + g * ld + s0, row);
    }
  }
}

/// out[g] += the values of n places weighted by scores[g].
template <int G>
void mixValues(const float* scores, int64_t ld, const float* values, int64_t dhp, int64_t n, float* out) {
  for (int64_t i = 0; i < dhp; i += 32) {
    const bool two = i + 16 < dhp;
    f32x16 acc[G][2];
    for (int g = 0; g < G; g++) acc[g][0] = loadu(out + g * dhp + i), acc[g][1] = two ? loadu(out + g * dhp + i + 16) : f32x16{};
    const float* v = values + i;
    for (int64_t s = 0; s < n; s++, v += dhp) {
      const f32x16 v0 = loadu(v), v1 = two ? loadu(v + 16) : f32x16{};
#pragma GCC unroll 4
      for (int g = 0; g < G; g++) {
        const f32x16 p = splat(scores[g * ld + s]);
        acc[g][0] += v0 * p;
        acc[g][1] += v1 * p;
      }
    }
    for (int g = 0; g < G; g++) {
      storeu(out + g * dhp + i, acc[g][0]);
      if (two) storeu(out + g * dhp + i + 16, acc[g][1]);
    }
  }
}

template <int G>
void attendTo(const Sizes& s, const Row& row, const float* prefix, const float* tail, int64_t head, const float* q,
              float* scores, float* mixed, float* out) {
  const int64_t first = roundUp(row.prefix, 16), mine = row.length + 1, ld = first + roundUp(mine, 16);
  const int64_t P16 = roundUp(s.P, 16), N16 = roundUp(s.N, 16);
  scoresOf<G>(q, s.dh, prefix + head * P16 * s.dh, row.prefix, scores, ld);
  scoresOf<G>(q, s.dh, tail + head * N16 * s.dh, mine, scores + first, ld);
  std::memset(mixed, 0, G * s.dhp * sizeof(float));
  float inverse[G];
  for (int g = 0; g < G; g++) {
    float* p = scores + g * ld;
    f32x16 top = splat(-INFINITY), sum = {};
    for (int64_t i = 0; i < ld; i += 16) top = maxOf(loadu(p + i), top);
    const float most = maxLane(top);
    for (int64_t i = 0; i < ld; i += 16) {
      const f32x16 e = vexp(loadu(p + i) - most);
      sum += e;
      storeu(p + i, e);
    }
    inverse[g] = 1.0f / sumOf(sum);
  }
  mixValues<G>(scores, ld, prefix + s.keyFloats(s.P) + head * P16 * s.dhp, s.dhp, row.prefix, mixed);
  mixValues<G>(scores + first, ld, tail + s.keyFloats(s.N) + head * N16 * s.dhp, s.dhp, mine, mixed);
  for (int g = 0; g < G; g++)
    forVectors(s.dh, [&](int64_t i, auto lanes) {
      lanes.store(out + g * s.dh + i, lanes.load(mixed + g * s.dhp + i) * inverse[g]);
    });
}

/// Rotates and appends a row's key and value of one key head, and attends with the query heads that share it.
inline void attendHead(const Sizes& s, const Row& row, int64_t head, const float* qkv, const float* cos, const float* sin,
                float* prefix, float* tail, float* out) {
  const int64_t places = roundUp(row.prefix, 16) + roundUp(row.length + 1, 16);
  float* work = threadScratch(5, s.G * s.dh + s.dh + 4 * (places + s.dhp) + 64);
  float *q = work, *key = q + s.G * s.dh, *scores = key + s.dh, *mixed = scores + 4 * places;
  const float scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(s.dh)));
  const float* queries = qkv + head * s.G * s.dh;
  for (int64_t g = 0; g < s.G; g++) rotate(queries + g * s.dh, cos, sin, s.dh, scale, q + g * s.dh);
  rotate(qkv + s.Qp + head * s.dh, cos, sin, s.dh, 1.0f, key);
  append(s, tail, s.N, head, row.length, key, qkv + s.Qp + s.Kp + head * s.dh);
  float* to = out + head * s.G * s.dh;
  int64_t g = 0;
  for (; g + 4 <= s.G; g += 4) attendTo<4>(s, row, prefix, tail, head, q + g * s.dh, scores, mixed, to + g * s.dh);
  for (; g + 2 <= s.G; g += 2) attendTo<2>(s, row, prefix, tail, head, q + g * s.dh, scores, mixed, to + g * s.dh);
  for (; g < s.G; g++) attendTo<1>(s, row, prefix, tail, head, q + g * s.dh, scores, mixed, to + g * s.dh);
}

}  // namespace decode
}  // namespace t2g
