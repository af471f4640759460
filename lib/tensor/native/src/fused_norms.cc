// RMS norm, layer norm, adaptive modulation and gated residual, forward and backward.
// Row statistics are recomputed in the backward pass: the row is in the first-level cache there anyway.
#include "fused_math.h"

namespace t2g {
namespace {

float inverseRms(const float* x, int64_t D, float eps) {
  f32x16 squares = {};
  forVectors(D, [&](int64_t i, auto lanes) {
    const f32x16 v = lanes.load(x + i);
    squares += v * v;
  });
  return 1.0f / std::sqrt(sumOf(squares) / static_cast<float>(D) + eps);
}

struct Moments {
  float mean, inverse;  // inverse = 1 / sqrt(variance + eps)
};

Moments momentsOf(const float* x, int64_t D, float eps) {
  f32x16 sum = {};
  forVectors(D, [&](int64_t i, auto lanes) { sum += lanes.load(x + i); });
  const float mean = sumOf(sum) / static_cast<float>(D);
  f32x16 squares = {};
  forVectors(D, [&](int64_t i, auto lanes) {
    const f32x16 c = lanes.keep(lanes.load(x + i) - mean);
    squares += c * c;
  });
  return {mean, 1.0f / std::sqrt(sumOf(squares) / static_cast<float>(D) + eps)};
}

// rmsNorm(x [N,D], weight [D] | null, eps, N, D, y [N,D])
napi_value rmsNorm(Args& args) {
  const int64_t N = args.size(3), D = args.size(4);
  const float* x = args.f32(0, N * D);
  const float* weight = args.f32OrNull(1, D);
  const float eps = static_cast<float>(args.number(2));
  float* y = args.f32(5, N * D);
  parallelFor(N, rowGrain(D), [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; n++) {
      const float* in = x + n * D;
      float* out = y + n * D;
      const float inverse = inverseRms(in, D, eps);
      forVectors(D, [&](int64_t i, auto lanes) {
        f32x16 v = lanes.load(in + i) * inverse;
        if (weight) v *= lanes.load(weight + i);
        lanes.store(out + i, v);
      });
    }
  });
  return nullptr;
}

// rmsNormGrad(x, weight | null, dy, eps, N, D, dx, dweight | null)
napi_value rmsNormGrad(Args& args) {
  const int64_t N = args.size(4), D = args.size(5);
  const float* x = args.f32(0, N * D);
  const float* weight = args.f32OrNull(1, D);
  const float* dy = args.f32(2, N * D);
  const float eps = static_cast<float>(args.number(3));
  float* dx = args.f32(6, N * D);
  float* dweight = args.f32OrNull(7, D);
  const RowBlocks blocks(N);
  float* partial = dweight ? scratch(4, blocks.count * D) : nullptr;
  parallelFor(blocks.count, std::max<int64_t>(1, rowGrain(D) / blocks.size), [&](int64_t first, int64_t last) {
    for (int64_t block = first; block < last; block++) {
      float* mine = partial ? partial + block * D : nullptr;
      if (mine) std::memset(mine, 0, D * sizeof(float));
      for (int64_t n = blocks.begin(block); n < blocks.end(block); n++) {
        const float *in = x + n * D, *g = dy + n * D;
        float* out = dx + n * D;
        const float inverse = inverseRms(in, D, eps);
        f32x16 dots = {};
        forVectors(D, [&](int64_t i, auto lanes) {
          const f32x16 product = lanes.load(g + i) * lanes.load(in + i);
          dots += weight ? product * lanes.load(weight + i) : product;
          if (mine) lanes.store(mine + i, lanes.load(mine + i) + product * inverse);
        });
        const float pull = sumOf(dots) / static_cast<float>(D) * inverse * inverse * inverse;
        forVectors(D, [&](int64_t i, auto lanes) {
          f32x16 v = lanes.load(g + i) * inverse;
          if (weight) v *= lanes.load(weight + i);
          lanes.store(out + i, v - lanes.load(in + i) * pull);
        });
      }
    }
  });
  if (dweight) sumBlocks(partial, blocks.count, D, dweight);
  return nullptr;
}

// layerNorm(x [N,D], shift [B,D] | null, scale [B,D] | null, eps, N, D, rowsPerSample, y)
napi_value layerNorm(Args& args) {
  const int64_t N = args.size(4), D = args.size(5), T = std::max<int64_t>(1, args.size(6));
  if (N % T != 0) args.fail(6, "does not divide the rows");
  const float* x = args.f32(0, N * D);
  const float* shift = args.f32OrNull(1, N / T * D);
  const float* scale = shift ? args.f32(2, N / T * D) : nullptr;
  const float eps = static_cast<float>(args.number(3));
  float* y = args.f32(7, N * D);
  parallelFor(N, rowGrain(D), [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; n++) {
      const float* in = x + n * D;
      float* out = y + n * D;
      const Moments m = momentsOf(in, D, eps);
      const int64_t sample = n / T * D;
      forVectors(D, [&](int64_t i, auto lanes) {
        f32x16 v = (lanes.load(in + i) - m.mean) * m.inverse;
        if (shift) v = v * (1.0f + lanes.load(scale + sample + i)) + lanes.load(shift + sample + i);
        lanes.store(out + i, v);
      });
    }
  });
  return nullptr;
}

