// Matrix products of a decode step: a few rows against weights that were packed once for the whole generation. Every
// row is summed over k in one order whatever the other rows are, so a row's numbers do not depend on its batch.
#pragma once
#include <algorithm>

#include "common.h"
#include "gemm_pack.h"

namespace t2g {
namespace decode {

constexpr int64_t kPanel = 32;  // columns of a panel; nothing reads what the last one has beyond the weight's
#if defined(__AVX512F__)
constexpr int kTileRows = 12;
#else
constexpr int kTileRows = 4;
#endif

inline int64_t roundUp(int64_t n, int64_t to) { return (n + to - 1) / to * to; }
/// Floats (bf16: words of two) of one packed column of K values.
inline int64_t storedDepth(int64_t K, bool half) { return half ? (K + 1) / 2 : K; }
inline int64_t packedFloats(int64_t N, int64_t K, bool half) { return roundUp(N, kPanel) * storedDepth(K, half); }

/// Counts of floats stay below this, so that products of sizes do not overflow.
constexpr double kMostFloats = 1125899906842624.0;  // 2^50

/// Packs up to 16 lanes of `depth` values, one of the strides 1, into one half of each row of a panel (see packPanel);
/// lanes that are missing hold anything finite.
inline void packLanes(const float* src, int64_t laneStride, int64_t kStride, int64_t lanes, int64_t depth, bool half,
                      float* dst) {
  if (lanes > 0) return packPanel(half, src, laneStride, kStride, lanes, depth, kPanel, dst);
  for (int64_t k = 0; k < storedDepth(depth, half); k++) storeu(dst + k * kPanel, f32x16{});
}

/// Columns [from, from + 16) of weight [N,K].
inline void packHalfPanel(const float* weight, int64_t N, int64_t K, int64_t from, bool half, float* dst) {
  packLanes(weight + std::min(from, N) * K, K, 1, std::min<int64_t>(16, N - from), K, half, dst);
}

/// Weight [N,K] as panels of 32 columns.
inline void packWeight(const float* weight, int64_t N, int64_t K, bool half, float* dst) {
  const int64_t panels = roundUp(N, kPanel) / kPanel, size = storedDepth(K, half) * kPanel;
  parallelFor(panels, 1, [&](int64_t begin, int64_t end) {
    for (int64_t j = begin; j < end; j++)
      for (int64_t side = 0; side < 2; side++)
        packHalfPanel(weight, N, K, j * kPanel + 16 * side, half, dst + j * size + 16 * side);
  });
}

/// Two weights [N,K] as panels of 16 columns of one beside the same 16 of the other.
inline void packPair(const float* left, const float* right, int64_t N, int64_t K, bool half, float* dst) {
  const int64_t panels = roundUp(N, 16) / 16, size = storedDepth(K, half) * kPanel;
  parallelFor(panels, 1, [&](int64_t begin, int64_t end) {
    for (int64_t j = begin; j < end; j++) {
      packHalfPanel(left, N, K, j * 16, half, dst + j * size);
      packHalfPanel(right, N, K, j * 16, half, dst + j * size + 16);
    }
  });
}

/// R rows of A (`step` words apart) times P panels; acc[i][v] is row i, columns [16 v, 16 v + 16) of the panels.
/// `next` is fetched on the way: weights come from beyond the second-level cache, and waiting for them costs a fifth.
template <int R, int P>
inline void multiply(int64_t depth, const float* a, int64_t step, const float* b, int64_t panelSize,
                     const float* next, f32x16 (&acc)[R][2 * P]) {
#pragma GCC unroll 2
  for (int64_t k = 0; k < depth; k++) {
#pragma GCC unroll 8
    for (int v = 0; v < 2 * P; v++) __builtin_prefetch(next + (v / 2) * panelSize + k * kPanel + 16 * (v & 1), 0, 2);
    f32x16 bv[2 * P];
#pragma GCC unroll 8
    for (int v = 0; v < 2 * P; v++) bv[v] = loadu(b + (v / 2) * panelSize + k * kPanel + 16 * (v & 1));
#pragma GCC unroll 12
    for (int i = 0; i < R; i++) {
      const f32x16 av = splat(a[i * step + k]);
#pragma GCC unroll 8
      for (int v = 0; v < 2 * P; v++) acc[i][v] += av * bv[v];
    }
  }
}

#if defined(T2G_BF16)
template <int R, int P>
inline void multiplyBf16(int64_t depth, const float* a, int64_t step, const float* b, int64_t panelSize,
                         const float* next, f32x16 (&out)[R][2 * P]) {
  __m512 acc[R][2 * P];
#pragma GCC unroll 12
  for (int i = 0; i < R; i++)
#pragma GCC unroll 8
    for (int v = 0; v < 2 * P; v++) acc[i][v] = _mm512_setzero_ps();
#pragma GCC unroll 2
  for (int64_t k = 0; k < depth; k++) {
#pragma GCC unroll 8
    for (int v = 0; v < 2 * P; v++) __builtin_prefetch(next + (v / 2) * panelSize + k * kPanel + 16 * (v & 1), 0, 2);
    __m512bh bv[2 * P];
#pragma GCC unroll 8
    for (int v = 0; v < 2 * P; v++)
      bv[v] = (__m512bh)_mm512_loadu_si512(b + (v / 2) * panelSize + k * kPanel + 16 * (v & 1));
#pragma GCC unroll 12
    for (int i = 0; i < R; i++) {
      int32_t word;
      std::memcpy(&word, a + i * step + k, sizeof word);
      const __m512bh av = (__m512bh)_mm512_set1_epi32(word);
#pragma GCC unroll 8
      for (int v = 0; v < 2 * P; v++) acc[i][v] = _mm512_dpbf16_ps(acc[i][v], av, bv[v]);
    }
  }
#pragma GCC unroll 12
  for (int i = 0; i < R; i++)
#pragma GCC unroll 8
    for (int v = 0; v < 2 * P; v++) out[i][v] = (f32x16)acc[i][v];
}
#endif

#if defined(T2G_BF16)
/// M rows of K floats, `step` apart, rounded to rows of bf16 pairs; an odd last one is paired with zero.
inline void roundRows(const float* a, int64_t step, int64_t M, int64_t K, float* words) {
  const int64_t depth = storedDepth(K, true);
  for (int64_t m = 0; m < M; m++) {
    uint16_t* to = reinterpret_cast<uint16_t*>(words + m * depth);
    int64_t i = 0;
    for (; i + 16 <= K; i += 16)
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i),
                          (__m256i)_mm512_cvtneps_pbh((__m512)loadu(a + m * step + i)));
    if (i < K) {
      const __m256i rest = (__m256i)_mm512_cvtneps_pbh((__m512)loadPartial(a + m * step + i, K - i));
      std::memcpy(to + i, &rest, (2 * depth - i) * sizeof(uint16_t));
    }
  }
}
#else
inline void roundRows(const float*, int64_t, int64_t, int64_t, float*) {}
#endif

