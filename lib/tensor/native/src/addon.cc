// Entry point of the addon: function registration, pooled memory, version and CPU information.
#include <cstdlib>
#include <new>
#include <string>

#include "common.h"
#include "gemm.h"

#if !defined(T2G_ISA)
#define T2G_ISA "unnamed"  // compiled by hand
#endif

namespace t2g {
namespace {

struct Entry {
  const char* name;
  Callback cb;
};

napi_value dispatch(napi_env env, napi_callback_info info) {
  void* data = nullptr;
  Args args;
  args.env = env;
  args.count = Args::kMax;
  napi_get_cb_info(env, info, &args.count, args.values, nullptr, &data);
  const Entry* entry = static_cast<const Entry*>(data);
  args.name = entry->name;
  if (args.count > Args::kMax) args.count = Args::kMax;
  try {
    return entry->cb(args);
  } catch (const std::exception& e) {
    napi_throw_error(env, nullptr, e.what());
  }
  return nullptr;
}

// allocate(bytes) -> ArrayBuffer over 64-byte aligned memory, not zeroed.
napi_value allocate(Args& args) {
  const int64_t bytes = args.size(0);
  const size_t rounded = (static_cast<size_t>(bytes) + 63) / 64 * 64 + 64;
  void* data = std::aligned_alloc(64, rounded);
  if (!data) throw std::runtime_error("t2g_native.allocate: out of memory (" + std::to_string(bytes) + " bytes)");
  napi_value out;
  const napi_status status = napi_create_external_arraybuffer(
      args.env, data, static_cast<size_t>(bytes), [](napi_env, void* p, void*) { std::free(p); }, nullptr, &out);
  if (status != napi_ok) {
    std::free(data);
    throw std::runtime_error("t2g_native.allocate: this Node.js refuses external buffers");
  }
  int64_t total;
  napi_adjust_external_memory(args.env, 0, &total);
  return out;
}

napi_value threads(Args& args) { return args.makeNumber(threadCount()); }

napi_value setPrecision(Args& args) {
  const int64_t bits = args.integer(0);
  if (bits != 32 && bits != 16) args.fail(0, "is " + std::to_string(bits) + ", want 32 or 16");
  if (bits == 16 && !bf16Available()) throw std::runtime_error("t2g_native.setPrecision: this build (" T2G_ISA ") has no bf16 products");
  setGemmPrecision(static_cast<int>(bits));
  return nullptr;
}

napi_value hasBf16(Args& args) {
  napi_value v;
  napi_get_boolean(args.env, bf16Available(), &v);
  return v;
}

// isa() -> the instruction set that this addon was compiled for, a name of lib/tensor/native/cpu.cjs.
napi_value isa(Args& args) {
  napi_value v;
  napi_create_string_utf8(args.env, T2G_ISA, NAPI_AUTO_LENGTH, &v);
  return v;
}

}  // namespace

Args Args::list(size_t i) const {
  bool isArray = false;
  if (i < count) napi_is_array(env, values[i], &isArray);
  if (!isArray) fail(i, "is not an array");
  Args out;
  out.env = env;
  out.name = name;
  uint32_t n = 0;
  napi_get_array_length(env, values[i], &n);
  if (n > kMax) fail(i, "holds " + std::to_string(n) + " entries, want at most " + std::to_string(kMax));
  out.count = n;
  for (uint32_t k = 0; k < n; k++) napi_get_element(env, values[i], k, &out.values[k]);
  return out;
}

void addFunction(napi_env env, napi_value exports, const char* name, Callback cb) {
  napi_value fn;
  Entry* entry = new Entry{name, cb};  // lives as long as the process, as the function may
  napi_create_function(env, name, NAPI_AUTO_LENGTH, dispatch, entry, &fn);
  napi_set_named_property(env, exports, name, fn);
}

void registerMemory(napi_env env, napi_value exports) {
  addFunction(env, exports, "allocate", allocate);
  addFunction(env, exports, "threads", threads);
  addFunction(env, exports, "setPrecision", setPrecision);
  addFunction(env, exports, "hasBf16", hasBf16);
  addFunction(env, exports, "isa", isa);
}

}  // namespace t2g

NAPI_MODULE_INIT() {
  t2g::registerMemory(env, exports);
  t2g::registerGemm(env, exports);
  t2g::registerElementwise(env, exports);
  t2g::registerReduce(env, exports);
  t2g::registerMovement(env, exports);
  t2g::registerFused(env, exports);
  return exports;
}
