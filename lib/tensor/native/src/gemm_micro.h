// Register-blocked micro-kernels of the matrix products: one tile of C from a panel of A and a panel of B.
#pragma once
#include "common.h"
#include "gemm_pack.h"

namespace t2g {
namespace {

#if defined(__AVX512F__)
constexpr int MR = 12, NV = 2;  // 24 accumulators of 32 registers
#elif defined(__AVX__) || defined(__aarch64__)
constexpr int MR = 6, NV = 1;  // 12 accumulators of 16 registers (AVX) or 24 of 32 (NEON)
#else
constexpr int MR = 2, NV = 1;  // 8 of 16 (SSE)
#endif
constexpr int NR = NV * 16;

struct Store {
  float alpha;
  const float* bias;  // at this tile's first column
  bool load;          // add to C
};

template <int R, int W>
inline void storeTile(const f32x16 (&acc)[R][W], float* c, int64_t ldc, int64_t n, const Store& s) {
#pragma GCC unroll 2
  for (int v = 0; v < W; v++) {
    const int64_t here = n - 16 * v;
    if (here >= 16) {
      const f32x16 bias = s.bias ? loadu(s.bias + 16 * v) : f32x16{};
#pragma GCC unroll 12
      for (int i = 0; i < R; i++) {
        float* p = c + i * ldc + 16 * v;
        f32x16 x = acc[i][v] * s.alpha + bias;
        if (s.load) x += loadu(p);
        storeu(p, x);
      }
    } else if (here > 0) {
      const f32x16 bias = s.bias ? loadPartial(s.bias + 16 * v, here) : f32x16{};
#pragma GCC unroll 12
      for (int i = 0; i < R; i++) {
        float* p = c + i * ldc + 16 * v;
        f32x16 x = acc[i][v] * s.alpha + bias;
        if (s.load) x += loadPartial(p, here);
        storePartial(p, x, here);
      }
    }
  }
}

// C tile [R, n <= 16 W] from a panel of A (R wide) and of B (rows bStep apart, 16 W readable).
template <int R, int W>
void micro(int64_t depth, const float* a, const float* b, int64_t bStep, float* c, int64_t ldc, int64_t n,
           const Store& s) {
  f32x16 acc[R][W] = {};
#pragma GCC unroll 2
  for (int64_t k = 0; k < depth; k++) {
    f32x16 bv[W];
#pragma GCC unroll 2
    for (int v = 0; v < W; v++) bv[v] = loadu(b + 16 * v);
#pragma GCC unroll 12
    for (int i = 0; i < R; i++) {
      const f32x16 av = splat(a[i]);
#pragma GCC unroll 2
      for (int v = 0; v < W; v++) acc[i][v] += av * bv[v];
    }
    a += R;
    b += bStep;
  }
  storeTile<R, W>(acc, c, ldc, n, s);
}

#if defined(T2G_BF16)
template <int R, int W>
void microBf16(int64_t depth, const float* a, const float* b, int64_t bStep, float* c, int64_t ldc, int64_t n,
               const Store& s) {
  __m512 acc[R][W];
#pragma GCC unroll 12
  for (int i = 0; i < R; i++)
#pragma GCC unroll 2
    for (int v = 0; v < W; v++) acc[i][v] = _mm512_setzero_ps();
  const int64_t pairs = (depth + 1) / 2;
#pragma GCC unroll 2
  for (int64_t k = 0; k < pairs; k++) {
    __m512bh bv[W];
#pragma GCC unroll 2
    for (int v = 0; v < W; v++) bv[v] = (__m512bh)_mm512_loadu_si512(b + 16 * v);
#pragma GCC unroll 12
    for (int i = 0; i < R; i++) {
      int32_t word;
      std::memcpy(&word, a + i, sizeof word);
      const __m512bh av = (__m512bh)_mm512_set1_epi32(word);
#pragma GCC unroll 2
      for (int v = 0; v < W; v++) acc[i][v] = _mm512_dpbf16_ps(acc[i][v], av, bv[v]);
    }
    a += R;
    b += bStep;
  }
  f32x16 out[R][W];
#pragma GCC unroll 12
  for (int i = 0; i < R; i++)
#pragma GCC unroll 2
    for (int v = 0; v < W; v++) out[i][v] = (f32x16)acc[i][v];
  storeTile<R, W>(out, c, ldc, n, s);
}
#endif

using Micro = void (*)(int64_t, const float*, const float*, int64_t, float*, int64_t, int64_t, const Store&);

struct MicroTable {
  Micro fp32[13][3] = {}, bf16[13][3] = {};
  template <int R>
  void fill() {
    fp32[R][1] = micro<R, 1>;
    fp32[R][NV] = micro<R, NV>;
#if defined(T2G_BF16)
    bf16[R][1] = microBf16<R, 1>;
    bf16[R][NV] = microBf16<R, NV>;
#endif
    if constexpr (R > 1) fill<R - 1>();
  }
  MicroTable() { fill<MR>(); }
  Micro pick(bool half, int64_t rows, int64_t width) const {
    return (half ? bf16 : fp32)[rows][width > 16 ? 2 : 1];
  }
};
const MicroTable table;

}  // namespace
}  // namespace t2g
