// Shared by every native source: argument checks for N-API callbacks, the thread pool, vectors (simd.h).
#pragma once
#include <node_api.h>

#include <cstdint>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>

#include "simd.h"

namespace t2g {

// ---------------------------------------------------------------- thread pool (pool.cc)
/// Threads that parallelFor uses, the calling one included (T2G_THREADS, else the cores).
int threadCount();

/// Calls body(begin, end) over disjoint pieces of [0, n), each of at least `grain` items, and returns when all
/// are done. Pieces run on several threads at once. Nested calls (from inside a body) run in place, so a kernel
/// that is parallel by itself may be used inside another parallel kernel. Bodies must not throw.
void parallelFor(int64_t n, int64_t grain, const std::function<void(int64_t, int64_t)>& body);

/// A scratch buffer of the calling thread, at least `count` floats, 64-byte aligned, contents undefined.
/// One buffer per slot and thread; slots 0-3 belong to gemm.cc, fused kernels use 4-15.
float* threadScratch(int slot, int64_t count);

/// Scratch that stays alive for the whole process and is shared (use from the JS thread only). Same slots rule.
inline float* scratch(int slot, int64_t count) { return threadScratch(slot, count); }

// ---------------------------------------------------------------- N-API arguments
/// Arguments of one call. Each reader throws (a JS Error naming function and argument) on a wrong type or a too
/// short buffer. Integers beyond 2^53 or not whole are refused as well.
struct Args {
  static constexpr size_t kMax = 48;
  napi_env env;
  const char* name;
  size_t count = 0;
  napi_value values[kMax];
  mutable int64_t largest[4] = {};

  [[noreturn]] void fail(size_t i, const std::string& want) const {
    throw std::runtime_error(std::string("t2g_native.") + name + ": argument " + std::to_string(i) + " " + want);
  }

  bool isNull(size_t i) const {
    if (i >= count) return true;
    napi_valuetype type;
    napi_typeof(env, values[i], &type);
    return type == napi_null || type == napi_undefined;
  }

  /// A Float32Array of at least minLength values.
  float* f32(size_t i, int64_t minLength) const {
    return static_cast<float*>(typed(i, minLength, napi_float32_array, "a Float32Array"));
  }
  /// As f32, or nullptr when the argument is null or undefined.
  float* f32OrNull(size_t i, int64_t minLength) const { return isNull(i) ? nullptr : f32(i, minLength); }
  int32_t* i32(size_t i, int64_t minLength) const {
    return static_cast<int32_t*>(typed(i, minLength, napi_int32_array, "an Int32Array"));
  }
  int32_t* i32OrNull(size_t i, int64_t minLength) const { return isNull(i) ? nullptr : i32(i, minLength); }
  uint8_t* u8(size_t i, int64_t minLength) const {
    return static_cast<uint8_t*>(typed(i, minLength, napi_uint8_array, "a Uint8Array"));
  }
  uint8_t* u8OrNull(size_t i, int64_t minLength) const { return isNull(i) ? nullptr : u8(i, minLength); }

  /// Number of elements of typed array i.
  int64_t length(size_t i) const {
    bool isTyped = false;
    if (i < count) napi_is_typedarray(env, values[i], &isTyped);
    if (!isTyped) fail(i, "is not a typed array");
    size_t n = 0;
    napi_get_typedarray_info(env, values[i], nullptr, &n, nullptr, nullptr, nullptr);
    return static_cast<int64_t>(n);
  }

  double number(size_t i) const {
    double out;
    if (i >= count || napi_get_value_double(env, values[i], &out) != napi_ok) fail(i, "is not a number");
    return out;
  }
  int64_t integer(size_t i) const {
    const double x = number(i);
    if (!(x >= -9007199254740992.0 && x <= 9007199254740992.0) || x != static_cast<double>(static_cast<int64_t>(x)))
      fail(i, "is " + std::to_string(x) + ", want an integer");
    return static_cast<int64_t>(x);
  }
  /// An integer in [0, 2^40) for a size. The four largest sizes of a call multiply to less than 2^62, so that lengths
  /// computed from them do not overflow (strides and offsets are not sizes: see offset).
  int64_t size(size_t i) const {
    int64_t x = offset(i);
    const int64_t given = x;
    for (int64_t& other : largest)
      if (x > other) std::swap(x, other);
    int64_t all = 1;
    for (const int64_t one : largest)
      if (one > 0 && (__builtin_mul_overflow(all, one, &all) || all >= (int64_t(1) << 62)))
        fail(i, "is " + std::to_string(given) + ", too large beside the other sizes");
    return given;
  }
  /// An integer in [0, 2^40).
  int64_t offset(size_t i) const {
    const int64_t x = integer(i);
    if (x < 0 || x >= (int64_t(1) << 40)) fail(i, "is " + std::to_string(x) + ", want a size of 0 or more");
    return x;
  }
  /// a * b + c of values that are not negative; fails, naming argument i, where that overflows.
  int64_t multiplyAdd(size_t i, int64_t a, int64_t b, int64_t c = 0) const {
    int64_t out;
    if (__builtin_mul_overflow(a, b, &out) || __builtin_add_overflow(out, c, &out)) fail(i, "describes too large an array");
    return out;
  }
  bool boolean(size_t i) const {
    bool out;
    if (i >= count || napi_get_value_bool(env, values[i], &out) != napi_ok) fail(i, "is not a boolean");
    return out;
  }
  std::string text(size_t i) const {
    char buffer[256];
    size_t n = 0;
    if (i >= count || napi_get_value_string_utf8(env, values[i], buffer, sizeof buffer, &n) != napi_ok)
      fail(i, "is not a string");
    return std::string(buffer, n);
  }

  /// The arguments of this call that live inside array argument i (for lists of tensors).
  Args list(size_t i) const;

  napi_value undefined() const {
    napi_value v;
    napi_get_undefined(env, &v);
    return v;
  }
  napi_value makeNumber(double x) const {
    napi_value v;
    napi_create_double(env, x, &v);
    return v;
  }

 private:
  void* typed(size_t i, int64_t minLength, napi_typedarray_type wanted, const char* what) const {
    bool isTyped = false;
    if (i < count) napi_is_typedarray(env, values[i], &isTyped);
    napi_typedarray_type type = napi_int8_array;
    size_t n = 0;
    void* data = nullptr;
    if (isTyped) napi_get_typedarray_info(env, values[i], &type, &n, &data, nullptr, nullptr);
    const bool bytesWanted = wanted == napi_uint8_array && type == napi_uint8_clamped_array;
    if (!isTyped || (type != wanted && !bytesWanted)) fail(i, std::string("is not ") + what);
    if (static_cast<int64_t>(n) < minLength)
      fail(i, "holds " + std::to_string(n) + " values, want at least " + std::to_string(minLength));
    static int64_t nothing;  // an empty array has no memory, and memset and its like want an address
    return data ? data : &nothing;
  }
};

/// Body of an exported function. It may return nullptr for `undefined` and may throw std::exception.
using Callback = napi_value (*)(Args& args);

/// exports[name] = a function that runs cb; C++ exceptions become JS Errors. `name` must be a literal.
void addFunction(napi_env env, napi_value exports, const char* name, Callback cb);

// ---------------------------------------------------------------- registration
void registerMemory(napi_env env, napi_value exports);
void registerGemm(napi_env env, napi_value exports);
void registerElementwise(napi_env env, napi_value exports);
void registerReduce(napi_env env, napi_value exports);
void registerMovement(napi_env env, napi_value exports);
void registerFused(napi_env env, napi_value exports);

}  // namespace t2g
