// libcrypto that fails on purpose: at the n-th call of its functions, at the n-th piece of memory it asks for, or with
// a signature that has a wrong bit.
//
// The test program is linked with --wrap for these functions (test/CMakeLists.txt), so the code under test is the same
// as in the programs. Nothing fails unless a test says so.
//
//   faults().fail_call(3);  act();  if (faults().happened()) …
#pragma once

#include <cstdlib>
#include <limits>

namespace glassh::test {

class LibcryptoFaults {
 public:
  void fail_call(std::size_t which) { arm(calls_, which); }  // 0: the next one
  void fail_allocation(std::size_t which) { arm(allocations_, which); }
  void spoil_signature() { spoil_ = true; }
  // Counting goes on; nothing fails any more.
  void stop() { calls_.left = allocations_.left = never; }
  bool happened() const { return happened_; }
  std::size_t calls() const { return calls_.seen; }
  std::size_t allocations() const { return allocations_.seen; }

  bool this_call_fails() { return due(calls_); }
  bool this_allocation_fails() { return due(allocations_); }
  bool this_signature_is_spoiled() {
    const bool now = spoil_;
    spoil_ = false;
    happened_ |= now;
    return now;
  }

 private:
  static constexpr std::size_t never = std::numeric_limits<std::size_t>::max();
  struct Counter {
    std::size_t seen = 0;
    std::size_t left = never;
  };

  void arm(Counter& counter, std::size_t which) {
    happened_ = false;
    calls_ = allocations_ = {};
    counter.left = which;
  }
  bool due(Counter& counter) {
    ++counter.seen;
    if (counter.left == never || counter.left-- > 0) return false;
    counter.left = never;  // once: what follows the failure can do its worst
    happened_ = true;
    return true;
  }

  Counter calls_, allocations_;
  bool spoil_ = false;
  bool happened_ = false;
};

LibcryptoFaults& faults();

}  // namespace glassh::test
