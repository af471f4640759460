// The feed-forward layers of both models in one kernel a direction: down(act(up x)). The activation is applied to tiles
// of the first product while they are in cache; the backward pass gets it back from the saved pre-activations, so
// the wide inner activation is never kept.
#include "fused_math.h"
#include "gemm.h"

namespace t2g {
namespace {

template <class F>
void eachVector(int64_t ld, int64_t row, int64_t rows, int64_t column, int64_t columns, F f) {
  for (int64_t r = row; r < row + rows; r++)
    forVectors(columns, [&](int64_t i, auto lanes) { f(r * ld + column + i, lanes); });
}

// inner = silu(gate) * up
struct SwigluForward final : GemmEpilogue {
  int64_t F;
  const float *gate, *up;
  float* inner;
  void tile(int64_t row, int64_t rows, int64_t column, int64_t columns) const override {
    eachVector(F, row, rows, column, columns, [this](int64_t i, auto lanes) {
      const f32x16 v = lanes.load(gate + i);
      lanes.store(inner + i, v * vsigmoid(v) * lanes.load(up + i));
    });
  }
};

// d holds the gradient of inner and gets that of gate.
struct SwigluBackward final : GemmEpilogue {
  int64_t F;
  const float *gate, *up;
  float *d, *dup, *inner;
  void tile(int64_t row, int64_t rows, int64_t column, int64_t columns) const override {
    eachVector(F, row, rows, column, columns, [this](int64_t i, auto lanes) {
      const f32x16 v = lanes.load(gate + i), u = lanes.load(up + i), g = lanes.load(d + i);
      const f32x16 s = vsigmoid(v), activated = v * s;
      lanes.store(inner + i, activated * u);
      lanes.store(dup + i, g * activated);
      lanes.store(d + i, g * u * s * (1.0f + v * (1.0f - s)));
    });
  }
};

struct GeluForward final : GemmEpilogue {
  int64_t F;
  const float* pre;
  float* inner;
  void tile(int64_t row, int64_t rows, int64_t column, int64_t columns) const override {
    eachVector(F, row, rows, column, columns, [this](int64_t i, auto lanes) {
      const f32x16 v = lanes.load(pre + i);
      lanes.store(inner + i, v * geluGate(v));
    });
  }
};

// d holds the gradient of inner and gets that of pre.
struct GeluBackward final : GemmEpilogue {
  int64_t F;
  const float* pre;
  float *d, *inner;
  void tile(int64_t row, int64_t rows, int64_t column, int64_t columns) const override {
    eachVector(F, row, rows, column, columns, [this](int64_t i, auto lanes) {
      const f32x16 v = lanes.load(pre + i), s = geluGate(v);
      lanes.store(inner + i, v * s);
      lanes.store(d + i, lanes.load(d + i) * geluSlope(v, s));
    });
  }
};

// swigluMlp(x [N,D], gateWeight, upWeight [F,D], downWeight [O,F], N, D, F, O, gate, up, inner [N,F], out [N,O])
napi_value swigluMlp(Args& args) {
  const int64_t N = args.size(4), D = args.size(5), F = args.size(6), O = args.size(7);
  const float *x = args.f32(0, N * D), *gateWeight = args.f32(1, F * D), *upWeight = args.f32(2, F * D);
  const float* downWeight = args.f32(3, O * F);
  float *gate = args.f32(8, N * F), *up = args.f32(9, N * F), *inner = args.f32(10, N * F);
  SwigluForward activate;
  activate.F = F, activate.gate = gate, activate.up = up, activate.inner = inner;
  GemmOptions then;
  then.epilogue = &activate;
  sgemm(false, true, N, F, D, x, D, gateWeight, D, gate, F);
  sgemm(false, true, N, F, D, x, D, upWeight, D, up, F, then);
  sgemm(false, true, N, O, F, inner, F, downWeight, F, args.f32(11, N * O), O);
  return nullptr;
}

// swigluMlpGrad(x, gateWeight, upWeight, downWeight, N, D, F, O, gate, up, dy [N,O], inner, dgate, dup [N,F] (scratch),
//               dx | null, dgateWeight | null, dupWeight | null, ddownWeight | null)
napi_value swigluMlpGrad(Args& args) {
  const int64_t N = args.size(4), D = args.size(5), F = args.size(6), O = args.size(7);
  const float *x = args.f32(0, N * D), *gateWeight = args.f32(1, F * D), *upWeight = args.f32(2, F * D);
  const float *downWeight = args.f32(3, O * F), *dy = args.f32(10, N * O);
  SwigluBackward back;
  back.F = F, back.gate = args.f32(8, N * F), back.up = args.f32(9, N * F), back.inner = args.f32(11, N * F);
  back.d = args.f32(12, N * F), back.dup = args.f32(13, N * F);
  GemmOptions then, adding;
  then.epilogue = &back;
  adding.accumulate = true;
  sgemm(false, false, N, F, O, dy, O, downWeight, F, back.d, F, then);
  if (float* dx = args.f32OrNull(14, N * D)) {
    sgemm(false, false, N, D, F, back.d, F, gateWeight, D, dx, D);
    sgemm(false, false, N, D, F, back.dup, F, upWeight, D, dx, D, adding);
  }
  if (float* out = args.f32OrNull(15, F * D)) sgemm(true, false, F, D, N, back.d, F, x, D, out, D);
  if (float* out = args.f32OrNull(16, F * D)) sgemm(true, false, F, D, N, back.dup, F, x, D, out, D);
  if (float* out = args.f32OrNull(17, O * F)) sgemm(true, false, O, F, N, dy, O, back.inner, F, out, F);
  return nullptr;
}

// geluMlp(x [N,D], upWeight [F,D], upBias [F], downWeight [O,F], downBias [O], N, D, F, O, pre, inner [N,F], out [N,O])
napi_value geluMlp(Args& args) {
  const int64_t N = args.size(5), D = args.size(6), F = args.size(7), O = args.size(8);
  const float *x = args.f32(0, N * D), *upWeight = args.f32(1, F * D), *downWeight = args.f32(3, O * F);
  GeluForward activate;
  float* pre = args.f32(9, N * F);
  activate.F = F, activate.pre = pre, activate.inner = args.f32(10, N * F);
  GemmOptions up, down;
  up.epilogue = &activate;
  up.bias = args.f32(2, F);
  down.bias = args.f32(4, O);
  sgemm(false, true, N, F, D, x, D, upWeight, D, pre, F, up);
  sgemm(false, true, N, O, F, activate.inner, F, downWeight, F, args.f32(11, N * O), O, down);
  return nullptr;
}

// geluMlpGrad(x, upWeight, downWeight, N, D, F, O, pre, dy, inner, dpre [N,F] (scratch),
//             dx | null, dupWeight | null, dupBias [F], ddownWeight | null, ddownBias [O])
// The bias gradients come with the weights', so they are filled where those are given.
napi_value geluMlpGrad(Args& args) {
  const int64_t N = args.size(3), D = args.size(4), F = args.size(5), O = args.size(6);
  const float *x = args.f32(0, N * D), *upWeight = args.f32(1, F * D), *downWeight = args.f32(2, O * F);
  const float* dy = args.f32(8, N * O);
  GeluBackward back;
  back.F = F, back.pre = args.f32(7, N * F), back.inner = args.f32(9, N * F), back.d = args.f32(10, N * F);
  GemmOptions then, summing;
  then.epilogue = &back;
  sgemm(false, false, N, F, O, dy, O, downWeight, F, back.d, F, then);
  if (float* dx = args.f32OrNull(11, N * D)) sgemm(false, false, N, D, F, back.d, F, upWeight, D, dx, D);
  if (float* out = args.f32OrNull(12, F * D)) {
    summing.rowSums = args.f32(13, F);
    sgemm(true, false, F, D, N, back.d, F, x, D, out, D, summing);
  }
  if (float* out = args.f32OrNull(14, O * F)) {
    summing.rowSums = args.f32(15, O);
    sgemm(true, false, O, F, N, dy, O, back.inner, F, out, F, summing);
  }
  return nullptr;
}

}  // namespace

void registerFusedMlp(napi_env env, napi_value exports) {
  addFunction(env, exports, "swigluMlp", swigluMlp);
  addFunction(env, exports, "swigluMlpGrad", swigluMlpGrad);
  addFunction(env, exports, "geluMlp", geluMlp);
  addFunction(env, exports, "geluMlpGrad", geluMlpGrad);
}

}  // namespace t2g
