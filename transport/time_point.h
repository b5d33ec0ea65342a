// The one clock of the core: a steady one, which the rim reads and hands in. It is the machine's, so that a time means
// the same in another process.
#pragma once

#include <chrono>

namespace glassh {

using TimePoint = std::chrono::steady_clock::time_point;

}  // namespace glassh
