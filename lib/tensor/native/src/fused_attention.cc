// Attention over [B, T, heads, dh] without a stored score matrix: the forward pass keeps one log-sum-exp per row,
// the backward pass computes the probabilities again from it (Dao et al. 2022). Scores of a block of query rows
// stay in the second-level cache between the products.
#include "fused_math.h"
#include "gemm.h"

namespace t2g {
namespace {

struct Attention {
  int64_t B, T, S, H, Hkv, dh;
  bool causal;
  float scale;
  const float* keep;  // [B,S] or null
  int64_t qRow, kRow, blockRows, blocks;

  // Reads B, T, S, H, Hkv, dh, causal, scale at `at`.
  Attention(Args& args, size_t at, size_t keepAt)
      : B(args.size(at)), T(args.size(at + 1)), S(args.size(at + 2)), H(args.size(at + 3)), Hkv(args.size(at + 4)),
        dh(args.size(at + 5)), causal(args.boolean(at + 6)), scale(static_cast<float>(args.number(at + 7))) {
    if (Hkv == 0 || H % Hkv != 0) args.fail(at + 3, "is not a multiple of the key heads");
    keep = args.f32OrNull(keepAt, B * S);
    qRow = H * dh;
    kRow = Hkv * dh;
    // Causal blocks are shorter, because keys after a block's last row are not touched at all.
    const int64_t wanted = causal ? 48 : 96, fits = 65536 / std::max<int64_t>(1, S);
    blockRows = std::max<int64_t>(12, std::min(wanted, fits));
    blocks = (T + blockRows - 1) / blockRows;
  }

