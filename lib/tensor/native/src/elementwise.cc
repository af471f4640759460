// Unary, binary (with broadcasting), comparison and selection kernels on floats.
#include <algorithm>
#include <cmath>

#include "common.h"
#include "vmath.h"

namespace t2g {
namespace {

constexpr int64_t kGrain = 16384;  // elements that make another thread worth waking

// ---------------------------------------------------------------- unary: name(x, out, n)
template <class Op>
napi_value unary(Args& args) {
  const int64_t n = args.size(2);
  const float* x = args.f32(0, n);
  float* out = args.f32(1, n);
  parallelFor(n, kGrain, [=](int64_t begin, int64_t end) {
    int64_t i = begin;
    for (; i + 16 <= end; i += 16) storeu(out + i, Op::of(loadu(x + i)));
    if (i < end) storePartial(out + i, Op::of(loadPartial(x + i, end - i)), end - i);
  });
  return nullptr;
}

#define T2G_UNARY(NAME, EXPR) \
  struct NAME {               \
    static inline f32x16 of(f32x16 x) { return EXPR; } \
  };
T2G_UNARY(Neg, -x)
T2G_UNARY(Square, x* x)
T2G_UNARY(Sqrt, sqrt16(x))
T2G_UNARY(Rsqrt, 1.0f / sqrt16(x))
T2G_UNARY(Reciprocal, 1.0f / x)
T2G_UNARY(Exp, exp16(x))
T2G_UNARY(Log, log16(x))
T2G_UNARY(Tanh, tanh16(x))
T2G_UNARY(Sigmoid, sigmoid16(x))
T2G_UNARY(Erf, erf16(x))
T2G_UNARY(Sin, sinCos16(x, false))
T2G_UNARY(Cos, sinCos16(x, true))
T2G_UNARY(Relu, pick(x < 0.0f, f32x16{}, x))
T2G_UNARY(Abs, abs16(x))
T2G_UNARY(Floor, floor16(x))
#undef T2G_UNARY

// ClipByValue(x, out, n, min, max)
napi_value clip(Args& args) {
  const int64_t n = args.size(2);
  const float* x = args.f32(0, n);
  float* out = args.f32(1, n);
  const f32x16 low = splat(static_cast<float>(args.number(3))), high = splat(static_cast<float>(args.number(4)));
  parallelFor(n, kGrain, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i += 16) {
      const int64_t here = std::min<int64_t>(16, end - i);
      f32x16 v = loadPartial(x + i, here);
      v = pick(v < low, low, v);  // NaN stays
      v = pick(v > high, high, v);
      storePartial(out + i, v, here);
    }
  });
  return nullptr;
}

// ---------------------------------------------------------------- binary: name(a, b, out, layout)
// layout: Int32Array [rank, sizes..., strides of a..., strides of b...], merged by the caller so that the last
// strides are 0 or 1; the output is dense.
constexpr int kMaxRank = 8;
struct Layout {
  int rank;
  int64_t size[kMaxRank], a[kMaxRank], b[kMaxRank];
  int64_t rows = 1, inner = 1, total = 1;
};

Layout readLayout(const Args& args, size_t i, int64_t& needA, int64_t& needB) {
  const int32_t* p = args.i32(i, 1);
  Layout l;
  l.rank = p[0];
  if (l.rank < 1 || l.rank > kMaxRank) args.fail(i, "has rank " + std::to_string(p[0]) + ", want 1 to 8");
  p = args.i32(i, 1 + 3 * l.rank);
  needA = needB = 1;
  for (int d = 0; d < l.rank; d++) {
    l.size[d] = p[1 + d], l.a[d] = p[1 + l.rank + d], l.b[d] = p[1 + 2 * l.rank + d];
    if (l.size[d] < 0 || l.a[d] < 0 || l.b[d] < 0) args.fail(i, "has a negative entry");
    const int64_t steps = std::max<int64_t>(0, l.size[d] - 1);
    needA = args.multiplyAdd(i, steps, l.a[d], needA);
    needB = args.multiplyAdd(i, steps, l.b[d], needB);
    l.total = args.multiplyAdd(i, l.total, l.size[d]);
  }
  l.inner = l.size[l.rank - 1];
  l.rows = l.inner ? l.total / l.inner : 0;
  if (l.a[l.rank - 1] > 1 || l.b[l.rank - 1] > 1) args.fail(i, "has a last stride above 1");
  if (l.total == 0) needA = needB = 0;
  return l;
}

struct FloatOut {
  using Element = float;
  static void store(float* out, f32x16 v, int64_t n) {
    if (n == 16) storeu(out, v);
    else storePartial(out, v, n);
  }
};

