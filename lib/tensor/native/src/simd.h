// Sixteen floats as one value on every instruction set. With AVX-512 f32x16 is the compiler's own vector; elsewhere it
// is a struct of 2 (AVX) or 4 (SSE, NEON) registers, because GCC keeps vectors wider than the machine's in memory.
// Both have + - * / and comparisons (whose lanes are 0 or -1); what only the first has, `mask ? a : b`, is pick().
#pragma once
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#include <cmath>
#include <cstdint>
#include <cstring>

#define T2G_INLINE inline __attribute__((always_inline))

namespace t2g {

#if defined(__AVX512F__)

// All lanes, for the masked forms of intrinsics: GCC 12 warns about the plain ones' unset operand.
constexpr __mmask16 kAllLanes = 0xffff;

typedef float f32x16 __attribute__((vector_size(64)));
typedef float f32x16u __attribute__((vector_size(64), aligned(4), may_alias));
typedef int32_t i32x16 __attribute__((vector_size(64)));

inline f32x16 loadu(const float* p) { return *reinterpret_cast<const f32x16u*>(p); }
inline void storeu(float* p, f32x16 v) { *reinterpret_cast<f32x16u*>(p) = v; }
inline f32x16 splat(float x) { return f32x16{} + x; }
inline f32x16 pick(i32x16 mask, f32x16 a, f32x16 b) { return mask ? a : b; }
inline i32x16 toInt16(f32x16 a) { return __builtin_convertvector(a, i32x16); }
inline f32x16 toFloat16(i32x16 a) { return __builtin_convertvector(a, f32x16); }
inline f32x16 round16(f32x16 a) {
  return (f32x16)_mm512_maskz_roundscale_ps(kAllLanes, (__m512)a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
inline f32x16 floor16(f32x16 a) {
  return (f32x16)_mm512_maskz_roundscale_ps(kAllLanes, (__m512)a, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
}
inline f32x16 sqrt16(f32x16 a) {
  return (f32x16)_mm512_maskz_sqrt_ps(kAllLanes, (__m512)a);
}
inline bool any16(i32x16 mask) { return _mm512_test_epi32_mask((__m512i)mask, (__m512i)mask) != 0; }

#else

#if defined(__AVX__)
constexpr int kPartLanes = 8;
#else
constexpr int kPartLanes = 4;
#endif
constexpr int kParts = 16 / kPartLanes;
typedef float f32part __attribute__((vector_size(4 * kPartLanes)));
typedef float f32partu __attribute__((vector_size(4 * kPartLanes), aligned(4), may_alias));
typedef int32_t i32part __attribute__((vector_size(4 * kPartLanes)));

/// {f(0), f(1), ...}: written out, so that the parts become registers before any loop is unrolled.
template <class V, class F>
T2G_INLINE V eachPart(F f) {
  if constexpr (kParts == 2) return V{{f(0), f(1)}};
  else return V{{f(0), f(1), f(2), f(3)}};
}

struct f32x16;
struct i32x16 {
  i32part p[kParts];
  T2G_INLINE int32_t operator[](int64_t i) const { return p[i / kPartLanes][i % kPartLanes]; }
  inline void set(int i, int32_t x) { p[i / kPartLanes][i % kPartLanes] = x; }
  T2G_INLINE explicit operator f32x16() const;  // the same bits
};
struct f32x16 {
  f32part p[kParts];
  T2G_INLINE float operator[](int64_t i) const { return p[i / kPartLanes][i % kPartLanes]; }
  inline void set(int i, float x) { p[i / kPartLanes][i % kPartLanes] = x; }
  T2G_INLINE explicit operator i32x16() const {
    return eachPart<i32x16>([&](int k) { return (i32part)p[k]; });
  }
};
T2G_INLINE i32x16::operator f32x16() const {
  return eachPart<f32x16>([&](int k) { return (f32part)p[k]; });
}

T2G_INLINE f32x16 loadu(const float* q) {
  return eachPart<f32x16>([&](int k) { return *reinterpret_cast<const f32partu*>(q + k * kPartLanes); });
}
T2G_INLINE void storeu(float* q, f32x16 v) {
  for (int k = 0; k < kParts; k++) *reinterpret_cast<f32partu*>(q + k * kPartLanes) = v.p[k];
}
T2G_INLINE f32x16 splat(float x) {
  return eachPart<f32x16>([&](int) { return f32part{} + x; });
}
T2G_INLINE i32x16 splatInt(int32_t x) {
  return eachPart<i32x16>([&](int) { return i32part{} + x; });
}

#define T2G_FLOATS(OP)                                                                       \
  T2G_INLINE f32x16 operator OP(f32x16 a, f32x16 b) {                                        \
    return eachPart<f32x16>([&](int k) { return a.p[k] OP b.p[k]; });                        \
  }                                                                                          \
  T2G_INLINE f32x16 operator OP(f32x16 a, float b) { return a OP splat(b); }                 \
  T2G_INLINE f32x16 operator OP(float a, f32x16 b) { return splat(a) OP b; }                 \
  T2G_INLINE f32x16& operator OP##=(f32x16& a, f32x16 b) { return a = a OP b; }              \
  T2G_INLINE f32x16& operator OP##=(f32x16& a, float b) { return a = a OP splat(b); }
T2G_FLOATS(+) T2G_FLOATS(-) T2G_FLOATS(*) T2G_FLOATS(/)
#undef T2G_FLOATS
T2G_INLINE f32x16 operator-(f32x16 a) {
  return eachPart<f32x16>([&](int k) { return -a.p[k]; });
}

#define T2G_INTS(OP)                                                                         \
  T2G_INLINE i32x16 operator OP(i32x16 a, i32x16 b) {                                        \
    return eachPart<i32x16>([&](int k) { return a.p[k] OP b.p[k]; });                        \
  }                                                                                          \
  T2G_INLINE i32x16 operator OP(i32x16 a, int32_t b) { return a OP splatInt(b); }            \
  T2G_INLINE i32x16 operator OP(int32_t a, i32x16 b) { return splatInt(a) OP b; }
T2G_INTS(+) T2G_INTS(-) T2G_INTS(*) T2G_INTS(&) T2G_INTS(|) T2G_INTS(^)
#undef T2G_INTS
T2G_INLINE i32x16 operator<<(i32x16 a, int n) {
  return eachPart<i32x16>([&](int k) { return a.p[k] << n; });
}
T2G_INLINE i32x16 operator>>(i32x16 a, int n) {
  return eachPart<i32x16>([&](int k) { return a.p[k] >> n; });
}
T2G_INLINE i32x16 operator~(i32x16 a) { return a ^ -1; }

#define T2G_COMPARISONS(OP)                                                                  \
  T2G_INLINE i32x16 operator OP(f32x16 a, f32x16 b) {                                        \
    return eachPart<i32x16>([&](int k) { return (i32part)(a.p[k] OP b.p[k]); });             \
  }                                                                                          \
  T2G_INLINE i32x16 operator OP(f32x16 a, float b) { return a OP splat(b); }                 \
  T2G_INLINE i32x16 operator OP(i32x16 a, i32x16 b) {                                        \
    return eachPart<i32x16>([&](int k) { return (i32part)(a.p[k] OP b.p[k]); });             \
  }                                                                                          \
  T2G_INLINE i32x16 operator OP(i32x16 a, int32_t b) { return a OP splatInt(b); }
T2G_COMPARISONS(<) T2G_COMPARISONS(<=) T2G_COMPARISONS(>) T2G_COMPARISONS(>=)
T2G_COMPARISONS(==) T2G_COMPARISONS(!=)
#undef T2G_COMPARISONS
T2G_INLINE i32x16 operator!(i32x16 a) { return a == 0; }

/// Lane by lane, a where the mask (0 or -1) is set, else b.
T2G_INLINE f32x16 pick(i32x16 mask, f32x16 a, f32x16 b) {
  return eachPart<f32x16>([&](int k) {
    return (f32part)((mask.p[k] & (i32part)a.p[k]) | (~mask.p[k] & (i32part)b.p[k]));
  });
}
/// Whether a lane of the mask is set.
inline bool any16(i32x16 mask) {
  int32_t lanes[16], all = 0;
  std::memcpy(lanes, &mask, sizeof lanes);
  for (int i = 0; i < 16; i++) all |= lanes[i];
  return all != 0;
}
T2G_INLINE i32x16 toInt16(f32x16 a) {
  return eachPart<i32x16>([&](int k) { return __builtin_convertvector(a.p[k], i32part); });
}
T2G_INLINE f32x16 toFloat16(i32x16 a) {
  return eachPart<f32x16>([&](int k) { return __builtin_convertvector(a.p[k], f32part); });
}

#if defined(__AVX__)
#define T2G_ROUND(X) (f32part) _mm256_round_ps((__m256)(X), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)
#define T2G_FLOOR(X) (f32part) _mm256_round_ps((__m256)(X), _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC)
#define T2G_SQRT(X) (f32part) _mm256_sqrt_ps((__m256)(X))
#elif defined(__SSE4_1__)
#define T2G_ROUND(X) (f32part) _mm_round_ps((__m128)(X), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)
#define T2G_FLOOR(X) (f32part) _mm_round_ps((__m128)(X), _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC)
#define T2G_SQRT(X) (f32part) _mm_sqrt_ps((__m128)(X))
#elif defined(__aarch64__)
#define T2G_ROUND(X) (f32part) vrndnq_f32((float32x4_t)(X))
#define T2G_FLOOR(X) (f32part) vrndmq_f32((float32x4_t)(X))
#define T2G_SQRT(X) (f32part) vsqrtq_f32((float32x4_t)(X))
#else
template <class F>
inline f32part eachLane(f32part v, F f) {
  for (int i = 0; i < kPartLanes; i++) v[i] = f(v[i]);
  return v;
}
#define T2G_ROUND(X) eachLane(X, [](float x) { return __builtin_rintf(x); })
#define T2G_FLOOR(X) eachLane(X, [](float x) { return __builtin_floorf(x); })
#define T2G_SQRT(X) eachLane(X, [](float x) { return __builtin_sqrtf(x); })
#endif
T2G_INLINE f32x16 round16(f32x16 a) {
  return eachPart<f32x16>([&](int k) { return T2G_ROUND(a.p[k]); });
}
T2G_INLINE f32x16 floor16(f32x16 a) {
  return eachPart<f32x16>([&](int k) { return T2G_FLOOR(a.p[k]); });
}
T2G_INLINE f32x16 sqrt16(f32x16 a) {
  return eachPart<f32x16>([&](int k) { return T2G_SQRT(a.p[k]); });
}
#undef T2G_ROUND
#undef T2G_FLOOR
#undef T2G_SQRT

#endif

/// The first n (0 to 16) floats at p, zeros after them; nothing beyond is read.
inline f32x16 loadPartial(const float* p, int64_t n) {
#if defined(__AVX512F__)
  return (f32x16)_mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << n) - 1), p);
#else
  float lanes[16] = {};
  for (int64_t i = 0; i < n; i++) lanes[i] = p[i];
  return loadu(lanes);
#endif
}
inline void storePartial(float* p, f32x16 v, int64_t n) {
#if defined(__AVX512F__)
  _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << n) - 1), (__m512)v);