  /// Keys [0, n) that query t may see by its place.
  int64_t reach(int64_t t) const {
    return causal ? std::max<int64_t>(0, std::min(S, t + 1 + S - T)) : S;
  }
  static int64_t padded(int64_t n) { return (n + 15) / 16 * 16; }
};

// Dropped keys to -inf, and the largest score of the row.
float maskRow(float* row, int64_t reach, const float* keep) {
  f32x16 top = splat(-INFINITY);
  forVectors(reach, [&](int64_t i, auto lanes) {
    f32x16 v = lanes.load(row + i);
    if (keep) {
      v = pick(lanes.load(keep + i) == 0.0f, splat(-INFINITY), v);
      lanes.store(row + i, v);
    }
    top = maxOf(lanes.keepOr(v, -INFINITY), top);
  });
  const float most = maxLane(top);
  return most == -INFINITY ? 0.0f : most;  // nothing to see: every exp is 0
}

// row = exp(row - most) over the reach, 0 from there to n; returns the sum.
float expRow(float* row, int64_t reach, int64_t n, float most) {
  f32x16 sum = {};
  forVectors(reach, [&](int64_t i, auto lanes) {
    const f32x16 p = lanes.keep(vexp(lanes.load(row + i) - most));
    lanes.store(row + i, p);
    sum += p;
  });
  std::memset(row + reach, 0, (n - reach) * sizeof(float));
  return sumOf(sum);
}

// A few rows against strided keys and values, without packing: what decoding with a cache does.
void fewRows(const Attention& a, const float* q, const float* k, const float* v, const float* keep, int64_t t0,
             int64_t t1, float* out, float* lse) {
  float* scores = threadScratch(5, Attention::padded(a.S));
  for (int64_t t = t0; t < t1; t++) {
    const float* query = q + t * a.qRow;
    float* mixed = out + t * a.qRow;
    const int64_t n = a.reach(t);
    for (int64_t s = 0; s < n; s++) {
      f32x16 dot = {};
      forVectors(a.dh, [&](int64_t i, auto lanes) { dot += lanes.load(query + i) * lanes.load(k + s * a.kRow + i); });
      scores[s] = sumOf(dot) * a.scale;
    }
    const float most = maskRow(scores, n, keep);
    const float sum = expRow(scores, n, n, most);
    const float inverse = sum == 0.0f ? 0.0f : 1.0f / sum;
    lse[t] = sum == 0.0f ? INFINITY : most + std::log(sum);
    forVectors(a.dh, [&](int64_t i, auto lanes) {
      f32x16 total = {};
      for (int64_t s = 0; s < n; s++) total += lanes.load(v + s * a.kRow + i) * scores[s];
      lanes.store(mixed + i, total * inverse);
    });
  }
}

// attention(q, k, v, keyMask | null, B, T, S, H, Hkv, dh, causal, scale, out [B,T,H,dh], lse [B,H,T])
napi_value attention(Args& args) {
  const Attention a(args, 4, 3);
  const float* q = args.f32(0, a.B * a.T * a.qRow);
  const float* k = args.f32(1, a.B * a.S * a.kRow);
  const float* v = args.f32(2, a.B * a.S * a.kRow);
  float* out = args.f32(12, a.B * a.T * a.qRow);
  float* lse = args.f32(13, a.B * a.H * a.T);
  const int64_t work = std::min(a.T, a.blockRows) * a.S * a.dh;
  parallelFor(a.B * a.H * a.blocks, std::max<int64_t>(1, 16384 / std::max<int64_t>(1, work)),
              [&](int64_t first, int64_t last) {
    for (int64_t task = first; task < last; task++) {
      const int64_t b = task / (a.H * a.blocks), h = task / a.blocks % a.H;
      const int64_t t0 = task % a.blocks * a.blockRows, t1 = std::min(a.T, t0 + a.blockRows), rows = t1 - t0;
      const int64_t group = h / (a.H / a.Hkv);
      const float* query = q + b * a.T * a.qRow + h * a.dh;
      const float* keys = k + b * a.S * a.kRow + group * a.dh;
      const float* values = v + b * a.S * a.kRow + group * a.dh;
      const float* keep = a.keep ? a.keep + b * a.S : nullptr;
      float* mixed = out + b * a.T * a.qRow + h * a.dh;
      float* sums = lse + (b * a.H + h) * a.T;
      if (rows < 4) {
        fewRows(a, query, keys, values, keep, t0, t1, mixed, sums);
        continue;
      }
      const int64_t n = a.reach(t1 - 1), ld = Attention::padded(std::max<int64_t>(1, n));
      float* scores = threadScratch(5, rows * ld);
      float inverse[96];
      GemmOptions scaled;
      scaled.alpha = a.scale;
      sgemm(false, true, rows, n, a.dh, query + t0 * a.qRow, a.qRow, keys, a.kRow, scores, ld, scaled);
      for (int64_t r = 0; r < rows; r++) {
        float* row = scores + r * ld;
        const int64_t reach = a.reach(t0 + r);
        const float most = maskRow(row, reach, keep);
        const float sum = expRow(row, reach, n, most);
        inverse[r] = sum == 0.0f ? 0.0f : 1.0f / sum;
        sums[t0 + r] = sum == 0.0f ? INFINITY : most + std::log(sum);
      }
      sgemm(false, false, rows, a.dh, n, scores, ld, values, a.kRow, mixed + t0 * a.qRow, a.qRow);
      for (int64_t r = 0; r < rows; r++) {
        float* row = mixed + (t0 + r) * a.qRow;
        forVectors(a.dh, [&](int64_t i, auto lanes) { lanes.store(row + i, lanes.load(row + i) * inverse[r]); });
      }
    }
  });
  return nullptr;
}

// attentionGrad(q, k, v, keyMask | null, B, T, S, H, Hkv, dh, causal, scale, out, lse, dout, dq, dk, dv)
napi_value attentionGrad(Args& args) {
  const Attention a(args, 4, 3);
  const float* q = args.f32(0, a.B * a.T * a.qRow);
  const float* k = args.f32(1, a.B * a.S * a.kRow);
  const float* v = args.f32(2, a.B * a.S * a.kRow);
  const float* out = args.f32(12, a.B * a.T * a.qRow);
  const float* lse = args.f32(13, a.B * a.H * a.T);
  const float* dout = args.f32(14, a.B * a.T * a.qRow);
  float* dq = args.f32(15, a.B * a.T * a.qRow);
  float* dk = args.f32(16, a.B * a.S * a.kRow);
  float* dv = args.f32(17, a.B * a.S * a.kRow);
  // One task per key head: it alone adds to that head's keys and values, in a fixed order.
  parallelFor(a.B * a.Hkv, 1, [&](int64_t first, int64_t last) {
    for (int64_t task = first; task < last; task++) {
      const int64_t b = task / a.Hkv, group = task % a.Hkv, heads = a.H / a.Hkv;
      const int64_t kAt = b * a.S * a.kRow + group * a.dh;
      const float* keep = a.keep ? a.keep + b * a.S : nullptr;
      for (int64_t s = 0; s < a.S; s++) {
        std::memset(dk + kAt + s * a.kRow, 0, a.dh * sizeof(float));
        std::memset(dv + kAt + s * a.kRow, 0, a.dh * sizeof(float));
      }
      for (int64_t h = group * heads; h < (group + 1) * heads; h++) {
        for (int64_t t0 = 0; t0 < a.T; t0 += a.blockRows) {
          const int64_t t1 = std::min(a.T, t0 + a.blockRows), rows = t1 - t0, n = a.reach(t1 - 1);
          const int64_t qAt = (b * a.T + t0) * a.qRow + h * a.dh, ld = Attention::padded(std::max<int64_t>(1, n));
          float* p = threadScratch(5, rows * ld);
          float* ds = threadScratch(6, rows * ld);
          GemmOptions scaled, adding;
          scaled.alpha = a.scale;
          adding.accumulate = true;
          sgemm(false, true, rows, n, a.dh, q + qAt, a.qRow, k + kAt, a.kRow, p, ld, scaled);
          sgemm(false, true, rows, n, a.dh, dout + qAt, a.qRow, v + kAt, a.kRow, ds, ld);
          for (int64_t r = 0; r < rows; r++) {
            const float *g = dout + qAt + r * a.qRow, *o = out + qAt + r * a.qRow;
            f32x16 dots = {};
            forVectors(a.dh, [&](int64_t i, auto lanes) { dots += lanes.load(g + i) * lanes.load(o + i); });
            const float pull = sumOf(dots), total = lse[(b * a.H + h) * a.T + t0 + r];
            const int64_t reach = a.reach(t0 + r);
            float *pRow = p + r * ld, *dsRow = ds + r * ld;
            forVectors(reach, [&](int64_t i, auto lanes) {
              f32x16 score = lanes.load(pRow + i);
              if (keep) score = pick(lanes.load(keep + i) == 0.0f, splat(-INFINITY), score);
              const f32x16 probability = vexp(score - total);
              lanes.store(pRow + i, probability);
              lanes.store(dsRow + i, probability * (lanes.load(dsRow + i) - pull) * a.scale);
            });
            std::memset(pRow + reach, 0, (n - reach) * sizeof(float));
            std::memset(dsRow + reach, 0, (n - reach) * sizeof(float));
          }
          sgemm(true, false, n, a.dh, rows, p, ld, dout + qAt, a.qRow, dv + kAt, a.kRow, adding);
          sgemm(true, false, n, a.dh, rows, ds, ld, q + qAt, a.qRow, dk + kAt, a.kRow, adding);
          sgemm(false, false, rows, a.dh, n, ds, ld, k + kAt, a.kRow, dq + qAt, a.qRow);
        }
      }
    }
  });
  return nullptr;
}

}  // namespace

void registerFusedAttention(napi_env env, napi_value exports) {
  addFunction(env, exports, "attention", attention);
  addFunction(env, exports, "attentionGrad", attentionGrad);
}

}  // namespace t2g
