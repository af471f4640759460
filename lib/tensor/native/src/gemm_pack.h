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

// Lanes beyond the panel repeat its last one: their products are never stored, and no mask is needed.
inline const float* laneAt(const float* src, int64_t stride, int64_t lane, int64_t lanes) {
  return src + (lane < lanes ? lane : lanes - 1) * stride;
}

// Sixteen lanes of `rows` <= 16 consecutive k, turned so that out[k] holds the lanes.
inline void loadTurned(const float* src, int64_t laneStride, int64_t lanes, int64_t rows, f32x16* out) {
  if (rows == 16) {
#pragma GCC unroll 16
    for (int l = 0; l < 16; l++) out[l] = loadu(laneAt(src, laneStride, l, lanes));
  } else {
#pragma GCC unroll 16
    for (int l = 0; l < 16; l++) out[l] = loadPartial(laneAt(src, laneStride, l, lanes), rows);
  }
  transpose16(out);
}

// k runs along memory: 16 x 16 blocks are transposed in registers.
inline void packTurned(const float* src, int64_t laneStride, int64_t lanes, int64_t depth, int64_t width, float* dst) {
  for (int64_t k0 = 0; k0 < depth; k0 += 16) {
    const int64_t rows = std::min<int64_t>(16, depth - k0);
    f32x16 r[16];
    loadTurned(src + k0, laneStride, lanes, rows, r);
    float* d = dst + k0 * width;
    if (rows == 16) {
#pragma GCC unroll 16
      for (int k = 0; k < 16; k++) storeu(d + k * width, r[k]);
    } else {
      for (int64_t k = 0; k < rows; k++) storeu(d + k * width, r[k]);
    }
  }
}

// The lanes lie side by side in memory.
inline void packRows(const float* src, int64_t kStride, int64_t lanes, int64_t depth, int64_t width, float* dst) {
  if (lanes == 32) {
    for (int64_t k = 0; k < depth; k++) {
      const f32x16 a = loadu(src + k * kStride), b = loadu(src + k * kStride + 16);
      storeu(dst + k * width, a);
      storeu(dst + k * width + 16, b);
    }
  } else if (lanes > 16) {
    for (int64_t k = 0; k < depth; k++) {
      storeu(dst + k * width, loadu(src + k * kStride));
      storeu(dst + k * width + 16, loadPartial(src + k * kStride + 16, lanes - 16));
    }
  } else {
    for (int64_t k = 0; k < depth; k++) storeu(dst + k * width, loadPartial(src + k * kStride, lanes));
  }
}

#if defined(T2G_BF16)
// As packTurned; a row's neighbours are pairs already, so words are transposed: 32 k at a time.
inline void packTurnedBf16(const float* src, int64_t laneStride, int64_t lanes, int64_t depth, int64_t width,
                           float* dst) {
  for (int64_t k0 = 0; k0 < depth; k0 += 32) {
    const int64_t rows = std::min<int64_t>(32, depth - k0), low = std::min<int64_t>(16, rows), high = rows - low;
    f32x16 r[16];
#pragma GCC unroll 16
    for (int l = 0; l < 16; l++) {
      const float* s = laneAt(src, laneStride, l, lanes) + k0;
      const f32x16 a = rows == 32 ? loadu(s) : loadPartial(s, low);
      const f32x16 b = rows == 32 ? loadu(s + 16) : loadPartial(s + 16, high);
      r[l] = (f32x16)_mm512_cvtne2ps_pbh((__m512)b, (__m512)a);
    }
    transpose16(r);
    float* d = dst + k0 / 2 * width;
    const int64_t pairs = (rows + 1) / 2;
    if (pairs == 16) {
#pragma GCC unroll 16
      for (int k = 0; k < 16; k++) storeu(d + k * width, r[k]);
    } else {
      for (int64_t k = 0; k < pairs; k++) storeu(d + k * width, r[k]);
    }
  }
}

inline void packRowsBf16(const float* src, int64_t kStride, int64_t lanes, int64_t depth, int64_t width, float* dst) {
  const int64_t first = std::min<int64_t>(16, lanes), second = lanes - first;
  for (int64_t k = 0; k < depth; k += 2) {
    const float *s = src + k * kStride, *next = s + kStride;
    const bool paired = k + 1 < depth;
    float* d = dst + k / 2 * width;
    const f32x16 a = loadPartial(s, first), b = paired ? loadPartial(next, first) : f32x16{};
    _mm512_storeu_si512(d, pairBf16(a, b));
    if (second == 0) continue;
    const f32x16 c = loadPartial(s + 16, second), e = paired ? loadPartial(next + 16, second) : f32x16{};
    _mm512_storeu_si512(d + 16, pairBf16(c, e));
  }
}
#endif

/// Packs `lanes` (<= 32) x `depth` values, element (lane, k) at src[lane * laneStride + k * kStride] where one of the
/// strides is 1. Row k of the panel starts at dst + k * width (bf16: row k/2); up to 15 floats after the lanes are
/// written with anything, so dst needs 16 spare floats. `bf16` pairs an odd last k with zeros.
inline void packPanel(bool bf16, const float* src, int64_t laneStride, int64_t kStride, int64_t lanes, int64_t depth,
                      int64_t width, float* dst) {
  const bool turned = laneStride != 1;
#if defined(T2G_BF16)
  if (bf16) {
    if (!turned) return packRowsBf16(src, kStride, lanes, depth, width, dst);
    packTurnedBf16(src, laneStride, std::min<int64_t>(16, lanes), depth, width, dst);
    if (lanes > 16) packTurnedBf16(src + 16 * laneStride, laneStride, lanes - 16, depth, width, dst + 16);
    return;
  }
#endif
  (void)bf16;
  if (!turned) return packRows(src, kStride, lanes, depth, width, dst);
  packTurned(src, laneStride, std::min<int64_t>(16, lanes), depth, width, dst);
  if (lanes > 16) packTurned(src + 16 * laneStride, laneStride, lanes - 16, depth, width, dst + 16);
}

}  // namespace t2g
