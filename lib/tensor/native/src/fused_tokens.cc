// Embedding rows, and log-probabilities of target tokens in one pass over the logits, forward and backward.
#include "fused_math.h"

namespace t2g {
namespace {

void wantIds(const char* what, const int32_t* ids, int64_t n, int64_t V) {
  for (int64_t i = 0; i < n; i++) {
    if (ids[i] >= 0 && ids[i] < V) continue;
    throw std::runtime_error(std::string(what) + ": id " + std::to_string(ids[i]) + " at position " +
                             std::to_string(i) + ", want 0 to " + std::to_string(V - 1));
  }
}

// embeddingRows(weight [V,D], ids [N], V, D, N, out [N,D])
napi_value embeddingRows(Args& args) {
  const int64_t V = args.size(2), D = args.size(3), N = args.size(4);
  const float* weight = args.f32(0, V * D);
  const int32_t* ids = args.i32(1, N);
  float* out = args.f32(5, N * D);
  wantIds("embedding", ids, N, V);
  parallelFor(N, rowGrain(D), [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; n++) std::memcpy(out + n * D, weight + ids[n] * D, D * sizeof(float));
  });
  return nullptr;
}

// embeddingGrad(ids [N], dy [N,D], V, D, N, dweight [V,D])
napi_value embeddingGrad(Args& args) {
  const int64_t V = args.size(2), D = args.size(3), N = args.size(4);
  const int32_t* ids = args.i32(0, N);
  const float* dy = args.f32(1, N * D);
  float* dweight = args.f32(5, V * D);
  wantIds("embedding", ids, N, V);
  // Each piece owns a range of table rows and reads all ids in order: no two threads add to one row.
  parallelFor(V, std::max<int64_t>(64, rowGrain(D)), [&](int64_t begin, int64_t end) {
    std::memset(dweight + begin * D, 0, (end - begin) * D * sizeof(float));
    for (int64_t n = 0; n < N; n++) {
      if (ids[n] < begin || ids[n] >= end) continue;
      float* row = dweight + ids[n] * D;
      forVectors(D, [&](int64_t i, auto lanes) {
        lanes.store(row + i, lanes.load(row + i) + lanes.load(dy + n * D + i));
      });
    }
  });
  return nullptr;
}

// tokenLogProbs(logits [N,V], targets [N], N, V, out [N])
napi_value tokenLogProbs(Args& args) {
  const int64_t N = args.size(2), V = args.size(3);
  const float* logits = args.f32(0, N * V);
  const int32_t* targets = args.i32(1, N);
  float* out = args.f32(4, N);
  wantIds("tokenLogProbs", targets, N, V);
  parallelFor(N, rowGrain(V), [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; n++) out[n] = logits[n * V + targets[n]] - logSumExp(logits + n * V, V);
  });
  return nullptr;
}

// tokenLogProbsGrad(logits, targets, dy [N], N, V, dlogits [N,V])
napi_value tokenLogProbsGrad(Args& args) {
  const int64_t N = args.size(3), V = args.size(4);
  const float* logits = args.f32(0, N * V);
  const int32_t* targets = args.i32(1, N);
  const float* dy = args.f32(2, N);
  float* dlogits = args.f32(5, N * V);
  wantIds("tokenLogProbs", targets, N, V);
  parallelFor(N, rowGrain(V), [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; n++) {
      const float* in = logits + n * V;
      float* out = dlogits + n * V;
      if (dy[n] == 0.0f) {  // a masked token: whole rows of most RL batches
        std::memset(out, 0, V * sizeof(float));
        continue;
      }
      const float total = logSumExp(in, V);
      forVectors(V, [&](int64_t i, auto lanes) { lanes.store(out + i, vexp(lanes.load(in + i) - total) * -dy[n]); });
      out[targets[n]] += dy[n];
    }
  });
  return nullptr;
}

}  // namespace

void registerFusedTokens(napi_env env, napi_value exports) {
  addFunction(env, exports, "embeddingRows", embeddingRows);
  addFunction(env, exports, "embeddingGrad", embeddingGrad);
  addFunction(env, exports, "tokenLogProbs", tokenLogProbs);
  addFunction(env, exports, "tokenLogProbsGrad", tokenLogProbsGrad);
}

}  // namespace t2g