/// One product: rows of A [M, depth words] against packed panels.
struct Product {
  const float* a;
  int64_t step;   // words between rows of A
  int64_t M, depth;
  const float* packed;
  bool half;
  int64_t panelSize() const { return depth * kPanel; }
};

template <int R, int P, class Emit>
inline void tile(const Product& p, int64_t row, int64_t panel, const Emit& emit) {
  f32x16 acc[R][2 * P] = {};
  const float *a = p.a + row * p.step, *b = p.packed + panel * p.panelSize();
  const float* next = row == 0 ? b + P * p.panelSize() : b;  // the first tile of rows fetches for the others
#if defined(T2G_BF16)
  if (p.half) multiplyBf16<R, P>(p.depth, a, p.step, b, p.panelSize(), next, acc);
  else
#endif
    multiply<R, P>(p.depth, a, p.step, b, p.panelSize(), next, acc);
  for (int i = 0; i < R; i++)
    for (int q = 0; q < P; q++) emit(row + i, panel + q, acc[i][2 * q], acc[i][2 * q + 1]);
}

// Few rows leave registers free for more panels, so that enough sums are under way at once.
template <int R>
constexpr int panelsAtOnce() {
  return R <= 2 ? 4 : R <= 4 ? 2 : 1;
}

template <int R, class Emit>
inline void tilesOfRows(const Product& p, int64_t row, int64_t begin, int64_t end, const Emit& emit) {
  constexpr int P = panelsAtOnce<R>();
  int64_t j = begin;
  for (; j + P <= end; j += P) tile<R, P>(p, row, j, emit);
  for (; j < end; j++) tile<R, 1>(p, row, j, emit);
}

template <int R, class Emit>
inline void pickTile(int64_t rows, const Product& p, int64_t row, int64_t begin, int64_t end, const Emit& emit) {
  if (rows == R) return tilesOfRows<R>(p, row, begin, end, emit);
  if constexpr (R > 1) pickTile<R - 1>(rows, p, row, begin, end, emit);
}

/// emit(row, panel, low 16 columns, high 16 columns) for every row and every panel in [0, panels), on all threads.
template <class Emit>
inline void product(const Product& p, int64_t panels, const Emit& emit) {
  const int64_t tiles = (p.M + kTileRows - 1) / kTileRows;
  const int64_t work = p.M * p.depth * kPanel;
  parallelFor(panels, std::max<int64_t>(1, 65536 / std::max<int64_t>(1, work)), [&](int64_t begin, int64_t end) {
    constexpr int64_t group = 4;  // as many panels as the widest tile takes; they stay cached from tile to tile
    for (int64_t j = begin; j < end; j += group) {
      const int64_t last = std::min(end, j + group);
      for (int64_t t = 0; t < tiles; t++) {
        const int64_t row = p.M * t / tiles, rows = p.M * (t + 1) / tiles - row;
        pickTile<kTileRows>(rows, p, row, j, last, emit);
      }
    }
  });
}

}  // namespace decode
}  // namespace t2g
