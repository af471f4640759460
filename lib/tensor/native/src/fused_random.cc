// Counter-based standard normals: Philox4x32-10 (Salmon et al. 2011) and Box-Muller, 16 blocks at a time. The integers
// are those of lib/tensor/random.ts bit for bit; the floats agree with its double arithmetic to about 1e-6.
#include "fused_math.h"
#include "vmath.h"

namespace t2g {
namespace {

typedef uint32_t u32x16 __attribute__((vector_size(64)));
typedef uint64_t u64x16 __attribute__((vector_size(128)));

constexpr int kLanes = 16;
constexpr float kUnit = 2.3283064365386963e-10f;                   // 2^-32
constexpr float kRadians = 6.283185307179586f * 2.3283064365386963e-10f;

/// The words as numbers, and as they are.
f32x16 floatsOf(u32x16 words) {
  typedef float f32words __attribute__((vector_size(64)));
  const f32words floats = __builtin_convertvector(words, f32words);
  f32x16 out;
  std::memcpy(&out, &floats, sizeof out);
  return out;
}
i32x16 bitsOf(u32x16 words) {
  i32x16 out;
  std::memcpy(&out, &words, sizeof out);
  return out;
}

struct Words {
  u32x16 w[4];
};

u32x16 splatBits(uint32_t x) { return u32x16{} + x; }

/// The 32x32 -> 64 bit product of every lane with m.
void multiply(u32x16 a, uint32_t m, u32x16& high, u32x16& low) {
  const u64x16 wide = __builtin_convertvector(a, u64x16) * static_cast<uint64_t>(m);
  low = __builtin_convertvector(wide, u32x16);
  high = __builtin_convertvector(wide >> 32, u32x16);
}

/// Blocks first .. first + 15 of the stream `key` (two words of Philox key, two of its counter).
Words philox16(uint64_t first, const uint32_t* key) {
  u32x16 c0, c1;
  for (int i = 0; i < kLanes; i++) {
    c0[i] = static_cast<uint32_t>(first + i);
    c1[i] = static_cast<uint32_t>((first + i) >> 32);
  }
  u32x16 c2 = splatBits(key[2]), c3 = splatBits(key[3]);
  uint32_t k0 = key[0], k1 = key[1];
  for (int round = 0; round < 10; round++) {
    u32x16 aHigh, aLow, bHigh, bLow;
    multiply(c0, 0xd2511f53u, aHigh, aLow);
    multiply(c2, 0xcd9e8d57u, bHigh, bLow);
    c0 = bHigh ^ c1 ^ k0;
    c1 = bLow;
    c2 = aHigh ^ c3 ^ k1;
    c3 = aLow;
    k0 += 0x9e3779b9u;
    k1 += 0xbb67ae85u;
  }
  return {{c0, c1, c2, c3}};
}

/// log((w + 1/2) / 2^32). Above one half it is -2 atanh(d / (2 - d)) of the distance d to 1, which keeps the digits
/// that 1 - d has lost.
f32x16 logUnit(u32x16 w) {
  const f32x16 low = log16((floatsOf(w) + 0.5f) * kUnit);
  const f32x16 d = (floatsOf(~w) + 0.5f) * kUnit;
  const f32x16 s = d / (2.0f - d), z = s * s;
  f32x16 p = splat(1.0f / 13);
  for (const float c : {1.0f / 11, 1.0f / 9, 1.0f / 7, 1.0f / 5, 1.0f / 3, 1.0f}) p = fma16(p, z, c);
  return pick(bitsOf(w) < 0, s * p * -2.0f, low);
}

/// The two normals of a pair of words.
void boxMuller(u32x16 a, u32x16 b, f32x16& x, f32x16& y) {
  const f32x16 radius = sqrt16(logUnit(a) * -2.0f);
  const f32x16 angle = toFloat16(bitsOf(b)) * kRadians;  // in [-pi, pi): the same cosine and sine
  x = radius * sinOrCos16(angle, true);
  y = radius * sinOrCos16(angle, false);
}

// philoxNormals(key Int32Array(4), block low 32 bits, block high bits, n, out [n]): the normals of blocks block ...
napi_value philoxNormals(Args& args) {
  uint32_t key[4];
  std::memcpy(key, args.i32(0, 4), sizeof key);
  const uint64_t first = static_cast<uint64_t>(args.offset(1)) + (static_cast<uint64_t>(args.offset(2)) << 32);
  const int64_t n = args.size(3), group = 4 * kLanes;
  float* out = args.f32(4, n);
  parallelFor((n + group - 1) / group, 64, [&](int64_t begin, int64_t end) {
    for (int64_t g = begin; g < end; g++) {
      const Words words = philox16(first + static_cast<uint64_t>(g) * kLanes, key);
      f32x16 z[4];
      boxMuller(words.w[0], words.w[1], z[0], z[1]);
      boxMuller(words.w[2], words.w[3], z[2], z[3]);
      float lanes[4][kLanes];
      std::memcpy(lanes, z, sizeof lanes);
      const int64_t at = g * group, count = std::min(group, n - at);
      for (int64_t i = 0; i < count; i++) out[at + i] = lanes[i % 4][i / 4];
    }
  });
  return nullptr;
}

}  // namespace

void registerFusedRandom(napi_env env, napi_value exports) {
  addFunction(env, exports, "philoxNormals", philoxNormals);
}

}  // namespace t2g
