// Vector forms of exp, log, tanh, ... on 16 floats: within 2 ulp (absolute error of sin and cos 1e-7, of erf 6e-7),
// with the usual limits (exp(-inf) = 0, log(0) = -inf, log(-1) = NaN), NaN passed through. Polynomials from Cephes.
#pragma once
#include <cmath>
#include <limits>

#include "common.h"

namespace t2g {

/// a * b + c, in one rounding where the machine has it; compilers may not reorder it.
inline f32x16 fma16(f32x16 a, f32x16 b, f32x16 c) {
#if defined(__AVX512F__)
  return (f32x16)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#else
  return a * b + c;
#endif
}
inline f32x16 fma16(f32x16 a, float b, f32x16 c) { return fma16(a, splat(b), c); }
inline f32x16 fma16(f32x16 a, f32x16 b, float c) { return fma16(a, b, splat(c)); }

inline f32x16 abs16(f32x16 a) { return (f32x16)((i32x16)a & 0x7fffffff); }
/// |a| with the sign of b.
inline f32x16 withSign16(f32x16 a, f32x16 b) {
  return (f32x16)(((i32x16)a & 0x7fffffff) | ((i32x16)b & int32_t(0x80000000)));
}
/// The larger one; NaN if either is.
inline f32x16 max16(f32x16 a, f32x16 b) { return pick((a >= b) | (a != a), a, b); }
inline f32x16 min16(f32x16 a, f32x16 b) { return pick((a <= b) | (a != a), a, b); }

inline f32x16 exp16(f32x16 x) {
  x = pick(x < -104.0f, splat(-104.0f), x);  // NaN passes both
  x = pick(x > 89.0f, splat(89.0f), x);
  const f32x16 n = round16(x * 1.44269504088896341f);
  f32x16 r = fma16(n, -0.693359375f, x);
  r = fma16(n, 2.12194440e-4f, r);
  f32x16 p = splat(1.9875691500e-4f);
  p = fma16(p, r, 1.3981999507e-3f);
  p = fma16(p, r, 8.3334519073e-3f);
  p = fma16(p, r, 4.1665795894e-2f);
  p = fma16(p, r, 1.6666665459e-1f);
  p = fma16(p, r, 5.0000001201e-1f);
  p = fma16(p, r * r, r + 1.0f);
  const i32x16 e = toInt16(n), half = e >> 1;
  const f32x16 a = (f32x16)((half + 127) << 23), b = (f32x16)((e - half + 127) << 23);
  const f32x16 y = p * a * b;
  return pick(x != x, x, y);
}

inline f32x16 log16(f32x16 x) {
  const i32x16 tiny = x < 1.17549435e-38f;
  const f32x16 scaled = pick(tiny, x * 8388608.0f, x);
  const i32x16 bits = (i32x16)scaled;
  i32x16 e = (bits >> 23) - 126 - (tiny & 23);
  f32x16 m = (f32x16)((bits & 0x007fffff) | 0x3f000000);  // [0.5, 1)
  const i32x16 low = m < 0.707106781186547524f;
  e = e + low;
  m = pick(low, m + m, m);
  m = m - 1.0f;
  const f32x16 z = m * m, n = toFloat16(e);
  f32x16 p = splat(7.0376836292e-2f);
  p = fma16(p, m, -1.1514610310e-1f);
  p = fma16(p, m, 1.1676998740e-1f);
  p = fma16(p, m, -1.2420140846e-1f);
  p = fma16(p, m, 1.4249322787e-1f);
  p = fma16(p, m, -1.6668057665e-1f);
  p = fma16(p, m, 2.0000714765e-1f);
  p = fma16(p, m, -2.4999993993e-1f);
  p = fma16(p, m, 3.3333331174e-1f);
  f32x16 y = p * m * z;
  y = fma16(n, -2.12194440e-4f, y);
  y = fma16(z, -0.5f, y);
  y = fma16(n, 0.693359375f, m + y);
  const float inf = std::numeric_limits<float>::infinity();
  y = pick(x == inf, x, y);
  y = pick(x == 0.0f, splat(-inf), y);
  y = pick(x < 0.0f, splat(std::numeric_limits<float>::quiet_NaN()), y);
  return pick(x != x, x, y);
}

inline f32x16 tanh16(f32x16 x) {
  const f32x16 a = abs16(x), z = x * x;
  f32x16 p = splat(-5.70498872745e-3f);
  p = fma16(p, z, 2.06390887954e-2f);
  p = fma16(p, z, -5.37397155531e-2f);
  p = fma16(p, z, 1.33314422036e-1f);
  p = fma16(p, z, -3.33332819422e-1f);
  const f32x16 small = fma16(p * z, x, x);
  const f32x16 large = withSign16(1.0f - 2.0f / (exp16(a + a) + 1.0f), x);
  const f32x16 y = pick(a < 0.625f, small, large);
  return pick(x != x, x, y);
}

inline f32x16 sigmoid16(f32x16 x) { return 1.0f / (1.0f + exp16(-x)); }

/// Abramowitz & Stegun 7.1.26, as in tfjs.
inline f32x16 erf16(f32x16 x) {
  const f32x16 a = abs16(x), t = 1.0f / (1.0f + 0.3275911f * a);
  f32x16 p = splat(1.061405429f);
  p = fma16(p, t, -1.453152027f);
  p = fma16(p, t, 1.421413741f);
  p = fma16(p, t, -0.284496736f);
  p = fma16(p, t, 0.254829592f);
  return withSign16(1.0f - p * t * exp16(-a * a), x);
}

// sin and cos: reduction by pi/2 in three parts; beyond 8192 the caller uses the C library.
inline f32x16 sinOrCos16(f32x16 x, bool cosine) {
  const f32x16 n = round16(x * 0.636619772367581343f);
  f32x16 r = fma16(n, -1.5703125f, x);
  r = fma16(n, -4.837512969970703125e-4f, r);
  r = fma16(n, -7.54978995489188216e-8f, r);
  const i32x16 q = toInt16(n) + (cosine ? 1 : 0);
  const f32x16 z = r * r;
  f32x16 s = splat(-1.9515295891e-4f);
  s = fma16(s, z, 8.3321608736e-3f);
  s = fma16(s, z, -1.6666654611e-1f);
  s = fma16(s * z, r, r);
  f32x16 c = splat(2.443315711809948e-5f);
  c = fma16(c, z, -1.388731625493765e-3f);
  c = fma16(c, z, 4.166664568298827e-2f);
  c = fma16(c, z * z, fma16(z, -0.5f, splat(1.0f)));
  const f32x16 y = pick((q & 1) != 0, c, s);
  return pick((q & 2) != 0, -y, y);
}
inline f32x16 sinCos16(f32x16 x, bool cosine) {
  const f32x16 y = sinOrCos16(x, cosine);
  if (!any16(!(abs16(x) < 8192.0f))) return y;
  return eachLane16(x, y, [=](float angle, float near) {
    if (std::fabs(angle) < 8192.0f) return near;
    return cosine ? std::cos(angle) : std::sin(angle);
  });
}

}  // namespace t2g
