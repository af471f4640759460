// A persistent thread pool with low latency: workers spin briefly for the next job, then sleep.
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

#include "common.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define T2G_PAUSE() _mm_pause()
#else
#define T2G_PAUSE() ((void)0)
#endif

namespace t2g {
namespace {

thread_local bool insideJob = false;

// The whole claim state is one word, so that a worker that wakes late can never run a piece of another job:
// epoch (24 bits) | pieces in this job (20 bits) | next unclaimed piece (20 bits).
constexpr uint64_t kFieldMask = (1u << 20) - 1;
inline uint64_t pieceOf(uint64_t t) { return t & kFieldMask; }
inline uint64_t piecesOf(uint64_t t) { return (t >> 20) & kFieldMask; }

struct Pool {
  int threads = 1;
  std::atomic<uint64_t> ticket{0};
  std::atomic<uint64_t> done{0};
  std::atomic<int> sleepers{0};
  const std::function<void(int64_t, int64_t)>* body = nullptr;
  int64_t items = 0;
  std::mutex callers, sleeping;
  std::condition_variable wake;

  Pool() {
    const char* wanted = std::getenv("T2G_THREADS");
    const int asked = wanted ? std::atoi(wanted) : 0;
    const int cores = static_cast<int>(std::thread::hardware_concurrency());
    threads = asked > 0 ? asked : cores;
    if (threads < 1) threads = 1;
    if (threads > 256) threads = 256;
    for (int i = 1; i < threads; i++) std::thread([this] { work(); }).detach();
  }

  // Runs pieces until none is left unclaimed.
  void drain() {
    for (;;) {
      uint64_t t = ticket.load(std::memory_order_acquire);
      if (pieceOf(t) >= piecesOf(t)) return;
      if (!ticket.compare_exchange_weak(t, t + 1, std::memory_order_acq_rel)) continue;
      const int64_t piece = static_cast<int64_t>(pieceOf(t)), pieces = static_cast<int64_t>(piecesOf(t));
      (*body)(items * piece / pieces, items * (piece + 1) / pieces);
      done.fetch_add(1, std::memory_order_acq_rel);
    }
  }

  void work() {
    insideJob = true;
    for (;;) {
      bool found = false;
      for (int spin = 0; spin < 6000 && !found; spin++) {
        const uint64_t t = ticket.load(std::memory_order_acquire);
        found = pieceOf(t) < piecesOf(t);
        if (!found) T2G_PAUSE();
      }
      if (!found) {
        std::unique_lock<std::mutex> lock(sleeping);
        sleepers.fetch_add(1);
        wake.wait(lock, [this] {
          const uint64_t t = ticket.load();
          return pieceOf(t) < piecesOf(t);
        });
        sleepers.fetch_sub(1);
      }
      drain();
    }
  }

  void run(int64_t n, int64_t pieces, const std::function<void(int64_t, int64_t)>& f) {
    body = &f;
    items = n;
    done.store(0, std::memory_order_relaxed);
    const uint64_t epoch = (ticket.load(std::memory_order_relaxed) >> 40) + 1;
    ticket.store((epoch << 40) | (static_cast<uint64_t>(pieces) << 20));  // seq_cst: before reading sleepers
    if (sleepers.load() > 0) {
      { std::lock_guard<std::mutex> lock(sleeping); }
      wake.notify_all();
    }
    insideJob = true;
    drain();
    insideJob = false;
    for (int spin = 0; done.load(std::memory_order_acquire) != static_cast<uint64_t>(pieces); spin++) {
      if (spin < 20000) T2G_PAUSE();
      else std::this_thread::yield();
    }
  }
};

Pool& pool() {
  static Pool* instance = new Pool();  // never destroyed: detached workers may outlive main
  return *instance;
}

struct Scratch {
  float* data[16] = {};
  int64_t size[16] = {};
  ~Scratch() {
    for (float* p : data) std::free(p);
  }
};
thread_local Scratch threadLocalScratch;

}  // namespace

int threadCount() { return pool().threads; }

void parallelFor(int64_t n, int64_t grain, const std::function<void(int64_t, int64_t)>& body) {
  if (n <= 0) return;
  if (grain < 1) grain = 1;
  int64_t pieces = n / grain;
  if (insideJob || pieces <= 1) return body(0, n);
  Pool& p = pool();
  if (p.threads == 1) return body(0, n);
  // A few pieces per thread let a fast thread take over from one that the system has put aside.
  const int64_t most = static_cast<int64_t>(p.threads) * 4;
  if (pieces > most) pieces = most;
  std::unique_lock<std::mutex> lock(p.callers, std::try_to_lock);  // another JS thread is using the pool
  if (!lock.owns_lock()) return body(0, n);
  p.run(n, pieces, body);
}

float* threadScratch(int slot, int64_t count) {
  Scratch& s = threadLocalScratch;
  if (s.size[slot] < count) {
    std::free(s.data[slot]);
    const size_t bytes = (static_cast<size_t>(count) * sizeof(float) + 4095) / 4096 * 4096;
    s.data[slot] = static_cast<float*>(std::aligned_alloc(4096, bytes));
    if (!s.data[slot]) std::abort();
    s.size[slot] = static_cast<int64_t>(bytes / sizeof(float));
  }
  return s.data[slot];
}

}  // namespace t2g
