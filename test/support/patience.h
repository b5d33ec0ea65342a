// How long a test waits for an event before it fails. A test that passes never waits for so long.
#pragma once

#include <poll.h>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <utility>

namespace glassh::test {

inline constexpr std::chrono::seconds patience{60};

// Runs what is ready until the condition is true, and returns false if that does not come about. `before_each` runs
// before each turn, and the condition is asked after it.
template <class Condition, class Step>
bool run_until(boost::asio::io_context& io, Condition condition, Step before_each) {
  const auto give_up = std::chrono::steady_clock::now() + patience;
  for (before_each(); !condition(); before_each()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    io.restart();
    io.run_one_for(std::chrono::milliseconds(20));
    io.poll();
  }
  return true;
}
template <class Condition>
bool run_until(boost::asio::io_context& io, Condition condition) {
  return run_until(io, std::move(condition), [] {});
}

// Runs what is ready until the descriptor has data, an end, or a connection to accept: the kernel may take its time,
// also for a connection within this machine. Returns false if that does not come about.
inline bool run_until_readable(boost::asio::io_context& io, int descriptor) {
  return run_until(io, [descriptor] {
    pollfd wanted{descriptor, POLLIN, 0};
    return ::poll(&wanted, 1, 0) > 0;
  });
}

// Runs what is ready, and what becomes ready in a moment, until nothing is ready any more.
inline void run_dry(boost::asio::io_context& io, std::chrono::milliseconds moment = std::chrono::milliseconds(10)) {
  io.restart();
  while (io.run_one_for(moment) + io.poll() > 0) io.restart();
}

}  // namespace glassh::test