// Rows of one sample in blocks; a sample's partial sums are added up in order.
struct SampleBlocks {
  int64_t T, size, perSample;
  explicit SampleBlocks(int64_t rows) : T(rows), size(32), perSample(std::max<int64_t>(1, (rows + 31) / 32)) {}
};

// layerNormGrad(x, scale [B,D] | null, dy, eps, N, D, rowsPerSample, dx, dshift | null, dscale | null)
napi_value layerNormGrad(Args& args) {
  const int64_t N = args.size(4), D = args.size(5), T = std::max<int64_t>(1, args.size(6)), B = N / T;
  if (N % T != 0) args.fail(6, "does not divide the rows");
  const float* x = args.f32(0, N * D);
  const float* scale = args.f32OrNull(1, B * D);
  const float* dy = args.f32(2, N * D);
  const float eps = static_cast<float>(args.number(3));
  float* dx = args.f32(7, N * D);
  float* dshift = scale ? args.f32(8, B * D) : nullptr;
  float* dscale = scale ? args.f32(9, B * D) : nullptr;
  const SampleBlocks blocks(T);
  const int64_t tasks = B * blocks.perSample;
  float* partial = scale ? scratch(4, tasks * 2 * D) : nullptr;
  parallelFor(tasks, std::max<int64_t>(1, rowGrain(D) / blocks.size), [&](int64_t first, int64_t last) {
    for (int64_t task = first; task < last; task++) {
      const int64_t b = task / blocks.perSample, t0 = task % blocks.perSample * blocks.size;
      const int64_t t1 = std::min(T, t0 + blocks.size);
      const float* gain = scale ? scale + b * D : nullptr;
      float* shiftSum = partial ? partial + task * 2 * D : nullptr;
      float* scaleSum = partial ? shiftSum + D : nullptr;
      if (partial) std::memset(shiftSum, 0, 2 * D * sizeof(float));
      for (int64_t n = b * T + t0; n < b * T + t1; n++) {
        const float *in = x + n * D, *g = dy + n * D;
        float* out = dx + n * D;
        const Moments m = momentsOf(in, D, eps);
        f32x16 sum = {}, dots = {};
        forVectors(D, [&](int64_t i, auto lanes) {
          const f32x16 normed = (lanes.load(in + i) - m.mean) * m.inverse, up = lanes.load(g + i);
          f32x16 inner = up;
          if (gain) {
            inner *= 1.0f + lanes.load(gain + i);
            lanes.store(shiftSum + i, lanes.load(shiftSum + i) + up);
            lanes.store(scaleSum + i, lanes.load(scaleSum + i) + up * normed);
          }
          sum += inner;
          dots += inner * normed;  // a tail's unused lanes have up = 0
        });
        const float mean = sumOf(sum) / static_cast<float>(D), pull = sumOf(dots) / static_cast<float>(D);
        forVectors(D, [&](int64_t i, auto lanes) {
          const f32x16 normed = (lanes.load(in + i) - m.mean) * m.inverse;
          f32x16 inner = lanes.load(g + i);
          if (gain) inner *= 1.0f + lanes.load(gain + i);
          lanes.store(out + i, (inner - mean - normed * pull) * m.inverse);
        });
      }
    }
  });
  if (!scale) return nullptr;
  parallelFor(B, 8, [&](int64_t first, int64_t last) {
    for (int64_t b = first; b < last; b++) {
      const float* mine = partial + b * blocks.perSample * 2 * D;
      forVectors(D, [&](int64_t i, auto lanes) {
        f32x16 shiftTotal = {}, scaleTotal = {};
        for (int64_t block = 0; block < blocks.perSample; block++) {
          shiftTotal += lanes.load(mine + block * 2 * D + i);
          scaleTotal += lanes.load(mine + (block * 2 + 1) * D + i);
        }
        lanes.store(dshift + b * D + i, shiftTotal);
        lanes.store(dscale + b * D + i, scaleTotal);
      });
    }
  });
  return nullptr;
}

