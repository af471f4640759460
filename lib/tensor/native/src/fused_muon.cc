// Muon over a list of matrices of one shape, in place: momentum, its nearest orthonormal matrix, the update. A matrix
// stays with one thread and in its cache all the way; lib/tensor/muon.ts says what is computed and why.
#include <cmath>
#include <vector>

#include "fused_math.h"
#include "gemm.h"

namespace t2g {
namespace {

struct MuonMatrix {
  float *parameter, *momentum;
  const float* gradient;
  float keep;  // what weight decay leaves of the parameter
};

struct MuonStep {
  int64_t rows, columns, iterations;
  float momentum, scale, shift, offset, rate;
};

void addToDiagonal(float* square, int64_t n, float value) {
  for (int64_t i = 0; i < n; i++) square[i * n + i] += value;
}

void muonMatrix(const MuonMatrix& matrix, const MuonStep& s) {
  const int64_t size = s.rows * s.columns, small = std::min(s.rows, s.columns);
  float* x = threadScratch(4, 2 * size + 2 * small * small);
  float* next = x + size;
  float* gram = next + size;
  float* step = gram + small * small;

  f32x16 squares = {};
  forVectors(size, [&](int64_t i, auto lanes) {
    const f32x16 g = lanes.load(matrix.gradient + i);
    const f32x16 m = lanes.load(matrix.momentum + i) * s.momentum + g;
    lanes.store(matrix.momentum + i, m);
    const f32x16 ahead = m * s.momentum + g;
    lanes.store(x + i, ahead);
    squares += lanes.keep(ahead * ahead);
  });
  const float toUnit = s.scale / (std::sqrt(sumOf(squares)) + 1e-7f);
  forVectors(size, [&](int64_t i, auto lanes) { lanes.store(x + i, lanes.load(x + i) * toUnit); });

  const bool wide = s.rows <= s.columns;
  for (int64_t k = 0; k < s.iterations; k++) {
    if (wide)
      sgemm(false, true, small, small, s.columns, x, s.columns, x, s.columns, gram, small);
    else
      sgemm(true, false, small, small, s.rows, x, s.columns, x, s.columns, gram, small);
    addToDiagonal(gram, small, s.shift);
    sgemm(false, false, small, small, small, gram, small, gram, small, step, small);
    addToDiagonal(step, small, s.offset);
    if (wide)
      sgemm(false, false, s.rows, s.columns, small, step, small, x, s.columns, next, s.columns);
    else
      sgemm(false, false, s.rows, s.columns, small, x, s.columns, step, small, next, s.columns);
    std::swap(x, next);
  }
  const float rate = s.rate / s.scale;
  forVectors(size, [&](int64_t i, auto lanes) {
    lanes.store(matrix.parameter + i, lanes.load(matrix.parameter + i) * matrix.keep - lanes.load(x + i) * rate);
  });
}

// muon(params[], grads[], momenta[], keeps (numbers)[], rows, columns, momentum, rate, iterations, scale, shift, offset)
napi_value muon(Args& args) {
  const Args params = args.list(0), grads = args.list(1), momenta = args.list(2), keeps = args.list(3);
  MuonStep step;
  step.rows = args.size(4);
  step.columns = args.size(5);
  step.momentum = static_cast<float>(args.number(6));
  step.rate = static_cast<float>(args.number(7));
  step.iterations = args.size(8);
  if (step.iterations > 100) args.fail(8, "is more than 100 iterations");
  step.scale = static_cast<float>(args.number(9));
  step.shift = static_cast<float>(args.number(10));
  step.offset = static_cast<float>(args.number(11));
  const int64_t size = step.rows * step.columns;
  std::vector<MuonMatrix> matrices;
  for (size_t i = 0; i < params.count; i++)
    matrices.push_back({params.f32(i, size), momenta.f32(i, size), grads.f32(i, size),
                        static_cast<float>(keeps.number(i))});
  if (size == 0) return nullptr;
  const int64_t count = static_cast<int64_t>(matrices.size());
  const auto run = [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; i++) muonMatrix(matrices[i], step);
  };
  // Few matrices keep all threads busy only inside their products.
  if (count >= threadCount())
    parallelFor(count, 1, run);
  else
    run(0, count);
  return nullptr;
}

}  // namespace

void registerFusedMuon(napi_env env, napi_value exports) { addFunction(env, exports, "muon", muon); }

}  // namespace t2g
