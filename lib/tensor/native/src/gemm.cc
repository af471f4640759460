// fp32 (and bf16-operand) matrix products: packed panels, register-blocked micro-kernels, dynamic thread split.
#include "gemm.h"

#include <algorithm>

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
constexpr int64_t kDepth = 256;       // k per pass: a B panel of kDepth x 32 floats stays in L1
constexpr int64_t kRowPanels = 20;    // A panels per pass: 240 x kDepth floats stay in L2
constexpr int64_t kColumns = 2048;    // columns of B packed at once
constexpr int64_t kParallelWork = 1 << 17;  // multiply-adds that make another thread worth waking

int globalPrecision = 32;

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
  f32x16 acc[R][W];
#pragma GCC unroll 12
  for (int i = 0; i < R; i++)
#pragma GCC unroll 2
    for (int v = 0; v < W; v++) acc[i][v] = f32x16{};
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

// One operand seen as lanes x k.
struct Operand {
  const float* data;
  int64_t laneStride, kStride;
};

struct Problem {
  bool half;
  int64_t M, N, K;
  Operand a, b;
  float* c;
  int64_t ldc;
  GemmOptions options;
  int64_t rowPanels;

  int64_t rowOf(int64_t panel) const { return M * panel / rowPanels; }  // balanced panels of at most MR rows
  int64_t stored(int64_t depth) const { return half ? (depth + 1) / 2 : depth; }
  Store storeFor(int64_t k0, int64_t j) const {
    return {options.alpha, k0 == 0 && options.bias ? options.bias + j : nullptr, k0 > 0 || options.accumulate};
  }
  void packA(int64_t panel, int64_t k0, int64_t depth, float* dst) const {
    const int64_t i = rowOf(panel), rows = rowOf(panel + 1) - i;
    packPanel(half, a.data + i * a.laneStride + k0 * a.kStride, a.laneStride, a.kStride, rows, depth, rows, dst);
  }
  static int64_t widthAt(int64_t columns) { return columns > 16 ? NR : 16; }
  void packB(int64_t j, int64_t k0, int64_t depth, float* dst) const {
    const int64_t n = std::min<int64_t>(NR, N - j);
    packPanel(half, b.data + j * b.laneStride + k0 * b.kStride, b.laneStride, b.kStride, n, depth, widthAt(n), dst);
  }
};

int64_t depthStep(const Problem& p) {
  const int64_t most = p.half ? 2 * kDepth : kDepth;
  const int64_t passes = (p.K + most - 1) / most;
  const int64_t step = (p.K + passes - 1) / passes;
  return p.half ? (step + 1) / 2 * 2 : step;
}

// Few rows: all of A is packed first, then every thread packs a panel of B and uses it at once.
void fewRows(const Problem& p) {
  const int64_t step = depthStep(p), columnPanels = (p.N + NR - 1) / NR;
  const int64_t panelSize = p.stored(p.K + 2) * MR + 16;
  float* packedA = threadScratch(0, p.rowPanels * panelSize);
  parallelFor(p.rowPanels, std::max<int64_t>(1, 65536 / (MR * p.K)), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t rows = p.rowOf(i + 1) - p.rowOf(i);
      for (int64_t k0 = 0; k0 < p.K; k0 += step)
        p.packA(i, k0, std::min(step, p.K - k0), packedA + i * panelSize + p.stored(k0) * rows);
    }
  });
  const bool direct = !p.half && p.b.laneStride == 1 && p.rowPanels <= 3;  // B is read too few times to pack it
  const int64_t grain = std::max<int64_t>(1, kParallelWork / (p.M * p.K * NR));
  parallelFor(columnPanels, grain, [&](int64_t begin, int64_t end) {
    float* packedB = threadScratch(1, p.stored(step) * NR + 16);
    for (int64_t j = begin * NR; j < std::min(end * NR, p.N); j += NR) {
      const int64_t n = std::min<int64_t>(NR, p.N - j), width = Problem::widthAt(n);
      for (int64_t k0 = 0; k0 < p.K; k0 += step) {
        const int64_t depth = std::min(step, p.K - k0);
        const float* b = packedB;
        int64_t bStep = width;
        if (direct && n == width) {
          b = p.b.data + j + k0 * p.b.kStride;
          bStep = p.b.kStride;
        } else {
          p.packB(j, k0, depth, packedB);
        }
        const Store store = p.storeFor(k0, j);
        for (int64_t i = 0; i < p.rowPanels; i++) {
          const int64_t row = p.rowOf(i), rows = p.rowOf(i + 1) - row;
          table.pick(p.half, rows, width)(depth, packedA + i * panelSize + p.stored(k0) * rows, b, bStep,
                                          p.c + row * p.ldc + j, p.ldc, n, store);
        }
      }
    }
  });
}

