// Holdings counts what the process holds for its peers at this moment.
//
// Lives as long as the process: there is one, and each thread counts in it. Job: make visible what outlives a request,
// a channel or a connection, so that a test, or an administrator, can see that all of it has been given back. glasshd
// writes the counters to its log at SIGUSR1. The limits themselves are kept elsewhere.
//
//   const Holding one(holdings().lookups);  …
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>

namespace glassh {

struct Holdings {
  using Counter = std::atomic<std::int64_t>;

  Counter connections{0};    // accepted and not yet ended
  Counter channels{0};       // their users: sessions, forwarded streams
  Counter descriptors{0};    // claimed for channels, listeners and programs; not those of connections themselves
  Counter kept_bytes{0};     // received for readers that do not take them
  Counter lookups{0};        // names whose addresses are wanted
  Counter slow_calls{0};     // calls that may wait: running, or waiting for a thread
  Counter timers{0};         // waits for a time, apart from one for each connection
  Counter dropped_lines{0};  // lines of log, trace and key log that could not be written; never falls
};

Holdings& holdings();

// "connections 2, channels 3, …": each counter with its name, always in the same order.
std::string text_of(const Holdings& holdings);

// Counts `amount` while it lives.
class Holding {
 public:
  Holding() = default;
  explicit Holding(Holdings::Counter& counter, std::int64_t amount = 1) : counter_(&counter), amount_(amount) {
    counter += amount;
  }
  Holding(Holding&& other) noexcept : counter_(std::exchange(other.counter_, nullptr)), amount_(other.amount_) {}
  Holding& operator=(Holding&& other) noexcept {
    std::swap(counter_, other.counter_);
    std::swap(amount_, other.amount_);
    return *this;
  }
  ~Holding() {
    if (counter_ != nullptr) *counter_ -= amount_;
  }

 private:
  Holdings::Counter* counter_ = nullptr;
  std::int64_t amount_ = 0;
};

}  // namespace glassh
