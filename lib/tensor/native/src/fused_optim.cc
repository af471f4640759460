// AdamW over lists of parameters in place, the joint norm of gradients, and moving averages of weights.
#include <vector>

#include "fused_math.h"

namespace t2g {
namespace {

constexpr int64_t kChunk = 8192;

// Every list cut into chunks of a fixed size: equal pieces of work, and sums that do not depend on the threads.
struct Chunk {
  size_t tensor;
  int64_t begin, length;
};

std::vector<Chunk> chunksOf(const Args& list) {
  std::vector<Chunk> chunks;
  for (size_t tensor = 0; tensor < list.count; tensor++) {
    const int64_t n = list.length(tensor);
    for (int64_t begin = 0; begin < n; begin += kChunk) chunks.push_back({tensor, begin, std::min(kChunk, n - begin)});
  }
  return chunks;
}

// adamw(params[], grads[], means[], squares[], decays (numbers)[], lr, beta1, beta2, eps, weightDecay,
//       correction1, correction2)
napi_value adamw(Args& args) {
  const Args params = args.list(0), grads = args.list(1), means = args.list(2), squares = args.list(3);
  const Args decays = args.list(4);
  const double lr = args.number(5), beta1 = args.number(6), beta2 = args.number(7), eps = args.number(8);
  const double weightDecay = args.number(9), correction1 = args.number(10), correction2 = args.number(11);
  struct Slot {
    float *p, *m, *v;
    const float* g;
    float shrink;
  };
  std::vector<Slot> slots;
  for (size_t i = 0; i < params.count; i++) {
    const int64_t n = params.length(i);
    const double decay = decays.number(i) != 0 ? lr * weightDecay : 0;
    slots.push_back({params.f32(i, n), means.f32(i, n), squares.f32(i, n), grads.f32(i, n),
                     static_cast<float>(1 - decay)});
  }
  const std::vector<Chunk> chunks = chunksOf(params);
  const float stepSize = static_cast<float>(lr / correction1), root = static_cast<float>(1 / std::sqrt(correction2));
  const float b1 = static_cast<float>(beta1), b2 = static_cast<float>(beta2);
  const float a1 = static_cast<float>(1 - beta1), a2 = static_cast<float>(1 - beta2), e = static_cast<float>(eps);
  parallelFor(static_cast<int64_t>(chunks.size()), 1, [&](int64_t first, int64_t last) {
    for (int64_t c = first; c < last; c++) {
      const Slot& s = slots[chunks[c].tensor];
      const int64_t at = chunks[c].begin;
      forVectors(chunks[c].length, [&](int64_t i, auto lanes) {
        const f32x16 g = lanes.load(s.g + at + i);
        const f32x16 m = lanes.load(s.m + at + i) * b1 + g * a1;
        const f32x16 v = lanes.load(s.v + at + i) * b2 + g * g * a2;
        lanes.store(s.m + at + i, m);
        lanes.store(s.v + at + i, v);
        lanes.store(s.p + at + i, lanes.load(s.p + at + i) * s.shrink - stepSize * m / (squareRoot(v) * root + e));
      });
    }
  });
  return nullptr;
}

// sumOfSquares(tensors[]) -> number
napi_value sumOfSquares(Args& args) {
  const Args list = args.list(0);
  std::vector<const float*> data;
  for (size_t i = 0; i < list.count; i++) data.push_back(list.f32(i, 0));
  const std::vector<Chunk> chunks = chunksOf(list);
  std::vector<double> partial(chunks.size());
  parallelFor(static_cast<int64_t>(chunks.size()), 1, [&](int64_t first, int64_t last) {
    for (int64_t c = first; c < last; c++) {
      const float* x = data[chunks[c].tensor] + chunks[c].begin;
      // Doubles, eight lanes at a time: squares of large gradients would overflow floats.
      double lanes[8] = {};
      int64_t i = 0;
      for (; i + 8 <= chunks[c].length; i += 8)
        for (int k = 0; k < 8; k++) lanes[k] += static_cast<double>(x[i + k]) * x[i + k];
      double total = 0;
      for (; i < chunks[c].length; i++) total += static_cast<double>(x[i]) * x[i];
      for (double lane : lanes) total += lane;
      partial[c] = total;
    }
  });
  double total = 0;
  for (double p : partial) total += p;
  return args.makeNumber(total);
}

// scaleInPlace(tensors[], factor)
napi_value scaleInPlace(Args& args) {
  const Args list = args.list(0);
  const float factor = static_cast<float>(args.number(1));
  std::vector<float*> data;
  for (size_t i = 0; i < list.count; i++) data.push_back(list.f32(i, 0));
  const std::vector<Chunk> chunks = chunksOf(list);
  parallelFor(static_cast<int64_t>(chunks.size()), 1, [&](int64_t first, int64_t last) {
    for (int64_t c = first; c < last; c++) {
      float* x = data[chunks[c].tensor] + chunks[c].begin;
      forVectors(chunks[c].length, [&](int64_t i, auto lanes) { lanes.store(x + i, lanes.load(x + i) * factor); });
    }
  });
  return nullptr;
}

// moveTowards(averages[], values[], fraction): average += fraction * (value - average)
napi_value moveTowards(Args& args) {
  const Args averages = args.list(0), values = args.list(1);
  const float fraction = static_cast<float>(args.number(2));
  std::vector<float*> to;
  std::vector<const float*> from;
  for (size_t i = 0; i < averages.count; i++) {
    to.push_back(averages.f32(i, 0));
    from.push_back(values.f32(i, averages.length(i)));
  }
  const std::vector<Chunk> chunks = chunksOf(averages);
  parallelFor(static_cast<int64_t>(chunks.size()), 1, [&](int64_t first, int64_t last) {
    for (int64_t c = first; c < last; c++) {
      float* a = to[chunks[c].tensor] + chunks[c].begin;
      const float* v = from[chunks[c].tensor] + chunks[c].begin;
      forVectors(chunks[c].length, [&](int64_t i, auto lanes) {
        const f32x16 old = lanes.load(a + i);
        lanes.store(a + i, old + (lanes.load(v + i) - old) * fraction);
      });
    }
  });
  return nullptr;
}

}  // namespace

void registerFusedOptim(napi_env env, napi_value exports) {
  addFunction(env, exports, "adamw", adamw);
  addFunction(env, exports, "sumOfSquares", sumOfSquares);
  addFunction(env, exports, "scaleInPlace", scaleInPlace);
  addFunction(env, exports, "moveTowards", moveTowards);
}

}  // namespace t2g