// Many rows: a block of B is packed by all threads, then each thread takes blocks of rows.
void manyRows(const Problem& p) {
  const int64_t step = depthStep(p);
  for (int64_t j0 = 0; j0 < p.N; j0 += kColumns) {
    const int64_t columns = std::min(kColumns, p.N - j0), columnPanels = (columns + NR - 1) / NR;
    const int64_t panelSize = p.stored(step) * NR + 16;
    float* packedB = threadScratch(2, columnPanels * panelSize);
    for (int64_t k0 = 0; k0 < p.K; k0 += step) {
      const int64_t depth = std::min(step, p.K - k0);
      parallelFor(columnPanels, std::max<int64_t>(1, 32768 / (depth * NR)), [&](int64_t begin, int64_t end) {
        for (int64_t j = begin; j < end; j++) p.packB(j0 + j * NR, k0, depth, packedB + j * panelSize);
      });
      const int64_t grain = std::max<int64_t>(1, kParallelWork / (MR * columns * depth));
      parallelFor(p.rowPanels, grain, [&](int64_t begin, int64_t end) {
        const int64_t aSize = p.stored(step) * MR + 16;
        float* packedA = threadScratch(3, kRowPanels * aSize);
        for (int64_t i0 = begin; i0 < end; i0 += kRowPanels) {
          const int64_t i1 = std::min(end, i0 + kRowPanels);
          for (int64_t i = i0; i < i1; i++) p.packA(i, k0, depth, packedA + (i - i0) * aSize);
          for (int64_t j = 0; j < columnPanels; j++) {
            const int64_t column = j0 + j * NR, n = std::min<int64_t>(NR, p.N - column);
            const int64_t width = Problem::widthAt(n);
            const Store store = p.storeFor(k0, column);
            for (int64_t i = i0; i < i1; i++) {
              const int64_t row = p.rowOf(i), rows = p.rowOf(i + 1) - row;
              table.pick(p.half, rows, width)(depth, packedA + (i - i0) * aSize, packedB + j * panelSize, width,
                                              p.c + row * p.ldc + column, p.ldc, n, store);
            }
          }
        }
      });
    }
  }
}

