// fp32 (and bf16-operand) matrix products: packed panels, register-blocked micro-kernels, dynamic thread split.
#include "gemm.h"

#include <algorithm>

#include "common.h"
#include "gemm_micro.h"

namespace t2g {
namespace {

constexpr int64_t kDepth = 256;       // k per pass: a B panel of kDepth x 32 floats stays in L1
constexpr int64_t kRowPanels = 20;    // A panels per pass: 240 x kDepth floats stay in L2
constexpr int64_t kColumns = 2048;    // columns of B packed at once
constexpr int64_t kSlice = 16;        // k taken at once where an operand's lanes lie side by side; even
constexpr int64_t kPacked = 1 << 21;  // floats of B packed at once
constexpr int64_t kBlock = 160 << 10;  // floats of A and C that stay in L2
constexpr int64_t kPackWork = 32768;   // floats to pack that make another thread worth waking
constexpr int64_t kParallelWork = 1 << 17;  // multiply-adds that make another thread worth waking

int globalPrecision = 32;

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
    if (options.rowSums) addRows(a.data + i + k0 * a.kStride, rows, depth, k0 == 0, options.rowSums + i);
    packPanel(half, a.data + i * a.laneStride + k0 * a.kStride, a.laneStride, a.kStride, rows, depth, rows, dst);
  }
  // sums[lane] (+)= the lane over `depth` rows of A^T.
  void addRows(const float* rows, int64_t lanes, int64_t depth, bool first, float* sums) const {
    f32x16 total = {};
    for (int64_t k = 0; k < depth; k++) total += loadPartial(rows + k * a.kStride, lanes);
    storePartial(sums, first ? total : loadPartial(sums, lanes) + total, lanes);
  }
  // Multiplies one tile; `last` is the last pass through K.
  void tile(int64_t depth, const float* packedA, const float* packedB, int64_t bStep, int64_t i, int64_t j,
            const Store& store, bool last) const {
    const int64_t row = rowOf(i), rows = rowOf(i + 1) - row, n = std::min<int64_t>(NR, N - j);
    table.pick(half, rows, widthAt(n))(depth, packedA, packedB, bStep, c + row * ldc + j, ldc, n, store);
    if (last && options.epilogue) options.epilogue->tile(row, rows, j, n);
  }
  // Asks for lanes [from, to) of k rows [k, k + count) in advance.
  static void fetchRows(const Operand& x, int64_t from, int64_t to, int64_t k, int64_t count) {
    for (int64_t r = 0; r < count; r++)
      for (int64_t l = from; l < to; l += 16) __builtin_prefetch(x.data + l + (k + r) * x.kStride);
  }
  // Panels [first, last), `size` floats apart. Where rows of A lie side by side all panels take a few k in turn, so
  // that memory is read in order.
  void packBlockA(int64_t first, int64_t last, int64_t k0, int64_t depth, int64_t size, float* dst) const {
    const int64_t slice = a.laneStride == 1 ? kSlice : depth;
    for (int64_t k = 0; k < depth; k += slice) {
      const int64_t here = std::min(slice, depth - k);
      const int64_t next = k0 + k + here;
      if (a.laneStride == 1) fetchRows(a, rowOf(first), rowOf(last), next, std::min(slice, K - next));
      for (int64_t i = first; i < last; i++)
        packA(i, k0 + k, here, dst + (i - first) * size + stored(k) * (rowOf(i + 1) - rowOf(i)));
    }
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
          const int64_t rows = p.rowOf(i + 1) - p.rowOf(i);
          p.tile(depth, packedA + i * panelSize + p.stored(k0) * rows, b, bStep, i, j, store, k0 + step >= p.K);
        }
      }
    }
  });
}

// Where packed B of `passes` steps from k1 on lies: panel j of a pass, panels of a pass together.
struct PackedB {
  const Problem& p;
  int64_t j0, columns, step, k1, k2;
  float* data;
  int64_t columnPanels() const { return (columns + NR - 1) / NR; }
  int64_t panelSize() const { return p.stored(step) * NR + 16; }
  int64_t passes() const { return (k2 - k1 + step - 1) / step; }
  float* panel(int64_t pass, int64_t j) const { return data + (pass * columnPanels() + j) * panelSize(); }

