// Packing for the matrix products: a panel is `width` lanes (rows of A or columns of B) stored k by k, so that the
// micro-kernels read both operands in order. bf16 panels hold pairs (k, k+1) in one 32-bit word per lane.
#pragma once
#include <algorithm>

#include "common.h"

namespace t2g {

#if defined(__AVX512F__)
/// Lane i of the result is lane order[i] of a (0-15) or b (16-31).
inline f32x16 lanesOf(f32x16 a, f32x16 b, i32x16 order) {
  return (f32x16)_mm512_permutex2var_ps((__m512)a, (__m512i)order, (__m512)b);
}
// new row i = even part of (r[i], r[i+s]), new row i+s = odd part, for one power of two s of a 16x16 transpose.
template <int S>
inline void transposeStage(f32x16* r) {
  i32x16 low, high;
  for (int c = 0; c < 16; c++) {
    low[c] = (c & S) == 0 ? c : 16 + c - S;
    high[c] = (c & S) == 0 ? c + S : 16 + c;
  }
#pragma GCC unroll 16
  for (int i = 0; i < 16; i++) {
    if (i & S) continue;
    const f32x16 a = r[i], b = r[i + S];
    r[i] = lanesOf(a, b, low);
    r[i + S] = lanesOf(a, b, high);
  }
}

inline void transpose16(f32x16* r) {
  transposeStage<8>(r);
  transposeStage<4>(r);
  transposeStage<2>(r);
  transposeStage<1>(r);
}
#else
inline void transpose16(f32x16* r) {
  float rows[16][16], columns[16][16];
  for (int i = 0; i < 16; i++) storeu(rows[i], r[i]);
  for (int i = 0; i < 16; i++)
    for (int k = 0; k < 16; k++) columns[k][i] = rows[i][k];
  for (int i = 0; i < 16; i++) r[i] = loadu(columns[i]);
}
#endif

#if defined(__AVX512BF16__) && defined(__AVX512BW__)
#define T2G_BF16 1
// Two rows of 16 floats as 16 words of (bf16 of a, bf16 of b), rounded to nearest even.
inline __m512i pairBf16(f32x16 a, f32x16 b) {
  alignas(64) static const uint16_t order[32] = {0, 16, 1, 17, 2,  18, 3,  19, 4,  20, 5,  21, 6,  22, 7,  23,
                                                 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
  const __m512i both = (__m512i)_mm512_cvtne2ps_pbh((__m512)b, (__m512)a);
  return _mm512_permutexvar_epi16(_mm512_load_si512(order), both);
}
#endif

/// Packs `lanes` (<= 32) x `depth` values, element (lane, k) at src[lane * laneStride + k * kStride] where one of the
/// strides is 1. Row k of the panel starts at dst + k * width (bf16: row k/2); lanes beyond `lanes` up to a
/// multiple of 16 are written as zeros, so dst needs 16 spare floats. `bf16` pairs an odd last k with zeros.
inline void packPanel(bool bf16, const float* src, int64_t laneStride, int64_t kStride, int64_t lanes, int64_t depth,
                      int64_t width, float* dst) {
  // With 16 < width the row is two vectors; their order matters only when width is no multiple of 16.
  for (int64_t k0 = 0; k0 < depth; k0 += 16) {
    const int64_t rows = std::min<int64_t>(16, depth - k0);
    f32x16 block[2][16];
    const int vectors = lanes > 16 ? 2 : 1;
    for (int v = 0; v < vectors; v++) {
      f32x16* r = block[v];
      const int64_t n = std::min<int64_t>(16, lanes - 16 * v);
      const float* s = src + 16 * v * laneStride + k0 * kStride;
      if (laneStride == 1) {
        if (n == 16) {
          for (int64_t k = 0; k < rows; k++) r[k] = loadu(s + k * kStride);
        } else {
          for (int64_t k = 0; k < rows; k++) r[k] = loadPartial(s + k * kStride, n);
        }
        for (int64_t k = rows; k < 16; k++) r[k] = f32x16{};
      } else {
        if (n == 16 && rows == 16) {
#pragma GCC unroll 16
          for (int64_t l = 0; l < 16; l++) r[l] = loadu(s + l * laneStride);
        } else {
          for (int64_t l = 0; l < n; l++) r[l] = loadPartial(s + l * laneStride, rows);
          for (int64_t l = n; l < 16; l++) r[l] = f32x16{};
        }
        transpose16(r);
      }
    }
#if defined(T2G_BF16)
    if (bf16) {
      const int64_t pairs = (rows + 1) / 2;
      for (int64_t p = 0; p < pairs; p++)
        for (int v = 0; v < vectors; v++)
          _mm512_storeu_si512(dst + (k0 / 2 + p) * width + 16 * v, pairBf16(block[v][2 * p], block[v][2 * p + 1]));
      continue;
    }
#endif
    (void)bf16;
    for (int64_t k = 0; k < rows; k++)
      for (int v = 0; v < vectors; v++) storeu(dst + (k0 + k) * width + 16 * v, block[v][k]);
  }
}

}  // namespace t2g