template <class Op, bool StepA, bool StepB>
inline void row(const float* a, const float* b, typename Op::Element* out, int64_t n) {
  const f32x16 constA = StepA ? f32x16{} : splat(*a), constB = StepB ? f32x16{} : splat(*b);
  int64_t i = 0;
  for (; i + 16 <= n; i += 16)
    Op::store(out + i, Op::of(StepA ? loadu(a + i) : constA, StepB ? loadu(b + i) : constB), 16);
  if (i < n)
    Op::store(out + i, Op::of(StepA ? loadPartial(a + i, n - i) : constA, StepB ? loadPartial(b + i, n - i) : constB),
              n - i);
}

template <class Op>
void anyRow(bool stepA, bool stepB, const float* a, const float* b, typename Op::Element* out, int64_t n) {
  if (stepA && stepB) row<Op, true, true>(a, b, out, n);
  else if (stepA) row<Op, true, false>(a, b, out, n);
  else if (stepB) row<Op, false, true>(a, b, out, n);
  else row<Op, false, false>(a, b, out, n);
}

template <class Op>
void runBinary(const Layout& l, const float* a, const float* b, typename Op::Element* out) {
  const int last = l.rank - 1;
  const bool stepA = l.a[last] == 1, stepB = l.b[last] == 1;
  if (l.rows == 1) {
    parallelFor(l.inner, kGrain, [&](int64_t begin, int64_t end) {
      anyRow<Op>(stepA, stepB, a + (stepA ? begin : 0), b + (stepB ? begin : 0), out + begin, end - begin);
    });
    return;
  }
  parallelFor(l.rows, std::max<int64_t>(1, kGrain / l.inner), [&](int64_t begin, int64_t end) {
    int64_t index[kMaxRank], offsetA = 0, offsetB = 0, rest = begin;
    for (int d = last - 1; d >= 0; d--) {
      index[d] = rest % l.size[d];
      rest /= l.size[d];
      offsetA += index[d] * l.a[d];
      offsetB += index[d] * l.b[d];
    }
    for (int64_t r = begin; r < end; r++) {
      anyRow<Op>(stepA, stepB, a + offsetA, b + offsetB, out + r * l.inner, l.inner);
      for (int d = last - 1; d >= 0; d--) {
        offsetA += l.a[d];
        offsetB += l.b[d];
        if (++index[d] < l.size[d]) break;
        offsetA -= l.a[d] * l.size[d];
        offsetB -= l.b[d] * l.size[d];
        index[d] = 0;
      }
    }
  });
}

template <class Op>
napi_value binary(Args& args) {
  int64_t needA, needB;
  const Layout l = readLayout(args, 3, needA, needB);
  const float* a = args.f32(0, needA);
  const float* b = args.f32(1, needB);
  float* out = args.f32(2, l.total);
  if (l.total > 0) runBinary<Op>(l, a, b, out);
  return nullptr;
}

template <class Op>
napi_value compare(Args& args) {
  int64_t needA, needB;
  const Layout l = readLayout(args, 3, needA, needB);
  const float* a = args.f32(0, needA);
  const float* b = args.f32(1, needB);
  uint8_t* out = args.u8(2, l.total);
  if (l.total > 0) runBinary<Op>(l, a, b, out);
  return nullptr;
}

inline f32x16 pow16(f32x16 a, f32x16 b) {
  return eachLane16(a, b, [](float x, float y) { return std::pow(x, y); });
}

#define T2G_BINARY(NAME, EXPR) \
  struct NAME : FloatOut {     \
    static inline f32x16 of(f32x16 a, f32x16 b) { return EXPR; } \
  };
T2G_BINARY(Add, a + b)
T2G_BINARY(Sub, a - b)
T2G_BINARY(Multiply, a* b)
T2G_BINARY(RealDiv, a / b)
T2G_BINARY(Maximum, max16(a, b))
T2G_BINARY(Minimum, min16(a, b))
T2G_BINARY(SquaredDifference, (a - b) * (a - b))
T2G_BINARY(Pow, pow16(a, b))
#undef T2G_BINARY

#define T2G_COMPARE(NAME, OPERATOR)                                               \
  struct NAME {                                                                   \
    using Element = uint8_t;                                                      \
    static inline i32x16 of(f32x16 a, f32x16 b) { return (i32x16)(a OPERATOR b); } \
    static void store(uint8_t* out, i32x16 v, int64_t n) {                        \
      for (int64_t i = 0; i < n; i++) out[i] = static_cast<uint8_t>(v[i] & 1);    \
    }                                                                             \
  };
T2G_COMPARE(Equal, ==)
T2G_COMPARE(NotEqual, !=)
T2G_COMPARE(Less, <)
T2G_COMPARE(LessEqual, <=)
T2G_COMPARE(Greater, >)
T2G_COMPARE(GreaterEqual, >=)
#undef T2G_COMPARE

