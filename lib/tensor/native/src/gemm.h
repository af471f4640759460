// Single-precision matrix products for the backend's kernels and for the fused kernels.
#pragma once
#include <cstdint>

namespace t2g {

/// What to do with a finished tile of C while it is in the first-level cache. Tiles come from any thread, each once.
struct GemmEpilogue {
  virtual void tile(int64_t row, int64_t rows, int64_t column, int64_t columns) const = 0;

 protected:
  ~GemmEpilogue() = default;
};

struct GemmOptions {
  const float* bias = nullptr;  ///< [N], added to every row of C
  bool accumulate = false;      ///< C += ... instead of C = ...
  float alpha = 1.0f;           ///< scales the product (not bias, not the old C)
  float* rowSums = nullptr;     ///< [M], with transA only: the sums of op(A)'s rows, for nothing while it is packed
  const GemmEpilogue* epilogue = nullptr;
  int precision = -1;           ///< 32 or 16 (bf16 operands, fp32 sums); -1: the global setting
};

/// C[M,N] = alpha * op(A)[M,K] * op(B)[K,N] (+ bias) (+ C). Row-major; lda, ldb, ldc are the distances in floats
/// between stored rows: A is stored [M,K], or [K,M] with transA; B is stored [K,N], or [N,K] with transB.
/// Parallel by itself; called inside a parallelFor body it stays on that thread. K = 0 gives bias / old C.
void sgemm(bool transA, bool transB, int64_t M, int64_t N, int64_t K, const float* A, int64_t lda, const float* B,
           int64_t ldb, float* C, int64_t ldc, const GemmOptions& options = {});

/// One product per batch entry: the pointers advance by strideA, strideB, strideC (0 broadcasts an operand).
void sgemmBatched(int64_t batch, bool transA, bool transB, int64_t M, int64_t N, int64_t K, const float* A,
                  int64_t lda, int64_t strideA, const float* B, int64_t ldb, int64_t strideB, float* C, int64_t ldc,
                  int64_t strideC, const GemmOptions& options = {});

/// 32 or 16; 16 needs AVX512_BF16 (bf16Available).
void setGemmPrecision(int bits);
int gemmPrecision();
bool bf16Available();

}  // namespace t2g
