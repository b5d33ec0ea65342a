// How long a test waits for an event before it fails. A test that passes never waits for so long.
#pragma once

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

}  // namespace glassh::test
