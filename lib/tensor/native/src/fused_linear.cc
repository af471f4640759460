// x W^T + bias over the shared matrix product, and the three gradients.
#include "fused_math.h"
#include "gemm.h"

namespace t2g {
namespace {

// linear(x [N,I], weight [O,I], bias [O] | null, N, I, O, y [N,O])
napi_value linear(Args& args) {
  const int64_t N = args.size(3), I = args.size(4), O = args.size(5);
  GemmOptions options;
  options.bias = args.f32OrNull(2, O);
  const float *x = args.f32(0, N * I), *weight = args.f32(1, O * I);
  sgemm(false, true, N, O, I, x, I, weight, I, args.f32(6, N * O), O, options);
  return nullptr;
}

// linearGradX(dy [N,O], weight [O,I], N, I, O, dx [N,I])
napi_value linearGradX(Args& args) {
  const int64_t N = args.size(2), I = args.size(3), O = args.size(4);
  const float *dy = args.f32(0, N * O), *weight = args.f32(1, O * I);
  sgemm(false, false, N, I, O, dy, O, weight, I, args.f32(5, N * I), I);
  return nullptr;
}

// linearGradWeight(dy [N,O], x [N,I], N, I, O, dweight [O,I], dbias [O] | null)
napi_value linearGradWeight(Args& args) {
  const int64_t N = args.size(2), I = args.size(3), O = args.size(4);
  const float *dy = args.f32(0, N * O), *x = args.f32(1, N * I);
  GemmOptions options;
  options.rowSums = args.f32OrNull(6, O);
  sgemm(true, false, O, I, N, dy, O, x, I, args.f32(5, O * I), I, options);
  return nullptr;
}

// columnSums(dy [N,O], N, O, out [O])
napi_value columnSums(Args& args) {
  const int64_t N = args.size(1), O = args.size(2);
  const float* dy = args.f32(0, N * O);
  float* out = args.f32(3, O);
  const RowBlocks blocks(N);
  float* partial = scratch(4, blocks.count * O);
  parallelFor(blocks.count, std::max<int64_t>(1, rowGrain(O) / blocks.size), [&](int64_t first, int64_t last) {
    for (int64_t block = first; block < last; block++) {
      float* mine = partial + block * O;
      std::memset(mine, 0, O * sizeof(float));
      for (int64_t n = blocks.begin(block); n < blocks.end(block); n++) {
        forVectors(O, [&](int64_t i, auto lanes) {
          lanes.store(mine + i, lanes.load(mine + i) + lanes.load(dy + n * O + i));
        });
      }
    }
  });
  sumBlocks(partial, blocks.count, O, out);
  return nullptr;
}

}  // namespace

void registerFusedLinear(napi_env env, napi_value exports) {
  addFunction(env, exports, "linear", linear);
  addFunction(env, exports, "linearGradX", linearGradX);
  addFunction(env, exports, "linearGradWeight", linearGradWeight);
  addFunction(env, exports, "columnSums", columnSums);
}

}  // namespace t2g
