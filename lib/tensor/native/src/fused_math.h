// Vector helpers of the fused kernels: whole vectors and masked tails behind one interface, exp and its kin.
#pragma once
#include <algorithm>
#include <cmath>

#include "common.h"

namespace t2g {

/// Sixteen values at a time.
struct WholeVector {
  f32x16 load(const float* p) const { return loadu(p); }
  void store(float* p, f32x16 v) const { storeu(p, v); }
  /// The lanes in use, 0 elsewhere: for sums of expressions that do not map 0 to 0.
  f32x16 keep(f32x16 v) const { return v; }
  /// The lanes in use, `other` elsewhere.
  f32x16 keepOr(f32x16 v, float) const { return v; }
};

/// The last n < 16 values of a row.
struct TailVector {
  int n;
#if defined(__AVX512F__)
  __mmask16 mask() const { return static_cast<__mmask16>((1u << n) - 1); }
  f32x16 load(const float* p) const { return (f32x16)_mm512_maskz_loadu_ps(mask(), p); }
  void store(float* p, f32x16 v) const { _mm512_mask_storeu_ps(p, mask(), (__m512)v); }
  f32x16 keepOr(f32x16 v, float other) const {
    return (f32x16)_mm512_mask_mov_ps((__m512)splat(other), mask(), (__m512)v);
  }
#else
  f32x16 load(const float* p) const { return loadPartial(p, n); }
  void store(float* p, f32x16 v) const { storePartial(p, v, n); }
  f32x16 keepOr(f32x16 v, float other) const {
    float lanes[16];
    storeu(lanes, v);
    for (int i = n; i < 16; i++) lanes[i] = other;
    return loadu(lanes);
  }
#endif
  f32x16 keep(f32x16 v) const { return keepOr(v, 0.0f); }
};

/// body(offset, lanes) over [0, n): whole vectors first, then one tail.
template <class Body>
inline __attribute__((always_inline)) void forVectors(int64_t n, Body body) {
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) body(i, WholeVector{});
  if (i < n) body(i, TailVector{static_cast<int>(n - i)});
}

inline f32x16 maxOf(f32x16 a, f32x16 b) { return pick(a > b, a, b); }
inline float maxLane(f32x16 v) {
  float lanes[16];
  storeu(lanes, v);
  float m = lanes[0];
  for (int i = 1; i < 16; i++) m = lanes[i] > m ? lanes[i] : m;
  return m;
}

inline f32x16 squareRoot(f32x16 v) { return sqrt16(v); }

/// e^x to about 1e-7 relative: x = n ln 2 + r, a polynomial in r (Cephes), times 2^n. Keeps NaN; -inf gives 0.
inline f32x16 vexp(f32x16 x) {
  x = pick(x <= splat(-105.0f), splat(-105.0f), x);  // in this order NaN stays
  x = pick(x > splat(89.0f), splat(89.0f), x);
  const f32x16 scaled = x * 1.44269504088896341f;
#if defined(__AVX512F__)
  const __m512 n = _mm512_maskz_roundscale_ps(static_cast<__mmask16>(-1), (__m512)scaled, 8);
  __m512 rest = _mm512_fnmadd_ps(n, _mm512_set1_ps(0.693359375f), (__m512)x);
  const f32x16 r = (f32x16)_mm512_fnmadd_ps(n, _mm512_set1_ps(-2.12194440e-4f), rest);
#else
  const f32x16 n = round16(scaled);
  const f32x16 r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
#endif
  f32x16 p = splat(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
#if defined(__AVX512F__)
  return (f32x16)_mm512_maskz_scalef_ps(static_cast<__mmask16>(-1), (__m512)p, n);
#else
  // In two halves, because 2^128 and 2^-150 have no float of their own.
  const i32x16 whole = toInt16(n), half = whole >> 1;
  const f32x16 low = (f32x16)((half + 127) << 23), high = (f32x16)((whole - half + 127) << 23);
  return pick(x != x, x, p * low * high);
#endif
}

inline f32x16 vsigmoid(f32x16 x) { return 1.0f / (1.0f + vexp(-x)); }

/// GELU in its tanh form is x * geluGate(x), because (1 + tanh(u)) / 2 = sigmoid(2u):
/// sigmoid(2 sqrt(2/pi) (x + 0.044715 x^3)).
inline f32x16 geluGate(f32x16 x) { return vsigmoid(1.5957691216057308f * x * (1.0f + 0.044715f * x * x)); }
/// The derivative of GELU, from x and its gate.
inline f32x16 geluSlope(f32x16 x, f32x16 gate) {
  const f32x16 slope = 1.5957691216057308f * x * (1.0f + 3.0f * 0.044715f * x * x);
  return gate * (1.0f + slope * (1.0f - gate));
}

/// log(sum(exp(x))) of V values; -inf when all are, NaN when one is.
inline float logSumExp(const float* x, int64_t V) {
  f32x16 top = splat(-INFINITY);
  forVectors(V, [&](int64_t i, auto lanes) { top = maxOf(lanes.keepOr(lanes.load(x + i), -INFINITY), top); });
  const float most = maxLane(top);
  // All -inf, or +inf: the plain formula would give NaN where the first has the limit -inf.
  if (most == -INFINITY) {
    for (int64_t i = 0; i < V; i++)
      if (x[i] != x[i]) return x[i];
    return -INFINITY;
  }
  f32x16 sum = {};
  forVectors(V, [&](int64_t i, auto lanes) { sum += lanes.keep(vexp(lanes.load(x + i) - most)); });
  return most + std::log(sumOf(sum));
}

/// Rows [0, rows) in blocks of a fixed size, so that sums over rows do not depend on the number of threads.
struct RowBlocks {
  int64_t rows, size, count;
  explicit RowBlocks(int64_t n) : rows(n), size(std::max<int64_t>(16, (n + 63) / 64)), count((n + size - 1) / size) {}
  int64_t begin(int64_t block) const { return block * size; }
  int64_t end(int64_t block) const { return std::min(rows, (block + 1) * size); }
};

/// out[D] = the sum over blocks of partial[block][D], in order.
inline void sumBlocks(const float* partial, int64_t blocks, int64_t D, float* out) {
  forVectors(D, [&](int64_t i, auto lanes) {
    f32x16 total = {};
    for (int64_t block = 0; block < blocks; block++) total += lanes.load(partial + block * D + i);
    lanes.store(out + i, total);
  });
}

/// How many rows of D values make a piece of work worth handing to another thread.
inline int64_t rowGrain(int64_t D) { return std::max<int64_t>(1, 8192 / std::max<int64_t>(1, D)); }

// ---------------------------------------------------------------- registration, one per fused_*.cc
void registerFusedNorms(napi_env env, napi_value exports);
void registerFusedActivations(napi_env env, napi_value exports);
void registerFusedTokens(napi_env env, napi_value exports);
void registerFusedAttention(napi_env env, napi_value exports);
void registerFusedHead(napi_env env, napi_value exports);
void registerFusedMlp(napi_env env, napi_value exports);
void registerFusedLinear(napi_env env, napi_value exports);
void registerFusedOptim(napi_env env, napi_value exports);
void registerFusedMuon(napi_env env, napi_value exports);
void registerFusedRandom(napi_env env, napi_value exports);
void registerFusedDecode(napi_env env, napi_value exports);
void registerFusedSample(napi_env env, napi_value exports);
void registerFusedDit(napi_env env, napi_value exports);

}  // namespace t2g
