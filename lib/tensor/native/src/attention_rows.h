// Queries and keys on their way into and out of attention: RMS norm per head, rotary embedding, a factor, and the
// gradients of these. One row is one token's head.
#pragma once
#include "fused_math.h"

namespace t2g {

/// Angles of one stream's tokens: cos and sin are [T, dh/2], or [B, T, dh/2] with perSample.
struct Rotary {
  const float *cos = nullptr, *sin = nullptr;  // null: nothing is turned
  bool perSample = false, interleaved = false;

  int64_t at(int64_t b, int64_t t, int64_t T, int64_t half) const { return (perSample ? b * T + t : t) * half; }

  /// y = x turned by the angles at c and s (the other way with sign = -1) and multiplied by `factor`.
  void turn(const float* x, const float* c, const float* s, int64_t dh, float sign, float factor, float* y) const {
    if (interleaved) {
      const f32x16 signs = alternate16(sign * factor);
      forVectors(dh, [&](int64_t i, auto lanes) {
        const int64_t pairs = std::min<int64_t>(8, (dh - i) / 2);
        const f32x16 v = lanes.load(x + i), w = swapPairs16(v);
        const f32x16 cs = loadPartial(c + i / 2, pairs), sn = loadPartial(s + i / 2, pairs);
        lanes.store(y + i, v * twice16(cs) * factor + w * twice16(sn) * signs);
      });
      return;
    }
    const int64_t half = dh / 2;
    forVectors(half, [&](int64_t i, auto lanes) {
      const f32x16 a = lanes.load(x + i), b = lanes.load(x + half + i);
      const f32x16 cs = lanes.load(c + i) * factor, sn = lanes.load(s + i) * (sign * factor);
      lanes.store(y + i, a * cs - b * sn);
      lanes.store(y + half + i, b * cs + a * sn);
    });
  }
};

/// Asks for a row a few rows early: the rows of one head lie too far apart for the hardware to guess.
template <int Write = 0>
inline void fetchRow(const float* p, int64_t n) {
  for (int64_t i = 0; i < n; i += 16) __builtin_prefetch(p + i, Write);
}
constexpr int64_t kFetchAhead = 8;

inline void scaleRow(const float* x, int64_t n, float factor, float* y) {
  forVectors(n, [&](int64_t i, auto lanes) { lanes.store(y + i, lanes.load(x + i) * factor); });
}

inline float dotRows(const float* a, const float* b, int64_t n) {
  f32x16 sum = {};
  forVectors(n, [&](int64_t i, auto lanes) { sum += lanes.load(a + i) * lanes.load(b + i); });
  return sumOf(sum);
}

/// The gradient of y = x * inverse(x) * weight, inverse = 1 / sqrt(mean(x^2) + eps): g = dy becomes dx in place, and
/// dweight += dy * x * inverse.
inline void normGradRow(const float* x, const float* weight, float eps, int64_t dh, float* g, float* dweight) {
  const float inverse = 1.0f / std::sqrt(dotRows(x, x, dh) / static_cast<float>(dh) + eps);
  f32x16 dots = {};
  forVectors(dh, [&](int64_t i, auto lanes) {
    const f32x16 product = lanes.load(g + i) * lanes.load(x + i);
    dots += product * lanes.load(weight + i);
    lanes.store(dweight + i, lanes.load(dweight + i) + product * inverse);
  });
  const float pull = sumOf(dots) / static_cast<float>(dh) * inverse * inverse * inverse;
  forVectors(dh, [&](int64_t i, auto lanes) {
    lanes.store(g + i, lanes.load(g + i) * lanes.load(weight + i) * inverse - lanes.load(x + i) * pull);
  });
}

/// y = factor * turn(norm(x)); weight null: no norm. `spare` holds dh floats.
inline void enterRow(const float* x, const float* weight, float eps, const Rotary& rotary, int64_t angle, int64_t dh,
                     float factor, float* spare, float* y) {
  if (weight) {
    factor /= std::sqrt(dotRows(x, x, dh) / static_cast<float>(dh) + eps);
    forVectors(dh, [&](int64_t i, auto lanes) { lanes.store(spare + i, lanes.load(x + i) * lanes.load(weight + i)); });
    x = spare;
  }
  if (rotary.cos) rotary.turn(x, rotary.cos + angle, rotary.sin + angle, dh, 1.0f, factor, y);
  else scaleRow(x, dh, factor, y);
}

/// The gradient of enterRow: dx from g = dy; dweight += when there is a weight.
inline void leaveRow(const float* g, const float* x, const float* weight, float eps, const Rotary& rotary,
                     int64_t angle, int64_t dh, float factor, float* dx, float* dweight) {
  if (rotary.cos) rotary.turn(g, rotary.cos + angle, rotary.sin + angle, dh, -1.0f, factor, dx);
  else scaleRow(g, dh, factor, dx);
  if (weight) normGradRow(x, weight, eps, dh, dx, dweight);
}

}  // namespace t2g