// At most 4 rows against stored rows of B (a decode step's linear layers): dot products, B is read once.
template <int R>
void dots(const Problem& p) {
  parallelFor(p.N, std::max<int64_t>(4, kParallelWork / (4 * p.K)), [&](int64_t begin, int64_t end) {
    const int64_t whole = p.K / 16 * 16, rest = p.K - whole;
    for (int64_t j = begin; j < end; j += 4) {
      const int64_t n = std::min<int64_t>(4, end - j);
      const float* rows[4];
      for (int64_t q = 0; q < 4; q++) rows[q] = p.b.data + (j + std::min(q, n - 1)) * p.b.laneStride;
      f32x16 acc[R][4] = {};
      for (int64_t k = 0; k < whole; k += 16) {
        f32x16 bv[4];
#pragma GCC unroll 4
        for (int q = 0; q < 4; q++) bv[q] = loadu(rows[q] + k);
#pragma GCC unroll 4
        for (int i = 0; i < R; i++) {
          const f32x16 av = loadu(p.a.data + i * p.a.laneStride + k);
#pragma GCC unroll 4
          for (int q = 0; q < 4; q++) acc[i][q] += av * bv[q];
        }
      }
      if (rest > 0) {
        for (int i = 0; i < R; i++) {
          const f32x16 av = loadPartial(p.a.data + i * p.a.laneStride + whole, rest);
          for (int q = 0; q < 4; q++) acc[i][q] += av * loadPartial(rows[q] + whole, rest);
        }
      }
      for (int i = 0; i < R; i++) {
        float* c = p.c + i * p.ldc + j;
        for (int64_t q = 0; q < n; q++) {
          float x = sumOf(acc[i][q]) * p.options.alpha;
          if (p.options.bias) x += p.options.bias[j + q];
          c[q] = p.options.accumulate ? c[q] + x : x;
        }
      }
    }
  });
}

void fillWithBias(int64_t M, int64_t N, float* C, int64_t ldc, const GemmOptions& options) {
  for (int64_t i = 0; i < M; i++)
    for (int64_t j = 0; j < N; j++)
      C[i * ldc + j] = (options.accumulate ? C[i * ldc + j] : 0.0f) + (options.bias ? options.bias[j] : 0.0f);
}

}  // namespace

bool bf16Available() {
#if defined(T2G_BF16)
  return true;
#else
  return false;
#endif
}
void setGemmPrecision(int bits) { globalPrecision = bits == 16 && bf16Available() ? 16 : 32; }
int gemmPrecision() { return globalPrecision; }

void sgemm(bool transA, bool transB, int64_t M, int64_t N, int64_t K, const float* A, int64_t lda, const float* B,
           int64_t ldb, float* C, int64_t ldc, const GemmOptions& options) {
  if (M <= 0 || N <= 0) return;
  if (K <= 0) return fillWithBias(M, N, C, ldc, options);
  Problem p;
  p.M = M, p.N = N, p.K = K;
  p.a = {A, transA ? 1 : lda, transA ? lda : 1};
  p.b = {B, transB ? ldb : 1, transB ? 1 : ldb};
  p.c = C, p.ldc = ldc;
  p.options = options;
  p.rowPanels = (M + MR - 1) / MR;
  const int precision = options.precision < 0 ? globalPrecision : options.precision;
  p.half = precision == 16 && bf16Available() && M >= 8 && K >= 16;
  if (M <= 4 && transB && !transA) {
    switch (M) {
      case 1: return dots<1>(p);
      case 2: return dots<2>(p);
      case 3: return dots<3>(p);
      default: return dots<4>(p);
    }
  }
  if (M <= 96 || (M * 2 <= N && M <= 256)) fewRows(p);
  else manyRows(p);
}

void sgemmBatched(int64_t batch, bool transA, bool transB, int64_t M, int64_t N, int64_t K, const float* A,
                  int64_t lda, int64_t strideA, const float* B, int64_t ldb, int64_t strideB, float* C, int64_t ldc,
                  int64_t strideC, const GemmOptions& options) {
  if (batch <= 0) return;
  const bool rowsFollow = !transA && strideB == 0 && strideA == M * lda && strideC == M * ldc;
  if (rowsFollow) return sgemm(transA, transB, batch * M, N, K, A, lda, B, ldb, C, ldc, options);
  const auto one = [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; b++)
      sgemm(transA, transB, M, N, K, A + b * strideA, lda, B + b * strideB, ldb, C + b * strideC, ldc, options);
  };
  if (batch < threadCount() && M * N * K > 8 * kParallelWork) return one(0, batch);  // threads inside each product
  parallelFor(batch, std::max<int64_t>(1, kParallelWork / (M * N * K + 1)), one);
}

}  // namespace t2g
