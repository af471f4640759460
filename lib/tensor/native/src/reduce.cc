// Reductions over one axis of [outer, length, inner], softmax and log-softmax over rows.
#include <algorithm>
#include <cmath>
#include <limits>

#include "common.h"
#include "vmath.h"

namespace t2g {
namespace {

constexpr int64_t kGrain = 16384;
// Long sums are made of sums over blocks of fixed size: less rounding, and the same bits for any thread count.
constexpr int64_t kBlock = 4096;
constexpr int64_t kRowBlock = 64;

struct SumOp {
  static constexpr float start = 0.0f;
  static inline f32x16 join(f32x16 a, f32x16 b) { return a + b; }
};
struct ProdOp {
  static constexpr float start = 1.0f;
  static inline f32x16 join(f32x16 a, f32x16 b) { return a * b; }
};
struct MaxOp {
  static constexpr float start = -std::numeric_limits<float>::infinity();
  static inline f32x16 join(f32x16 a, f32x16 b) { return max16(a, b); }
};
struct MinOp {
  static constexpr float start = std::numeric_limits<float>::infinity();
  static inline f32x16 join(f32x16 a, f32x16 b) { return min16(a, b); }
};

template <class Op>
inline float joinLanes(f32x16 v) {
  for (int s = 8; s > 0; s /= 2) v = Op::join(v, rotate16(v, s));
  return v[0];
}

template <class Op>
float reduceRow(const float* x, int64_t n) {
  const f32x16 start = splat(Op::start);
  f32x16 a = start, b = start, c = start, d = start;
  int64_t i = 0;
  for (; i + 64 <= n; i += 64) {
    a = Op::join(a, loadu(x + i));
    b = Op::join(b, loadu(x + i + 16));
    c = Op::join(c, loadu(x + i + 32));
    d = Op::join(d, loadu(x + i + 48));
  }
  for (; i + 16 <= n; i += 16) a = Op::join(a, loadu(x + i));
  if (i < n) {
    float last[16];
    storeu(last, start);
    std::memcpy(last, x + i, static_cast<size_t>(n - i) * sizeof(float));
    b = Op::join(b, loadu(last));
  }
  return joinLanes<Op>(Op::join(Op::join(a, b), Op::join(c, d)));
}

template <class Op>
float reduceLong(const float* x, int64_t n) {
  if (n <= kBlock) return reduceRow<Op>(x, n);
  const int64_t blocks = (n + kBlock - 1) / kBlock;
  float* part = threadScratch(0, blocks);
  parallelFor(blocks, 4, [&](int64_t begin, int64_t end) {
    for (int64_t k = begin; k < end; k++)
      part[k] = reduceRow<Op>(x + k * kBlock, std::min(kBlock, n - k * kBlock));
  });
  return reduceRow<Op>(part, blocks);
}

// Columns [from, from + 16 * vectors) of [length, inner]: rows are joined block by block.
template <class Op>
void reduceColumns(const float* x, int64_t length, int64_t inner, int64_t columns, float* out, float scale) {
  const f32x16 start = splat(Op::start);
  f32x16 total[4] = {start, start, start, start};
  for (int64_t r0 = 0; r0 < length; r0 += kRowBlock) {
    f32x16 acc[4] = {start, start, start, start};
    const int64_t r1 = std::min(length, r0 + kRowBlock);
    if (columns == 64) {
      for (int64_t r = r0; r < r1; r++)
        for (int v = 0; v < 4; v++) acc[v] = Op::join(acc[v], loadu(x + r * inner + 16 * v));
    } else {
      for (int64_t r = r0; r < r1; r++)
        for (int v = 0; v * 16 < columns; v++)
          acc[v] = Op::join(acc[v], loadPartial(x + r * inner + 16 * v, std::min<int64_t>(16, columns - 16 * v)));
    }
    for (int v = 0; v < 4; v++) total[v] = Op::join(total[v], acc[v]);
  }
  for (int v = 0; v * 16 < columns; v++)
    storePartial(out + 16 * v, total[v] * scale, std::min<int64_t>(16, columns - 16 * v));
}

// name(x, out, outer, length, inner, scale): out[outer, inner] = scale * join over length
template <class Op>
napi_value reduce(Args& args) {
  const int64_t outer = args.size(2), length = args.size(3), inner = args.size(4);
  const float scale = static_cast<float>(args.number(5));
  const float* x = args.f32(0, outer * length * inner);
  float* out = args.f32(1, outer * inner);
  if (length == 0) {
    std::fill(out, out + outer * inner, Op::start * scale);
  } else if (inner == 1) {
    if (outer < threadCount()) {
      for (int64_t o = 0; o < outer; o++) out[o] = reduceLong<Op>(x + o * length, length) * scale;
    } else {
      parallelFor(outer, std::max<int64_t>(1, kGrain / length), [=](int64_t begin, int64_t end) {
        for (int64_t o = begin; o < end; o++) out[o] = reduceLong<Op>(x + o * length, length) * scale;
      });
    }
  } else {
    const int64_t tiles = (inner + 63) / 64;
    parallelFor(outer * tiles, std::max<int64_t>(1, kGrain / (length * 64)), [=](int64_t begin, int64_t end) {
      for (int64_t t = begin; t < end; t++) {
        const int64_t o = t / tiles, column = t % tiles * 64;
        reduceColumns<Op>(x + o * length * inner + column, length, inner, std::min<int64_t>(64, inner - column),
                          out + o * inner + column, scale);
      }
    });
  }
  return nullptr;
}

// exp(x - max) summed; stored to out when Store.
template <bool Store>
float expSum(const float* x, float* out, int64_t n, float max) {
  const f32x16 top = splat(max);
  f32x16 sum = {};
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) {
    const f32x16 e = exp16(loadu(x + i) - top);
    if (Store) storeu(out + i, e);
    sum += e;
  }
  if (i < n) {
    float lanes[16] = {};
    storePartial(lanes, exp16(loadPartial(x + i, n - i) - top), n - i);
    const f32x16 e = loadu(lanes);
    if (Store) storePartial(out + i, e, n - i);
    sum += e;
  }
  return sumOf(sum);
}

// softmax(x, out, rows, length, log)
napi_value softmax(Args& args) {
  const int64_t rows = args.size(2), length = args.size(3);
  const bool logarithm = args.boolean(4);
  const float* x = args.f32(0, rows * length);
  float* out = args.f32(1, rows * length);
  if (length == 0) return nullptr;
  parallelFor(rows, std::max<int64_t>(1, kGrain / 4 / length), [=](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; r++) {
      const float* in = x + r * length;
      float* to = out + r * length;
      const float max = reduceRow<MaxOp>(in, length);
      if (logarithm) {
        const float shift = max + std::log(expSum<false>(in, nullptr, length, max));
        for (int64_t i = 0; i < length; i++) to[i] = in[i] - shift;
      } else {
        const float scale = 1.0f / expSum<true>(in, to, length, max);
        for (int64_t i = 0; i < length; i++) to[i] *= scale;
      }
    }
  });
  return nullptr;
}

}  // namespace

void registerReduce(napi_env env, napi_value exports) {
  addFunction(env, exports, "Sum", reduce<SumOp>);
  addFunction(env, exports, "Prod", reduce<ProdOp>);
  addFunction(env, exports, "Max", reduce<MaxOp>);
  addFunction(env, exports, "Min", reduce<MinOp>);
  addFunction(env, exports, "softmax", softmax);
}

}  // namespace t2g
