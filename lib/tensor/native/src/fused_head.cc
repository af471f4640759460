// Log-probabilities and cross-entropy of target tokens straight from hidden states: logits exist for a few hundred
// rows at a time, and their gradient takes their place, so that no [N, V] array is ever held.
#include "fused_math.h"
#include "gemm.h"

namespace t2g {
namespace {

constexpr int64_t kLogits = 1 << 21;  // floats of logits at a time: 8 MB stay in the third-level cache

struct Head {
  int64_t N, D, V;
  const float *hidden, *weight;
  const int32_t* targets;
  float inverseTemperature;

  // hidden [N,D], weight [V,D], targets [N] | null are arguments 0-2; N, D, V, temperature start at `at`.
  Head(Args& args, size_t at, bool wantsTargets = true)
      : N(args.size(at)), D(args.size(at + 1)), V(args.size(at + 2)), hidden(args.f32(0, N * D)),
        weight(args.f32(1, V * D)), targets(args.i32OrNull(2, N)),
        inverseTemperature(static_cast<float>(1 / args.number(at + 3))) {
    if (wantsTargets && !targets) args.fail(2, "is missing");
    for (int64_t n = 0; targets && n < N; n++)
      if (targets[n] < 0 || targets[n] >= V)
        throw std::runtime_error(std::string(opName(args)) + ": id " + std::to_string(targets[n]) + " at position " +
                                 std::to_string(n) + ", want 0 to " + std::to_string(V - 1));
  }

  /// The op that a function of the addon serves: what an error about its ids names.
  static const char* opName(const Args& args) {
    return std::strcmp(args.name, "headCrossEntropy") == 0 ? "crossEntropyFromHidden" : "tokenLogProbsFromHidden";
  }

  /// body(first row, rows, logits / temperature of these rows [rows,V]) for one chunk after the other.
  template <class Body>
  void chunks(Body body) const {
    const int64_t most = std::max<int64_t>(48, kLogits / std::max<int64_t>(1, V) / 12 * 12);
    const int64_t count = (N + most - 1) / most;
    for (int64_t c = 0; c < count; c++) {
      const int64_t first = N * c / count, rows = N * (c + 1) / count - first;
      float* logits = scratch(7, rows * V);
      GemmOptions scaled;
      scaled.alpha = inverseTemperature;
      sgemm(false, true, rows, V, D, hidden + first * D, D, weight, D, logits, V, scaled);
      body(first, rows, logits);
    }
  }

  /// The gradients of a chunk whose logits became their own gradient (in units of logits / temperature).
  void gradients(int64_t first, int64_t rows, const float* dlogits, float* dhidden, float* dweight) const {
    GemmOptions scaled, adding;
    scaled.alpha = adding.alpha = inverseTemperature;
    adding.accumulate = first > 0;
    sgemm(false, false, rows, D, V, dlogits, V, weight, D, dhidden + first * D, D, scaled);
    sgemm(true, false, V, D, rows, dlogits, V, hidden + first * D, D, dweight, D, adding);
  }
};

template <class Body>
void eachRow(int64_t rows, int64_t V, Body body) {
  parallelFor(rows, rowGrain(V), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; r++) body(r);
  });
}

// row = scale * (softmax(row) - onehot(target)), from the row's log-sum-exp.
void rowGradient(float* row, int64_t V, int32_t target, float logSum, float scale) {
  if (scale == 0.0f) {
    std::memset(row, 0, V * sizeof(float));
    return;
  }
  forVectors(V, [&](int64_t i, auto lanes) { lanes.store(row + i, vexp(lanes.load(row + i) - logSum) * scale); });
  row[target] -= scale;
}

// headLogProbs(hidden, weight, targets, N, D, V, temperature, logProbs [N], logSums [N])
napi_value headLogProbs(Args& args) {
  const Head head(args, 3);
  float *out = args.f32(7, head.N), *sums = args.f32(8, head.N);
  head.chunks([&](int64_t first, int64_t rows, float* logits) {
    eachRow(rows, head.V, [&](int64_t r) {
      const float* row = logits + r * head.V;
      sums[first + r] = logSumExp(row, head.V);
      out[first + r] = row[head.targets[first + r]] - sums[first + r];
    });
  });
  return nullptr;
}

// headLogProbsGrad(hidden, weight, targets, N, D, V, temperature, logSums [N], dy [N], dhidden [N,D], dweight [V,D])
napi_value headLogProbsGrad(Args& args) {
  const Head head(args, 3);
  const float *sums = args.f32(7, head.N), *dy = args.f32(8, head.N);
  float *dhidden = args.f32(9, head.N * head.D), *dweight = args.f32(10, head.V * head.D);
  head.chunks([&](int64_t first, int64_t rows, float* logits) {
    eachRow(rows, head.V, [&](int64_t r) {
      const int64_t n = first + r;
      rowGradient(logits + r * head.V, head.V, head.targets[n], sums[n], -dy[n]);
    });
    head.gradients(first, rows, logits, dhidden, dweight);
  });
  return nullptr;
}

// headCrossEntropy(hidden, weight, targets, N, D, V, temperature, rowWeights [N], logProbs [N], dhidden, dweight):
// the gradients are those of -sum(rowWeights * logProbs).
napi_value headCrossEntropy(Args& args) {
  const Head head(args, 3);
  const float* rowWeights = args.f32(7, head.N);
  float *out = args.f32(8, head.N), *dhidden = args.f32(9, head.N * head.D), *dweight = args.f32(10, head.V * head.D);
  head.chunks([&](int64_t first, int64_t rows, float* logits) {
    eachRow(rows, head.V, [&](int64_t r) {
      float* row = logits + r * head.V;
      const int64_t n = first + r;
      const float sum = logSumExp(row, head.V);
      out[n] = row[head.targets[n]] - sum;
      rowGradient(row, head.V, head.targets[n], sum, rowWeights[n]);
    });
    head.gradients(first, rows, logits, dhidden, dweight);
  });
  return nullptr;
}

// headEntropy(hidden, weight, null, N, D, V, temperature, entropy [N]): log-sum-exp minus the mean logit
napi_value headEntropy(Args& args) {
  const Head head(args, 3, false);
  float* out = args.f32(7, head.N);
  head.chunks([&](int64_t first, int64_t rows, float* logits) {
    eachRow(rows, head.V, [&](int64_t r) {
      const float* row = logits + r * head.V;
      const float sum = logSumExp(row, head.V);
      f32x16 total = {};
      forVectors(head.V, [&](int64_t i, auto lanes) {
        const f32x16 logProb = lanes.load(row + i) - sum, p = vexp(logProb);
        total += lanes.keep(pick(p == 0.0f, f32x16{}, p * logProb));  // an excluded token adds 0, not NaN
      });
      out[first + r] = -sumOf(total);
    });
  });
  return nullptr;
}

}  // namespace

void registerFusedHead(napi_env env, napi_value exports) {
  addFunction(env, exports, "headLogProbs", headLogProbs);
  addFunction(env, exports, "headLogProbsGrad", headLogProbsGrad);
  addFunction(env, exports, "headCrossEntropy", headCrossEntropy);
  addFunction(env, exports, "headEntropy", headEntropy);
}

}  // namespace t2g
