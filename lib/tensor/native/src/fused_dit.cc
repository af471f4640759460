// The painter's forward pass for sampling (no gradients) in one call: weights packed once a run, modulations given,
// padding tokens of the text left out (nothing that is kept reads them). A task is one sample in one layer, so that
// a sample's activations stay in its core's cache.
#include "dit_layout.h"
#include "fused_math.h"

namespace t2g {
namespace {

using decode::kPanel;
using decode::Product;
using decode::roundUp;
using dit::Sizes;
using dit::Stream;

constexpr int64_t kBlock = 96;  // rows whose wide activations are kept at once
constexpr float kEps = 1e-6f;

// ditFloats(sizes, what: 0 weights, 1 modulations, 2 work space) -> count
napi_value ditFloats(Args& args) {
  const Sizes s(args, 0);
  const int64_t what = args.size(1);
  return args.makeNumber(static_cast<double>(what == 0 ? s.weightFloats() : what == 1 ? s.modulationFloats() : s.workFloats()));
}

void copyPadded(const float* from, int64_t n, int64_t padded, float* to) {
  std::memcpy(to, from, n * sizeof(float));
  std::memset(to + n, 0, (padded - n) * sizeof(float));
}

// ditPackStream(sizes, layer, stream (0 image, 1 text), normQ, normK, [q, k, v, out, up, down weights], [biases],
// weights)
napi_value ditPackStream(Args& args) {
  const Sizes s(args, 0);
  const int64_t layer = args.size(1), stream = args.size(2);
  if (layer >= s.L || stream > 1) args.fail(1, "is not a layer, or its stream not 0 or 1");
  float* w = args.f32(7, s.weightFloats()) + (2 * layer + stream) * s.streamFloats();
  for (int i = 0; i < 2; i++) copyPadded(args.f32(3 + i, s.dh), s.dh, roundUp(s.dh, 16), w + i * roundUp(s.dh, 16));
  w += s.normFloats();
  const Args weights = args.list(5), biases = args.list(6);
  for (int i = 0; i < 6; i++) {
    const int64_t n = i == 4 ? s.F : s.D, padded = i == 4 ? s.Fp : s.Dp;
    copyPadded(biases.f32(i, n), n, padded, w);
    w += padded;
  }
  for (int i = 0; i < 6; i++) {
    const int64_t N = i == 4 ? s.F : s.D, K = i == 5 ? s.F : s.D;
    decode::packWeight(weights.f32(i, N * K), N, K, s.half, w);
    w += s.packed(N, K);
  }
  return nullptr;
}

// ditPackEnds(sizes, img_in weight [D, C + W], bias, proj_out weight [O, D], bias, weights)
napi_value ditPackEnds(Args& args) {
  const Sizes s(args, 0);
  float* w = args.f32(5, s.weightFloats()) + 2 * s.L * s.streamFloats();
  copyPadded(args.f32(2, s.D), s.D, s.Dp, w);
  decode::packWeight(args.f32(1, s.D * s.I), s.D, s.I, s.half, w + s.Dp);
  w += s.Dp + s.packed(s.D, s.I);
  copyPadded(args.f32(4, s.O), s.O, s.Op, w);
  decode::packWeight(args.f32(3, s.O * s.D), s.O, s.D, s.half, w + s.Op);
  return nullptr;
}

/// Rows of K floats as the left side of a product; in bf16 mode a rounded copy in `words`.
Product operand(const Sizes& s, const float* a, int64_t step, int64_t M, int64_t K, const float* packed, float* words) {
  const int64_t depth = decode::storedDepth(K, s.half);
  if (s.half) {
    decode::roundRows(a, step, M, K, words);
    return {words, depth, M, depth, packed, true};
  }
  return {a, step, M, depth, packed, false};
}

/// out = layerNorm(x) * (1 + scale) + shift
void modulate(const Sizes& s, const float* x, int64_t rows, const float* shift, const float* scale, float* out) {
  for (int64_t r = 0; r < rows; r++, x += s.Dp, out += s.Dp) {
    f32x16 sum = {}, squares = {};
    forVectors(s.D, [&](int64_t i, auto lanes) { sum += lanes.load(x + i); });
    const float mean = sumOf(sum) / static_cast<float>(s.D);
    forVectors(s.D, [&](int64_t i, auto lanes) {
      const f32x16 c = lanes.keep(lanes.load(x + i) - mean);
      squares += c * c;
    });
    const float inverse = 1.0f / std::sqrt(sumOf(squares) / static_cast<float>(s.D) + kEps);
    forVectors(s.D, [&](int64_t i, auto lanes) {
      lanes.store(out + i, (lanes.load(x + i) - mean) * inverse * (1.0f + lanes.load(scale + i)) + lanes.load(shift + i));
    });
  }
}

/// x = rmsNorm(x) * weight * scale, then each pair (2i, 2i + 1) turned; cos and sin hold a number a channel.
void normAndTurn(const Sizes& s, float* x, const float* weight, const float* cos, const float* sin, float scale) {
  f32x16 squares = {};
  forVectors(s.dh, [&](int64_t i, auto lanes) { squares += lanes.load(x + i) * lanes.load(x + i); });
  const float inverse = scale / std::sqrt(sumOf(squares) / static_cast<float>(s.dh) + kEps);
  forVectors(s.dh, [&](int64_t i, auto lanes) {
    const f32x16 y = lanes.load(x + i) * inverse * lanes.load(weight + i);
    lanes.store(x + i, y * lanes.load(cos + i) + swapPairs16(y) * lanes.load(sin + i));
  });
}

/// The work space of one sample; R = its text and image tokens, text first.
struct Sample {
  const Sizes& s;
  int64_t n, R, Rp;
  float *h, *qkv, *mixed, *inner, *scores, *keys, *values, *words;

