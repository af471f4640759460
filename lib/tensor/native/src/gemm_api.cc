// JavaScript entry of the matrix products.
#include <algorithm>

#include "common.h"
#include "gemm.h"

namespace t2g {
namespace {

// matmul(a, b, out, batch, M, N, K, transA, transB, strideA, strideB, bias | null, accumulate): dense row-major
// operands, one product per batch entry; strides in floats, 0 to broadcast.
napi_value matmul(Args& args) {
  const int64_t batch = args.size(3), M = args.size(4), N = args.size(5), K = args.size(6);
  const bool transA = args.boolean(7), transB = args.boolean(8);
  const int64_t strideA = args.offset(9), strideB = args.offset(10);
  const int64_t last = std::max<int64_t>(0, batch - 1);
  const float* a = args.f32(0, batch == 0 ? 0 : args.multiplyAdd(9, last, strideA, M * K));
  const float* b = args.f32(1, batch == 0 ? 0 : args.multiplyAdd(10, last, strideB, K * N));
  float* out = args.f32(2, batch * M * N);
  GemmOptions options;
  options.bias = args.f32OrNull(11, N);
  options.accumulate = args.boolean(12);
  sgemmBatched(batch, transA, transB, M, N, K, a, transA ? M : K, strideA, b, transB ? K : N, strideB, out, N, M * N,
               options);
  return nullptr;
}

}  // namespace

void registerGemm(napi_env env, napi_value exports) { addFunction(env, exports, "matmul", matmul); }

}  // namespace t2g
