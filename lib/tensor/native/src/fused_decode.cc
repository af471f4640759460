// One decoding step of a Qwen2 model in one call: every live row reads its newest token and gets the logits of the
// next. Weights are packed once for a generation. Keys and values of a prompt are stored once and read by all its
// samples; those of new tokens are appended in place in a slot of the row's own, so a row that leaves moves nothing.
#include "decode_attention.h"
#include "decode_gemm.h"
#include "fused_math.h"
#include "gemm.h"

namespace t2g {
namespace {

using decode::kPanel;
using decode::Product;
using decode::Row;
using decode::Sizes;

// decodePrecision() -> 32 or 16, what a session started now should use
napi_value decodePrecision(Args& args) { return args.makeNumber(gemmPrecision()); }

// decodeFloats(sizes, rows, what: 0 packed weights, 1 caches, 2 work space, 3 a row of logits) -> count
napi_value decodeFloats(Args& args) {
  const Sizes s(args, 0);
  const int64_t rows = args.size(1);
  if (rows > s.slots) args.fail(1, "is more than the slots");
  switch (args.size(2)) {
    case 0: return args.makeNumber(static_cast<double>(s.weightFloats()));
    case 1: return args.makeNumber(static_cast<double>(s.allCacheFloats()));
    case 2: return args.makeNumber(static_cast<double>(s.workFloats(rows)));
    default: return args.makeNumber(static_cast<double>(s.Vp));
  }
}

void copyPadded(const float* from, int64_t n, int64_t padded, float* to) {
  if (from) std::memcpy(to, from, n * sizeof(float));
  else std::memset(to, 0, n * sizeof(float));
  std::memset(to + n, 0, (padded - n) * sizeof(float));
}

// decodePackLayer(sizes, layer, norm1, norm2, q, qBias|null, k, kBias|null, v, vBias|null, o, gate, up, down, weights)
napi_value decodePackLayer(Args& args) {
  const Sizes s(args, 0);
  const int64_t layer = args.size(1), D = s.D, q = s.H * s.dh, kv = s.Hkv * s.dh;
  if (layer >= s.L) args.fail(1, "is not a layer");
  float* w = args.f32(14, s.weightFloats()) + layer * s.layerFloats();
  copyPadded(args.f32(2, D), D, s.Dp, w);
  copyPadded(args.f32(3, D), D, s.Dp, w + s.Dp);
  w += 2 * s.Dp;
  copyPadded(args.f32OrNull(5, q), q, s.Qp, w);
  copyPadded(args.f32OrNull(7, kv), kv, s.Kp, w + s.Qp);
  copyPadded(args.f32OrNull(9, kv), kv, s.Kp, w + s.Qp + s.Kp);
  w += s.qkvRow;
  const int64_t column = decode::storedDepth(D, s.half);
  decode::packWeight(args.f32(4, q * D), q, D, s.half, w);
  decode::packWeight(args.f32(6, kv * D), kv, D, s.half, w + s.Qp * column);
  decode::packWeight(args.f32(8, kv * D), kv, D, s.half, w + (s.Qp + s.Kp) * column);
  w += s.qkvFloats();
  decode::packWeight(args.f32(10, D * s.Op), D, s.Op, s.half, w);
  w += s.oFloats();
  decode::packPair(args.f32(11, s.F * D), args.f32(12, s.F * D), s.F, D, s.half, w);
  w += s.gateUpFloats();
  decode::packWeight(args.f32(13, D * s.F), D, s.F, s.half, w);
  return nullptr;
}

// decodePackHead(sizes, norm, head [V,D], weights)
napi_value decodePackHead(Args& args) {
  const Sizes s(args, 0);
  float* w = args.f32(3, s.weightFloats()) + s.L * s.layerFloats();
  copyPadded(args.f32(1, s.D), s.D, s.Dp, w);
  decode::packWeight(args.f32(2, s.V * s.D), s.V, s.D, s.half, w + s.Dp);
  return nullptr;
}

// decodePrefix(sizes, layer, keys [prompts,P,Hkv,dh], values, skip i32 [prompts], caches): a layer's keys and values
// of the prompts, each from its first token that is not padding
napi_value decodePrefix(Args& args) {
  const Sizes s(args, 0);
  const int64_t layer = args.size(1), row = s.Hkv * s.dh;
  if (layer >= s.L) args.fail(1, "is not a layer");
  const float *keys = args.f32(2, s.prompts * s.P * row), *values = args.f32(3, s.prompts * s.P * row);
  const int32_t* skip = args.i32(4, s.prompts);
  float* caches = args.f32(5, s.allCacheFloats());
  for (int64_t b = 0; b < s.prompts; b++)
    if (skip[b] < 0 || skip[b] > s.P) args.fail(4, "skips more than a prompt");
  parallelFor(s.prompts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; b++)
      for (int64_t t = skip[b]; t < s.P; t++)
        for (int64_t h = 0; h < s.Hkv; h++) {
          const int64_t from = (b * s.P + t) * row + h * s.dh;
          decode::append(s, caches + s.prefixAt(layer, b), s.P, h, t - skip[b], keys + from, values + from);
        }
  });
  return nullptr;
}

/// The buffers of one step.
struct Step {
  const Sizes& s;
  int64_t M;
  float *x, *h, *qkv, *mixed, *inner, *words;

  Step(const Sizes& sizes, int64_t rows, float* work) : s(sizes), M(rows) {
    x = work, h = x + M * s.Dp, qkv = h + M * s.Dp, mixed = qkv + M * s.qkvRow, inner = mixed + M * s.Op;
    words = inner + M * s.Ip;
  }

