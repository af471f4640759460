// What both directions of attention work on: one or two streams of tokens, read as one sequence without joining them.
#pragma once
#include "attention_rows.h"
#include "attention_tiles.h"
#include "gemm.h"

namespace t2g {

/// One stream: queries [B,T,H,dh] (or none, T = 0), keys and values [B,S,Hkv,dh], and their gradients.
struct Stream {
  const float *q, *k, *v;
  Rotary rotary;
  const float *qNorm, *kNorm;  // [dh] or null
  float* out;
  const float* dout = nullptr;
  float *dq = nullptr, *dk = nullptr, *dv = nullptr, *dqNorm = nullptr, *dkNorm = nullptr;
  int64_t T, S, firstQuery, firstKey;
};

struct Attention {
  static constexpr int64_t kMostStreams = 4;
  Stream streams[kMostStreams];
  int64_t count, B, H, Hkv, dh, T = 0, S = 0;
  bool causal;
  float scale, eps;
  const float* keep;  // [B,S] or null
  float* lse;         // [B,H,T]
  // Distances between rows of scratch: a head's row, and a row over all keys (an odd number of vectors, so that a
  // column of rows spreads over the cache; at least 16 zeros fit after the last key).
  int64_t wide, keys, ld;
  bool half;                // products of bf16 pairs; norms, angles, softmax and all sums stay fp32
  int64_t halfWide, halfLd;  // words of pairs in a row of `wide` or `ld` values

  static int64_t padded(int64_t n) { return (n + 15) / 16 * 16; }

  // attention(streams, keyMask | null, B, H, Hkv, dh, causal, scale, eps, lse) with a stream as
  // [q | null, k, v, cos | null, sin | null, qNorm | null, kNorm | null, T, S, perSample, interleaved, out | null]
  // and for the gradient [..., dout, dq | null, dk, dv, dqNorm | null, dkNorm | null].
  Attention(Args& args, bool gradient)
      : B(args.size(2)), H(args.size(3)), Hkv(args.size(4)), dh(args.size(5)), causal(args.boolean(6)),
        scale(static_cast<float>(args.number(7))), eps(static_cast<float>(args.number(8))) {
    if (Hkv == 0 || H % Hkv != 0) args.fail(3, "is not a multiple of the key heads");
    const Args list = args.list(0);
    count = static_cast<int64_t>(list.count);
    if (count < 1 || count > kMostStreams) args.fail(0, "wants 1 to 4 streams");
    for (int64_t i = 0; i < count; i++) read(list.list(i), streams[i], gradient);
    keep = args.f32OrNull(1, args.multiplyAdd(2, B, S));
    lse = args.f32(9, args.multiplyAdd(2, B * H, T));
    wide = padded(dh), keys = padded(S);
    ld = keys + 16;
    if (ld / 16 % 2 == 0) ld += 16;
    half = gemmPrecision() == 16 && T >= 8 && S >= 8;
    halfWide = padded(wide / 2), halfLd = padded(ld / 2);
  }

  /// Keys [0, n) that query t may see by its place.
  int64_t reach(int64_t t) const { return causal ? std::max<int64_t>(0, std::min(S, t + 1 + S - T)) : S; }

  /// How many rows of pairs across rows come before row t.
  int64_t across(int64_t t) const { return half ? t / 2 : t; }

  /// body(stream, token, query) for the queries [t0, t1) of the joined sequence, in order.
  template <class Body>
  void eachQuery(int64_t t0, int64_t t1, Body body) const {
    for (int64_t i = 0; i < count; i++) {
      const Stream& s = streams[i];
      for (int64_t t = std::max(t0, s.firstQuery); t < std::min(t1, s.firstQuery + s.T); t++)
        body(s, t - s.firstQuery, t);
    }
  }
  int64_t queryAt(const Stream& s, int64_t b, int64_t h, int64_t t) const { return ((b * s.T + t) * H + h) * dh; }
  int64_t keyAt(const Stream& s, int64_t b, int64_t group, int64_t t) const {
    return ((b * s.S + t) * Hkv + group) * dh;
  }

  /// Rows of scratch [t1 - t0, wide] = the queries, normed, turned and scaled; zeros beyond dh.
  void queries(int64_t b, int64_t h, int64_t t0, int64_t t1, float* spare, float* rows) const {
    eachQuery(t0, t1, [&](const Stream& s, int64_t token, int64_t t) {
      float* row = rows + (t - t0) * wide;
      const float* q = s.q + queryAt(s, b, h, token);
      fetchRow(q + kFetchAhead * H * dh, dh);
      enterRow(q, s.qNorm, eps, s.rotary, s.rotary.at(b, token, s.T, dh / 2), dh, scale,
               spare, row);
      std::memset(row + dh, 0, (wide - dh) * sizeof(float));
    });
  }

