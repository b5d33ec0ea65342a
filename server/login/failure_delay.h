// When a failed login may be answered: never before a fixed time, and only at its multiples.
//
// The work behind an attempt is the same for a user who exists and one who does not (login.h). What still differs by
// microseconds (a file in the cache, a longer name in the log) is hidden by rounding the whole time up. It slows down
// whoever guesses, too. Past vulnerabilities 18 and 19: it holds for every method but `none`, which tries nothing.
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
