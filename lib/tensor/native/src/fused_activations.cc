// SiLU, SwiGLU, GELU (tanh form) and rotary embedding, forward and backward.
#include "fused_math.h"

namespace t2g {
namespace {

constexpr int64_t kGrain = 8192;

// out[i] = f(a[i], b[i]) for lists of equal length; b may be null.
template <class F>
void pointwise(int64_t n, F f) {
  parallelFor(n, kGrain, [&](int64_t begin, int64_t end) {
    forVectors(end - begin, [&](int64_t i, auto lanes) { f(begin + i, lanes); });
  });
}

// silu(x, n, y)
napi_value silu(Args& args) {
  const int64_t n = args.size(1);
  const float* x = args.f32(0, n);
  float* y = args.f32(2, n);
  pointwise(n, [&](int64_t i, auto lanes) {
    const f32x16 v = lanes.load(x + i);
    lanes.store(y + i, v * vsigmoid(v));
  });
  return nullptr;
}

// siluGrad(x, dy, n, dx)
napi_value siluGrad(Args& args) {
  const int64_t n = args.size(2);
  const float* x = args.f32(0, n);
  const float* dy = args.f32(1, n);
  float* dx = args.f32(3, n);
  pointwise(n, [&](int64_t i, auto lanes) {
    const f32x16 v = lanes.load(x + i), s = vsigmoid(v);
    lanes.store(dx + i, lanes.load(dy + i) * s * (1.0f + v * (1.0f - s)));
  });
  return nullptr;
}

// swiglu(gate, up, n, y)
napi_value swiglu(Args& args) {
  const int64_t n = args.size(2);
  const float* gate = args.f32(0, n);
  const float* up = args.f32(1, n);
  float* y = args.f32(3, n);
  pointwise(n, [&](int64_t i, auto lanes) {
    const f32x16 v = lanes.load(gate + i);
    lanes.store(y + i, v * vsigmoid(v) * lanes.load(up + i));
  });
  return nullptr;
}

// swigluGrad(gate, up, dy, n, dgate, dup)
napi_value swigluGrad(Args& args) {
  const int64_t n = args.size(3);
  const float* gate = args.f32(0, n);
  const float* up = args.f32(1, n);
  const float* dy = args.f32(2, n);
  float* dgate = args.f32(4, n);
  float* dup = args.f32(5, n);
  pointwise(n, [&](int64_t i, auto lanes) {
    const f32x16 v = lanes.load(gate + i), g = lanes.load(dy + i), s = vsigmoid(v);
    lanes.store(dgate + i, g * lanes.load(up + i) * s * (1.0f + v * (1.0f - s)));
    lanes.store(dup + i, g * v * s);
  });
  return nullptr;
}

// gelu(x, n, y)
napi_value gelu(Args& args) {
  const int64_t n = args.size(1);
  const float* x = args.f32(0, n);
  float* y = args.f32(2, n);
  pointwise(n, [&](int64_t i, auto lanes) {
    const f32x16 v = lanes.load(x + i);
    lanes.store(y + i, v * geluGate(v));
  });
  return nullptr;
}

// geluGrad(x, dy, n, dx)
napi_value geluGrad(Args& args) {
  const int64_t n = args.size(2);
  const float* x = args.f32(0, n);
  const float* dy = args.f32(1, n);
  float* dx = args.f32(3, n);
  pointwise(n, [&](int64_t i, auto lanes) {
    const f32x16 v = lanes.load(x + i);
    lanes.store(dx + i, lanes.load(dy + i) * geluSlope(v, geluGate(v)));
  });
  return nullptr;
}

// rotary(x [B,T,H,dh], cos, sin [T or B*T, dh/2], B, T, H, dh, anglesPerSample, interleaved, inverse, y)
// The backward pass turns the other way (inverse).
napi_value rotary(Args& args) {
  const int64_t B = args.size(3), T = args.size(4), H = args.size(5), dh = args.size(6), half = dh / 2;
  const bool perSample = args.boolean(7), interleaved = args.boolean(8), inverse = args.boolean(9);
  const int64_t angles = (perSample ? B * T : T) * half;
  const float* x = args.f32(0, B * T * H * dh);
  const float* cosines = args.f32(1, angles);
  const float* sines = args.f32(2, angles);
  float* y = args.f32(10, B * T * H * dh);
  const float sign = inverse ? -1.0f : 1.0f;
  parallelFor(B * T, rowGrain(H * dh), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const float* c = cosines + (perSample ? row : row % T) * half;
      const float* s = sines + (perSample ? row : row % T) * half;
      for (int64_t h = 0; h < H; h++) {
        const float* in = x + (row * H + h) * dh;
        float* out = y + (row * H + h) * dh;
        if (interleaved) {
          for (int64_t i = 0; i < half; i++) {
            const float a = in[2 * i], b = in[2 * i + 1], turn = s[i] * sign;
            out[2 * i] = a * c[i] - b * turn;
            out[2 * i + 1] = b * c[i] + a * turn;
          }
        } else {
          forVectors(half, [&](int64_t i, auto lanes) {
            const f32x16 a = lanes.load(in + i), b = lanes.load(in + half + i);
            const f32x16 cosine = lanes.load(c + i), turn = lanes.load(s + i) * sign;
            lanes.store(out + i, a * cosine - b * turn);
            lanes.store(out + half + i, b * cosine + a * turn);
          });
        }
      }
    }
  });
  return nullptr;
}

}  // namespace

void registerFusedActivations(napi_env env, napi_value exports) {
  addFunction(env, exports, "fusedSilu", silu);
  addFunction(env, exports, "fusedSiluGrad", siluGrad);
  addFunction(env, exports, "swiglu", swiglu);
  addFunction(env, exports, "swigluGrad", swigluGrad);
  addFunction(env, exports, "fusedGelu", gelu);
  addFunction(env, exports, "fusedGeluGrad", geluGrad);
  addFunction(env, exports, "rotary", rotary);
}

}  // namespace t2g
