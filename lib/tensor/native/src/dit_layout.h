// How the painter's inference pass keeps its weights, modulations and streams.
#pragma once
#include "decode_gemm.h"

namespace t2g {
namespace dit {

using decode::kPanel;
using decode::roundUp;

/// The sizes of a run, as an Int32Array: D, F, L, H, latent channels, waves, output channels, samples, latents
/// (samples or half of them: a guidance pair shares its latents), T, text tokens of all samples, text places, half.
struct Sizes {
  int64_t D, F, L, H, C, W, O, B, latents, T, texts, places, dh;
  bool half;
  int64_t Dp, Fp, Op, I;

  Sizes(Args& args, size_t at) {
    const int32_t* s = args.i32(at, 13);
    for (int i = 0; i < 13; i++)
      if (s[i] < 0 || s[i] > (1 << 24)) args.fail(at, "holds a size out of range");
    D = s[0], F = s[1], L = s[2], H = s[3], C = s[4], W = s[5], O = s[6], B = s[7], latents = s[8], T = s[9];
    texts = s[10], places = s[11], half = s[12] != 0;
    if (D == 0 || F == 0 || L == 0 || H == 0 || C == 0 || O == 0 || B == 0 || T == 0)
      args.fail(at, "holds a size of zero");
    if (D % H != 0 || D / H % 2 != 0) args.fail(at, "has a width that its heads do not divide into pairs");
    if (latents == 0 || B % latents != 0) args.fail(at, "has samples without latents");
#if !defined(T2G_BF16)
    if (half) args.fail(at, "asks for bf16, which this CPU lacks");
#endif
    const double width = static_cast<double>(D) + 64;
    const double layer = width * (4 * width + 2 * static_cast<double>(F + 64) + 64);
    if (2 * static_cast<double>(L) * layer + width * static_cast<double>(C + W + O + 64) > decode::kMostFloats ||
        (static_cast<double>(B) * static_cast<double>(T) + static_cast<double>(texts)) * (5 * width + static_cast<double>(F + C + W + O)) >
            decode::kMostFloats)
      args.fail(at, "holds sizes that are too large together");
    dh = D / H, Dp = roundUp(D, kPanel), Fp = roundUp(F, kPanel), Op = roundUp(O, kPanel), I = C + W;
  }

  int64_t packed(int64_t N, int64_t K) const { return decode::packedFloats(N, K, half); }
  /// One stream of one layer: norms of queries and keys, biases (q, k, v, out, up, down), then the weights.
  int64_t normFloats() const { return 2 * roundUp(dh, 16); }
  int64_t biasFloats() const { return 5 * Dp + Fp; }
  int64_t streamFloats() const {
    return normFloats() + biasFloats() + 4 * packed(D, D) + packed(F, D) + packed(D, F);
  }
  int64_t weightFloats() const { return 2 * L * streamFloats() + Dp + packed(D, I) + Op + packed(O, D); }
  /// Both streams' six vectors of every layer, then scale and shift of the last norm.
  int64_t modulationFloats() const { return (12 * L + 2) * Dp; }
  int64_t workFloats() const { return (B * T + texts) * Dp; }
};

/// One stream's weights in a layer.
struct Stream {
  const float *normQ, *normK, *bias, *qkv, *out, *up, *down;
  const float *outBias, *upBias, *downBias;

  Stream(const Sizes& s, const float* weights, int64_t layer, int stream) {
    normQ = weights + (2 * layer + stream) * s.streamFloats();
    normK = normQ + s.normFloats() / 2;
    bias = normQ + s.normFloats();
    outBias = bias + 3 * s.Dp, upBias = outBias + s.Dp, downBias = upBias + s.Fp;
    qkv = bias + s.biasFloats();
    out = qkv + 3 * s.packed(s.D, s.D);
    up = out + s.packed(s.D, s.D);
    down = up + s.packed(s.F, s.D);
  }
};

}  // namespace dit
}  // namespace t2g