#else
  float lanes[16];
  storeu(lanes, v);
  for (int64_t i = 0; i < n; i++) p[i] = lanes[i];
#endif
}
/// Lane i of the result is lane (i + s) mod 16 of v.
inline f32x16 rotate16(f32x16 v, int s) {
#if defined(__AVX512F__)
  const i32x16 order = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return (f32x16)_mm512_maskz_permutexvar_ps(kAllLanes, (__m512i)(order + s), (__m512)v);  // indices mod 16
#else
  float lanes[32];
  storeu(lanes, v);
  storeu(lanes + 16, v);
  return loadu(lanes + s);
#endif
}
/// Every pair of lanes (2i, 2i + 1) the other way round.
inline f32x16 swapPairs16(f32x16 v) {
#if defined(__AVX512F__)
  return (f32x16)_mm512_maskz_permute_ps(kAllLanes, (__m512)v, 0xb1);
#else
  float lanes[16], swapped[16];
  storeu(lanes, v);
  for (int i = 0; i < 16; i++) swapped[i] = lanes[i ^ 1];
  return loadu(swapped);
#endif
}
/// Lanes 2i and 2i + 1 of the result are lane i of v.
inline f32x16 twice16(f32x16 v) {
#if defined(__AVX512F__)
  const i32x16 order = {0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7};
  return (f32x16)_mm512_maskz_permutexvar_ps(kAllLanes, (__m512i)order, (__m512)v);
#else
  float lanes[16], doubled[16];
  storeu(lanes, v);
  for (int i = 0; i < 16; i++) doubled[i] = lanes[i / 2];
  return loadu(doubled);
#endif
}
/// -x in the even lanes, x in the odd ones.
inline f32x16 alternate16(float x) {
  static const float signs[16] = {-1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1};
  return loadu(signs) * x;
}
/// f of every lane of a (and b), for what has no vector form.
template <class F>
inline f32x16 eachLane16(f32x16 a, f32x16 b, F f) {
  float x[16], y[16];
  storeu(x, a);
  storeu(y, b);
  for (int i = 0; i < 16; i++) x[i] = f(x[i], y[i]);
  return loadu(x);
}
/// The sum of the lanes, always in the same order.
inline float sumOf(f32x16 v) {
  float s[16];
  storeu(s, v);
  float t[8], u[4];
  for (int i = 0; i < 8; i++) t[i] = s[i] + s[i + 8];
  for (int i = 0; i < 4; i++) u[i] = t[i] + t[i + 4];
  return (u[0] + u[2]) + (u[1] + u[3]);
}

}  // namespace t2g
