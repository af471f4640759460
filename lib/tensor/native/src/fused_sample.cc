// Draws tokens from rows of logits: softmax at a temperature, the k likeliest, the smallest set of a probability, and
// the place of one uniform number in what is left. Sums are double, exponentials float.
#include <vector>

#include "fused_math.h"

namespace t2g {
namespace {

double* f64(const Args& args, size_t i, int64_t minLength) {
  bool isTyped = false;
  napi_typedarray_type type = napi_int8_array;
  size_t n = 0;
  void* data = nullptr;
  if (i < args.count) napi_is_typedarray(args.env, args.values[i], &isTyped);
  if (isTyped) napi_get_typedarray_info(args.env, args.values[i], &type, &n, &data, nullptr, nullptr);
  if (!isTyped || type != napi_float64_array) args.fail(i, "is not a Float64Array");
  if (static_cast<int64_t>(n) < minLength) args.fail(i, "holds " + std::to_string(n) + " values, want at least " + std::to_string(minLength));
  return static_cast<double*>(data);
}

struct Rules {
  double inverse;  // 1 / temperature
  float scale;     // the same
  double topP;
  int64_t topK;  // 0: all
};

constexpr int kBuckets = 2048;        // of the distance below the largest logit, largest first
constexpr float kBucketsPerUnit = 64;  // 32 units: what lies lower shares the last one

/// The likeliest tokens in order, as far as they are asked for: buckets are filled once and sorted when first read.
struct Ranking {
  const float *logits, *weights;
  std::vector<int32_t>& ids;  // by bucket
  int32_t start[kBuckets + 1];
  bool sorted[kBuckets] = {};

  static int bucketOf(float most, float x, float scale) {
    const float below = (most - x) * scale * kBucketsPerUnit;
    return below < kBuckets - 1 ? static_cast<int>(below) : kBuckets - 1;
  }

  Ranking(const float* l, const float* w, int64_t V, float most, float scale, std::vector<int32_t>& room)
      : logits(l), weights(w), ids(room) {
    ids.resize(V);
    std::memset(start, 0, sizeof start);
    for (int64_t v = 0; v < V; v++) start[bucketOf(most, l[v], scale) + 1]++;
    for (int b = 0; b < kBuckets; b++) start[b + 1] += start[b];
    int32_t fill[kBuckets];
    std::memcpy(fill, start, sizeof fill);
    for (int64_t v = 0; v < V; v++) ids[fill[bucketOf(most, l[v], scale)]++] = static_cast<int32_t>(v);
  }

  void sort(int b) {
    if (sorted[b]) return;
    sorted[b] = true;
    std::sort(ids.begin() + start[b], ids.begin() + start[b + 1],
              [this](int32_t a, int32_t c) { return logits[a] != logits[c] ? logits[a] > logits[c] : a < c; });
  }

  /// The weight of the ranks in [0, limit), adding up until it reaches `enough`; how many that took goes to `kept`.
  double total(int64_t limit, double enough, int64_t* kept) {
    double sum = 0;
    int64_t n = 0;
    for (int b = 0; b < kBuckets && n < limit && (n == 0 || sum < enough); b++) {
      double whole = 0;
      for (int32_t i = start[b]; i < start[b + 1]; i++) whole += weights[ids[i]];
      if (start[b + 1] <= limit && sum + whole < enough) {
        sum += whole;
        n = start[b + 1];
        continue;
      }
      sort(b);
      for (int32_t i = start[b]; i < start[b + 1] && n < limit && (n == 0 || sum < enough); i++, n++) sum += weights[ids[i]];
    }
    *kept = n;
    return sum;
  }

