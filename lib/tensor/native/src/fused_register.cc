// The list of fused kernels that the addon exports.
#include "fused_math.h"

namespace t2g {

void registerFused(napi_env env, napi_value exports) {
  registerFusedLinear(env, exports);
  registerFusedHead(env, exports);
  registerFusedMlp(env, exports);
  registerFusedNorms(env, exports);
  registerFusedActivations(env, exports);
  registerFusedTokens(env, exports);
  registerFusedAttention(env, exports);
  registerFusedOptim(env, exports);
  registerFusedMuon(env, exports);
  registerFusedRandom(env, exports);
  registerFusedDecode(env, exports);
  registerFusedSample(env, exports);
  registerFusedDit(env, exports);
}

}  // namespace t2g
