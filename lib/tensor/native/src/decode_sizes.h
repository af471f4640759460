// What a decode session is made of: its sizes, and how weights, keys and values lie in its buffers.
#pragma once
#include "decode_gemm.h"

namespace t2g {
namespace decode {

/// The sizes of a session, as an Int32Array: D, F, L, H, Hkv, dh, V, positions, half, prompts, P, slots, N.
struct Sizes {
  int64_t D, F, L, H, Hkv, dh, V, positions, prompts, P, slots, N;
  bool half;
  int64_t Dp, Ip, Op, Qp, Kp, Vp, dhp, qkvRow, G;

  Sizes(Args& args, size_t at) {
    const int32_t* s = args.i32(at, 13);
    for (int i = 0; i < 13; i++)
      if (s[i] < 0 || s[i] > (1 << 24)) args.fail(at, "holds a size out of range");
    D = s[0], F = s[1], L = s[2], H = s[3], Hkv = s[4], dh = s[5], V = s[6], positions = s[7], half = s[8] != 0;
    prompts = s[9], P = s[10], slots = s[11], N = s[12];
    if (D == 0 || F == 0 || L == 0 || V == 0 || positions == 0 || dh == 0 || dh % 2 != 0 || dh > 1024 || H > 4096)
      args.fail(at, "holds a size of zero, or an odd head size");
    if (Hkv == 0 || H == 0 || H % Hkv != 0) args.fail(at, "has heads that the key heads do not divide");
    if (half && !bf16()) args.fail(at, "asks for bf16, which this CPU lacks");
    const double width = static_cast<double>(D) + 64, heads = static_cast<double>(H) * static_cast<double>(dh) + 64;
    const double places = static_cast<double>(prompts) * static_cast<double>(P + 16) +
                          static_cast<double>(slots) * static_cast<double>(N + 16);
    if (static_cast<double>(L) * width * (3.0 * static_cast<double>(F + 64) + 4 * heads) +
                width * static_cast<double>(V + 64) > kMostFloats ||
        static_cast<double>(L) * places * static_cast<double>(Hkv) * static_cast<double>(2 * dh + 16) > kMostFloats)
      args.fail(at, "holds sizes that are too large together");
    G = H / Hkv;
    Dp = roundUp(D, kPanel), Ip = roundUp(F, 16), Op = H * dh;
    Qp = roundUp(H * dh, kPanel), Kp = roundUp(Hkv * dh, kPanel), Vp = roundUp(V, kPanel), dhp = roundUp(dh, 16);
    qkvRow = Qp + 2 * Kp;
  }
  static bool bf16() {
#if defined(T2G_BF16)
    return true;
#else
    return false;
#endif
  }

  // Packed weights: of every layer norm1, norm2, biases, qkv, o, gate beside up, down; then the last norm, the head.
  int64_t qkvFloats() const { return qkvRow * decode::storedDepth(D, half); }
  int64_t oFloats() const { return decode::packedFloats(D, Op, half); }
  int64_t gateUpFloats() const { return 2 * Ip * decode::storedDepth(D, half); }
  int64_t downFloats() const { return decode::packedFloats(D, F, half); }
  int64_t layerFloats() const { return 2 * Dp + qkvRow + qkvFloats() + oFloats() + gateUpFloats() + downFloats(); }
  int64_t weightFloats() const { return L * layerFloats() + Dp + decode::packedFloats(V, D, half); }

  // Caches: keys [Hkv, blocks of 16 places, dh, 16], values [Hkv, places, dhp], one after the other.
  int64_t keyFloats(int64_t places) const { return Hkv * roundUp(places, 16) * dh; }
  int64_t valueFloats(int64_t places) const { return Hkv * roundUp(places, 16) * dhp; }
  int64_t cacheFloats(int64_t places) const { return keyFloats(places) + valueFloats(places); }
  int64_t prefixAt(int64_t layer, int64_t prompt) const { return (layer * prompts + prompt) * cacheFloats(P); }
  int64_t tailAt(int64_t layer, int64_t slot) const { return L * prompts * cacheFloats(P) + (layer * slots + slot) * cacheFloats(N); }
  int64_t allCacheFloats() const { return L * (prompts * cacheFloats(P) + slots * cacheFloats(N)); }

  // Work space of M rows.
  int64_t widest() const { return std::max(std::max(D, Op), std::max(F, Ip)) + 1; }
  int64_t workFloats(int64_t M) const { return M * (Dp + Dp + qkvRow + Op + Ip + widest()); }
};

/// What a step knows of a row: newest token, slot, prompt, tokens of the prompt, new tokens read before.
struct Row {
  int32_t token, slot, prompt, prefix, length;
};

}  // namespace decode
}  // namespace t2g
