// What one thread holds of a head during attention: operands, scores and sums, all in one piece of its scratch.
#pragma once
#include "attention_problem.h"

namespace t2g {

/// Cuts one piece of scratch into arrays.
struct Carve {
  float* at;
  float* take(int64_t n) {
    float* mine = at;
    at += (n + 15) / 16 * 16;
    return mine;
  }
};

/// Of the forward pass: one key head, and a block of queries.
struct ForwardScratch {
  float *spare, *k, *v, *turned, *q, *scores, *out, *pairs, *vPairs, *qPairs, *scorePairs;
  tiles::Operand keys, values;

  static int64_t size(const Attention& a, int64_t blockRows) {
    return 2 * a.keys * a.wide + a.keys * a.halfWide + a.keys / 2 * a.wide + std::max(a.wide, a.halfWide) * a.ld +
           tiles::kRows * (a.ld + a.halfLd + a.wide) + blockRows * (a.wide + a.halfWide) + a.wide;
  }
  ForwardScratch(const Attention& a, int64_t blockRows) {
    Carve carve{threadScratch(5, size(a, blockRows))};
    k = carve.take(a.keys * a.wide), v = carve.take(a.keys * a.wide), pairs = carve.take(a.keys * a.halfWide);
    vPairs = carve.take(a.keys / 2 * a.wide), turned = carve.take(std::max(a.wide, a.halfWide) * a.ld);
    scores = carve.take(tiles::kRows * a.ld), scorePairs = carve.take(tiles::kRows * a.halfLd);
    out = carve.take(tiles::kRows * a.wide), q = carve.take(blockRows * a.wide);
    qPairs = carve.take(blockRows * a.halfWide), spare = carve.take(a.wide);
  }
};

/// Of the backward pass: one key head, its gradients, and a block of queries with their scores.
struct BackwardScratch {
  float *spare, *k, *v, *kTurned, *vTurned, *dk, *dv, *q, *dout, *dq, *p, *ds;
  float *pairs, *kPairs, *qAlong, *qAcross, *doutAlong, *doutAcross, *pPairs, *dsAlong, *dsAcross;
  tiles::Operand keysTurned, valuesTurned, keys;
  float *dqNorm[Attention::kMostStreams], *dkNorm[Attention::kMostStreams];  // [dh] of this task

  BackwardScratch(const Attention& a, int64_t blockRows) {
    const int64_t held = a.keys * a.wide, turned = std::max(a.wide, a.halfWide) * a.ld, block = blockRows * a.wide;
    const int64_t odd = (blockRows + 1) / 2, halfBlock = blockRows * a.halfWide, scores = blockRows * a.ld;
    const int64_t paired = a.keys * a.halfWide + held / 2 + 2 * (halfBlock + odd * a.wide) + 2 * odd * a.ld +
                           blockRows * a.halfLd;
    Carve carve{threadScratch(5, 4 * held + 2 * turned + 3 * block + 2 * scores + a.wide + (a.half ? paired : 0))};
    k = carve.take(held), v = carve.take(held), dk = carve.take(held), dv = carve.take(held);
    kTurned = carve.take(turned), vTurned = carve.take(turned);
    q = carve.take(block), dout = carve.take(block), dq = carve.take(block);
    p = carve.take(scores), ds = carve.take(scores), spare = carve.take(a.wide);
    if (!a.half) return;
    pairs = carve.take(a.keys * a.halfWide), kPairs = carve.take(held / 2);
    qAlong = carve.take(halfBlock), qAcross = carve.take(odd * a.wide);
    doutAlong = carve.take(halfBlock), doutAcross = carve.take(odd * a.wide);
    pPairs = carve.take(odd * a.ld), dsAcross = carve.take(odd * a.ld), dsAlong = carve.take(blockRows * a.halfLd);
  }
};

}  // namespace t2g