  void pack() const {
    if (p.b.laneStride == 1) return packInOrder();
    const int64_t panels = columnPanels();
    parallelFor(panels * passes(), std::max<int64_t>(1, kPackWork / (step * NR)), [&](int64_t begin, int64_t end) {
      for (int64_t t = begin; t < end; t++) {
        const int64_t k0 = k1 + t / panels * step, j = t % panels;
        p.packB(j0 + j * NR, k0, std::min(step, k2 - k0), panel(t / panels, j));
      }
    });
  }

 private:
  // Rows of B as they lie in memory: a slice of k through all panels at a time.
  void packInOrder() const {
    const int64_t slices = (step + kSlice - 1) / kSlice;
    parallelFor(passes() * slices, std::max<int64_t>(1, kPackWork / (kSlice * columns)),
                [&](int64_t begin, int64_t end) {
      for (int64_t t = begin; t < end; t++) {
        const int64_t pass = t / slices, k = t % slices * kSlice, k0 = k1 + pass * step + k;
        const int64_t depth = std::min({kSlice, step - k, k2 - k0});
        if (depth <= 0) continue;
        if (t + 1 < end) Problem::fetchRows(p.b, j0, j0 + columns, k0 + depth, std::min(kSlice, k2 - k0 - depth));
        for (int64_t j = 0; j < columnPanels(); j++) {
          const int64_t width = Problem::widthAt(std::min<int64_t>(NR, columns - j * NR));
          p.packB(j0 + j * NR, k0, depth, panel(pass, j) + p.stored(k) * width);
        }
      }
    });
  }
};

// Row panels [i0, i1) through all of packed B, one pass after the other.
void rowBlock(const Problem& p, const PackedB& b, int64_t i0, int64_t i1, int64_t aSize, float* packedA) {
  for (int64_t k0 = b.k1; k0 < b.k2; k0 += b.step) {
    const int64_t depth = std::min(b.step, b.k2 - k0);
    p.packBlockA(i0, i1, k0, depth, aSize, packedA);
    for (int64_t j = 0; j < b.columnPanels(); j++) {
      const int64_t column = b.j0 + j * NR, width = Problem::widthAt(std::min<int64_t>(NR, p.N - column));
      const float* panel = b.panel((k0 - b.k1) / b.step, j);
      const Store store = p.storeFor(k0, column);
      for (int64_t i = i0; i < i1; i++)
        p.tile(depth, packedA + (i - i0) * aSize, panel, width, i, column, store, k0 + depth == p.K);
    }
  }
}

// Many rows: B is packed by all threads, then each thread takes blocks of rows through all of K, so that a block
// of C stays in its second-level cache between the passes.
void manyRows(Problem& p) {
  const int64_t step = depthStep(p), aSize = p.stored(step) * MR + 16;
  for (int64_t j0 = 0; j0 < p.N; j0 += kColumns) {
    PackedB b{p, j0, std::min(kColumns, p.N - j0), step, 0, 0, nullptr};
    const int64_t passSize = b.columnPanels() * b.panelSize(), all = (p.K + step - 1) / step;
    const int64_t together = std::min(all, std::max<int64_t>(1, kPacked / passSize));
    b.data = threadScratch(2, together * passSize);
    for (; b.k1 < p.K; b.k1 = b.k2) {
      b.k2 = std::min(p.K, b.k1 + together * step);
      b.pack();
      const int64_t rowFloats = p.stored(step) + (b.passes() > 1 ? b.columns : 0);
      const int64_t most = std::max<int64_t>(4, std::min(kRowPanels, kBlock / rowFloats / MR));
      const int64_t grain = std::max<int64_t>(1, kParallelWork / (MR * b.columns * (b.k2 - b.k1)));
      parallelFor(p.rowPanels, grain, [&](int64_t begin, int64_t end) {
        const int64_t panels = end - begin, blocks = (panels + most - 1) / most;
        float* packedA = threadScratch(3, most * aSize);
        for (int64_t block = 0; block < blocks; block++)
          rowBlock(p, b, begin + panels * block / blocks, begin + panels * (block + 1) / blocks, aSize, packedA);
      });
    }
    p.options.rowSums = nullptr;  // complete after the first columns
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
  if (K <= 0) {
    fillWithBias(M, N, C, ldc, options);
    if (options.rowSums) std::memset(options.rowSums, 0, M * sizeof(float));
    if (options.epilogue) options.epilogue->tile(0, M, 0, N);
    return;
  }
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
    (M == 1 ? dots<1> : M == 2 ? dots<2> : M == 3 ? dots<3> : dots<4>)(p);
    if (options.epilogue) options.epilogue->tile(0, M, 0, N);
    return;
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
