// Computes when a failed login is answered: after a fixed time, or after a multiple of it.
//
// The work behind an attempt is the same for a user who exists and one who does not (login.h). What still differs by
// microseconds (a file in the cache, a longer name in the log) is hidden by rounding the whole time up. It also slows
// down an attacker who guesses. Past vulnerabilities 18 and 19: it holds for every method but `none`, which tries
// nothing.
//
//   timer.expires_after(failure_answer_time(elapsed) - elapsed);
#pragma once

#include <chrono>

namespace glassh {

constexpr std::chrono::milliseconds failure_step{10};

// How long after its beginning an attempt that took `elapsed` is answered.
constexpr std::chrono::nanoseconds failure_answer_time(std::chrono::nanoseconds elapsed) {
  const std::chrono::nanoseconds step = failure_step;
  return step * (elapsed.count() <= 0 ? 1 : (elapsed.count() + step.count() - 1) / step.count());
}

}  // namespace glassh