// gatedResidual(x [B,T,D], gate [B,D], y [B,T,D], B, T, D, out)
napi_value gatedResidual(Args& args) {
  const int64_t B = args.size(3), T = args.size(4), D = args.size(5);
  const float* x = args.f32(0, B * T * D);
  const float* gate = args.f32(1, B * D);
  const float* y = args.f32(2, B * T * D);
  float* out = args.f32(6, B * T * D);
  parallelFor(B * T, rowGrain(D), [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; n++) {
      const float* g = gate + n / T * D;
      forVectors(D, [&](int64_t i, auto lanes) {
        lanes.store(out + n * D + i, lanes.load(x + n * D + i) + lanes.load(g + i) * lanes.load(y + n * D + i));
      });
    }
  });
  return nullptr;
}

// gatedResidualGrad(gate, y, dout, B, T, D, dgate [B,D], dy [B,T,D])
napi_value gatedResidualGrad(Args& args) {
  const int64_t B = args.size(3), T = args.size(4), D = args.size(5);
  const float* gate = args.f32(0, B * D);
  const float* y = args.f32(1, B * T * D);
  const float* dout = args.f32(2, B * T * D);
  float* dgate = args.f32(6, B * D);
  float* dy = args.f32(7, B * T * D);
  const SampleBlocks blocks(T);
  const int64_t tasks = B * blocks.perSample;
  float* partial = scratch(4, tasks * D);
  parallelFor(tasks, std::max<int64_t>(1, rowGrain(D) / blocks.size), [&](int64_t first, int64_t last) {
    for (int64_t task = first; task < last; task++) {
      const int64_t b = task / blocks.perSample, t0 = task % blocks.perSample * blocks.size;
      const int64_t t1 = std::min(T, t0 + blocks.size);
      float* mine = partial + task * D;
      std::memset(mine, 0, D * sizeof(float));
      for (int64_t n = b * T + t0; n < b * T + t1; n++) {
        forVectors(D, [&](int64_t i, auto lanes) {
          const f32x16 up = lanes.load(dout + n * D + i);
          lanes.store(mine + i, lanes.load(mine + i) + up * lanes.load(y + n * D + i));
          lanes.store(dy + n * D + i, up * lanes.load(gate + b * D + i));
        });
      }
    }
  });
  for (int64_t b = 0; b < B; b++)
    sumBlocks(partial + b * blocks.perSample * D, blocks.perSample, D, dgate + b * D);
  return nullptr;
}

}  // namespace

void registerFusedNorms(napi_env env, napi_value exports) {
  addFunction(env, exports, "rmsNorm", rmsNorm);
  addFunction(env, exports, "rmsNormGrad", rmsNormGrad);
  addFunction(env, exports, "layerNorm", layerNorm);
  addFunction(env, exports, "layerNormGrad", layerNormGrad);
  addFunction(env, exports, "gatedResidual", gatedResidual);
  addFunction(env, exports, "gatedResidualGrad", gatedResidualGrad);
}

}  // namespace t2g