  /// turned [wide (or halfWide), ld] = the transpose of rows [keys, wide], the right operand of scores; `pairs` holds
  /// [keys, halfWide].
  tiles::Operand turn(const float* rows, float* pairs, float* turned) const {
    if (half) {
      tiles::pairAlongRows(rows, wide, keys, wide, pairs, halfWide);
      tiles::transpose(pairs, keys, halfWide, halfWide, turned, ld);
    } else {
      tiles::transpose(rows, keys, wide, wide, turned, ld);
    }
    return {turned, ld};
  }

  /// x [rows, width] as an operand whose depth is the columns; `pairs` is written in bf16 only.
  tiles::Operand alongRows(const float* x, int64_t width, int64_t rows, int64_t columns, float* pairs) const {
    if (!half) return {x, width};
    tiles::pairAlongRows(x, width, rows, columns, pairs, padded(width / 2));
    return {pairs, padded(width / 2)};
  }
  /// x [rows, width] as an operand whose depth is the rows.
  tiles::Operand acrossRows(const float* x, int64_t width, int64_t rows, int64_t columns, float* pairs) const {
    if (!half) return {x, width};
    tiles::pairAcrossRows(x, width, rows, columns, pairs, width);
    return {pairs, width};
  }

  /// Rows of scratch [keys, wide] = the keys, normed and turned, and the values; zeros beyond S and dh.
  void keysAndValues(int64_t b, int64_t group, float* spare, float* k, float* v) const {
    for (int64_t i = 0; i < count; i++) {
      const Stream& s = streams[i];
      for (int64_t t = 0; t < s.S; t++) {
        const int64_t at = keyAt(s, b, group, t), row = (s.firstKey + t) * wide;
        fetchRow(s.k + at + kFetchAhead * Hkv * dh, dh);
        fetchRow(s.v + at + kFetchAhead * Hkv * dh, dh);
        enterRow(s.k + at, s.kNorm, eps, s.rotary, s.rotary.at(b, t, s.S, dh / 2), dh, 1.0f, spare, k + row);
        std::memcpy(v + row, s.v + at, dh * sizeof(float));
        std::memset(k + row + dh, 0, (wide - dh) * sizeof(float));
        std::memset(v + row + dh, 0, (wide - dh) * sizeof(float));
      }
    }
    std::memset(k + S * wide, 0, (keys - S) * wide * sizeof(float));
    std::memset(v + S * wide, 0, (keys - S) * wide * sizeof(float));
  }

 private:
  void read(const Args& list, Stream& s, bool gradient) {
    s.T = list.size(7), s.S = list.size(8);
    s.firstQuery = T, s.firstKey = S;
    T += s.T, S += s.S;
    const int64_t queryCount = list.multiplyAdd(7, B * H * dh, s.T), keyCount = list.multiplyAdd(8, B * Hkv * dh, s.S);
    s.rotary.perSample = list.boolean(9), s.rotary.interleaved = list.boolean(10);
    const int64_t angles = s.rotary.at(B - 1, s.S, s.S, dh / 2);
    s.k = list.f32(1, keyCount), s.v = list.f32(2, keyCount);
    s.rotary.cos = list.f32OrNull(3, angles);
    s.rotary.sin = s.rotary.cos ? list.f32(4, angles) : nullptr;
    if (s.rotary.cos && dh % 2 != 0) list.fail(3, "is given, but the heads have an odd number of channels");
    if (s.rotary.cos && s.T != 0 && s.T != s.S) list.fail(7, "differs from the number of keys that turn with it");
    s.qNorm = list.f32OrNull(5, dh), s.kNorm = list.f32OrNull(6, dh);
    s.q = s.T == 0 ? nullptr : list.f32(0, queryCount);
    s.out = s.T == 0 ? nullptr : list.f32(11, queryCount);
    if (!gradient) return;
    s.dout = s.T == 0 ? nullptr : list.f32(12, queryCount);
    s.dq = s.T == 0 ? nullptr : list.f32(13, queryCount);
    s.dk = list.f32(14, keyCount), s.dv = list.f32(15, keyCount);
    s.dqNorm = s.T > 0 && s.qNorm ? list.f32(16, dh) : nullptr;
    s.dkNorm = s.kNorm ? list.f32(17, dh) : nullptr;
  }
};

}  // namespace t2g
