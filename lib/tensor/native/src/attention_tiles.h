// Matrix products of one attention head: operands lie in a thread's scratch, in the first two cache levels, so they
// are read where they are, without packing. Every row of B and C is a whole number of vectors.
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

// c[R, 16 W] (+)= A[R, depth] B[depth, 16 W]
template <int R, int W, Lies L>
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
        const f32x16 av = splat(a[i]);
#pragma GCC unroll 2
        for (int v = 0; v < W; v++) acc[i][v] += av * bv[v];
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
        const f32x16 av = splat(rows[i / 3][i % 3 * lda]);
#pragma GCC unroll 2
        for (int v = 0; v < W; v++) acc[i][v] += av * bv[v];
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

template <Lies L>
struct Tiles {
  Tile by[kRows + 1][kVectors + 1] = {};
  template <int R>
  void fill() {
    by[R][1] = tile<R, 1, L>;
    by[R][kVectors] = tile<R, kVectors, L>;
    if constexpr (R > 1) fill<R - 1>();
  }
  Tiles() { fill<kRows>(); }
};

/// At most kRows rows: c[rows, columns] (+)= A[rows, depth] B[depth, columns]; columns is a multiple of 16.
template <Lies L>
inline void panel(int64_t rows, int64_t columns, int64_t depth, const float* a, int64_t lda, const float* b,
                  int64_t ldb, float* c, int64_t ldc, bool add) {
  static const Tiles<L> tiles;
  for (int64_t j = 0; j < columns;) {
    const int width = columns - j >= 16 * kVectors ? kVectors : 1;
    tiles.by[rows][width](depth, a, lda, b + j, ldb, c + j, ldc, add);
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

}  // namespace tiles
}  // namespace t2g