  void norm(const float* weight, float eps) {
    parallelFor(M, rowGrain(s.D), [&](int64_t begin, int64_t end) {
      for (int64_t m = begin; m < end; m++) {
        const float* in = x + m * s.Dp;
        f32x16 squares = {};
        forVectors(s.D, [&](int64_t i, auto lanes) { squares += lanes.load(in + i) * lanes.load(in + i); });
        const float inverse = 1.0f / std::sqrt(sumOf(squares) / static_cast<float>(s.D) + eps);
        forVectors(s.D, [&](int64_t i, auto lanes) {
          lanes.store(h + m * s.Dp + i, lanes.load(in + i) * inverse * lanes.load(weight + i));
        });
      }
    });
  }

  /// Rows of K floats as the operand of a product; in bf16 mode a rounded copy.
  Product operand(const float* a, int64_t step, int64_t K, const float* packed) {
    const int64_t depth = decode::storedDepth(K, s.half);
    if (s.half) {
      decode::roundRows(a, step, M, K, words);
      return {words, depth, M, depth, packed, true};
    }
    return {a, step, M, depth, packed, false};
  }
};

// decodeStep(sizes, eps, weights, embedding [V,D], cos [positions,dh/2], sin, caches, rows i32 [M,5], M, work, logits)
napi_value decodeStep(Args& args) {
  const Sizes s(args, 0);
  const float eps = static_cast<float>(args.number(1));
  const float *weights = args.f32(2, s.weightFloats()), *embedding = args.f32(3, s.V * s.D);
  const float *cos = args.f32(4, s.positions * s.dh / 2), *sin = args.f32(5, s.positions * s.dh / 2);
  float* caches = args.f32(6, s.allCacheFloats());
  const int64_t M = args.size(8);
  const Row* rows = reinterpret_cast<const Row*>(args.i32(7, M * 5));
  if (M > s.slots) args.fail(8, "is more than the slots");
  Step step(s, M, args.f32(9, s.workFloats(M)));
  float* logits = args.f32(10, M * s.Vp);
  for (int64_t m = 0; m < M; m++) {
    const Row& r = rows[m];
    if (r.token < 0 || r.token >= s.V || r.slot < 0 || r.slot >= s.slots || r.prompt < 0 || r.prompt >= s.prompts ||
        r.prefix < 0 || r.prefix > s.P || r.length < 0 || r.length >= s.N || r.prefix + r.length >= s.positions)
      args.fail(7, "holds a row out of range (row " + std::to_string(m) + ")");
    copyPadded(embedding + r.token * s.D, s.D, s.Dp, step.x + m * s.Dp);
  }
  const float* w = weights;
  const auto addToX = [&](int64_t m, int64_t panel, f32x16 low, f32x16 high) {
    float* to = step.x + m * s.Dp + panel * kPanel;
    storeu(to, loadu(to) + low);
    storeu(to + 16, loadu(to + 16) + high);
  };
  for (int64_t layer = 0; layer < s.L; layer++) {
    const float *norm1 = w, *norm2 = w + s.Dp, *bias = w + 2 * s.Dp, *qkvWeight = bias + s.qkvRow;
    const float *o = qkvWeight + s.qkvFloats(), *gateUp = o + s.oFloats(), *down = gateUp + s.gateUpFloats();
    w = down + s.downFloats();

    step.norm(norm1, eps);
    decode::product(step.operand(step.h, s.Dp, s.D, qkvWeight), s.qkvRow / kPanel,
                    [&](int64_t m, int64_t panel, f32x16 low, f32x16 high) {
      float* to = step.qkv + m * s.qkvRow + panel * kPanel;
      storeu(to, low + loadu(bias + panel * kPanel));
      storeu(to + 16, high + loadu(bias + panel * kPanel + 16));
    });
    parallelFor(M * s.Hkv, 1, [&](int64_t begin, int64_t end) {
      for (int64_t task = begin; task < end; task++) {
        const int64_t m = task / s.Hkv, at = (rows[m].prefix + rows[m].length) * (s.dh / 2);
        decode::attendHead(s, rows[m], task % s.Hkv, step.qkv + m * s.qkvRow, cos + at, sin + at,
                   caches + s.prefixAt(layer, rows[m].prompt), caches + s.tailAt(layer, rows[m].slot),
                   step.mixed + m * s.Op);
      }
    });
    decode::product(step.operand(step.mixed, s.Op, s.Op, o), s.Dp / kPanel, addToX);

    step.norm(norm2, eps);
    decode::product(step.operand(step.h, s.Dp, s.D, gateUp), s.Ip / 16,
                    [&](int64_t m, int64_t panel, f32x16 gate, f32x16 up) {
      storeu(step.inner + m * s.Ip + panel * 16, gate * vsigmoid(gate) * up);
    });
    decode::product(step.operand(step.inner, s.Ip, s.F, down), s.Dp / kPanel, addToX);
  }
  step.norm(w, eps);
  decode::product(step.operand(step.h, s.Dp, s.D, w + s.Dp), s.Vp / kPanel,
                  [&](int64_t m, int64_t panel, f32x16 low, f32x16 high) {
    storeu(logits + m * s.Vp + panel * kPanel, low);
    storeu(logits + m * s.Vp + panel * kPanel + 16, high);
  });
  return nullptr;
}

}  // namespace

void registerFusedDecode(napi_env env, napi_value exports) {
  addFunction(env, exports, "decodePrecision", decodePrecision);
  addFunction(env, exports, "decodeFloats", decodeFloats);
  addFunction(env, exports, "decodePackLayer", decodePackLayer);
  addFunction(env, exports, "decodePackHead", decodePackHead);
  addFunction(env, exports, "decodePrefix", decodePrefix);
  addFunction(env, exports, "decodeStep", decodeStep);
}

}  // namespace t2g
