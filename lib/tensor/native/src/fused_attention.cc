// Attention over [B, T, heads, dh] without a stored score matrix: the forward pass keeps one log-sum-exp per row,
// the backward pass computes the probabilities again from it (Dao et al. 2022). One or more streams of tokens, each
// with its own tensors, norm weights and angles, attend as one sequence; nothing is joined or turned in memory.
#include "attention_scratch.h"

namespace t2g {
namespace {

using tiles::Lies;
using tiles::Operand;
using tiles::panel;
using tiles::Panels;

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

// row = exp(row - most) over the reach; returns the sum. The 16 values after the reach become 0: a panel reads at
// most that far beyond the reach of its first row.
float expRow(float* row, int64_t reach, float most) {
  f32x16 sum = {};
  forVectors(reach, [&](int64_t i, auto lanes) {
    const f32x16 p = lanes.keep(vexp(lanes.load(row + i) - most));
    lanes.store(row + i, p);
    sum += p;
  });
  storeu(row + reach, f32x16{});
  return sumOf(sum);
}

// A few rows of one plain stream against keys and values in place: what decoding with a cache does.
void fewRows(const Attention& a, int64_t b, int64_t h, float* scores) {
  const Stream& s = a.streams[0];
  const int64_t qRow = a.H * a.dh, kRow = a.Hkv * a.dh, at = a.queryAt(s, b, h, 0);
  const int64_t kAt = a.keyAt(s, b, h / (a.H / a.Hkv), 0);
  const float *k = s.k + kAt, *v = s.v + kAt, *keep = a.keep ? a.keep + b * a.S : nullptr;
  for (int64_t t = 0; t < a.T; t++) {
    const float* query = s.q + at + t * qRow;
    float* mixed = s.out + at + t * qRow;
    const int64_t n = a.reach(t);
    for (int64_t i = 0; i < n; i++) scores[i] = dotRows(query, k + i * kRow, a.dh) * a.scale;
    const float most = maskRow(scores, n, keep);
    const float sum = expRow(scores, n, most);
    const float inverse = sum == 0.0f ? 0.0f : 1.0f / sum;
    a.lse[(b * a.H + h) * a.T + t] = sum == 0.0f ? INFINITY : most + std::log(sum);
    forVectors(a.dh, [&](int64_t i, auto lanes) {
      f32x16 total = {};
      for (int64_t j = 0; j < n; j++) total += lanes.load(v + j * kRow + i) * scores[j];
      lanes.store(mixed + i, total * inverse);
    });
  }
}

// The keys and values of one key head, ready for products.
void enterKeys(const Attention& a, int64_t b, int64_t group, ForwardScratch& x) {
  a.keysAndValues(b, group, x.spare, x.k, x.v);
  x.keys = a.turn(x.k, x.pairs, x.turned);
  x.values = a.acrossRows(x.v, a.wide, a.keys, a.wide, x.vPairs);
}

// Queries [t0, t1) of one head.
void forwardBlock(const Attention& a, int64_t b, int64_t h, int64_t t0, int64_t t1, const ForwardScratch& x) {
  const float* keep = a.keep ? a.keep + b * a.S : nullptr;
  float* lse = a.lse + (b * a.H + h) * a.T;
  a.queries(b, h, t0, t1, x.spare, x.q);
  const Operand queries = a.alongRows(x.q, a.wide, t1 - t0, a.wide, x.qPairs);
  float inverse[tiles::kRows];
  const Panels panels(t1 - t0);
  for (int64_t i = 0; i < panels.count; i++) {
    const int64_t r0 = panels.begin(i), rows = panels.begin(i + 1) - r0, first = t0 + r0;
    const int64_t n = a.reach(first + rows - 1);
    const int64_t columns = Attention::padded(n);
    panel<Lies::Down>(a.half, rows, columns, a.wide, {queries.data + r0 * queries.ld, queries.ld}, x.keys, x.scores,
                      a.ld, false);
    for (int64_t r = 0; r < rows; r++) {
      float* row = x.scores + r * a.ld;
      const int64_t reach = a.reach(first + r);
      const float most = maskRow(row, reach, keep);
      const float sum = expRow(row, reach, most);
      inverse[r] = sum == 0.0f ? 0.0f : 1.0f / sum;
      lse[first + r] = sum == 0.0f ? INFINITY : most + std::log(sum);
    }
    const Operand weights = a.alongRows(x.scores, a.ld, rows, columns, x.scorePairs);
    panel<Lies::Down>(a.half, rows, a.wide, n, weights, x.values, x.out, a.wide, false);
    a.eachQuery(first, first + rows, [&](const Stream& s, int64_t token, int64_t t) {
      scaleRow(x.out + (t - first) * a.wide, a.dh, inverse[t - first], s.out + a.queryAt(s, b, h, token));
    });
  }
}

napi_value attention(Args& args) {
  const Attention a(args, false);
  if (a.B == 0 || a.T == 0 || a.H == 0 || a.dh == 0) return nullptr;
  const Stream& only = a.streams[0];
  const bool plain = a.count == 1 && !only.rotary.cos && !only.qNorm && !only.kNorm;
  if (plain && a.T < 4) {
    parallelFor(a.B * a.H, std::max<int64_t>(1, 16384 / (a.T * a.S * a.dh + 1)), [&](int64_t begin, int64_t end) {
      float* scores = threadScratch(5, a.ld);
      for (int64_t i = begin; i < end; i++) fewRows(a, i / a.H, i % a.H, scores);
    });
    return nullptr;
  }
  // A task is a key head, or a part of its query blocks where key heads are too few for the threads.
  const int64_t heads = a.H / a.Hkv, blockRows = 96, blocks = (a.T + blockRows - 1) / blockRows;
  const int64_t units = heads * blocks, groups = a.B * a.Hkv;
  const int64_t parts = std::min<int64_t>(units, (4 * threadCount() + groups - 1) / groups);
  const int64_t work = units * std::min(a.T, blockRows) * a.S * a.dh / parts;
  parallelFor(groups * parts, std::max<int64_t>(1, 32768 / (work + 1)), [&](int64_t begin, int64_t end) {
    ForwardScratch x(a, blockRows);
    for (int64_t task = begin; task < end; task++) {
      const int64_t b = task / parts / a.Hkv, group = task / parts % a.Hkv, part = task % parts;
      enterKeys(a, b, group, x);
      for (int64_t unit = units * part / parts; unit < units * (part + 1) / parts; unit++) {
        const int64_t t0 = unit % blocks * blockRows;
        forwardBlock(a, b, group * heads + unit / blocks, t0, std::min(a.T, t0 + blockRows), x);
      }
    }
  });
  return nullptr;
}

// p = the probabilities and ds = the gradient of the scaled scores, for the queries [t0, t1) of one head.
void scoreGradients(const Attention& a, int64_t b, int64_t h, int64_t t0, int64_t t1, const BackwardScratch& x) {
  const float* keep = a.keep ? a.keep + b * a.S : nullptr;
  const float* lse = a.lse + (b * a.H + h) * a.T;
  float pull[1024];
  a.eachQuery(t0, t1, [&](const Stream& s, int64_t token, int64_t t) {
    const int64_t at = a.queryAt(s, b, h, token);
    float* row = x.dout + (t - t0) * a.wide;
    fetchRow(s.dout + at + kFetchAhead * a.H * a.dh, a.dh);
    fetchRow(s.out + at + kFetchAhead * a.H * a.dh, a.dh);
    std::memcpy(row, s.dout + at, a.dh * sizeof(float));
    std::memset(row + a.dh, 0, (a.wide - a.dh) * sizeof(float));
    pull[t - t0] = dotRows(row, s.out + at, a.dh);
  });
  const Operand q = a.alongRows(x.q, a.wide, t1 - t0, a.wide, x.qAlong);
  const Operand dout = a.alongRows(x.dout, a.wide, t1 - t0, a.wide, x.doutAlong);
  const Panels panels(t1 - t0);
  for (int64_t i = 0; i < panels.count; i++) {
    const int64_t r0 = panels.begin(i), rows = panels.begin(i + 1) - r0, n = a.reach(t0 + r0 + rows - 1);
    const int64_t columns = Attention::padded(n);
    float *p = x.p + r0 * a.ld, *ds = x.ds + r0 * a.ld;
    panel<Lies::Down>(a.half, rows, columns, a.wide, {q.data + r0 * q.ld, q.ld}, x.keysTurned, p, a.ld, false);
    panel<Lies::Down>(a.half, rows, columns, a.wide, {dout.data + r0 * dout.ld, dout.ld}, x.valuesTurned, ds, a.ld,
                      false);
    for (int64_t r = 0; r < rows; r++, p += a.ld, ds += a.ld) {
      const float total = lse[t0 + r0 + r], mine = pull[r0 + r];
      const int64_t reach = a.reach(t0 + r0 + r);
      forVectors(reach, [&](int64_t j, auto lanes) {
        f32x16 score = lanes.load(p + j);
        if (keep) score = pick(lanes.load(keep + j) == 0.0f, splat(-INFINITY), score);
        const f32x16 probability = vexp(score - total);
        lanes.store(p + j, probability);
        lanes.store(ds + j, probability * (lanes.load(ds + j) - mine));
      });
      storeu(p + reach, f32x16{});
      storeu(ds + reach, f32x16{});
    }
  }
}

void backwardBlock(const Attention& a, int64_t b, int64_t h, int64_t t0, int64_t t1, const BackwardScratch& x) {
  a.queries(b, h, t0, t1, x.spare, x.q);
  scoreGradients(a, b, h, t0, t1, x);
  const int64_t count = t1 - t0, seen = a.reach(t1 - 1), columns = Attention::padded(seen);
  const Operand q = a.acrossRows(x.q, a.wide, count, a.wide, x.qAcross);
  const Operand dout = a.acrossRows(x.dout, a.wide, count, a.wide, x.doutAcross);
  const Operand p = a.acrossRows(x.p, a.ld, count, columns, x.pPairs);
  const Operand dsAcross = a.acrossRows(x.ds, a.ld, count, columns, x.dsAcross);
  const Operand dsAlong = a.alongRows(x.ds, a.ld, count, columns, x.dsAlong);
  const Panels ofKeys(seen), ofQueries(count);
  for (int64_t i = 0; i < ofKeys.count; i++) {
    const int64_t s0 = ofKeys.begin(i), rows = ofKeys.begin(i + 1) - s0;
    // The first query that sees key s0 (an even one, for the pairs); earlier rows of p hold nothing here.
    const int64_t from = a.causal ? std::max<int64_t>(0, s0 + a.T - a.S - t0) / 2 * 2 : 0;
    const int64_t left = a.across(from) * a.ld + s0, right = a.across(from) * a.wide;
    panel<Lies::Across>(a.half, rows, a.wide, count - from, {p.data + left, p.ld}, {dout.data + right, dout.ld},
                        x.dv + s0 * a.wide, a.wide, true);
    panel<Lies::Across>(a.half, rows, a.wide, count - from, {dsAcross.data + left, dsAcross.ld},
                        {q.data + right, q.ld}, x.dk + s0 * a.wide, a.wide, true);
  }
  for (int64_t i = 0; i < ofQueries.count; i++) {
    const int64_t r0 = ofQueries.begin(i), rows = ofQueries.begin(i + 1) - r0;
    panel<Lies::Down>(a.half, rows, a.wide, a.reach(t0 + r0 + rows - 1), {dsAlong.data + r0 * dsAlong.ld, dsAlong.ld},
                      x.keys, x.dq + r0 * a.wide, a.wide, false);
  }
  a.eachQuery(t0, t1, [&](const Stream& s, int64_t token, int64_t t) {
    const int64_t at = a.queryAt(s, b, h, token);
    fetchRow<1>(s.dq + at + kFetchAhead * a.H * a.dh, a.dh);
    leaveRow(x.dq + (t - t0) * a.wide, s.q + at, s.qNorm, a.eps, s.rotary, s.rotary.at(b, token, s.T, a.dh / 2), a.dh,
             a.scale, s.dq + at, x.dqNorm[&s - a.streams]);
  });
}

void storeKeyGradients(const Attention& a, int64_t b, int64_t group, const BackwardScratch& x) {
  for (int64_t i = 0; i < a.count; i++) {
    const Stream& s = a.streams[i];
    for (int64_t t = 0; t < s.S; t++) {
      const int64_t at = a.keyAt(s, b, group, t), row = (s.firstKey + t) * a.wide;
      fetchRow<1>(s.dk + at + kFetchAhead * a.Hkv * a.dh, a.dh);
      fetchRow<1>(s.dv + at + kFetchAhead * a.Hkv * a.dh, a.dh);
      leaveRow(x.dk + row, s.k + at, s.kNorm, a.eps, s.rotary, s.rotary.at(b, t, s.S, a.dh / 2), a.dh, 1.0f,
               s.dk + at, x.dkNorm[i]);
      std::memcpy(s.dv + at, x.dv + row, a.dh * sizeof(float));
    }
  }
}

napi_value attentionGrad(Args& args) {
  const Attention a(args, true);
  if (a.dh == 0) return nullptr;
  const int64_t tasks = a.B * a.Hkv, heads = a.H / a.Hkv;
  // Gradients of the norm weights, per task, summed in order at the end: [streams][q, k][tasks][dh].
  float* partial = scratch(4, a.count * 2 * tasks * a.dh);
  std::fill_n(partial, a.count * 2 * tasks * a.dh, 0.0f);
  const auto partOf = [&](int64_t stream, int64_t which) { return partial + (stream * 2 + which) * tasks * a.dh; };
  const int64_t blockRows = std::min<int64_t>(a.T, std::max<int64_t>(48, std::min<int64_t>(1024, 65536 / a.ld)));
  // One task per key head: it alone adds to that head's keys and values, in a fixed order.
  const int64_t work = heads * a.T * a.S * a.dh;
  parallelFor(tasks, std::max<int64_t>(1, 16384 / (work + 1)), [&](int64_t begin, int64_t end) {
    BackwardScratch x(a, blockRows);
    for (int64_t task = begin; task < end; task++) {
      const int64_t b = task / a.Hkv, group = task % a.Hkv;
      for (int64_t i = 0; i < a.count; i++) {
        x.dqNorm[i] = partOf(i, 0) + task * a.dh;
        x.dkNorm[i] = partOf(i, 1) + task * a.dh;
      }
      a.keysAndValues(b, group, x.spare, x.k, x.v);
      x.keysTurned = a.turn(x.k, x.pairs, x.kTurned);
      x.valuesTurned = a.turn(x.v, x.pairs, x.vTurned);
      x.keys = a.acrossRows(x.k, a.wide, a.keys, a.wide, x.kPairs);
      std::memset(x.dk, 0, a.keys * a.wide * sizeof(float));
      std::memset(x.dv, 0, a.keys * a.wide * sizeof(float));
      for (int64_t h = group * heads; h < (group + 1) * heads; h++)
        for (int64_t t0 = 0; t0 < a.T; t0 += blockRows) backwardBlock(a, b, h, t0, std::min(a.T, t0 + blockRows), x);
      storeKeyGradients(a, b, group, x);
    }
  });
  for (int64_t i = 0; i < a.count; i++) {
    if (a.streams[i].dqNorm) sumBlocks(partOf(i, 0), tasks, a.dh, a.streams[i].dqNorm);
    if (a.streams[i].dkNorm) sumBlocks(partOf(i, 1), tasks, a.dh, a.streams[i].dkNorm);
  }
  return nullptr;
}

}  // namespace

void registerFusedAttention(napi_env env, napi_value exports) {
  addFunction(env, exports, "attention", attention);
  addFunction(env, exports, "attentionGrad", attentionGrad);
}

}  // namespace t2g