// Select(condition, a, b, out, n)
napi_value select(Args& args) {
  const int64_t n = args.size(4);
  const uint8_t* condition = args.u8(0, n);
  const float* a = args.f32(1, n);
  const float* b = args.f32(2, n);
  float* out = args.f32(3, n);
  parallelFor(n, kGrain, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) out[i] = condition[i] ? a[i] : b[i];
  });
  return nullptr;
}

// AddN(list, out, n)
napi_value addN(Args& args) {
  const int64_t n = args.size(2);
  const Args list = args.list(0);
  float* out = args.f32(1, n);
  const float* inputs[Args::kMax];
  for (size_t i = 0; i < list.count; i++) inputs[i] = list.f32(i, n);
  const size_t count = list.count;
  parallelFor(n, kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i += 16) {
      const int64_t here = std::min<int64_t>(16, end - i);
      f32x16 sum = {};
      for (size_t k = 0; k < count; k++) sum += loadPartial(inputs[k] + i, here);
      storePartial(out + i, sum, here);
    }
  });
  return nullptr;
}

// Fill(out, n, value)
napi_value fill(Args& args) {
  const int64_t n = args.size(1);
  float* out = args.f32(0, n);
  const float value = static_cast<float>(args.number(2));
  parallelFor(n, 4 * kGrain, [=](int64_t begin, int64_t end) { std::fill(out + begin, out + end, value); });
  return nullptr;
}

// castToInt(x, out, n): towards zero; castToFloat(x int32, out, n); castBool(x uint8, out, n)
napi_value castToInt(Args& args) {
  const int64_t n = args.size(2);
  const float* x = args.f32(0, n);
  int32_t* out = args.i32(1, n);
  for (int64_t i = 0; i < n; i++) {
    const float v = x[i];
    // As Int32Array does it in JavaScript: NaN and infinities become 0, the rest wraps around.
    out[i] = v > -2147483648.0f && v < 2147483648.0f ? static_cast<int32_t>(v)
             : std::isfinite(v) ? static_cast<int32_t>(static_cast<uint32_t>(
                                      static_cast<int64_t>(std::fmod(static_cast<double>(v), 4294967296.0))))
                                : 0;
  }
  return nullptr;
}
napi_value castToFloat(Args& args) {
  const int64_t n = args.size(2);
  const int32_t* x = args.i32(0, n);
  float* out = args.f32(1, n);
  for (int64_t i = 0; i < n; i++) out[i] = static_cast<float>(x[i]);
  return nullptr;
}
napi_value castBool(Args& args) {
  const int64_t n = args.size(2);
  const uint8_t* x = args.u8(0, n);
  float* out = args.f32(1, n);
  for (int64_t i = 0; i < n; i++) out[i] = static_cast<float>(x[i]);
  return nullptr;
}

}  // namespace

void registerElementwise(napi_env env, napi_value exports) {
#define T2G_ADD(KIND, NAME) addFunction(env, exports, #NAME, KIND<NAME>);
  T2G_ADD(unary, Neg) T2G_ADD(unary, Square) T2G_ADD(unary, Sqrt) T2G_ADD(unary, Rsqrt) T2G_ADD(unary, Reciprocal)
  T2G_ADD(unary, Exp) T2G_ADD(unary, Log) T2G_ADD(unary, Tanh) T2G_ADD(unary, Sigmoid) T2G_ADD(unary, Erf)
  T2G_ADD(unary, Sin) T2G_ADD(unary, Cos) T2G_ADD(unary, Relu) T2G_ADD(unary, Abs) T2G_ADD(unary, Floor)
  T2G_ADD(binary, Add) T2G_ADD(binary, Sub) T2G_ADD(binary, Multiply) T2G_ADD(binary, RealDiv)
  T2G_ADD(binary, Maximum) T2G_ADD(binary, Minimum) T2G_ADD(binary, SquaredDifference) T2G_ADD(binary, Pow)
  T2G_ADD(compare, Equal) T2G_ADD(compare, NotEqual) T2G_ADD(compare, Less) T2G_ADD(compare, LessEqual)
  T2G_ADD(compare, Greater) T2G_ADD(compare, GreaterEqual)
#undef T2G_ADD
  addFunction(env, exports, "ClipByValue", clip);
  addFunction(env, exports, "Select", select);
  addFunction(env, exports, "AddN", addN);
  addFunction(env, exports, "Fill", fill);
  addFunction(env, exports, "castToInt", castToInt);
  addFunction(env, exports, "castToFloat", castToFloat);
  addFunction(env, exports, "castBool", castBool);
}

}  // namespace t2g