  Sample(const Sizes& sizes, int64_t texts) : s(sizes), n(texts), R(texts + sizes.T), Rp(roundUp(R, kPanel)) {
    const int64_t widest = std::max(std::max(s.Fp, s.Dp), std::max(Rp, s.I)) + 2;
    const int64_t keyFloats = s.packed(R, s.dh), valueFloats = s.packed(s.dh, R), block = std::min(kBlock, R);
    const int64_t wide = std::max(s.Fp, s.I);
    float* at = threadScratch(8, R * 5 * s.Dp + block * (wide + Rp) + keyFloats + valueFloats + R * widest + 64);
    h = at, qkv = h + R * s.Dp, mixed = qkv + R * 3 * s.Dp, inner = mixed + R * s.Dp;
    scores = inner + block * wide, keys = scores + block * Rp, values = keys + keyFloats, words = values + valueFloats;
  }
  float* row(int64_t r) const { return qkv + r * 3 * s.Dp; }

  /// Rows [r0, r1) of one stream: modulated, projected (from column panel `first`), queries and keys placed.
  void project(const Stream& w, const float* x, const float* mod, int64_t r0, int64_t r1, bool queries,
               const float* cos, const float* sin, const int32_t* places) {
    if (r0 == r1) return;
    modulate(s, x, r1 - r0, mod, mod + s.Dp, h + r0 * s.Dp);
    const int64_t first = queries ? 0 : s.Dp / kPanel, panelSize = decode::storedDepth(s.D, s.half) * kPanel;
    const Product p = operand(s, h + r0 * s.Dp, s.Dp, r1 - r0, s.D, w.qkv + first * panelSize, words);
    decode::product(p, 3 * s.Dp / kPanel - first, [&](int64_t m, int64_t j, f32x16 low, f32x16 high) {
      const int64_t column = (j + first) * kPanel;
      float* to = row(r0 + m) + column;
      storeu(to, low + loadu(w.bias + column));
      storeu(to + 16, high + loadu(w.bias + column + 16));
    });
    const float scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(s.dh)));
    for (int64_t r = r0; r < r1; r++) {
      const int64_t at = (places ? places[r - r0] : r - r0) * s.dh;
      for (int64_t head = 0; head < s.H; head++) {
        if (queries) normAndTurn(s, row(r) + head * s.dh, w.normQ, cos + at, sin + at, scale);
        normAndTurn(s, row(r) + s.Dp + head * s.dh, w.normK, cos + at, sin + at, 1.0f);
      }
    }
  }

