// Kernels that only move floats: strided copies (transpose, slice, concat, pad, tile), gather, scatter-add, one-hot.
#include <algorithm>

#include "common.h"
#include "gemm_pack.h"

namespace t2g {
namespace {

constexpr int64_t kGrain = 16384;
constexpr int kMaxRank = 8;

struct Walk {
  int rank;
  int64_t size[kMaxRank], in[kMaxRank], out[kMaxRank], total = 1;
};

// Calls body(in offset, out offset, index of each dim) for every position of the first outerRank dims.
template <class Body>
void eachOuter(const Walk& w, int outerRank, int64_t grain, const Body& body) {
  int64_t count = 1;
  for (int d = 0; d < outerRank; d++) count *= w.size[d];
  parallelFor(count, grain, [&](int64_t begin, int64_t end) {
    int64_t index[kMaxRank], in = 0, out = 0, rest = begin;
    for (int d = outerRank - 1; d >= 0; d--) {
      index[d] = rest % w.size[d];
      rest /= w.size[d];
      in += index[d] * w.in[d];
      out += index[d] * w.out[d];
    }
    for (int64_t r = begin; r < end; r++) {
      body(in, out, index);
      for (int d = outerRank - 1; d >= 0; d--) {
        in += w.in[d];
        out += w.out[d];
        if (++index[d] < w.size[d]) break;
        in -= w.in[d] * w.size[d];
        out -= w.out[d] * w.size[d];
        index[d] = 0;
      }
    }
  });
}

// rows x columns at in (rows 1 apart, columns inStep apart) to out (rows outStep apart, columns 1 apart)
void transposeTiles(const float* in, int64_t inStep, float* out, int64_t outStep, int64_t rows, int64_t columns) {
  for (int64_t r = 0; r < rows; r += 16) {
    for (int64_t c = 0; c < columns; c += 16) {
      const int64_t nr = std::min<int64_t>(16, rows - r), nc = std::min<int64_t>(16, columns - c);
      f32x16 block[16];
      for (int64_t i = 0; i < nc; i++) block[i] = loadPartial(in + (c + i) * inStep + r, nr);
      for (int64_t i = nc; i < 16; i++) block[i] = f32x16{};
      transpose16(block);
      for (int64_t i = 0; i < nr; i++) storePartial(out + (r + i) * outStep + c, block[i], nc);
    }
  }
}

// copy(in, out, inOffset, outOffset, layout): layout is Int32Array [rank, sizes..., in strides..., out strides...]
napi_value copy(Args& args) {
  const int64_t inOffset = args.offset(2), outOffset = args.offset(3);
  const int32_t* p = args.i32(4, 1);
  Walk w;
  w.rank = p[0];
  if (w.rank < 1 || w.rank > kMaxRank) args.fail(4, "has rank " + std::to_string(p[0]) + ", want 1 to 8");
  p = args.i32(4, 1 + 3 * w.rank);
  int64_t needIn = inOffset + 1, needOut = outOffset + 1;
  for (int d = 0; d < w.rank; d++) {
    w.size[d] = p[1 + d], w.in[d] = p[1 + w.rank + d], w.out[d] = p[1 + 2 * w.rank + d];
    if (w.size[d] < 0 || w.in[d] < 0 || w.out[d] < 0) args.fail(4, "has a negative entry");
    const int64_t steps = std::max<int64_t>(0, w.size[d] - 1);
    needIn = args.multiplyAdd(4, steps, w.in[d], needIn);
    needOut = args.multiplyAdd(4, steps, w.out[d], needOut);
    w.total = args.multiplyAdd(4, w.total, w.size[d]);
  }
  if (w.total == 0) return nullptr;
  const float* in = args.f32(0, needIn) + inOffset;
  float* out = args.f32(1, needOut) + outOffset;
  const int last = w.rank - 1;
  const int64_t n = w.size[last];
  if (w.in[last] == 1 && w.out[last] == 1) {
    if (w.rank == 1) {
      parallelFor(n, 4 * kGrain, [=](int64_t begin, int64_t end) {
        std::memcpy(out + begin, in + begin, static_cast<size_t>(end - begin) * sizeof(float));
      });
    } else {
      eachOuter(w, last, std::max<int64_t>(1, kGrain / n), [=](int64_t i, int64_t o, const int64_t*) {
        std::memcpy(out + o, in + i, static_cast<size_t>(n) * sizeof(float));
      });
    }
    return nullptr;
  }
  int unit = -1;  // the dim that is contiguous in the input
  for (int d = 0; d < last; d++)
    if (w.in[d] == 1 && w.size[d] > 1) unit = d;
  if (unit >= 0 && w.out[last] == 1 && n >= 4) {
    // Tiles of (unit, last); the other dims are walked, and unit in pieces of 64 so that threads have work.
    const Walk whole = w;
    const int64_t rows = w.size[unit], piece = 64;
    w.size[unit] = (rows + piece - 1) / piece;
    w.in[unit] *= piece;
    w.out[unit] *= piece;
    eachOuter(w, last, std::max<int64_t>(1, kGrain / (piece * n)),
              [&, in, out](int64_t i, int64_t o, const int64_t* index) {
                transposeTiles(in + i, whole.in[last], out + o, whole.out[unit],
                               std::min(piece, rows - index[unit] * piece), n);
              });
    return nullptr;
  }
  eachOuter(w, last, std::max<int64_t>(1, kGrain / n), [=](int64_t i, int64_t o, const int64_t*) {
    const float* from = in + i;
    float* to = out + o;
    const int64_t stepIn = w.in[last], stepOut = w.out[last];
    for (int64_t k = 0; k < n; k++) to[k * stepOut] = from[k * stepIn];
  });
  return nullptr;
}

// gather(x, ids, out, batch, outer, axis, inner, count): out[b, o, i, :] = x[b, o, ids[b, i], :]
napi_value gather(Args& args) {
  const int64_t batch = args.size(3), outer = args.size(4), axis = args.size(5), inner = args.size(6);
  const int64_t count = args.size(7);
  const float* x = args.f32(0, batch * outer * axis * inner);
  const int32_t* ids = args.i32(1, batch * count);
  float* out = args.f32(2, batch * outer * count * inner);
  for (int64_t i = 0; i < batch * count; i++)
    if (ids[i] < 0 || ids[i] >= axis)
      throw std::runtime_error("GatherV2: index " + std::to_string(ids[i]) + " is not in [0, " + std::to_string(axis) +
                               ")");
  parallelFor(batch * outer * count, std::max<int64_t>(1, kGrain / (inner + 1)), [=](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; r++) {
      const int64_t i = r % count, bo = r / count, b = bo / outer;
      std::memcpy(out + r * inner, x + (bo * axis + ids[b * count + i]) * inner,
                  static_cast<size_t>(inner) * sizeof(float));
    }
  });
  return nullptr;
}

// segmentSum(x, ids, out, count, inner, segments): out[ids[i], :] += x[i, :] from zero; ids out of range are dropped
napi_value segmentSum(Args& args) {
  const int64_t count = args.size(3), inner = args.size(4), segments = args.size(5);
  const float* x = args.f32(0, count * inner);
  const int32_t* ids = args.i32(1, count);
  float* out = args.f32(2, segments * inner);
  // Each thread owns a range of segments and adds in input order: no races, the same bits for any thread count.
  parallelFor(segments, std::max<int64_t>(1, kGrain / (inner + 1)), [=](int64_t begin, int64_t end) {
    std::fill(out + begin * inner, out + end * inner, 0.0f);
    for (int64_t i = 0; i < count; i++) {
      const int64_t s = ids[i];
      if (s < begin || s >= end) continue;
      const float* from = x + i * inner;
      float* to = out + s * inner;
      for (int64_t k = 0; k < inner; k++) to[k] += from[k];
    }
  });
  return nullptr;
}

// oneHot(ids, out, count, depth, on, off)
napi_value oneHot(Args& args) {
  const int64_t count = args.size(2), depth = args.size(3);
  const int32_t* ids = args.i32(0, count);
  float* out = args.f32(1, count * depth);
  const float on = static_cast<float>(args.number(4)), off = static_cast<float>(args.number(5));
  std::fill(out, out + count * depth, off);
  for (int64_t i = 0; i < count; i++)
    if (ids[i] >= 0 && ids[i] < depth) out[i * depth + ids[i]] = on;
  return nullptr;
}

}  // namespace

void registerMovement(napi_env env, napi_value exports) {
  addFunction(env, exports, "copy", copy);
  addFunction(env, exports, "gather", gather);
  addFunction(env, exports, "segmentSum", segmentSum);
  addFunction(env, exports, "oneHot", oneHot);
}

}  // namespace t2g