  /// The token at `rest` of the summed weights of the first `kept` ranks.
  int32_t at(double rest, int64_t kept) {
    int32_t last = ids[0];
    for (int b = 0; b < kBuckets && start[b] < kept; b++) {
      const int32_t end = static_cast<int32_t>(std::min<int64_t>(kept, start[b + 1]));
      if (start[b] == end) continue;
      double whole = 0;
      if (end < start[b + 1]) sort(b);  // only its first ranks are kept
      for (int32_t i = start[b]; i < end; i++) whole += weights[ids[i]];
      sort(b);
      if (rest >= whole) {
        rest -= whole;
        if (whole > 0) last = ids[end - 1];
        continue;
      }
      for (int32_t i = start[b]; i < end; i++) {
        if (weights[ids[i]] <= 0) continue;
        last = ids[i];
        rest -= weights[last];
        if (rest < 0) return last;
      }
    }
    return last;
  }
};

constexpr int64_t kRun = 256;  // weights whose sums are kept, so that a draw need not add up all again

/// One row; returns false when the logits are not finite.
bool draw(const float* logits, int64_t V, const Rules& rules, double uniform, float* weights, std::vector<int32_t>& room,
          int32_t* token, double* logProb) {
  f32x16 top = splat(-INFINITY);
  forVectors(V, [&](int64_t i, auto lanes) { top = maxOf(lanes.keepOr(lanes.load(logits + i), -INFINITY), top); });
  const float most = maxLane(top);
  double* runs = reinterpret_cast<double*>(weights + (V + 15) / 16 * 16);
  double sum = 0;
  for (int64_t from = 0; from < V; from += kRun) {
    const int64_t n = std::min(kRun, V - from);
    f32x16 part = {};
    forVectors(n, [&](int64_t i, auto lanes) {
      const f32x16 w = lanes.keep(vexp((lanes.load(logits + from + i) - most) * rules.scale));
      lanes.store(weights + from + i, w);
      part += w;
    });
    runs[from / kRun] = sumOf(part);
    sum += runs[from / kRun];
  }
  if (!std::isfinite(sum)) return false;
  int32_t chosen = 0;
  if (uniform < 0) {  // greedy: the first of the largest
    while (logits[chosen] != most) chosen++;
  } else if (rules.topP < 1 || rules.topK > 0) {
    Ranking ranking(logits, weights, V, most, rules.scale, room);
    const int64_t limit = rules.topK > 0 ? std::min(rules.topK, V) : V;
    int64_t kept = limit;
    double total = sum;
    if (limit < V) total = ranking.total(limit, INFINITY, &kept);
    if (rules.topP < 1) total = ranking.total(limit, rules.topP * total, &kept);
    chosen = ranking.at(uniform * total, kept);
  } else {
    double rest = uniform * sum;
    int64_t run = 0;
    const int64_t count = (V + kRun - 1) / kRun;
    while (run + 1 < count && rest >= runs[run]) rest -= runs[run++];
    for (int64_t v = run * kRun; v < V; v++) {
      if (weights[v] <= 0) continue;
      chosen = static_cast<int32_t>(v);
      rest -= weights[v];
      if (rest < 0) break;
    }
    if (weights[chosen] <= 0)  // rounding ended behind the last token that can be drawn
      for (int64_t v = V; v-- > 0 && weights[chosen] <= 0;) chosen = static_cast<int32_t>(v);
  }
  *token = chosen;
  *logProb = (static_cast<double>(logits[chosen]) - most) * rules.inverse - std::log(sum);
  return true;
}

// drawTokens(logits, row stride, V, M, 1 / temperature, topP, topK, uniforms f64 [M] (< 0: greedy), tokens i32 [M],
// logProbs f64 [M]) -> the first row whose logits are not finite, or -1
napi_value drawTokens(Args& args) {
  const int64_t stride = args.size(1), V = args.offset(2), M = args.size(3);
  if (V == 0 || V > stride) args.fail(2, "is not between 1 and the row's length");
  const float* logits = args.f32(0, M * stride);
  const Rules rules{args.number(4), static_cast<float>(args.number(4)), args.number(5), args.offset(6)};
  if (!(rules.scale > 0.0f)) args.fail(4, "is not a number above 0");
  const double* uniforms = f64(args, 7, M);
  int32_t* tokens = args.i32(8, M);
  double* logProbs = f64(args, 9, M);
  std::vector<uint8_t> finite(static_cast<size_t>(M), 1);
  parallelFor(M, std::max<int64_t>(1, 4096 / V), [&](int64_t begin, int64_t end) {
    static thread_local std::vector<int32_t> room;
    const int64_t padded = (V + 15) / 16 * 16;
    float* weights = threadScratch(6, padded + 2 * ((V + kRun - 1) / kRun) + 16);
    for (int64_t m = begin; m < end; m++)
      finite[m] = draw(logits + m * stride, V, rules, uniforms[m], weights, room, tokens + m, logProbs + m);
  });
  for (int64_t m = 0; m < M; m++)
    if (!finite[m]) return args.makeNumber(static_cast<double>(m));
  return args.makeNumber(-1);
}

}  // namespace

void registerFusedSample(napi_env env, napi_value exports) { addFunction(env, exports, "drawTokens", drawTokens); }

}  // namespace t2g