  /// Attention of rows [from, R) over all rows, one head.
  void attend(int64_t head, int64_t from) {
    const int64_t stride = 3 * s.Dp, at = head * s.dh;
    const int64_t keySize = decode::storedDepth(s.dh, s.half) * kPanel, valueSize = decode::storedDepth(R, s.half) * kPanel;
    for (int64_t j = 0; j < Rp; j += 16)
      decode::packLanes(qkv + s.Dp + at + j * stride, stride, 1, std::min<int64_t>(16, R - j), s.dh, s.half,
                        keys + j / kPanel * keySize + j % kPanel);
    for (int64_t j = 0; j < roundUp(s.dh, kPanel); j += 16)
      decode::packLanes(qkv + 2 * s.Dp + at + j, 1, stride, std::min<int64_t>(16, s.dh - j), R, s.half,
                        values + j / kPanel * valueSize + j % kPanel);
    for (int64_t r0 = from; r0 < R; r0 += kBlock) {
      const int64_t rows = std::min(kBlock, R - r0);
      decode::product(operand(s, row(r0) + at, stride, rows, s.dh, keys, words), Rp / kPanel,
                      [&](int64_t m, int64_t j, f32x16 low, f32x16 high) {
        storeu(scores + m * Rp + j * kPanel, low);
        storeu(scores + m * Rp + j * kPanel + 16, high);
      });
      float inverse[kBlock];
      for (int64_t m = 0; m < rows; m++) {
        float* p = scores + m * Rp;
        f32x16 top = splat(-INFINITY), sum = {};
        forVectors(R, [&](int64_t i, auto lanes) { top = maxOf(lanes.keepOr(lanes.load(p + i), -INFINITY), top); });
        const float most = maxLane(top);
        forVectors(R, [&](int64_t i, auto lanes) {
          const f32x16 e = lanes.keep(vexp(lanes.load(p + i) - most));
          lanes.store(p + i, e);
          sum += e;
        });
        inverse[m] = 1.0f / sumOf(sum);
      }
      decode::product(operand(s, scores, Rp, rows, R, values, words), roundUp(s.dh, kPanel) / kPanel,
                      [&](int64_t m, int64_t j, f32x16 low, f32x16 high) {
        float* to = mixed + (r0 + m) * s.Dp + at + j * kPanel;
        const int64_t left = s.dh - j * kPanel;
        storePartial(to, low * inverse[m], std::min<int64_t>(16, left));
        if (left > 16) storePartial(to + 16, high * inverse[m], std::min<int64_t>(16, left - 16));
      });
    }
  }

  /// What follows the attention in rows [r0, r1) of one stream: projection, feed-forward, both gated into x.
  void finish(const Stream& w, float* x, const float* mod, int64_t r0, int64_t r1) {
    const auto gated = [&](float* to, const float* gate, const float* bias) {
      return [=](int64_t m, int64_t j, f32x16 low, f32x16 high) {
        const int64_t column = j * kPanel;
        float* y = to + m * s.Dp + column;
        storeu(y, loadu(y) + loadu(gate + column) * (low + loadu(bias + column)));
        storeu(y + 16, loadu(y + 16) + loadu(gate + column + 16) * (high + loadu(bias + column + 16)));
      };
    };
    for (int64_t r = r0; r < r1; r += kBlock) {
      const int64_t rows = std::min(kBlock, r1 - r);
      float* to = x + (r - r0) * s.Dp;
      decode::product(operand(s, mixed + r * s.Dp, s.Dp, rows, s.D, w.out, words), s.Dp / kPanel,
                      gated(to, mod + 2 * s.Dp, w.outBias));
      modulate(s, to, rows, mod + 3 * s.Dp, mod + 4 * s.Dp, h + r * s.Dp);
      decode::product(operand(s, h + r * s.Dp, s.Dp, rows, s.D, w.up, words), s.Fp / kPanel,
                      [&](int64_t m, int64_t j, f32x16 low, f32x16 high) {
        float* y = inner + m * s.Fp + j * kPanel;
        storeu(y, gelu(low + loadu(w.upBias + j * kPanel)));
        storeu(y + 16, gelu(high + loadu(w.upBias + j * kPanel + 16)));
      });
      decode::product(operand(s, inner, s.Fp, rows, s.F, w.down, words), s.Dp / kPanel,
                      gated(to, mod + 5 * s.Dp, w.downBias));
    }
  }

  static f32x16 gelu(f32x16 x) {
    // x (1 + tanh u) / 2 = x sigmoid(2u)
    return x * vsigmoid((x * x * 0.044715f + 1.0f) * x * (2.0f * 0.7978845608028654f));
  }
};

