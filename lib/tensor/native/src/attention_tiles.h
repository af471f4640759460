// Matrix products of one attention head: operands lie in a thread's scratch, in the first two cache levels, so they
// are read where they are, without packing. Every row of B and C is a whole number of vectors. In bf16 the operands
// are 32-bit words of two values that follow each other along the depth, and the sums stay fp32.
#pragma once
#include "common.h"
#include "gemm_pack.h"

namespace t2g {
namespace tiles {

#if defined(__AVX512F__)
constexpr int kRows = 12, kVectors = 2;  // 24 accumulators of 32 registers
#else
constexpr int kRows = 6, kVectors = 1;  // 16 floats are 2 AVX or 4 NEON registers
#endif

/// How the left operand lies: element (i, k) at a[i * lda + k] (Down), or at a[k * lda + i] (Across: transposed).
enum class Lies { Down, Across };

template <bool Half>
inline f32x16 multiplyAdd(f32x16 sum, f32x16 a, f32x16 b) {
#if defined(T2G_BF16)
  if constexpr (Half) return (f32x16)_mm512_dpbf16_ps((__m512)sum, (__m512bh)a, (__m512bh)b);
#endif
  return sum + a * b;
}

// One float, or one word of two bf16 values, in every lane.
template <bool Half>
inline f32x16 everywhere(const float* p) {
#if defined(T2G_BF16)
  if constexpr (Half) {
    int32_t word;
    std::memcpy(&word, p, sizeof word);
    return (f32x16)_mm512_set1_epi32(word);
  }
#endif
  return splat(*p);
}

// c[R, 16 W] (+)= A[R, depth] B[depth, 16 W]; with Half the depth counts words.
template <int R, int W, Lies L, bool Half>
void tile(int64_t depth, const float* a, int64_t lda, const float* b, int64_t ldb, float* c, int64_t ldc, bool add) {
  f32x16 acc[R][W] = {};
  if constexpr (L == Lies::Across) {
#pragma GCC unroll 2
    for (int64_t k = 0; k < depth; k++, a += lda, b += ldb) {
      f32x16 bv[W];
#pragma GCC unroll 2
      for (int v = 0; v < W; v++) bv[v] = loadu(b + 16 * v);
#pragma GCC unroll 12
      for (int i = 0; i < R; i++) {
        const f32x16 av = everywhere<Half>(a + i);
#pragma GCC unroll 2
        for (int v = 0; v < W; v++) acc[i][v] = multiplyAdd<Half>(acc[i][v], av, bv[v]);
      }
    }
  } else {
    // Three rows a pointer: base, base + lda and base + 2 lda are one addressing mode each.
    const float* rows[(R + 2) / 3];
#pragma GCC unroll 4
    for (int i = 0; i < (R + 2) / 3; i++) rows[i] = a + 3 * i * lda;
    for (int64_t k = 0; k < depth; k++, b += ldb) {
      f32x16 bv[W];
#pragma GCC unroll 2
      for (int v = 0; v < W; v++) bv[v] = loadu(b + 16 * v);
#pragma GCC unroll 12
      for (int i = 0; i < R; i++) {
        const f32x16 av = everywhere<Half>(rows[i / 3] + i % 3 * lda);
#pragma GCC unroll 2
        for (int v = 0; v < W; v++) acc[i][v] = multiplyAdd<Half>(acc[i][v], av, bv[v]);
      }
#pragma GCC unroll 4
      for (int i = 0; i < (R + 2) / 3; i++) rows[i]++;
    }
  }
#pragma GCC unroll 12
  for (int i = 0; i < R; i++) {
#pragma GCC unroll 2
    for (int v = 0; v < W; v++) {
      float* p = c + i * ldc + 16 * v;
      storeu(p, add ? acc[i][v] + loadu(p) : acc[i][v]);
    }
  }
}

using Tile = void (*)(int64_t, const float*, int64_t, const float*, int64_t, float*, int64_t, bool);

template <Lies L, bool Half>
struct Tiles {
  Tile by[kRows + 1][kVectors + 1] = {};
  template <int R>
  void fill() {
    by[R][1] = tile<R, 1, L, Half>;
    by[R][kVectors] = tile<R, kVectors, L, Half>;
    if constexpr (R > 1) fill<R - 1>();
  }
  Tiles() { fill<kRows>(); }
};

/// One operand: the floats themselves, or words of bf16 pairs.
struct Operand {
  const float* data;
  int64_t ld;
};

/// At most kRows rows: c[rows, columns] (+)= A[rows, depth] B[depth, columns]; columns is a multiple of 16.
template <Lies L>
inline void panel(bool half, int64_t rows, int64_t columns, int64_t depth, Operand left, Operand right, float* c,
                  int64_t ldc, bool add) {
  static const Tiles<L, false> floats;
  const float *a = left.data, *b = right.data;
  const int64_t lda = left.ld, ldb = right.ld;
#if defined(T2G_BF16)
  static const Tiles<L, true> words;
  if (half) depth = (depth + 1) / 2;
#endif
  for (int64_t j = 0; j < columns;) {
    const int width = columns - j >= 16 * kVectors ? kVectors : 1;
#if defined(T2G_BF16)
    if (half) words.by[rows][width](depth, a, lda, b + j, ldb, c + j, ldc, add);
    else
#endif
      floats.by[rows][width](depth, a, lda, b + j, ldb, c + j, ldc, add);
    j += 16 * width;
  }
}

/// Rows [0, n) cut into balanced panels of at most kRows.
struct Panels {
  int64_t n, count;
  explicit Panels(int64_t rows) : n(rows), count((rows + kRows - 1) / kRows) {}
  int64_t begin(int64_t i) const { return n * i / count; }
};

/// dst[columns, ldd] = the transpose of src[rows, lds]; both sizes are multiples of 16.
inline void transpose(const float* src, int64_t rows, int64_t columns, int64_t lds, float* dst, int64_t ldd) {
  for (int64_t i = 0; i < rows; i += 16) {
    for (int64_t j = 0; j < columns; j += 16) {
      f32x16 block[16];
#pragma GCC unroll 16
      for (int r = 0; r < 16; r++) block[r] = loadu(src + (i + r) * lds + j);
      transpose16(block);
#pragma GCC unroll 16
      for (int r = 0; r < 16; r++) storeu(dst + (j + r) * ldd + i, block[r]);
    }
  }
}

/// Words of (x[i][2j], x[i][2j+1]): for a left operand that lies Down. columns is a multiple of 16; writes whole
/// vectors of words, so a row of dst needs columns / 2 rounded up to 16. Nothing happens without bf16.
inline void pairAlongRows(const float* x, int64_t ld, int64_t rows, int64_t columns, float* dst, int64_t ldd) {
#if defined(T2G_BF16)
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t j = 0; j < columns; j += 32) {
      const f32x16 low = loadu(x + i * ld + j), high = j + 16 < columns ? loadu(x + i * ld + j + 16) : f32x16{};
      storeu(dst + i * ldd + j / 2, (f32x16)_mm512_cvtne2ps_pbh((__m512)high, (__m512)low));
    }
  }
#endif
}

/// Words of (x[2i][j], x[2i+1][j]): for a right operand, or a left one that lies Across. An odd last row pairs with
/// zeros; columns is a multiple of 16.
inline void pairAcrossRows(const float* x, int64_t ld, int64_t rows, int64_t columns, float* dst, int64_t ldd) {
#if defined(T2G_BF16)
  for (int64_t i = 0; i < rows; i += 2) {
    for (int64_t j = 0; j < columns; j += 16) {
      const f32x16 low = loadu(x + i * ld + j), high = i + 1 < rows ? loadu(x + (i + 1) * ld + j) : f32x16{};
      storeu(dst + i / 2 * ldd + j, (f32x16)pairBf16(low, high));
    }
  }
#endif
}

}  // namespace tiles
}  // namespace t2g