// ditStep(sizes, weights, modulations, latents [latents,T,C], waves [T,W] | null, text [texts,D], starts i32 [B+1],
// places i32 [texts], text cos [places,dh], sin, image cos [T,dh], sin, work, out [B,T,O])
napi_value ditStep(Args& args) {
  const Sizes s(args, 0);
  const float *weights = args.f32(1, s.weightFloats()), *modulations = args.f32(2, s.modulationFloats());
  const float *latents = args.f32(3, s.latents * s.T * s.C), *waves = args.f32OrNull(4, s.T * s.W);
  const float* text0 = args.f32(5, s.texts * s.D);
  const int32_t *starts = args.i32(6, s.B + 1), *places = args.i32(7, s.texts);
  const float *textCos = args.f32(8, s.places * s.dh), *textSin = args.f32(9, s.places * s.dh);
  const float *imageCos = args.f32(10, s.T * s.dh), *imageSin = args.f32(11, s.T * s.dh);
  float* image = args.f32(12, s.workFloats());
  float* text = image + s.B * s.T * s.Dp;
  float* out = args.f32(13, s.B * s.T * s.O);
  if (s.W > 0 && !waves) args.fail(4, "is missing");
  if (starts[0] != 0 || starts[s.B] != s.texts) args.fail(6, "does not run from 0 to the text tokens");
  for (int64_t b = 0; b < s.B; b++)
    if (starts[b + 1] < starts[b]) args.fail(6, "goes back");
  for (int64_t i = 0; i < s.texts; i++)
    if (places[i] < 0 || places[i] >= s.places) args.fail(7, "holds a place out of range");

  for (int64_t i = 0; i < s.texts; i++) copyPadded(text0 + i * s.D, s.D, s.Dp, text + i * s.Dp);
  for (int64_t layer = 0; layer < s.L; layer++) {
    const Stream ofImage(s, weights, layer, 0), ofText(s, weights, layer, 1);
    const float *imageMod = modulations + layer * 12 * s.Dp, *textMod = imageMod + 6 * s.Dp;
    const bool first = layer == 0, last = layer == s.L - 1;
    parallelFor(s.B, 1, [&](int64_t begin, int64_t end) {
      for (int64_t b = begin; b < end; b++) {
        Sample sample(s, starts[b + 1] - starts[b]);
        float *x = image + b * s.T * s.Dp, *c = text + starts[b] * s.Dp;
        if (first) {
          const float* in = weights + 2 * s.L * s.streamFloats();
          float* patches = sample.inner;  // free until the feed-forward
          for (int64_t r0 = 0; r0 < s.T; r0 += kBlock) {
            const int64_t rows = std::min(kBlock, s.T - r0);
            for (int64_t r = 0; r < rows; r++) {
              std::memcpy(patches + r * s.I, latents + (b % s.latents * s.T + r0 + r) * s.C, s.C * sizeof(float));
              if (s.W > 0) std::memcpy(patches + r * s.I + s.C, waves + (r0 + r) * s.W, s.W * sizeof(float));
            }
            decode::product(operand(s, patches, s.I, rows, s.I, in + s.Dp, sample.words), s.Dp / kPanel,
                            [&](int64_t m, int64_t j, f32x16 low, f32x16 high) {
              float* to = x + (r0 + m) * s.Dp + j * kPanel;
              storeu(to, low + loadu(in + j * kPanel));
              storeu(to + 16, high + loadu(in + j * kPanel + 16));
            });
          }
        }
        const int64_t n = sample.n, R = sample.R;
        sample.project(ofText, c, textMod, 0, n, !last, textCos, textSin, places + starts[b]);
        sample.project(ofImage, x, imageMod, n, R, true, imageCos, imageSin, nullptr);
        for (int64_t head = 0; head < s.H; head++) sample.attend(head, last ? n : 0);
        sample.finish(ofImage, x, imageMod, n, R);
        if (!last) {
          sample.finish(ofText, c, textMod, 0, n);
          continue;
        }
        const float *proj = weights + 2 * s.L * s.streamFloats() + s.Dp + s.packed(s.D, s.I);
        const float *scale = modulations + s.L * 12 * s.Dp, *shift = scale + s.Dp;
        modulate(s, x, s.T, shift, scale, sample.h);
        decode::product(operand(s, sample.h, s.Dp, s.T, s.D, proj + s.Op, sample.words), s.Op / kPanel,
                        [&](int64_t m, int64_t j, f32x16 low, f32x16 high) {
          const int64_t column = j * kPanel, left = s.O - column;
          float* to = out + (b * s.T + m) * s.O + column;
          storePartial(to, low + loadu(proj + column), std::min<int64_t>(16, left));
          if (left > 16) storePartial(to + 16, high + loadu(proj + column + 16), std::min<int64_t>(16, left - 16));
        });
      }
    });
  }
  return nullptr;
}

}  // namespace

void registerFusedDit(napi_env env, napi_value exports) {
  addFunction(env, exports, "ditFloats", ditFloats);
  addFunction(env, exports, "ditPackStream", ditPackStream);
  addFunction(env, exports, "ditPackEnds", ditPackEnds);
  addFunction(env, exports, "ditStep", ditStep);
}

}  // namespace t2g
